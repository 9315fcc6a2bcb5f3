//! The second factors of the running bot. The file is read again for every code, so that who is enrolled or removed is
//! known at once; and now and then, so that a new secret is one that the redactor knows, and who got or lost one stands in
//! the journal.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use super::file::{FactorFile, FactorFileError};
use crate::actions::redact::Redactor;
use crate::domain::ceremony::{Code, Factor, step_at};
use crate::domain::command::Command;
use crate::domain::ids::PersonId;
use crate::engine::{EngineError, Handle};
use crate::ports::Clock;

/// Between two looks at the file while nobody uses a code.
const LOOK: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone)]
pub struct Factors {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    redactor: Arc<Redactor>,
    /// What the redactor knows.
    learnt: Arc<Mutex<FactorFile>>,
}

impl Factors {
    #[must_use]
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>, redactor: Arc<Redactor>) -> Self {
        Self {
            path,
            clock,
            redactor,
            learnt: Arc::default(),
        }
    }

    /// What becomes of this code of this person now.
    pub async fn check(&self, person: &PersonId, code: &Code) -> Factor {
        let file = match self.read().await {
            Ok(file) => file,
            Err(error) => {
                tracing::error!(%error, "no second factor counts");
                return Factor::Unreadable;
            }
        };
        let Some(enrolled) = file.people().get(person) else {
            return Factor::NotEnrolled;
        };
        match enrolled.seed.step_of(code.expose(), step_at(self.clock.now())) {
            Some(step) => Factor::Proved { step },
            None => Factor::Wrong,
        }
    }

    /// Reads the file, and tells the redactor what is in it.
    async fn read(&self) -> Result<FactorFile, FactorFileError> {
        let path = self.path.clone();
        let file = spawn_blocking(move || FactorFile::read(&path)).await;
        let file = file.map_err(|error| FactorFileError::Read {
            path: self.path.clone(),
            source: std::io::Error::other(error),
        })??;
        let mut learnt = self.learnt.lock();
        if *learnt != file {
            let secrets: Vec<String> = file.people().values().map(|one| one.seed.base32()).collect();
            match self.redactor.learn(&secrets) {
                Ok(()) => learnt.clone_from(&file),
                Err(error) => tracing::error!(%error, "the secrets of second factors are not looked for"),
            }
        }
        Ok(file)
    }

    /// Follows the file for as long as the bot runs.
    pub async fn follow(self, engine: Handle) {
        let (mut told, mut journaled) = (None, None);
        loop {
            let problem = match self.read().await {
                Ok(file) => {
                    let seen = file.seen();
                    if journaled.as_ref() != Some(&seen) {
                        match engine.submit(Command::Factors(seen.clone())).await {
                            Ok(_) => journaled = Some(seen),
                            Err(EngineError::Stopped) => return,
                            Err(error) => {
                                tracing::warn!(%error, "who got or lost a second factor is not on record yet")
                            }
                        }
                    }
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            if let Some(problem) = problem.as_ref().filter(|_| told != problem) {
                tracing::error!(problem, "no second factor counts until that is mended");
            }
            told = problem;
            tokio::time::sleep(LOOK).await;
        }
    }
}
