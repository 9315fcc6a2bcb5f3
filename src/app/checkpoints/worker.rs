//! Signs checkpoints as they fall due. The order is: read what is committed, sign, have it stored in the journal, and only
//! then offer it to the anchors, to each until it takes it or a newer one is there.
//!
//! Nothing is signed that could contradict what was signed before. At the start that is known of every place that answers;
//! one that did not is asked again, and until it says what it holds nothing is signed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::sleep;

use super::anchor::{Anchor, Kept};
use super::behind::{self, is_behind};
use super::late::{Late, Unanswered};
use super::ledger::Ledger;
use super::places::BUCKET;
use super::troubles::{About, Troubles};
use crate::domain::command::{Command, NewCheckpoint};
use crate::engine::{EngineError, Handle};
use crate::planted::{self, Point};
use crate::ports::Clock;
use crate::store::{Checkpoint, Signer, Store, StoreError};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Taken off what new entries may wait, for the look, the commit and the way to the anchors.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);
/// An anchor that refuses is asked again after as many seconds as it refused, at most these.
const AGAIN_MOST: i64 = 60;

/// Since when places have been refusing what they are given, by their names. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Refusing(Arc<Mutex<BTreeMap<&'static str, Timestamp>>>);

impl Refusing {
    /// The place that has refused for the longest.
    #[must_use]
    pub fn longest(&self) -> Option<(&'static str, Timestamp)> {
        let places = self.0.lock();
        places
            .iter()
            .map(|(name, since)| (*name, *since))
            .min_by_key(|(_, since)| *since)
    }
}

/// One place and what it has not taken yet.
struct Place {
    anchor: Anchor,
    waiting: Option<Kept>,
    /// It holds some.
    has_some: bool,
    refused: i64,
    not_before: Option<Timestamp>,
    late: Late,
}

/// The worker's own things.
pub struct Checkpointer {
    signer: Signer,
    /// A reader of its own: the engine's thread is not asked for what is committed anyway.
    store: Store,
    ledger: Ledger,
    engine: Handle,
    clock: Arc<dyn Clock>,
    within: SignedDuration,
    places: Vec<Place>,
    in_threads: bool,
    troubles: Troubles,
    unanswered: Option<Unanswered>,
    /// Whether all of the journal was verified since the start.
    verified: watch::Receiver<bool>,
    /// Why the journal can't be trusted, where somebody has found out meanwhile.
    found: watch::Receiver<Option<String>>,
    /// Since when nothing is signed, for want of an answer.
    unsigned: Late,
    refusing: Refusing,
}

impl Checkpointer {
    /// New entries are signed for within `within`, which is at least a few seconds. `holding`: places that hold some. `in_threads`: those that cover a start of
    /// Tier 2 or 3 stand in its incident's thread, too.
    #[expect(clippy::too_many_arguments, reason = "wiring: called once")]
    #[must_use]
    pub fn new(
        signer: Signer,
        store: Store,
        engine: Handle,
        clock: Arc<dyn Clock>,
        within: SignedDuration,
        anchors: Vec<Anchor>,
        holding: &[String],
        in_threads: bool,
        troubles: Troubles,
        unanswered: Option<Unanswered>,
        verified: watch::Receiver<bool>,
        found: watch::Receiver<Option<String>>,
    ) -> Self {
        let places = anchors.into_iter().map(|anchor| Place {
            has_some: anchor.place().is_some_and(|place| holding.contains(&place)),
            anchor,
            waiting: None,
            refused: 0,
            not_before: None,
            late: Late::default(),
        });
        Self {
            signer,
            store,
            ledger: Ledger::default(),
            engine,
            clock,
            within: (within - AHEAD).max(SignedDuration::ZERO),
            places: places.collect(),
            in_threads,
            troubles,
            unanswered,
            verified,
            found,
            unsigned: Late::default(),
            refusing: Refusing::default(),
        }
    }

    /// Which places refuse, now and later.
    #[must_use]
    pub fn refusing(&self) -> Refusing {
        self.refusing.clone()
    }

    /// Works until the engine stops.
    pub async fn run(self) {
        let mut worker = self;
        // What was changed below the snapshot must not be signed.
        if worker.verified.wait_for(|verified| *verified).await.is_err() {
            return;
        }
        loop {
            if worker.found.borrow().is_some() {
                tracing::error!("no checkpoint is signed any more");
                return;
            }
            // The first look reads the whole journal, so none of them is taken on a thread that others wait for.
            let looked = tokio::task::spawn_blocking(move || {
                let read = worker.read();
                (worker, read)
            });
            let read;
            (worker, read) = match looked.await {
                Ok(both) => both,
                Err(error) => {
                    tracing::error!(%error, "checkpoints are no longer made");
                    return;
                }
            };
            match read {
                Err(error) => {
                    tracing::warn!(%error, "the journal can't be read for a checkpoint; trying again");
                }
                Ok(Some(why)) => return worker.stops(why).await,
                Ok(None) if worker.unanswered.is_some() => worker.ask_again().await,
                Ok(None) if matches!(worker.sign_if_due().await, Err(EngineError::Stopped)) => return,
                Ok(None) => {}
            }
            worker.hand_out().await;
            sleep(LOOK).await;
        }
    }

    /// Takes in what is new. Gives why the journal is not the newest, where a place that answered late says so.
    fn read(&mut self) -> Result<Option<String>, StoreError> {
        if let Some(places) = self.unanswered.as_mut().and_then(|asked| asked.answered.take()) {
            self.store.refresh()?;
            if let Some(why) = places.behind(&self.store)? {
                return Ok(Some(why));
            }
            self.unanswered = None;
            self.troubles.is_over(About::Unread, BUCKET);
            for unread in &places.unread {
                behind::tell(unread, &self.troubles);
            }
        }
        let ledger = &mut self.ledger;
        self.store.marks_after(ledger.size(), |mark| ledger.take(&mark))?;
        Ok(None)
    }

    async fn ask_again(&mut self) {
        let now = self.clock.now();
        let Some(asked) = &mut self.unanswered else { return };
        if asked.not_before.is_some_and(|at| now < at) {
            return;
        }
        asked.ask(now, &self.troubles).await;
        // While it is not known what was signed, nothing reaches any place.
        if asked.answered.is_none() {
            let told = self.unsigned.goes_on(BUCKET, now, &self.troubles);
            tell(&self.engine, told).await;
        } else {
            self.troubles.is_over(About::Unkept, BUCKET);
        }
    }

    /// The journal is not the newest that there was: everything stops, and nothing more is signed.
    async fn stops(self, why: String) {
        tracing::error!(why, "no checkpoint is signed any more");
        is_behind(&self.troubles);
        if let Some(asked) = &self.unanswered {
            asked.behind.send_replace(Some(why.clone()));
        }
        while let Err(error) = self.engine.submit(Command::Behind { why: why.clone() }).await {
            if error == EngineError::Stopped {
                return;
            }
            sleep(LOOK).await;
        }
    }

    async fn sign_if_due(&mut self) -> Result<(), EngineError> {
        let now = self.clock.now();
        if !self.ledger.is_due(now, self.within) {
            return Ok(());
        }
        let checkpoint = self.ledger.checkpoint(self.signer.name());
        let (size, note) = (checkpoint.size, checkpoint.sign(&self.signer));
        let stored = self.engine.submit(Command::Checkpointed(NewCheckpoint {
            size,
            note: note.clone(),
            kept: self.kept(),
            line: self.in_threads.then(|| Checkpoint::in_one_line(&note)),
        }));
        if let Err(error) = stored.await {
            tracing::warn!(%error, "a checkpoint could not be stored, so it does not leave; trying again");
            return Err(error);
        }
        planted::reach(Point::CheckpointSigned);
        self.ledger.covered(now);
        for place in &mut self.places {
            place.waiting = Some(Kept {
                at: now,
                size,
                note: note.clone(),
            });
        }
        Ok(())
    }

    /// Which places hold some.
    fn kept(&self) -> Vec<String> {
        let kept = self.places.iter().filter(|place| place.has_some);
        kept.filter_map(|place| place.anchor.place()).collect()
    }

    async fn hand_out(&mut self) {
        let now = self.clock.now();
        let mut told = Vec::new();
        for place in &mut self.places {
            let Some(kept) = &place.waiting else { continue };
            if place.not_before.is_some_and(|at| now < at) {
                continue;
            }
            let anchor = place.anchor.name();
            match place.anchor.keep(kept, now).await {
                Ok(()) => {
                    planted::reach(Point::CheckpointKept);
                    metrics::gauge!("interlock_anchored_entries", "anchor" => anchor).set(kept.size as f64);
                    self.refusing.0.lock().remove(anchor);
                    place.waiting = None;
                    place.has_some = true;
                    place.refused = 0;
                    place.not_before = None;
                    place.late = Late::default();
                    self.troubles.is_over(About::Unkept, place.anchor.key());
                }
                Err(error) => {
                    tracing::warn!(%error, anchor, size = kept.size, "a checkpoint was not kept; it is offered again");
                    self.refusing.0.lock().entry(anchor).or_insert(now);
                    place.refused = (place.refused + 1).min(AGAIN_MOST);
                    place.not_before = now.checked_add(SignedDuration::from_secs(place.refused)).ok();
                    told.extend(place.late.goes_on(place.anchor.key(), now, &self.troubles));
                }
            }
            let late = place
                .late
                .since
                .map_or(0, |since| now.duration_since(since).as_secs());
            metrics::gauge!("interlock_anchor_refusing_seconds", "anchor" => anchor).set(late as f64);
        }
        for command in told {
            tell(&self.engine, Some(command)).await;
        }
    }
}

async fn tell(engine: &Handle, told: Option<Command>) {
    let Some(command) = told else { return };
    if let Err(error) = engine.submit(command).await {
        tracing::warn!(%error, "the channels could not be told that checkpoints are not kept");
    }
}
