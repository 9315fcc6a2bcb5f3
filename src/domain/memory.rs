//! What closed incidents leave behind: a signature each, of what was wrong, what was tried and how it ended. The next one
//! that is like it shows it. History is shown and decides nothing; what decides, the very same alert's flapping and its fixes
//! that failed, is `past`, which says how the two differ.
//!
//! Invariants: bounded in number and in cost (a new incident is compared with at most 500 signatures of 40 words, and those that
//! could not be alike whatever they say are passed over unread); likeness is the same for the same two incidents, whoever asks; an incident is never like itself.

mod bare;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{Fingerprint, IncidentId, RunbookName, Service, StepNo};
use super::incident::{ClosedAs, Incident, Phase};
use super::run::{RunResult, StepState, only_refused};

/// Signatures that are kept at hand; the journal has all of them.
const KEPT: usize = 500;
/// Words of one signature.
const WORDS: usize = 40;
/// Shorter words say nothing.
const SHORTEST: usize = 4;
/// Of 1,000: from here on two incidents are alike.
const ALIKE: u16 = 600;

/// How a closed incident ended, as far as the next one wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Ending {
    /// Its runbook ran, was verified, and the source agreed.
    Fixed {
        /// Steps that failed, and after which it went on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<StepNo>,
    },
    /// Its runbook ran and did not help, or was stopped; says why.
    NotHelped {
        why: String,
    },
    /// Its runbook stopped before it had changed anything; says why.
    NotTried {
        why: String,
    },
    /// It went away by itself, or while people worked on it.
    Cleared,
    /// A person said that it is over; with the reason, when there is one.
    ByPerson {
        name: String,
        reason: String,
        /// Its runbook had changed something and had not helped.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_vain: bool,
    },
    DryRun,
}

/// One closed incident in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub incident: IncidentId,
    pub opened_at: Timestamp,
    pub closed_at: Timestamp,
    fingerprint: Fingerprint,
    name: String,
    service: Option<Service>,
    /// Of title and description, in small letters; sorted, each once.
    words: Vec<String>,
    /// Evidence that was beyond its limit.
    beyond: BTreeSet<String>,
    pub runbook: Option<RunbookName>,
    pub ending: Ending,
}

/// Another incident that is like one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Similar {
    pub incident: IncidentId,
    pub opened_at: Timestamp,
    pub closed_at: Timestamp,
    /// Of 1,000.
    pub likeness: u16,
    /// For people: `the same rule on the same service`.
    pub why: String,
    pub runbook: Option<RunbookName>,
    pub ending: Ending,
}

impl Signature {
    /// Of an incident, as it is now; one that is open has ended nowhere yet, and counts as cleared. `None` without an alert.
    /// Whether its runbook helped is what `past` noted on it, so that a card never shows as helpful what the gate holds back for
    /// not having helped.
    #[must_use]
    pub fn of(incident: &Incident) -> Option<Self> {
        let alert = incident.first_alert()?;
        let text = format!("{} {}", alert.title, alert.description).to_lowercase();
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() >= SHORTEST);
        let findings = incident.evidence.iter().flat_map(|evidence| &evidence.findings);
        let beyond = findings.filter(|finding| finding.beyond() == Some(true));
        let closed_at = match &incident.phase {
            Phase::Closed { at, .. } => *at,
            Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Handed { .. } => incident.opened_at,
        };
        Some(Self {
            incident: incident.id,
            opened_at: incident.opened_at,
            closed_at,
            fingerprint: alert.fingerprint.clone(),
            name: alert.name.clone(),
            service: alert.service.clone(),
            words: sorted(words.take(WORDS).map(str::to_owned).collect()),
            beyond: beyond.map(|finding| finding.name.clone()).collect(),
            runbook: incident
                .current()
                .map(|track| track.plan.runbook.clone())
                .or_else(|| incident.checklist.clone()),
            ending: ending(incident, incident.was_in_vain()),
        })
    }

    /// How like it another one is, and why; `None` when it is not.
    #[must_use]
    pub fn like(&self, other: &Self) -> Option<Similar> {
        if self.incident == other.incident {
            return None;
        }
        let (likeness, why) = self.likeness(other)?;
        Some(Similar {
            incident: other.incident,
            opened_at: other.opened_at,
            closed_at: other.closed_at,
            likeness,
            why,
            runbook: other.runbook.clone(),
            ending: other.ending.clone(),
        })
    }

    fn likeness(&self, other: &Self) -> Option<(u16, String)> {
        if self.fingerprint == other.fingerprint && !self.fingerprint.as_str().is_empty() {
            return Some((1000, "the same alert".to_owned()));
        }
        let same_service = self.service.is_some() && self.service == other.service;
        let same_name = self.name == other.name;
        let beyond = self.beyond.intersection(&other.beyond).next().is_some();
        let apart_from_words = [(same_name, 450), (same_service, 200), (beyond, 100)];
        let apart_from_words: u16 = apart_from_words
            .into_iter()
            .filter_map(|(holds, worth)| holds.then_some(worth))
            .fold(0, u16::saturating_add);
        let weight = if same_name { 250 } else { 600 };
        let likeness = |shared: usize, all: usize| {
            let said = shared.saturating_mul(weight).checked_div(all).unwrap_or(0);
            apart_from_words.saturating_add(u16::try_from(said).unwrap_or(0))
        };
        let (fewer, more) = (
            self.words.len().min(other.words.len()),
            self.words.len().max(other.words.len()),
        );
        if likeness(fewer, more) < ALIKE {
            return None;
        }
        let shared = shared(&self.words, &other.words);
        let all = fewer.saturating_add(more).saturating_sub(shared.len());
        let likeness = likeness(shared.len(), all);
        if likeness < ALIKE {
            return None;
        }
        let why = match (same_name, same_service) {
            (true, true) => "the same rule on the same service".to_owned(),
            (true, false) => "the same rule".to_owned(),
            (false, _) => {
                let place = if same_service {
                    "the same service, and "
                } else {
                    ""
                };
                let quoted: Vec<&str> = shared.into_iter().take(4).collect();
                format!("{place}it says {}", quoted.join(", "))
            }
        };
        Some((likeness.min(999), why))
    }
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable();
    words.dedup();
    words
}

/// What stands in both of two sorted lists.
fn shared<'w>(one: &'w [String], other: &[String]) -> Vec<&'w str> {
    let mut rest = other.iter().peekable();
    let mut both = Vec::new();
    for word in one {
        while rest.next_if(|other| *other < word).is_some() {}
        if rest.peek() == Some(&word) {
            both.push(word.as_str());
        }
    }
    both
}

/// How it ended, in the words of the next one. What changed nothing neither helped nor failed.
fn ending(incident: &Incident, in_vain: bool) -> Ending {
    let stopped = incident.result().and_then(|result| match result {
        RunResult::Stopped { step, why, .. } if only_refused(why) => {
            Some(format!("step {step} was not allowed to start any more"))
        }
        RunResult::NotVerified { why } | RunResult::Stopped { why, .. } => Some(why.clone()),
        RunResult::Verified | RunResult::DryRun => None,
        RunResult::TakenBack { step } => Some(format!("step {step} was taken back")),
    });
    let why = match (stopped, in_vain) {
        (Some(why), _) => Some(why),
        (None, true) => Some("its steps were verified, and the alert went on".to_owned()),
        (None, false) => None,
    };
    let taken_back = matches!(incident.result(), Some(RunResult::TakenBack { .. }));
    match (&incident.phase, why) {
        (
            Phase::Closed {
                result: ClosedAs::ByPerson { name, reason, .. },
                ..
            },
            _,
        ) => Ending::ByPerson {
            name: name.clone(),
            reason: reason.clone(),
            in_vain,
        },
        (
            Phase::Closed {
                result: ClosedAs::DryRun,
                ..
            },
            _,
        ) => Ending::DryRun,
        (_, Some(why)) if in_vain || taken_back => Ending::NotHelped { why },
        (_, Some(why)) => Ending::NotTried { why },
        (
            Phase::Closed {
                result: ClosedAs::Resolved,
                ..
            },
            None,
        ) => Ending::Fixed {
            failed: failed(incident),
        },
        (
            // What was merged is not kept by itself: the other incident's end is its end.
            Phase::Closed {
                result: ClosedAs::AlertCleared | ClosedAs::Merged { .. },
                ..
            }
            | Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Handed { .. },
            None,
        ) => Ending::Cleared,
    }
}

/// The steps of its last run that failed.
fn failed(incident: &Incident) -> Vec<StepNo> {
    let steps = incident.current().into_iter().flat_map(|track| &track.run.steps);
    let failed = steps.filter(|(_, state)| matches!(state, StepState::Failed { .. }));
    failed.map(|(no, _)| *no).collect()
}

/// The signatures at hand, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memory(VecDeque<Arc<Signature>>);

impl Memory {
    /// Takes a signature in; a newer one of the same incident takes the place of the one before.
    pub fn keep(&mut self, signature: Signature) {
        self.0.retain(|known| known.incident != signature.incident);
        self.0.push_back(Arc::new(signature));
        while self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// Those at hand that are like this one, most alike first, of equals the newest.
    #[must_use]
    pub fn similar(&self, to: &Signature, most: usize) -> Vec<Similar> {
        similar(self.0.iter().map(AsRef::as_ref), to, most)
    }
}

/// Those of any number that are like this one, most alike first, of equals the newest.
#[must_use]
pub fn similar<'s>(
    known: impl IntoIterator<Item = &'s Signature>,
    to: &Signature,
    most: usize,
) -> Vec<Similar> {
    let mut found: Vec<Similar> = known.into_iter().filter_map(|known| to.like(known)).collect();
    found.sort_by_key(|similar| std::cmp::Reverse((similar.likeness, similar.incident)));
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(id: u64, name: &str, service: &str, text: &str, fingerprint: &str) -> Signature {
        let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        Signature {
            incident: IncidentId(id),
            opened_at: at,
            closed_at: at,
            fingerprint: Fingerprint::new(fingerprint),
            name: name.to_owned(),
            service: Some(Service::new(service)),
            words: sorted(text.split(' ').map(str::to_owned).collect()),
            beyond: BTreeSet::new(),
            runbook: None,
            ending: Ending::Fixed { failed: Vec::new() },
        }
    }

    #[test]
    fn the_same_alert_is_most_alike_and_another_rule_elsewhere_is_not() {
        let mut memory = Memory::default();
        memory.keep(signature(1, "RedisDown", "api", "redis connection timeout", "a"));
        memory.keep(signature(2, "RedisDown", "api", "redis connection refused", "b"));
        memory.keep(signature(3, "DiskFull", "logs", "volume nearly full", "c"));
        let now = signature(4, "RedisDown", "api", "redis connection timeout", "a");
        let found = memory.similar(&now, 5);
        let ids: Vec<u64> = found.iter().map(|similar| similar.incident.0).collect();
        assert_eq!(ids, [1, 2]);
        assert_eq!(found[0].why, "the same alert");
        assert_eq!(found[1].why, "the same rule on the same service");
    }

    #[test]
    fn an_incident_is_not_like_itself_and_memory_is_bounded() {
        let mut memory = Memory::default();
        for id in 0..600 {
            memory.keep(signature(id, "RedisDown", "api", "redis", "a"));
        }
        assert_eq!(memory.0.len(), KEPT);
        let newest = signature(599, "RedisDown", "api", "redis", "a");
        assert!(
            memory
                .similar(&newest, 600)
                .iter()
                .all(|similar| similar.incident.0 != 599)
        );
    }

    #[test]
    fn other_words_for_the_same_on_the_same_service_are_found() {
        let one = signature(
            1,
            "HighLatency",
            "api",
            "requests take long since redis stalls",
            "a",
        );
        let other = signature(
            2,
            "SlowRequests",
            "api",
            "requests take long since redis stalls",
            "b",
        );
        let like = one.like(&other).unwrap();
        assert!(
            like.likeness < 1000 && like.why.starts_with("the same service, and it says"),
            "{like:?}"
        );
    }
}
