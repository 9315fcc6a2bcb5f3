//! Better Stack as a source: its incidents are acknowledged and resolved there, with who did it and why.
//! API: betterstack.com/docs/uptime/api/resolve-an-ongoing-incident; what is so already is answered 409.

use reqwest::Client;
use serde_json::json;

use super::client::{client, cut, id};
use super::reply::{Advice, PageError, read};
use crate::config::{self, BaseUrl, Secret};

/// Characters of who did it.
const BY: usize = 200;
const ADVICE: Advice = Advice {
    redirect: "check `better_stack.api_base`",
    rights: "check `better_stack.api_token`: it takes an Uptime API token of the team",
};

/// A client for one team.
pub struct BetterStack {
    http: Client,
    api_base: BaseUrl,
    token: Secret,
}

impl BetterStack {
    /// `None` without `better_stack.api_token`.
    ///
    /// # Errors
    /// When no TLS can be set up on this machine.
    pub fn new(settings: &config::BetterStack) -> Result<Option<Self>, PageError> {
        let Some(token) = settings.api_token.clone() else {
            return Ok(None);
        };
        Ok(Some(Self {
            http: client()?,
            api_base: settings.api_base.clone(),
            token,
        }))
    }

    /// # Errors
    /// What it answered. An incident that is resolved already is fine.
    pub async fn resolve(&self, incident: &str, by: &str) -> Result<(), PageError> {
        self.act(incident, "resolve", "resolved_by", by).await
    }

    /// # Errors
    /// As `resolve`.
    pub async fn acknowledge(&self, incident: &str, by: &str) -> Result<(), PageError> {
        self.act(incident, "acknowledge", "acknowledged_by", by).await
    }

    async fn act(&self, incident: &str, what: &str, key: &str, by: &str) -> Result<(), PageError> {
        let incident = id(incident, "an incident of Better Stack")?;
        let url = format!("{}/api/v2/incidents/{incident}/{what}", self.api_base);
        let request = self.http.post(url).bearer_auth(self.token.expose());
        let answer = request.json(&json!({key: cut(by, BY)})).send().await;
        match read(answer, &ADVICE).await {
            Err(PageError::Refused { reason }) if reason.starts_with("409") => Ok(()),
            other => other.map(drop),
        }
    }
}
