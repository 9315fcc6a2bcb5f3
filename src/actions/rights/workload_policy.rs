//! The admission policies for changes of workloads. RBAC knows only the right to patch the whole object, which would be any
//! image and any command. The first policy lets a restart move the stamp of the pod template and nothing else, and an undo the
//! pod template; the second lets a scale set the numbers that stand in a runbook.
//!
//! An undo takes its template out of an earlier revision, which no policy can look up: the server gives it the object and no
//! list of others. So where a runbook undoes a workload, its template may become any.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argument::quoted;
use super::needs::{ChangeNeed, How, Needs};
use super::policy::{self, Requests, map_at, only, same_but};
use super::roles::Accounts;
use crate::actions::kubernetes::attempt::ATTEMPT;
use crate::actions::kubernetes::kinds;
use crate::actions::kubernetes::restart::STAMP;
use crate::domain::action::{Kind, Tier};

const CHANGES: &str = "interlock-workloads";
const SCALES: &str = "interlock-scale";
/// The API server itself counts here how often the template of a DaemonSet was changed.
const COUNTED: &str = "deprecated.daemonset.template.generation";

pub(super) fn objects(needs: &Needs, accounts: &Accounts) -> Vec<Value> {
    let of = |wanted: fn(&How) -> bool| -> Vec<&ChangeNeed> {
        needs.changes.iter().filter(|need| wanted(&need.how)).collect()
    };
    let (restarts, undos) = (
        of(|how| matches!(how, How::Restart)),
        of(|how| matches!(how, How::Undo)),
    );
    let scales = of(|how| matches!(how, How::Scale { .. }));
    let mut all = Vec::new();
    if !restarts.is_empty() || !undos.is_empty() {
        let requests = Requests {
            group: "apps",
            operations: &["UPDATE"],
            resources: &["deployments", "statefulsets", "daemonsets"],
        };
        let validations = changes(&restarts, &undos, accounts);
        let mut policy = policy::policy(CHANGES, requests, &accounts.users(), &validations);
        policy["spec"]["variables"] = variables();
        all.extend([policy, policy::binding(CHANGES)]);
    }
    if !scales.is_empty() {
        let requests = Requests {
            group: "apps",
            operations: &["UPDATE"],
            resources: &["deployments/scale", "statefulsets/scale", "replicasets/scale"],
        };
        let listed = only(
            &any_of(&scales, accounts),
            "this is a number of replicas of no runbook",
        );
        let mut policy = policy::policy(SCALES, requests, &accounts.users(), &[listed]);
        // A 0 is left out of the object.
        policy["spec"]["variables"] = json!([{
            "name": "replicas",
            "expression": "has(object.spec.replicas) ? object.spec.replicas : 0",
        }]);
        all.extend([policy, policy::binding(SCALES)]);
    }
    all
}

/// Old and new, as maps whose missing parts are empty.
fn variables() -> Value {
    let mut all = Vec::new();
    for (prefix, whole) in [("new", "object"), ("old", "oldObject")] {
        let template = format!("{whole}.spec.template");
        all.extend([
            json!({"name": format!("{prefix}Meta"), "expression": format!("dyn({whole}.metadata)")}),
            json!({"name": format!("{prefix}Notes"), "expression": map_at(&format!("{whole}.metadata.annotations"))}),
            json!({"name": format!("{prefix}Spec"), "expression": format!("dyn({whole}.spec)")}),
            json!({"name": format!("{prefix}Pod"), "expression": format!("dyn({template})")}),
            json!({"name": format!("{prefix}PodMeta"), "expression": map_at(&format!("{template}.metadata"))}),
            json!({
                "name": format!("{prefix}PodNotes"),
                "expression": format!(
                    "has({template}.metadata) && has({template}.metadata.annotations) ? \
                     dyn({template}.metadata.annotations) : dyn({{}})"
                ),
            }),
        ]);
    }
    Value::Array(all)
}

fn changes(restarts: &[&ChangeNeed], undos: &[&ChangeNeed], accounts: &Accounts) -> Vec<Value> {
    let same = |what: &str, but: &[&str]| {
        same_but(
            &format!("variables.new{what}"),
            &format!("variables.old{what}"),
            but,
        )
    };
    let restart = [
        any_of(restarts, accounts),
        same("Pod", &["metadata"]),
        same("PodMeta", &["annotations"]),
        same("PodNotes", &[STAMP]),
    ]
    .join(" && ");
    vec![
        only(
            &same("Spec", &["template"]),
            "interlock changes nothing of a workload but its pod template",
        ),
        only(
            // The server counts generations and versions, and keeps who manages which field.
            &same(
                "Meta",
                &["annotations", "generation", "managedFields", "resourceVersion"],
            ),
            "interlock changes no label, owner or name of a workload",
        ),
        only(
            &same("Notes", &[ATTEMPT, COUNTED]),
            "interlock changes no annotation of a workload but its own",
        ),
        only(
            &format!("{} ||\n({restart})", any_of(undos, accounts)),
            "this is a change of a pod template of no runbook: a restart moves its stamp and nothing else",
        ),
    ]
}

/// Whose, in which namespace, of which kind, and how many replicas.
type Place<'a> = (Tier, &'a str, Kind, Option<(u32, u32)>);

/// One alternative a place, with the names there; none allows nothing.
fn any_of(needs: &[&ChangeNeed], accounts: &Accounts) -> String {
    let mut places: BTreeMap<Place<'_>, Option<BTreeSet<&str>>> = BTreeMap::new();
    for need in needs {
        let replicas = match need.how {
            How::Scale { least, most } => Some((least, most)),
            How::Restart | How::Undo => None,
        };
        let names = places
            .entry((need.tier, need.namespace.as_str(), need.kind, replicas))
            .or_insert_with(|| Some(BTreeSet::new()));
        match (&need.name, names.as_mut()) {
            (Some(name), Some(names)) => drop(names.insert(name)),
            // A parameter chooses it: any there is.
            (None, _) => *names = None,
            (Some(_), None) => {}
        }
    }
    let alternatives = places.iter().map(|((tier, namespace, kind, replicas), names)| {
        let mut parts = vec![
            format!("request.userInfo.username == {}", quoted(&accounts.user(*tier))),
            format!("request.namespace == {}", quoted(namespace)),
            format!("request.resource.resource == {}", quoted(kinds::plural(*kind))),
        ];
        parts.extend(names.as_ref().map(|names| {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            format!("request.name in [{}]", names.join(", "))
        }));
        parts.extend(replicas.map(|(least, most)| match least == most {
            true => format!("variables.replicas == {least}"),
            false => format!("variables.replicas >= {least} && variables.replicas <= {most}"),
        }));
        format!("({})", parts.join(" && "))
    });
    let alternatives: Vec<String> = alternatives.collect();
    match alternatives.is_empty() {
        true => "false".to_owned(),
        false => format!("(\n{}\n)", alternatives.join(" ||\n")),
    }
}
