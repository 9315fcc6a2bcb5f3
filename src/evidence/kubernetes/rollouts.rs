//! Revisions: ReplicaSets of Deployments, and ControllerRevisions of StatefulSets and DaemonSets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ControllerRevision, ReplicaSet};
use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::writers::{self, By};
use super::{Workload, WorkloadKind};

/// The number that the deployment controller gives each ReplicaSet.
const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
/// What `kubectl rollout restart` writes into the template.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// One pod template that was rolled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    pub workload: Workload,
    pub revision: i64,
    /// Whether no revision of the workload has a higher number.
    pub newest: bool,
    /// When the revision was made. One that is rolled back to keeps its old time.
    pub since: Option<Timestamp>,
    /// When the workload's template was written last, and by whom, if that could be read.
    pub written: Option<(Timestamp, Option<By>)>,
    pub images: Vec<String>,
    /// Whether it was rolled out to restart the pods.
    pub restarts: bool,
    /// What its author wrote as the cause, if anything.
    pub cause: Option<String>,
    pub by: Option<By>,
}

/// A revision as it lies in the cluster.
#[derive(Clone, Debug)]
pub(super) struct Template {
    workload: Workload,
    revision: i64,
    since: Option<Timestamp>,
    cause: Option<String>,
    restarted: Option<Timestamp>,
    pub spec: PodSpec,
}

impl Template {
    pub fn of_set(set: ReplicaSet) -> Option<Self> {
        let meta = set.metadata;
        let revision = annotation(&meta, REVISION).and_then(|text| text.parse().ok());
        Self::of(&meta, revision.unwrap_or(0), set.spec.template)
    }

    pub fn of_revision(revision: ControllerRevision) -> Option<Self> {
        let mut data = revision.data.0;
        let template = data.pointer_mut("/spec/template")?.take();
        let template = serde_json::from_value(template).ok();
        Self::of(&revision.metadata, revision.revision?, template)
    }

    fn of(meta: &ObjectMeta, revision: i64, template: Option<PodTemplateSpec>) -> Option<Self> {
        let mut owners = meta.owner_references.iter().flatten();
        let workload = owners.find_map(|owner| {
            Some(Workload {
                kind: WorkloadKind::of(&owner.kind)?,
                name: owner.name.clone(),
            })
        })?;
        let template = template.unwrap_or_default();
        let restarted = template
            .metadata
            .as_ref()
            .and_then(|meta| annotation(meta, RESTARTED));
        Some(Self {
            workload,
            revision,
            since: meta.creation_timestamp.as_ref().map(|time| time.0),
            cause: annotation(meta, CHANGE_CAUSE).cloned(),
            restarted: restarted.and_then(|text| text.parse().ok()),
            spec: template.spec.unwrap_or_default(),
        })
    }

    fn rollout(&self, newest: bool, owner: Option<&ObjectMeta>) -> Rollout {
        let written = owner.and_then(|owner| {
            let at = writers::template_written(owner)?;
            Some((at, writers::of_template(owner, at)))
        });
        let images = self.spec.containers.iter().filter_map(|one| one.image.clone());
        let made = self.since;
        Rollout {
            workload: self.workload.clone(),
            revision: self.revision,
            newest,
            since: made,
            written,
            images: images.collect(),
            restarts: self
                .restarted
                .zip(made)
                .is_some_and(|(restarted, made)| writers::is_near(restarted, made)),
            cause: self.cause.clone(),
            by: owner
                .zip(made)
                .and_then(|(owner, made)| writers::of_template(owner, made)),
        }
    }
}

/// The template that each workload runs, or is coming to run.
pub(super) fn newest(templates: &[Template]) -> BTreeMap<Workload, &Template> {
    let mut newest: BTreeMap<Workload, &Template> = BTreeMap::new();
    for template in templates {
        let known = newest.entry(template.workload.clone()).or_insert(template);
        if template.revision > known.revision {
            *known = template;
        }
    }
    newest
}

/// The revisions after a moment and the newest ones, oldest first.
pub(super) fn told(
    newest: &BTreeMap<Workload, &Template>,
    templates: &[Template],
    owners: &BTreeMap<Workload, ObjectMeta>,
    after: Timestamp,
) -> Vec<Rollout> {
    let is_newest = |template: &Template| {
        let known = newest.get(&template.workload);
        known.is_some_and(|known| known.revision == template.revision)
    };
    let mut told: Vec<Rollout> = templates
        .iter()
        .filter(|template| is_newest(template) || template.since.is_some_and(|since| since > after))
        .map(|template| template.rollout(is_newest(template), owners.get(&template.workload)))
        .collect();
    told.sort_by_key(|rollout| rollout.since);
    told
}

fn annotation<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a String> {
    meta.annotations.as_ref()?.get(key)
}
