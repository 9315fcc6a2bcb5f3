//! The hash chain. Each entry commits to its payload through a salted hash, so that a payload can be erased one day
//! while the proof that it stood there holds; and to the entry before it.

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
    /// JSON of the delivery key and the event.
    pub payload: String,
    #[serde(with = "hex_bytes")]
    pub salt: [u8; 16],
    #[serde(with = "hex_bytes")]
    pub hash: ChainHash,
}

/// The hash that `entry` must have when `previous` stands before it. Every field is length-prefixed or of fixed size,
/// under a domain tag, so that no two different entries give the same bytes.
#[must_use]
pub fn link(entry: &StoredEntry, previous: &ChainHash) -> ChainHash {
    let mut payload = Sha256::new();
    payload.update(b"interlock payload v1\n");
    payload.update(entry.salt);
    payload.update((entry.payload.len() as u64).to_be_bytes());
    payload.update(entry.payload.as_bytes());
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
    hasher.update(payload.finalize());
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
