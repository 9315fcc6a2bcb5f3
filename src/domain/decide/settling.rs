//! A verified fix is not over yet: its source has to say resolved, and the alert to stay so for as long as the team asks.

use super::{Context, Tx, advance};
use crate::domain::event::Event;
use crate::domain::ids::{EpisodeKey, Fingerprint, IncidentId, Source};
use crate::domain::incident::{ClosedAs, HandoffReason, Phase, SettlesBy};

/// Waits for the source to say resolved.
pub fn settle(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    // A time that does not fit the calendar can only come from configuration; then nothing is waited for.
    let until = context
        .now
        .checked_add(context.rules.settle)
        .unwrap_or(context.now);
    let by = SettlesBy::Resolving;
    tx.record(Event::Settling {
        incident: id,
        until,
        by,
    });
}

/// The source says resolved after a verified run: it is over, or it has to stay so for a while first.
pub fn stay(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    let resolved = incident.episodes.iter().filter_map(|episode| episode.resolved_at);
    let since = if incident.all_resolved() {
        resolved.max().unwrap_or(context.now)
    } else {
        context.now
    };
    let until = since.checked_add(context.rules.stays(incident)).unwrap_or(since);
    if until <= context.now {
        advance::close(tx, context, id, ClosedAs::Resolved);
        return;
    }
    let by = SettlesBy::Staying;
    tx.record(Event::Settling {
        incident: id,
        until,
        by,
    });
}

/// An alert fires while a verified fix is watched. The same one again: it did not help. Another one: that has to resolve
/// first.
pub fn fires_again(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    id: IncidentId,
    source: &Source,
    alert: &Fingerprint,
) {
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    let Phase::Settling {
        by: SettlesBy::Staying,
        ..
    } = incident.phase
    else {
        return;
    };
    // The newest episode is the one that fires now.
    let before = incident.episodes.iter().rev().skip(1);
    let mut same =
        before.filter(|episode| episode.alert.fingerprint == *alert && episode.alert.source == *source);
    let Some(newest) = same.next() else {
        settle(tx, context, id);
        return;
    };
    let after = newest.resolved_at.map_or_else(String::new, |at| {
        let after = context.now.duration_since(at).as_secs().max(0);
        format!(" {after} s after it had resolved")
    });
    let why = format!("the alert fired again{after}");
    advance::hand_over(tx, context, id, HandoffReason::NotVerified { why });
}

/// The source was told that these are over, and took our word. What has begun to fire since is not over by that.
pub fn source_told(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, told: &[EpisodeKey]) {
    let over = tx.state().incident(id).is_some_and(|incident| {
        let waits = matches!(&incident.phase, Phase::Settling { by, .. } if by.is_resolving());
        waits && incident.firing().all(|alert| incident.was_told(alert, told))
    });
    if over {
        stay(tx, context, id);
    }
}
