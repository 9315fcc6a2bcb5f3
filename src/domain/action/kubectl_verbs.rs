//! The verbs of kubectl that look, and exec. One function a verb, words in, `Action` out.

use crate::domain::ids::Namespace;

use super::argv::{ArgvError, number};
use super::kubectl::{Command, is_label, kind_of, no_more, object_name};
use super::kubectl_flags::Flag;
use super::types::{Action, Columns, Exec, Get, Kind, Logs, ObjectRef};

/// Log lines when `--tail` is not written, and the most.
pub(crate) const DEFAULT_TAIL: u32 = 200;
pub(crate) const MAX_TAIL: u32 = 5_000;
/// `--since` reaches at most a week back.
const MAX_SINCE_SECONDS: u64 = 7 * 24 * 3_600;

pub(crate) fn get(command: &Command<'_>) -> Result<Action, ArgvError> {
    let first = command.words.first().ok_or_else(|| {
        ArgvError::new(
            command.argv.len(),
            "`kubectl get` names no kind",
            "write `kubectl get KIND [NAME]`",
        )
    })?;
    let (kind_word, slash_name) = match first.1.split_once('/') {
        Some((kind, name)) => (kind, Some((first.0, name.to_owned()))),
        None => (first.1.as_str(), None),
    };
    let kind = kind_of(first.0, kind_word)?;
    let used = if slash_name.is_some() { 1 } else { 2 };
    no_more(&command.words, used)?;
    let name = match slash_name.or_else(|| command.words.get(1).cloned()) {
        Some((at, name)) => Some(object_name(at, &name)?),
        None => None,
    };
    if command.flags.is_set(Flag::Watch) {
        return Err(ArgvError::new(
            command.verb_at,
            "a step can't watch",
            "leave `-w` out: a step must end by itself",
        ));
    }
    let namespace = scope(command, kind, name.is_some())?;
    let (json, columns) = output(command)?;
    let selector = selecting(command, Flag::Selector, name.is_some())?;
    let field_selector = selecting(command, Flag::FieldSelector, name.is_some())?;
    Ok(Action::Get(Get {
        cluster: command.cluster.clone(),
        namespace,
        kind,
        name,
        selector,
        field_selector,
        json,
        columns,
    }))
}

/// Where `get` looks: one written namespace, all of them by `-A`, or the whole cluster.
fn scope(command: &Command<'_>, kind: Kind, has_name: bool) -> Result<Option<Namespace>, ArgvError> {
    if !kind.is_namespaced() {
        return Ok(None);
    }
    let Some(all) = command
        .flags
        .get(Flag::AllNamespaces)
        .filter(|flag| flag.value == "true")
    else {
        return command.namespace().map(Some);
    };
    if has_name {
        return Err(ArgvError::new(
            all.word,
            "a name and `-A` don't go together",
            "write `-n NAMESPACE`",
        ));
    }
    if command.written_namespace().is_some() {
        return Err(ArgvError::new(
            all.word,
            "`-n` and `-A` don't go together",
            "leave one of them",
        ));
    }
    Ok(None)
}

fn output(command: &Command<'_>) -> Result<(bool, Columns), ArgvError> {
    match command
        .flags
        .get(Flag::Output)
        .map(|flag| (flag.word, flag.value.as_str()))
    {
        None => Ok((false, Columns::Table)),
        Some((_, "json")) => Ok((true, Columns::Table)),
        Some((_, "wide")) => Ok((false, Columns::Wide)),
        Some((_, "name")) => Ok((false, Columns::Name)),
        Some((at, other)) => Err(ArgvError::new(
            at,
            format!("the output `{other}` is not understood"),
            "write `-o json`, `-o wide` or `-o name`; for the rest `-o json | jq '…'`",
        )),
    }
}

fn selecting(command: &Command<'_>, flag: Flag, has_name: bool) -> Result<Option<String>, ArgvError> {
    let Some(found) = command.flags.get(flag) else {
        return Ok(None);
    };
    if has_name {
        return Err(ArgvError::new(
            found.word,
            format!("a name and `{}` don't go together", found.written),
            "leave one of them",
        ));
    }
    if found.value.is_empty() || found.value.len() > 1_000 || found.value.chars().any(char::is_control) {
        return Err(ArgvError::new(
            found.word,
            format!("`{}` is not a selector", found.value),
            "write `KEY=VALUE`",
        ));
    }
    Ok(Some(found.value.clone()))
}

pub(crate) fn describe(command: &Command<'_>) -> Result<Action, ArgvError> {
    Ok(Action::Describe {
        target: command.one_object(&command.words)?,
    })
}

/// Pods, and workloads that stand for one of their pods.
const POD_LIKE: &[Kind] = &[
    Kind::Pod,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Job,
];

/// `POD`, `pod/POD` or `deploy/NAME`; a bare word is a pod, as with kubectl.
fn pod_like(command: &Command<'_>, verb: &str) -> Result<ObjectRef, ArgvError> {
    let first = command.words.first().ok_or_else(|| {
        ArgvError::new(
            command.argv.len(),
            format!("`kubectl {verb}` names no pod"),
            format!("write `kubectl {verb} -n NAMESPACE deploy/NAME`"),
        )
    })?;
    let Some((kind, name)) = first.1.split_once('/') else {
        return command.object(Kind::Pod, first);
    };
    let kind = kind_of(first.0, kind)?;
    if !POD_LIKE.contains(&kind) {
        return Err(ArgvError::new(
            first.0,
            format!("a {kind} has no pod of its own"),
            "name a pod, deployment, statefulset, daemonset, replicaset or job",
        ));
    }
    command.object(kind, &(first.0, name.to_owned()))
}

fn container(command: &Command<'_>) -> Result<Option<String>, ArgvError> {
    match command.flags.get(Flag::Container) {
        None => Ok(None),
        Some(found) if is_label(&found.value) => Ok(Some(found.value.clone())),
        Some(found) => Err(ArgvError::new(
            found.word,
            format!("`{}` is not the name of a container", found.value),
            "a container's name has at most 63 lower-case letters, digits and `-`",
        )),
    }
}

pub(crate) fn logs(command: &Command<'_>) -> Result<Action, ArgvError> {
    let target = pod_like(command, "logs")?;
    if let Some((at, word)) = command.words.get(1) {
        return Err(ArgvError::new(
            *at,
            format!("`{word}` is one word too many"),
            "name a container with `-c NAME`",
        ));
    }
    let tail = match command.flags.get(Flag::Tail) {
        Some(found) => number(found.word, "--tail", &found.value, 1, MAX_TAIL)?,
        None => DEFAULT_TAIL,
    };
    let since_seconds = match command.flags.get(Flag::Since) {
        Some(found) => Some(duration(found.word, &found.value)?),
        None => None,
    };
    let previous = command.flags.is_set(Flag::Previous);
    Ok(Action::Logs(Logs {
        target,
        container: container(command)?,
        tail,
        since_seconds,
        previous,
    }))
}

/// `5m`, `1h30m`, `90s`: whole hours, minutes and seconds of Go's duration text. At least 1 s, at most a week.
fn duration(at: usize, text: &str) -> Result<u32, ArgvError> {
    let wrong = || {
        ArgvError::new(
            at,
            format!("`--since` takes a time like 5m or 1h30m, not `{text}`"),
            "at least 1s, at most 168h",
        )
    };
    let mut total: u64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        let unit = match character {
            '0'..='9' if digits.len() < 7 => {
                digits.push(character);
                continue;
            }
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return Err(wrong()),
        };
        total = total.saturating_add(digits.parse::<u64>().map_err(|_| wrong())?.saturating_mul(unit));
        digits.clear();
    }
    if !digits.is_empty() || !(1..=MAX_SINCE_SECONDS).contains(&total) {
        return Err(wrong());
    }
    u32::try_from(total).map_err(|_| wrong())
}

pub(crate) fn exec(command: &Command<'_>) -> Result<Action, ArgvError> {
    let target = pod_like(command, "exec")?;
    let write_dashes = "write `kubectl exec -n NAMESPACE deploy/NAME -- PROGRAM ARGUMENT…`";
    if let Some((at, word)) = command.words.get(1) {
        return Err(ArgvError::new(
            *at,
            format!("`--` is missing before `{word}`"),
            write_dashes,
        ));
    }
    let from = command.after_dashes.ok_or_else(|| {
        ArgvError::new(
            command.argv.len(),
            "`--` and the program to run are missing",
            write_dashes,
        )
    })?;
    let argv: Vec<String> = command.argv.get(from..).unwrap_or_default().to_vec();
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(ArgvError::new(from, "no program stands after `--`", write_dashes));
    }
    Ok(Action::Exec(Exec {
        target,
        container: container(command)?,
        argv,
    }))
}
