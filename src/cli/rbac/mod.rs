//! `interlock rbac`: what the runbooks need of a cluster, as objects to apply. `yaml` writes them down, and
//! `comment` what they are for.

mod command;
mod comment;
mod yaml;

pub(super) use command::Rbac;
