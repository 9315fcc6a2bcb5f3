//! The switches of the panel: short names for the faults that a demonstration wants most. Each arms faults of the doubles and
//! keeps their ids, so that switching one off touches no other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::playground::cluster::{Fault, FaultKind, FaultMatch};
use crate::playground::faults::{AnyFault, ApiServer, Doubles, FaultId};
use crate::playground::page::{Double, FaultInfo};
use crate::playground::pager::PagerFault;
use crate::playground::slack::{ApiFault, SlackFault, SocketFault};

/// One switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Switch {
    SlackDown,
    SlackRateLimited,
    SlackLostReply,
    SlackSocketDrop,
    ClusterDown,
    ClusterCutExec,
    ClusterSlow,
    PagerFails,
    PagerSlow,
}

const ALL: [Switch; 9] = [
    Switch::SlackDown,
    Switch::SlackRateLimited,
    Switch::SlackLostReply,
    Switch::SlackSocketDrop,
    Switch::ClusterDown,
    Switch::ClusterCutExec,
    Switch::ClusterSlow,
    Switch::PagerFails,
    Switch::PagerSlow,
];

impl Switch {
    fn id(self) -> &'static str {
        match self {
            Self::SlackDown => "slack.down",
            Self::SlackRateLimited => "slack.rate_limited",
            Self::SlackLostReply => "slack.lost_reply",
            Self::SlackSocketDrop => "slack.socket_drop",
            Self::ClusterDown => "cluster.down",
            Self::ClusterCutExec => "cluster.cut_exec",
            Self::ClusterSlow => "cluster.slow",
            Self::PagerFails => "pager.fails",
            Self::PagerSlow => "pager.slow",
        }
    }

    fn words(self) -> (Double, &'static str, &'static str, Value) {
        match self {
            Self::SlackDown => (
                Double::Slack,
                "Slack is down",
                "posting and editing answer 503",
                json!(true),
            ),
            Self::SlackRateLimited => (
                Double::Slack,
                "Slack limits posting",
                "the next calls answer 429 with this many seconds",
                json!(5),
            ),
            Self::SlackLostReply => (
                Double::Slack,
                "A reply of Slack is lost",
                "the next post is stored and its answer lost",
                json!(true),
            ),
            Self::SlackSocketDrop => (
                Double::Slack,
                "The sockets drop",
                "every Socket Mode connection ends without a word, once",
                json!(true),
            ),
            Self::ClusterDown => (
                Double::Cluster,
                "The API server is down",
                "no connection is taken",
                json!(true),
            ),
            Self::ClusterCutExec => (
                Double::Cluster,
                "The next exec loses its end",
                "the command runs, its status never comes: the step is UNKNOWN",
                json!(true),
            ),
            Self::ClusterSlow => (
                Double::Cluster,
                "The cluster is slow",
                "milliseconds before every answer",
                json!(2_000),
            ),
            Self::PagerFails => (
                Double::Pager,
                "The pager fails",
                "this many requests answer 500",
                json!(3),
            ),
            Self::PagerSlow => (
                Double::Pager,
                "The pager is slow",
                "milliseconds before every answer",
                json!(2_000),
            ),
        }
    }
}

/// A switch that is on, as far as its faults are still to act.
#[derive(Clone, Debug)]
pub struct Active {
    value: Value,
    armed: Vec<FaultId>,
}

/// The switches by name.
pub type ActiveSwitches = BTreeMap<String, Active>;

/// Why a switch was not set.
#[derive(Debug)]
pub enum NotSet {
    Unknown,
    Nonsense(String),
}

/// What the switches are called.
pub fn names() -> Vec<String> {
    ALL.iter().map(|switch| switch.id().to_owned()).collect()
}

/// All switches. One is on while anything that it armed is still to act.
pub fn list(doubles: Doubles<'_>, active: &ActiveSwitches) -> Vec<FaultInfo> {
    let armed: Vec<String> = doubles.armed().into_iter().map(|armed| armed.id).collect();
    let still = |on: &&Active| on.armed.iter().any(|id| armed.contains(&id.to_string()));
    ALL.iter()
        .map(|switch| {
            let (double, title, help, default) = switch.words();
            FaultInfo {
                id: switch.id().to_owned(),
                double,
                title: title.to_owned(),
                help: help.to_owned(),
                default,
                active: active.get(switch.id()).filter(still).map(|on| on.value.clone()),
            }
        })
        .collect()
}

/// Sets a switch: what it armed before is disarmed, every other fault stays as it is.
pub fn set(doubles: Doubles<'_>, active: &mut ActiveSwitches, id: &str, value: Value) -> Result<(), NotSet> {
    let switch = switch(id).ok_or(NotSet::Unknown)?;
    let faults = switch.faults(&value).map_err(NotSet::Nonsense)?;
    unset(doubles, active, id);
    let mut armed = Vec::new();
    for fault in faults {
        let id = doubles.arm(fault).map_err(|why| NotSet::Nonsense(why.0))?;
        armed.extend(id);
    }
    active.insert(id.to_owned(), Active { value, armed });
    Ok(())
}

/// Disarms what a switch armed, and nothing else; whether there is such a switch.
pub fn unset(doubles: Doubles<'_>, active: &mut ActiveSwitches, id: &str) -> bool {
    for armed in active.remove(id).into_iter().flat_map(|on| on.armed) {
        // It may have acted for the last time meanwhile.
        let _spent = doubles.disarm(&armed);
    }
    switch(id).is_some()
}

fn switch(id: &str) -> Option<Switch> {
    ALL.into_iter().find(|switch| switch.id() == id)
}

impl Switch {
    /// What it arms.
    fn faults(self, value: &Value) -> Result<Vec<AnyFault>, String> {
        let call = |method: &str, fault: ApiFault, times| {
            AnyFault::Slack(SlackFault::Call {
                method: method.to_owned(),
                fault,
                times,
            })
        };
        let faults = match self {
            Self::SlackDown => {
                self.on(value)?;
                let methods = [
                    "chat.postMessage",
                    "chat.update",
                    "chat.postEphemeral",
                    "views.open",
                ];
                let down = |method| call(method, ApiFault::Status(503), None);
                methods.into_iter().map(down).collect()
            }
            Self::SlackRateLimited => {
                let retry_after = self.number(value)?;
                let limited = |method| call(method, ApiFault::RateLimited { retry_after }, Some(1));
                ["chat.postMessage", "chat.update"].map(limited).to_vec()
            }
            Self::SlackLostReply => {
                self.on(value)?;
                vec![call("chat.postMessage", ApiFault::ResetAfter, Some(1))]
            }
            Self::SlackSocketDrop => {
                self.on(value)?;
                vec![AnyFault::Slack(SlackFault::Socket(SocketFault::Abrupt))]
            }
            Self::ClusterDown => {
                self.on(value)?;
                vec![AnyFault::ClusterApi(ApiServer::Down)]
            }
            Self::ClusterCutExec => {
                self.on(value)?;
                let on = FaultMatch {
                    resource: Some("pods/exec".to_owned()),
                    ..FaultMatch::default()
                };
                vec![cluster(on, FaultKind::CutBeforeStatus, Some(1))]
            }
            Self::ClusterSlow => {
                let latency = FaultKind::Latency(self.number(value)?);
                vec![cluster(FaultMatch::default(), latency, None)]
            }
            Self::PagerFails => {
                let count = u32::try_from(self.number(value)?).unwrap_or(u32::MAX);
                vec![AnyFault::Pager(PagerFault::Fail(count))]
            }
            Self::PagerSlow => vec![AnyFault::Pager(PagerFault::LatencyMs(self.number(value)?))],
        };
        Ok(faults)
    }

    fn on(self, value: &Value) -> Result<(), String> {
        let wrong = || {
            format!(
                "`{}` takes `true`, not `{value}`; DELETE switches it off",
                self.id()
            )
        };
        (*value == Value::Bool(true)).then_some(()).ok_or_else(wrong)
    }

    fn number(self, value: &Value) -> Result<u64, String> {
        let (_, _, help, example) = self.words();
        let wrong = || {
            let id = self.id();
            format!("`{id}` takes a whole number above 0, such as `{example}`, not `{value}`: {help}")
        };
        value.as_u64().filter(|number| *number > 0).ok_or_else(wrong)
    }
}

fn cluster(on: FaultMatch, kind: FaultKind, times: Option<u32>) -> AnyFault {
    AnyFault::Cluster(Fault { on, kind, times })
}
