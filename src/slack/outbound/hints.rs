//! What the two directions tell each other: which card somebody has just clicked, and whose thread is whose.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;
use tracing::debug;

use super::post::NO_INCIDENT;
use crate::domain::event::AstrayCard;
use crate::domain::ids::IncidentId;
use crate::domain::incident::MessageRef;
use crate::slack::api::Api;
use crate::slack::inbound::origin::Origin;

/// Cards remembered; older ones are looked up in Slack.
const CARDS: usize = 10_000;
/// So long after a click somebody looks at what becomes of it, and at so many cards at once.
const WATCHED: Duration = Duration::from_secs(120);
const WATCHED_CARDS: usize = 1_000;
const TIMEOUT: Duration = Duration::from_millis(1200);

/// Whose thread it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadOf {
    Incident(IncidentId),
    /// Of a card whose incident is not in this database.
    Astray(AstrayCard),
    /// Of no card of ours, as far as that could be found out.
    Nothing,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Hints {
    api: Api,
    origin: Origin,
    clicked: Arc<Mutex<HashSet<IncidentId>>>,
    /// When somebody clicked last.
    watched: Arc<Mutex<HashMap<IncidentId, Instant>>>,
    cards: Arc<RwLock<HashMap<MessageRef, IncidentId>>>,
}

impl Hints {
    #[must_use]
    pub fn new(api: Api, origin: Origin) -> Self {
        Self {
            api,
            origin,
            clicked: Arc::default(),
            watched: Arc::default(),
            cards: Arc::default(),
        }
    }

    /// Somebody waits for this card to change.
    pub fn hurry(&self, incident: IncidentId) {
        self.clicked.lock().insert(incident);
        let now = Instant::now();
        let mut watched = self.watched.lock();
        if watched.len() >= WATCHED_CARDS {
            watched.retain(|_, at| now < *at + WATCHED);
        }
        watched.insert(incident, now);
    }

    /// Whether somebody has clicked a short while ago, and most likely looks at it.
    pub(super) fn is_watched(&self, incident: IncidentId, now: Instant) -> bool {
        let watched = self.watched.lock();
        watched.get(&incident).is_some_and(|at| now < *at + WATCHED)
    }

    pub(super) fn take_hurry(&self, incident: IncidentId) -> bool {
        self.clicked.lock().remove(&incident)
    }

    pub(super) fn is_card(&self, message: &MessageRef, incident: IncidentId) {
        let mut cards = self.cards.write();
        if cards.len() >= CARDS {
            cards.clear();
        }
        cards.insert(message.clone(), incident);
    }

    /// In whose thread something was written: by what we posted, else by what Slack keeps with the message. It says what is
    /// asked about, and allows nothing.
    pub async fn thread_of(&self, thread: &MessageRef) -> ThreadOf {
        if let Some(incident) = self.cards.read().get(thread) {
            return ThreadOf::Incident(*incident);
        }
        let params = [
            ("channel", thread.channel.clone()),
            ("ts", thread.ts.clone()),
            ("limit", "1".to_owned()),
            ("include_all_metadata", "true".to_owned()),
        ];
        let found: Result<super::post::Page, _> =
            self.api.get("conversations.replies", &params, TIMEOUT).await;
        let page = match found {
            Ok(page) => page,
            Err(error) => {
                debug!(%error, "the thread's first message can't be read");
                return ThreadOf::Nothing;
            }
        };
        let mut messages = page.messages.into_iter();
        let first = messages.find(|message| message.ts == thread.ts);
        match first.and_then(|first| first.delivery()) {
            Some(delivery) if delivery.incident == NO_INCIDENT => ThreadOf::Nothing,
            Some(delivery) if delivery.database == self.origin.as_str() => {
                self.is_card(thread, delivery.incident);
                ThreadOf::Incident(delivery.incident)
            }
            // The same number means another incident there.
            Some(delivery) if delivery.database.is_empty() => ThreadOf::Astray(AstrayCard::Unmarked),
            Some(_) => ThreadOf::Astray(AstrayCard::OfAnother),
            None => ThreadOf::Nothing,
        }
    }
}
