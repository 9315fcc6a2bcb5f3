//! Who has broken the glass of which incident, and until when: for the minutes that the policy says, and no longer.

use std::collections::BTreeMap;

use interlock::domain::event::{Entry, Event};
use interlock::domain::ids::{IncidentId, PersonId};
use interlock::engine::Knowledge;
use jiff::{SignedDuration, Timestamp};

use super::promises::must;

#[derive(Clone, Default)]
pub struct Glasses(BTreeMap<IncidentId, (PersonId, Timestamp)>);

impl Glasses {
    pub fn take(&mut self, entry: &Entry, knowledge: &Knowledge) -> Result<(), String> {
        match &entry.event {
            Event::GlassBroken {
                incident, by, until, ..
            } => {
                let rule = knowledge.rules.policy.guards.glass.as_ref();
                let minutes = rule.map_or(0, |rule| i64::from(rule.minutes));
                let lasts = until.duration_since(entry.at);
                must(lasts <= SignedDuration::from_mins(minutes), || {
                    format!("the glass of {incident} is open for longer than anybody allowed")
                })?;
                self.0.insert(*incident, (by.id.clone(), *until));
            }
            Event::GlassOver { incident } => {
                self.0.remove(incident);
            }
            _ => {}
        }
        Ok(())
    }

    /// Who has it open now.
    pub fn open(&self, incident: IncidentId, now: Timestamp) -> Option<&PersonId> {
        let (by, until) = self.0.get(&incident)?;
        (now < *until).then_some(by)
    }
}
