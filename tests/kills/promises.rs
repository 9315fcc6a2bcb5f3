//! What must hold, read from outside: from the cluster's own record of what was done there, and from the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use interlock::domain::event::{Event, Outcome};
use interlock::domain::run::StepState;
use interlock::store::{Store, parse};

use super::changes::Done;
use super::law::Law;

/// What the journal says after a kill.
#[derive(Debug, Default)]
pub struct Record {
    pub entries: u64,
    /// Marks of the attempts whose start is on record, with how many people had approved.
    pub started: BTreeMap<String, usize>,
    /// Name of the alert of each incident that was opened.
    pub opened: Vec<String>,
    /// The same, by the incident.
    pub alerts: BTreeMap<String, String>,
    pub unknown: u64,
    /// Marks of attempts that ended well.
    pub succeeded: BTreeSet<String>,
}

/// Reads the journal, and checks its chain and the tables beside it.
pub fn record(database: &Path) -> Record {
    let store = Store::open_to_read(database).expect("the journal opens");
    let verified = store.verify().expect("the chain holds");
    assert_eq!(store.tables_fit().expect("it can be read"), Ok(()));
    let mut record = Record {
        entries: verified.entries,
        ..Record::default()
    };
    let name = store.name().to_owned();
    let mut law = Law::default();
    store
        .export(|stored| {
            let entry = parse(&stored).expect("an entry of ours");
            law.take(&entry).unwrap_or_else(|why| panic!("{why}"));
            match entry.event {
                Event::StepStarted {
                    attempt, approved_by, ..
                } => {
                    let mark = format!("{name}.{attempt}");
                    record.started.insert(mark, approved_by.len());
                }
                Event::Opened { incident, alert, .. } => {
                    record.opened.push(alert.name.clone());
                    record.alerts.insert(incident.to_string(), alert.name.clone());
                }
                Event::StepEnded { attempt, outcome, .. } => {
                    if outcome == Outcome::Succeeded {
                        record.succeeded.insert(format!("{name}.{attempt}"));
                    }
                    record.unknown += u64::from(matches!(outcome, Outcome::Unknown { .. }));
                }
                _ => {}
            }
            Ok(())
        })
        .expect("it can be read");
    law.complete().unwrap_or_else(|why| panic!("{why}"));
    record
}

/// At most once, and only what is on record, was approved and is what that incident's alert asks for.
pub fn at_most_once(record: &Record, done: &[Done]) {
    let mut seen = BTreeSet::new();
    for Done { attempt, change } in done {
        assert!(seen.insert(attempt), "{attempt} did its {} twice", change.name());
        let approvals = record.started.get(attempt);
        assert!(
            approvals.is_some_and(|approvals| *approvals > 0),
            "{attempt} did its {} and has no approved start on record: {:?}",
            change.name(),
            record.started
        );
        let incident = attempt.split('.').nth(1).unwrap_or_default();
        let alert = record.alerts.get(incident).map(String::as_str);
        assert!(
            alert.is_some_and(|alert| alert.starts_with(change.alert())),
            "{attempt} did {}, which {alert:?} does not ask for",
            change.name()
        );
    }
}

/// Nothing is under way and nothing is left over.
pub fn at_rest(database: &Path) -> Result<(), String> {
    let store = Store::open_to_read(database).map_err(|error| error.to_string())?;
    let waiting = store.outbox().map_err(|error| error.to_string())?;
    if let Some((_, effect, _)) = waiting.first() {
        return Err(format!("{} in the outbox, first {effect:?}", waiting.len()));
    }
    let state = store.load().map_err(|error| error.to_string())?;
    for incident in state.incidents.values() {
        for track in &incident.plans {
            for (step, state) in &track.run.steps {
                if matches!(state, StepState::Started { .. } | StepState::Unknown { .. }) {
                    return Err(format!("step {step} of {} is {state:?}", incident.id));
                }
            }
        }
        if incident.is_open() {
            return Err(format!("{} is open: {:?}", incident.id, incident.phase));
        }
    }
    Ok(())
}
