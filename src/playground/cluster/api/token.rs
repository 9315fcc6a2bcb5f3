//! `TokenRequest`: a short token for a ServiceAccount. Limits and defaults are those of Kubernetes 1.36: ten minutes at
//! least, an hour when nothing is said, the API server's own audience when none is named. A token that is bound to a Secret
//! dies with it; those bound to a pod are refused.

use http::{Response, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::respond;
use super::target::ObjectTarget;
use crate::playground::cluster::api::Body;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::stamp;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::Key;
use crate::playground::cluster::users::{Account, Bound};

/// What the API server calls itself.
const AUDIENCE: &str = "https://kubernetes.default.svc";
const DEFAULT_SECONDS: i64 = 3600;
const LEAST_SECONDS: i64 = 600;
const MOST_SECONDS: i64 = 1 << 32;

/// Makes a token for the account that the path names.
pub(super) fn create(
    shared: &Shared,
    target: &ObjectTarget,
    body: &[u8],
) -> Result<Response<Body>, ApiError> {
    if target.kind != Kind::ServiceAccount {
        return Err(ApiError::no_such_resource());
    }
    let sent: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the body is not JSON: {error}")))?;
    let seconds = lifetime(&sent, target.name())?;
    let audiences: Vec<String> = match sent.pointer("/spec/audiences").and_then(Value::as_array) {
        Some(named) if !named.is_empty() => named
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(_) | None => vec![AUDIENCE.to_owned()],
    };
    let (account, now) = shared.read(|model| {
        let key = Key::new(Kind::ServiceAccount, &target.namespace, target.name());
        (model.copy(&key), model.now)
    });
    let Some(account) = account else {
        return Err(ApiError::not_found(Kind::ServiceAccount, target.name()));
    };
    let expires = now
        .checked_add(SignedDuration::from_secs(seconds))
        .map_err(|error| ApiError::bad_request(error.to_string()))?;
    let account = Account {
        namespace: target.namespace.clone(),
        name: target.name().to_owned(),
        uid: json::text(&account, "/metadata/uid").to_owned(),
    };
    let for_api = audiences.iter().any(|audience| audience == AUDIENCE);
    let bound = bound(shared, target, &sent)?;
    let reference = sent.pointer("/spec/boundObjectRef").cloned();
    let token = shared.users.issue(account, bound, for_api, expires);
    let answer = json!({
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": target.name(), "namespace": target.namespace, "creationTimestamp": stamp(now)},
        "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": reference},
        "status": {"token": token, "expirationTimestamp": stamp(expires)},
    });
    Ok(respond::json(StatusCode::CREATED, &answer))
}

/// The Secret that the token is to be bound to: it must be there, in the account's namespace, with that uid.
fn bound(shared: &Shared, target: &ObjectTarget, sent: &Value) -> Result<Option<Bound>, ApiError> {
    let Some(asked) = sent
        .pointer("/spec/boundObjectRef")
        .filter(|asked| !asked.is_null())
    else {
        return Ok(None);
    };
    let (kind, name, uid) = (
        json::text(asked, "/kind"),
        json::text(asked, "/name"),
        json::text(asked, "/uid"),
    );
    if kind != "Secret" || json::text(asked, "/apiVersion") != "v1" {
        let problem = "Forbidden: this cluster binds tokens to Secrets alone";
        return Err(ApiError::invalid(
            Kind::ServiceAccount,
            target.name(),
            "spec.boundObjectRef",
            problem,
        ));
    }
    let there = shared.read(|model| model.copy(&Key::new(Kind::Secret, &target.namespace, name)));
    let Some(there) = there else {
        return Err(ApiError::not_found(Kind::Secret, name));
    };
    let found = json::text(&there, "/metadata/uid");
    if !uid.is_empty() && uid != found {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(ApiError::conflict(Kind::Secret, name, &why));
    }
    Ok(Some(Bound {
        name: name.to_owned(),
        uid: found.to_owned(),
    }))
}

fn lifetime(sent: &Value, name: &str) -> Result<i64, ApiError> {
    let invalid =
        |field: &str, problem: &str| Err(ApiError::invalid(Kind::ServiceAccount, name, field, problem));
    let seconds = json::int(sent, "/spec/expirationSeconds").unwrap_or(DEFAULT_SECONDS);
    match seconds {
        ..LEAST_SECONDS => invalid(
            "spec.expirationSeconds",
            &format!("Invalid value: {seconds}: may not specify a duration less than 10 minutes"),
        ),
        LEAST_SECONDS..=MOST_SECONDS => Ok(seconds),
        _ => invalid(
            "spec.expirationSeconds",
            &format!("Invalid value: {seconds}: may not specify a duration larger than 2^32 seconds"),
        ),
    }
}
