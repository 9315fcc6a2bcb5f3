//! The admission policy for exec: the API server itself refuses every command that stands in no runbook, whatever
//! happens to Interlock. Seen working in this shape on 1.36: the policy sees an exec as CONNECT on `pods/exec`, and
//! `object` is the PodExecOptions. Servers before 1.30 have no such policies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argument::{Argument, quoted};
use super::needs::Needs;
use super::roles::{Accounts, labels};
use crate::domain::action::{Kind, Tier};

const NAME: &str = "interlock-exec";
/// Pods of a workload are named after it; the server cuts a generated name's beginning to this length.
const GENERATED: usize = 58;

/// The policy and its binding; nothing when no runbook runs a command in a pod, since no account may exec then.
pub(super) fn objects(needs: &Needs, accounts: &Accounts) -> Vec<Value> {
    if needs.execs.is_empty() {
        return Vec::new();
    }
    vec![
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": NAME, "labels": labels()},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CONNECT"],
                    "resources": ["pods/exec"],
                }]},
                "matchConditions": [{
                    "name": "by-interlock",
                    "expression": format!("request.userInfo.username in {}", accounts.users()),
                }],
                "validations": [
                    {
                        "expression": "!(has(object.stdin) && object.stdin) && !(has(object.tty) && object.tty)",
                        "message": "interlock gives a command neither input nor a terminal",
                        "reason": "Forbidden",
                    },
                    {
                        "expression": commands(needs, accounts),
                        "messageExpression": "'exec of ' + string(size(object.command)) + ' words is in no runbook'",
                        "reason": "Forbidden",
                    },
                ],
            },
        }),
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": NAME, "labels": labels()},
            "spec": {"policyName": NAME, "validationActions": ["Deny"]},
        }),
    ]
}

/// Where commands run: whose, in which namespace, in which pods, in which container.
type Place<'a> = (Tier, &'a str, Kind, Option<&'a str>, Option<&'a str>);

/// One alternative a place, and within it the commands.
fn commands(needs: &Needs, accounts: &Accounts) -> String {
    let mut places: BTreeMap<Place<'_>, BTreeSet<&[Argument]>> = BTreeMap::new();
    for need in &needs.execs {
        let place = (
            need.tier,
            need.namespace.as_str(),
            need.kind,
            need.name.as_deref(),
            need.container.as_deref(),
        );
        places.entry(place).or_default().insert(&need.argv);
    }
    let alternatives = places
        .iter()
        .map(|((tier, namespace, kind, name, container), argvs)| {
            let mut parts = vec![
                format!("request.userInfo.username == {}", quoted(&accounts.user(*tier))),
                format!("request.namespace == {}", quoted(namespace)),
            ];
            parts.extend(name.map(|name| pod(*kind, name)));
            parts.extend(container.map(|name| format!("object.container == {}", quoted(name))));
            parts.push(one_of(argvs));
            format!("({})", parts.join(" && "))
        });
    let alternatives: Vec<String> = alternatives.collect();
    format!("has(object.command) && (\n{}\n)", alternatives.join(" ||\n"))
}

fn one_of(argvs: &BTreeSet<&[Argument]>) -> String {
    let mut fixed = Vec::new();
    let mut open = Vec::new();
    for argv in argvs {
        match texts(argv) {
            Some(texts) => fixed.push(format!("[{}]", texts.join(", "))),
            None => open.push(shape(argv)),
        }
    }
    let mut all = Vec::new();
    if !fixed.is_empty() {
        all.push(format!("object.command in [{}]", fixed.join(", ")));
    }
    all.extend(open);
    match all.as_slice() {
        [only] => only.clone(),
        _ => format!("({})", all.join(" || ")),
    }
}

/// The argv as literals, where no parameter stands in it.
fn texts(argv: &[Argument]) -> Option<Vec<String>> {
    let text = |argument: &Argument| match argument {
        Argument::Text(text) => Some(quoted(text)),
        Argument::OneOf(_) | Argument::Integer { .. } | Argument::Name | Argument::Matching { .. } => None,
    };
    argv.iter().map(text).collect()
}

fn shape(argv: &[Argument]) -> String {
    let mut parts = vec![format!("size(object.command) == {}", argv.len())];
    let words = argv.iter().enumerate();
    parts.extend(words.map(|(at, argument)| argument.condition(&format!("object.command[{at}]"))));
    format!("({})", parts.join(" && "))
}

/// The pods of a workload, by the names that its controller gives them.
fn pod(kind: Kind, name: &str) -> String {
    let begins = || {
        let begin: String = format!("{name}-").chars().take(GENERATED).collect();
        format!("request.name.startsWith({})", quoted(&begin))
    };
    match kind {
        Kind::Pod => format!("request.name == {}", quoted(name)),
        Kind::StatefulSet => {
            let number = format!("^{}-[0-9]+$", regex::escape(name));
            format!("request.name.matches({})", quoted(&number))
        }
        Kind::Deployment
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => begins(),
    }
}
