//! Asking a model in which order candidates stand, and taking its answer. A person chooses, whatever it says; without an answer
//! everything stays as it was.

use super::{Context, Tx};
use crate::domain::advice::{self, Question};
use crate::domain::alert::Alert;
use crate::domain::command::{Drive, Reply};
use crate::domain::event::Event;
use crate::domain::ids::{IncidentId, RunbookName};
use crate::domain::incident::{HandoffReason, Incident, Phase};

/// Asks where the rules say that there is somebody to ask, and a person has to choose.
pub fn ask(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, alert: &Alert) {
    if !context.rules.asks_advisor {
        return;
    }
    let waiting = tx.state().incident(id).filter(|incident| chooses(incident));
    let candidates = waiting.and_then(|incident| incident.matched.as_ref());
    let question = candidates.and_then(|matched| Question::of(alert, &matched.candidates, context.catalog));
    if let Some(question) = question {
        tx.drive(Drive::Advise {
            incident: id,
            question: Box::new(question),
        });
    }
}

/// What was advised. Counts only while nobody has chosen, and only as another order of the same candidates.
pub fn advised(tx: &mut Tx<'_>, id: IncidentId, order: Vec<RunbookName>) -> Reply {
    let waiting = tx.state().incident(id).filter(|incident| chooses(incident));
    let matched = waiting.and_then(|incident| incident.matched.as_ref());
    if matched.is_some_and(|matched| advice::reorders(&order, &matched.candidates)) {
        tx.record(Event::Advised { incident: id, order });
    }
    Reply::Stored
}

/// Whether a person has this incident because the choice is theirs.
fn chooses(incident: &Incident) -> bool {
    let unsure =
        |reason: &HandoffReason| matches!(reason, HandoffReason::SeveralMatch | HandoffReason::Unsure);
    incident.request.is_none() && matches!(&incident.phase, Phase::Handed { reason, .. } if unsure(reason))
}
