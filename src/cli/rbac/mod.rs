//! `interlock rbac`: what the runbooks need of a cluster, as objects to apply. `yaml` writes them down.

mod command;
mod yaml;

pub(super) use command::Rbac;
