//! What is kept beside the state, each in its own words: `asked`, `calls`, `spent`, `alarms`, `lists`, `guards`, `glass` and `told`. They see the
//! entries, what a commit puts into the outbox, and what people are answered.

use interlock::domain::command::{Intent, Reply};
use interlock::domain::event::Entry;
use interlock::domain::ids::IncidentId;
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use interlock::ports::Person;
use jiff::Timestamp;

use super::alarms::Alarms;
use super::asked::Asked;
use super::calls::Calls;
use super::glass::Glasses;
use super::guards::Guards;
use super::lists::Lists;
use super::spent::Spent;
use super::told::{self, Told};

#[derive(Clone, Default)]
pub struct Beside {
    pub asked: Asked,
    pub calls: Calls,
    pub glasses: Glasses,
    spent: Spent,
    alarms: Alarms,
    guards: Guards,
    pub lists: Lists,
    told: Told,
}

impl Beside {
    /// Holds the next entry against what came before it; `state` is from before it.
    pub fn take(
        &mut self,
        entry: &Entry,
        state: &State,
        knowledge: &Knowledge,
        people: &[Person],
    ) -> Result<(), String> {
        self.glasses.take(entry, knowledge)?;
        let kept = (&self.asked, &self.glasses);
        self.spent.take(entry, state, knowledge, kept)?;
        self.asked.take(entry, knowledge, people, &self.glasses)?;
        self.guards.take(entry, state, knowledge, &self.asked)?;
        self.calls.take(entry, state)?;
        self.lists.take(entry, state)?;
        self.alarms.take(entry, state)
    }

    /// A commit is complete.
    pub fn complete(&mut self, state: &State) -> Result<(), String> {
        self.asked.complete(state)?;
        self.calls.complete()?;
        self.spent.complete()?;
        self.lists.complete(state)?;
        self.alarms.complete(state)
    }

    /// A commit was stored in which the clock was looked at, where that was due. `told`: for whom the pager hears that somebody
    /// came.
    pub fn looked_at_the_clock(
        &mut self,
        state: &State,
        now: Timestamp,
        told: &[IncidentId],
    ) -> Result<(), String> {
        self.calls.leaves(told)?;
        self.calls.nothing_is_forgotten(state, now)?;
        self.asked.nothing_is_late(state, now)
    }

    /// What a person would have to type for what they click, as things stand.
    pub fn to_type(&self, intent: &Intent) -> Option<String> {
        let at = told::points_to(intent)?;
        let upto = match intent {
            Intent::ApprovePart { upto, .. } => Some(*upto),
            Intent::ApproveBecause { upto, .. } | Intent::ApproveWith { upto, .. } => *upto,
            _ => None,
        };
        told::to_type(self.asked.shown(at.incident)?, upto)
    }

    /// A person has clicked for the first time, and this is the answer.
    pub fn answered(
        &mut self,
        click: (&Person, &Intent),
        typed: Option<&str>,
        reply: &Reply,
        now: Timestamp,
    ) -> Result<(), String> {
        // Others may have approved less in the same commit: then there was less to type.
        let same = self.to_type(click.1).as_deref() == typed;
        self.told
            .answered(click, reply, &mut self.asked, typed.filter(|_| same), now)
    }
}
