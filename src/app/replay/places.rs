//! Clusters and environments as the journal knows them, for a replay without the configuration that it was recorded under.

use std::collections::BTreeSet;

use crate::domain::event::{Entry, Event};
use crate::domain::ids::ClusterName;
use crate::domain::rules::{EnvironmentRow, Rules};

/// Fills in what the rules don't say: clusters and environments from recorded plans, mode and autonomy from the last start.
pub(super) fn fill(rules: &mut Rules, entries: &[Entry]) {
    if !rules.clusters.is_empty() {
        return;
    }
    let mut clusters: BTreeSet<ClusterName> = BTreeSet::new();
    let mut rows: Vec<EnvironmentRow> = Vec::new();
    for entry in entries {
        if let Event::Started { mode, autonomy, .. } = &entry.event {
            rules.mode = *mode;
            rules.autonomy = autonomy.unwrap_or(rules.autonomy);
        }
        let Event::Proposed { plan, .. } = &entry.event else {
            continue;
        };
        for step in &plan.steps {
            let (Some(object), Some(environment)) = (step.action.names_target(), &step.environment) else {
                continue;
            };
            clusters.insert(object.cluster.clone());
            let row = EnvironmentRow {
                name: environment.clone(),
                cluster: Some(object.cluster),
                namespaces: vec![object.namespace],
                hosts: Vec::new(),
            };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rules.clusters = clusters.into_iter().collect();
    if let [only] = rules.clusters.as_slice() {
        rules.default_cluster = Some(only.clone());
    }
    if rules.environments.is_empty() {
        rules.environments = rows;
    }
}
