//! What people do: on current and outdated plans, twice, with and without rights.

use std::collections::BTreeMap;

use interlock::domain::command::{Command, Intent, PlanRef};
use interlock::domain::event::Judgement;
use interlock::domain::ids::{DeliveryKey, IncidentId, PlanNo, RunbookName, StepNo};
use interlock::domain::run::StepState;

use super::notes::{From, Sent};
use super::scenery;
use super::sim::Sim;

impl Sim {
    pub fn click(&mut self) -> Option<Sent> {
        if self.outages.slack_is_away() {
            return None;
        }
        if !self.clicks.is_empty() && self.rng.chance(8) {
            let (key, person, intent) = self.rng.pick(&self.clicks)?.clone();
            let line = format!("again, {key}: {} {intent:?}", person.name);
            let command = Command::Act {
                key: Some(key),
                person,
                channel: None,
                intent,
            };
            return Some(Sent {
                command,
                from: From::Outside,
                line,
            });
        }
        // Most clicks come from those who may.
        let able = self.rng.chance(75);
        let person = if able {
            self.rng.pick(self.people.get(..4)?)
        } else {
            self.rng.pick(&self.people)
        }?
        .clone();
        let intent = self.intent()?;
        self.last_key += 1;
        let key = DeliveryKey::new(format!("k{}", self.last_key));
        self.clicks.push((key.clone(), person.clone(), intent.clone()));
        let line = format!("{} {}", person.name, short(&intent));
        Some(Sent {
            command: Command::Act {
                key: Some(key),
                person,
                channel: None,
                intent,
            },
            from: From::Outside,
            line,
        })
    }

    fn intent(&mut self) -> Option<Intent> {
        let choice = self.rng.below(100);
        if choice < 1 {
            return Some(Intent::Freeze {
                reason: "stop".to_owned(),
            });
        }
        if choice < 9 {
            let reason = if self.rng.chance(90) { "go on" } else { " " };
            return Some(Intent::Unfreeze {
                reason: reason.to_owned(),
            });
        }
        if choice < 12 {
            let names = scenery::runbook_names();
            let name = (*self.rng.pick(&names)?).to_owned();
            return Some(Intent::RunRunbook {
                name,
                parameters: BTreeMap::new(),
            });
        }
        let id = self.some_incident()?;
        if let (Some((at, step)), true) = (self.unknown_step(id), self.rng.chance(40)) {
            let judgement = if self.rng.chance(50) {
                Judgement::Worked
            } else {
                Judgement::Failed
            };
            return Some(Intent::Judge { at, step, judgement });
        }
        if choice < 20 {
            return Some(self.about(id, choice));
        }
        let at = self.plan_ref(id)?;
        Some(match choice {
            20..72 => Intent::Approve(at),
            72..80 => {
                let steps: Vec<StepNo> = self
                    .core()
                    .state()
                    .incident(id)?
                    .plan(at.plan)?
                    .plan
                    .live_steps()
                    .map(|step| step.no)
                    .collect();
                let upto = *self.rng.pick(&steps)?;
                Intent::ApprovePart { at, upto }
            }
            80..85 => Intent::Reject {
                at,
                reason: "no".to_owned(),
            },
            85..87 => Intent::ReviewPlan(at),
            87..89 => Intent::AskModify(at),
            89..98 => {
                let skip = if self.rng.chance(60) {
                    vec![StepNo(1)]
                } else {
                    Vec::new()
                };
                let parameters = BTreeMap::from([("count".to_owned(), (1 + self.rng.below(12)).to_string())]);
                let parameters = if self.rng.chance(50) {
                    parameters
                } else {
                    BTreeMap::new()
                };
                Intent::Modify {
                    at,
                    parameters,
                    skip,
                    confirmed: self.rng.chance(85),
                }
            }
            _ => Intent::Judge {
                at,
                step: StepNo(1),
                judgement: Judgement::Worked,
            },
        })
    }

    fn about(&mut self, id: IncidentId, choice: usize) -> Intent {
        match choice {
            12 => Intent::Escalate(id),
            13 => match self.some_incident() {
                Some(into) => Intent::Merge { from: id, into },
                None => Intent::Escalate(id),
            },
            14 | 15 => Intent::TakeOver(id),
            16 => {
                let names = ["one", "two", "restart", "undo", "gone"];
                let name = self.rng.pick(&names).copied().unwrap_or("one");
                Intent::ChooseRunbook {
                    incident: id,
                    runbook: RunbookName::new(name),
                }
            }
            17 => Intent::ProposeAgain(id),
            19 if self.rng.chance(50) => Intent::Close {
                incident: id,
                reason: "it is over".to_owned(),
            },
            18 => Intent::Tick {
                incident: id,
                item: 0,
                done: true,
            },
            _ => Intent::StatusOf(id),
        }
    }

    fn some_incident(&mut self) -> Option<IncidentId> {
        let open: Vec<IncidentId> = self.core().state().open().map(|incident| incident.id).collect();
        let any = self.core().state().last_incident;
        if open.is_empty() || self.rng.chance(5) {
            let most = usize::try_from(any).unwrap_or(0) + 1;
            return Some(IncidentId(u64::try_from(self.rng.below(most)).unwrap_or(0)));
        }
        self.rng.pick(&open).copied()
    }

    pub fn unknown_step(&self, id: IncidentId) -> Option<(PlanRef, StepNo)> {
        let track = self.core().state().incident(id)?.current()?;
        let step = track
            .plan
            .steps
            .iter()
            .find(|s| matches!(track.run.state(s.no), StepState::Unknown { .. }))?;
        let digest = track.digest.short().to_owned();
        Some((
            PlanRef {
                incident: id,
                plan: track.plan.no,
                digest,
            },
            step.no,
        ))
    }

    /// The plan that counts, or now and then one that no longer does.
    fn plan_ref(&mut self, id: IncidentId) -> Option<PlanRef> {
        let old = self.rng.chance(6);
        let forged = self.rng.chance(2);
        let incident = self.core().state().incident(id)?;
        let track = if old {
            incident.plans.first()?
        } else {
            incident.current()?
        };
        let digest = if forged {
            "0".repeat(12)
        } else {
            track.digest.short().to_owned()
        };
        Some(PlanRef {
            incident: id,
            plan: PlanNo(track.plan.no.0),
            digest,
        })
    }
}

fn short(intent: &Intent) -> String {
    format!("{intent:?}").chars().take(110).collect()
}
