//! What the kubelet knows of a pod: the phase its containers are in, when that changes, and what they printed.
//! Plain data; the transitions are in `controller::kubelet`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

/// What a container image does when it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageBehaviour {
    /// Runs until it is stopped, printing these lines when it starts.
    Serves {
        /// Lines printed at the start.
        log: Vec<String>,
    },
    /// Ends with an error soon after each start.
    Crashes {
        /// Model time from start to crash.
        after: Duration,
        /// Exit code.
        exit_code: i32,
        /// Lines printed before it ends.
        log: Vec<String>,
    },
    /// Does its work and ends: what Jobs run.
    Finishes {
        /// Model time from start to end.
        after: Duration,
        /// Exit code; 0 is success.
        exit_code: i32,
        /// Lines printed before it ends.
        log: Vec<String>,
    },
    /// The registry does not have it.
    CannotBePulled,
}

/// How long things take, in model time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timings {
    /// From scheduling until the containers run.
    pub start: Duration,
    /// From running until ready.
    pub ready: Duration,
    /// From the deletion of a pod until it is gone (never longer than its grace period).
    pub stop: Duration,
    /// First wait before a crashed container is started again; doubles each time.
    pub back_off: Duration,
    /// Longest such wait.
    pub back_off_limit: Duration,
}

impl Default for Timings {
    /// A rolling restart of two pods takes about two seconds; back-off is that of the real kubelet.
    fn default() -> Self {
        Self {
            start: Duration::from_millis(350),
            ready: Duration::from_millis(350),
            stop: Duration::from_millis(300),
            back_off: Duration::from_secs(10),
            back_off_limit: Duration::from_secs(300),
        }
    }
}

/// Where a pod's containers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No node takes it.
    Unscheduled,
    /// Containers are being made.
    Creating,
    /// The image cannot be pulled.
    PullBackOff,
    /// Running, not yet ready.
    Started,
    /// Running and ready.
    Ready,
    /// Crashed, waiting to be started again.
    BackOff,
    /// Ended well.
    Succeeded,
    /// Ended badly, for good.
    Failed,
}

/// Whether fresh starts of this pod work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Sound,
    /// This pod crashes on each start; the one that replaces it does not.
    Poisoned,
}

/// One printed line.
#[derive(Clone, Debug)]
pub(super) struct LogLine {
    pub at: Timestamp,
    pub container: String,
    pub text: String,
}

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub started: Timestamp,
    pub finished: Timestamp,
    pub exit_code: i32,
}

/// What a pod's status shows of the kubelet's record: phase, start, restarts, the last end, and whether its node is ready.
pub(super) type Shown = (Phase, Option<Timestamp>, u32, Option<Ended>, bool);

/// From what a status was written. While that stays, writing it again would change nothing.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The pod as it was stored then.
    pub pod: Arc<Value>,
    pub from: Shown,
}

/// The kubelet's record of a pod.
#[derive(Clone, Debug)]
pub(super) struct PodSim {
    pub phase: Phase,
    /// When the phase changes by itself.
    pub due: Option<Timestamp>,
    /// When the containers were started last.
    pub started: Option<Timestamp>,
    /// When it became ready last.
    pub ready_since: Option<Timestamp>,
    pub restarts: u32,
    pub ended: Option<Ended>,
    pub health: Health,
    /// When a deleted pod is gone.
    pub leaves: Option<Timestamp>,
    pub log: Vec<LogLine>,
    /// What the containers before the last restart printed.
    pub previous: Vec<LogLine>,
    /// The status that was written last.
    pub written: Option<Written>,
}

/// How many lines a container's log keeps.
const LOG_LINES: usize = 2000;

impl PodSim {
    pub fn new() -> Self {
        Self {
            phase: Phase::Unscheduled,
            due: None,
            started: None,
            ready_since: None,
            restarts: 0,
            ended: None,
            health: Health::Sound,
            leaves: None,
            log: Vec::new(),
            previous: Vec::new(),
            written: None,
        }
    }

    /// What the status shows of it.
    pub fn shown(&self, node_is_ready: bool) -> Shown {
        (self.phase, self.started, self.restarts, self.ended, node_is_ready)
    }

    /// The next moment at which something happens to this pod.
    pub fn next_due(&self) -> Option<Timestamp> {
        match (self.due, self.leaves) {
            (Some(due), Some(leaves)) => Some(due.min(leaves)),
            (due, leaves) => due.or(leaves),
        }
    }

    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Started | Phase::Ready)
    }

    pub fn print(&mut self, at: Timestamp, container: &str, text: &str) {
        if self.log.len() >= LOG_LINES {
            self.log.remove(0);
        }
        self.log.push(LogLine {
            at,
            container: container.to_owned(),
            text: text.to_owned(),
        });
    }
}
