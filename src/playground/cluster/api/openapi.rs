//! As much OpenAPI as kubectl needs: which kinds there are, and that the server checks fields and knows dry runs by itself. Schemas are
//! left open.

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Body, discovery, respond};
use crate::playground::cluster::kinds::{KINDS, Kind};

/// `/openapi/v2`.
pub(super) fn v2() -> Response<Body> {
    let mut paths = Map::new();
    let mut definitions = Map::new();
    for info in &KINDS {
        paths.insert(path(info.kind), operations(info.kind, "2"));
        definitions.insert(
            format!("io.k8s.api.{}.{}", info.version, info.name),
            open_schema(info.kind),
        );
    }
    let document = json!({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.36.2"}, "paths": paths,
        "definitions": definitions});
    respond::json(StatusCode::OK, &document)
}

/// `/openapi/v3`.
pub(super) fn index(without: &[String]) -> Response<Body> {
    let mut paths = Map::new();
    paths.insert(
        "api/v1".to_owned(),
        json!({"serverRelativeURL": "/openapi/v3/api/v1?hash=1"}),
    );
    for (group, version) in discovery::group_versions(without) {
        let path = format!("apis/{group}/{version}");
        paths.insert(
            path.clone(),
            json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash=1")}),
        );
    }
    respond::json(StatusCode::OK, &json!({"paths": paths}))
}

/// `/openapi/v3/…` of one group and version.
pub(super) fn v3(group: &str, version: &str) -> Response<Body> {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for kind in discovery::kinds(group, version) {
        paths.insert(path(kind), operations(kind, "3"));
        schemas.insert(
            format!("io.k8s.api.{version}.{}", kind.info().name),
            open_schema(kind),
        );
    }
    let document = json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"}, "paths": paths,
        "components": {"schemas": schemas}});
    respond::json(StatusCode::OK, &document)
}

fn path(kind: Kind) -> String {
    let info = kind.info();
    let root = if info.group.is_empty() {
        "/api".to_owned()
    } else {
        format!("/apis/{}", info.group)
    };
    let namespace = if info.is_namespaced() {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    format!("{root}/{}{namespace}/{}/{{name}}", info.version, info.plural)
}

fn group_version_kind(kind: Kind) -> Value {
    let info = kind.info();
    json!({"group": info.group, "version": info.version, "kind": info.name})
}

fn operations(kind: Kind, version: &str) -> Value {
    let parameter = |name: &str| {
        let mut parameter = json!({"name": name, "in": "query", "uniqueItems": true});
        if version == "2" {
            parameter["type"] = json!("string");
        } else {
            parameter["schema"] = json!({"type": "string", "uniqueItems": true});
        }
        parameter
    };
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"]
        .map(parameter)
        .to_vec();
    json!({"patch": {"x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": group_version_kind(kind),
        "parameters": parameters, "responses": {"200": {"description": "OK"}}}})
}

fn open_schema(kind: Kind) -> Value {
    json!({"type": "object", "description": kind.info().name, "x-kubernetes-group-version-kind": [group_version_kind(kind)]})
}
