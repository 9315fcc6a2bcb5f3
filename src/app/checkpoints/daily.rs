//! The whole journal, verified in the background as `interlock audit verify` does it: at a start, and once a day. A start reads what
//! came after the snapshot, so that alerts are taken at once, and a running bot looks when somebody else has written; what was
//! changed below all that is found by this. Until it has been through once, no step is started and nothing signed.
//!
//! What a freeze of Interlock's own already says is not said again: it is there for good, and people have looked at it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::sleep;

use super::behind::is_behind;
use super::places::every_one_of;
use super::troubles::About;
use super::{Begun, Troubles, sealer};
use crate::app::StartError;
use crate::config::Settings;
use crate::domain::command::Command;
use crate::engine::{EngineError, Handle};
use crate::planted::{self, Point};
use crate::ports::Clock;
use crate::store::{Signer, Store, Wanted};

/// When it can't be read, before anything may run.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// From then on a human is called: what was approved waits for it, and nobody sees why.
const CALLED: SignedDuration = SignedDuration::from_secs(60);
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// The clock is looked at this often, because a clock can be moved.
const LOOK: Duration = Duration::from_secs(1);

/// What was found.
pub(super) enum Found {
    Whole {
        entries: u64,
        anchored: Option<u64>,
    },
    /// Something that a freeze of Interlock's own says already.
    Known(String),
    Tampered(String),
}

/// Verifies, and stops everything where something does not fit.
pub(in crate::app) struct Daily {
    settings: Settings,
    engine: Handle,
    clock: Arc<dyn Clock>,
    behind: watch::Sender<Option<String>>,
    verified: watch::Sender<bool>,
    troubles: Troubles,
    began: Timestamp,
}

impl Daily {
    /// Tells whoever waits at `begun` what is found.
    pub(in crate::app) fn new(
        settings: Settings,
        engine: Handle,
        clock: Arc<dyn Clock>,
        begun: &Begun,
    ) -> Self {
        Self {
            settings,
            engine,
            began: clock.now(),
            clock,
            behind: begun.behind.clone(),
            verified: begun.verified.clone(),
            troubles: begun.troubles.clone(),
        }
    }

    /// Works until the engine stops.
    pub(in crate::app) async fn run(self) {
        let mut last: Option<Timestamp> = None;
        loop {
            let now = self.clock.now();
            let due = match last {
                None => true,
                Some(last) if *self.verified.borrow() => now.duration_since(last).abs() >= EVERY,
                Some(last) => now.duration_since(last).abs() >= AGAIN,
            };
            if due {
                last = Some(now);
                if matches!(self.verify(now).await, Err(EngineError::Stopped)) {
                    return;
                }
            }
            sleep(LOOK).await;
        }
    }

    async fn verify(&self, now: Timestamp) -> Result<(), EngineError> {
        let first = !*self.verified.borrow();
        let settings = self.settings.clone();
        let verified = tokio::task::spawn_blocking(move || verified(&settings)).await;
        match verified {
            Ok(Ok(Found::Whole { entries, anchored })) => {
                tracing::info!(entries, anchored, "the whole journal was verified");
                #[expect(clippy::cast_precision_loss, reason = "seconds fit for a long time")]
                metrics::gauge!("interlock_journal_verified_timestamp_seconds").set(now.as_second() as f64);
            }
            Ok(Ok(Found::Known(why))) => {
                tracing::warn!(why, "the journal is still what it was found to be");
            }
            // The start has frozen everything, in its own words.
            Ok(Ok(Found::Tampered(why))) if first && self.behind.borrow().is_some() => {
                tracing::warn!(why, "the journal is what the start found it to be");
            }
            Ok(Ok(Found::Tampered(why))) => {
                tracing::error!(why, "the journal was tampered with");
                metrics::counter!("interlock_journal_tampered_total").increment(1);
                self.stops(why).await?;
            }
            Ok(Err(error)) => return self.unread(now, &error.to_string()).await,
            Err(error) => return self.unread(now, &error.to_string()).await,
        }
        self.troubles.is_over(About::Unverified, "");
        self.verified.send_replace(true);
        Ok(())
    }

    async fn unread(&self, now: Timestamp, error: &str) -> Result<(), EngineError> {
        tracing::error!(error, "the journal can't be verified; it is tried again");
        if *self.verified.borrow() {
            return Ok(());
        }
        if self.behind.borrow().is_some() {
            // Nothing starts before a person has looked, as the start has said.
            self.verified.send_replace(true);
        } else if now.duration_since(self.began).abs() >= CALLED {
            let why = format!("nobody can tell whether the journal is what it was: {error}");
            tracing::error!(why, "the journal can't be verified, so everything is frozen");
            self.stops(why).await?;
            self.troubles.is_over(About::Unverified, "");
            self.verified.send_replace(true);
        } else {
            let text =
                "the journal could not be verified since the start, so no step starts; the log says why";
            self.troubles.say(About::Unverified, "", text.to_owned());
        }
        Ok(())
    }

    async fn stops(&self, why: String) -> Result<(), EngineError> {
        is_behind(&self.troubles);
        self.behind.send_replace(Some(why.clone()));
        while let Err(error) = self.engine.submit(Command::Behind { why: why.clone() }).await {
            if error == EngineError::Stopped {
                return Err(error);
            }
            sleep(LOOK).await;
        }
        Ok(())
    }
}

/// All of the journal, and every checkpoint of the file. Blocks.
pub(super) fn verified(settings: &Settings) -> Result<Found, StartError> {
    if planted::refuses(Point::Verified) {
        return Err(StartError::Setup("a test says that it can't be read".to_owned()));
    }
    let signer = settings.checkpoints.key.as_ref();
    let signer = signer.map(|key| Signer::parse(key.expose())).transpose();
    let key = signer
        .map_err(|error| StartError::Setup(format!("checkpoints.key can't be used: {error}")))?
        .map(|signer| signer.public());
    // Before the journal is read: it grows.
    let anchors = match (&key, &settings.checkpoints.file) {
        (Some(key), Some(file)) => every_one_of(file, key).map_err(StartError::Setup)?,
        (None, _) | (_, None) => Vec::new(),
    };
    look(
        &settings.store.path,
        settings,
        Wanted {
            anchors,
            keys: key.into_iter().collect(),
            had_other_keys: true,
            ..Wanted::default()
        },
    )
}

fn look(path: &Path, settings: &Settings, wanted: Wanted) -> Result<Found, StartError> {
    let store = Store::open_to_check(path, sealer(settings)?)?;
    let why = match store.doubt_all()? {
        Some(why) => Some(why),
        None => {
            let verdict = store.check(wanted)?;
            if verdict.whole {
                let (entries, anchored) = (verdict.entries, verdict.anchored);
                return Ok(Found::Whole { entries, anchored });
            }
            verdict.problem
        }
    };
    let why = why.unwrap_or_default();
    Ok(match store.has_frozen_for(&why)? {
        true => Found::Known(why),
        false => Found::Tampered(why),
    })
}
