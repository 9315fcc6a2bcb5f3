//! The control plane: what turns what is wanted into what is. Each file is one controller; each is a function of the model that
//! changes nothing when nothing is to be done.

pub(super) mod budget;
pub(super) mod daemonset;
pub(super) mod deployment;
pub(super) mod garbage;
pub(super) mod job;
pub(super) mod kubelet;
pub(super) mod pod_status;
pub(super) mod pods;
pub(super) mod replicaset;
pub(super) mod revision;
mod round;
pub(super) mod statefulset;

pub(super) use round::reconcile_all;
