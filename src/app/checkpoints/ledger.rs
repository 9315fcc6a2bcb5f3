//! The tree over the journal as it grows, and when the next checkpoint is due. Pure: time is an argument.

use jiff::{SignedDuration, Timestamp};

use crate::store::{Checkpoint, Mark, Tree};

/// Without anything new a checkpoint says once an hour that the journal still stands.
const IDLE: SignedDuration = SignedDuration::from_hours(1);
/// Entries of checkpoints themselves ask for none: an idle journal would grow for ever.
const OWN_KIND: &str = "checkpointed";
/// What of them stands in a thread asks for none, either.
const THREAD_KIND: &str = "anchored";
/// What a start did can't be taken back, and what a person decided must not be forgotten: signed for at once, so that no copy from
/// before it passes for the newest. And an erasure is carried out only once the entry that records it is signed for.
const URGENT_KINDS: [&str; 20] = [
    "step_started",
    "step_judged",
    "voted",
    "rejected",
    "withdrawn",
    "allowed_alone",
    "second_factor",
    "frozen",
    "unfrozen",
    "stays_frozen",
    "freeze_file",
    "breaker_tripped",
    "glass_broken",
    "glass_reviewed",
    "taken_over",
    "closed",
    "silence_voted",
    "silence_rejected",
    "silence_made",
    "erased",
];

/// What is known of the journal.
#[derive(Debug, Default)]
pub struct Ledger {
    tree: Tree,
    /// When the last checkpoint was made.
    last: Option<Timestamp>,
    /// When the oldest entry that no checkpoint covers was written.
    waiting_since: Option<Timestamp>,
    urgent: bool,
}

impl Ledger {
    /// The next entry of the journal.
    pub fn take(&mut self, mark: &Mark) {
        self.tree.push(&mark.hash);
        match mark.kind.as_str() {
            // It covers what was committed when it was signed, and others may have written before it was stored.
            OWN_KIND => self.last = Some(mark.at),
            THREAD_KIND => {}
            kind => {
                self.waiting_since.get_or_insert(mark.at);
                self.urgent |= URGENT_KINDS.contains(&kind);
            }
        }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Whether a checkpoint is to be signed now, when new entries may wait `within`.
    pub fn is_due(&self, now: Timestamp, within: SignedDuration) -> bool {
        let waited = self
            .waiting_since
            .is_some_and(|since| now.duration_since(since) >= within);
        let idle = self.last.is_none_or(|last| now.duration_since(last) >= IDLE);
        self.size() > 0 && (self.urgent || waited || idle)
    }

    /// The statement over everything so far.
    pub fn checkpoint(&self, origin: &str) -> Checkpoint {
        Checkpoint {
            origin: origin.to_owned(),
            size: self.size(),
            root: self.tree.root(),
        }
    }

    /// A checkpoint over everything taken so far was stored.
    pub fn covered(&mut self, at: Timestamp) {
        self.last = Some(at);
        self.waiting_since = None;
        self.urgent = false;
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantNames as _;

    use super::*;
    use crate::domain::event::Event;

    const WITHIN: SignedDuration = SignedDuration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn take(ledger: &mut Ledger, seconds: i64, kind: &str) {
        ledger.take(&Mark {
            seq: ledger.size() + 1,
            at: at(seconds),
            kind: kind.to_owned(),
            hash: [0; 32],
        });
    }

    /// A ledger of one entry and its checkpoint.
    fn signed() -> Ledger {
        let mut ledger = Ledger::default();
        take(&mut ledger, 0, "started");
        ledger.covered(at(0));
        take(&mut ledger, 1, OWN_KIND);
        ledger
    }

    #[test]
    fn an_empty_journal_has_nothing_to_say_and_the_first_entry_is_signed_for_at_once() {
        let mut ledger = Ledger::default();
        assert!(!ledger.is_due(at(9_999), WITHIN));
        take(&mut ledger, 0, "started");
        assert!(ledger.is_due(at(0), WITHIN));
    }

    #[test]
    fn new_entries_wait_no_longer_than_they_may() {
        let mut ledger = signed();
        take(&mut ledger, 10, "opened");
        take(&mut ledger, 50, "matched");
        assert!(!ledger.is_due(at(69), WITHIN));
        assert!(ledger.is_due(at(70), WITHIN));
    }

    #[test]
    fn a_start_and_what_a_person_decided_are_signed_for_at_once() {
        for kind in URGENT_KINDS {
            assert!(
                Event::VARIANTS.contains(&kind),
                "`{kind}` is no event of the journal"
            );
            let mut ledger = signed();
            take(&mut ledger, 2, kind);
            assert!(ledger.is_due(at(2), WITHIN), "{kind}");
            ledger.covered(at(2));
            assert!(!ledger.is_due(at(3), WITHIN), "{kind}");
        }
    }

    #[test]
    fn what_was_committed_while_a_checkpoint_was_signed_still_waits() {
        let mut ledger = Ledger::default();
        take(&mut ledger, 0, "started");
        ledger.covered(at(0));
        take(&mut ledger, 0, "step_started");
        take(&mut ledger, 1, OWN_KIND);
        assert!(ledger.is_due(at(1), WITHIN));
    }

    #[test]
    fn an_idle_journal_speaks_once_an_hour() {
        let ledger = signed();
        assert!(!ledger.is_due(at(3_600), WITHIN));
        assert!(ledger.is_due(at(3_601), WITHIN));
    }
}
