//! How everybody else talks to the engine: submit a command and wait for its commit, or ask to read.

use tokio::sync::{mpsc, oneshot};

use crate::domain::command::{Command, Reply};
use crate::domain::event::Entry;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;

/// Why the engine gave no answer. Nothing happened in every case but `NotStored`, after which the journal is read again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The queue is full: answer 503 and let the sender try again. Never for clicks and freeze.
    #[error("too much is waiting; try again in {retry_after_seconds} s")]
    Overloaded { retry_after_seconds: u32 },
    /// The journal could not be written.
    #[error("the journal can't be written: {reason}")]
    NotStored { reason: String },
    #[error("the engine has stopped")]
    Stopped,
}

/// A question that only reads; asked after everything before it is committed.
pub(super) enum Question {
    Incident(IncidentId, oneshot::Sender<Option<Box<Incident>>>),
    Entries(IncidentId, oneshot::Sender<Result<Vec<Entry>, EngineError>>),
    /// Ids of incidents that aren't closed.
    Open(oneshot::Sender<Vec<IncidentId>>),
}

pub(super) enum Message {
    Decide(Box<Command>, oneshot::Sender<Result<Reply, EngineError>>),
    Ask(Question),
    /// An outbox row is done.
    Done(i64),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    /// Clicks, freezes, executor: never shed.
    pub(super) urgent: mpsc::UnboundedSender<Message>,
    /// Alerts: bounded, shed with 503.
    pub(super) intake: mpsc::Sender<Message>,
}

impl Handle {
    /// Decides and commits. Alerts go through a bounded queue; everything else is never shed.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn submit(&self, command: Command) -> Result<Reply, EngineError> {
        let (tx, rx) = oneshot::channel();
        let shed = matches!(command, Command::Alerts { .. });
        let message = Message::Decide(Box::new(command), tx);
        if shed {
            self.intake.try_send(message).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => EngineError::Overloaded {
                    retry_after_seconds: 1,
                },
                mpsc::error::TrySendError::Closed(_) => EngineError::Stopped,
            })?;
        } else {
            self.urgent.send(message).map_err(|_| EngineError::Stopped)?;
        }
        rx.await.map_err(|_| EngineError::Stopped)?
    }

    /// The incident as of the last commit.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<Box<Incident>>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.ask(Question::Incident(id, tx))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// All entries about one incident, oldest first, read from the journal.
    ///
    /// # Errors
    /// `Stopped`, or `NotStored` when the journal can't be read.
    pub async fn entries(&self, id: IncidentId) -> Result<Vec<Entry>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.ask(Question::Entries(id, tx))?;
        rx.await.map_err(|_| EngineError::Stopped)?
    }

    /// Ids of the incidents that are open.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn open_incidents(&self) -> Result<Vec<IncidentId>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.ask(Question::Open(tx))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    fn ask(&self, question: Question) -> Result<(), EngineError> {
        self.urgent
            .send(Message::Ask(question))
            .map_err(|_| EngineError::Stopped)
    }

    pub(super) fn done(&self, row: i64) -> Result<(), EngineError> {
        self.urgent
            .send(Message::Done(row))
            .map_err(|_| EngineError::Stopped)
    }
}
