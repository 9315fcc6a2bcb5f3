//! What people do: on current and outdated plans, twice, with and without rights.

use std::collections::BTreeMap;

use interlock::domain::ceremony::{Factor, Said};
use interlock::domain::command::{Command, Intent, PlanRef};
use interlock::domain::event::Judgement;
use interlock::domain::ids::{DeliveryKey, IncidentId, PlanNo, RunbookName, StepNo};
use interlock::domain::run::StepState;

use super::notes::{From, Sent};
use super::sim::Sim;
use super::{scenery, told};

impl Sim {
    pub fn click(&mut self) -> Option<Sent> {
        if self.outages.slack_is_away() {
            return None;
        }
        if !self.clicks.is_empty() && self.rng.chance(8) {
            let (key, person, intent) = self.rng.pick(&self.clicks)?.clone();
            // What a person may is asked about when the delivery comes in, the second one too.
            let person = self.person(&person.id).unwrap_or(person);
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
        let typed = self.watch.beside.to_type(&intent);
        let click = Box::new((person.clone(), intent.clone()));
        Some(Sent {
            command: Command::Act {
                key: Some(key),
                person,
                channel: None,
                intent,
            },
            from: From::Click(click, typed),
            line,
        })
    }

    fn intent(&mut self) -> Option<Intent> {
        if let Some(wanted) = self.odd.wants(self.core.as_ref()?.state()) {
            return Some(wanted);
        }
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
        if choice < 11
            && let Some(incident) = self.glass()
        {
            return Some(Intent::BreakGlass {
                incident,
                reason: "it burns".to_owned(),
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
            20..72 => self.yes(at, None),
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
                self.yes(at, Some(upto))
            }
            80..85 => Intent::Reject {
                at,
                reason: "no".to_owned(),
            },
            85..87 => Intent::ReviewPlan(at),
            87..89 => Intent::AskModify(at),
            89..98 => {
                let skip = if self.rng.chance(60) {
                    vec![StepNo(u16::try_from(1 + self.rng.below(3)).unwrap_or(1))]
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

    /// A yes as the card asks for it, or a bare one all the same.
    fn yes(&mut self, at: PlanRef, upto: Option<StepNo>) -> Intent {
        let bare = match upto {
            None => Intent::Approve(at.clone()),
            Some(upto) => Intent::ApprovePart { at: at.clone(), upto },
        };
        if self.rng.chance(15) {
            return bare;
        }
        match self.watch.beside.to_type(&bare) {
            Some(wanted) => {
                let said = self.says(wanted);
                Intent::ApproveWith { at, upto, said }
            }
            None if self.knowledge.rules.policy.rows.iter().any(|row| row.reason) => {
                let reason = if self.rng.chance(90) { "it helps" } else { " " };
                let reason = reason.to_owned();
                Intent::ApproveBecause { at, upto, reason }
            }
            None => bare,
        }
    }

    /// What somebody fills in for tier 3, most of it right.
    fn says(&mut self, wanted: String) -> Said {
        let target = if self.rng.chance(85) {
            wanted
        } else {
            "production/other".to_owned()
        };
        let reason = if self.rng.chance(95) { "it must be" } else { "" };
        let step = told::code_at(self.now);
        let factor = match self.rng.below(20) {
            0 => Factor::Wrong,
            1 => Factor::NotEnrolled,
            2 => Factor::Proved {
                step: step.saturating_sub(20),
            },
            3..6 => Factor::Proved {
                step: step.saturating_sub(1),
            },
            _ => Factor::Proved { step },
        };
        Said {
            target,
            reason: reason.to_owned(),
            factor,
        }
    }

    /// An incident whose glass somebody might break.
    fn glass(&mut self) -> Option<IncidentId> {
        self.knowledge.rules.policy.guards.glass.as_ref()?;
        self.some_incident()
    }

    fn about(&mut self, id: IncidentId, choice: usize) -> Intent {
        match choice {
            12 => Intent::Escalate(id),
            13 => match self.some_incident() {
                Some(into) => Intent::Merge { from: id, into },
                None => Intent::Escalate(id),
            },
            15 | 19 if self.rng.chance(40) => match self.some_incident() {
                Some(into) => Intent::Merge { from: id, into },
                None => Intent::TakeOver(id),
            },
            14 | 15 => Intent::TakeOver(id),
            16 => {
                let names = ["one", "two", "restart", "undo", "both", "gone"];
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
