//! The hash chain. Each entry commits to its payload through a salted hash, so that a payload can be erased
//! while the proof that it stood there holds (see `erasure`); and to the entry before it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 over an entry and the hash before it.
pub type ChainHash = [u8; 32];

/// What the first entry is chained to.
pub const GENESIS: ChainHash = [0; 32];

/// An entry as it lies in the table and in an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    pub seq: u64,
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The event's `type`.
    pub kind: String,
    pub incident: Option<u64>,
    #[serde(flatten)]
    pub content: Content,
    #[serde(with = "hex_bytes")]
    pub hash: ChainHash,
}

/// What an entry says, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    Kept {
        /// JSON of the delivery key and the event.
        payload: String,
        #[serde(with = "hex_bytes")]
        salt: [u8; 16],
    },
    /// The payload and its salt are erased.
    Erased {
        /// The hash over both, which the chain commits to.
        #[serde(with = "hex_bytes")]
        commitment: [u8; 32],
    },
}

impl Content {
    /// The salted hash of the payload. Without the salt nobody can tell from it what the payload was, not even by trying.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        match self {
            Self::Erased { commitment } => *commitment,
            Self::Kept { payload, salt } => {
                let mut hasher = Sha256::new();
                hasher.update(b"interlock payload v1\n");
                hasher.update(salt);
                hasher.update((payload.len() as u64).to_be_bytes());
                hasher.update(payload.as_bytes());
                hasher.finalize().into()
            }
        }
    }
}

impl StoredEntry {
    /// What its payload was hashed with; `None` once that is erased.
    #[must_use]
    pub fn salt(&self) -> Option<&[u8; 16]> {
        match &self.content {
            Content::Kept { salt, .. } => Some(salt),
            Content::Erased { .. } => None,
        }
    }

    /// What it says; `None` once that is erased.
    #[must_use]
    pub fn payload(&self) -> Option<&str> {
        match &self.content {
            Content::Kept { payload, .. } => Some(payload),
            Content::Erased { .. } => None,
        }
    }
}

/// The hash that `entry` must have when `previous` stands before it. Every field is length-prefixed or of fixed size,
/// under a domain tag, so that no two different entries give the same bytes.
#[must_use]
pub fn link(entry: &StoredEntry, previous: &ChainHash) -> ChainHash {
    let mut hasher = Sha256::new();
    hasher.update(b"interlock entry v1\n");
    hasher.update(entry.seq.to_be_bytes());
    hasher.update(entry.at_ms.to_be_bytes());
    hasher.update((entry.kind.len() as u64).to_be_bytes());
    hasher.update(entry.kind.as_bytes());
    hasher.update(entry.incident.map_or([0; 9], |id| {
        let mut bytes = [1; 9];
        bytes[1..].copy_from_slice(&id.to_be_bytes());
        bytes
    }));
    hasher.update(entry.content.commitment());
    hasher.update(previous);
    hasher.finalize().into()
}

mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(&text, &mut bytes).map_err(D::Error::custom)?;
        Ok(bytes)
    }
}
