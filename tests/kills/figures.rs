//! What a run of kills came to.

use std::collections::BTreeMap;
use std::fmt;

use super::moments::Moment;

#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub kills: u32,
    pub alerts: u64,
    pub entries: u64,
    pub starts: u64,
    pub effects: u64,
    pub unknown: u64,
    /// How often the moment that was wanted really came.
    pub moments: BTreeMap<&'static str, u64>,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.alerts += other.alerts;
        self.entries += other.entries;
        self.starts += other.starts;
        self.effects += other.effects;
        self.unknown += other.unknown;
        for (moment, count) in &other.moments {
            *self.moments.entry(moment).or_default() += count;
        }
    }

    /// Every moment came.
    pub fn shows_everything(&self) -> Result<(), String> {
        let missing: Vec<_> = Moment::names()
            .into_iter()
            .filter(|name| !self.moments.contains_key(name))
            .collect();
        match missing.is_empty() && self.unknown > 0 && self.effects > 0 {
            true => Ok(()),
            false => Err(format!("never came: {missing:?}; {self}")),
        }
    }
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
        } = self;
        write!(
            f,
            "{kills} kills: {alerts} alerts taken, {entries} entries, {starts} starts, {effects} changes seen from \
             outside, {unknown} ended Unknown; killed {moments:?}"
        )
    }
}
