//! Reviews: "may I", "who am I", and the list of what one may do.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::query::Caller;
use super::{Body, respond};
use crate::playground::cluster::double::ServerFlavour;
use crate::playground::cluster::json;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::users::{Attributes, Identity};

/// Answers a review; only the caller's own rights can be asked for.
pub(super) fn answer(
    resource: &str,
    flavour: ServerFlavour,
    caller: &Caller,
    body: &[u8],
) -> Result<Response<Body>, ApiError> {
    if caller.identity == Identity::Anonymous {
        return Err(ApiError::unauthorized());
    }
    if resource == "selfsubjectreviews" && flavour == ServerFlavour::V120 {
        // No role of that time names it, so that it is refused and not unknown.
        let group = "authentication.k8s.io";
        let message = format!(
            "{resource}.{group} is forbidden: User \"{}\" cannot create resource \"{resource}\" in API group \"{group}\" at the \
             cluster scope",
            caller.identity.name()
        );
        return Err(ApiError::forbidden(group, resource, "", message));
    }
    let mut review: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the body is not JSON: {error}")))?;
    review["status"] = match resource {
        "selfsubjectaccessreviews" => access(caller, &review),
        "selfsubjectreviews" => {
            json!({"userInfo": {"username": caller.identity.name(), "groups": ["system:authenticated"]}})
        }
        _ => rules(caller, &review)?,
    };
    Ok(respond::json(StatusCode::CREATED, &review))
}

/// The server answers for one namespace at a time, and asks for it.
fn rules(caller: &Caller, review: &Value) -> Result<Value, ApiError> {
    let namespace = json::text(review, "/spec/namespace");
    if namespace.is_empty() {
        return Err(ApiError::bad_request("no namespace on request"));
    }
    Ok(json!({
        "resourceRules": caller.grants.in_namespace(namespace),
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez",
            "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]}],
        "incomplete": false,
    }))
}

fn access(caller: &Caller, review: &Value) -> Value {
    let Some(asked) = review.pointer("/spec/resourceAttributes") else {
        // Paths that are no resources: everybody who is known may look at discovery.
        let verb = json::text(review, "/spec/nonResourceAttributes/verb");
        return json!({"allowed": verb == "get"});
    };
    let (resource, subresource) = (json::text(asked, "/resource"), json::text(asked, "/subresource"));
    let full = if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    };
    let attributes = Attributes {
        verb: json::text(asked, "/verb"),
        group: json::text(asked, "/group"),
        resource: &full,
        namespace: json::text(asked, "/namespace"),
        name: json::text(asked, "/name"),
    };
    if caller.may(&attributes) {
        json!({"allowed": true, "reason": "RBAC: allowed by a rule"})
    } else {
        json!({"allowed": false})
    }
}
