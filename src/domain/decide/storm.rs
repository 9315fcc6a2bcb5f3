//! Tells a channel that what comes down on it is a storm, once, beside the cards.

use super::Tx;
use crate::domain::command::Effect;
use crate::domain::event::Event;
use crate::domain::ids::IncidentId;
use crate::domain::notice::Notice;

/// An incident was opened: perhaps one too many to look at them one by one.
pub(super) fn look(tx: &mut Tx<'_>, incident: IncidentId) {
    let state = tx.state();
    let Some(channel) = state.incident(incident).map(|incident| incident.channel.clone()) else {
        return;
    };
    let Some((since, incidents)) = state.storms.untold(&channel) else {
        return;
    };
    let shared = state.shared(&incidents);
    let opened = incidents.len();
    tx.record(Event::Storm {
        channel: channel.clone(),
        opened,
        since,
    });
    tx.effect(Effect::Notice {
        notice: Box::new(Notice::Storm {
            opened,
            since,
            shared,
        }),
        channels: vec![channel],
    });
}
