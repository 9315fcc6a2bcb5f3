//! Whether the engine still answers: a disk that neither takes a write nor refuses it holds its thread for ever, and nobody else
//! would notice. It is asked all the time, and what it says of its journal is passed on as it is.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::domain::freeze::{Freeze, Scope};
use crate::engine::{EngineError, Handle, Health};

/// Between two questions.
const LOOK: Duration = Duration::from_secs(1);
/// A question is answered after the commit before it: milliseconds, on a slow disk a second. Beyond this nothing is being done.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// After so many looks at the freeze, one that was wanted for what was found is stored.
const STORED_AFTER: u32 = 3;

/// What is known of the engine.
#[derive(Clone)]
pub(super) struct Pulse {
    /// As the engine says, and broken while it says nothing.
    pub health: watch::Receiver<Health>,
    /// Why the journal is not the newest, until a person has lifted the freeze on everything that comes of it.
    pub behind: watch::Receiver<Option<String>>,
}

/// Gives what is known, and the work that keeps it so until the engine stops.
pub(super) fn follow(
    engine: Handle,
    said: watch::Receiver<Health>,
    found: watch::Receiver<Option<String>>,
) -> (Pulse, impl Future<Output = ()> + Send) {
    let (health, health_seen) = watch::channel(said.borrow().clone());
    let (behind_now, behind_seen) = watch::channel(found.borrow().clone());
    let pulse = Pulse {
        health: health_seen,
        behind: behind_seen,
    };
    let telling = Telling {
        said,
        health,
        found,
        behind: behind_now,
        looks: 0,
    };
    (pulse, telling.run(engine))
}

struct Telling {
    said: watch::Receiver<Health>,
    health: watch::Sender<Health>,
    /// What the start found out, and what is found out later.
    found: watch::Receiver<Option<String>>,
    behind: watch::Sender<Option<String>>,
    /// At the freeze since then.
    looks: u32,
}

impl Telling {
    async fn run(mut self, engine: Handle) {
        while let Ok(freeze) = self.ask(&engine).await {
            self.tell(false);
            self.person_has_lifted(&freeze);
            tokio::select! {
                () = sleep(LOOK) => {}
                changed = self.said.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Asks once, and waits for the answer however long it takes: more questions would only wait behind it.
    async fn ask(&mut self, engine: &Handle) -> Result<Freeze, EngineError> {
        let asked = engine.freeze();
        tokio::pin!(asked);
        let mut stuck = false;
        loop {
            tokio::select! {
                answer = timeout(STUCK_AFTER, asked.as_mut()) => match answer {
                    Ok(answer) => return answer,
                    Err(_) => stuck = true,
                },
                changed = self.said.changed() => if changed.is_err() {
                    return Err(EngineError::Stopped);
                },
            }
            self.tell(stuck);
        }
    }

    /// Watchers hear of the change between well and not well; whoever looks reads the newest reason.
    fn tell(&mut self, stuck: bool) {
        let now = match self.said.borrow_and_update().clone() {
            Health::Ready if stuck => Health::Broken(format!(
                "the engine has not answered for {} s: the disk under the database neither takes a write nor refuses it, or this machine is overloaded",
                STUCK_AFTER.as_secs()
            )),
            said => said,
        };
        if stuck && *self.health.borrow() == Health::Ready {
            tracing::error!(
                seconds = STUCK_AFTER.as_secs(),
                "the engine does not answer; nothing starts and nothing is acknowledged"
            );
        }
        self.health.send_if_modified(|health| {
            let was_ready = *health == Health::Ready;
            let is_ready = now == Health::Ready;
            *health = now;
            was_ready != is_ready
        });
    }

    fn person_has_lifted(&mut self, freeze: &Freeze) {
        // Also what was told just before nobody was left to tell more.
        let found = {
            let found = self.found.borrow_and_update();
            found.has_changed().then(|| found.clone())
        };
        if let Some(found) = found {
            self.behind.send_replace(found);
            self.looks = 0;
        }
        // Until what was found is stored, nobody can have lifted it.
        let stored = *self.health.borrow() == Health::Ready;
        let frozen = freeze.of(&Scope::Everything).is_some();
        self.looks = self.looks.saturating_add(1);
        if stored && !frozen && self.looks > STORED_AFTER {
            self.behind.send_if_modified(|behind| behind.take().is_some());
        }
    }
}
