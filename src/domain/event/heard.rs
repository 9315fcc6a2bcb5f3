//! What a source tells about its alerts beside that they fire or have resolved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{EpisodeKey, Source};

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
    },
}
