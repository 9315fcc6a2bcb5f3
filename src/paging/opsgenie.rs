//! Opsgenie as a source: its alerts are acknowledged and closed there, each with a note. Its API ends on 2027-04-05
//! (support.atlassian.com, Opsgenie). Alert API: docs.opsgenie.com/docs/alert-api.

use reqwest::header::AUTHORIZATION;
use reqwest::{Client, RequestBuilder};
use serde_json::json;

use super::client::{client, cut, id};
use super::reply::{Advice, PageError};
use super::requests::done;
use crate::config::{self, BaseUrl, Secret};

/// Characters of a note; the API takes 25,000.
const NOTE: usize = 20_000;
const ADVICE: Advice = Advice {
    redirect: "check `opsgenie.api_base`",
    rights: "check `opsgenie.api_key`, and that it may update alerts",
};

/// A client for one account.
pub struct Opsgenie {
    http: Client,
    api_base: BaseUrl,
    key: Secret,
}

impl Opsgenie {
    /// `None` without `opsgenie.api_key`.
    ///
    /// # Errors
    /// When no TLS can be set up on this machine.
    pub fn new(settings: &config::Opsgenie) -> Result<Option<Self>, PageError> {
        let Some(key) = settings.api_key.clone() else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: client()?,
            api_base: settings.api_base.clone(),
            key,
        }))
    }

    /// # Errors
    /// What Opsgenie answered. An alert that is closed already is fine.
    pub async fn close(&self, alert: &str, note: &str) -> Result<(), PageError> {
        self.act(alert, "close", note).await
    }

    /// # Errors
    /// As `close`.
    pub async fn acknowledge(&self, alert: &str, note: &str) -> Result<(), PageError> {
        self.act(alert, "acknowledge", note).await
    }

    async fn act(&self, alert: &str, what: &str, note: &str) -> Result<(), PageError> {
        let alerts = format!("{}/v2/alerts", self.api_base);
        let url = format!(
            "{alerts}/{}/{what}?identifierType=id",
            id(alert, "an alert of Opsgenie")?
        );
        let body = json!({"source": "Interlock", "note": cut(note, NOTE)});
        let request = self.authorised(self.http.post(url)).json(&body);
        let look = |id: &str| self.authorised(self.http.get(format!("{alerts}/requests/{id}")));
        done(request, look, &ADVICE).await
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, format!("GenieKey {}", self.key.expose()))
    }
}
