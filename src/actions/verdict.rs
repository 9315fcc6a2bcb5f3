//! How an action ended, before its output is redacted and cut: what every verb hands to the runner.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

/// Bytes of output that are held: the first and the last of it. What lies between is counted and dropped.
pub const HELD_BYTES: usize = 1024 * 1024;
/// Of these for the end.
const TAIL_BYTES: usize = 256 * 1024;
const HEAD_BYTES: usize = HELD_BYTES - TAIL_BYTES;
/// So much is given up on each side of a gap at most, so that it lies between words: half a secret is not recognised as one.
const EDGE: usize = 8 * 1024;

/// What an action gave, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    pub text: Vec<u8>,
    pub errors: Vec<u8>,
    /// Bytes of `text` that came and were not kept.
    pub missing: u64,
}

impl Raw {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into().into_bytes(),
            ..Self::default()
        }
    }
}

/// The three ends an action can have; see [`crate::ports::Ended`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Done(Raw),
    Failed { reason: String, raw: Raw },
    Unknown { reason: String, raw: Raw },
}

impl Verdict {
    #[must_use]
    pub fn done(text: impl Into<String>) -> Self {
        Self::Done(Raw::text(text))
    }

    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            raw: Raw::default(),
        }
    }

    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown {
            reason: reason.into(),
            raw: Raw::default(),
        }
    }
}

/// Bytes that come in piece by piece, kept outside of whatever future reads them, so that nothing is lost when that
/// future is given up.
#[derive(Clone, Debug, Default)]
pub struct Held(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Held {
    /// Takes it in; what lies between the first and the last of all that came goes.
    pub fn push(&self, piece: &[u8]) {
        let mut inner = self.0.lock();
        let fits = piece.len().min(HEAD_BYTES.saturating_sub(inner.head.len()));
        let (first, rest) = piece.split_at(fits);
        inner.head.extend_from_slice(first);
        inner.tail.extend(rest);
        let excess = inner.tail.len().saturating_sub(TAIL_BYTES);
        inner.tail.drain(..excess);
        inner.dropped += excess as u64;
    }

    /// What has come, and how many bytes of it are missing; a line in its middle says so.
    #[must_use]
    pub fn take(&self) -> (Vec<u8>, u64) {
        let Inner {
            mut head,
            tail,
            dropped,
        } = std::mem::take(&mut *self.0.lock());
        let tail = Vec::from(tail);
        if dropped == 0 {
            head.extend_from_slice(&tail);
            return (head, 0);
        }
        let keeps = head.iter().rev().take(EDGE).position(|byte| is_between(*byte));
        let keeps = head.len() - keeps.unwrap_or(EDGE.min(head.len()));
        let skips = tail.iter().take(EDGE).position(|byte| is_between(*byte));
        let skips = skips.unwrap_or(EDGE.min(tail.len()));
        let missing = dropped + (head.len() - keeps) as u64 + skips as u64;
        head.truncate(keeps);
        let note = format!("\n[{missing} bytes dropped: only the first and the last of 1 MiB are kept]\n");
        head.extend_from_slice(note.as_bytes());
        head.extend(tail.into_iter().skip(skips));
        (head, missing)
    }
}

/// Stands between words, and in no secret.
fn is_between(byte: u8) -> bool {
    matches!(byte, b'\n' | b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_does_not_fit_the_beginning_and_the_end_are_kept() {
        let held = Held::default();
        held.push(b"first\n");
        for _ in 0..HELD_BYTES / 8 {
            held.push(b"between\n");
        }
        held.push(b"last\n");
        let (bytes, missing) = held.take();
        let text = String::from_utf8(bytes).expect("ascii");
        assert!(text.starts_with("first\nbetween\n") && text.ends_with("\nbetween\nlast\n"));
        let note = format!("\n[{missing} bytes dropped: only the first and the last of 1 MiB are kept]\n");
        assert!(missing > 0 && text.contains(&note), "{missing}");
        assert_eq!(
            text.len() as u64 - note.len() as u64 + missing,
            HELD_BYTES as u64 + 11
        );
    }

    #[test]
    fn what_fits_comes_out_as_it_came() {
        let held = Held::default();
        let all: Vec<u8> = (0..HELD_BYTES).map(|at| (at % 251) as u8).collect();
        all.chunks(7_001).for_each(|piece| held.push(piece));
        assert_eq!(held.take(), (all, 0));
    }

    #[test]
    fn no_half_of_a_word_is_left_at_the_gap() {
        let held = Held::default();
        held.push(&vec![b'.'; HEAD_BYTES - 30]);
        held.push(b" token ghp_0123456789abcdefghijklmnopqrstuvwxyzAB ");
        held.push(&vec![b'.'; TAIL_BYTES - 20]);
        held.push(b"\nend");
        let text = String::from_utf8(held.take().0).expect("ascii");
        assert!(
            text.contains(" token") && !text.contains("ghp_") && !text.contains("xyzAB"),
            "cut"
        );
        assert!(text.ends_with("\nend"));
    }
}
