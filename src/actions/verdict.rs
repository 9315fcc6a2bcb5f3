//! How an action ended, before its output is redacted and cut: what every verb hands to the runner.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

/// Bytes of output that are held: the first and the last of it. What lies between is counted and dropped.
pub const HELD_BYTES: usize = 1024 * 1024;
/// Of these for the end.
const TAIL_BYTES: usize = 256 * 1024;
const HEAD_BYTES: usize = HELD_BYTES - TAIL_BYTES;

/// What an action gave, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    pub text: Kept,
    pub errors: Kept,
}

impl Raw {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: Kept::from(text.into().into_bytes()),
            ..Self::default()
        }
    }
}

/// What is kept of a stream. Both edges of a gap, and the end of a stream that broke off, may lie within a secret: whoever
/// shows it takes that into account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// All of it when there is no gap.
    pub head: Vec<u8>,
    pub gap: Option<Box<Gap>>,
    /// More would have come.
    pub broken: bool,
}

/// What is missing in the middle of a stream, and what came behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// Bytes that came and were not kept.
    pub dropped: u64,
    pub tail: Vec<u8>,
}

impl From<Vec<u8>> for Kept {
    fn from(head: Vec<u8>) -> Self {
        Self {
            head,
            ..Self::default()
        }
    }
}

impl Kept {
    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.gap.is_none()
    }

    /// The same of a stream that was given up before its end.
    #[must_use]
    pub fn broken_if(self, broken: bool) -> Self {
        Self { broken, ..self }
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

    /// What has come.
    #[must_use]
    pub fn take(&self) -> Kept {
        let Inner {
            mut head,
            tail,
            dropped,
        } = std::mem::take(&mut *self.0.lock());
        let mut tail = Vec::from(tail);
        let gap = match dropped {
            0 => {
                head.append(&mut tail);
                None
            }
            dropped => Some(Box::new(Gap { dropped, tail })),
        };
        Kept {
            head,
            gap,
            broken: false,
        }
    }
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
        let kept = held.take();
        let gap = kept.gap.expect("a gap");
        assert!(kept.head.starts_with(b"first\nbetween\n") && gap.tail.ends_with(b"\nbetween\nlast\n"));
        assert_eq!((kept.head.len(), gap.tail.len()), (HEAD_BYTES, TAIL_BYTES));
        assert_eq!(gap.dropped, 11);
    }

    #[test]
    fn what_fits_comes_out_as_it_came() {
        let held = Held::default();
        let all: Vec<u8> = (0..HELD_BYTES).map(|at| (at % 251) as u8).collect();
        all.chunks(7_001).for_each(|piece| held.push(piece));
        assert_eq!(held.take(), Kept::from(all));
    }
}
