//! The verbs of kubectl that change something. One function a verb, words in, `Action` out.

use super::argv::{ArgvError, number};
use super::kubectl::{Command, is_label, kind_of, no_more};
use super::kubectl_flags::Flag;
use super::types::{Action, Kind, ObjectRef};

/// The most replicas that a step may ask for.
const MAX_REPLICAS: u32 = 10_000;
/// A Job's name has at most 63 characters, and the attempt's number is appended.
const MAX_JOB_NAME: usize = 40;

pub(crate) fn rollout(command: &Command<'_>) -> Result<Action, ArgvError> {
    let help = "write `kubectl rollout status|restart|undo KIND/NAME`";
    let (at, what) = command.words.first().ok_or_else(|| {
        ArgvError::new(
            command.argv.len(),
            "`kubectl rollout` needs status, restart or undo",
            help,
        )
    })?;
    if let Some(found) = command.flags.get(Flag::Watch)
        && (what != "status" || found.value == "true")
    {
        return Err(ArgvError::new(
            found.word,
            "a step can't watch",
            "leave `--watch` out: the step's `Timeout:` says how long to wait",
        ));
    }
    if let Some(found) = command.flags.get(Flag::ToRevision)
        && what != "undo"
    {
        return Err(ArgvError::new(
            found.word,
            format!("`kubectl rollout {what}` takes no `--to-revision`"),
            "leave it out",
        ));
    }
    let rest = command.words.get(1..).unwrap_or_default();
    match what.as_str() {
        "status" => Ok(Action::RolloutStatus {
            target: rolling(command, rest)?,
        }),
        "restart" => Ok(Action::RolloutRestart {
            target: rolling(command, rest)?,
        }),
        "undo" => {
            let to_revision = match command.flags.get(Flag::ToRevision) {
                Some(found) => Some(number(found.word, "--to-revision", &found.value, 1, u32::MAX)?),
                None => None,
            };
            Ok(Action::RolloutUndo {
                target: rolling(command, rest)?,
                to_revision,
            })
        }
        "history" => Err(ArgvError::new(
            *at,
            "`kubectl rollout history` can't be a step",
            "write `kubectl get rs -n NAMESPACE`",
        )),
        other => Err(ArgvError::new(
            *at,
            format!("`kubectl rollout {other}` can't be a step"),
            help,
        )),
    }
}

fn rolling(command: &Command<'_>, words: &[(usize, String)]) -> Result<ObjectRef, ArgvError> {
    workload(
        command,
        words,
        &[Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet],
        "rolled out",
    )
}

fn workload(
    command: &Command<'_>,
    words: &[(usize, String)],
    kinds: &[Kind],
    what: &str,
) -> Result<ObjectRef, ArgvError> {
    let target = command.one_object(words)?;
    if kinds.contains(&target.kind) {
        return Ok(target);
    }
    let known: Vec<&str> = kinds.iter().map(|kind| kind.singular()).collect();
    let at = words.first().map_or(command.verb_at, |word| word.0);
    Err(ArgvError::new(
        at,
        format!("a {} can't be {what}", target.kind),
        format!("name a {}", known.join(" or ")),
    ))
}

pub(crate) fn scale(command: &Command<'_>) -> Result<Action, ArgvError> {
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::ReplicaSet];
    let target = workload(command, &command.words, &kinds, "scaled")?;
    let found = command.flags.get(Flag::Replicas).ok_or_else(|| {
        ArgvError::new(
            command.argv.len(),
            "`kubectl scale` says no number",
            "write `--replicas=N`",
        )
    })?;
    let replicas = number(found.word, "--replicas", &found.value, 0, MAX_REPLICAS)?;
    Ok(Action::Scale { target, replicas })
}

pub(crate) fn delete(command: &Command<'_>) -> Result<Action, ArgvError> {
    let help = "only one named pod can be deleted by a step: `kubectl delete pod NAME -n NAMESPACE`; anything else is for people";
    let first = command
        .words
        .first()
        .ok_or_else(|| ArgvError::new(command.argv.len(), "`kubectl delete` names no pod", help))?;
    let kind = kind_of(first.0, first.1.split('/').next().unwrap_or_default())?;
    if kind != Kind::Pod {
        return Err(ArgvError::new(
            first.0,
            format!("a step can't delete a {kind}"),
            help,
        ));
    }
    Ok(Action::DeletePod {
        target: command.one_object(&command.words)?,
    })
}

pub(crate) fn create(command: &Command<'_>) -> Result<Action, ArgvError> {
    let help = "write `kubectl create job NAME -n NAMESPACE --from=cronjob/NAME`";
    let (at, kind) = command
        .words
        .first()
        .ok_or_else(|| ArgvError::new(command.argv.len(), "`kubectl create` says not what", help))?;
    if kind != "job" && kind != "jobs" {
        return Err(ArgvError::new(
            *at,
            format!("a step can't create a `{kind}`"),
            help,
        ));
    }
    let (name_at, name) = command
        .words
        .get(1)
        .ok_or_else(|| ArgvError::new(command.argv.len(), "the Job has no name", help))?;
    no_more(&command.words, 2)?;
    if !is_label(name) || name.len() > MAX_JOB_NAME {
        return Err(ArgvError::new(
            *name_at,
            format!("`{name}` can't name the Job"),
            format!(
                "at most {MAX_JOB_NAME} lower-case letters, digits and `-`: Interlock appends the number of the attempt"
            ),
        ));
    }
    let found = command
        .flags
        .get(Flag::From)
        .ok_or_else(|| ArgvError::new(command.argv.len(), "`--from=cronjob/NAME` is missing", help))?;
    let from = found
        .value
        .split_once('/')
        .filter(|(kind, _)| kind_of(found.word, kind) == Ok(Kind::CronJob));
    let (_, cron) =
        from.ok_or_else(|| ArgvError::new(found.word, format!("`{}` is not a CronJob", found.value), help))?;
    let from = command.object(Kind::CronJob, &(found.word, cron.to_owned()))?;
    Ok(Action::CreateJob {
        from,
        name: name.clone(),
    })
}
