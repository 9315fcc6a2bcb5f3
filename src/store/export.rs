//! One line of an export: the stored entry with the hash before it, so that each line can be checked with its
//! neighbours and the whole without the database.

use serde::{Deserialize, Serialize};

use super::chain::{ChainHash, Content, GENESIS, StoredEntry, link};
use crate::planted::{self, Bug};

/// Flat JSON: `prev` and the fields of the entry. `payload` is text, byte for byte what was hashed. Read strictly: a field
/// that no hash covers could say anything to whoever reads the export beside the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct ExportLine {
    /// Hex of the hash of the entry before; 64 zeros for the first.
    pub prev: String,
    #[serde(flatten)]
    pub entry: StoredEntry,
}

impl ExportLine {
    /// The line as it stands in an export, with its end.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        Ok(format!("{}\n", serde_json::to_string(self)?))
    }

    /// Whether it stands like this in an export, byte for byte and with its end; else what is wrong. Other spellings mean the
    /// same, and nobody but somebody who edits makes them.
    ///
    /// # Errors
    /// What is wrong, in words for people.
    pub fn is_written_as(&self, line: &[u8]) -> Result<(), &'static str> {
        if self.write().is_ok_and(|own| own.as_bytes() == line) {
            return Ok(());
        }
        Err(if line.ends_with(b"\n") {
            "says what it should and is not written as Interlock writes it: somebody edited the file"
        } else {
            "does not end with a line feed: the file was cut off or edited"
        })
    }
}

/// A line as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    prev: String,
    seq: u64,
    at_ms: i64,
    kind: String,
    incident: Option<u64>,
    payload: Option<String>,
    salt: Option<String>,
    commitment: Option<String>,
    hash: String,
}

impl TryFrom<Fields> for ExportLine {
    type Error = String;

    fn try_from(line: Fields) -> Result<Self, String> {
        let content = match (line.payload, line.salt, line.commitment) {
            (Some(payload), Some(salt), None) => Content::Kept {
                payload,
                salt: bytes("salt", &salt)?,
            },
            (None, None, Some(commitment)) => Content::Erased {
                commitment: bytes("commitment", &commitment)?,
            },
            _ => {
                return Err(
                    "an entry has a payload and its salt, or the commitment that is left of them".to_owned(),
                );
            }
        };
        let entry = StoredEntry {
            seq: line.seq,
            at_ms: line.at_ms,
            kind: line.kind,
            incident: line.incident,
            content,
            hash: bytes("hash", &line.hash)?,
        };
        Ok(Self {
            prev: line.prev,
            entry,
        })
    }
}

fn bytes<const N: usize>(name: &str, text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|error| format!("{name} is not {N} bytes in hex: {error}"))?;
    Ok(bytes)
}

/// Follows a chain line by line.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    pub entries: u64,
    pub head: ChainHash,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            entries: 0,
            head: GENESIS,
        }
    }
}

impl Chain {
    /// The line for an entry that follows.
    pub fn export(&mut self, entry: StoredEntry) -> ExportLine {
        let prev = hex::encode(self.head);
        self.head = entry.hash;
        self.entries = self.entries.saturating_add(1);
        ExportLine { prev, entry }
    }

    /// Whether the line follows; if not, the chain stays where it was.
    pub fn follow(&mut self, line: &ExportLine) -> bool {
        let fits = line.entry.seq == self.entries.saturating_add(1)
            && line.prev == hex::encode(self.head)
            && (link(&line.entry, &self.head) == line.entry.hash || planted::is(Bug::ChainNotVerified));
        if fits {
            self.entries = self.entries.saturating_add(1);
            self.head = line.entry.hash;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(content: &str) -> Result<ExportLine, serde_json::Error> {
        let (prev, hash) = ("0".repeat(64), "1".repeat(64));
        serde_json::from_str(&format!(
            "{{\"prev\":\"{prev}\",\"seq\":1,\"at_ms\":1,\"kind\":\"opened\",\"incident\":1,{content},\"hash\":\"{hash}\"}}"
        ))
    }

    #[test]
    fn nothing_stands_in_an_export_that_no_hash_covers() {
        let salt = "2".repeat(32);
        let kept = format!("\"payload\":\"{{}}\",\"salt\":\"{salt}\"");
        let erased = format!("\"commitment\":\"{}\"", "3".repeat(64));
        assert!(line(&kept).is_ok());
        assert!(line(&erased).is_ok());
        for forged in [
            format!("{kept},{erased}"),
            format!("{erased},\"payload\":\"eve approved this\""),
            format!("{erased},\"salt\":\"{salt}\""),
            "\"payload\":\"eve approved this\",\"salt\":\"22\"".to_owned(),
            "\"payload\":\"eve approved this\"".to_owned(),
            format!("{kept},\"note\":\"eve approved this\""),
            format!("{kept},\"payload\":\"eve approved this\""),
        ] {
            assert!(line(&forged).is_err(), "{forged}");
        }
    }
}
