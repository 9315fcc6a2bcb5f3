//! Config maps that workloads use, and when they were written. Only metadata is looked at: which key changed from what to what is not
//! known here, and no value is.
//!
//! What Kubernetes keeps no time of can't be seen: a config map that was deleted, and a key that was only taken away.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Workload;
use super::rollouts::Template;
use super::writers::{self, By, Write};

/// Config maps that are told of at once, the newest.
pub(super) const MOST: usize = 50;
/// Workloads of one config map that are told of.
const USERS: usize = 20;
/// What of a config map is configuration.
const DATA: [&[&str]; 2] = [&["data"], &["binaryData"]];

/// How a workload gets at a config map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// In its environment: a running pod does not see the change.
    AtStart,
    /// As files: a running pod sees it within a minute or so, unless it is mounted by `subPath`.
    Mounted,
}

/// A config map that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub at: Timestamp,
    /// Whether it did not exist before.
    pub made: bool,
    pub by: Option<By>,
    /// By name, [`USERS`] at most.
    pub users: Vec<(Workload, Use)>,
}

/// Those that some workload's newest template uses and that were written after a moment, newest first.
pub(super) fn written(
    config_maps: &[ObjectMeta],
    newest: &BTreeMap<Workload, &Template>,
    after: Timestamp,
) -> Vec<Written> {
    let mut users: BTreeMap<&str, Vec<(Workload, Use)>> = BTreeMap::new();
    for (workload, template) in newest {
        for (name, how) in used(&template.spec) {
            users.entry(name).or_default().push((workload.clone(), how));
        }
    }
    let mut found: Vec<Written> = config_maps
        .iter()
        .filter_map(|meta| {
            let name = meta.name.as_deref()?;
            let mut users = users.get(name)?.clone();
            users.truncate(USERS);
            let made = meta.creation_timestamp.as_ref().map(|time| time.0);
            let created = made.map(|at| Write { at, manager: None });
            let writes = writers::writes(meta, &DATA).into_iter();
            let last = writes.max_by_key(|write| write.at).or(created)?;
            (last.at > after).then(|| Written {
                name: name.to_owned(),
                at: last.at,
                made: made == Some(last.at),
                by: last.manager.map(By::FieldManager),
                users,
            })
        })
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.at));
    found.truncate(MOST);
    found
}

/// The config maps that a pod names, each with the use that shows a change soonest.
fn used(spec: &PodSpec) -> BTreeMap<&str, Use> {
    let containers = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten());
    let started = containers
        .flat_map(in_environment)
        .map(|name| (name, Use::AtStart));
    let mounted = in_volumes(spec).map(|name| (name, Use::Mounted));
    let mut found = BTreeMap::new();
    for (name, how) in started.chain(mounted) {
        let known = found.entry(name).or_insert(how);
        *known = how.max(*known);
    }
    found
}

fn in_environment(container: &Container) -> impl Iterator<Item = &str> {
    let one = container.env.iter().flatten().filter_map(|variable| {
        let from = variable.value_from.as_ref()?;
        Some(from.config_map_key_ref.as_ref()?.name.as_str())
    });
    let all = container.env_from.iter().flatten();
    one.chain(all.filter_map(|from| Some(from.config_map_ref.as_ref()?.name.as_str())))
}

fn in_volumes(spec: &PodSpec) -> impl Iterator<Item = &str> {
    let volumes = spec.volumes.iter().flatten();
    volumes.flat_map(|volume| {
        let own = volume.config_map.iter().map(|source| source.name.as_str());
        let projected = volume
            .projected
            .iter()
            .flat_map(|projected| projected.sources.iter().flatten());
        own.chain(projected.filter_map(|source| Some(source.config_map.as_ref()?.name.as_str())))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_use_a_config_map_is_seen() {
        let spec: PodSpec = serde_json::from_value(json!({
            "initContainers": [{"name": "init", "envFrom": [{"configMapRef": {"name": "by-init"}}]}],
            "containers": [{
                "name": "main",
                "envFrom": [{"configMapRef": {"name": "whole"}}, {"secretRef": {"name": "a-secret"}}],
                "env": [
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one-key", "key": "a"}}},
                    {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "both", "key": "b"}}},
                    {"name": "C", "valueFrom": {"secretKeyRef": {"name": "a-secret", "key": "c"}}},
                ],
            }],
            "volumes": [
                {"name": "v", "configMap": {"name": "volume"}},
                {"name": "w", "projected": {"sources": [{"configMap": {"name": "projected"}}, {"secret": {"name": "a-secret"}}]}},
                {"name": "x", "configMap": {"name": "both"}},
                {"name": "y", "secret": {"secretName": "a-secret"}},
            ],
        }))
        .unwrap();
        let found: Vec<(&str, Use)> = used(&spec).into_iter().collect();
        assert_eq!(
            found,
            [
                ("both", Use::Mounted),
                ("by-init", Use::AtStart),
                ("one-key", Use::AtStart),
                ("projected", Use::Mounted),
                ("volume", Use::Mounted),
                ("whole", Use::AtStart),
            ]
        );
    }
}
