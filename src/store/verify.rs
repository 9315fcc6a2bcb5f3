//! Checks an export line by line: the chain, the tree over it, and the checkpoints that must agree with both.
//!
//! An entry whose payload is erased proves what its hash proves, and nothing of what it said. It counts only where a later
//! entry records the erasure (`excused`); and since whoever can write the database can append such an entry, what stands before the last
//! checkpoint counts as erased only where the record stands before it, too.
//!
//! Invariant: the first thing that does not fit is what is told, and nothing after it counts.

use std::collections::VecDeque;

use serde::Serialize;

use super::chain::{GENESIS, link};
use super::checkpoint::{Checkpoint, CheckpointError};
use super::excused::Erasures;
use super::export::{Chain, ExportLine};
use super::journal::{parse, read};
use super::merkle::{NodeHash, Tree};
use super::note::{NoteError, PublicKey};
use super::{Store, StoreError};
use crate::domain::breaker::interlock;
use crate::domain::event::Event;

/// What the export is held against.
#[derive(Default)]
pub struct Wanted {
    /// The hash of some entry, in hex.
    pub head: Option<String>,
    /// Smallest first.
    pub anchors: Vec<Checkpoint>,
    pub keys: Vec<PublicKey>,
    /// Checkpoints in the journal that are by none of the keys are passed over: the key was another one once.
    pub had_other_keys: bool,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub whole: bool,
    /// Entries that fit.
    pub entries: u64,
    /// Hash of the last entry that fits.
    pub head: String,
    /// The first so many entries are what a checkpoint that was kept elsewhere says they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchored: Option<u64>,
    /// The first so many entries are what a checkpoint in the journal itself says they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<u64>,
    /// Entries whose payloads are erased, as entries after them record. Their hashes stand.
    pub erased: u64,
    /// Entries for which that is on record and not done yet; known of a database alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_be_erased: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Follows lines until one does not fit.
pub struct Follower {
    chain: Chain,
    tree: Tree,
    /// The root of each size so far, for checkpoints that were written down later. Only with keys; 32 bytes an entry.
    roots: Vec<NodeHash>,
    head: Option<String>,
    head_seen: bool,
    anchors: VecDeque<Checkpoint>,
    keys: Vec<PublicKey>,
    had_other_keys: bool,
    anchored: Option<u64>,
    signed: Option<u64>,
    erasures: Erasures,
    /// The largest checkpoint from elsewhere.
    last_anchor: u64,
    broken: Option<(u64, String)>,
}

impl Follower {
    /// Before the first line.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        let mut follower = Self {
            chain: Chain::default(),
            tree: Tree::default(),
            roots: Vec::new(),
            head_seen: wanted.head.is_none(),
            head: wanted.head,
            last_anchor: wanted.anchors.iter().map(|anchor| anchor.size).max().unwrap_or(0),
            anchors: wanted.anchors.into(),
            keys: wanted.keys,
            had_other_keys: wanted.had_other_keys,
            anchored: None,
            signed: None,
            erasures: Erasures::default(),
            broken: None,
        };
        follower.compare();
        follower
    }

    /// The next line of the export.
    pub fn take(&mut self, line: &ExportLine) {
        if self.broken.is_some() {
            return;
        }
        if !self.chain.follow(line) {
            let seq = line.entry.seq;
            self.broken = Some((seq, StoreError::Broken { seq }.to_string()));
            return;
        }
        if let Some(head) = &self.head {
            self.head_seen |= hex::encode(self.chain.head) == *head;
        }
        if let Err(problem) = self.recorded(line) {
            self.broken = Some((line.entry.seq, problem));
            return;
        }
        if let Err(misfit) = self.erasures.take(&line.entry) {
            self.broken = Some(misfit);
            return;
        }
        self.tree.push(&line.entry.hash);
        if !self.keys.is_empty() {
            self.roots.push(self.tree.root());
        }
        self.compare();
    }

    /// A line that was taken is not written as an export writes it.
    pub fn misspelled(&mut self, line: u64, why: &str) {
        self.broken
            .get_or_insert_with(|| (line, format!("line {line} of the export {why}")));
    }

    /// A checkpoint that the journal itself holds must be signed, and say what the entries before it say.
    fn recorded(&mut self, line: &ExportLine) -> Result<(), String> {
        if self.keys.is_empty() || line.entry.kind != "checkpointed" {
            return Ok(());
        }
        let entry = parse(&line.entry).map_err(|error| error.to_string())?;
        let Event::Checkpointed { note, .. } = entry.event else {
            return Ok(());
        };
        let seq = line.entry.seq;
        let checkpoint = match Checkpoint::open_by_any(&note, &self.keys) {
            Ok(checkpoint) => checkpoint,
            Err(CheckpointError::Note(NoteError::NotSignedBy { .. })) if self.had_other_keys => return Ok(()),
            Err(error) => {
                return Err(format!(
                    "the checkpoint in entry {seq} is not by the given key: {error}"
                ));
            }
        };
        // It was signed when the journal had `size` entries, and others may have come before it was written down.
        let size = checkpoint.size;
        let root = usize::try_from(size)
            .ok()
            .and_then(|size| self.roots.get(size.checked_sub(1)?));
        match root {
            Some(root) if *root == checkpoint.root => {
                self.signed = self.signed.max(Some(size));
                Ok(())
            }
            Some(_) => Err(disagrees(size)),
            None => Err(format!(
                "the checkpoint in entry {seq} covers {size} entries, more than stand before it"
            )),
        }
    }

    /// Holds the tree against every anchor of its size.
    fn compare(&mut self) {
        while let Some(anchor) = self
            .anchors
            .front()
            .filter(|anchor| anchor.size == self.tree.size())
        {
            let size = anchor.size;
            if anchor.root != self.tree.root() {
                self.broken = Some((size, disagrees(size)));
                return;
            }
            self.anchored = Some(size);
            self.anchors.pop_front();
        }
    }

    /// After the last line.
    #[must_use]
    pub fn end(self) -> Verdict {
        let entries = self.chain.entries;
        let proved = self.signed.unwrap_or(0).max(self.last_anchor);
        let excused = self.erasures.end();
        let at_last = excused
            .and_then(|()| self.erasures.excused_too_late(proved))
            .err();
        let problem = match (&self.broken, self.anchors.back(), &self.head) {
            (Some((_, problem)), _, _) => Some(problem.clone()),
            (None, Some(anchor), _) => Some(format!(
                "a checkpoint covers {} entries and there are {entries}: entries were cut off at the end, or an older copy was put in place",
                anchor.size
            )),
            (None, None, Some(head)) if !self.head_seen => Some(format!(
                "no entry has the hash {head}: entries were cut off at the end, or the hash is of another journal"
            )),
            (None, None, _) => at_last.as_ref().map(|(_, problem)| problem.clone()),
        };
        Verdict {
            whole: problem.is_none(),
            entries,
            head: hex::encode(self.chain.head),
            anchored: self.anchored,
            signed: self.signed,
            erased: self.erasures.count,
            to_be_erased: None,
            broken_at: self.broken.or(at_last).map(|(seq, _)| seq),
            problem,
        }
    }
}

impl Store {
    /// The whole database: the journal as an export of it is checked, and the tables beside it. The bot may be running.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn check(&self, wanted: Wanted) -> Result<Verdict, StoreError> {
        let mut follower = Follower::new(wanted);
        let mut read = Chain::default();
        self.export(|entry| {
            follower.take(&read.export(entry));
            Ok(())
        })?;
        let mut verdict = follower.end();
        verdict.to_be_erased = Some(self.unerased()?);
        // The chain says that the entries stand; what is done follows the tables beside them.
        if verdict.whole
            && let Err(problem) = self.tables_fit()?
        {
            verdict.whole = false;
            verdict.problem = Some(problem);
        }
        Ok(verdict)
    }

    /// Whether Interlock itself has frozen everything for just this. What stands before a break of the chain, or in it, says
    /// nothing: whoever rewrote the one could write the other. What comes after it hangs on the sealed head.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn has_frozen_for(&self, why: &str) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {} FROM journal ORDER BY seq", self.columns()))?;
        let mut rows = statement.query([])?;
        let (mut seq, mut head, mut has) = (0_u64, GENESIS, false);
        while let Some(row) = rows.next()? {
            let entry = read(row)?;
            let follows = entry.seq == seq.saturating_add(1) && link(&entry, &head) == entry.hash;
            (seq, head) = (entry.seq, entry.hash);
            if !follows {
                has = false;
            } else if entry.kind == "frozen"
                && let Ok(entry) = parse(&entry)
                && let Event::Frozen { by, reason, .. } = entry.event
            {
                has |= by == interlock() && reason == why;
            }
        }
        Ok(has)
    }
}

fn disagrees(size: u64) -> String {
    format!(
        "the first {size} entries are not those that the checkpoint over {size} entries was signed for: something in them was changed, removed or put in"
    )
}
