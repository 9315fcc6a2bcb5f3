//! May this caller do this? In the order and the words of the real server.

use super::query::Caller;
use super::target::ObjectTarget;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::users::{Attributes, ClusterUser, Identity};

/// Whether the caller may do this.
pub(super) fn authorize(caller: &Caller, verb: &str, target: &ObjectTarget) -> Result<(), ApiError> {
    let resource = target.resource();
    let info = target.kind.info();
    // The authorizer sees a namespace as the namespace of its own name.
    let namespace = if target.kind == Kind::Namespace {
        target.name()
    } else {
        &target.namespace
    };
    let asked = Attributes {
        verb,
        group: info.group,
        resource: &resource,
        namespace,
        name: target.name(),
    };
    if caller.may(&asked) {
        return grants_nothing_new(caller, verb, target);
    }
    let message = asked.refusal(caller.identity.name());
    Err(ApiError::forbidden(
        info.group,
        info.plural,
        target.name(),
        message,
    ))
}

/// The real server lets nobody write roles that hold more than they have themselves; here only the administrator does.
fn grants_nothing_new(caller: &Caller, verb: &str, target: &ObjectTarget) -> Result<(), ApiError> {
    let grants = matches!(
        target.kind,
        Kind::Role | Kind::ClusterRole | Kind::RoleBinding | Kind::ClusterRoleBinding
    );
    let looks_or_takes = matches!(verb, "get" | "list" | "watch" | "delete" | "deletecollection");
    if !grants || looks_or_takes || caller.identity == Identity::User(ClusterUser::Admin) {
        return Ok(());
    }
    let info = target.kind.info();
    let message = format!(
        "{}.{} \"{}\" is forbidden: user \"{}\" is attempting to grant RBAC permissions not currently held",
        info.plural,
        info.group,
        target.name(),
        caller.identity.name()
    );
    Err(ApiError::forbidden(
        info.group,
        info.plural,
        target.name(),
        message,
    ))
}
