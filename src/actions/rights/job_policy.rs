//! The admission policies for Jobs. RBAC can't say more than "may create Jobs", and whoever may create any Job may run
//! anything in the namespace. The first policy lets Interlock create Jobs of named CronJobs alone; one more for each of
//! them compares the pods of the Job with those that the CronJob would make.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argument::quoted;
use super::needs::Needs;
use super::roles::{Accounts, labels};

const NAME: &str = "interlock-jobs";

pub(super) fn objects(needs: &Needs, accounts: &Accounts) -> Vec<Value> {
    if needs.jobs.is_empty() {
        return Vec::new();
    }
    let mut all = vec![
        policy(NAME, accounts, listed(needs, accounts), "a Job of no runbook"),
        binding(NAME),
    ];
    let of_cronjobs: BTreeSet<(&str, &str)> = needs
        .jobs
        .iter()
        .filter_map(|need| Some((need.namespace.as_str(), need.cronjob.as_deref()?)))
        .collect();
    for (namespace, cronjob) in of_cronjobs {
        let name = format!("{NAME}-{namespace}-{cronjob}");
        let is_its = format!(
            "request.namespace == {} && {}",
            quoted(namespace),
            owned_by(&quoted(cronjob))
        );
        let same = "object.spec.template.spec == params.spec.jobTemplate.spec.template.spec";
        let expression = format!("!({is_its}) ||\n{same}");
        let mut policy = policy(
            &name,
            accounts,
            expression,
            "a Job with other pods than its CronJob has",
        );
        policy["spec"]["paramKind"] = json!({"apiVersion": "batch/v1", "kind": "CronJob"});
        let mut binding = binding(&name);
        binding["spec"]["paramRef"] =
            json!({"name": cronjob, "namespace": namespace, "parameterNotFoundAction": "Deny"});
        binding["spec"]["matchResources"] =
            json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}});
        all.extend([policy, binding]);
    }
    all
}

fn listed(needs: &Needs, accounts: &Accounts) -> String {
    let mut places: BTreeMap<(_, &str), Option<BTreeSet<&str>>> = BTreeMap::new();
    for need in &needs.jobs {
        let names = places
            .entry((need.tier, need.namespace.as_str()))
            .or_insert_with(|| Some(BTreeSet::new()));
        match (&need.cronjob, names.as_mut()) {
            (Some(cronjob), Some(names)) => drop(names.insert(cronjob)),
            // A parameter chooses it: any CronJob there is.
            (None, _) => *names = None,
            (Some(_), None) => {}
        }
    }
    let alternatives: Vec<String> = places
        .iter()
        .map(|((tier, namespace), names)| {
            let owner = match names {
                None => "owner.kind == 'CronJob'".to_owned(),
                Some(names) => {
                    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                    format!("owner.kind == 'CronJob' && owner.name in [{}]", names.join(", "))
                }
            };
            format!(
                "(request.userInfo.username == {} && request.namespace == {} && object.metadata.ownerReferences.exists(owner, {owner}))",
                quoted(&accounts.user(*tier)),
                quoted(namespace),
            )
        })
        .collect();
    format!(
        "has(object.metadata.ownerReferences) && size(object.metadata.ownerReferences) == 1 && (\n{}\n)",
        alternatives.join(" ||\n")
    )
}

fn owned_by(cronjob: &str) -> String {
    format!(
        "has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, owner.kind == 'CronJob' && owner.name == {cronjob})"
    )
}

fn policy(name: &str, accounts: &Accounts, expression: String, what: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name, "labels": labels()},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{
                "apiGroups": ["batch"],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["jobs"],
            }]},
            "matchConditions": [{
                "name": "by-interlock",
                "expression": format!("request.userInfo.username in {}", accounts.users()),
            }],
            "validations": [{"expression": expression, "message": format!("this is {what}"), "reason": "Forbidden"}],
        },
    })
}

fn binding(name: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name, "labels": labels()},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    })
}
