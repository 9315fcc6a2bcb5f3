//! An orderly end: no new step starts, those that run have some time to end and to be recorded, and what does not end then is
//! given up and recorded as Unknown. What did not start is asked for anew by the next process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How far the end has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Working,
    /// Nothing new starts.
    Draining,
    /// What runs is given up: it was given so much time.
    Over(Duration),
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    phase: Phase,
    /// Steps that were let start and are not recorded as ended.
    running: usize,
}

/// Shared by who ends the process and by what runs in it.
#[derive(Debug, Default)]
pub struct Drain {
    state: watch::Sender<State>,
}

/// A step that runs, until this is dropped.
pub(super) struct Running(Arc<Drain>);

impl Drain {
    /// From here on nothing starts. Says how many steps run.
    pub fn begin(&self) -> usize {
        self.state.send_modify(|state| state.phase = Phase::Draining);
        self.state.borrow().running
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.state.borrow().phase != Phase::Working
    }

    /// Waits until no step runs any more.
    pub async fn done(&self) {
        // It can't be closed while this borrows it.
        let _ = self.state.subscribe().wait_for(|state| state.running == 0).await;
    }

    /// What still runs is given up, after so much time.
    pub fn give_up(&self, after: Duration) {
        self.state.send_modify(|state| state.phase = Phase::Over(after));
    }

    /// Counts a step that is about to ask for its start; `None` when nothing may start any more.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Running> {
        // At once: between a look and a count the end could begin.
        let entered = self.state.send_if_modified(|state| {
            let may = state.phase == Phase::Working;
            state.running += usize::from(may);
            may
        });
        entered.then(|| Running(self.clone()))
    }

    /// Ready when what runs is given up; says how much time it had.
    pub(super) async fn over(&self) -> Duration {
        let mut state = self.state.subscribe();
        loop {
            if let Phase::Over(after) = state.borrow_and_update().phase {
                return after;
            }
            if state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0
            .state
            .send_modify(|state| state.running = state.running.saturating_sub(1));
    }
}
