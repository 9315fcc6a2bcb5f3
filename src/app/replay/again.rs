//! Plays the alert of one recorded incident on a journal in memory, up to the proposal. Targets look as the journal knows
//! them, and evidence says what it said then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::action::Action;
use crate::domain::alert::Alert;
use crate::domain::command::{Command, Drive};
use crate::domain::event::{Entry, Event};
use crate::domain::evidence::{Finding, Found, Look};
use crate::engine::{Core, Knowledge};
use crate::ports::{Survey, TargetState};
use crate::store::{Store, StoreError};

/// Surveys of one incident; more would be a circle.
const MOST: usize = 16;

/// What the journal knows of the world of one incident.
struct World<'e> {
    targets: BTreeMap<String, &'e TargetState>,
    findings: BTreeMap<&'e str, &'e Found>,
    /// What it does not know, in words for people.
    assumed: BTreeSet<String>,
}

/// The entries that this alert would lead to now, and what had to be assumed for it.
///
/// # Errors
/// The journal in memory can't be written.
pub(super) fn play(
    alert: &Alert,
    at: Timestamp,
    recorded: &[Entry],
    knowledge: &Knowledge,
) -> Result<(Vec<Entry>, Vec<String>), StoreError> {
    let mut world = World::of(recorded);
    let mut core = Core::open(Store::in_memory()?)?;
    let mut next = vec![Command::Alerts {
        source: alert.source.clone(),
        key: None,
        alerts: vec![alert.clone()],
    }];
    for _ in 0..MOST {
        let commands = std::mem::take(&mut next);
        if commands.is_empty() {
            break;
        }
        for drive in core.run(commands, &[], knowledge, at)?.drives {
            if let Drive::Survey {
                incident,
                sketch,
                looks,
            } = drive
            {
                let steps = sketch.steps.iter();
                let results = steps.map(|step| Ok(world.survey(&step.action, at))).collect();
                let findings = looks.iter().map(|look| world.look(look, at)).collect();
                next.push(Command::Surveyed {
                    incident,
                    sketch,
                    results,
                    findings,
                });
            }
        }
    }
    let mut entries = Vec::new();
    core.store().read_after(0, |entry| entries.push(entry))?;
    Ok((entries, world.assumed.into_iter().collect()))
}

impl<'e> World<'e> {
    fn of(recorded: &'e [Entry]) -> Self {
        let mut world = Self {
            targets: BTreeMap::new(),
            findings: BTreeMap::new(),
            assumed: BTreeSet::new(),
        };
        for entry in recorded {
            if let Event::Proposed { plan, .. } = &entry.event {
                for target in plan.steps.iter().filter_map(|step| step.target.as_ref()) {
                    world.targets.entry(target.object.key()).or_insert(target);
                }
            } else if let Event::Gathered { findings, .. } = &entry.event {
                for finding in findings {
                    world.findings.entry(&finding.query).or_insert(&finding.found);
                }
            }
        }
        world
    }

    fn survey(&mut self, action: &Action, at: Timestamp) -> Survey {
        let target = action.names_target().map(|object| {
            if let Some(known) = self.targets.get(&object.key()) {
                return (*known).clone();
            }
            self.assumed.insert(format!("{object} is there with one replica"));
            TargetState {
                uid: "assumed".to_owned(),
                generation: 0,
                images: Vec::new(),
                replicas: 1,
                ready: 1,
                container: None,
                workload: None,
                disruption: None,
                object,
            }
        });
        Survey { target, taken_at: at }
    }

    fn look(&mut self, look: &Look, at: Timestamp) -> Finding {
        let asked = look.found(at, Found::Missing { why: String::new() });
        let known = self
            .findings
            .get(asked.query.as_str())
            .map(|found| (*found).clone());
        let found = known.unwrap_or_else(|| {
            self.assumed
                .insert(format!("\"{}\" could not be read", asked.name));
            Found::Missing {
                why: "it was not asked then".to_owned(),
            }
        });
        look.found(at, found)
    }
}
