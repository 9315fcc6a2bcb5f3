//! What a run of kills came to.

use std::collections::BTreeMap;
use std::fmt;

use super::changes::{Change, Done};
use super::moments::Moment;
use super::troubles;

#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub kills: u32,
    pub alerts: u64,
    pub entries: u64,
    pub starts: u64,
    /// Changes that were seen from outside, by kind.
    pub effects: BTreeMap<&'static str, u64>,
    pub unknown: u64,
    /// How often the moment that was wanted really came.
    pub moments: BTreeMap<&'static str, u64>,
    /// How often something outside went wrong and was met.
    pub troubles: BTreeMap<&'static str, u64>,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.alerts += other.alerts;
        self.entries += other.entries;
        self.starts += other.starts;
        self.unknown += other.unknown;
        add(&mut self.effects, &other.effects);
        add(&mut self.moments, &other.moments);
        add(&mut self.troubles, &other.troubles);
    }

    pub fn count(&mut self, done: &[Done]) {
        for done in done {
            *self.effects.entry(done.change.name()).or_default() += 1;
        }
    }

    /// Every moment came, every kind of change was made, and everything outside failed at least once.
    pub fn shows_everything(&self) -> Result<(), String> {
        let changes: Vec<_> = Change::ALL.into_iter().map(Change::name).collect();
        let missing: Vec<_> = [
            missing(&self.moments, &Moment::names()),
            missing(&self.effects, &changes),
            missing(&self.troubles, &troubles::NAMES),
        ]
        .concat();
        match missing.is_empty() && self.unknown > 0 {
            true => Ok(()),
            false => Err(format!("never came: {missing:?}; {self}")),
        }
    }
}

fn add(all: &mut BTreeMap<&'static str, u64>, more: &BTreeMap<&'static str, u64>) {
    for (name, count) in more {
        *all.entry(name).or_default() += count;
    }
}

fn missing(seen: &BTreeMap<&'static str, u64>, wanted: &[&'static str]) -> Vec<&'static str> {
    let wanted = wanted.iter().copied();
    wanted.filter(|name| !seen.contains_key(name)).collect()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kills,
            alerts,
            entries,
            starts,
            effects,
            unknown,
            moments,
            troubles,
        } = self;
        let all: u64 = effects.values().sum();
        write!(
            f,
            "{kills} kills: {alerts} alerts taken, {entries} entries, {starts} starts, {all} changes seen from \
             outside ({effects:?}), {unknown} ended Unknown; killed {moments:?}; troubles met {troubles:?}"
        )
    }
}
