//! One line, in our words, of what an action does: it stands on the card under the author's title, so that a title can't
//! say something else than the command. At most 200 characters; names and arguments are made visible first.

use super::classify::{ExecClass, base, classify, is_shell};
use super::redis;
use super::show::{display_argv, visible};
use super::types::{Action, Exec, Get, HttpMethod, HttpRequest, Kind, Logs, ObjectRef};
use crate::domain::text::shortened;

/// The longest line, in characters.
pub const MAX_PLAIN: usize = 200;
/// The most of it that one name or argument may take.
const MAX_PART: usize = 60;

impl Action {
    /// What the command does, for people. Ends with a full stop.
    #[must_use]
    pub fn plain_line(&self) -> String {
        let line = match self {
            Self::Exec(exec) => exec_line(exec),
            Self::Get(get) => get_line(get),
            Self::Logs(logs) => logs_line(logs),
            Self::Describe { target } => format!("Looks: describes {}.", of(target)),
            Self::RolloutStatus { target } => {
                format!("Looks: asks whether the rollout of {} is complete.", of(target))
            }
            Self::RolloutRestart { target } => {
                format!("Restarts {}: replaces its pods one after another.", short(target))
            }
            Self::RolloutUndo {
                target,
                to_revision: Some(revision),
            } => {
                format!(
                    "Takes {} back to its revision {revision} and replaces its pods.",
                    short(target)
                )
            }
            Self::RolloutUndo {
                target,
                to_revision: None,
            } => {
                format!(
                    "Takes {} back to the revision before this one and replaces its pods.",
                    short(target)
                )
            }
            Self::Scale { target, replicas: 0 } => {
                format!("Scales {} to zero: it stops serving.", short(target))
            }
            Self::Scale { target, replicas } => {
                let pods = if *replicas == 1 { "pod" } else { "pods" };
                format!("Scales {} to {replicas} {pods}.", short(target))
            }
            Self::DeletePod { target } => {
                format!(
                    "Deletes the pod {}; its workload, if it has one, starts another.",
                    short(target)
                )
            }
            Self::CreateJob { from, .. } => {
                format!(
                    "Starts a Job from the CronJob {}, with that Job's own rights.",
                    short(from)
                )
            }
            Self::Http(request) => http_line(request),
        };
        shortened(&line, MAX_PLAIN)
    }
}

/// `api-gateway`
fn short(target: &ObjectRef) -> String {
    visible(&target.name, MAX_PART)
}

/// `the deployment api-gateway`
fn of(target: &ObjectRef) -> String {
    format!("the {} {}", target.kind, short(target))
}

/// `one pod of api-gateway`, or `the pod api-gateway-x`
fn inside(target: &ObjectRef) -> String {
    if target.kind == Kind::Pod {
        format!("the pod {}", short(target))
    } else {
        format!("one pod of {}", short(target))
    }
}

fn get_line(get: &Get) -> String {
    let scope = match (&get.namespace, get.kind.is_namespaced()) {
        (Some(namespace), _) => format!(" in {}", visible(namespace.as_str(), MAX_PART)),
        (None, true) => " in all namespaces".to_owned(),
        (None, false) => String::new(),
    };
    match &get.name {
        Some(name) => format!(
            "Looks: reads the {} {}{scope}.",
            get.kind,
            visible(name, MAX_PART)
        ),
        None => format!("Looks: lists {}{scope}.", get.kind.plural()),
    }
}

fn logs_line(logs: &Logs) -> String {
    let which = if logs.previous {
        " of the run before the last restart"
    } else {
        ""
    };
    format!(
        "Looks: reads the last {} log lines{which} of {}.",
        logs.tail,
        inside(&logs.target)
    )
}

fn http_line(request: &HttpRequest) -> String {
    let url = visible(&request.url, 90);
    match request.method {
        HttpMethod::Get | HttpMethod::Head => format!("Looks: asks {url}."),
        HttpMethod::Delete => format!("Sends a DELETE request to {url}. What it deletes may not come back."),
        HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch => {
            let body = if request.body.is_some() { " with data" } else { "" };
            format!(
                "Sends a {} request{body} to {url}, which may change something there.",
                request.method.as_str()
            )
        }
    }
}

fn exec_line(exec: &Exec) -> String {
    let place = inside(&exec.target);
    let command = visible(&display_argv(&exec.argv), 70);
    let program = exec.argv.first().map(|program| base(program)).unwrap_or_default();
    match classify(&exec.argv) {
        ExecClass::Looks { .. } => format!("Looks: runs `{command}` inside {place}."),
        ExecClass::CacheOperation { .. } => redis_line(exec).unwrap_or_else(|| {
            format!("Runs `{command}` inside {place}. It changes what this cache holds. Can't be undone.")
        }),
        ExecClass::Destructive { .. } => redis_line(exec).unwrap_or_else(|| {
            format!("Runs `{command}` inside {place}. It may destroy something. Can't be undone.")
        }),
        ExecClass::Unknown { .. } if is_shell(&program) => {
            format!("Runs a shell script inside {place}: `{command}`. Interlock doesn't read scripts.")
        }
        ExecClass::Unknown { .. } => {
            format!("Runs `{command}` inside {place}. Interlock doesn't know what that does.")
        }
    }
}

/// Redis commands that have words of their own.
fn redis_line(exec: &Exec) -> Option<String> {
    let (program, rest) = exec.argv.split_first()?;
    if !matches!(base(program).as_str(), "redis-cli" | "valkey-cli") {
        return None;
    }
    let call = redis::read(rest);
    if call.is_doubtful() {
        return None;
    }
    let target = short(&exec.target);
    let place = if call.elsewhere {
        format!("another server, asked from {target}")
    } else {
        target
    };
    let database = visible(call.database.as_deref().unwrap_or("0"), 10);
    let keys = visible(&call.arguments.join(" "), MAX_PART);
    let what = match call.command.as_str() {
        "FLUSHDB" => format!("Deletes every key in database {database} of {place}."),
        "FLUSHALL" => format!("Deletes every key in every database of {place}."),
        "DEL" | "UNLINK" => format!("Deletes the keys `{keys}` in database {database} of {place}."),
        "EXPIRE" | "PEXPIRE" => format!("Makes a key expire (`{keys}`) in database {database} of {place}."),
        "SHUTDOWN" => format!("Stops the Redis server of {place}."),
        _ => return None,
    };
    Some(format!("{what} Can't be undone."))
}
