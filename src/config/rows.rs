//! The tables that teams write row by row. Each row stands alone; how rows meet is said on the type.

use std::collections::BTreeMap;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use crate::domain::action::Tier;
use crate::domain::ids::{Channel, ClusterName, Environment, GroupId, Namespace, PersonId, Service};

/// `[[approvers]]`: who may approve what. Rows for one cell (tier and environment) are alternatives: any of them is
/// enough. A cell without a row means no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverRow {
    /// Never empty.
    pub tiers: Vec<Tier>,
    /// Names from `[[environments]]`; never empty.
    pub environments: Vec<Environment>,
    /// Slack user ids (`U…` or `W…`) of the home workspace.
    #[serde(default)]
    pub users: Vec<String>,
    /// Slack user groups, by id (`S…`) or handle (`@sre`).
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Distinct people needed; 1 when not written, at least 1.
    #[serde(default = "one")]
    pub approvals: u8,
    /// Whether who asked for the plan, or changed it, counts too. When not written: at Tier 0 and 1 yes, from Tier 2 up no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_may: Option<bool>,
    /// Whether an approval counts only with a reason, which is asked for in a form. At Tier 3 it is in any case.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reason: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn one() -> u8 {
    1
}

/// `[[caches]]`: a workload whose data may be thrown away, so that a cache operation on it is Tier 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheRow {
    pub cluster: ClusterName,
    pub namespace: Namespace,
    /// Name of the workload: `redis-primary`.
    pub name: String,
}

/// `[[environments]]`: which environment a cluster and namespace belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentRow {
    pub name: Environment,
    pub cluster: ClusterName,
    /// Without it the row stands for every namespace of the cluster that no other row names.
    #[serde(default)]
    pub namespaces: Vec<Namespace>,
    /// `host` or `host:port` of services that belong to it: where a runbook's HTTP requests take effect. A request to a
    /// host of no environment can be approved by nobody.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// `[[routes]]`: which channel an alert goes to. The first row whose every condition holds wins; a row without
/// conditions holds always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Labels and the values that they must have.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    pub channel: Channel,
}

/// `[[settle]]`: how long alerts like these have to stay resolved before a fix counts; one that fires again before that
/// did not help. An empty list covers everything. Of several rows that cover an alert the longest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleRow {
    /// Names of alert rules: `RedisConnectionTimeout`.
    #[serde(default)]
    pub alerts: Vec<String>,
    #[serde(default)]
    pub services: Vec<Service>,
    /// Labels and the values that they must have.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// 1 to 86,400.
    pub stays_seconds: u32,
}

/// `[[services]]`: the service catalogue. A row says whose a service is and which others it needs to work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRow {
    /// As alerts and changes name it, in any case.
    pub name: Service,
    /// For people: `checkout team, #team-checkout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Services whose changes may explain its alerts.
    #[serde(default)]
    pub depends_on: Vec<Service>,
}

/// `[[operators]]`: who an operating system user of this machine is, for the commands that write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRow {
    pub os_user: String,
    /// Written `T0123/U0456`: workspace and user id.
    #[serde(deserialize_with = "person")]
    pub person: PersonId,
}

fn person<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PersonId, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_person(&text).map_err(de::Error::custom)
}

/// A person as they are written: `T0123/U0456`.
///
/// # Errors
/// What is wrong with it, and where the ids are found.
pub fn read_person(text: &str) -> Result<PersonId, String> {
    match text.split_once('/') {
        Some((team, user)) if !team.is_empty() && !user.is_empty() && !user.contains('/') => Ok(PersonId {
            team: team.to_owned(),
            user: user.to_owned(),
        }),
        _ => Err(format!(
            "`{text}` is not a person: write workspace id and user id, like `T0123ABCD/U0456EFGH` (Slack profile, Copy member ID)"
        )),
    }
}
