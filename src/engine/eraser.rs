//! Carries out recorded erasures between two turns of the engine's thread, a few entries at a time, so that nobody waits for it.
//! Where checkpoints are signed it waits for one that covers the record, however long that takes.

use std::time::{Duration, Instant};

use super::core::{Core, Going};
use crate::domain::command::Command;
use crate::store::{Erasing, StoreError};

/// While somebody reads what is to go.
const AGAIN: Duration = Duration::from_secs(1);
/// After a failure, which is seldom over in a second: a damaged entry stays so until a person has looked.
const FAILED: Duration = Duration::from_secs(60);
/// A checkpoint is signed about a second after an erasure was recorded. What waits for so long is told.
const LATE: Duration = Duration::from_secs(60);

/// Where it stands.
pub(super) struct Eraser {
    /// An erasure may be on record that is not carried out.
    look: bool,
    erasing: Option<Erasing>,
    not_before: Option<Instant>,
    waits: Option<Waits>,
}

/// For a checkpoint that covers the record.
struct Waits {
    since: Instant,
    told: bool,
    /// One was signed since it was last asked.
    signed: bool,
}

/// What it has to know of a commit.
#[derive(Clone, Copy)]
pub(super) struct News {
    erases: bool,
    signed: bool,
}

impl News {
    pub fn of(commands: &[Command]) -> Self {
        let any = |is: fn(&Command) -> bool| commands.iter().any(is);
        Self {
            erases: any(|command| matches!(command, Command::Erase { .. })),
            signed: any(|command| matches!(command, Command::Checkpointed(_))),
        }
    }
}

impl Eraser {
    /// What an earlier process left is gone on with.
    pub fn new() -> Self {
        Self {
            look: true,
            erasing: None,
            not_before: None,
            waits: None,
        }
    }

    /// This was just committed.
    pub fn hears(&mut self, news: News) {
        self.look |= news.erases;
        if let Some(waits) = &mut self.waits {
            waits.signed |= news.signed;
        }
    }

    /// There is more to do at once.
    pub fn is_busy(&self) -> bool {
        let may = self.waits.as_ref().is_none_or(|waits| waits.signed);
        (self.look || self.erasing.is_some()) && may && !self.pauses()
    }

    fn pauses(&self) -> bool {
        self.not_before.is_some_and(|until| Instant::now() < until)
    }

    /// Does a little of it.
    pub fn go_on(&mut self, core: &mut Core) {
        self.tell_if_late();
        if !self.is_busy() {
            return;
        }
        self.not_before = None;
        let Some(erasing) = &mut self.erasing else {
            match core.store().erasing() {
                Ok(next) => {
                    self.look = next.is_some();
                    self.erasing = next;
                }
                Err(error) => self.failed(&error),
            }
            return;
        };
        let entry = erasing.entry;
        match core.erase_some(erasing) {
            Ok(Going::Uncovered) => match &mut self.waits {
                Some(waits) => waits.signed = false,
                None => self.waits = Some(Waits::new()),
            },
            Ok(Going::On) => self.waits = None,
            Ok(Going::Read) => self.not_before = Instant::now().checked_add(AGAIN),
            Ok(Going::Done) => {
                tracing::info!(entry, "the payloads that an erasure was recorded for are gone");
                (self.erasing, self.waits) = (None, None);
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Once for each time that it waits.
    fn tell_if_late(&mut self) {
        let entry = self.erasing.as_ref().map(|erasing| erasing.entry);
        if let Some(waits) = &mut self.waits
            && !waits.told
            && waits.since.elapsed() >= LATE
        {
            waits.told = true;
            tracing::warn!(
                entry,
                "an erasure is on record and is not carried out: no checkpoint that covers it is signed, and the log says why; it is gone on with as soon as one is"
            );
        }
    }

    fn failed(&mut self, error: &StoreError) {
        metrics::counter!("interlock_erasures_failed_total").increment(1);
        tracing::error!(%error, "an erasure that is on record can't go on; tried again in a minute");
        self.not_before = Instant::now().checked_add(FAILED);
    }
}

impl Waits {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            told: false,
            signed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::domain::erasure::Erasure;
    use crate::domain::event::{Deed, Entry, Event, Who};
    use crate::domain::ids::IncidentId;
    use crate::domain::samples;
    use crate::store::{Signer, Store};

    const OLD: Timestamp = Timestamp::UNIX_EPOCH;

    fn commits(store: &mut Store, at: Timestamp, event: Event) -> u64 {
        let seq = store.seq() + 1;
        let entry = Entry {
            seq,
            at,
            key: None,
            event,
        };
        store.commit(&[entry], &[], &[], at).unwrap();
        seq
    }

    /// What an incident had is to be erased: the number of the entry that says so.
    fn recorded(store: &mut Store) -> u64 {
        let asked = Event::Asked {
            incident: Some(IncidentId(1)),
            by: Who {
                id: samples::person("U1"),
                name: "ana".to_owned(),
            },
            deed: Deed::Ask,
        };
        commits(store, OLD, asked);
        let now = OLD + SignedDuration::from_hours(24 * 32);
        let before = OLD + SignedDuration::from_hours(1);
        let erasure = Erasure::of(vec![IncidentId(1)], before, false);
        commits(store, now, Event::Erased { by: None, erasure })
    }

    fn checkpoint(store: &mut Store, size: u64) {
        let signed = Event::Checkpointed {
            size,
            note: String::new(),
            kept: Vec::new(),
        };
        commits(store, OLD + SignedDuration::from_hours(24 * 33), signed);
    }

    /// What is left after a process has worked on it until it had nothing more to do.
    fn left(store: Store) -> (Eraser, Core) {
        let mut core = Core::open(store).unwrap();
        let mut eraser = Eraser::new();
        while eraser.is_busy() {
            eraser.go_on(&mut core);
        }
        (eraser, core)
    }

    #[test]
    fn no_payload_goes_before_a_checkpoint_covers_the_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("interlock.db");
        let key = Signer::generate("interlock.test/eraser").unwrap();
        let sealer = Signer::parse(&key).unwrap().sealer();
        let open = || Store::open_sealed(&path, Some(sealer.clone())).unwrap();
        let mut store = open();
        let record = recorded(&mut store);
        let (mut eraser, core) = left(store);
        assert_eq!(core.store().unerased().unwrap(), 1, "none is signed");
        eraser.hears(News {
            erases: true,
            signed: false,
        });
        assert!(!eraser.is_busy(), "it waits, and asks nothing meanwhile");
        eraser.hears(News {
            erases: false,
            signed: true,
        });
        assert!(eraser.is_busy(), "it looks again once one is signed");
        drop(core);
        let mut store = open();
        checkpoint(&mut store, record - 1);
        let (_, core) = left(store);
        assert_eq!(core.store().unerased().unwrap(), 1, "it was signed before");
        drop(core);
        let mut store = open();
        checkpoint(&mut store, record);
        let (_, core) = left(store);
        assert_eq!(core.store().unerased().unwrap(), 0);
        assert!(core.store().erasing().unwrap().is_none());
    }

    #[test]
    fn where_nothing_is_signed_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("interlock.db")).unwrap();
        recorded(&mut store);
        let (_, core) = left(store);
        assert_eq!(core.store().unerased().unwrap(), 0);
    }
}
