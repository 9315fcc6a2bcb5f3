//! The control socket beside the database: commands of this machine that write go through the running bot, as the
//! person that the configuration says the operating system's user is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::channels::Unusable;
use super::retention::{self, Retention, Wanted};
use crate::actions::redact::Redactor;
use crate::config::OperatorRow;
use crate::domain::command::{Answer, Command, Intent, NotTaken, Reply};
use crate::domain::event::Who;
use crate::domain::ids::{IncidentId, PersonId};
use crate::engine::{EngineError, Handle};
use crate::ports::{Directory, Person, Standing};
use crate::render::explain;

/// A request is one line of JSON of at most this many bytes.
const LINE_MOST: u64 = 16 * 1024;
/// A request is read within this time, and mostly answered.
const WITHIN: Duration = Duration::from_secs(10);
/// An erasure folds the whole journal twice, so it may take longer: it is gone on with whether or not somebody waits.
const ERASE_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What the command line asks of the running bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum ControlRequest {
    Freeze {
        reason: String,
    },
    Unfreeze {
        reason: String,
    },
    Status,
    /// Payloads of old incidents; with `dry_run` only what would go.
    Erase {
        wanted: Wanted,
        dry_run: bool,
    },
    /// The number of the incident.
    Close {
        incident: u64,
        reason: String,
    },
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlReply {
    pub done: bool,
    pub text: String,
}

/// Where the socket is for a database.
#[must_use]
pub fn socket_path(store: &Path) -> PathBuf {
    store.with_extension("sock")
}

/// What the socket needs.
#[derive(Clone)]
pub struct Control {
    pub engine: Handle,
    pub directory: Arc<dyn Directory>,
    pub operators: Arc<Vec<OperatorRow>>,
    /// What people type goes into the journal as it does from Slack.
    pub redactor: Arc<Redactor>,
    pub retention: Retention,
    /// Told with the status.
    pub channels: Unusable,
}

/// Opens the socket for this user alone. A socket that a dead process left is replaced; the store's lock says that
/// nobody else is using it.
///
/// # Errors
/// When the file can't be made.
pub fn open(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

/// Answers until the listener fails.
pub async fn serve(listener: UnixListener, control: Control) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let control = control.clone();
                tokio::spawn(async move {
                    match timeout(ERASE_WITHIN, control.exchange(stream)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::warn!(%error, "a request on the control socket failed"),
                        Err(_) => tracing::warn!("a request on the control socket took too long"),
                    }
                });
            }
            Err(error) => {
                tracing::error!(%error, "the control socket can't be read");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

impl Control {
    async fn exchange(&self, stream: UnixStream) -> io::Result<()> {
        let user = user_name(stream.peer_cred()?.uid());
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        timeout(WITHIN, BufReader::new(read.take(LINE_MOST)).read_line(&mut line)).await??;
        let reply = match serde_json::from_str::<ControlRequest>(&line) {
            Ok(request) => self.answer(user.as_deref(), request).await,
            Err(error) => ControlReply {
                done: false,
                text: format!(
                    "that is no request ({error}): give it with the `interlock` of the version that runs here"
                ),
            },
        };
        let mut text = serde_json::to_string(&reply).map_err(io::Error::other)?;
        text.push('\n');
        write.write_all(text.as_bytes()).await
    }

    async fn answer(&self, user: Option<&str>, request: ControlRequest) -> ControlReply {
        let Some(id) = self.person(user) else {
            let user = user.unwrap_or("unknown");
            let text = format!(
                "the user `{user}` is no person that Interlock knows: add an [[operators]] row with os_user = \"{user}\" and person = \"TEAM/USER\""
            );
            return ControlReply { done: false, text };
        };
        let asks_status = request == ControlRequest::Status;
        let person = self.directory.person(&id).await;
        let mut intent = match request {
            ControlRequest::Freeze { reason } => Intent::Freeze { reason },
            ControlRequest::Unfreeze { reason } => Intent::Unfreeze { reason },
            ControlRequest::Status => Intent::Status,
            ControlRequest::Erase { wanted, dry_run } => return self.erase(&person, wanted, dry_run).await,
            ControlRequest::Close { incident, reason } => Intent::Close {
                incident: IncidentId(incident),
                reason,
            },
        };
        intent.redact(&|text| self.redactor.clean(text));
        let command = Command::Act {
            key: None,
            person,
            channel: None,
            intent,
        };
        match self.engine.submit(command).await {
            Ok(Reply::Answer(answer)) => {
                let done = !matches!(answer, Answer::Refused(_));
                let mut text = explain::terminal(&answer);
                if asks_status && done {
                    for problem in self.channels.read().iter() {
                        text.push_str(&format!("\nSLACK: {problem}"));
                    }
                }
                ControlReply { done, text }
            }
            Ok(_) => ControlReply {
                done: true,
                text: "Done.".to_owned(),
            },
            // Nothing came of it; in the words of a click that did not count.
            Err(error) => ControlReply {
                done: false,
                text: explain::answer(&Answer::NotTaken(match error {
                    EngineError::NotStored { reason } => NotTaken::Journal { reason },
                    EngineError::Stopped => NotTaken::Stopping,
                    EngineError::Overloaded { .. } => NotTaken::Busy,
                })),
            },
        }
    }

    async fn erase(&self, person: &Person, wanted: Wanted, dry_run: bool) -> ControlReply {
        if person.standing != Standing::Member {
            return ControlReply {
                done: false,
                text: format!(
                    "{} is no member of the workspace, so nothing is erased",
                    person.name
                ),
            };
        }
        let by = Who {
            id: person.id.clone(),
            name: person.name.clone(),
        };
        let said = match dry_run {
            true => self.retention.look(wanted).await.map(|found| match found.entries {
                0 => "Nothing is old enough to be erased.".to_owned(),
                _ => format!(
                    "Would be erased for good: {}. Nothing is erased yet.",
                    retention::in_words(&found)
                ),
            }),
            false => self.retention.erase(Some(by), wanted).await.map(|gone| match gone {
                None => "Nothing is old enough to be erased.".to_owned(),
                Some(gone) => format!(
                    "Erased for good: {}. What they hash to stands. Backups and exports from before still hold the texts.",
                    retention::in_words(&gone)
                ),
            }),
        };
        ControlReply {
            done: said.is_ok(),
            text: said.unwrap_or_else(|error| error.to_string()),
        }
    }

    fn person(&self, user: Option<&str>) -> Option<PersonId> {
        let user = user?;
        self.operators
            .iter()
            .find(|row| row.os_user == user)
            .map(|row| row.person.clone())
    }
}

/// The name of a user id in `/etc/passwd`.
#[must_use]
pub fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    })
}

/// Asks the running bot.
///
/// # Errors
/// `NotFound` or `ConnectionRefused` when no bot is running on this database.
pub async fn ask(store: &Path, request: &ControlRequest) -> io::Result<ControlReply> {
    let stream = UnixStream::connect(socket_path(store)).await?;
    let (read, mut write) = stream.into_split();
    let mut text = serde_json::to_string(request).map_err(io::Error::other)?;
    text.push('\n');
    write.write_all(text.as_bytes()).await?;
    let mut line = String::new();
    let within = match request {
        ControlRequest::Erase { .. } => ERASE_WITHIN,
        ControlRequest::Freeze { .. }
        | ControlRequest::Unfreeze { .. }
        | ControlRequest::Status
        | ControlRequest::Close { .. } => WITHIN,
    };
    timeout(within, BufReader::new(read).read_line(&mut line)).await??;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_str(&line).map_err(io::Error::other)
}
