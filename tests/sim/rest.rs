//! The storm is over: what is on its way arrives, people judge what nobody knew, alerts resolve. Nothing may be left:
//! no effect in the outbox, no incident that waits for nobody, no target that is held by something that is over.

use interlock::domain::alert::{AlertStatus, Severity};
use interlock::domain::command::{Command, Drive, Effect, Intent};
use interlock::domain::event::{Judgement, Outcome};
use interlock::domain::freeze::Scope;
use interlock::domain::incident::{HandoffReason, Incident, Phase};
use interlock::domain::run::Next;
use interlock::ports::{Output, Standing};
use jiff::SignedDuration;

use super::notes::{From, Sent};
use super::scenery;
use super::sim::{After, Sim};

/// Rounds after which what still moves is taken to move for ever.
const ROUNDS: usize = 60;

impl Sim {
    pub fn rest(&mut self) -> Result<(), String> {
        self.tell("-- the storm is over".to_owned());
        self.everybody_is_back();
        for person in self.people.iter_mut().take(4) {
            person.standing = Standing::Member;
        }
        self.calm()?;
        self.waits_for_somebody()?;
        for _ in 0..4 {
            self.unfreeze()?;
            self.judge_all()?;
            self.pass(60 * 60)?;
        }
        self.waits_for_somebody()?;
        self.resolve_all()?;
        for _ in 0..4 {
            self.judge_all()?;
            self.pass(60)?;
        }
        self.everything_is_over()?;
        self.pass(60 * 60 * 25)?;
        self.old_ones_are_forgotten()?;
        self.erases()?;
        let verified = self.core().store().verify().map_err(|error| error.to_string())?;
        if verified.entries == self.core().state().seq {
            Ok(())
        } else {
            Err("entries are missing".to_owned())
        }
    }

    pub fn pass(&mut self, seconds: i64) -> Result<(), String> {
        self.now = self
            .now
            .checked_add(SignedDuration::from_secs(seconds))
            .map_err(|error| error.to_string())?;
        self.submit(Vec::new(), After::GoOn)?;
        self.calm()
    }

    /// Everything that is on its way arrives.
    pub fn calm(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS {
            self.submit(Vec::new(), After::GoOn)?;
            let still = self.attempts.is_empty() && self.outbox.is_empty() && self.done.is_empty();
            if still && self.drives.iter().all(|drive| self.waits_for_its_turn(drive)) {
                return self.nothing_is_left();
            }
            let drives = std::mem::take(&mut self.drives);
            let mut sent: Vec<Sent> = drives
                .into_iter()
                .filter_map(|drive| self.drive_now(drive))
                .collect();
            let late = Outcome::Failed {
                reason: "late".to_owned(),
            };
            for attempt in &self.attempts {
                self.watch.reported(attempt.id, late.clone());
            }
            sent.extend(self.attempts.clone().iter().map(|attempt| Sent {
                command: Command::StepEnded {
                    attempt: attempt.id,
                    outcome: late.clone(),
                    output: Output::default(),
                    took_ms: 1,
                },
                from: From::Report(attempt.id),
                line: format!("{} ended: failed", attempt.id),
            }));
            for (row, effect) in self.outbox.clone() {
                sent.extend(self.deliver(row, effect));
            }
            self.submit(sent, After::GoOn)?;
            self.now = self
                .now
                .checked_add(SignedDuration::from_secs(2))
                .map_err(|error| error.to_string())?;
        }
        Err(format!(
            "it never comes to rest: {:?} {:?} {:?}",
            self.drives, self.attempts, self.outbox
        ))
    }

    /// The target is held by a step that runs or that nobody has judged yet, or nothing has begun and it is frozen: the executor asks
    /// again and again.
    fn waits_for_its_turn(&self, drive: &Drive) -> bool {
        let Drive::Start {
            incident, plan, step, ..
        } = drive
        else {
            return false;
        };
        let state = self.core().state();
        let track = state
            .incident(*incident)
            .and_then(|incident| incident.plan(*plan));
        if state.freeze.is_on() && track.is_some_and(|track| !track.begun()) {
            return true;
        }
        let target = track
            .and_then(|track| track.plan.step(*step))
            .and_then(|step| step.target_key());
        target
            .and_then(|target| state.holder(&target))
            .is_some_and(|holder| holder.incident != *incident)
    }

    fn nothing_is_left(&self) -> Result<(), String> {
        let left: Vec<Effect> = self
            .core()
            .store()
            .outbox()
            .map_err(|e| e.to_string())?
            .into_iter()
            .map(|(_, it, _)| it)
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("left in the outbox: {left:?}"))
        }
    }

    /// Every open incident waits for a person or the clock; and who should be paged is.
    fn waits_for_somebody(&self) -> Result<(), String> {
        for incident in self.core().state().open() {
            let next = incident.current().map(|track| track.run.next(&track.plan));
            let fine = match &incident.phase {
                Phase::Planning { .. } => false,
                Phase::Proposed | Phase::Settling { .. } => {
                    incident.deadline().is_some_and(|at| at > self.now)
                }
                Phase::Running => {
                    let turn = self.drives.iter().any(|drive| {
                        matches!(drive, Drive::Start { incident: id, .. } if *id == incident.id)
                            && self.waits_for_its_turn(drive)
                    });
                    turn || matches!(next, Some(Next::AskHuman { .. }))
                }
                Phase::Handed { .. } => true,
                Phase::Closed { .. } => true,
            };
            if !fine {
                return Err(format!(
                    "{} waits for nobody: {:?}, {next:?}",
                    incident.id, incident.phase
                ));
            }
            self.is_paged(incident)?;
        }
        Ok(())
    }

    /// A critical card that waits pages at once, unless somebody has its alerts where they come from.
    fn is_paged(&self, incident: &Incident) -> Result<(), String> {
        let theirs = matches!(
            incident.phase,
            Phase::Handed {
                reason: HandoffReason::TakenOver { .. } | HandoffReason::Rejected { .. },
                ..
            }
        );
        let waits = matches!(incident.phase, Phase::Proposed | Phase::Handed { .. });
        let critical = incident.severity == Severity::Critical && incident.source.as_str() == "alertmanager";
        let had = incident.commander.is_some() || incident.attended().is_some();
        let must = waits && critical && !theirs && !had;
        // Whoever was called for what waited before came; what waits now has a time of its own.
        let comes = incident.paging.was_answered() && incident.paging.due.is_some();
        if !must || comes || incident.paging.asked_at.is_some() {
            return Ok(());
        }
        Err(format!(
            "{} is critical, waits ({:?}) and nobody is paged",
            incident.id, incident.phase
        ))
    }

    pub fn by(&mut self, who: usize, intent: Intent) -> Result<(), String> {
        let Some(person) = self.people.get(who).cloned() else {
            return Ok(());
        };
        let line = format!("{} {intent:?}", person.name);
        let command = Command::Act {
            key: None,
            person,
            channel: None,
            intent,
        };
        self.submit(
            vec![Sent {
                command,
                from: From::Outside,
                line,
            }],
            After::GoOn,
        )
    }

    fn unfreeze(&mut self) -> Result<(), String> {
        let held = self.core().state().freeze.held().iter();
        let scopes: Vec<Scope> = held.map(|held| held.scope.clone()).collect();
        for scope in scopes {
            // By name, as the card says it: there may be several.
            let reason = match &scope {
                Scope::Everything => "the storm is over".to_owned(),
                Scope::Cluster { .. }
                | Scope::Namespace { .. }
                | Scope::Runbook { .. }
                | Scope::Target { .. }
                | Scope::Breaker { .. }
                | Scope::RunbookBreaker { .. }
                | Scope::IncidentBreaker { .. } => format!("{scope} the storm is over"),
            };
            for who in 0..2 {
                if self.core().state().freeze.of(&scope).is_some() {
                    let reason = reason.clone();
                    self.by(who, Intent::Unfreeze { reason })?;
                }
            }
        }
        if self.core().state().freeze.is_on() {
            Err("nobody can lift the freeze".to_owned())
        } else {
            Ok(())
        }
    }

    /// Somebody says of every Unknown step that it worked.
    fn judge_all(&mut self) -> Result<(), String> {
        let open: Vec<_> = self.core().state().open().map(|incident| incident.id).collect();
        for id in open {
            for who in 0..4 {
                if let Some((at, step)) = self.unknown_step(id) {
                    self.by(
                        who,
                        Intent::Judge {
                            at,
                            step,
                            judgement: Judgement::Worked,
                        },
                    )?;
                }
            }
        }
        self.calm()
    }

    fn resolve_all(&mut self) -> Result<(), String> {
        // Each of a pair says so.
        let voices = self.alerts.iter().flat_map(|alert| {
            let both = alert.told.voice.as_ref().map(|_| ["a", "b"]);
            let said = both.into_iter().flatten().map(|voice| {
                let mut alert = alert.clone();
                alert.told.voice = Some(voice.to_owned());
                alert
            });
            let alone = alert.told.voice.is_none().then(|| alert.clone());
            said.chain(alone).collect::<Vec<_>>()
        });
        for mut alert in voices.collect::<Vec<_>>() {
            alert.status = AlertStatus::Resolved;
            let line = format!("{} says {} Resolved", alert.source, alert.episode);
            let command = Command::Alerts {
                source: alert.source.clone(),
                key: None,
                alerts: vec![alert],
            };
            self.submit(
                vec![Sent {
                    command,
                    from: From::Outside,
                    line,
                }],
                After::GoOn,
            )?;
        }
        self.calm()
    }

    fn everything_is_over(&self) -> Result<(), String> {
        if !self.drives.is_empty() {
            return Err(format!("work that nobody does: {:?}", self.drives));
        }
        for incident in self.core().state().open() {
            // What a person started by hand has no source that could say that it is over.
            if incident.source.as_str() != "manual" {
                return Err(format!("{} never ends: {:?}", incident.id, incident.phase));
            }
        }
        let open: Vec<_> = self.core().state().open().map(|incident| incident.id).collect();
        for key in self.cluster.keys() {
            if let Some(holder) = self.core().state().holder(&key)
                && !open.contains(&holder.incident)
            {
                return Err(format!("{key} is held by {holder}, which is over"));
            }
        }
        Ok(())
    }

    fn old_ones_are_forgotten(&mut self) -> Result<(), String> {
        let number = u64::try_from(self.alerts.len()).unwrap_or(0) + 1_000;
        let mut alert = scenery::alert(&mut self.rng, number, self.now);
        alert.dedup_key = None;
        let command = Command::Alerts {
            source: alert.source.clone(),
            key: None,
            alerts: vec![alert],
        };
        self.submit(
            vec![Sent {
                command,
                from: From::Outside,
                line: "one more alert".to_owned(),
            }],
            After::GoOn,
        )?;
        let closed = self
            .watch
            .state()
            .incidents
            .values()
            .filter(|incident| !incident.is_open())
            .count();
        if closed == 0 {
            Ok(())
        } else {
            Err(format!("{closed} closed incidents are kept for ever"))
        }
    }
}
