//! Checkpoints: a signed statement of how many entries the journal has and what they hash to (C2SP tlog-checkpoint).
//! Whoever keeps one can tell any later change of what stands before it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::merkle::NodeHash;
use super::note::{NoteError, PublicKey, SIGNED_BY, Signer};

/// What a checkpoint says. `origin` is the name of the key that signs it: one journal, one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    /// Entries that it covers: the first `size` of the journal.
    pub size: u64,
    pub root: NodeHash,
}

/// Why a text is no checkpoint of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(
        "the note is signed, but it is no checkpoint: it must say origin, number of entries and root hash"
    )]
    NotACheckpoint,
    #[error("the checkpoint is of `{found}`, not of `{wanted}`")]
    OtherOrigin { found: String, wanted: String },
}

impl Checkpoint {
    /// The signed note.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        signer.sign(&format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        ))
    }

    /// A note of one signature as one line, which survives being copied out of a message: `ORIGIN SIZE ROOT SIGNATURE`.
    #[must_use]
    pub fn in_one_line(note: &str) -> String {
        let lines: Vec<&str> = note.lines().filter(|line| !line.is_empty()).collect();
        let signature = note.split_whitespace().last();
        let said = lines.iter().take(3).copied();
        said.chain(signature).collect::<Vec<_>>().join(" ")
    }

    /// The notes behind such lines, wherever they stand in a text: between other words, in back quotes, one after the other.
    #[must_use]
    pub fn lines_in(text: &str) -> Vec<String> {
        let mut words = text
            .split(|c: char| c.is_whitespace() || c == '`')
            .filter(|word| !word.is_empty());
        let (mut origin, mut size, mut root) = (None, None, None);
        let mut found = Vec::new();
        for signature in words.by_ref() {
            if let (Some(origin), Some(size), Some(root)) = (origin, size, root)
                && is_number(size)
                && holds_bytes(root, 32)
                && holds_bytes(signature, 68)
            {
                found.push(format!(
                    "{origin}\n{size}\n{root}\n\n{SIGNED_BY}{origin} {signature}\n"
                ));
            }
            (origin, size, root) = (size, root, Some(signature));
        }
        found
    }

    /// The checkpoint by whichever of the keys signed it: a key may have been changed on the way.
    ///
    /// # Errors
    /// Why the last of the keys does not open it.
    pub fn open_by_any(note: &str, keys: &[PublicKey]) -> Result<Self, CheckpointError> {
        let mut refused = CheckpointError::NotACheckpoint;
        for key in keys {
            match Self::open(note, key) {
                Ok(checkpoint) => return Ok(checkpoint),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Reads a note and checks its signature. Lines behind the third are extensions and passed over.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub fn open(note: &str, key: &PublicKey) -> Result<Self, CheckpointError> {
        let mut lines = key.open(note)?.lines();
        let mut line = || lines.next().ok_or(CheckpointError::NotACheckpoint);
        let (origin, size, root) = (line()?, line()?, line()?);
        if origin != key.name() {
            return Err(CheckpointError::OtherOrigin {
                found: origin.to_owned(),
                wanted: key.name().to_owned(),
            });
        }
        // As the specification has it: decimal, without a leading zero or sign.
        let read: Option<u64> = size.parse().ok().filter(|read: &u64| read.to_string() == size);
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        match (read, root) {
            (Some(size), Some(root)) => Ok(Self {
                origin: origin.to_owned(),
                size,
                root,
            }),
            (None, _) | (_, None) => Err(CheckpointError::NotACheckpoint),
        }
    }
}

fn is_number(word: &str) -> bool {
    word.parse::<u64>().is_ok()
}

/// Whether it is base64 of so many bytes: a root has 32, a signature 64 behind the 4 of its key's name.
fn holds_bytes(word: &str, many: usize) -> bool {
    STANDARD.decode(word).is_ok_and(|bytes| bytes.len() == many)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::parse(&Signer::generate("interlock.example").unwrap()).unwrap()
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let signer = signer();
        let checkpoint = Checkpoint {
            origin: "interlock.example".to_owned(),
            size: 42,
            root: [7; 32],
        };
        let note = checkpoint.sign(&signer);
        assert!(
            note.starts_with("interlock.example\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n"),
            "{note}"
        );
        assert_eq!(Checkpoint::open(&note, &signer.public()), Ok(checkpoint));
    }

    #[test]
    fn a_note_survives_being_copied_out_of_a_thread() {
        let signer = signer();
        let checkpoint = |size| Checkpoint {
            origin: "interlock.example".to_owned(),
            size,
            root: [7; 32],
        };
        let line = |size| Checkpoint::in_one_line(&checkpoint(size).sign(&signer));
        let copied = format!(
            "Interlock APP 14:03\nSigned, for audits: the journal up to entry 42. `{}`\n14:05 Signed: `{}`.\nand 3 others",
            line(42),
            line(7),
        );
        let read: Vec<_> = Checkpoint::lines_in(&copied)
            .iter()
            .map(|note| Checkpoint::open(note, &signer.public()))
            .collect();
        assert_eq!(read, [Ok(checkpoint(42)), Ok(checkpoint(7))]);
        let changed = copied.replace(" 42 ", " 43 ");
        let note = &Checkpoint::lines_in(&changed)[0];
        assert!(Checkpoint::open(note, &signer.public()).is_err());
    }

    #[test]
    fn other_texts_are_refused_though_they_are_signed() {
        let signer = signer();
        let root = STANDARD.encode([7; 32]);
        for text in [
            "interlock.example\n42\n".to_owned(),
            format!("interlock.example\n042\n{root}\n"),
            format!("interlock.example\n+42\n{root}\n"),
            "interlock.example\n42\nAAAA\n".to_owned(),
            format!("another.example\n42\n{root}\n"),
        ] {
            let note = signer.sign(&text);
            assert!(Checkpoint::open(&note, &signer.public()).is_err(), "{text}");
        }
    }
}
