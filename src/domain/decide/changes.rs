//! Changes come in: kept for the alerts that may follow, and shown on open incidents that they may explain.

use std::sync::Arc;

use super::{Context, Tx};
use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::command::Reply;
use crate::domain::event::Event;
use crate::domain::ids::IncidentId;

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
            });
        }
    }
    Reply::Stored
}

/// What changed shortly before this alert.
pub fn look_back(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, alert: &Alert) {
    let changes = tx
        .state()
        .changes
        .before(alert, context.now, &context.rules.services);
    if !changes.is_empty() {
        tx.record(Event::ChangesSeen { incident, changes });
    }
}
