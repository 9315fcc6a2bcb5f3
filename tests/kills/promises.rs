//! What must hold, read from outside: from the cluster's own record of what was done there, and from the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use interlock::domain::event::{Event, Outcome};
use interlock::domain::run::StepState;
use interlock::playground::cluster::Effect;
use interlock::store::{Store, parse};

/// What the journal says after a kill.
#[derive(Debug, Default)]
pub struct Record {
    pub entries: u64,
    /// Marks of the attempts whose start is on record, with how many people had approved.
    pub started: BTreeMap<String, usize>,
    /// Name of the alert of each incident that was opened.
    pub opened: Vec<String>,
    pub unknown: u64,
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
    // Attempts under way, and those that were when a process started: how they ended nobody can know.
    let (mut running, mut adrift) = (BTreeSet::new(), BTreeSet::new());
    store
        .export(|stored| {
            match parse(&stored).expect("an entry of ours").event {
                Event::StepStarted {
                    attempt, approved_by, ..
                } => {
                    let before = record
                        .started
                        .insert(format!("{name}.{attempt}"), approved_by.len());
                    assert_eq!(before, None, "{attempt} has two starts");
                    running.insert(attempt);
                }
                Event::Started { .. } => adrift = running.clone(),
                Event::Opened { alert, .. } => record.opened.push(alert.name.clone()),
                Event::StepEnded { attempt, outcome, .. } => {
                    let unknown = matches!(outcome, Outcome::Unknown { .. });
                    assert!(
                        unknown || !adrift.contains(&attempt),
                        "{attempt} was cut off and is said to have ended: {outcome:?}"
                    );
                    running.remove(&attempt);
                    adrift.remove(&attempt);
                    record.unknown += u64::from(unknown);
                }
                _ => {}
            }
            Ok(())
        })
        .expect("it can be read");
    record
}

/// At most once, and only what is on record and was approved.
pub fn at_most_once(record: &Record, effects: &[Effect]) {
    let mut seen = BTreeSet::new();
    for effect in effects
        .iter()
        .filter(|effect| effect.argv.iter().any(|word| word == "FLUSHDB"))
    {
        assert!(
            seen.insert(&effect.audit_id),
            "{} was done twice",
            effect.audit_id
        );
        let approvals = record.started.get(&effect.audit_id);
        assert!(
            approvals.is_some_and(|approvals| *approvals > 0),
            "{} was done and has no approved start on record: {:?}",
            effect.audit_id,
            record.started
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
