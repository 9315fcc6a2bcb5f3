//! A lane of the outbox: effects of one kind of receiver, in order, until each is confirmed. What isn't confirmed when
//! the process ends is handed out again by the next one, so a receiver has to find out whether it went through.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::handle::Handle;
use crate::domain::command::Effect;

/// One effect that is not yet confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Row in the outbox: stable over restarts, so it can serve as the delivery id that a receiver keeps.
    pub row: i64,
    pub effect: Effect,
    pub created_at: Timestamp,
    /// True when an earlier process may have sent it already.
    pub maybe_sent: bool,
}

/// The receiving end, owned by one worker.
pub struct Lane {
    pub(super) items: mpsc::UnboundedReceiver<OutboxItem>,
    pub(super) handle: Handle,
}

impl Lane {
    /// The next effect; `None` when the engine has stopped. The worker keeps what it can't deliver yet and tries again.
    pub async fn next(&mut self) -> Option<OutboxItem> {
        self.items.recv().await
    }

    /// The next effect that is there already.
    pub fn try_next(&mut self) -> Option<OutboxItem> {
        self.items.try_recv().ok()
    }

    /// A handle to the engine, for reading what an effect is about and for confirming it.
    #[must_use]
    pub fn engine(&self) -> &Handle {
        &self.handle
    }
}
