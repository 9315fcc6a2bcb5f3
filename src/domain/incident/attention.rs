//! Who has an incident's alerts where they come from, or has come for its page: an acknowledgement at the source. Nobody is
//! rung for what waits while somebody has all of it. It approves nothing and takes nothing over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Episode, Incident};
use crate::domain::ids::Source;

/// The last that a source said about who has an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub source: Source,
    /// As the source calls them: the words of a stranger. `None` where it doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// By the source's clock, where it told that.
    pub at: Timestamp,
    /// Nobody has given it back since.
    pub stands: bool,
}

impl Attention {
    /// Whether it is news after what is known: sources deliver out of order. That nobody has it is, each time that it is told
    /// of a later moment: no acknowledgement from before counts.
    #[must_use]
    pub fn is_after(&self, known: Option<&Self>) -> bool {
        known.is_none_or(|known| match known.stands == self.stands {
            true => !self.stands && known.at < self.at,
            false => known.at <= self.at,
        })
    }
}

impl Episode {
    /// Who has it at its source, while it fires.
    #[must_use]
    pub fn attended(&self) -> Option<&Attention> {
        let fires = self.resolved_at.is_none();
        self.attention.as_ref().filter(|known| known.stands && fires)
    }
}

impl Incident {
    /// Who has all of it: the page that stands, or each of its alerts that fires, the last one to say so.
    #[must_use]
    pub fn attended(&self) -> Option<&Attention> {
        let came = self.paging.attention.as_ref().filter(|known| known.stands);
        came.or_else(|| {
            let mut firing = self
                .episodes
                .iter()
                .filter(|episode| episode.resolved_at.is_none());
            firing.try_fold(None::<&Attention>, |last, episode| {
                let this = episode.attended()?;
                Some(Some(last.filter(|last| last.at > this.at).unwrap_or(this)))
            })?
        })
    }

    /// The last one to say so of some of its alerts, and of how many.
    #[must_use]
    pub fn partly_attended(&self) -> Option<(&Attention, usize)> {
        let attended = || self.episodes.iter().filter_map(Episode::attended);
        let last = attended().max_by_key(|known| known.at)?;
        Some((last, attended().count()))
    }
}
