//! Changes come in: kept for the alerts that may follow, and shown on open incidents that they may explain.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Context, Tx};
use crate::domain::alert::Alert;
use crate::domain::change::{Change, Unread};
use crate::domain::command::Reply;
use crate::domain::event::Event;
use crate::domain::ids::IncidentId;

/// Changes are looked for every half minute; a look takes seconds.
const LATE: SignedDuration = SignedDuration::from_mins(2);

pub fn told(tx: &mut Tx<'_>, context: Context<'_>, changes: Vec<Change>) -> Reply {
    for change in changes {
        if tx.state().changes.knows(&change) || !change.matters_at(context.now) {
            continue;
        }
        let change = Arc::new(change);
        tx.record(Event::Changed {
            change: Arc::clone(&change),
        });
        let explained: Vec<IncidentId> = tx
            .state()
            .open()
            .filter(|incident| change.may_explain(incident, &context.rules.services))
            .map(|incident| incident.id)
            .collect();
        for incident in explained {
            tx.record(Event::ChangesSeen {
                incident,
                changes: vec![Arc::clone(&change)],
                unread: Vec::new(),
            });
        }
    }
    Reply::Stored
}

/// What can't be read at present, when that is something else than before.
pub fn unread(tx: &mut Tx<'_>, context: Context<'_>, unread: Vec<Unread>) -> Reply {
    let known = &tx.state().unread;
    let same =
        known.len() == unread.len() && known.iter().zip(&unread).all(|(one, other)| one.is_same(other));
    if same {
        return Reply::Stored;
    }
    tx.record(Event::ChangesUnread { unread });
    // What was opened since the last look could not know.
    let known = &tx.state().unread;
    let late: Vec<(IncidentId, Vec<Unread>)> = tx
        .state()
        .open()
        .filter(|incident| context.now.duration_since(incident.opened_at) <= LATE)
        .filter_map(|incident| {
            let environment = context.rules.environment_of(incident.first_alert()?);
            let mut unread = Unread::about(known, environment.as_ref());
            unread.retain(|one| !incident.unread.iter().any(|seen| seen.is_same(one)));
            (!unread.is_empty()).then_some((incident.id, unread))
        })
        .collect();
    for (incident, unread) in late {
        tx.record(Event::ChangesSeen {
            incident,
            changes: Vec::new(),
            unread,
        });
    }
    Reply::Stored
}

/// What changed shortly before this alert, and what is not known of it.
pub fn look_back(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, alert: &Alert) {
    let changes = tx
        .state()
        .changes
        .before(alert, context.now, &context.rules.services);
    let unread = Unread::about(&tx.state().unread, context.rules.environment_of(alert).as_ref());
    if !changes.is_empty() || !unread.is_empty() {
        tx.record(Event::ChangesSeen {
            incident,
            changes,
            unread,
        });
    }
}
