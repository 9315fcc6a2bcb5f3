//! The ways in which the pager can fail on request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Switches; all off by default. Counters count down with every request they hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PagerFaults {
    /// Answer this many requests with 429.
    pub throttle: u32,
    /// Answer this many requests with 500.
    pub fail: u32,
    /// Do what is asked, then cut the connection without an answer, this many times.
    pub drop_reply: u32,
    /// Wait before every answer.
    pub latency: Option<Duration>,
}

/// One switch with its value, as it is set from outside; setting it again replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagerFault {
    /// Requests answered with 429.
    Throttle(u32),
    /// Requests answered with 500.
    Fail(u32),
    /// Requests done and then cut off.
    DropReply(u32),
    /// Milliseconds before every answer.
    LatencyMs(u64),
}

impl PagerFault {
    /// The switch's name, the same whatever its value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttle(_) => "throttle",
            Self::Fail(_) => "fail",
            Self::DropReply(_) => "drop_reply",
            Self::LatencyMs(_) => "latency_ms",
        }
    }

    /// The same switch, off.
    #[must_use]
    pub fn off(self) -> Self {
        match self {
            Self::Throttle(_) => Self::Throttle(0),
            Self::Fail(_) => Self::Fail(0),
            Self::DropReply(_) => Self::DropReply(0),
            Self::LatencyMs(_) => Self::LatencyMs(0),
        }
    }
}

impl PagerFaults {
    /// Sets one switch; a value of nothing switches it off.
    pub fn set(&mut self, fault: PagerFault) {
        match fault {
            PagerFault::Throttle(count) => self.throttle = count,
            PagerFault::Fail(count) => self.fail = count,
            PagerFault::DropReply(count) => self.drop_reply = count,
            PagerFault::LatencyMs(0) => self.latency = None,
            PagerFault::LatencyMs(millis) => self.latency = Some(Duration::from_millis(millis)),
        }
    }

    /// The switches that are on, with what is left of them.
    #[must_use]
    pub fn list(&self) -> Vec<PagerFault> {
        let counters = [
            (self.throttle, PagerFault::Throttle(self.throttle)),
            (self.fail, PagerFault::Fail(self.fail)),
            (self.drop_reply, PagerFault::DropReply(self.drop_reply)),
        ];
        let counting = counters.into_iter().filter(|(left, _)| *left > 0);
        let latency = self
            .latency
            .map(|latency| PagerFault::LatencyMs(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)));
        counting.map(|(_, fault)| fault).chain(latency).collect()
    }
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Serve,
    Throttle,
    Fail,
    ServeAndDrop,
}

impl PagerFaults {
    /// The fate of the next request; counts down.
    pub fn fate(&mut self) -> Fate {
        for (left, fate) in [
            (&mut self.throttle, Fate::Throttle),
            (&mut self.fail, Fate::Fail),
            (&mut self.drop_reply, Fate::ServeAndDrop),
        ] {
            if *left > 0 {
                *left = left.saturating_sub(1);
                return fate;
            }
        }
        Fate::Serve
    }
}
