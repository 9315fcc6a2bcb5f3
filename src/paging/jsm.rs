//! Jira Service Management as a source: its alerts get a note, and are acknowledged and closed there. A note is looked for
//! before it is written, since writing it twice would show it twice.
//! API: developer.atlassian.com/cloud/jira/service-desk-ops/rest/v2/api-group-alerts.

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::json;

use super::client::{client, cut, id};
use super::reply::{Advice, PageError, read};
use super::requests::done;
use crate::config::{self, BaseUrl, Secret};

/// Characters of a note, well below what a page of them holds.
const NOTE: usize = 8_000;
const ADVICE: Advice = Advice {
    redirect: "check `jsm.api_base` and `jsm.cloud_id`",
    rights: "check `jsm.email` and `jsm.api_token`, and that this user may update alerts",
};

/// A client for one site.
pub struct Jsm {
    http: Client,
    /// Up to the alerts.
    alerts: String,
    email: String,
    token: Secret,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Notes {
    values: Vec<Note>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Note {
    note: String,
}

impl Jsm {
    /// `None` unless `jsm.cloud_id`, `jsm.email` and `jsm.api_token` are set.
    ///
    /// # Errors
    /// When no TLS can be set up on this machine, or the cloud id is none.
    pub fn new(settings: &config::Jsm) -> Result<Option<Self>, PageError> {
        let config::Jsm {
            cloud_id: Some(cloud),
            email: Some(email),
            api_token: Some(token),
            api_base,
        } = settings
        else {
            return Ok(None);
        };
        let base: &BaseUrl = api_base;
        Ok(Some(Self {
            http: client()?,
            alerts: format!(
                "{base}/jsm/ops/api/{}/v1/alerts",
                id(cloud, "a cloud; see `jsm.cloud_id`")?
            ),
            email: email.clone(),
            token: token.clone(),
        }))
    }

    /// # Errors
    /// What it answered. An alert that is closed already is fine.
    pub async fn close(&self, alert: &str, note: &str) -> Result<(), PageError> {
        self.note(alert, note).await?;
        self.act(alert, "close", &json!({})).await
    }

    /// # Errors
    /// As `close`.
    pub async fn acknowledge(&self, alert: &str, note: &str) -> Result<(), PageError> {
        self.note(alert, note).await?;
        self.act(alert, "acknowledge", &json!({})).await
    }

    async fn note(&self, alert: &str, note: &str) -> Result<(), PageError> {
        let note = cut(note, NOTE);
        let url = format!("{}/{}/notes", self.alerts, id(alert, "an alert")?);
        let body = read(self.authorised(self.http.get(url)).send().await, &ADVICE).await?;
        let known: Notes = serde_json::from_slice(&body).unwrap_or_default();
        if known.values.iter().any(|known| known.note == note) {
            return Ok(());
        }
        self.act(alert, "notes", &json!({"note": note})).await
    }

    async fn act(&self, alert: &str, what: &str, body: &serde_json::Value) -> Result<(), PageError> {
        let url = format!("{}/{}/{what}", self.alerts, id(alert, "an alert")?);
        let request = self.authorised(self.http.post(url)).json(body);
        let look = |id: &str| self.authorised(self.http.get(format!("{}/requests/{id}", self.alerts)));
        done(request, look, &ADVICE).await
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.email, Some(self.token.expose()))
    }
}
