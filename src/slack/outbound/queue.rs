//! Who goes next where Slack lets only about one through a second: the worst first, then who has waited longest. Each
//! fourth turn is for whoever has waited longest of all, so that nothing waits for ever behind what is worse.
//!
//! It orders what incidents ask for, and never what belongs to one: an incident has its card and its thread here once each,
//! and its lines go out in the order of the journal. Pure; time is an argument.
//!
//! Invariant: a turn is kept only for somebody who was told to come by now, or in a moment. Who does not come is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::alert::Severity;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;

/// Each turn with this number is for whoever has waited longest.
const TURN_OF_THE_OLDEST: u32 = 4;
/// Whoever does not come within this long of the time that they were told has lost interest.
const PATIENCE: Duration = Duration::from_secs(3);
/// Who is told to come within so long has the turn before whoever happens to ask now: else somebody new could always be a
/// moment earlier.
const SOON: Duration = Duration::from_millis(20);
/// How often those are looked for.
const SWEEP: Duration = Duration::from_secs(10);

/// Who asks for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// Somebody reads what is posted next: an answer in a thread.
    Person,
    Card(IncidentId),
    Thread(IncidentId),
}

/// How much it matters that it goes soon. Smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency(u8);

impl Urgency {
    /// Somebody has just clicked or asked, and looks at it.
    pub const AWAITED: Self = Self(0);

    /// By severity. Among those of one severity, first the card on which somebody decides, then every other card, since who
    /// does not see a card knows of nothing; then the threads of what waits for people, and the story of the rest.
    #[must_use]
    pub fn of(incident: &Incident, asker: Asker) -> Self {
        // A word that no mapping knows may mean anything; it pages like `high`, so it is shown like it.
        let severity = match incident.severity {
            Severity::Critical => 0,
            Severity::High | Severity::Unknown => 1,
            Severity::Medium => 2,
            Severity::Low => 3,
        };
        let among = match asker {
            Asker::Person | Asker::Card(_) if incident.waits_for_a_decision() => 0,
            Asker::Person | Asker::Card(_) => 1,
            Asker::Thread(_) if incident.waits_for_people() => 2,
            Asker::Thread(_) => 3,
        };
        Self(1 + 4 * severity + among)
    }

    #[cfg(test)]
    pub fn numbered(number: u8) -> Self {
        Self(number)
    }
}

/// What somebody asks a turn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    pub asker: Asker,
    pub urgency: Urgency,
    /// Since when it waits, in seconds of Unix time.
    pub since: i64,
}

impl Asking {
    /// For a person who waits for an answer.
    pub const ANSWER: Self = Self {
        asker: Asker::Person,
        urgency: Urgency::AWAITED,
        since: 0,
    };

    /// For the card of an incident: since it was opened.
    #[must_use]
    pub fn card(incident: &Incident) -> Self {
        let asker = Asker::Card(incident.id);
        Self {
            asker,
            urgency: Urgency::of(incident, asker),
            since: incident.opened_at.as_second(),
        }
    }

    /// For lines of its thread, of which the first waits since then.
    #[must_use]
    pub fn thread(incident: &Incident, since: i64) -> Self {
        let asker = Asker::Thread(incident.id);
        Self {
            asker,
            urgency: Urgency::of(incident, asker),
            since,
        }
    }

    fn by_urgency(&self) -> (Urgency, i64, Asker) {
        (self.urgency, self.since, self.asker)
    }

    fn by_age(&self) -> (i64, Asker) {
        (self.since, self.asker)
    }
}

#[derive(Debug)]
struct Waiting {
    asking: Asking,
    /// When they were told to come.
    due: Instant,
}

impl Waiting {
    fn is_here(&self, now: Instant) -> bool {
        self.due <= now + SOON && now <= self.due + PATIENCE
    }
}

/// All who wait for one thing that is given out one at a time.
#[derive(Debug)]
pub struct Queue {
    waiting: BTreeMap<Asker, Waiting>,
    by_urgency: BTreeSet<(Urgency, i64, Asker)>,
    by_age: BTreeSet<(i64, Asker)>,
    /// Turns given since whoever had waited longest got one.
    given: u32,
    swept: Instant,
}

impl Queue {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            waiting: BTreeMap::new(),
            by_urgency: BTreeSet::new(),
            by_age: BTreeSet::new(),
            given: 0,
            swept: now,
        }
    }

    /// Whether the turn that is there is for the one who asks, who waits for it from now on.
    pub fn is_next(&mut self, asking: Asking, now: Instant) -> bool {
        self.sweep(now);
        self.wait_until(asking, now);
        let here = |asker: &Asker| {
            self.waiting
                .get(asker)
                .is_some_and(|waiting| waiting.is_here(now))
        };
        let due = self.given >= TURN_OF_THE_OLDEST - 1;
        // It keeps its turn until it comes.
        let next = match self.oldest().filter(|oldest| due && here(oldest)) {
            Some(oldest) => Some(oldest),
            None => self.by_urgency.iter().map(|(_, _, asker)| *asker).find(here),
        };
        next == Some(asking.asker)
    }

    /// It has had its turn, and no longer waits.
    pub fn gives_turn(&mut self, asker: Asker) {
        self.given = if self.oldest() == Some(asker) {
            0
        } else {
            self.given.saturating_add(1)
        };
        self.leave(asker);
    }

    fn oldest(&self) -> Option<Asker> {
        self.by_age.first().map(|(_, asker)| *asker)
    }

    /// How many wait who may still come.
    #[must_use]
    pub fn expected(&mut self, now: Instant) -> usize {
        self.sweep(now);
        self.waiting.len()
    }

    /// Keeps a place for the one who asks, who is told to come then.
    pub fn wait_until(&mut self, asking: Asking, due: Instant) {
        self.leave(asking.asker);
        self.by_urgency.insert(asking.by_urgency());
        self.by_age.insert(asking.by_age());
        self.waiting.insert(asking.asker, Waiting { asking, due });
    }

    /// How many turns others have before this one, at most `longest`, of those who come by then.
    #[must_use]
    pub fn before(&self, asking: &Asking, longest: usize, by: Option<Instant>) -> usize {
        let comes = |asker: &Asker| {
            let due = self.waiting.get(asker).map(|waiting| waiting.due);
            *asker != asking.asker && by.is_none_or(|by| due.is_some_and(|due| due <= by))
        };
        let worse = self.by_urgency.range(..asking.by_urgency());
        let worse = worse.filter(|(_, _, asker)| comes(asker));
        let older = self.by_age.range(..asking.by_age());
        let older = older.filter(|(_, asker)| comes(asker)).take(longest).count();
        // Who comes when its turn is almost there must not be sent away for a whole round.
        let until_the_oldest = (TURN_OF_THE_OLDEST - 1).saturating_sub(self.given) as usize;
        let turns_of_the_oldest = older * TURN_OF_THE_OLDEST as usize + until_the_oldest;
        worse.take(longest).count().min(turns_of_the_oldest)
    }

    /// It waits no longer, turn or not.
    pub fn leave(&mut self, asker: Asker) {
        if let Some(Waiting { asking, .. }) = self.waiting.remove(&asker) {
            self.by_urgency.remove(&asking.by_urgency());
            self.by_age.remove(&asking.by_age());
        }
    }

    fn sweep(&mut self, now: Instant) {
        if now < self.swept + SWEEP {
            return;
        }
        self.swept = now;
        let gone = |waiting: &&Waiting| now > waiting.due + PATIENCE;
        let gone: Vec<Asker> = self
            .waiting
            .values()
            .filter(gone)
            .map(|waiting| waiting.asking.asker)
            .collect();
        gone.into_iter().for_each(|asker| self.leave(asker));
    }
}
