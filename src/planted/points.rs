//! Named moments at which a test lets the process die, wait, or have its journal refuse.
//!
//! They exist only in builds for tests, as the bugs do, where `INTERLOCK_POINT` says which one and what comes there:
//! `NAME=abort`, `NAME=wait` or `NAME=refuse`, with `@N` behind it at the Nth time only. Elsewhere [`reach`] and [`refuses`] are
//! constants and nothing of this is in the program.

/// One moment between two things that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum Point {
    /// An alert is authentic and read; the engine has not heard of it.
    AlertRead,
    /// An alert is stored, and its sender does not know.
    AlertStored,
    /// Some entries of a commit are written, and it is not committed.
    EntryWritten,
    /// A commit is through, and nobody knows: no answer and no effect has left.
    Committed,
    /// A click is stored, and Slack does not know.
    ClickStored,
    /// A card is posted, and where it is is not stored.
    CardPosted,
    /// An effect is delivered to a pager or a source, and that is not stored.
    Delivered,
    /// A step has its permit, and nothing of it has left.
    Permitted,
    /// A step is through, and its result is not stored.
    Performed,
    /// A checkpoint is signed and stored, and has not left.
    CheckpointSigned,
    /// A checkpoint was taken by a place outside, which is not noted.
    CheckpointKept,
    /// One step of a migration is written, and not committed.
    Migrated,
    /// The state is about to be stored beside the journal.
    Snapshot,
    /// The whole journal is to be verified, at a start or once a day.
    Verified,
    /// A copy for a backup is made, and not yet in the place of the last.
    BackupCopied,
}

/// Nothing, or what a test asked for.
#[cfg(all(feature = "planted-bugs", debug_assertions))]
pub fn reach(point: Point) {
    // Only a journal can refuse.
    let _ = refuses(point);
}

/// As [`reach`]; true when this call of the journal is to fail.
#[cfg(all(feature = "planted-bugs", debug_assertions))]
#[must_use]
pub fn refuses(point: Point) -> bool {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// Long enough for a test to do something meanwhile, and less than Slack waits.
    const WAIT: Duration = Duration::from_millis(700);
    static ASKED: OnceLock<Option<(Point, String, Option<u64>)>> = OnceLock::new();
    static TIMES: AtomicU64 = AtomicU64::new(0);
    let asked = ASKED.get_or_init(|| {
        let text = std::env::var("INTERLOCK_POINT").ok()?;
        let (name, rest) = text.split_once('=')?;
        let (what, nth) = match rest.split_once('@') {
            Some((what, nth)) => (what, nth.parse().ok()),
            None => (rest, None),
        };
        Some((name.parse().ok()?, what.to_owned(), nth))
    });
    let Some((wanted, what, nth)) = asked else {
        return false;
    };
    if *wanted != point {
        return false;
    }
    let time = TIMES.fetch_add(1, Ordering::AcqRel).saturating_add(1);
    if nth.is_some_and(|nth| nth != time) {
        return false;
    }
    match what.as_str() {
        "abort" => std::process::abort(),
        "wait" => std::thread::sleep(WAIT),
        "refuse" => return true,
        _ => {}
    }
    false
}

/// Nothing.
#[cfg(not(all(feature = "planted-bugs", debug_assertions)))]
pub const fn reach(_: Point) {}

/// Whether this call of the journal is to fail: never.
#[cfg(not(all(feature = "planted-bugs", debug_assertions)))]
#[must_use]
pub const fn refuses(_: Point) -> bool {
    false
}
