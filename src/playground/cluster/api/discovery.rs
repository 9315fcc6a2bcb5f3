//! Discovery: versions, groups and resources, in the old form and in the aggregated one that newer clients ask for.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::query::Caller;
use super::{Body, respond};
use crate::playground::cluster::double::ServerFlavour;
use crate::playground::cluster::kinds::{KINDS, Kind, KindInfo};
use crate::playground::cluster::status::ApiError;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// Groups that have no stored kind but answer reviews.
const REVIEWS: [(&str, &str, &str, &str); 3] = [
    (
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
        "SelfSubjectAccessReview",
    ),
    (
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
        "SelfSubjectRulesReview",
    ),
    (
        "authentication.k8s.io",
        "selfsubjectreviews",
        "selfsubjectreview",
        "SelfSubjectReview",
    ),
];

/// `/version`.
pub(super) fn version(flavour: ServerFlavour) -> Response<Body> {
    let (major, minor, full) = match flavour {
        ServerFlavour::V136 => ("1", "36", "v1.36.2"),
        ServerFlavour::V130 => ("1", "30", "v1.30.0"),
        ServerFlavour::V129 => ("1", "29", "v1.29.0"),
        ServerFlavour::V120 => ("1", "20", "v1.20.2"),
    };
    let version = json!({"major": major, "minor": minor, "gitVersion": full, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.25", "compiler": "gc", "platform": "linux/amd64"});
    respond::json(StatusCode::OK, &version)
}

/// The groups that exist, with their version.
pub(super) fn group_versions(without: &[String]) -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for info in KINDS.iter().filter(|info| !info.group.is_empty()) {
        if !groups.contains(&(info.group, info.version)) && !without.iter().any(|hidden| hidden == info.group)
        {
            groups.push((info.group, info.version));
        }
    }
    groups.push(("authorization.k8s.io", "v1"));
    groups.push(("authentication.k8s.io", "v1"));
    groups
}

fn wants_aggregated(caller: &Caller) -> bool {
    caller.header("accept").split(',').any(|part| {
        let part = part.replace(' ', "");
        part.contains("as=APIGroupDiscoveryList") && (part.contains("v=v2;") || part.ends_with("v=v2"))
    })
}

fn aggregated(groups: &[(&str, &str)]) -> Response<Body> {
    let items: Vec<Value> = groups
        .iter()
        .map(|(group, version)| {
            let metadata = if group.is_empty() {
                json!({})
            } else {
                json!({"name": group})
            };
            json!({"metadata": metadata, "versions": [{"version": version, "freshness": "Current",
                "resources": aggregated_resources(group, version)}]})
        })
        .collect();
    let list = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items});
    respond::whole(StatusCode::OK, AGGREGATED, list.to_string())
}

fn aggregated_resources(group: &str, version: &str) -> Vec<Value> {
    let kind =
        |group: &str, version: &str, name: &str| json!({"group": group, "version": version, "kind": name});
    let mut resources = Vec::new();
    for info in KINDS
        .iter()
        .filter(|info| info.group == group && info.version == version)
    {
        let subresources: Vec<Value> = info
            .subresources
            .iter()
            .map(|sub| {
                let (g, v, name) = subresource_kind(info, sub);
                json!({"subresource": sub, "responseKind": kind(g, v, name), "verbs": subresource_verbs(sub)})
            })
            .collect();
        let mut resource = json!({"resource": info.plural, "responseKind": kind("", "", info.name),
            "scope": if info.is_namespaced() { "Namespaced" } else { "Cluster" }, "singularResource": info.singular,
            "verbs": VERBS, "subresources": subresources});
        if !info.short.is_empty() {
            resource["shortNames"] = json!(info.short);
        }
        if info.in_all {
            resource["categories"] = json!(["all"]);
        }
        resources.push(resource);
    }
    for (_, plural, singular, name) in REVIEWS.iter().filter(|review| review.0 == group) {
        resources.push(
            json!({"resource": plural, "responseKind": kind("", "", name), "scope": "Cluster",
            "singularResource": singular, "verbs": ["create"]}),
        );
    }
    resources
}

fn subresource_kind(info: &KindInfo, sub: &str) -> (&'static str, &'static str, &'static str) {
    match sub {
        "scale" => ("autoscaling", "v1", "Scale"),
        "exec" => ("", "v1", "PodExecOptions"),
        _ => (info.group, info.version, info.name),
    }
}

fn subresource_verbs(sub: &str) -> &'static [&'static str] {
    match sub {
        "exec" => &["create", "get"],
        "log" => &["get"],
        _ => &["get", "patch", "update"],
    }
}

/// `/api`.
pub(super) fn core(caller: &Caller) -> Response<Body> {
    if wants_aggregated(caller) {
        return aggregated(&[("", "v1")]);
    }
    respond::json(
        StatusCode::OK,
        &json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
    )
}

fn group_object(group: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({"name": group, "versions": [version], "preferredVersion": version})
}

/// `/apis`.
pub(super) fn groups(caller: &Caller, without: &[String]) -> Response<Body> {
    let groups = group_versions(without);
    if wants_aggregated(caller) {
        return aggregated(&groups);
    }
    let objects: Vec<Value> = groups
        .iter()
        .map(|(group, version)| group_object(group, version))
        .collect();
    respond::json(
        StatusCode::OK,
        &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": objects}),
    )
}

/// `/apis/GROUP`.
pub(super) fn group(group: &str) -> Result<Response<Body>, ApiError> {
    let known = group_versions(&[]).into_iter().find(|(name, _)| *name == group);
    let (name, version) =
        known.ok_or_else(|| ApiError::text(StatusCode::NOT_FOUND, "404 page not found\n"))?;
    let mut object = group_object(name, version);
    object["kind"] = json!("APIGroup");
    object["apiVersion"] = json!("v1");
    Ok(respond::json(StatusCode::OK, &object))
}

/// `/api/v1` and `/apis/GROUP/VERSION`.
pub(super) fn resources(group: &str, version: &str) -> Result<Response<Body>, ApiError> {
    let mut resources = Vec::new();
    for info in KINDS
        .iter()
        .filter(|info| info.group == group && info.version == version)
    {
        let mut resource = json!({"name": info.plural, "singularName": info.singular, "namespaced": info.is_namespaced(),
            "kind": info.name, "verbs": VERBS});
        if !info.short.is_empty() {
            resource["shortNames"] = json!(info.short);
        }
        if info.in_all {
            resource["categories"] = json!(["all"]);
        }
        resources.push(resource);
        for sub in info.subresources {
            resources.push(old_subresource(info, sub));
        }
    }
    for (_, plural, singular, name) in REVIEWS
        .iter()
        .filter(|review| review.0 == group && version == "v1")
    {
        resources.push(
            json!({"name": plural, "singularName": singular, "namespaced": false, "kind": name,
            "verbs": ["create"]}),
        );
    }
    if resources.is_empty() {
        return Err(ApiError::text(StatusCode::NOT_FOUND, "404 page not found\n"));
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources});
    Ok(respond::json(StatusCode::OK, &list))
}

fn old_subresource(info: &KindInfo, sub: &str) -> Value {
    let (group, version, kind) = subresource_kind(info, sub);
    let mut resource = json!({"name": format!("{}/{sub}", info.plural), "singularName": "", "namespaced": info.is_namespaced(),
        "kind": kind, "verbs": subresource_verbs(sub)});
    if sub == "scale" {
        resource["group"] = json!(group);
        resource["version"] = json!(version);
    }
    resource
}

/// Kinds of a group and version.
pub(super) fn kinds(group: &str, version: &str) -> impl Iterator<Item = Kind> {
    KINDS
        .iter()
        .filter(move |info| info.group == group && info.version == version)
        .map(|info| info.kind)
}
