//! Which requests each action makes, as rights: the look before it is shown, made with the cluster's own account, and the
//! attempt, made with the account of its tier.

use super::right::Right;
use crate::actions::kubernetes::kinds::{self, Runs, Scope};
use crate::domain::action::{Action, Kind, ObjectRef};
use crate::domain::ids::Namespace;

/// A name that stands for any: a parameter chooses it later.
pub(super) const ANY_NAME: &str = "interlock-any-name";

/// What the look at an action's target asks for.
#[must_use]
pub fn look(action: &Action) -> Vec<Right> {
    let Some(target) = action.names_target() else {
        return Vec::new();
    };
    let mut rights = vec![of(&target, "get")];
    if action.target_key().is_some() {
        rights.extend(owners(&target));
    }
    if action.may_disrupt() {
        rights.push(beside(&target, Kind::PodDisruptionBudget, "list"));
    }
    match action {
        Action::Exec(_) | Action::Logs(_) => rights.extend(pods(&target)),
        Action::Get(_)
        | Action::Describe { .. }
        | Action::RolloutStatus { .. }
        | Action::RolloutRestart { .. }
        | Action::RolloutUndo { .. }
        | Action::Scale { .. }
        | Action::DeletePod { .. }
        | Action::CreateJob { .. }
        | Action::Http(_) => {}
    }
    rights
}

/// What carrying it out asks for.
#[must_use]
pub fn attempt(action: &Action) -> Vec<Right> {
    match action {
        Action::Exec(exec) => {
            let mut rights = vec![of(&exec.target, "get")];
            rights.extend(pods(&exec.target));
            // A WebSocket is opened by GET, and from 1.35 on asks for both verbs.
            rights.extend([
                in_pods(&exec.target, "exec", "get"),
                in_pods(&exec.target, "exec", "create"),
            ]);
            rights
        }
        Action::Logs(logs) => {
            let mut rights = vec![of(&logs.target, "get")];
            rights.extend(pods(&logs.target));
            rights.push(in_pods(&logs.target, "log", "get"));
            rights
        }
        Action::Get(get) => {
            let namespace = get.namespace.as_ref().map(|name| name.as_str().to_owned());
            let verb = if get.name.is_some() { "get" } else { "list" };
            vec![right(get.kind, namespace, verb, get.name.clone())]
        }
        Action::Describe { target } => vec![of(target, "get"), beside(target, Kind::Event, "list")],
        Action::RolloutStatus { target } => vec![of(target, "get")],
        Action::RolloutRestart { target } => vec![of(target, "get"), of(target, "patch")],
        Action::RolloutUndo { target, .. } => {
            vec![of(target, "get"), revisions(target), of(target, "patch")]
        }
        Action::Scale { target, .. } => vec![of(target, "get"), scale(target)],
        Action::DeletePod { target } => vec![of(target, "get"), of(target, "delete")],
        // The name of the Job carries the attempt, so that no rule can name it.
        Action::CreateJob { from, .. } => vec![
            of(from, "get"),
            beside(from, Kind::Job, "create"),
            beside(from, Kind::Job, "get"),
        ],
        Action::Http(_) => Vec::new(),
    }
}

/// Finding the pods of a workload; a pod is found by its name.
fn pods(target: &ObjectRef) -> Vec<Right> {
    match (kinds::runs(target.kind), target.kind) {
        (Runs::Pods { .. }, Kind::Deployment) => vec![
            beside(target, Kind::ReplicaSet, "list"),
            beside(target, Kind::Pod, "list"),
        ],
        (Runs::Pods { .. }, _) => vec![beside(target, Kind::Pod, "list")],
        (Runs::Itself | Runs::Jobs | Runs::Nothing, _) => Vec::new(),
    }
}

/// Who stands above the target: work on one workload is done by one incident at a time, whatever part of it is named.
fn owners(target: &ObjectRef) -> Vec<Right> {
    let above: &[Kind] = match target.kind {
        Kind::Pod => &[
            Kind::ReplicaSet,
            Kind::Deployment,
            Kind::StatefulSet,
            Kind::DaemonSet,
            Kind::Job,
            Kind::CronJob,
        ],
        Kind::ReplicaSet => &[Kind::Deployment],
        Kind::Job => &[Kind::CronJob],
        Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::CronJob
        | Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => &[],
    };
    above.iter().map(|kind| beside(target, *kind, "get")).collect()
}

fn in_pods(target: &ObjectRef, sub: &str, verb: &'static str) -> Right {
    let name = (target.kind == Kind::Pod).then(|| target.name.clone());
    let mut right = right(Kind::Pod, Some(target.namespace.as_str().to_owned()), verb, name);
    right.resource = format!("{}/{sub}", right.resource);
    right
}

fn revisions(target: &ObjectRef) -> Right {
    match target.kind {
        Kind::Deployment => beside(target, Kind::ReplicaSet, "list"),
        _ => Right {
            resource: "controllerrevisions".to_owned(),
            ..beside(target, Kind::ReplicaSet, "list")
        },
    }
}

/// What looking for changes in a namespace asks for; no action, but a look of the same account. RBAC knows no right to an
/// object's metadata alone, which is all that is asked for of config maps.
pub(super) fn changes(namespace: &Namespace) -> [Right; 6] {
    let list = |kind| right(kind, Some(namespace.as_str().to_owned()), "list", None);
    let sets = list(Kind::ReplicaSet);
    let revisions = Right {
        resource: "controllerrevisions".to_owned(),
        ..sets.clone()
    };
    [
        sets,
        revisions,
        list(Kind::Deployment),
        list(Kind::StatefulSet),
        list(Kind::DaemonSet),
        list(Kind::ConfigMap),
    ]
}

fn scale(target: &ObjectRef) -> Right {
    let right = of(target, "patch");
    Right {
        resource: format!("{}/scale", right.resource),
        ..right
    }
}

fn of(target: &ObjectRef, verb: &'static str) -> Right {
    let namespace = target.namespace.as_str();
    right(
        target.kind,
        (!namespace.is_empty()).then(|| namespace.to_owned()),
        verb,
        Some(target.name.clone()),
    )
}

/// Any object of a kind in the namespace of the target.
fn beside(target: &ObjectRef, kind: Kind, verb: &'static str) -> Right {
    let namespace = target.namespace.as_str();
    right(
        kind,
        (!namespace.is_empty()).then(|| namespace.to_owned()),
        verb,
        None,
    )
}

fn right(kind: Kind, namespace: Option<String>, verb: &'static str, name: Option<String>) -> Right {
    Right {
        namespace: namespace.filter(|_| kinds::scope(kind) == Scope::Namespaced),
        group: kinds::group(kind),
        resource: kinds::plural(kind).to_owned(),
        verb,
        name: name.filter(|name| name != ANY_NAME),
    }
}
