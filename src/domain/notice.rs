//! What the channels are told that is about no one incident: that something was frozen, that it is over,
//! and that incidents come as a storm. Decided with the
//! event that it is about, so that it is told once, whatever crashes; worded in `render::freezing` and `render::storm`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Who;
use super::freeze::{FileSeen, Scope};
use super::ids::{IncidentId, StepNo};
use super::storm::Shared;

/// A step that runs or ran a moment ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RanLine {
    pub incident: IncidentId,
    pub step: StepNo,
    pub command: String,
    /// When it was started.
    pub at: Timestamp,
    pub ended: RanAs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RanAs {
    Running,
    Succeeded,
    Failed,
    Unknown,
}

/// What the channels are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Notice {
    /// By a person, or by Interlock where a limit is spent or something has to stop.
    Frozen {
        by: Who,
        reason: String,
        scope: Scope,
        /// What runs now within it, and what was started in the last 60 seconds.
        ran: Vec<RanLine>,
    },
    /// Who froze without a word says why.
    Explained {
        by: Who,
        reason: String,
        scope: Scope,
    },
    Lifted {
        by: Who,
        reason: String,
        scope: Scope,
        /// What stays frozen.
        left: Vec<Scope>,
        /// The freeze file stands, too.
        file: Option<FileSeen>,
    },
    /// The freeze file is there, or nobody can tell.
    FileThere {
        file: FileSeen,
        ran: Vec<RanLine>,
    },
    FileGone {
        path: String,
        left: Vec<Scope>,
    },
    /// Checkpoints of the journal do not reach a place that is to keep them.
    Unkept {
        /// Its key in the configuration.
        place: String,
        since: Timestamp,
    },
    /// Many incidents opened in one channel within minutes.
    Storm {
        opened: usize,
        since: Timestamp,
        shared: Vec<Shared>,
    },
}
