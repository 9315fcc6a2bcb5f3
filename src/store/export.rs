//! One line of an export: the stored entry with the hash before it, so that each line can be checked with its
//! neighbours and the whole without the database.

use serde::{Deserialize, Serialize};

use super::chain::{ChainHash, GENESIS, StoredEntry, link};
use crate::planted::{self, Bug};

/// Flat JSON: `prev` and the fields of the entry. `payload` is text, byte for byte what was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLine {
    /// Hex of the hash of the entry before; 64 zeros for the first.
    pub prev: String,
    #[serde(flatten)]
    pub entry: StoredEntry,
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
