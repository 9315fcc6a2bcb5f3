//! Who has a second factor for Tier 3, as far as the journal knows: who got or lost one, by whom and when. The secrets
//! stand in a file beside the database and never come here; an adapter tells what the file says.
//!
//! Invariant: whatever is in the file is on record after one look at it, also when nobody wrote down who put it there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::PersonId;

/// What became of somebody's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorDeed {
    /// The first one, or another in the place of the one before.
    Enrolled,
    Removed,
}

/// One time that it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorChange {
    pub person: PersonId,
    pub what: FactorDeed,
    pub at: Timestamp,
    /// The machine's user who did it; `None` when the file was changed by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactorsSeen {
    /// Who has one, and since when.
    pub people: BTreeMap<PersonId, Timestamp>,
    /// What `interlock totp` wrote down, oldest first.
    pub changes: Vec<FactorChange>,
}

/// The last change of each person that is on record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactorsKnown {
    /// By `TEAM/USER`.
    people: BTreeMap<String, Last>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    change: FactorChange,
    /// The latest moment of any change: a clock that went back makes nothing news again.
    latest: Timestamp,
}

impl FactorsKnown {
    pub(super) fn note(&mut self, change: &FactorChange) {
        let person = change.person.to_string();
        let before = self.people.get(&person).map(|before| before.latest);
        let last = Last {
            change: change.clone(),
            latest: before.map_or(change.at, |before| before.max(change.at)),
        };
        self.people.insert(person, last);
    }

    /// What the file says and the record does not, in order.
    #[must_use]
    pub fn news(&self, seen: &FactorsSeen, now: Timestamp) -> Vec<FactorChange> {
        let mut known = self.clone();
        let mut news = Vec::new();
        for change in &seen.changes {
            let before = known.people.get(&change.person.to_string());
            if before.is_none_or(|before| before.latest < change.at) {
                known.note(change);
                news.push(change.clone());
            }
        }
        // The file may say otherwise than what was written down: then it is what counts.
        for (person, since) in &seen.people {
            let last = known.people.get(&person.to_string()).map(|last| &last.change);
            if last.is_none_or(|last| last.what != FactorDeed::Enrolled || last.at != *since) {
                let written = seen
                    .changes
                    .iter()
                    .find(|change| change.person == *person && change.at == *since);
                news.push(FactorChange {
                    person: person.clone(),
                    what: FactorDeed::Enrolled,
                    at: *since,
                    by: written.and_then(|change| change.by.clone()),
                });
            }
        }
        let gone = known
            .people
            .values()
            .map(|last| &last.change)
            .filter(|last| last.what == FactorDeed::Enrolled && !seen.people.contains_key(&last.person));
        news.extend(gone.map(|last| FactorChange {
            person: last.person.clone(),
            what: FactorDeed::Removed,
            at: now,
            by: None,
        }));
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn change(user: &str, what: FactorDeed, second: i64, by: Option<&str>) -> FactorChange {
        FactorChange {
            person: samples::person(user),
            what,
            at: at(second),
            by: by.map(str::to_owned),
        }
    }

    fn seen(people: &[(&str, i64)], changes: &[FactorChange]) -> FactorsSeen {
        let people = people
            .iter()
            .map(|(user, since)| (samples::person(user), at(*since)));
        FactorsSeen {
            people: people.collect(),
            changes: changes.to_vec(),
        }
    }

    #[test]
    fn each_change_is_news_once_also_one_that_nobody_wrote_down() {
        use FactorDeed::{Enrolled, Removed};
        let mut known = FactorsKnown::default();
        let mut look = |file: &FactorsSeen, now| {
            let news = known.news(file, at(now));
            news.iter().for_each(|change| known.note(change));
            assert_eq!(known.news(file, at(now + 1)), [], "news is news once");
            news
        };
        let ana = change("U1", Enrolled, 10, Some("root"));
        let first = [ana.clone()];
        assert_eq!(look(&seen(&[("U1", 10)], &first), 11), first);
        // Between two looks ben came and went, ana got another one, and somebody wrote cleo in by hand.
        let all = [
            ana.clone(),
            change("U2", Enrolled, 20, Some("root")),
            change("U2", Removed, 21, Some("root")),
            change("U1", Enrolled, 22, Some("mia as root")),
        ];
        let file = seen(&[("U1", 22), ("U3", 5)], &all);
        let by_hand = change("U3", Enrolled, 5, None);
        assert_eq!(
            look(&file, 23),
            [all[1].clone(), all[2].clone(), all[3].clone(), by_hand]
        );
        // Ana's row is gone, and nothing says who took it.
        let file = seen(&[("U3", 5)], &all);
        assert_eq!(look(&file, 30), [change("U1", Removed, 30, None)]);
        // The clock of the machine went back before she got one again.
        let late = change("U1", Enrolled, 3, Some("root"));
        let all = [all.to_vec(), vec![late.clone()]].concat();
        assert_eq!(look(&seen(&[("U3", 5), ("U1", 3)], &all), 4), [late]);
    }
}
