//! What a source tells about its alerts beside that they fire or have resolved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::alert::Severity;
use crate::domain::ids::{EpisodeKey, GroupKey, Source};
use crate::domain::incident::Voice;
use crate::domain::state::Ended;

/// One piece of news of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "says")]
pub enum Heard {
    /// Somebody has it there.
    Acknowledged {
        source: Source,
        /// `None` where it is Interlock's own page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        episode: Option<EpisodeKey>,
        /// As the source calls them; `None` where it doesn't say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// By the source's clock, where it told that.
        at: Timestamp,
    },
    /// Nobody has it there any more.
    Unacknowledged {
        source: Source,
        /// As in [`Heard::Acknowledged`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        episode: Option<EpisodeKey>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        at: Timestamp,
        /// Nobody was known to have it: kept so that an older acknowledgement that comes later is known as one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        was_free: bool,
    },
    /// Another of a pair says that the alert fires as well, or one of them that it is over, while others don't.
    Twin {
        source: Source,
        episode: EpisodeKey,
        voice: String,
        said: Voice,
    },
    /// The sender left out so many alerts of the group, or, at 0, none any more.
    CutOff {
        source: Source,
        group: GroupKey,
        alerts: u64,
        /// How many it had left out before. 0 in entries from before this was kept.
        #[serde(default, skip_serializing_if = "is_none")]
        before: u64,
    },
    /// An alert that is known is worse than its incident was so far: the same episode, with another severity.
    Worse { name: String, severity: Severity },
    /// Ends of what nobody had heard the beginning of.
    Ended { ends: Vec<Ended> },
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

impl Heard {
    /// Whether people follow an incident by it. That both of a pair say the same is what a pair is for; a list that was cut is told
    /// once, and not with each delivery that leaves out another number.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        match self {
            Self::Acknowledged { .. } | Self::Worse { .. } => true,
            // That it is cut, and that it no longer is; how many there are stands on the card.
            Self::CutOff { alerts, before, .. } => *alerts == 0 || *before == 0,
            Self::Unacknowledged { was_free, .. } => !was_free,
            Self::Twin { said, .. } => said.over,
            Self::Ended { .. } => false,
        }
    }
}
