//! Asking a model in which order candidates stand and what stands in open parameters, and taking its answer. A person chooses and
//! approves, whatever it says; without an answer everything stays as it was.

use std::collections::BTreeMap;

use super::{Context, Tx, survey};
use crate::domain::advice::{self, Blanks, Question};
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

/// What to ask before this runbook is planned, where there is somebody to ask. What a person started by hand has the values
/// that they gave.
pub fn blanks(tx: &Tx<'_>, context: Context<'_>, id: IncidentId, runbook: &RunbookName) -> Option<Blanks> {
    let incident = tx.state().incident(id).filter(|_| context.rules.asks_advisor)?;
    let alert = incident
        .first_alert()
        .filter(|_| incident.requested_by.is_none())?;
    Blanks::of(alert, context.catalog.get(runbook)?)
}

/// What was answered, perhaps nothing. The plan goes on either way; after a restart it went on without.
pub fn filled(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    id: IncidentId,
    runbook: &RunbookName,
    values: &BTreeMap<String, String>,
) -> Reply {
    let waits = tx.state().incident(id).filter(|incident| {
        matches!(&incident.phase, Phase::Planning { request } if request.runbook == *runbook
            && request.advised.is_empty() && request.modified_from.is_none() && request.takes_back.is_none())
    });
    let Some(incident) = waits else {
        return Reply::Stored;
    };
    let known = incident.first_alert().zip(context.catalog.get(runbook));
    let values = known.map(|(alert, runbook)| advice::fitting(alert, runbook, values));
    if let Some(values) = values.filter(|values| !values.is_empty()) {
        tx.record(Event::Filled {
            incident: id,
            runbook: runbook.clone(),
            values,
        });
    }
    survey::resume(tx, context, id);
    Reply::Stored
}

/// Whether a person has this incident because the choice is theirs.
fn chooses(incident: &Incident) -> bool {
    let unsure =
        |reason: &HandoffReason| matches!(reason, HandoffReason::SeveralMatch | HandoffReason::Unsure);
    incident.request.is_none() && matches!(&incident.phase, Phase::Handed { reason, .. } if unsure(reason))
}
