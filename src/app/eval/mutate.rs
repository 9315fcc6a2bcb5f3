//! Breaks runbooks on purpose, one small change at a time, and asks which changes no scenario would notice.
//!
//! A change that is refused when the file is loaded, or that changes nothing of what it means, is none. Of the others each is
//! played until the first scenario misses: the runbook's own ones, then those that it took part in, and for a change of its
//! trigger all others too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::folder::Library;
use super::play::Played;
use crate::app::knowledge::check;
use crate::domain::runbook::{Loaded, Mutant, Runbook, means_the_same, mutants};

/// All changes of the runbooks of a library.
pub struct Mutation<'l> {
    library: &'l Library,
    changes: Vec<Change<'l>>,
    /// By runbook.
    orders: BTreeMap<&'l str, Order>,
}

struct Change<'l> {
    of: &'l Loaded,
    mutant: Mutant,
}

/// In which order the scenarios are tried for changes of one runbook.
struct Order {
    /// Its own, and those that it took part in.
    near: Vec<usize>,
    far: Vec<usize>,
    /// The last one that missed: it sees most.
    last: AtomicUsize,
}

/// What came of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The file is refused with it, or means the same, or the team says that it makes no difference.
    NoChange,
    /// This scenario missed.
    Noticed(String),
    /// No scenario missed.
    Unnoticed(Unnoticed),
}

/// A change that no scenario notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unnoticed {
    /// Path below the runbooks' folder.
    pub file: String,
    /// From 1.
    pub line: usize,
    pub change: String,
    /// The line as it is.
    pub was: String,
}

impl<'l> Mutation<'l> {
    /// Every change of every runbook, or of the one of this name. `played` are all scenarios as they came out.
    #[must_use]
    pub fn of(library: &'l Library, played: &[Played], only: Option<&str>) -> Self {
        let wanted = |entry: &&Loaded| only.is_none_or(|name| entry.runbook.name.as_str() == name);
        let loaded: Vec<&Loaded> = library.catalog().loaded().iter().filter(wanted).collect();
        let changes = loaded.iter().flat_map(|of| {
            let all = mutants(&of.runbook.source).into_iter();
            all.map(|mutant| Change { of, mutant })
        });
        let order = |of: &&'l Loaded| {
            let name = of.runbook.name.as_str();
            (name, Order::of(library, played, name))
        };
        Self {
            library,
            changes: changes.collect(),
            orders: loaded.iter().map(order).collect(),
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Tries the change of this number, from 0. `None` when there is none.
    #[must_use]
    pub fn attempt(&self, number: usize) -> Option<Fate> {
        let Change { of, mutant } = self.changes.get(number)?;
        let Some(runbook) = Runbook::parse(&of.file, &mutant.text, &check).runbook else {
            return Some(Fate::NoChange);
        };
        if means_the_same(&of.runbook, &runbook) {
            return Some(Fate::NoChange);
        }
        let trigger = runbook.trigger != of.runbook.trigger;
        let order = self.orders.get(of.runbook.name.as_str());
        let catalog = Arc::new(self.library.catalog().with(&of.file, runbook));
        for number in order.into_iter().flat_map(|order| order.numbers(trigger)) {
            if let Some(played) = self
                .library
                .play_with(number, &catalog)
                .filter(|one| !one.passed())
            {
                if let Some(order) = order {
                    order.last.store(number, Ordering::Relaxed);
                }
                return Some(Fate::Noticed(played.scenario));
            }
        }
        let unnoticed = Unnoticed {
            file: of.file.clone(),
            line: mutant.line,
            change: mutant.change.clone(),
            was: mutant.was.clone(),
        };
        let same = self.library.equivalent().iter().any(|same| same.is(&unnoticed));
        Some(if same {
            Fate::NoChange
        } else {
            Fate::Unnoticed(unnoticed)
        })
    }
}

impl Order {
    fn of(library: &Library, played: &[Played], runbook: &str) -> Self {
        let own: BTreeSet<usize> = (0..)
            .zip(library.entries())
            .filter(|(_, entry)| entry.is_of(runbook))
            .map(|(number, _)| number)
            .collect();
        let others = (0..).zip(played).filter(|(number, _)| !own.contains(number));
        let (near, far): (Vec<_>, Vec<_>) = others.partition(|(_, one)| one.touches.contains(runbook));
        let near = near.into_iter().map(|(number, _)| number);
        Self {
            near: own.iter().copied().chain(near).collect(),
            far: far.into_iter().map(|(number, _)| number).collect(),
            last: AtomicUsize::new(usize::MAX),
        }
    }

    /// The last one that missed first.
    fn numbers(&self, all: bool) -> Vec<usize> {
        let far = self.far.iter().filter(|_| all);
        let mut numbers: Vec<usize> = self.near.iter().chain(far).copied().collect();
        let last = self.last.load(Ordering::Relaxed);
        numbers.sort_by_key(|number| *number != last);
        numbers
    }
}
