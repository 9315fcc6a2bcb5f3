//! How an action ended, before its output is redacted and cut: what every verb hands to the runner.

use std::fmt::Write as _;
use std::sync::Arc;

use parking_lot::Mutex;

/// Bytes of output that are held; what comes beyond is counted and dropped.
pub const HELD_BYTES: usize = 1024 * 1024;

/// What an action gave, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    pub text: Vec<u8>,
    pub errors: Vec<u8>,
}

impl Raw {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into().into_bytes(),
            errors: Vec::new(),
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
    bytes: Vec<u8>,
    dropped: u64,
}

impl Held {
    /// Takes what still fits.
    pub fn push(&self, piece: &[u8]) {
        let mut inner = self.0.lock();
        let fits = piece.len().min(HELD_BYTES - inner.bytes.len());
        inner.bytes.extend_from_slice(&piece[..fits]);
        inner.dropped += (piece.len() - fits) as u64;
    }

    /// What has come, with a last line that says how much was dropped.
    #[must_use]
    pub fn take(&self) -> Vec<u8> {
        let mut inner = self.0.lock();
        let mut bytes = std::mem::take(&mut inner.bytes);
        if inner.dropped > 0 {
            let mut note = String::new();
            // Writing to a String can't fail.
            let _ = write!(
                note,
                "\n[{} more bytes dropped: only the first 1 MiB is kept]\n",
                inner.dropped
            );
            bytes.extend_from_slice(note.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_said() {
        let held = Held::default();
        held.push(&vec![b'a'; HELD_BYTES - 1]);
        held.push(b"bcd");
        let bytes = held.take();
        let text = String::from_utf8(bytes).expect("ascii");
        assert!(text.starts_with("aaa"));
        assert!(text.ends_with("ab\n[2 more bytes dropped: only the first 1 MiB is kept]\n"));
    }
}
