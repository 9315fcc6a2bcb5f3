//! Exec of one argv in one container: no shell, no stdin, no terminal.
//!
//! Only the Status frame says how the command ended. A stream that closes, breaks or goes silent leaves the command
//! running in the container for all we know, so that is Unknown, with whatever output had come.
//!
//! Facts that this leans on (seen on 1.20 and 1.36): a program that isn't there is no exit code but an
//! `InternalError`; kube's stdout and stderr readers never end after a lost connection, so reading stops when the
//! status comes as none; a v4 server can't take a closed stdin, so none is asked for.

use std::time::Duration;

use futures::FutureExt as _;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Client;
use kube::api::{Api, AttachParams, AttachedProcess, DynamicObject};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::{self, Failure};
use crate::actions::verdict::{Held, Raw, Verdict};
use crate::domain::ids::Namespace;
use crate::planted::{self, Bug};

/// Pipe between the connection and our reader.
const PIPE_BYTES: usize = 64 * 1024;
/// How long the streams may take to end once the status is there; they were all sent before it.
const DRAIN: Duration = Duration::from_secs(2);
/// How long the connection's own task may take to say what went wrong.
const POST_MORTEM: Duration = Duration::from_millis(200);
/// What the runtime says in an `InternalError` when the program was never started.
const NOT_BEGUN: [&str; 4] = [
    "failed to start exec",
    "unable to start container process",
    "OCI runtime exec failed",
    "executable file not found",
];
/// What says so only in the place of an upgrade: in the middle of a run the same words are about the runtime's own socket.
const NOT_REACHED: [&str; 2] = ["container not found", "connect: connection refused"];
/// The server gave up waiting: what it quotes is of one try among several.
const GATEWAY_TIMEOUT: u16 = 504;

/// Where and what to run, with nothing left to choose.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    pub namespace: &'a Namespace,
    pub pod: &'a str,
    pub container: &'a str,
    pub argv: &'a [String],
}

/// Runs the command and waits for its end, at most until the deadline.
pub async fn run(client: Client, command: Command<'_>, deadline: Instant) -> Verdict {
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(client, command.namespace.as_str());
    let params = AttachParams::default()
        .stdin(false)
        .tty(false)
        .stdout(true)
        .stderr(true)
        .container(command.container)
        .max_stdout_buf_size(PIPE_BYTES)
        .max_stderr_buf_size(PIPE_BYTES);
    let opening = pods.exec(command.pod, command.argv, &params);
    match timeout_at(deadline, opening).await {
        Ok(Ok(process)) => follow(process, &command, deadline).await,
        Ok(Err(error)) => refused(error.into(), &command),
        Err(_) => Verdict::unknown(format!(
            "the server did not answer the exec in time; {}",
            may_be_running(&command)
        )),
    }
}

fn refused(failure: Failure, command: &Command<'_>) -> Verdict {
    let never_started = match &failure {
        Failure::Server { code, message } => {
            *code != GATEWAY_TIMEOUT && (says(&NOT_BEGUN, message) || says(&NOT_REACHED, message))
        }
        Failure::NotFound(_)
        | Failure::NoSuchApi(_)
        | Failure::Forbidden(_)
        | Failure::Unauthorized(_)
        | Failure::Conflict(_)
        | Failure::Refused { .. }
        | Failure::NotSent(_)
        | Failure::Lost(_) => !failure.leaves_open(),
    };
    match never_started {
        true => Verdict::failed(format!("the command was not started: {failure}")),
        false => Verdict::unknown(format!("{failure}; {}", may_be_running(command))),
    }
}

fn may_be_running(command: &Command<'_>) -> String {
    format!(
        "the command may have run and may still be running in pod `{}`",
        command.pod
    )
}

fn says(marks: &[&str], message: &str) -> bool {
    marks.iter().any(|mark| message.contains(mark))
}

/// What has printed something has run, whatever is said of it.
fn is_silent(raw: &Raw) -> bool {
    raw.text.is_empty() && raw.errors.is_empty()
}

/// Why the following ended.
enum End {
    Status(Box<Status>),
    /// The connection ended without one.
    NoStatus,
    Deadline,
}

async fn follow(mut process: AttachedProcess, command: &Command<'_>, deadline: Instant) -> Verdict {
    let (out, err) = (Held::default(), Held::default());
    let status = process.take_status();
    let reading = read_both(process.stdout(), process.stderr(), &out, &err);
    tokio::pin!(reading);
    let end = {
        let waiting = async {
            let Some(status) = status else {
                return End::NoStatus;
            };
            tokio::pin!(status);
            let answer = tokio::select! {
                answer = &mut status => answer,
                // The readers end only after a clean close, which comes with or without a status.
                () = &mut reading => return status.await.map_or(End::NoStatus, |status| End::Status(Box::new(status))),
            };
            match answer {
                // What came before the status is in the pipes or behind us.
                Some(answer) => {
                    let _ = timeout(DRAIN, &mut reading).await;
                    End::Status(Box::new(answer))
                }
                None => {
                    let _ = (&mut reading).now_or_never();
                    End::NoStatus
                }
            }
        };
        timeout_at(deadline, waiting).await.unwrap_or(End::Deadline)
    };
    let broken = !matches!(end, End::Status(_));
    let raw = Raw {
        text: out.take().broken_if(broken),
        errors: err.take().broken_if(broken),
    };
    match end {
        End::Status(status) => from_status(&status, raw, command),
        End::NoStatus if planted::is(Bug::ClosedStreamSucceeds) => Verdict::Done(raw),
        End::NoStatus => {
            let why = post_mortem(process).await;
            let reason = format!(
                "the connection ended without a status{why}; {}",
                may_be_running(command)
            );
            Verdict::Unknown { reason, raw }
        }
        End::Deadline => {
            let reason = format!("the command did not end in time; {}", may_be_running(command));
            Verdict::Unknown { reason, raw }
        }
    }
}

async fn read_both(
    stdout: Option<impl AsyncRead + Unpin>,
    stderr: Option<impl AsyncRead + Unpin>,
    out: &Held,
    err: &Held,
) {
    tokio::join!(read(stdout, out), read(stderr, err));
}

async fn read(stream: Option<impl AsyncRead + Unpin>, held: &Held) {
    let Some(mut stream) = stream else { return };
    let mut piece = vec![0; 16 * 1024];
    // The pipe is in memory: an error can only mean that its other end is gone.
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        held.push(&piece[..count]);
    }
}

async fn post_mortem(process: AttachedProcess) -> String {
    match timeout(POST_MORTEM, process.join()).await {
        Ok(Err(error)) => format!(" ({})", failure::chain(&error)),
        Ok(Ok(())) | Err(_) => String::new(),
    }
}

fn from_status(status: &Status, raw: Raw, command: &Command<'_>) -> Verdict {
    let message = status.message.as_deref().unwrap_or("no message");
    match (status.status.as_deref(), status.reason.as_deref()) {
        (Some("Success"), _) => Verdict::Done(raw),
        (Some("Failure"), Some("NonZeroExitCode")) => Verdict::Failed {
            reason: exit_code(status),
            raw,
        },
        (Some("Failure"), _) if says(&NOT_BEGUN, message) && is_silent(&raw) => Verdict::Failed {
            reason: format!("the command was not started: {message}"),
            raw,
        },
        _ => {
            let reason = format!(
                "the server could not say how it ended: {message}; {}",
                may_be_running(command)
            );
            Verdict::Unknown { reason, raw }
        }
    }
}

/// `exit code 3`, out of `details.causes`: the wording of `message` differs between versions.
fn exit_code(status: &Status) -> String {
    let causes = status
        .details
        .as_ref()
        .and_then(|details| details.causes.as_deref())
        .unwrap_or(&[]);
    let code = causes
        .iter()
        .find(|cause| cause.reason.as_deref() == Some("ExitCode"));
    match code.and_then(|cause| cause.message.as_deref()) {
        Some("137") => "exit code 137 (the command was killed)".to_owned(),
        Some("143") => "exit code 143 (the command was asked to end)".to_owned(),
        Some(code) => format!("exit code {code}"),
        None => "an exit code other than 0".to_owned(),
    }
}

/// The live pod's name, and the container that is meant in it.
#[must_use]
pub fn at<'a>(
    pod: &'a DynamicObject,
    namespace: &'a Namespace,
    container: &'a str,
    argv: &'a [String],
) -> Command<'a> {
    Command {
        namespace,
        pod: super::look::name(pod),
        container,
        argv,
    }
}
