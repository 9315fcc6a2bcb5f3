//! PagerDuty: paging by the Events API v2, and by the REST API what concerns incidents of the team's own: resolving at
//! the source, notes, who is on call. Sends once and says what came of it; trying again is the outbox's business.

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{client, cut};
use super::event::{About, Page, dedup_key, follow_up, trigger};
use super::reply::{PageError, body_of};
use crate::config::{self, BaseUrl, Secret};

/// Pages of 100 on-call entries that are read.
const MOST_PAGES: usize = 5;
/// Characters of a note; the API takes 25,000.
const MAX_NOTE: usize = 20_000;

/// The pager has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub dedup_key: String,
    /// The pager's own words.
    pub message: String,
}

/// Who is on call now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnCall {
    /// PagerDuty's id of the user.
    pub user_id: String,
    pub name: String,
    pub policy: String,
    /// 1 is asked first.
    pub level: u32,
    /// `None`: always.
    pub until: Option<Timestamp>,
}

/// A client for one account.
#[derive(Clone, Debug)]
pub struct PagerDuty {
    http: Client,
    events_base: BaseUrl,
    api_base: BaseUrl,
    routing_key: Option<Secret>,
    api_token: Option<Secret>,
    from: Option<String>,
    escalation_policies: Vec<String>,
    database: String,
}

#[derive(Deserialize)]
struct Enqueued {
    #[serde(default)]
    message: String,
    dedup_key: Option<String>,
}

impl PagerDuty {
    /// # Errors
    /// `Refused` when no TLS can be set up on this machine.
    pub fn new(settings: &config::PagerDuty) -> Result<Self, PageError> {
        Ok(Self {
            http: client()?,
            events_base: settings.events_base.clone(),
            api_base: settings.api_base.clone(),
            routing_key: settings.routing_key.clone(),
            api_token: settings.api_token.clone(),
            from: settings.from.clone(),
            escalation_policies: settings.escalation_policies.clone(),
            database: String::new(),
        })
    }

    /// Pages are held at the pager under the name of this database, so that those of another one are left alone.
    #[must_use]
    pub fn of_database(mut self, name: &str) -> Self {
        name.clone_into(&mut self.database);
        self
    }

    /// Whether a page can be sent at all.
    #[must_use]
    pub fn can_page(&self) -> bool {
        self.routing_key.is_some()
    }

    /// Whether incidents of the team's own can be resolved.
    #[must_use]
    pub fn can_resolve_at_source(&self) -> bool {
        self.api_token.is_some() && self.from.is_some()
    }

    /// Pages, or adds to a page that is open for this incident.
    ///
    /// # Errors
    /// `Refused` without `pagerduty.routing_key`; else what the pager answered.
    pub async fn trigger(&self, page: &Page) -> Result<Receipt, PageError> {
        let key = dedup_key(&self.database, page.about, page.before);
        self.enqueue(trigger(self.key()?, &key, page), &key).await
    }

    /// Says that it is over, of the page after so many before it. Without an open page it does nothing.
    ///
    /// # Errors
    /// As `trigger`.
    pub async fn resolve(&self, about: About, before: usize) -> Result<Receipt, PageError> {
        let key = dedup_key(&self.database, about, before);
        self.enqueue(follow_up(self.key()?, "resolve", &key), &key).await
    }

    /// Says that somebody has it, of what was opened with our routing key, by its `dedup_key`. The Events API names nobody with
    /// it; of what is resolved already, or was never opened, it takes no notice
    /// (<https://developer.pagerduty.com/docs/events-api-v2-overview>).
    ///
    /// # Errors
    /// As `trigger`.
    pub async fn acknowledge_by_key(&self, key: &str) -> Result<Receipt, PageError> {
        self.enqueue(follow_up(self.key()?, "acknowledge", key), key)
            .await
    }

    /// Resolves what was opened with our routing key, by its `dedup_key`.
    ///
    /// # Errors
    /// As `trigger`.
    pub async fn resolve_by_key(&self, key: &str) -> Result<Receipt, PageError> {
        self.enqueue(follow_up(self.key()?, "resolve", key), key).await
    }

    async fn enqueue(&self, event: Value, key: &str) -> Result<Receipt, PageError> {
        let url = format!("{}/v2/enqueue", self.events_base);
        let body = body_of(self.http.post(url).json(&event).send().await).await?;
        let answer: Enqueued = serde_json::from_slice(&body).map_err(|_| PageError::Refused {
            reason: "it said yes in a way that can't be read: check `pagerduty.events_base`".to_owned(),
        })?;
        Ok(Receipt {
            dedup_key: answer.dedup_key.unwrap_or_else(|| key.to_owned()),
            message: answer.message,
        })
    }

    /// Resolves an incident of PagerDuty's own. One that is resolved already is fine.
    ///
    /// # Errors
    /// `Refused` without `pagerduty.api_token` or `pagerduty.from`; else what the pager answered.
    pub async fn resolve_at_source(&self, pagerduty_id: &str, resolution: &str) -> Result<(), PageError> {
        let url = self.incident_url(pagerduty_id)?;
        let body = json!({"incident": {"type": "incident_reference", "status": "resolved", "resolution": cut(resolution, MAX_NOTE)}});
        let request = self.write(self.http.put(url))?.json(&body);
        match body_of(request.send().await).await {
            Err(PageError::Refused { reason }) if reason.contains("Already Resolved") => Ok(()),
            other => other.map(drop),
        }
    }

    /// Acknowledges an incident of PagerDuty's own, in the name of the configured user, and notes who has it. One that is
    /// acknowledged already is left alone, and so is its timeline.
    ///
    /// # Errors
    /// As `resolve_at_source`.
    pub async fn acknowledge_at_source(&self, pagerduty_id: &str, who: &str) -> Result<(), PageError> {
        let url = self.incident_url(pagerduty_id)?;
        let body = body_of(self.authorised(self.http.get(&url))?.send().await).await?;
        let known: Value = serde_json::from_slice(&body).unwrap_or_default();
        if known["incident"]["status"].as_str() != Some("triggered") {
            return Ok(());
        }
        let body = json!({"incident": {"type": "incident_reference", "status": "acknowledged"}});
        body_of(self.write(self.http.put(url))?.json(&body).send().await).await?;
        self.note(pagerduty_id, who).await
    }

    /// Adds a note to an incident of PagerDuty's own.
    ///
    /// # Errors
    /// As `resolve_at_source`.
    pub async fn note(&self, pagerduty_id: &str, content: &str) -> Result<(), PageError> {
        let url = format!("{}/notes", self.incident_url(pagerduty_id)?);
        let request = self
            .write(self.http.post(url))?
            .json(&json!({"note": {"content": cut(content, MAX_NOTE)}}));
        body_of(request.send().await).await.map(drop)
    }

    /// Who is on call now for the configured escalation policies, or for all when none is configured, first level first.
    ///
    /// # Errors
    /// `Refused` without `pagerduty.api_token`; else what the pager answered.
    pub async fn on_calls(&self) -> Result<Vec<OnCall>, PageError> {
        let mut found = Vec::new();
        for page in 0..MOST_PAGES {
            let mut query: Vec<(&str, String)> = vec![
                ("earliest", "true".to_owned()),
                ("limit", "100".to_owned()),
                ("offset", (page * 100).to_string()),
            ];
            query.extend(
                self.escalation_policies
                    .iter()
                    .map(|id| ("escalation_policy_ids[]", id.clone())),
            );
            let url = reqwest::Url::parse_with_params(&format!("{}/oncalls", self.api_base), &query)
                .map_err(|_| PageError::Refused {
                    reason: "`pagerduty.api_base` is no address".to_owned(),
                })?;
            let body = body_of(self.authorised(self.http.get(url))?.send().await).await?;
            let answer: OnCallPage = serde_json::from_slice(&body).map_err(|_| PageError::Refused {
                reason: "its list of people on call can't be read: check `pagerduty.api_base`".to_owned(),
            })?;
            found.extend(answer.oncalls.into_iter().map(OnCallEntry::read));
            if !answer.more {
                break;
            }
        }
        found.sort_by_key(|entry| entry.level);
        Ok(found)
    }

    fn key(&self) -> Result<&Secret, PageError> {
        self.routing_key.as_ref().ok_or_else(|| PageError::Refused {
            reason: "`pagerduty.routing_key` is not set: add an Events API v2 integration to a PagerDuty service and copy its integration key".to_owned(),
        })
    }

    /// Ids are letters and digits; anything else would be another path.
    fn incident_url(&self, id: &str) -> Result<String, PageError> {
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(PageError::Refused {
                reason: "that is no PagerDuty incident id".to_owned(),
            });
        }
        Ok(format!("{}/incidents/{id}", self.api_base))
    }

    fn authorised(&self, request: RequestBuilder) -> Result<RequestBuilder, PageError> {
        let token = self.api_token.as_ref().ok_or_else(|| PageError::Refused {
            reason: "`pagerduty.api_token` is not set: make a REST API key in PagerDuty under Integrations, API Access Keys".to_owned(),
        })?;
        let mut value = header(&format!("Token token={}", token.expose()), "pagerduty.api_token")?;
        value.set_sensitive(true);
        let accept = HeaderValue::from_static("application/vnd.pagerduty+json;version=2");
        Ok(request.headers(HeaderMap::from_iter([(AUTHORIZATION, value), (ACCEPT, accept)])))
    }

    fn write(&self, request: RequestBuilder) -> Result<RequestBuilder, PageError> {
        let from = self.from.as_ref().ok_or_else(|| PageError::Refused {
            reason: "`pagerduty.from` is not set: write the e-mail address of the PagerDuty user in whose name Interlock writes".to_owned(),
        })?;
        let from = header(from, "pagerduty.from")?;
        Ok(self
            .authorised(request)?
            .header(HeaderName::from_static("from"), from))
    }
}

fn header(text: &str, key: &str) -> Result<HeaderValue, PageError> {
    HeaderValue::from_str(text).map_err(|_| PageError::Refused {
        reason: format!("`{key}` holds characters that no header can"),
    })
}

#[derive(Deserialize)]
struct OnCallPage {
    oncalls: Vec<OnCallEntry>,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    summary: Option<String>,
}

#[derive(Deserialize)]
struct OnCallEntry {
    user: Named,
    escalation_policy: Named,
    escalation_level: u32,
    #[serde(default)]
    end: Option<String>,
}

impl OnCallEntry {
    fn read(self) -> OnCall {
        let Self {
            user,
            escalation_policy,
            escalation_level,
            end,
        } = self;
        OnCall {
            name: user.summary.unwrap_or_else(|| user.id.clone()),
            user_id: user.id,
            policy: escalation_policy.summary.unwrap_or(escalation_policy.id),
            level: escalation_level,
            until: end.and_then(|end| end.parse().ok()),
        }
    }
}
