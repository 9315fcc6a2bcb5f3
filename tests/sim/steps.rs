//! What can happen next: alerts, the executor, the outbox, time, crashes and commits that fail.
//! Longer than other files, since everything that can happen next is read together.

use interlock::domain::alert::{Alert, AlertStatus};
use interlock::domain::command::{Command, Drive, StartStep};
use interlock::domain::event::Outcome;
use interlock::domain::evidence::{Finding, Found, Look};
use interlock::domain::freeze::FreezeFile;
use interlock::domain::ids::{DeliveryKey, IncidentId, PlanNo, Revision, StepNo};
use interlock::domain::runbook::Autonomy;
use interlock::ports::{Output, Person, Standing, Survey, SurveyError};
use jiff::SignedDuration;

use super::notes::{From, Sent};
use super::odd::World;
use super::scenery;
use super::sim::{After, Sim};

impl Sim {
    /// One thing happens, sometimes several in one commit.
    pub fn step(&mut self) -> Result<(), String> {
        if self.odd.comes(World::Rewritten, 8) {
            self.rewrites()?;
            return self.crash();
        }
        match self.rng.below(100) {
            0..6 => self.time(),
            6..8 => {
                self.tell("dies".to_owned());
                self.crash()
            }
            8..10 => self.failed_commit(),
            10..12 => self.elsewhere(),
            12..18 => self.act_of_the_world(),
            18 if self.rng.chance(40) => self.outage(),
            _ => {
                let sent = self.batch();
                let after = if self.rng.chance(2) {
                    After::Crash
                } else {
                    After::GoOn
                };
                self.submit(sent, after)
            }
        }
    }

    fn batch(&mut self) -> Vec<Sent> {
        let many = if self.rng.chance(25) {
            1 + self.rng.below(4)
        } else {
            1
        };
        let mut batch: Vec<Sent> = (0..many).filter_map(|_| self.something()).collect();
        // Among others it may be over as soon as it was heard.
        if batch.len() > 1 {
            for sent in &mut batch {
                if matches!(sent.from, From::Acknowledged(..)) {
                    sent.from = From::Outside;
                }
            }
        }
        batch
    }

    fn something(&mut self) -> Option<Sent> {
        match self.rng.below(100) {
            0..16 => Some(self.delivery()),
            16..48 => self.click(),
            48..75 => self.drive(),
            75..88 => self.report(),
            88..90 => self.late_report(),
            _ => self.delivered(),
        }
    }

    fn time(&mut self) -> Result<(), String> {
        let seconds = match self.rng.below(20) {
            0..9 => 5 + self.rng.below(60),
            9..15 => 120 + self.rng.below(600),
            15..18 => 1_000 + self.rng.below(6_000),
            18 => 60 * 60 * 25,
            _ => 0,
        };
        let seconds = if seconds == 0 {
            -20
        } else {
            i64::try_from(seconds).unwrap_or(1)
        };
        let from = self.now;
        self.now = self
            .now
            .checked_add(SignedDuration::from_secs(seconds))
            .map_err(|error| error.to_string())?;
        self.tell(format!("{seconds} seconds pass"));
        let back = (seconds < 0).then(|| Sent {
            command: Command::ClockWentBack { from },
            from: From::Clock,
            line: "the clock went back".to_owned(),
        });
        // What was on its way comes in before anybody has looked at the clock.
        let meets = back.is_none() && self.odd.hurries(40);
        let with = if meets { self.drive() } else { None };
        self.submit(back.into_iter().chain(with).collect(), After::GoOn)
    }

    /// The disk refuses: nothing of the commit may count. A trigger from outside stands for it, somewhere in the batch.
    fn failed_commit(&mut self) -> Result<(), String> {
        // Where there is a key, such a trigger is somebody's tampering and not the disk.
        if self.odd.is(World::Tampered) {
            return Ok(());
        }
        let at = self.core().store().seq() + 1 + u64::try_from(self.rng.below(3)).unwrap_or(0);
        let other = rusqlite::Connection::open(&self.path).map_err(|error| error.to_string())?;
        let refuse = format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON journal WHEN NEW.seq >= {at} BEGIN SELECT RAISE(FAIL, 'no space'); END"
        );
        other.execute_batch(&refuse).map_err(|error| error.to_string())?;
        let tries = 1 + self.rng.below(3);
        let mut result = Ok(());
        for _ in 0..tries {
            let sent = self.batch();
            result = result.and(self.submit(sent, After::GoOn));
        }
        other
            .execute_batch("DROP TRIGGER refuse")
            .map_err(|error| error.to_string())?;
        result?;
        if self.rng.chance(30) { self.crash() } else { Ok(()) }
    }

    /// Something that Interlock is not told of.
    fn elsewhere(&mut self) -> Result<(), String> {
        let watches = self.knowledge.rules.autonomy == Autonomy::Shadow;
        let turns = watches || self.rng.chance(5);
        match self.rng.below(4) {
            _ if turns => {
                let mut rules = (*self.knowledge.rules).clone();
                rules.autonomy = match rules.autonomy {
                    Autonomy::Shadow => Autonomy::Suggest,
                    Autonomy::Suggest | Autonomy::Auto => Autonomy::Shadow,
                };
                self.tell(format!("autonomy is {:?} now", rules.autonomy));
                self.knowledge.rules = std::sync::Arc::new(rules);
            }
            0 => {
                let revision = if self.rng.chance(50) {
                    "policy-1"
                } else {
                    "policy-2"
                };
                let mut rules = (*self.knowledge.rules).clone();
                rules.policy.revision = Revision::new(revision);
                self.knowledge.rules = std::sync::Arc::new(rules);
                self.tell(format!("the policy is {revision} now"));
            }
            1 => {
                let who = self.rng.below(4);
                if let Some(person) = self.people.get_mut(who) {
                    let left = person.standing == Standing::Member;
                    person.standing = if left {
                        Standing::Deactivated
                    } else {
                        Standing::Member
                    };
                    let line = format!("{} is {:?} now", person.name, person.standing);
                    self.tell(line);
                }
            }
            2 => {
                if self
                    .core
                    .as_mut()
                    .is_some_and(|core| core.save_snapshot().is_err())
                {
                    return Err("a snapshot could not be stored".to_owned());
                }
                self.tell("a snapshot is stored".to_owned());
            }
            _ => {
                if let Some(key) = self.cluster.disturb(&mut self.rng) {
                    self.tell(format!("somebody changes {key}"));
                }
            }
        }
        Ok(())
    }

    /// A permitted attempt reaches the cluster; one of a dead process may have been on its way.
    fn act_of_the_world(&mut self) -> Result<(), String> {
        if self.outages.cluster_is_away() {
            return Ok(());
        }
        let old = !self.old_attempts.is_empty() && self.rng.chance(40);
        let attempts = if old {
            &mut self.old_attempts
        } else {
            &mut self.attempts
        };
        let Some(attempt) = attempts.iter_mut().find(|attempt| !attempt.performed) else {
            return Ok(());
        };
        attempt.performed = true;
        let id = attempt.id;
        let times = self.effects.entry(id).or_default();
        *times += 1;
        if *times > 1 {
            return Err(format!("{id} was performed {times} times"));
        }
        self.tell(format!("{id} is performed"));
        Ok(())
    }

    fn delivery(&mut self) -> Sent {
        let new = self.alerts.is_empty() || self.rng.chance(35);
        let mut alerts = Vec::new();
        if new {
            let number = u64::try_from(self.alerts.len()).unwrap_or(0);
            let mut alert = scenery::alert(&mut self.rng, number, self.now);
            self.odd.sent(&mut alert, number);
            self.alerts.push(alert.clone());
            // Senders deliver out of order: the end may come first.
            if self.rng.chance(8) {
                alert.status = AlertStatus::Resolved;
            }
            alerts.push(alert);
        }
        for _ in 0..self.rng.below(3) {
            alerts.extend(self.again());
        }
        let source = alerts
            .first()
            .map(|alert| alert.source.clone())
            .unwrap_or_else(|| "alertmanager".into());
        alerts.retain(|alert| alert.source == source);
        self.odd.delivered(&mut alerts);
        let key = self.rng.chance(40).then(|| {
            let number = self.rng.below(12);
            DeliveryKey::new(format!("d{number}"))
        });
        // What is not taken a second time would be no news of what a sender left out.
        let key = key.filter(|_| !self.odd.is(World::Cut));
        let line = format!(
            "{source} says {}",
            alerts
                .iter()
                .map(|a| format!("{} {:?} {:?}", a.episode, a.status, a.severity))
                .collect::<Vec<_>>()
                .join(", ")
        );
        let from = match (&key, alerts.as_slice()) {
            (None, [alert]) if alert.status == AlertStatus::Acknowledged => {
                From::Acknowledged(source.clone(), alert.episode.clone())
            }
            _ => From::Outside,
        };
        let command = Command::Alerts { source, key, alerts };
        Sent { command, from, line }
    }

    /// Something more of an alert that was sent before.
    fn again(&mut self) -> Option<Alert> {
        let which = self.rng.below(self.alerts.len());
        let anew = self.rng.chance(15);
        let now = self.now;
        let kept = self.alerts.get_mut(which)?;
        if anew && kept.told.voice.is_none() {
            kept.starts_at = Some(now);
        }
        let mut alert = kept.clone();
        alert.status = match self.rng.below(10) {
            _ if anew => AlertStatus::Firing,
            0..2 => AlertStatus::Resolved,
            5 => AlertStatus::Acknowledged,
            6 => AlertStatus::Reopened,
            _ => AlertStatus::Firing,
        };
        if let Some(voice) = &mut alert.told.voice {
            let said = if self.rng.chance(50) { "a" } else { "b" };
            said.clone_into(voice);
            alert.told.at = now.checked_add(SignedDuration::from_mins(4)).ok();
        }
        Some(alert)
    }

    fn drive(&mut self) -> Option<Sent> {
        if self.drives.is_empty() {
            return None;
        }
        let index = self.rng.below(self.drives.len());
        let drive = if self.rng.chance(6) {
            self.drives.get(index).cloned()?
        } else {
            self.drives.remove(index)
        };
        self.drive_now(drive)
    }

    pub fn drive_now(&mut self, drive: Drive) -> Option<Sent> {
        match &drive {
            Drive::Survey {
                incident,
                sketch,
                looks,
            } => {
                let results = sketch
                    .steps
                    .iter()
                    .map(|step| self.look(&step.action.clone()))
                    .collect();
                let findings = looks.iter().map(|look| self.evidence(look)).collect();
                let line = format!("the targets of {incident} were looked at");
                let command = Command::Surveyed {
                    incident: *incident,
                    sketch: sketch.clone(),
                    results,
                    findings,
                };
                Some(Sent {
                    command,
                    from: From::Executor(drive),
                    line,
                })
            }
            Drive::Advise { .. } | Drive::Fill { .. } => self.advice(drive),
            Drive::Recheck { incident, plan } => {
                let (incident, plan) = (*incident, *plan);
                let line = format!("looks again at the targets of {incident} plan {plan}");
                let seen = self.look_beside(incident, plan, None);
                Some(Sent {
                    command: Command::Rechecked { incident, plan, seen },
                    from: From::Executor(drive),
                    line,
                })
            }
            Drive::Start {
                not_before: Some(at), ..
            } if *at > self.now => {
                self.drives.push(drive);
                None
            }
            Drive::Start {
                incident,
                plan,
                step,
                attempt,
                ..
            } => {
                let (incident, plan, step, attempt) = (*incident, *plan, *step, *attempt);
                let track = self.core().state().incident(incident)?.plan(plan)?.clone();
                let action = track.plan.step(step)?.action.clone();
                let mut survey = self.look(&action);
                if let (Ok(survey), true) = (&mut survey, !self.kind_world && self.rng.chance(8)) {
                    survey.taken_at = self.now.checked_sub(SignedDuration::from_secs(9)).ok()?;
                }
                let unknown = self.outages.slack_is_away() && !track.approval.votes().is_empty();
                let voters: Vec<Person> = track
                    .approval
                    .votes()
                    .iter()
                    .filter(|_| !unknown)
                    .filter_map(|vote| self.person(&vote.by))
                    .collect();
                let freeze_file = match self.rng.below(60) {
                    _ if self.kind_world => FreezeFile::Absent,
                    0 => FreezeFile::Present {
                        reason: "by hand".to_owned(),
                    },
                    1 => FreezeFile::Unreadable { why: "no".to_owned() },
                    _ => FreezeFile::Absent,
                };
                let line = format!("asks to start {incident} plan {plan} step {step} attempt {attempt}");
                let planned = track.plan.step(step).and_then(|step| step.target.as_ref());
                let seen = survey.as_ref().ok().and_then(|survey| survey.target.as_ref());
                let replaced = planned.zip(seen).is_some_and(|(then, now)| then.uid != now.uid);
                let against = match (&freeze_file, replaced) {
                    (FreezeFile::Present { .. } | FreezeFile::Unreadable { .. }, _) => {
                        Some("a freeze file is there")
                    }
                    (FreezeFile::Absent, true) => Some("its target is another of the same name"),
                    (FreezeFile::Absent, false) if unknown => {
                        Some("nobody knows whether its voters still may")
                    }
                    (FreezeFile::Absent, false) => None,
                };
                let beside = match track.run.started_at {
                    None => self.look_beside(incident, plan, Some(step)),
                    Some(_) => Vec::new(),
                };
                let request = StartStep {
                    incident,
                    plan,
                    step,
                    attempt,
                    survey,
                    beside,
                    voters,
                    freeze_file,
                };
                Some(Sent {
                    command: Command::StartStep(Box::new(request)),
                    from: From::Start(drive, against),
                    line,
                })
            }
        }
    }

    pub fn person(&self, id: &interlock::domain::ids::PersonId) -> Option<Person> {
        self.people.iter().find(|person| person.id == *id).cloned()
    }

    /// The targets of all steps but one, as far as the cluster answers.
    fn look_beside(
        &mut self,
        incident: IncidentId,
        plan: PlanNo,
        except: Option<StepNo>,
    ) -> Vec<(StepNo, Survey)> {
        let known = self.core().state().incident(incident);
        let track = known.and_then(|incident| incident.plan(plan)).cloned();
        let steps = track.iter().flat_map(|track| track.plan.live_steps());
        let others: Vec<_> = steps
            .filter(|step| Some(step.no) != except)
            .map(|step| (step.no, step.action.clone()))
            .collect();
        others
            .into_iter()
            .filter_map(|(no, action)| Some((no, self.look(&action).ok()?)))
            .collect()
    }

    fn look(&mut self, action: &interlock::domain::action::Action) -> Result<Survey, SurveyError> {
        if self.outages.cluster_is_away() || !self.kind_world && self.rng.chance(4) {
            return Err(SurveyError::Unreachable("the cluster does not answer".to_owned()));
        }
        let mut survey = self.cluster.survey(action, self.now);
        if let Some(target) = &mut survey.target {
            target.disruption = self.odd.disruption(&target.object.name);
        }
        Ok(survey)
    }

    fn evidence(&mut self, look: &Look) -> Finding {
        let found = if !self.kind_world && self.rng.chance(20) {
            Found::Missing {
                why: "no answer".to_owned(),
            }
        } else {
            let number = self.rng.below(10).to_string();
            Found::Read {
                short: number.clone(),
                whole: number.clone(),
                number: Some(number),
            }
        };
        look.found(self.now, found)
    }

    fn outcome(&mut self, performed: bool) -> Outcome {
        match self.rng.below(10) {
            0..6 if performed => Outcome::Succeeded,
            0..9 => Outcome::Failed {
                reason: "exit code 1".to_owned(),
            },
            _ => Outcome::Unknown {
                reason: "connection lost".to_owned(),
            },
        }
    }

    /// An attempt ends. It may be reported twice, because the report is offered until it is known to be stored.
    fn report(&mut self) -> Option<Sent> {
        let attempt = self.rng.pick(&self.attempts)?.clone();
        let outcome = self.outcome(attempt.performed);
        self.watch.reported(attempt.id, outcome.clone());
        let from = if self.rng.chance(15) {
            From::Outside
        } else {
            From::Report(attempt.id)
        };
        let line = format!("{} ended: {outcome:?}", attempt.id);
        let output = Output {
            text: "out".to_owned(),
            cut_bytes: u64::from(self.rng.chance(10)),
            ..Output::default()
        };
        let command = Command::StepEnded {
            attempt: attempt.id,
            outcome,
            output,
            took_ms: 5,
        };
        Some(Sent { command, from, line })
    }

    /// The result of an attempt of a dead process arrives.
    fn late_report(&mut self) -> Option<Sent> {
        let attempt = self.rng.pick(&self.old_attempts)?.clone();
        self.figures.late += 1;
        let outcome = self.outcome(attempt.performed);
        self.watch.reported(attempt.id, outcome.clone());
        let line = format!("late: {} ended: {outcome:?}", attempt.id);
        let command = Command::StepEnded {
            attempt: attempt.id,
            outcome,
            output: Output::default(),
            took_ms: 5,
        };
        Some(Sent {
            command,
            from: From::Outside,
            line,
        })
    }
}
