//! Incidents whose card nobody can see, so that a human has to hear of them in another way.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::State;
use crate::domain::ids::{Channel, IncidentId};
use crate::domain::incident::{Incident, MessageRef};

/// For so long a card may wait for its turn in a channel that takes others: in a storm Slack lets one a second through.
const IN_TURN: SignedDuration = SignedDuration::from_secs(90);

impl State {
    /// Open incidents from before this time that have no card and for which no page was asked, oldest first. Where their channel has
    /// taken another card since, Slack is there: then each waits for its turn, and the delay of its severity holds, for 90 s.
    #[must_use]
    pub fn unseen(&self, before: Timestamp) -> Vec<IncidentId> {
        let is_unseen = |incident: &&Incident| {
            incident.card.is_none() && incident.opened_at < before && incident.paging.asked_at.is_none()
        };
        let takes_cards: BTreeSet<&Channel> = self
            .open()
            .filter(|incident| incident.card.as_ref().is_some_and(|card| is_since(card, before)))
            .map(|incident| &incident.channel)
            .collect();
        let has_time = |incident: &Incident| {
            let waited = before.duration_since(incident.opened_at);
            waited < IN_TURN && takes_cards.contains(&incident.channel)
        };
        let unseen = self.open().filter(is_unseen);
        unseen
            .filter(|incident| !has_time(incident))
            .map(|incident| incident.id)
            .collect()
    }
}

/// Slack's `ts` begins with the seconds of Unix time (docs.slack.dev, retrieving messages).
fn is_since(card: &MessageRef, before: Timestamp) -> bool {
    let seconds = card.ts.split('.').next().and_then(|seconds| seconds.parse().ok());
    seconds.is_some_and(|seconds: i64| seconds >= before.as_second())
}
