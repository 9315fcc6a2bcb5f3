//! What a Tier 3 approval takes beside the right to approve: the target typed in, a reason, and a second factor. How a
//! code is made and whose secret it is made from is not known here: an adapter says what became of it.
//!
//! Invariants: a code counts once, for one plan; after a few wrong ones none of that person's counts for a while. Both
//! follow from the journal, so a restart forgets neither.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::Tier;
use super::approval::Vote;
use super::event::Refusal;
use super::ids::PersonId;
use super::plan::{Plan, PlanDigest, PlannedStep};
use crate::planted::{self, Bug};

/// Seconds for which one code is shown (RFC 6238, 5.2).
pub const STEP_SECONDS: u64 = 30;
/// A code counts in its own step and this many beside it: for the clock of a phone, and for typing (RFC 6238, 5.2).
pub const STEPS_BESIDE: u64 = 1;
/// Between the adapter's look and the decision the step may have moved on once more.
const STEPS_LATE: u64 = STEPS_BESIDE + 1;
/// So many wrong codes within [`WRONG_WITHIN`] lock a person's codes until the first of them is that old. A guess hits
/// one of three codes in a million, so whoever guesses around the clock needs more than two years for an even chance.
const WRONG_MOST: usize = 5;
const WRONG_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// The time step of a moment, counted from 1970.
#[must_use]
pub fn step_at(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or(0) / STEP_SECONDS
}

/// A code as it was typed. Never shown, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Spaces are taken out: apps show `123 456`.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(typed.chars().filter(|c| !c.is_whitespace()).collect())
    }

    /// For the comparison that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[code]")
    }
}

/// What became of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factor {
    /// Nobody has looked at it yet. Counts as wrong.
    Typed(Code),
    /// It is the person's code of this time step.
    Proved {
        step: u64,
    },
    Wrong,
    /// The person has no second factor.
    NotEnrolled,
    /// Nobody can say: the secrets can't be read.
    Unreadable,
}

/// What a person filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub target: String,
    pub reason: String,
    pub factor: Factor,
}

/// What made a Tier 3 vote count; part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceremony {
    pub target: String,
    pub reason: String,
    /// Time step of the code that was used.
    pub step: u64,
    /// The plan that it was given for.
    pub digest: PlanDigest,
}

/// What is wrong with what was filled in. Worded in `render::reasons`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Problem {
    /// Another text than this was typed.
    Target {
        wanted: String,
    },
    NoReason,
    /// `left` wrong ones more and none counts for a while.
    WrongCode {
        left: u8,
    },
    /// The code, or a later one, was used before.
    UsedCode,
    /// Too many wrong ones: no code counts until then.
    Locked {
        until: Timestamp,
    },
    NotEnrolled {
        person: PersonId,
    },
    Unreadable,
}

/// What is remembered of people's codes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Codes {
    /// By `TEAM/USER`. Only who may approve at Tier 3 gets in here.
    people: BTreeMap<String, Known>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The latest time step whose code was used.
    used: Option<u64>,
    /// The latest wrong codes, oldest first; at most [`WRONG_MOST`].
    wrong: Vec<Timestamp>,
}

impl Known {
    /// Wrong codes that still count against the person.
    fn counting(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let counts = move |at: &Timestamp| now.duration_since(*at) < WRONG_WITHIN;
        self.wrong.iter().copied().filter(counts)
    }
}

impl Codes {
    /// Until when no code of this person counts.
    #[must_use]
    pub fn locked(&self, person: &PersonId, now: Timestamp) -> Option<Timestamp> {
        let known = self.people.get(&person.to_string())?;
        let locked = known.counting(now).count() >= WRONG_MOST;
        let first = known.counting(now).next().filter(|_| locked)?;
        first.checked_add(WRONG_WITHIN).ok()
    }

    /// Wrong codes that the person has left after one more.
    fn left(&self, person: &PersonId, now: Timestamp) -> u8 {
        let known = self.people.get(&person.to_string());
        let wrong = known.map_or(0, |known| known.counting(now).count());
        let left = WRONG_MOST.saturating_sub(wrong.saturating_add(1));
        u8::try_from(left).unwrap_or(u8::MAX)
    }

    fn was_used(&self, person: &PersonId, step: u64) -> bool {
        let used = self.people.get(&person.to_string()).and_then(|known| known.used);
        used.is_some_and(|used| step <= used) && !planted::is(Bug::CodeCountsTwice)
    }

    /// The latest time step that each person used, as the payloads that said so are erased.
    pub(super) fn used(&self) -> BTreeMap<String, u64> {
        let people = self.people.iter();
        people
            .filter_map(|(person, known)| Some((person.clone(), known.used?)))
            .collect()
    }

    /// What was used stays used; wrong codes that count no more are let go of.
    pub(super) fn erased(&mut self, used: &BTreeMap<String, u64>, now: Timestamp) {
        for (person, step) in used {
            let known = self.people.entry(person.clone()).or_default();
            known.used = known.used.max(Some(*step));
        }
        for known in self.people.values_mut() {
            known.wrong = known.counting(now).collect();
        }
        self.people
            .retain(|_, known| known.used.is_some() || !known.wrong.is_empty());
    }

    /// A vote uses its code up.
    pub(super) fn voted(&mut self, vote: &Vote) {
        if let Some(ceremony) = &vote.ceremony {
            let known = self.people.entry(vote.by.to_string()).or_default();
            known.used = known.used.max(Some(ceremony.step));
            known.wrong.clear();
        }
    }

    /// A wrong code counts against its person.
    pub(super) fn refused(&mut self, by: &PersonId, refusal: &Refusal, at: Timestamp) {
        let Refusal::Ceremony { problems } = refusal else {
            return;
        };
        if problems.iter().any(|is| matches!(is, Problem::WrongCode { .. })) {
            let known = self.people.entry(by.to_string()).or_default();
            known.wrong.push(at);
            let old = known.wrong.len().saturating_sub(WRONG_MOST);
            known.wrong.drain(..old);
        }
    }
}

/// What has to be typed to approve the Tier 3 steps of a plan: each of their targets once, in order. `None` when it has
/// no such step.
#[must_use]
pub fn to_type(plan: &Plan) -> Option<String> {
    let mut targets: Vec<String> = Vec::new();
    for step in plan.live_steps().filter(|step| step.tier == Tier::Three) {
        let target = named(plan, step);
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    (!targets.is_empty()).then(|| targets.join(" "))
}

/// `production/redis-primary`, a host, or as near as a step comes that names no object.
fn named(plan: &Plan, step: &PlannedStep) -> String {
    if let Some(target) = step.action.names_target() {
        let place = target.namespace.as_str();
        return match place.is_empty() {
            true => target.name,
            false => format!("{place}/{}", target.name),
        };
    }
    let host = step.action.host().map(|(host, _)| host);
    let namespace = step.action.namespace().map(|name| name.to_string());
    let cluster = step.action.cluster().map(|name| name.to_string());
    host.or(namespace)
        .or(cluster)
        .unwrap_or_else(|| plan.runbook.to_string())
}

/// For what and by whom it is given.
pub struct Given<'a> {
    pub by: &'a PersonId,
    /// What has to be typed.
    pub wanted: &'a str,
    pub digest: &'a PlanDigest,
    pub now: Timestamp,
}

/// Whether what was filled in makes the vote count.
///
/// # Errors
/// Everything that is wrong with it. A wrong code counts against the person whatever else is wrong; a right one is used
/// up only by a vote.
pub fn check(said: &Said, codes: &Codes, given: &Given<'_>) -> Result<Ceremony, Vec<Problem>> {
    let mut problems = Vec::new();
    let typed = said.target.split_whitespace().collect::<Vec<_>>().join(" ");
    if typed != given.wanted && !planted::is(Bug::TargetNotTyped) {
        problems.push(Problem::Target {
            wanted: given.wanted.to_owned(),
        });
    }
    let reason = said.reason.trim();
    if reason.is_empty() {
        problems.push(Problem::NoReason);
    }
    match (proved(&said.factor, codes, given), problems.is_empty()) {
        (Ok(step), true) => Ok(Ceremony {
            target: typed,
            reason: reason.to_owned(),
            step,
            digest: given.digest.clone(),
        }),
        (Ok(_), false) => Err(problems),
        (Err(problem), _) => {
            problems.push(problem);
            Err(problems)
        }
    }
}

/// The time step of the code, if it counts.
fn proved(factor: &Factor, codes: &Codes, given: &Given<'_>) -> Result<u64, Problem> {
    if let Some(until) = codes.locked(given.by, given.now) {
        return Err(Problem::Locked { until });
    }
    let wrong = || Problem::WrongCode {
        left: codes.left(given.by, given.now),
    };
    let now = step_at(given.now);
    match factor {
        Factor::Proved { step } if codes.was_used(given.by, *step) => Err(Problem::UsedCode),
        Factor::Proved { step } if now.abs_diff(*step) <= STEPS_LATE => Ok(*step),
        _ if planted::is(Bug::SecondFactorNotChecked) => Ok(now),
        Factor::Proved { .. } | Factor::Wrong | Factor::Typed(_) => Err(wrong()),
        Factor::NotEnrolled => Err(Problem::NotEnrolled {
            person: given.by.clone(),
        }),
        Factor::Unreadable => Err(Problem::Unreadable),
    }
}

#[cfg(test)]
mod tests;
