//! `[execution]`: whether steps run, and how long they have when Interlock is told to stop.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whether approved steps run at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecutionMode {
    /// Resolve everything, show what would run, run nothing.
    #[default]
    DryRun,
    Live,
}

/// `[execution]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Execution {
    pub mode: ExecutionMode,
    /// How long steps that run have to end when Interlock is told to stop, in seconds; 0 to 3,600. Whoever stops it must wait
    /// for 4 s more: Kubernetes waits for 30 s unless it is told otherwise.
    pub drain_seconds: u32,
}

impl Default for Execution {
    fn default() -> Self {
        Self {
            mode: ExecutionMode::default(),
            drain_seconds: 25,
        }
    }
}

impl Execution {
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs(u64::from(self.drain_seconds))
    }
}
