//! What goes wrong outside while a process lives: Slack, the cluster, the pager and a service of the house refuse, lose
//! answers, hang, or say everything twice. The points inside (`moments`) are crashes and delays; these are the errors. All of it
//! is over before the last process comes to rest.

use std::time::Duration;

use interlock::playground::cluster::{Fault, FaultKind, FaultMatch};
use interlock::playground::pager::{PagerFault, PagerFaults};
use interlock::playground::slack::{ApiFault, DeliveryFault, SlackFault, SocketFault};

use super::changes::Change;
use super::hook::HookFault;
use super::lane::{Lane, Rng};

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Slack answers its calls badly, or not at all.
    Slack(SlackFault),
    /// The API server, or the way to it.
    Cluster(Fault),
    /// Nobody reaches the API server.
    ClusterAway,
    Pager(PagerFault),
    Hook(HookFault),
}

/// Names of all; a long run must have met each.
pub const NAMES: [&str; 7] = [
    "slack answers badly",
    "slack delivers badly",
    "cluster refuses",
    "cluster answers late or never",
    "cluster is away",
    "pager answers badly",
    "service fails",
];

impl Trouble {
    /// One that may meet the change that is asked for next.
    pub fn choose(rng: &mut Rng, change: Change, over_http: bool) -> Self {
        let times = 1 + u32::try_from(rng.below(3)).unwrap();
        // Nothing else would meet it.
        if change == Change::Post {
            return Self::Hook(match rng.below(3) {
                0 => HookFault::Refuse,
                1 => HookFault::FailAfter,
                _ => HookFault::HangAfter,
            });
        }
        // A command that can't say how it ended.
        if change == Change::Flush && rng.below(2) == 0 {
            let kinds = [
                FaultKind::CutBeforeStatus,
                FaultKind::CutAfterFrames(1),
                FaultKind::HangAfterFrames(1),
            ];
            return Self::Cluster(Fault {
                on: change.requests(),
                kind: kinds[usize::try_from(rng.below(3)).unwrap()].clone(),
                times: Some(1 + times),
            });
        }
        // One that says nothing has nothing but its status to say how it ended.
        if change == Change::Rotate {
            return Self::Cluster(Fault {
                on: change.requests(),
                kind: FaultKind::CutBeforeStatus,
                times: Some(6),
            });
        }
        match rng.below(16) {
            0..3 => Self::Slack(call(rng, times)),
            3 | 4 => Self::Slack(SlackFault::Delivery {
                kind: None,
                fault: delivery(rng, over_http),
                times: Some(times),
            }),
            5 if over_http => Self::Slack(call(rng, times)),
            5 => Self::Slack(SlackFault::Socket(match rng.below(3) {
                0 => SocketFault::Refresh,
                1 => SocketFault::HalfOpen,
                _ => SocketFault::Abrupt,
            })),
            6 => Self::ClusterAway,
            7 => Self::Pager(PagerFault::Fail(times)),
            8 => Self::Pager(PagerFault::Throttle(times)),
            9 => Self::Pager(PagerFault::DropReply(times)),
            // Anything that is asked of it, looks among them.
            10 | 11 => Self::Cluster(Fault {
                on: FaultMatch::default(),
                kind: request(rng),
                times: Some(times),
            }),
            _ => Self::Cluster(Fault {
                on: change.requests(),
                kind: request(rng),
                times: Some(times),
            }),
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Slack(SlackFault::Call { .. } | SlackFault::Share { .. }) => NAMES[0],
            Self::Slack(SlackFault::Delivery { .. } | SlackFault::Socket(_)) => NAMES[1],
            Self::Cluster(fault) => match fault.kind {
                FaultKind::Refuse { .. } | FaultKind::CutBefore => NAMES[2],
                FaultKind::Latency(_)
                | FaultKind::Hang
                | FaultKind::HangAfterApply
                | FaultKind::CutAfterApply
                | FaultKind::FailAfterApply
                | FaultKind::Answer { .. }
                | FaultKind::EndWithFailure(_)
                | FaultKind::CutAfterFrames(_)
                | FaultKind::CutBeforeStatus
                | FaultKind::HangAfterFrames(_) => NAMES[3],
            },
            Self::ClusterAway => NAMES[4],
            Self::Pager(_) => NAMES[5],
            Self::Hook(_) => NAMES[6],
        }
    }

    /// From now on. Slack's begins when the process is there: who can't say who it is does not start. Says whether it can act: a
    /// workspace that could not yet be told where the bot listens signs nothing that could be forged.
    pub fn begin(&self, lane: &Lane) -> bool {
        match self {
            Self::Slack(fault) => {
                let armed = lane.slack.faults().arm(fault.clone());
                assert!(armed.is_ok() || lane.is_over_http(), "{armed:?}");
                return armed.is_ok();
            }
            Self::Cluster(fault) => {
                fault.check().expect("a fault that can act");
                lane.cluster.faults().add(fault.clone());
            }
            Self::ClusterAway => lane.cluster.faults().api_down(),
            Self::Pager(fault) => {
                let mut faults = PagerFaults::default();
                faults.set(*fault);
                lane.pager.set_faults(faults);
            }
            Self::Hook(fault) => lane.hook.fail(*fault),
        }
        true
    }

    /// Whether anything met it since it began.
    pub fn was_met(&self, lane: &Lane) -> bool {
        match self {
            // It acts at once.
            Self::Slack(SlackFault::Socket(_)) | Self::ClusterAway => true,
            Self::Slack(fault) => !lane.slack.faults().list().iter().any(|(_, left)| left == fault),
            Self::Cluster(fault) => !lane.cluster.faults().list().iter().any(|(_, left)| left == fault),
            Self::Pager(fault) => !lane.pager.faults().list().contains(fault),
            Self::Hook(_) => lane.hook.faults() == 0,
        }
    }

    /// Whether no command could say how it ended for as long as it lasted: some of it is left.
    pub fn cuts_all(&self, lane: &Lane) -> bool {
        let cuts =
            |kind: &FaultKind| matches!(kind, FaultKind::CutAfterFrames(_) | FaultKind::CutBeforeStatus);
        let left = lane.cluster.faults().list();
        matches!(self, Self::Cluster(fault) if cuts(&fault.kind) && left.iter().any(|(_, left)| left.kind == fault.kind))
    }
}

/// Everything works again.
pub fn end(lane: &Lane) {
    lane.slack.faults().clear();
    lane.cluster.faults().clear();
    lane.cluster.faults().api_up();
    lane.pager.set_faults(PagerFaults::default());
    lane.hook.mend();
}

fn call(rng: &mut Rng, times: u32) -> SlackFault {
    let methods = ["chat.postMessage", "chat.update", "conversations.replies", "*"];
    let method = methods[usize::try_from(rng.below(4)).unwrap()].to_owned();
    let fault = match rng.below(10) {
        0 => ApiFault::Status(500),
        1 => ApiFault::RateLimited { retry_after: 1 },
        2 => ApiFault::Error("internal_error".to_owned()),
        3 => ApiFault::HtmlPage,
        4 => ApiFault::StatusAfter(503),
        5 => ApiFault::ResetBefore,
        6 => ApiFault::MalformedJson,
        7 => ApiFault::Delay(Duration::from_millis(rng.below(600))),
        _ => ApiFault::ResetAfter,
    };
    SlackFault::Call {
        method,
        fault,
        times: Some(times),
    }
}

fn delivery(rng: &mut Rng, over_http: bool) -> DeliveryFault {
    let soon = Duration::from_millis(rng.below(400));
    match rng.below(6) {
        0 => DeliveryFault::Duplicate,
        1 => DeliveryFault::Delay(soon),
        2 => DeliveryFault::DropAck,
        3 if over_http => DeliveryFault::WrongSecret,
        4 if over_http => DeliveryFault::ClockSkew { seconds: -400 },
        _ => DeliveryFault::Replay { after: soon },
    }
}

fn request(rng: &mut Rng) -> FaultKind {
    let code = [500, 409, 429, 503][usize::try_from(rng.below(4)).unwrap()];
    let refuse = FaultKind::Refuse {
        code,
        message: "refused on purpose".to_owned(),
    };
    match rng.below(8) {
        0 | 1 => refuse,
        2 => FaultKind::CutBefore,
        3 => FaultKind::Latency(rng.below(500)),
        4 => FaultKind::Hang,
        5 => FaultKind::HangAfterApply,
        6 => FaultKind::FailAfterApply,
        _ => FaultKind::CutAfterApply,
    }
}
