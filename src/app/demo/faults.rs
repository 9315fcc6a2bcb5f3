//! The faults that the panel and the control API can switch: one list over the three doubles.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::World;
use crate::playground::cluster::{Fault, FaultKind, FaultMatch};
use crate::playground::page::{Double, FaultInfo};
use crate::playground::slack::{ApiFault, SocketFault, Times};

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
                "every Socket Mode connection ends without a word",
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

/// All switches; `active` says which were set and with what.
pub fn list(active: &std::collections::BTreeMap<String, Value>) -> Vec<FaultInfo> {
    ALL.iter()
        .map(|switch| {
            let (double, title, help, default) = switch.words();
            FaultInfo {
                id: switch.id().to_owned(),
                double,
                title: title.to_owned(),
                help: help.to_owned(),
                default,
                active: active.get(switch.id()).cloned(),
            }
        })
        .collect()
}

/// Sets a switch. `Err` when there is none of this name.
pub fn set(world: &World, id: &str, value: &Value) -> Result<(), ()> {
    let switch = ALL.into_iter().find(|switch| switch.id() == id).ok_or(())?;
    let number = value.as_u64().unwrap_or(1);
    let slack = world.slack.faults();
    let cluster = world.cluster.faults();
    match switch {
        Switch::SlackDown => {
            for method in [
                "chat.postMessage",
                "chat.update",
                "chat.postEphemeral",
                "views.open",
            ] {
                slack.on_call(method, ApiFault::Status(503), Times::Always);
            }
        }
        Switch::SlackRateLimited => {
            let fault = ApiFault::RateLimited { retry_after: number };
            slack.on_call("chat.postMessage", fault.clone(), Times::Once);
            slack.on_call("chat.update", fault, Times::Once);
        }
        Switch::SlackLostReply => slack.on_call("chat.postMessage", ApiFault::ResetAfter, Times::Once),
        Switch::SlackSocketDrop => {
            slack.socket(SocketFault::Abrupt);
        }
        Switch::ClusterDown => cluster.api_down(),
        Switch::ClusterCutExec => {
            let on = FaultMatch {
                resource: Some("pods/exec".to_owned()),
                ..FaultMatch::default()
            };
            cluster.once(on, FaultKind::CutBeforeStatus);
        }
        Switch::ClusterSlow => {
            cluster.add(Fault {
                on: FaultMatch::default(),
                kind: FaultKind::Latency(number),
                times: None,
            });
        }
        Switch::PagerFails => {
            let mut faults = world.pager.faults();
            faults.fail = u32::try_from(number).unwrap_or(u32::MAX);
            world.pager.set_faults(faults);
        }
        Switch::PagerSlow => {
            let mut faults = world.pager.faults();
            faults.latency = Some(Duration::from_millis(number));
            world.pager.set_faults(faults);
        }
    }
    Ok(())
}

/// Switches everything off.
pub fn clear(world: &World) {
    world.slack.faults().clear();
    world.cluster.faults().clear();
    world.cluster.faults().api_up();
    world
        .pager
        .set_faults(crate::playground::pager::PagerFaults::default());
}
