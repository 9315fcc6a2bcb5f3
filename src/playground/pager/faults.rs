//! The ways in which the pager can fail on request.

use std::time::Duration;

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
