//! Checks an export line by line: the chain, the tree over it, and the checkpoints that must agree with both.
//!
//! An entry whose payload is erased proves what its hash proves, and nothing of what it said. It counts only where a later
//! entry records the erasure; and since whoever can write the database can append such an entry, what stands before the last
//! checkpoint counts as erased only where the record stands before it, too. A record covers nothing that was younger than 31
//! days when it was written, and it is not from a time that had not come: no entry behind it is from before it, unless
//! the journal says that the clock went back.
//!
//! Invariant: the first thing that does not fit is what is told, and nothing after it counts.

use std::collections::VecDeque;

use serde::Serialize;

use super::StoreError;
use super::chain::Content;
use super::checkpoint::Checkpoint;
use super::export::{Chain, ExportLine};
use super::journal::parse;
use super::merkle::{NodeHash, Tree};
use super::note::PublicKey;
use crate::domain::back;
use crate::domain::erasure::{ALONE, Erasure};
use crate::domain::event::Event;
use crate::domain::ids::IncidentId;

/// What the export is held against.
#[derive(Default)]
pub struct Wanted {
    /// The hash of some entry, in hex.
    pub head: Option<String>,
    /// Smallest first.
    pub anchors: Vec<Checkpoint>,
    pub keys: Vec<PublicKey>,
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

/// An entry without its payload.
struct Gone {
    seq: u64,
    at_ms: i64,
    /// Where it is one that may go without an incident.
    kind: Option<&'static str>,
    incident: Option<IncidentId>,
}

/// An entry that records an erasure, and what it was needed for.
struct Record {
    seq: u64,
    /// The first entry that lost its payload by it.
    first: u64,
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
    anchored: Option<u64>,
    signed: Option<u64>,
    erased: u64,
    /// Erased, and nothing on record for it so far.
    unrecorded: Vec<Gone>,
    records: Vec<Record>,
    /// The largest checkpoint from elsewhere.
    last_anchor: u64,
    /// Number and time of the record that was written last.
    recorded_at: Option<(u64, i64)>,
    /// An entry from before that, until one of its own commit says that the clock went back: its number and time.
    too_early: Option<(u64, i64)>,
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
            anchored: None,
            signed: None,
            erased: 0,
            unrecorded: Vec::new(),
            records: Vec::new(),
            recorded_at: None,
            too_early: None,
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
        if let Err(problem) = self.times(line).and_then(|()| self.erasures(line)) {
            self.broken = Some((line.entry.seq, problem));
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

    /// Holds erased entries against what is on record.
    fn erasures(&mut self, line: &ExportLine) -> Result<(), String> {
        let entry = &line.entry;
        if matches!(entry.content, Content::Erased { .. }) {
            self.erased = self.erased.saturating_add(1);
            self.unrecorded.push(Gone {
                seq: entry.seq,
                at_ms: entry.at_ms,
                kind: ALONE.into_iter().find(|kind| *kind == entry.kind),
                incident: entry.incident.map(IncidentId),
            });
        } else if entry.kind == Erasure::KIND
            && let Event::Erased { erasure, .. } = parse(entry).map_err(|error| error.to_string())?.event
        {
            if !erasure.is_aged(entry.at_ms) {
                return Err(format!(
                    "entry {} records that payloads are erased which were younger than 31 days: Interlock records no such thing, somebody else did",
                    entry.seq
                ));
            }
            let mut first = None;
            self.unrecorded.retain(|gone| {
                let taken = erasure.takes(gone.at_ms, gone.kind.unwrap_or_default(), gone.incident);
                if taken {
                    first.get_or_insert(gone.seq);
                }
                !taken
            });
            self.records.extend(first.map(|first| Record {
                seq: entry.seq,
                first,
            }));
            self.recorded_at = Some((entry.seq, entry.at_ms));
        }
        Ok(())
    }

    /// An erasure that is dated later than it was written would cover what is too young.
    fn times(&mut self, line: &ExportLine) -> Result<(), String> {
        let (seq, at_ms) = (line.entry.seq, line.entry.at_ms);
        if self.too_early.is_some_and(|(_, early)| early != at_ms) {
            self.in_time()?;
        }
        if line.entry.kind == back::KIND {
            self.recorded_at = None;
            self.too_early = None;
        } else if let (None, Some((_, recorded))) = (self.too_early, self.recorded_at)
            && back::went_back_ms(recorded, at_ms)
        {
            self.too_early = Some((seq, at_ms));
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), String> {
        match (self.too_early, self.recorded_at) {
            (Some((seq, _)), Some((record, _))) => Err(format!(
                "entry {seq} was written before the time that entry {record} bears, which records that payloads are erased, and no entry says that the clock went back: the record bears a false time"
            )),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// The first entry before the last checkpoint whose payload is excused only by an entry behind it.
    fn excused_too_late(&self) -> Option<(u64, String)> {
        let proved = self.signed.unwrap_or(0).max(self.last_anchor);
        let late = self
            .records
            .iter()
            .find(|record| record.seq > proved && record.first <= proved)?;
        let Record { seq, first } = late;
        Some((
            *first,
            format!(
                "the payload of entry {first} is erased, and entry {seq}, which says that it was to be, stands behind the last checkpoint, over {proved} entries: whoever can write the database can have put it there. Was it Interlock, a newer checkpoint covers it within a minute: check again with that one"
            ),
        ))
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
        let checkpoint = Checkpoint::open_by_any(&note, &self.keys)
            .map_err(|error| format!("the checkpoint in entry {seq} is not by the given key: {error}"))?;
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
        let erased = self.unrecorded.first().map(|gone| {
            let seq = gone.seq;
            let why = "is erased and no entry says that it was to be: somebody took it out";
            (seq, format!("the payload of entry {seq} {why}"))
        });
        let early = || Some((self.too_early?.0, self.in_time().err()?));
        let at_last = erased.or_else(early).or_else(|| self.excused_too_late());
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
            erased: self.erased,
            to_be_erased: None,
            broken_at: self.broken.or(at_last).map(|(seq, _)| seq),
            problem,
        }
    }
}

fn disagrees(size: u64) -> String {
    format!(
        "the first {size} entries are not those that the checkpoint over {size} entries was signed for: something in them was changed, removed or put in"
    )
}
