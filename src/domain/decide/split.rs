//! A person says that an alert does not belong to an incident that it joined by itself: it gets a card of its own.

use super::act::{Actor, open};
use super::{Context, Tx, advance, alerts, carry};
use crate::domain::command::{Answer, Reply};
use crate::domain::event::{Deed, Event, Refusal};
use crate::domain::ids::IncidentId;

/// `mark` says which of the incident's alerts.
pub fn split(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId, mark: &str) -> Reply {
    let alert = open(tx, id).and_then(|incident| {
        let mut joined = incident
            .episodes
            .iter()
            .filter(|episode| episode.because.is_some() && episode.resolved_at.is_none());
        joined
            .find(|episode| episode.mark() == mark)
            .map(|episode| episode.alert.clone())
            .ok_or(Refusal::NotWaiting)
    });
    let alert = match actor.responder(context).and(alert) {
        Ok(alert) => alert,
        Err(refusal) => return actor.refused(tx, Some(id), Deed::Split, refusal),
    };
    let carried = carry::of(tx, id, &alert);
    tx.record(Event::SplitOff {
        incident: id,
        source: Some(alert.source.clone()),
        episode: alert.episode.clone(),
        name: alert.name.clone(),
        fingerprint: alert.fingerprint.clone(),
        by: actor.who.clone(),
    });
    // It may have been the last that fired.
    advance::source_agrees(tx, context, id);
    let incident = alerts::opened_with(tx, context, alert, carried);
    Reply::Answer(Answer::SplitOff { incident })
}
