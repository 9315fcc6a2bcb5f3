//! When it is killed.

use std::time::Duration;

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
}

impl Moment {
    pub fn choose(rng: &mut Rng) -> Self {
        match rng.below(10) {
            0..3 => Self::After(Duration::from_millis(rng.below(400))),
            3 => Self::AlertTaken,
            4 => Self::CardShown,
            5 | 6 => Self::Clicked,
            7 | 8 => Self::CommandRuns,
            _ => Self::CommandHangs,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::After(_) => "at random",
            Self::AlertTaken => "alert taken",
            Self::CardShown => "card shown",
            Self::Clicked => "clicked",
            Self::CommandRuns => "command runs",
            Self::CommandHangs => "command hangs",
        }
    }
}
