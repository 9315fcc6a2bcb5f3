//! How everybody else talks to the engine: submit a command and wait for its commit, or ask to read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::reader::Reader;
use crate::domain::command::{Command, Delivered, Reply};
use crate::domain::event::Entry;
use crate::domain::freeze::Freeze;
use crate::domain::glass::Glass;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, MessageRef};
use crate::domain::recent::Started;
use crate::domain::silence::Silence;
use crate::store::Store;

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
    ByCard(MessageRef, oneshot::Sender<Option<IncidentId>>),
    /// Incidents that aren't closed.
    Open(oneshot::Sender<Vec<IncidentId>>),
    /// Open incidents from before this time without a card, for which nobody was paged.
    Unseen(Timestamp, oneshot::Sender<Vec<IncidentId>>),
    /// Silences that hold, with the incidents that they are of.
    Silences(oneshot::Sender<Vec<(IncidentId, Silence)>>),
    Freeze(oneshot::Sender<Freeze>),
    Started(oneshot::Sender<Started>),
    /// Each time somebody broke the glass and nobody has reviewed it.
    Glass(oneshot::Sender<Vec<Glass>>),
}

pub(super) enum Message {
    Decide(Box<Command>, oneshot::Sender<Result<Reply, EngineError>>),
    Ask(Question),
    /// An outbox row is done.
    Done(i64),
    /// Commit what waits, take a snapshot, end.
    Stop(oneshot::Sender<()>),
    /// End at once.
    Abandon(oneshot::Sender<()>),
}

/// Alerts waiting to be decided at most, in deliveries. At 2,000 deliveries a second (40,000 known alerts) this is a
/// second of work; what comes beyond it is told to come again, which every sender does.
const INTAKE_MOST: usize = 2_048;

/// Between two tries to have a confirmation stored.
const CONFIRM_AGAIN: Duration = Duration::from_millis(500);

/// Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) queue: mpsc::Sender<Message>,
    /// Deliveries of alerts in the queue.
    pub(super) intake: Arc<AtomicUsize>,
    reader: Arc<Reader>,
    database: Arc<str>,
}

impl Handle {
    pub(super) fn new(queue: mpsc::Sender<Message>, store: &Store) -> Self {
        Self {
            queue,
            intake: Arc::default(),
            reader: Arc::new(Reader::new(store.path().to_owned())),
            database: store.name().into(),
        }
    }

    /// The name of the database, as in what is left outside.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Decides and commits. Alerts and changes are shed when too many wait; clicks, freeze and the executor never are.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn submit(&self, command: Command) -> Result<Reply, EngineError> {
        let (tx, rx) = oneshot::channel();
        if command.is_intake() {
            let waiting = self.intake.fetch_add(1, Ordering::AcqRel);
            if waiting >= INTAKE_MOST {
                self.intake.fetch_sub(1, Ordering::AcqRel);
                return Err(EngineError::Overloaded {
                    retry_after_seconds: 1,
                });
            }
        }
        self.send(Message::Decide(Box::new(command), tx))?;
        rx.await.map_err(|_| EngineError::Stopped)?
    }

    /// The incident as of the last commit.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<Box<Incident>>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Incident(id, tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// The incident whose card is this message.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn incident_at(&self, card: MessageRef) -> Result<Option<IncidentId>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::ByCard(card, tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// All entries about one incident, oldest first, read from the journal as it is committed; the writer is not asked.
    ///
    /// # Errors
    /// `NotStored` when the journal can't be read, `Stopped` when the process is ending.
    pub async fn entries(&self, id: IncidentId) -> Result<Vec<Entry>, EngineError> {
        self.entries_between(id, None).await
    }

    /// The entries about one incident with these numbers, both ends included, as [`Self::entries`] reads them: a storm has
    /// thousands. All of them for `None`.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub async fn entries_between(
        &self,
        id: IncidentId,
        between: Option<(u64, u64)>,
    ) -> Result<Vec<Entry>, EngineError> {
        let reader = self.reader.clone();
        tokio::task::spawn_blocking(move || reader.entries(id, between))
            .await
            .map_err(|_| EngineError::Stopped)?
    }

    /// Since when the effect waits that has waited for the longest, read from what is committed; the writer is not asked.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub async fn waits_since(&self) -> Result<Option<Timestamp>, EngineError> {
        let reader = self.reader.clone();
        tokio::task::spawn_blocking(move || reader.waits_since())
            .await
            .map_err(|_| EngineError::Stopped)?
    }

    /// Ids of the incidents that are open, ordered by [`State::open_by_need`](crate::domain::state::State::open_by_need).
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn open_incidents(&self) -> Result<Vec<IncidentId>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Open(tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// Incidents whose card nobody can see: [`State::unseen`](crate::domain::state::State::unseen).
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn unseen(&self, opened_before: Timestamp) -> Result<Vec<IncidentId>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Unseen(opened_before, tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// The silences that hold in Alertmanager, as far as was heard, with the incidents that they are of.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn silences(&self) -> Result<Vec<(IncidentId, Silence)>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Silences(tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// Whether anything may run.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn freeze(&self) -> Result<Freeze, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Freeze(tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// Each time somebody broke the glass, until another person has reviewed it.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn glass(&self) -> Result<Vec<Glass>, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Glass(tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// What was started in the last hour.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn started(&self) -> Result<Started, EngineError> {
        let (tx, rx) = oneshot::channel();
        self.send(Message::Ask(Question::Started(tx)))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// Commits what waits, stores a snapshot and ends the engine.
    ///
    /// # Errors
    /// `Stopped` when it has ended already.
    pub async fn stop(&self) -> Result<(), EngineError> {
        self.reader.close();
        let (tx, rx) = oneshot::channel();
        self.send(Message::Stop(tx))?;
        rx.await.map_err(|_| EngineError::Stopped)
    }

    /// Ends the engine at once, without committing what waits: what a crash does.
    pub async fn abandon(&self) {
        let (tx, rx) = oneshot::channel();
        if self.send(Message::Abandon(tx)).is_ok() {
            // An error means that it has ended, which is what was asked for.
            let _ = rx.await;
        }
    }

    /// Confirms an effect of the outbox: what the receiver gave back is journaled first, however long that takes. Without
    /// it the effect would be done once more.
    ///
    /// # Errors
    /// `Stopped`: the effect is handed out again by the next process.
    pub async fn confirm(&self, row: i64, delivered: Option<Delivered>) -> Result<(), EngineError> {
        if let Some(delivered) = delivered {
            while let Err(error) = self.submit(Command::Delivered(delivered.clone())).await {
                if error == EngineError::Stopped {
                    return Err(error);
                }
                tracing::warn!(row, %error, "a delivery could not be recorded; it is offered again");
                tokio::time::sleep(CONFIRM_AGAIN).await;
            }
        }
        // Kept by the engine until it could be let go.
        self.send(Message::Done(row))
    }

    fn send(&self, message: Message) -> Result<(), EngineError> {
        self.queue.send(message).map_err(|_| EngineError::Stopped)
    }
}
