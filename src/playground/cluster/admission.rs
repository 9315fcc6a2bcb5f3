//! What the API server does to an object before it stores it: drops nulls, fills in defaults, and refuses what makes no sense.
//! Only defaults that clients or controllers look at are filled in.

use serde_json::{Value, json};

use super::controller::pods::with_pod_defaults;
use super::json;
use super::kinds::Kind;
use super::selector::LabelSelector;
use super::status::ApiError;

/// Takes away every null, as decoding into types does.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, field| !field.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Defaults and checks for a new or changed object.
pub(super) fn admit(kind: Kind, object: &mut Value) -> Result<(), ApiError> {
    drop_nulls(object);
    let name = json::text(object, "/metadata/name").to_owned();
    if name.is_empty() {
        let problem = "Required value: name or generateName is required";
        return Err(ApiError::invalid(kind, "", "metadata.name", problem));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !name.chars().all(allowed)
        || name.len() > 253
        || name.starts_with(['-', '.'])
        || name.ends_with(['-', '.'])
    {
        let problem = format!(
            "Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
             and must start and end with an alphanumeric character"
        );
        return Err(ApiError::invalid(kind, &name, "metadata.name", &problem));
    }
    match kind {
        Kind::Pod => admit_pod(object, &name),
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => {
            admit_workload(kind, object, &name)
        }
        Kind::Job => admit_job(object),
        Kind::Role | Kind::ClusterRole => admit_role(kind, object, &name),
        Kind::RoleBinding | Kind::ClusterRoleBinding => admit_binding(kind, object, &name),
        Kind::ValidatingAdmissionPolicy => admit_policy(object, &name),
        Kind::ValidatingAdmissionPolicyBinding => admit_policy_binding(object, &name),
        _ => Ok(()),
    }
}

fn default(object: &mut Value, path: &[&str], value: Value) {
    let pointer = format!("/{}", path.join("/"));
    if object.pointer(&pointer).is_none() {
        json::set(object, path, value);
    }
}

fn default_template(object: &mut Value) {
    if let Some(template) = object.pointer_mut("/spec/template") {
        *template = with_pod_defaults(template.take());
    }
}

fn admit_pod(pod: &mut Value, name: &str) -> Result<(), ApiError> {
    if json::list(pod, "/spec/containers").is_empty() {
        return Err(ApiError::invalid(
            Kind::Pod,
            name,
            "spec.containers",
            "Required value",
        ));
    }
    *pod = with_pod_defaults(pod.take());
    default(pod, &["status", "phase"], json!("Pending"));
    Ok(())
}

fn workload_defaults(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Deployment => {
            default(object, &["spec", "strategy", "type"], json!("RollingUpdate"));
            if json::text(object, "/spec/strategy/type") == "RollingUpdate" {
                default(
                    object,
                    &["spec", "strategy", "rollingUpdate", "maxSurge"],
                    json!("25%"),
                );
                default(
                    object,
                    &["spec", "strategy", "rollingUpdate", "maxUnavailable"],
                    json!("25%"),
                );
            }
            default(object, &["spec", "revisionHistoryLimit"], json!(10));
            default(object, &["spec", "progressDeadlineSeconds"], json!(600));
        }
        Kind::StatefulSet => {
            default(object, &["spec", "podManagementPolicy"], json!("OrderedReady"));
            default(
                object,
                &["spec", "updateStrategy", "type"],
                json!("RollingUpdate"),
            );
            default(object, &["spec", "revisionHistoryLimit"], json!(10));
        }
        Kind::DaemonSet => {
            default(
                object,
                &["spec", "updateStrategy", "type"],
                json!("RollingUpdate"),
            );
            default(object, &["spec", "revisionHistoryLimit"], json!(10));
        }
        _ => {}
    }
}

fn admit_workload(kind: Kind, object: &mut Value, name: &str) -> Result<(), ApiError> {
    if json::list(object, "/spec/template/spec/containers").is_empty() {
        return Err(ApiError::invalid(
            kind,
            name,
            "spec.template.spec.containers",
            "Required value",
        ));
    }
    default_template(object);
    if kind != Kind::DaemonSet {
        default(object, &["spec", "replicas"], json!(1));
        let replicas = json::int(object, "/spec/replicas").unwrap_or(-1);
        if replicas < 0 {
            let problem = format!("Invalid value: {replicas}: must be greater than or equal to 0");
            return Err(ApiError::invalid(kind, name, "spec.replicas", &problem));
        }
    }
    workload_defaults(kind, object);
    let selector = LabelSelector::from_object(object.pointer("/spec/selector").unwrap_or(&Value::Null));
    let template = object.pointer("/spec/template").unwrap_or(&Value::Null);
    if !selector.matches(template) {
        let labels = template.pointer("/metadata/labels").unwrap_or(&Value::Null);
        let problem = format!("Invalid value: {labels}: `selector` does not match template `labels`");
        return Err(ApiError::invalid(
            kind,
            name,
            "spec.template.metadata.labels",
            &problem,
        ));
    }
    Ok(())
}

fn admit_job(job: &mut Value) -> Result<(), ApiError> {
    let name = json::text(job, "/metadata/name").to_owned();
    if json::list(job, "/spec/template/spec/containers").is_empty() {
        return Err(ApiError::invalid(
            Kind::Job,
            &name,
            "spec.template.spec.containers",
            "Required value",
        ));
    }
    default_template(job);
    if json::text(job, "/spec/template/spec/restartPolicy") == "Always" {
        let problem = "Unsupported value: \"Always\": supported values: \"OnFailure\", \"Never\"";
        return Err(ApiError::invalid(
            Kind::Job,
            &name,
            "spec.template.spec.restartPolicy",
            problem,
        ));
    }
    for (field, value) in [
        ("completions", json!(1)),
        ("parallelism", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
    ] {
        default(job, &["spec", field], value);
    }
    Ok(())
}

fn admit_role(kind: Kind, role: &Value, name: &str) -> Result<(), ApiError> {
    for (index, rule) in json::list(role, "/rules").iter().enumerate() {
        let lacking = |field: &str| json::list(rule, &format!("/{field}")).is_empty();
        let needed = ["verbs", "apiGroups", "resources"];
        if let Some(field) = needed.into_iter().find(|field| lacking(field)) {
            let field = format!("rules[{index}].{field}");
            return Err(ApiError::invalid(kind, name, &field, "Required value"));
        }
    }
    Ok(())
}

fn admit_binding(kind: Kind, binding: &Value, name: &str) -> Result<(), ApiError> {
    let role = json::text(binding, "/roleRef/kind");
    let fits = match kind {
        Kind::RoleBinding => matches!(role, "Role" | "ClusterRole"),
        _ => role == "ClusterRole",
    };
    if !fits {
        let problem = format!("Unsupported value: \"{role}\"");
        return Err(ApiError::invalid(kind, name, "roleRef.kind", &problem));
    }
    if json::text(binding, "/roleRef/name").is_empty() {
        return Err(ApiError::invalid(kind, name, "roleRef.name", "Required value"));
    }
    for (index, subject) in json::list(binding, "/subjects").iter().enumerate() {
        let lacks_home = kind == Kind::ClusterRoleBinding
            && json::text(subject, "/kind") == "ServiceAccount"
            && json::text(subject, "/namespace").is_empty();
        if lacks_home {
            let field = format!("subjects[{index}].namespace");
            return Err(ApiError::invalid(kind, name, &field, "Required value"));
        }
    }
    Ok(())
}

/// It is kept and shown; what it says is not evaluated.
fn admit_policy(policy: &mut Value, name: &str) -> Result<(), ApiError> {
    let lists = ["/spec/matchConstraints/resourceRules", "/spec/validations"];
    if let Some(lacking) = lists.iter().find(|list| json::list(policy, list).is_empty()) {
        let field = lacking.trim_start_matches('/').replace('/', ".");
        let kind = Kind::ValidatingAdmissionPolicy;
        return Err(ApiError::invalid(kind, name, &field, "Required value"));
    }
    default(policy, &["spec", "failurePolicy"], json!("Fail"));
    match_defaults(policy, "matchConstraints");
    Ok(())
}

fn admit_policy_binding(binding: &mut Value, name: &str) -> Result<(), ApiError> {
    let kind = Kind::ValidatingAdmissionPolicyBinding;
    if json::text(binding, "/spec/policyName").is_empty() {
        return Err(ApiError::invalid(kind, name, "spec.policyName", "Required value"));
    }
    if json::list(binding, "/spec/validationActions").is_empty() {
        return Err(ApiError::invalid(
            kind,
            name,
            "spec.validationActions",
            "Required value: at least one validation action is required",
        ));
    }
    match_defaults(binding, "matchResources");
    Ok(())
}

/// `SetDefaults_MatchResources` and `SetDefaults_Rule` of Kubernetes.
fn match_defaults(object: &mut Value, field: &str) {
    if object.pointer(&format!("/spec/{field}")).is_none() {
        return;
    }
    default(object, &["spec", field, "matchPolicy"], json!("Equivalent"));
    default(object, &["spec", field, "namespaceSelector"], json!({}));
    default(object, &["spec", field, "objectSelector"], json!({}));
    let rules = object.pointer_mut(&format!("/spec/{field}/resourceRules"));
    for rule in rules.and_then(Value::as_array_mut).into_iter().flatten() {
        default(rule, &["scope"], json!("*"));
    }
}

/// What may not change once an object is there.
pub(super) fn check_immutable(kind: Kind, old: &Value, new: &Value) -> Result<(), ApiError> {
    let fields: &[(&str, &str)] = match kind {
        Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet => &[("/spec/selector", "spec.selector")],
        Kind::Job => &[
            ("/spec/template", "spec.template"),
            ("/spec/selector", "spec.selector"),
        ],
        Kind::StatefulSet => &[
            ("/spec/selector", "spec.selector"),
            ("/spec/serviceName", "spec.serviceName"),
        ],
        Kind::RoleBinding | Kind::ClusterRoleBinding => &[("/roleRef", "roleRef")],
        _ => &[],
    };
    for (pointer, field) in fields {
        if old.pointer(pointer) != new.pointer(pointer) {
            let value = new.pointer(pointer).unwrap_or(&Value::Null);
            let problem = format!("Invalid value: {value}: field is immutable");
            return Err(ApiError::invalid(
                kind,
                json::text(new, "/metadata/name"),
                field,
                &problem,
            ));
        }
    }
    Ok(())
}
