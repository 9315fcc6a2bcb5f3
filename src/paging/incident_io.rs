//! incident.io as a source: an incident there is moved on when it is over. Which status that is, is the team's: the one that
//! `incident_io.resolved_status` names, else the first of the category `learning` (their review begins), else of `closed`.
//! Its API has no call to acknowledge an incident or to write into its timeline, so neither is done; the summary is the people's.
//! API: <https://docs.incident.io/api-reference/incidents-v2/edit>, <https://docs.incident.io/api-reference/incident-statuses-v1/list>.

use reqwest::Client;
use serde::Deserialize;
use serde_json::json;

use super::client::{client, id};
use super::reply::{Advice, PageError, read};
use crate::config::{self, BaseUrl, Secret};

const ADVICE: Advice = Advice {
    redirect: "check `incident_io.api_base`",
    rights: "check `incident_io.api_token`: it takes an API key that may view and edit incidents",
};
/// Categories in which nobody works on an incident any more, as the webhook's parser reads them.
const OVER: [&str; 5] = ["closed", "learning", "canceled", "declined", "merged"];

/// A client for one organisation.
pub struct IncidentIo {
    http: Client,
    api_base: BaseUrl,
    token: Secret,
    resolved_status: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    incident: Incident,
}

#[derive(Deserialize)]
struct Incident {
    incident_status: Status,
}

#[derive(Deserialize)]
struct Statuses {
    incident_statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    name: String,
    category: String,
}

impl IncidentIo {
    /// `None` without `incident_io.api_token`.
    ///
    /// # Errors
    /// When no TLS can be set up on this machine.
    pub fn new(settings: &config::IncidentIo) -> Result<Option<Self>, PageError> {
        let Some(token) = settings.api_token.clone() else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: client()?,
            api_base: settings.api_base.clone(),
            token,
            resolved_status: settings.resolved_status.clone(),
        }))
    }

    /// # Errors
    /// What it answered. An incident that is over already is fine.
    pub async fn resolve(&self, incident: &str) -> Result<(), PageError> {
        let incident = id(incident, "an incident of incident.io")?;
        let shown: Shown = self.look(&format!("v2/incidents/{incident}")).await?;
        if OVER.contains(&shown.incident.incident_status.category.as_str()) {
            return Ok(());
        }
        let known: Statuses = self.look("v1/incident_statuses").await?;
        let status = self.over(&known.incident_statuses)?;
        let url = format!("{}/v2/incidents/{incident}/actions/edit", self.api_base);
        let body = json!({"incident": {"incident_status_id": status}, "notify_incident_channel": true});
        let request = self.http.post(url).bearer_auth(self.token.expose()).json(&body);
        read(request.send().await, &ADVICE).await.map(drop)
    }

    fn over<'s>(&self, known: &'s [Status]) -> Result<&'s str, PageError> {
        let of = |category: &str| known.iter().find(|status| status.category == category);
        let status = match &self.resolved_status {
            Some(name) => known.iter().find(|status| status.name == *name),
            None => of("learning").or_else(|| of("closed")),
        };
        status.map(|status| status.id.as_str()).ok_or_else(|| {
            let wanted = self.resolved_status.as_deref().unwrap_or("learning or closed");
            PageError::Refused {
                reason: format!("it has no status `{wanted}`: check `incident_io.resolved_status`"),
            }
        })
    }

    async fn look<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, PageError> {
        let request = self.http.get(format!("{}/{path}", self.api_base));
        let body = read(request.bearer_auth(self.token.expose()).send().await, &ADVICE).await?;
        serde_json::from_slice(&body).map_err(|_| PageError::Refused {
            reason: "its answer is not what its API says".to_owned(),
        })
    }
}
