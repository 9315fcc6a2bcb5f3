//! The admission policies for exec: the API server itself refuses every command that stands in no runbook, whatever
//! happens to Interlock. Seen working in this shape on 1.36: the policy sees an exec as CONNECT on `pods/exec`, and
//! `object` is the PodExecOptions.
//!
//! A container is always named: Interlock names the one that it looked at, and what the server would choose for no name is
//! not known here. Where the runbook names none it is the default of the workload's template, which one more policy for each
//! such workload compares; of a pod that stands for itself it is not known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argument::{Argument, quoted};
use super::needs::{Container, ExecNeed, Needs};
use super::pods::pods_of;
use super::policy::{self, Requests, only};
use super::roles::Accounts;
use crate::actions::kubernetes::kinds;
use crate::actions::kubernetes::resolve::DEFAULT_CONTAINER;
use crate::domain::action::{Kind, Tier};

const NAME: &str = "interlock-exec";
const REQUESTS: Requests<'_> = Requests {
    group: "",
    operations: &["CONNECT"],
    resources: &["pods/exec"],
};

/// The policies and their bindings; nothing when no runbook runs a command in a pod, since no account may exec then.
pub(super) fn objects(needs: &Needs, accounts: &Accounts) -> Vec<Value> {
    if needs.execs.is_empty() {
        return Vec::new();
    }
    let (variables, any) = policy::any("commands", &alternatives(needs.execs.iter(), accounts));
    let commands = format!("has(object.command) && has(object.container) && (\n{any}\n)");
    let mut listed = only(&commands, "this command is in no runbook");
    listed["messageExpression"] =
        json!("'exec of ' + string(size(object.command)) + ' words is in no runbook'");
    let quiet = only(
        "!(has(object.stdin) && object.stdin) && !(has(object.tty) && object.tty)",
        "interlock gives a command neither input nor a terminal",
    );
    let mut whole = policy::policy(NAME, REQUESTS, &accounts.users(), &[quiet, listed]);
    policy::with(&mut whole, variables);
    let mut all = vec![whole, policy::binding(NAME)];
    let of_defaults: BTreeSet<(&str, Kind, &str)> = needs
        .execs
        .iter()
        .filter(|need| need.container == Container::Default)
        .filter(|need| matches!(need.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet))
        .filter_map(|need| Some((need.namespace.as_str(), need.kind, need.name.as_deref()?)))
        .collect();
    for workload in of_defaults {
        all.extend(of_workload(workload, needs, accounts));
    }
    all
}

/// Compares the container with the template's default. Nothing is refused where the workload is gone: a binding that refuses
/// then does so for everybody, and who and what the first policy knows without it.
fn of_workload(
    (namespace, kind, name): (&str, Kind, &str),
    needs: &Needs,
    accounts: &Accounts,
) -> [Value; 2] {
    let policy_name = policy::named(NAME, &[namespace, kinds::plural(kind), name]);
    let in_it = format!(
        "request.namespace == {} && {}",
        quoted(namespace),
        pods_of(kind, name)
    );
    let template = "params.spec.template";
    let default = quoted(DEFAULT_CONTAINER);
    let called = format!("{template}.metadata.annotations");
    let is_default = format!(
        "object.container == (has({template}.metadata) && has({called}) && {default} in {called} && \
         {template}.spec.containers.exists(one, one.name == {called}[{default}]) ? \
         {called}[{default}] : {template}.spec.containers[0].name)"
    );
    // The same pods may be named in a runbook otherwise, one by one or by a parameter, with a container of their own.
    let others = needs
        .execs
        .iter()
        .filter(|need| need.container != Container::Default && need.namespace == namespace);
    let (variables, otherwise) = policy::any("others", &alternatives(others, accounts));
    let otherwise = match otherwise.is_empty() {
        true => otherwise,
        false => format!("{otherwise} ||\n"),
    };
    let validation = only(
        &format!("!({in_it}) ||\n{otherwise}{is_default}"),
        "this command is for the default container",
    );
    let mut policy = policy::policy(&policy_name, REQUESTS, &accounts.users(), &[validation]);
    policy::with(&mut policy, variables);
    policy["spec"]["paramKind"] = json!({"apiVersion": "apps/v1", "kind": kinds::kind_name(kind)});
    let mut binding = policy::binding(&policy_name);
    binding["spec"]["paramRef"] =
        json!({"name": name, "namespace": namespace, "parameterNotFoundAction": "Allow"});
    binding["spec"]["matchResources"] =
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}});
    [policy, binding]
}

/// Where commands run: whose, in which namespace, in which pods, in which container.
type Place<'a> = (Tier, &'a str, Kind, Option<&'a str>, Option<&'a str>);

/// Characters of commands in one alternative, about: so that many of them can be told in parts.
const TOGETHER: usize = 20_000;

/// One alternative a place, and within it the commands; several where they are many.
fn alternatives<'a>(execs: impl Iterator<Item = &'a ExecNeed>, accounts: &Accounts) -> Vec<String> {
    let mut places: BTreeMap<Place<'_>, BTreeSet<&[Argument]>> = BTreeMap::new();
    for need in execs {
        let container = match &need.container {
            Container::Named(name) => Some(name.as_str()),
            Container::Default | Container::Any => None,
        };
        let place = (
            need.tier,
            need.namespace.as_str(),
            need.kind,
            need.name.as_deref(),
            container,
        );
        places.entry(place).or_default().insert(&need.argv);
    }
    let each = places
        .iter()
        .flat_map(|((tier, namespace, kind, name, container), argvs)| {
            let mut parts = vec![
                format!("request.userInfo.username == {}", quoted(&accounts.user(*tier))),
                format!("request.namespace == {}", quoted(namespace)),
            ];
            parts.extend(name.map(|name| pods_of(*kind, name)));
            parts.extend(container.map(|name| format!("object.container == {}", quoted(name))));
            let place = parts.join(" && ");
            let groups = together(argvs);
            let group = move |argvs: &BTreeSet<&[Argument]>| format!("({place} && {})", one_of(argvs));
            groups.iter().map(group).collect::<Vec<String>>()
        });
    each.collect()
}

fn together<'a>(argvs: &BTreeSet<&'a [Argument]>) -> Vec<BTreeSet<&'a [Argument]>> {
    let mut groups: Vec<BTreeSet<&[Argument]>> = Vec::new();
    let mut length = usize::MAX;
    for argv in argvs {
        let more = shape(argv).len();
        length = length.saturating_add(more);
        match groups.last_mut() {
            Some(group) if length <= TOGETHER => drop(group.insert(argv)),
            _ => {
                groups.push(BTreeSet::from([*argv]));
                length = more;
            }
        }
    }
    groups
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
