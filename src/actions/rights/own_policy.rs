//! The admission policies for what Interlock's own account makes: tokens of the tiers, and, with a standby, the Secret that
//! they are bound to and the Lease. RBAC can't say what is in an object, nor the name of one that is to be made: without these, a
//! token could be asked for that lasts for years, and a Secret could be made that is itself a token of any account beside it.

use serde_json::Value;

use super::argument::quoted;
use super::policy::{self, Requests, map_at, only};
use super::right::Right;
use super::roles::Accounts;
use crate::actions::kubernetes::epoch::{ANNOTATION, SECRET};
use crate::actions::kubernetes::tokens::LIFETIME_SECONDS;

/// `rights`: those of the own account that are no looks (`roles::tokens`, `roles::standby`).
pub(super) fn objects(rights: &[Right], accounts: &Accounts) -> Vec<Value> {
    let creates = |resource: &str| {
        rights
            .iter()
            .any(|right| right.verb == "create" && right.resource == resource)
    };
    let mut all = Vec::new();
    let mut add = |name, group, resource, validations: &[Value]| {
        let requests = Requests {
            group,
            operations: &["CREATE", "UPDATE"],
            resources: &[resource],
        };
        all.push(policy::policy(name, requests, &accounts.own_user(), validations));
        all.push(policy::binding(name));
    };
    let stands_by = creates("secrets");
    if creates("serviceaccounts/token") {
        add("interlock-tokens", "", "serviceaccounts/token", &[tokens()]);
    }
    if stands_by {
        add("interlock-secrets", "", "secrets", &[secret()]);
    }
    let lease = rights
        .iter()
        .find_map(|right| right.name.as_ref().filter(|_| right.resource == "leases"));
    if let Some(lease) = lease {
        let named = only(
            &format!("object.metadata.name == {}", quoted(lease)),
            "interlock makes no other Lease than its own",
        );
        add("interlock-lease", "coordination.k8s.io", "leases", &[named]);
    }
    all
}

fn tokens() -> Value {
    only(
        &format!("has(object.spec.expirationSeconds) && object.spec.expirationSeconds <= {LIFETIME_SECONDS}"),
        "interlock's tokens last ten minutes",
    )
}

/// It holds nothing, and no controller puts anything into it: that would take another type.
fn secret() -> Value {
    let expression = format!(
        "object.metadata.name == {} && has(object.type) && object.type == 'Opaque' && !has(object.data) && \
         {}.all(key, key == {})",
        quoted(SECRET),
        map_at("object.metadata.annotations"),
        quoted(ANNOTATION),
    );
    only(
        &expression,
        "interlock makes no other Secret than the empty one of its epoch",
    )
}
