//! Grafana Alerting as a source: its alerts are over when their rule says so, and nobody can tell it otherwise; but its
//! dashboards take annotations, so what was done and who has it stands in the graphs. An annotation is looked for before it is
//! written, since writing it twice would show it twice.
//! API: <https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/annotations/>.

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use super::client::{client, cut};
use super::reply::{Advice, PageError, read};
use crate::config::{self, BaseUrl, Secret};

/// Characters of an annotation.
const NOTE: usize = 2_000;
/// By which ours are found.
const TAG: &str = "interlock";
/// Of ours that are looked at: a try is repeated within minutes.
const RECENT: &str = "100";
const ADVICE: Advice = Advice {
    redirect: "check `grafana.url`",
    rights: "check `grafana.api_token`: it takes the token of a service account that may read and create annotations",
};

/// A client for one Grafana.
pub struct Grafana {
    http: Client,
    base: BaseUrl,
    token: Secret,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Annotation {
    text: String,
}

impl Grafana {
    /// `None` unless `grafana.url` and `grafana.api_token` are set.
    ///
    /// # Errors
    /// When no TLS can be set up on this machine.
    pub fn new(settings: &config::Grafana) -> Result<Option<Self>, PageError> {
        let (Some(base), Some(token)) = (settings.url.clone(), settings.api_token.clone()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: client()?,
            base,
            token,
        }))
    }

    /// `dashboard` is its uid; an empty one means the whole organisation.
    ///
    /// # Errors
    /// What it answered. An annotation that stands there already is fine.
    pub async fn note(&self, dashboard: &str, text: &str) -> Result<(), PageError> {
        let text = cut(text, NOTE);
        let url = format!("{}/api/annotations", self.base);
        let known = self.authorised(self.http.get(format!("{url}?{}", of_ours(dashboard))));
        let known: Vec<Annotation> =
            serde_json::from_slice(&read(known.send().await, &ADVICE).await?).unwrap_or_default();
        if known.iter().any(|known| known.text == text) {
            return Ok(());
        }
        let mut body = json!({"text": text, "tags": [TAG]});
        if !dashboard.is_empty() {
            body["dashboardUID"] = json!(dashboard);
        }
        let made = self.authorised(self.http.post(&url).json(&body)).send().await;
        read(made, &ADVICE).await.map(drop)
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.expose())
    }
}

/// The query that finds our annotations of a dashboard, or of the organisation.
fn of_ours(dashboard: &str) -> String {
    let mut asked = form_urlencoded::Serializer::new(String::new());
    for (key, value) in [("tags", TAG), ("type", "annotation"), ("limit", RECENT)] {
        asked.append_pair(key, value);
    }
    if !dashboard.is_empty() {
        asked.append_pair("dashboardUID", dashboard);
    }
    asked.finish()
}
