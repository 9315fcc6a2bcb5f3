//! One state of the small world of `every`, what can happen in it, and what follows. Longer than other files, since what can
//! happen and what follows from it are one list.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::sync::Arc;

use interlock::domain::alert::{Alert, AlertStatus};
use interlock::domain::command::{Command, Drive, Intent, PlanRef, Reply, StartStep};
use interlock::domain::decide::{Context, Tx, decide};
use interlock::domain::event::{Judgement, Outcome};
use interlock::domain::freeze::FreezeFile;
use interlock::domain::ids::{AttemptId, DeliveryKey, IncidentId, StepNo};
use interlock::domain::run::StepState;
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use interlock::ports::{Output, Person, Survey};
use jiff::Timestamp;

use super::promises::Law;
use super::scenery::Cluster;

/// Ana and Bo are on call: two of them are needed. Cy asked.
pub const ANA: usize = 0;
pub const BO: usize = 1;
pub const CY: usize = 2;
pub const ONE: IncidentId = IncidentId(1);

/// What does not change.
pub struct World {
    pub knowledge: Knowledge,
    pub people: Vec<Person>,
    pub alert: Alert,
}

/// A process. Its state is as of its last commit; another may have written since.
#[derive(Clone, Default)]
pub struct Process {
    pub state: Arc<State>,
    pub recovered: bool,
    pub drives: Vec<Drive>,
    pub attempts: Vec<(AttemptId, bool)>,
}

/// One state of everything.
#[derive(Clone)]
pub struct Node {
    pub law: Law,
    pub now: Timestamp,
    pub processes: [Option<Process>; 2],
    /// Permits of the dead; whether they were performed.
    pub orphans: Vec<(AttemptId, bool)>,
    pub performed: Vec<AttemptId>,
    /// How often what is rare may still happen.
    pub left: Left,
    pub trail: Option<Arc<Trail>>,
}

#[derive(Clone, Copy, Hash)]
pub struct Left {
    pub approvals: [u8; 3],
    pub freezes: u8,
    pub lifts: u8,
    pub resolves: u8,
    pub crashes: u8,
    pub waits: u8,
    pub judgements: u8,
    pub starts: u8,
}

pub struct Trail {
    line: String,
    before: Option<Arc<Trail>>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Approve(usize, usize),
    Freeze(usize),
    Lift(usize),
    Resolve(usize),
    Judge(usize),
    Drive(usize, usize),
    Perform(AttemptId),
    Report(usize, AttemptId, u8),
    Late(usize, AttemptId),
    Crash(usize),
    Start(usize),
    Wait(usize),
}

impl Node {
    pub fn plan(&self) -> Option<PlanRef> {
        let track = self.law.state().incident(ONE)?.current()?;
        Some(PlanRef {
            incident: ONE,
            plan: track.plan.no,
            digest: track.digest.short().to_owned(),
        })
    }

    /// The step of which nobody knows whether it happened.
    fn unknown(&self) -> Option<StepNo> {
        let track = self.law.state().incident(ONE)?.current()?;
        let mut steps = track.run.steps.iter();
        let unknown = steps.find(|(_, state)| matches!(state, StepState::Unknown { .. }));
        unknown.map(|(step, _)| *step)
    }

    /// As the engine does it: decided on what this process knows, and refused by the journal when another wrote since.
    /// `None` is a commit that failed.
    pub fn commit(&mut self, world: &World, who: usize, command: Command) -> Result<Option<Reply>, String> {
        let process = self.processes[who].as_mut().expect("it lives");
        let mut state = (*process.state).clone();
        let context = Context {
            now: self.now,
            rules: &world.knowledge.rules,
            catalog: &world.knowledge.catalog,
        };
        let mut tx = Tx::new(&mut state, self.now);
        if !process.recovered {
            let database = "every".to_owned();
            decide(
                &mut tx,
                context,
                Command::Recover {
                    database,
                    behind: None,
                    unsent: false,
                },
            );
            tx.use_key(None);
        }
        let reply = decide(&mut tx, context, command);
        let Tx { entries, drives, .. } = tx;
        let stale = process.state.seq != self.law.state().seq;
        if stale && !entries.is_empty() {
            process.state = Arc::new(self.law.state().clone());
            return Ok(None);
        }
        for entry in &entries {
            self.law.take(entry, self.now, &world.knowledge, &world.people)?;
        }
        if !stale && state != *self.law.state() {
            return Err("the state is not the fold of the journal".to_owned());
        }
        process.state = Arc::new(state);
        process.recovered = true;
        process.drives.extend(drives);
        process.drives.sort_by_key(|drive| format!("{drive:?}"));
        if let Reply::Permit(order) = &reply {
            if !self.law.has_started(order.attempt) {
                return Err(format!("a permit for {} without a start", order.attempt));
            }
            process.attempts.push((order.attempt, false));
        }
        Ok(Some(reply))
    }

    pub fn click(
        &mut self,
        world: &World,
        who: usize,
        person: usize,
        key: &str,
        intent: Intent,
    ) -> Result<(), String> {
        let command = Command::Act {
            key: Some(DeliveryKey::new(format!("{person}-{key}"))),
            person: world.people[person].clone(),
            channel: None,
            intent,
        };
        self.commit(world, who, command).map(drop)
    }

    fn survey(&self, action: &interlock::domain::action::Action) -> Survey {
        Cluster::default().survey(action, self.now)
    }

    pub fn drive(&mut self, world: &World, who: usize, index: usize) -> Result<(), String> {
        let process = self.processes[who].as_mut().expect("it lives");
        let drive = process.drives.remove(index);
        let known = process.state.clone();
        let command = match &drive {
            Drive::Survey { incident, sketch, .. } => Command::Surveyed {
                incident: *incident,
                sketch: sketch.clone(),
                results: sketch
                    .steps
                    .iter()
                    .map(|step| Ok(self.survey(&step.action)))
                    .collect(),
                findings: Vec::new(),
            },
            // No model is configured, so none is asked.
            Drive::Advise { .. } | Drive::Fill { .. } => return Ok(()),
            Drive::Recheck { incident, plan } => Command::Rechecked {
                incident: *incident,
                plan: *plan,
                seen: self.beside(&known, None),
            },
            Drive::Start {
                incident,
                plan,
                step,
                attempt,
                ..
            } => {
                let Some(track) = known.incident(*incident).and_then(|it| it.plan(*plan)) else {
                    return Ok(());
                };
                let Some(planned) = track.plan.step(*step) else {
                    return Ok(());
                };
                let votes = track.approval.votes();
                let voters = world
                    .people
                    .iter()
                    .filter(|person| votes.iter().any(|vote| vote.by == person.id));
                Command::StartStep(Box::new(StartStep {
                    incident: *incident,
                    plan: *plan,
                    step: *step,
                    attempt: *attempt,
                    survey: Ok(self.survey(&planned.action)),
                    beside: match track.run.started_at {
                        None => self.beside(&known, Some(*step)),
                        Some(_) => Vec::new(),
                    },
                    voters: voters.cloned().collect(),
                    freeze_file: FreezeFile::Absent,
                }))
            }
        };
        let reply = self.commit(world, who, command)?;
        if matches!(reply, None | Some(Reply::NotYet { .. })) {
            self.processes[who].as_mut().expect("it lives").drives.push(drive);
        }
        Ok(())
    }

    fn beside(&self, known: &State, except: Option<StepNo>) -> Vec<(StepNo, Survey)> {
        let track = known.incident(ONE).and_then(|incident| incident.current());
        let steps = track.iter().flat_map(|track| track.plan.live_steps());
        let others = steps.filter(|step| Some(step.no) != except);
        others.map(|step| (step.no, self.survey(&step.action))).collect()
    }

    /// Everything that can happen now.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (who, process) in self.processes.iter().enumerate() {
            let Some(process) = process else {
                // The first is not started again: it is the old one.
                if who == 1 && self.left.starts > 0 {
                    steps.push(Step::Start(who));
                }
                continue;
            };
            let people = [ANA, BO, CY];
            steps.extend(
                people
                    .into_iter()
                    .filter(|one| self.left.approvals[*one] > 0)
                    .map(|one| Step::Approve(who, one)),
            );
            let state = self.law.state();
            let rare = [
                (self.left.freezes > 0, Step::Freeze(who)),
                (self.left.lifts > 0 && state.freeze.is_on(), Step::Lift(who)),
                (self.left.resolves > 0, Step::Resolve(who)),
                (
                    self.left.judgements > 0 && self.unknown().is_some(),
                    Step::Judge(who),
                ),
                (self.left.crashes > 0, Step::Crash(who)),
                (
                    self.left.waits > 0 && state.next_deadline().is_some(),
                    Step::Wait(who),
                ),
            ];
            steps.extend(rare.into_iter().filter(|(can, _)| *can).map(|(_, step)| step));
            steps.extend((0..process.drives.len()).map(|index| Step::Drive(who, index)));
            for (id, performed) in &process.attempts {
                if !performed {
                    steps.push(Step::Perform(*id));
                }
                steps.extend((0..3).map(|outcome| Step::Report(who, *id, outcome)));
            }
            steps.extend(self.orphans.iter().map(|(id, _)| Step::Late(who, *id)));
        }
        let lost = self.orphans.iter().filter(|(_, performed)| !performed);
        steps.extend(lost.map(|(id, _)| Step::Perform(*id)));
        steps
    }

    pub fn after(&self, world: &World, step: &Step) -> Result<Self, String> {
        let mut next = self.clone();
        next.trail = Some(Arc::new(Trail {
            line: format!("{step:?}"),
            before: self.trail.clone(),
        }));
        next.take(world, step).map_err(|why| {
            let mut lines = vec![why];
            let mut trail = next.trail.as_ref();
            while let Some(one) = trail {
                lines.push(one.line.clone());
                trail = one.before.as_ref();
            }
            lines.reverse();
            lines.join("\n")
        })?;
        Ok(next)
    }

    /// In a story that keeps the promises.
    pub fn then(&mut self, world: &World, step: &Step) {
        *self = self.after(world, step).expect("the beginning keeps the promises");
    }

    fn take(&mut self, world: &World, step: &Step) -> Result<(), String> {
        match step {
            Step::Approve(who, person) => {
                self.left.approvals[*person] -= 1;
                let Some(at) = self.plan() else { return Ok(()) };
                self.click(world, *who, *person, "approve", Intent::Approve(at))
            }
            Step::Freeze(who) => {
                self.left.freezes -= 1;
                let reason = "stop".to_owned();
                self.click(world, *who, BO, "freeze", Intent::Freeze { reason })
            }
            Step::Lift(who) => {
                self.left.lifts -= 1;
                let reason = "go on".to_owned();
                self.click(world, *who, CY, "lift", Intent::Unfreeze { reason })
            }
            Step::Resolve(who) => {
                self.left.resolves -= 1;
                let mut alert = world.alert.clone();
                alert.status = AlertStatus::Resolved;
                let source = alert.source.clone();
                let alerts = vec![alert];
                let command = Command::Alerts {
                    source,
                    key: None,
                    alerts,
                };
                self.commit(world, *who, command).map(drop)
            }
            Step::Judge(who) => {
                self.left.judgements -= 1;
                let (Some(at), Some(step)) = (self.plan(), self.unknown()) else {
                    return Ok(());
                };
                let judge = Intent::Judge {
                    at,
                    step,
                    judgement: Judgement::Worked,
                };
                self.click(world, *who, ANA, "judge", judge)
            }
            Step::Drive(who, index) => self.drive(world, *who, *index),
            Step::Perform(id) => self.perform(*id),
            Step::Report(who, id, outcome) => {
                let reply = self.report(world, *who, *id, *outcome)?;
                if reply.is_some() {
                    let process = self.processes[*who].as_mut().expect("it lives");
                    process.attempts.retain(|(attempt, _)| attempt != id);
                }
                Ok(())
            }
            Step::Late(who, id) => {
                self.orphans.retain(|(attempt, _)| attempt != id);
                self.report(world, *who, *id, 0).map(drop)
            }
            Step::Crash(who) => {
                self.left.crashes -= 1;
                let dead = self.processes[*who].take().expect("it lives");
                self.orphans.extend(dead.attempts);
                Ok(())
            }
            Step::Start(who) => {
                self.left.starts -= 1;
                self.processes[*who] = Some(Process {
                    state: Arc::new(self.law.state().clone()),
                    ..Process::default()
                });
                self.commit(world, *who, Command::Tick).map(drop)
            }
            Step::Wait(who) => {
                self.left.waits -= 1;
                let Some(due) = self.law.state().next_deadline() else {
                    return Ok(());
                };
                self.now = self.now.max(due);
                self.commit(world, *who, Command::Tick).map(drop)
            }
        }
    }

    fn perform(&mut self, id: AttemptId) -> Result<(), String> {
        if self.performed.contains(&id) {
            return Err(format!("{id} was performed twice"));
        }
        self.performed.push(id);
        let living = self
            .processes
            .iter_mut()
            .flatten()
            .flat_map(|process| &mut process.attempts);
        for (attempt, performed) in living.chain(&mut self.orphans) {
            *performed |= *attempt == id;
        }
        Ok(())
    }

    fn report(
        &mut self,
        world: &World,
        who: usize,
        id: AttemptId,
        outcome: u8,
    ) -> Result<Option<Reply>, String> {
        let outcome = match outcome {
            0 => Outcome::Succeeded,
            1 => Outcome::Failed {
                reason: "exit code 1".to_owned(),
            },
            _ => Outcome::Unknown {
                reason: "connection lost".to_owned(),
            },
        };
        self.law.never.reported(id, outcome.clone());
        let command = Command::StepEnded {
            attempt: id,
            outcome,
            output: Output::default(),
            took_ms: 5,
        };
        self.commit(world, who, command)
    }

    /// What tells one state from another.
    pub fn mark(&self) -> u64 {
        struct Into(DefaultHasher);
        impl Write for Into {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.write(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut hasher = Into(DefaultHasher::new());
        let mut add = |state: &State| {
            let mut state = state.clone();
            state.seq = 0;
            serde_json::to_writer(&mut hasher, &state).expect("a state can be written");
        };
        add(self.law.state());
        for process in self.processes.iter().flatten() {
            if process.state.seq != self.law.state().seq {
                add(&process.state);
            }
        }
        let mut hasher = hasher.0;
        self.now.hash(&mut hasher);
        self.left.hash(&mut hasher);
        for process in &self.processes {
            let Some(process) = process else {
                0_u8.hash(&mut hasher);
                continue;
            };
            (process.state.seq == self.law.state().seq, process.recovered).hash(&mut hasher);
            format!("{:?} {:?}", process.drives, process.attempts).hash(&mut hasher);
        }
        format!("{:?} {:?}", self.orphans, self.performed).hash(&mut hasher);
        hasher.finish()
    }
}
