//! What answers lead to: permits are performed, refused starts end or wait, stored reports are forgotten.

use interlock::domain::command::{Answer, Reply};

use super::alarms;
use super::notes::{Attempt, From};
use super::sim::Sim;

impl Sim {
    pub fn answered(&mut self, from: From, line: String, reply: Reply) -> Result<(), String> {
        let said = said(&reply);
        self.tell(format!("{line} | {said}"));
        self.last_reply = Some(said);
        match (from, reply) {
            (From::Executor(drive) | From::Start(drive, _), Reply::NotYet { .. }) => self.drives.push(drive),
            (From::Start(_, against), Reply::Permit(order)) => {
                let id = order.attempt;
                if !self.permits.insert(id) {
                    return Err(format!("two permits for {id}"));
                }
                // Through another connection: what this process believes to have written does not count.
                self.watch.follow(self.now, &self.knowledge, &self.people)?;
                if !self.watch.has_started(id) {
                    return Err(format!(
                        "a permit for {id} without a start record that others can read"
                    ));
                }
                if let Some(why) = against {
                    return Err(format!("a permit for {id}, and {why}"));
                }
                self.attempts.push(Attempt { id, performed: false });
            }
            (From::Report(id), _) => self.attempts.retain(|attempt| attempt.id != id),
            (From::Worker(row), _) => self.confirmed(row),
            (From::Click(click, typed), reply) => {
                self.watch.follow(self.now, &self.knowledge, &self.people)?;
                let (click, now) = ((&click.0, &click.1), self.now);
                self.watch
                    .beside()
                    .answered(click, typed.as_deref(), &reply, now)?;
            }
            (From::Acknowledged(source, episode), _) => {
                self.watch.follow(self.now, &self.knowledge, &self.people)?;
                alarms::is_had(self.watch.state(), &source, &episode)?;
            }
            (From::Clock, _) => {
                self.watch.follow(self.now, &self.knowledge, &self.people)?;
                let seq = self.watch.state().seq;
                self.watch.beside().asked.clock_went_back(seq);
            }
            (From::Outside | From::Engine | From::Executor(_) | From::Start(..), _) => {}
        }
        Ok(())
    }

    /// The effect is done with: its row goes with the next commit.
    pub fn confirmed(&mut self, row: i64) {
        self.outbox.retain(|(held, _)| *held != row);
        self.done.push(row);
    }
}

fn said(reply: &Reply) -> String {
    match reply {
        Reply::Stored => "stored".to_owned(),
        Reply::Answer(Answer::StatusOf(_) | Answer::WhyOf(_)) => "a long answer".to_owned(),
        Reply::Answer(answer) => format!("{answer:?}").chars().take(160).collect(),
        Reply::Form(_) => "a form".to_owned(),
        Reply::Permit(order) => format!("permit for {}", order.attempt),
        Reply::NotStarted { reasons } | Reply::NotYet { reasons } => {
            format!("not started: {reasons:?}").chars().take(200).collect()
        }
    }
}
