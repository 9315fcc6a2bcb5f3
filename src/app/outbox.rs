//! The outbox lanes that are not Slack's: paging people, and telling sources that it is over. Each works through its
//! effects in order and comes back to what could not be delivered yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::domain::command::{Command, Delivered, Effect};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::engine::{Handle, Health, Lane, OutboxItem};
use crate::paging::{self, Page, PageError, PagerDuty, dedup_key};
use crate::ports::Clock;
use crate::render::{handoff, summary};

/// Between tries at a pager that does not answer.
const RETRY: Duration = Duration::from_secs(5);
/// How often the watch below looks for cards that nobody can see.
const LOOK: Duration = Duration::from_secs(5);
/// A card that Slack has not taken for this long is as good as not sent: a human is paged.
const UNSEEN: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// What the workers share.
#[derive(Clone)]
pub struct Pagers {
    pub pagerduty: Arc<PagerDuty>,
    /// Whether a key to page with is configured.
    pub can_page: bool,
    pub clock: Arc<dyn Clock>,
    /// Where people reach Interlock's threads; `None` when it isn't known.
    pub thread_url: Arc<dyn Fn(&Incident) -> Option<String> + Send + Sync>,
}

/// Works through the pager's lane until the engine ends.
pub async fn pager(mut lane: Lane, pagers: Pagers) {
    while let Some(item) = lane.next().await {
        let delivered = match item.effect {
            Effect::Page { incident } => pagers.page(&lane, incident).await,
            Effect::PageResolve { incident } => {
                pagers.resolve(incident).await;
                None
            }
            Effect::Card { .. }
            | Effect::Thread { .. }
            | Effect::Summary { .. }
            | Effect::Attach { .. }
            | Effect::SourceResolve { .. } => None,
        };
        confirm(&lane, &item, delivered).await;
    }
}

/// Works through the lane of the sources until the engine ends.
pub async fn source(mut lane: Lane, pagers: Pagers) {
    while let Some(item) = lane.next().await {
        let delivered = match item.effect {
            Effect::SourceResolve { incident } => pagers.resolve_source(&lane, incident).await,
            Effect::Card { .. }
            | Effect::Thread { .. }
            | Effect::Summary { .. }
            | Effect::Attach { .. }
            | Effect::Page { .. }
            | Effect::PageResolve { .. } => None,
        };
        confirm(&lane, &item, delivered).await;
    }
}

async fn confirm(lane: &Lane, item: &OutboxItem, delivered: Option<Delivered>) {
    if let Err(error) = lane.confirm(item.row, delivered).await {
        tracing::warn!(row = item.row, %error, "a delivery could not be recorded; it may be sent once more after a restart");
    }
}

impl Pagers {
    async fn page(&self, lane: &Lane, id: IncidentId) -> Option<Delivered> {
        if !self.can_page {
            tracing::error!(incident = %id, "a human should be paged, but no pager is configured; set pagerduty.routing_key");
            return None;
        }
        let incident = lane.engine().incident(id).await.ok().flatten()?;
        let page = self.packet(&incident);
        let receipt = until_taken("page", || self.pagerduty.trigger(&page)).await?;
        Some(Delivered::Page {
            incident: id,
            dedup_key: receipt.dedup_key,
        })
    }

    async fn resolve(&self, id: IncidentId) {
        if self.can_page {
            until_taken("resolve the page", || self.pagerduty.resolve(id)).await;
        }
    }

    async fn resolve_source(&self, lane: &Lane, id: IncidentId) -> Option<Delivered> {
        let incident = lane.engine().incident(id).await.ok().flatten()?;
        let text = format!("Interlock {id}: {}", summary::result(&incident));
        let mut told = false;
        for episode in &incident.episodes {
            if let Some(reference) = &episode.alert.source_ref {
                told |= until_taken("resolve at the source", || {
                    self.pagerduty.resolve_at_source(reference, &text)
                })
                .await
                .is_some();
            }
        }
        told.then(|| Delivered::SourceResolved {
            incident: id,
            how: "PagerDuty was told".to_owned(),
        })
    }

    fn packet(&self, incident: &Incident) -> Page {
        let alert = incident.first_alert();
        let service = incident.service.as_ref().map(ToString::to_string);
        Page {
            incident: incident.id,
            summary: format!(
                "{}: {} ({})",
                incident.id,
                incident.title,
                summary::result(incident)
            ),
            source: service.clone().unwrap_or_else(|| incident.source.to_string()),
            severity: incident.severity,
            component: service,
            group: incident.environment.clone(),
            class: alert.map(|alert| alert.name.clone()),
            at: self.clock.now(),
            details: handoff::details(incident),
            links: alert.map(|alert| alert.links.clone()).unwrap_or_default(),
            thread_url: (self.thread_url)(incident),
        }
    }

    /// Pages directly, past the database, when the journal can't be written: paging fails open.
    pub async fn watch_health(self, mut health: watch::Receiver<Health>) {
        while health.changed().await.is_ok() {
            let state = health.borrow_and_update().clone();
            if !self.can_page {
                continue;
            }
            match state {
                Health::Broken(reason) => {
                    let page = self.direct(&format!(
                        "Interlock can't write its journal, so nothing runs: {reason}"
                    ));
                    until_taken("page directly", || self.pagerduty.trigger(&page)).await;
                }
                Health::Ready => {
                    let key = dedup_key(DIRECT);
                    until_taken("resolve the direct page", || self.pagerduty.resolve_by_key(&key)).await;
                }
            }
        }
    }

    fn direct(&self, summary: &str) -> Page {
        Page {
            incident: DIRECT,
            summary: summary.to_owned(),
            source: "interlock".to_owned(),
            severity: crate::domain::alert::Severity::Critical,
            component: None,
            group: None,
            class: Some("InterlockBroken".to_owned()),
            at: self.clock.now(),
            details: serde_json::json!({ "what to do": "alerts are not lost (senders are told to try again), but look at them yourself until this is mended" }),
            links: Vec::new(),
            thread_url: None,
        }
    }
}

/// Stands for Interlock itself where a page needs an incident; real ones count from 1.
const DIRECT: IncidentId = IncidentId(0);

/// Watches for cards that Slack does not take, and asks for a page instead.
pub async fn watch_unseen(engine: Handle, clock: Arc<dyn Clock>) {
    loop {
        sleep(LOOK).await;
        // A clock that can't be set back by half a minute is at the beginning of time, where nothing is unseen.
        let before = clock.now().checked_sub(UNSEEN).unwrap_or(jiff::Timestamp::MIN);
        let Ok(unseen) = engine.unseen(before).await else {
            return;
        };
        for incident in unseen {
            if let Err(error) = engine.submit(Command::Unseen(incident)).await {
                tracing::warn!(%incident, %error, "nobody could be paged for a card that Slack does not take");
            }
        }
    }
}

/// Tries until the pager takes it, or says that it never will.
async fn until_taken<T, F>(what: &str, call: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, PageError>>,
{
    loop {
        match call().await {
            Ok(taken) => return Some(taken),
            Err(paging::PageError::Retry { after, reason }) => {
                tracing::warn!(what, reason, "the pager asks to come back");
                sleep(after.min(Duration::from_secs(60))).await;
            }
            Err(paging::PageError::Unreachable { reason }) => {
                tracing::error!(what, reason, "the pager can't be reached; trying again");
                sleep(RETRY).await;
            }
            Err(paging::PageError::Refused { reason }) => {
                tracing::error!(
                    what,
                    reason,
                    "the pager refuses it; look at pagerduty.* in the configuration"
                );
                return None;
            }
        }
    }
}
