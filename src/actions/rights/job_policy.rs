//! The admission policies for Jobs. RBAC can't say more than "may create Jobs", and whoever may create any Job may run
//! anything in the namespace. The first policy lets Interlock create Jobs of named CronJobs alone; one more for each of
//! them compares the pods of the Job with those that the CronJob would make.
//!
//! The template of a CronJob is stored as it was written, a Job with its defaults: what a Job has beyond its template is one of
//! them, or what the server adds (`batch/v1` of 1.30 to 1.36).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argument::quoted;
use super::needs::Needs;
use super::policy::{self, Requests, only, same_but};
use super::roles::Accounts;
use crate::actions::kubernetes::attempt::ATTEMPT;
use crate::actions::kubernetes::create_job::{CRONJOB, INSTANTIATE};

const NAME: &str = "interlock-jobs";
const REQUESTS: Requests<'_> = Requests {
    group: "batch",
    operations: &["CREATE", "UPDATE"],
    resources: &["jobs"],
};

pub(super) fn objects(needs: &Needs, accounts: &Accounts) -> Vec<Value> {
    if needs.jobs.is_empty() {
        return Vec::new();
    }
    let listed = only(&listed(needs, accounts), "this is a Job of no runbook");
    let mut all = vec![
        policy::policy(NAME, REQUESTS, &accounts.users(), &[listed]),
        policy::binding(NAME),
    ];
    let of_cronjobs: BTreeSet<(&str, &str)> = needs
        .jobs
        .iter()
        .map(|need| (need.namespace.as_str(), need.cronjob.as_str()))
        .collect();
    for (namespace, cronjob) in of_cronjobs {
        all.extend(of_cronjob(namespace, cronjob, accounts));
    }
    all
}

/// The binding asks for the CronJob before anything else, and refuses where it is gone: so it is about Jobs with our label
/// alone, and the Jobs of everybody else are none of its business.
fn of_cronjob(namespace: &str, cronjob: &str, accounts: &Accounts) -> [Value; 2] {
    let name = policy::named(NAME, &[namespace, cronjob]);
    let is_its = format!(
        "request.namespace == {} && object.metadata.labels[{}] == {}",
        quoted(namespace),
        quoted(CRONJOB),
        quoted(cronjob)
    );
    let validations: Vec<Value> = same()
        .into_iter()
        .map(|(same, message)| only(&format!("!({is_its}) ||\n({same})"), message))
        .collect();
    // Where the CronJob is gone whoever is asked about is refused, whoever asks: what is made is asked about, and nobody is
    // kept from finishing with what is there. Interlock's accounts may only make Jobs.
    let made = Requests {
        operations: &["CREATE"],
        ..REQUESTS
    };
    let mut policy = policy::policy(&name, made, &accounts.users(), &validations);
    policy["spec"]["variables"] = variables();
    policy["spec"]["paramKind"] = json!({"apiVersion": "batch/v1", "kind": "CronJob"});
    let mut binding = policy::binding(&name);
    binding["spec"]["paramRef"] =
        json!({"name": cronjob, "namespace": namespace, "parameterNotFoundAction": "Deny"});
    binding["spec"]["matchResources"] = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "objectSelector": {"matchLabels": {CRONJOB: cronjob}},
    });
    [policy, binding]
}

const TEMPLATE: &str = "params.spec.jobTemplate";

/// The Job and what its CronJob would make, as maps whose missing parts are empty.
fn variables() -> Value {
    let mut all = Vec::new();
    for (prefix, whole) in [("new", "object"), ("cron", TEMPLATE)] {
        let pod = format!("{whole}.spec.template");
        let of = |part: &str, path: &str, at: &str| {
            // Whatever stands above it may be missing, too.
            let expression = format!("has({path}) && has({path}.{at}) ? dyn({path}.{at}) : dyn({{}})");
            json!({"name": format!("{prefix}{part}"), "expression": expression})
        };
        all.extend([
            json!({"name": format!("{prefix}Spec"), "expression": format!("dyn({whole}.spec)")}),
            json!({"name": format!("{prefix}Pod"), "expression": format!("dyn({pod})")}),
            of("Labels", &format!("{whole}.metadata"), "labels"),
            of("Notes", &format!("{whole}.metadata"), "annotations"),
            of("PodLabels", &format!("{pod}.metadata"), "labels"),
            of("PodNotes", &format!("{pod}.metadata"), "annotations"),
        ]);
    }
    Value::Array(all)
}

/// What is the same in a Job of Interlock and in one that the CronJob makes, with what is said when it is not.
fn same() -> [(String, &'static str); 3] {
    let same = |what: &str, but: &[&str]| {
        same_but(
            &format!("variables.new{what}"),
            &format!("variables.cron{what}"),
            but,
        )
    };
    let defaults = [
        ("parallelism", "1"),
        ("completions", "1"),
        ("backoffLimit", "6"),
        ("suspend", "false"),
        ("manualSelector", "false"),
        ("completionMode", "'NonIndexed'"),
        ("podReplacementPolicy", "'TerminatingOrFailed'"),
    ]
    .map(|(key, value)| format!("(key == '{key}' && variables.newSpec[key] == {value})"));
    // Beside these the API server fills in something else (`SetDefaults_Job` of Kubernetes).
    let beside = [
        ("podReplacementPolicy", "podFailurePolicy", "'Failed'"),
        ("backoffLimit", "backoffLimitPerIndex", "2147483647"),
    ]
    .map(|(key, other, value)| {
        format!("(key == '{key}' && '{other}' in variables.newSpec && variables.newSpec[key] == {value})")
    });
    let filled_in = defaults.into_iter().chain(beside).collect::<Vec<_>>();
    let spec = format!(
        "variables.newSpec.all(key, key in ['template', 'selector'] || (key in variables.cronSpec ? \
         variables.newSpec[key] == variables.cronSpec[key] : ({}))) && \
         variables.cronSpec.all(key, key in variables.newSpec)",
        filled_in.join(" || ")
    );
    let counted = [
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
    ];
    let pods = [
        same("Pod", &["metadata"]),
        same("PodLabels", &counted),
        same("PodNotes", &[]),
    ];
    let metadata = [
        "object.metadata.ownerReferences[0].uid == params.metadata.uid".to_owned(),
        "!has(object.metadata.finalizers)".to_owned(),
        same("Labels", &[CRONJOB]),
        same("Notes", &[ATTEMPT, INSTANTIATE]),
    ];
    [
        (
            pods.join(" && "),
            "this is a Job with other pods than its CronJob has",
        ),
        (spec, "this is a Job that runs otherwise than its CronJob"),
        (
            metadata.join(" && "),
            "this is a Job with other labels or owners than its CronJob has",
        ),
    ]
}

fn listed(needs: &Needs, accounts: &Accounts) -> String {
    let mut places: BTreeMap<(_, &str), BTreeSet<&str>> = BTreeMap::new();
    for need in &needs.jobs {
        let names = places.entry((need.tier, need.namespace.as_str())).or_default();
        names.insert(&need.cronjob);
    }
    let alternatives: Vec<String> = places
        .iter()
        .map(|((tier, namespace), names)| {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            format!(
                "(request.userInfo.username == {} && request.namespace == {} && \
                 object.metadata.ownerReferences[0].name in [{}])",
                quoted(&accounts.user(*tier)),
                quoted(namespace),
                names.join(", ")
            )
        })
        .collect();
    // The label is what the policy of the CronJob goes by.
    format!(
        "has(object.metadata.ownerReferences) && size(object.metadata.ownerReferences) == 1 && \
         object.metadata.ownerReferences[0].kind == 'CronJob' && has(object.metadata.labels) && {label} in object.metadata.labels && \
         object.metadata.labels[{label}] == object.metadata.ownerReferences[0].name && (\n{}\n)",
        alternatives.join(" ||\n"),
        label = quoted(CRONJOB),
    )
}
