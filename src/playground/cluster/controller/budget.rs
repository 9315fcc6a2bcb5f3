//! The PodDisruptionBudget controller: how many pods may be disrupted now.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::selector::LabelSelector;
use crate::playground::cluster::store::Key;

/// Writes the status of one budget.
pub(in crate::playground::cluster) fn reconcile(model: &mut Model, key: &Key) {
    let Some(budget) = model.store.get(key).cloned() else {
        return;
    };
    let selector = LabelSelector::from_object(budget.pointer("/spec/selector").unwrap_or(&Value::Null));
    let chosen: Vec<Arc<Value>> = model
        .store
        .list(Kind::Pod, &key.namespace)
        .filter(|(_, pod)| selector.matches(pod) && pods::is_active(pod))
        .map(|(_, pod)| pod.clone())
        .collect();
    let expected = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
    let healthy = pods::count_ready(&chosen);
    let desired = match (
        budget.pointer("/spec/minAvailable"),
        budget.pointer("/spec/maxUnavailable"),
    ) {
        (Some(least), _) => portion(least, expected),
        (None, Some(most)) => expected - portion(most, expected),
        (None, None) => expected,
    };
    let allowed = (healthy - desired).max(0);
    let reason = if allowed > 0 {
        "SufficientPods"
    } else {
        "InsufficientPods"
    };
    let condition = pods::condition(model, &budget, "DisruptionAllowed", allowed > 0, reason, "");
    let status = json!({"currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed,
        "expectedPods": expected, "observedGeneration": json::int(&budget, "/metadata/generation"),
        "conditions": [condition]});
    pods::put_status(model, key, status);
}

/// A count or a percentage of `whole`, rounded up.
fn portion(value: &Value, whole: i64) -> i64 {
    match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(100);
            (whole * percent + 99) / 100
        }
        other => other.as_i64().unwrap_or(0),
    }
}
