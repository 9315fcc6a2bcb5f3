//! What the two directions tell each other: which card somebody has just clicked, and whose thread is whose.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tracing::debug;

use crate::domain::ids::IncidentId;
use crate::domain::incident::MessageRef;
use crate::slack::api::Api;
use crate::slack::inbound::origin::Origin;

/// Cards remembered; older ones are looked up in Slack.
const CARDS: usize = 10_000;
const TIMEOUT: Duration = Duration::from_millis(1200);

/// Cheap to clone.
#[derive(Clone)]
pub struct Hints {
    api: Api,
    origin: Origin,
    clicked: Arc<Mutex<HashSet<IncidentId>>>,
    cards: Arc<RwLock<HashMap<MessageRef, IncidentId>>>,
}

impl Hints {
    #[must_use]
    pub fn new(api: Api, origin: Origin) -> Self {
        Self {
            api,
            origin,
            clicked: Arc::default(),
            cards: Arc::default(),
        }
    }

    /// Somebody waits for this card to change.
    pub fn hurry(&self, incident: IncidentId) {
        self.clicked.lock().insert(incident);
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

    /// The incident in whose thread something was written: by what we posted, else by what Slack keeps with the message.
    /// It says what is asked about, and allows nothing.
    pub async fn incident_of(&self, thread: &MessageRef) -> Option<IncidentId> {
        if let Some(incident) = self.cards.read().get(thread) {
            return Some(*incident);
        }
        let params = [
            ("channel", thread.channel.clone()),
            ("ts", thread.ts.clone()),
            ("limit", "1".to_owned()),
            ("include_all_metadata", "true".to_owned()),
        ];
        let found: Result<super::post::Page, _> =
            self.api.get("conversations.replies", &params, TIMEOUT).await;
        match found {
            Ok(page) => {
                let first = page
                    .messages
                    .into_iter()
                    .find(|message| message.ts == thread.ts)?;
                let delivery = first.delivery()?;
                // The same number means another incident there.
                let incident = (delivery.database == self.origin.as_str()).then_some(delivery.incident)?;
                self.is_card(thread, incident);
                Some(incident)
            }
            Err(error) => {
                debug!(%error, "the thread's first message can't be read");
                None
            }
        }
    }
}
