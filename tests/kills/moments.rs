//! When it is killed.

use std::time::Duration;

use interlock::planted::Point;
use strum::VariantNames;

use super::lane::Rng;

/// The named moments; each ends at the latest when the patience of a round is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// So long after it said where it listens.
    After(Duration),
    /// The webhook has just been answered.
    AlertTaken,
    /// A card has just appeared or changed.
    CardShown,
    /// A click is on its way.
    Clicked,
    /// A command has just begun in the cluster.
    CommandRuns,
    /// A command has begun and says nothing more.
    CommandHangs,
    /// What goes wrong outside in this life was just met.
    TroubleMet,
    /// It was asked to stop, this long ago.
    Stopping(Duration),
    /// Inside of it, between two things that belong together.
    Inside {
        point: &'static str,
        harm: Harm,
        nth: u64,
    },
}

/// What happens at a point of [`interlock::planted::Point`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// It dies there.
    Abort,
    /// It stands still there, and is killed meanwhile or later.
    Wait,
    /// The journal refuses, and it lives on for a while.
    Refuse,
}

/// Points at which it can be killed again and again; a migration is made once.
fn points() -> impl Iterator<Item = &'static str> {
    let all = if interlock::planted::ARE_IN {
        Point::VARIANTS
    } else {
        &[]
    };
    all.iter().copied().filter(|name| *name != "migrated")
}

/// What is reached only when much has gone well before, or is often waited or refused at: these are chosen twice as often.
const RARE: [&str; 8] = [
    "entry-written",
    "committed",
    "card-posted",
    "delivered",
    "permitted",
    "performed",
    "checkpoint-kept",
    "backup-copied",
];

impl Moment {
    pub fn choose(rng: &mut Rng) -> Self {
        let points: Vec<&'static str> = points()
            .chain(points().filter(|name| RARE.contains(name)))
            .collect();
        if rng.below(7) == 0 {
            return Self::TroubleMet;
        }
        if !points.is_empty() && rng.below(2) == 0 {
            let at = usize::try_from(rng.below(u64::try_from(points.len()).unwrap())).unwrap();
            return Self::inside(points[at], rng);
        }
        match rng.below(11) {
            0..3 => Self::After(Duration::from_millis(rng.below(400))),
            3 => Self::AlertTaken,
            4 => Self::CardShown,
            5 | 6 => Self::Clicked,
            7 | 8 => Self::CommandRuns,
            9 => Self::CommandHangs,
            _ => Self::Stopping(Duration::from_millis(rng.below(60))),
        }
    }

    fn inside(point: &'static str, rng: &mut Rng) -> Self {
        let journal = ["entry-written", "committed"].contains(&point);
        let harm = match rng.below(5) {
            0 => Harm::Wait,
            1 | 2 if journal => Harm::Refuse,
            _ => Harm::Abort,
        };
        // What is passed often is of interest later as well.
        let nth = if journal { 1 + rng.below(12) } else { 1 };
        Self::Inside { point, harm, nth }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::After(_) => "at random",
            Self::AlertTaken => "alert taken",
            Self::CardShown => "card shown",
            Self::Clicked => "clicked",
            Self::CommandRuns => "command runs",
            Self::CommandHangs => "command hangs",
            Self::TroubleMet => "trouble met",
            Self::Stopping(_) => "stopping",
            Self::Inside { point, .. } => point,
        }
    }

    /// Every name that a long run must have met.
    pub fn names() -> Vec<&'static str> {
        let outside = [
            "at random",
            "alert taken",
            "card shown",
            "clicked",
            "command runs",
            "command hangs",
            "trouble met",
            "stopping",
            "suspended",
        ];
        outside.into_iter().chain(points()).collect()
    }

    /// What the program is told of it.
    pub fn environment(self) -> Option<(String, String)> {
        let Self::Inside { point, harm, nth } = self else {
            return None;
        };
        let what = match harm {
            Harm::Abort => "abort",
            Harm::Wait => "wait",
            Harm::Refuse => "refuse",
        };
        Some(("INTERLOCK_POINT".to_owned(), format!("{point}={what}@{nth}")))
    }
}
