//! Reading PodDisruptionBudgets, and how many pods a rollout takes away at a time. What follows is the domain's to say
//! (`domain::disruption`).
//!
//! Invariants: a cluster without the API has no budgets; any other error is an error; a selector that can't be read covers
//! the pod.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::core::{Selector, SelectorExt};
use serde_json::Value;
use tokio::time::Instant;

use super::attempt::within;
use super::failure::Failure;
use super::kinds::{self, Runs};
use super::look;
use crate::domain::action::{Kind, ObjectRef};
use crate::domain::disruption::{Counted, DisruptionBudget, Keeps, Portion};

/// Servers from 1.21 on have the first; those up to 1.24 have the second, and before 1.21 nothing else.
const VERSIONS: [&str; 2] = ["v1", BETA];
/// Here an empty selector covers nothing; since then it covers everything.
const BETA: &str = "v1beta1";

/// The budgets beside an object that cover its pods, in order of name; none where the cluster has no such API.
///
/// # Errors
/// They could not be read.
pub async fn budgets(
    client: &Client,
    object: &ObjectRef,
    live: &DynamicObject,
    deadline: Instant,
) -> Result<Vec<DisruptionBudget>, Failure> {
    let labels = labels(object.kind, live);
    for version in VERSIONS {
        let resource = ApiResource {
            version: version.to_owned(),
            api_version: format!("policy/{version}"),
            ..kinds::resource(Kind::PodDisruptionBudget)
        };
        let api: Api<DynamicObject> =
            Api::namespaced_with(client.clone(), object.namespace.as_str(), &resource);
        let listed = match within(deadline, api.list(&ListParams::default())).await {
            Err(Failure::NoSuchApi(_)) => continue,
            listed => listed?,
        };
        let covering = listed.items.iter().filter(|one| covers(one, &labels, version));
        let mut found: Vec<DisruptionBudget> = covering.map(budget).collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        return Ok(found);
    }
    Ok(Vec::new())
}

/// The labels that its pods have.
fn labels(kind: Kind, live: &DynamicObject) -> BTreeMap<String, String> {
    if kind == Kind::Pod {
        return live.metadata.labels.clone().unwrap_or_default();
    }
    let labels = live.data.pointer("/spec/template/metadata/labels");
    let pairs = labels.and_then(Value::as_object).into_iter().flatten();
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn covers(budget: &DynamicObject, labels: &BTreeMap<String, String>, version: &str) -> bool {
    let Some(selector) = budget
        .data
        .pointer("/spec/selector")
        .filter(|selector| !selector.is_null())
    else {
        return false;
    };
    let read = serde_json::from_value::<LabelSelector>(selector.clone()).ok();
    match read.and_then(|selector| Selector::try_from(selector).ok()) {
        Some(selector) if selector.selects_all() => version != BETA,
        Some(selector) => selector.matches(labels),
        None => true,
    }
}

fn budget(live: &DynamicObject) -> DisruptionBudget {
    let spec = |field: &str| live.data.pointer(&format!("/spec/{field}"));
    let keeps = match (spec("minAvailable"), spec("maxUnavailable")) {
        (Some(least), _) => portion(least).map(Keeps::AtLeast),
        (None, Some(most)) => portion(most).map(Keeps::AllBut),
        (None, None) => None,
    };
    let status = live.data.pointer("/status").unwrap_or(&Value::Null);
    let seen = look::number(status, "/observedGeneration") >= live.metadata.generation.unwrap_or(0);
    let count = |pointer: &str| u32::try_from(look::number(status, pointer)).unwrap_or(0);
    let counted = || Counted {
        healthy: count("/currentHealthy"),
        desired: count("/desiredHealthy"),
        allowed: count("/disruptionsAllowed"),
        expected: count("/expectedPods"),
    };
    DisruptionBudget {
        name: look::name(live).to_owned(),
        keeps: keeps.unwrap_or(Keeps::All),
        counted: (status.is_object() && seen).then(counted),
    }
}

/// A number, or a text like `25%`.
fn portion(value: &Value) -> Option<Portion> {
    match value {
        Value::String(text) => Some(Portion::Percent(text.strip_suffix('%')?.parse().ok()?)),
        other => Some(Portion::Count(u32::try_from(other.as_u64()?).ok()?)),
    }
}

/// Pods that a rollout takes away at a time, at most, as its strategy says; `None` where that can't be read.
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment>)
#[must_use]
pub fn at_once(kind: Kind, data: &Value) -> Option<u32> {
    let count = |pointer: &str| u32::try_from(look::number(data, pointer)).unwrap_or(0);
    let rolling = |place: &str, field: &str, default: Portion| match data
        .pointer(&format!("{place}/rollingUpdate/{field}"))
    {
        Some(value) => portion(value),
        None => Some(default),
    };
    if kind == Kind::Deployment {
        // What a spec leaves out the server fills in, and fills in 1.
        let pods = match data.pointer("/spec/replicas") {
            Some(_) => count("/spec/replicas"),
            None => 1,
        };
        if look::text(data, "/spec/strategy/type") == "Recreate" {
            return Some(pods);
        }
        let quarter = Portion::Percent(25);
        let away = rolling("/spec/strategy", "maxUnavailable", quarter)?;
        let more = rolling("/spec/strategy", "maxSurge", quarter)?;
        let most = down(away, pods);
        // Where both come to nothing it could never go on, so the controller takes one.
        return Some(if most == 0 && up(more, pods) == 0 { 1 } else { most });
    }
    let pods = match kinds::runs(kind) {
        Runs::Pods { wanted, .. } => count(wanted),
        Runs::Itself | Runs::Jobs | Runs::Nothing => return None,
    };
    if look::text(data, "/spec/updateStrategy/type") == "OnDelete" {
        return Some(0);
    }
    let away = rolling("/spec/updateStrategy", "maxUnavailable", Portion::Count(1))?;
    Some(up(away, pods))
}

fn up(portion: Portion, whole: u32) -> u32 {
    match portion {
        Portion::Count(count) => count,
        Portion::Percent(percent) => whole.saturating_mul(percent).div_ceil(100),
    }
}

fn down(portion: Portion, whole: u32) -> u32 {
    match portion {
        Portion::Count(count) => count,
        Portion::Percent(percent) => whole.saturating_mul(percent) / 100,
    }
}

#[cfg(test)]
#[path = "disruption_tests.rs"]
mod tests;
