//! One round of all controllers, owners before what they own.

use super::{budget, daemonset, deployment, garbage, job, kubelet, replicaset, statefulset};
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::store::Key;

/// Runs every controller once over every object it cares for.
pub(in crate::playground::cluster) fn reconcile_all(model: &mut Model) {
    garbage::collect(model);
    each(model, Kind::Deployment, deployment::reconcile);
    each(model, Kind::ReplicaSet, replicaset::reconcile);
    each(model, Kind::StatefulSet, statefulset::reconcile);
    each(model, Kind::DaemonSet, daemonset::reconcile);
    each(model, Kind::Job, job::reconcile);
    kubelet::step(model);
    each(model, Kind::PodDisruptionBudget, budget::reconcile);
}

fn each(model: &mut Model, kind: Kind, reconcile: fn(&mut Model, &Key)) {
    let keys: Vec<Key> = model.store.list(kind, "").map(|(key, _)| key.clone()).collect();
    for key in keys {
        reconcile(model, &key);
    }
}
