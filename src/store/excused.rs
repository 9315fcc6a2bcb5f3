//! Erased entries held against what is on record. Whoever reads the journal and trusts it asks this: an entry without its
//! payload folds to next to nothing, so that taking one out from behind would undo a freeze, a refusal, a start.
//!
//! An erased entry counts only where a later entry records the erasure. A record covers nothing that was younger than 31 days
//! when it was written, and it is not from a time that had not come: no entry behind it is from before it, unless the
//! journal says that the clock went back.

use super::StoreError;
use super::chain::{Content, StoredEntry};
use super::journal::parse;
use crate::domain::back;
use crate::domain::erasure::{ALONE, Erasure};
use crate::domain::event::Event;
use crate::domain::ids::IncidentId;
use crate::planted::{self, Bug};

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

/// What does not fit: the number of the entry, and what is wrong with it, in words for people.
pub(super) type Misfit = (u64, String);

/// Follows entries that fit one behind the other.
#[derive(Default)]
pub(super) struct Erasures {
    /// Entries whose payloads are erased.
    pub count: u64,
    /// Erased, and nothing on record for it so far.
    unrecorded: Vec<Gone>,
    records: Vec<Record>,
    /// Number and time of the record that was written last.
    recorded_at: Option<(u64, i64)>,
    /// An entry from before that, until one of its own commit says that the clock went back: its number and time.
    too_early: Option<(u64, i64)>,
}

impl Erasures {
    /// The next entry. What does not fit is said here or at the end.
    pub fn take(&mut self, entry: &StoredEntry) -> Result<(), Misfit> {
        self.times(entry)
            .and_then(|()| self.held(entry))
            .map_err(|problem| (entry.seq, problem))
    }

    fn held(&mut self, entry: &StoredEntry) -> Result<(), String> {
        if matches!(entry.content, Content::Erased { .. }) {
            self.count = self.count.saturating_add(1);
            self.unrecorded.push(Gone {
                seq: entry.seq,
                at_ms: entry.at_ms,
                kind: ALONE.into_iter().find(|kind| *kind == entry.kind),
                incident: entry.incident.map(IncidentId),
            });
            return Ok(());
        }
        if entry.kind != Erasure::KIND {
            return Ok(());
        }
        let Event::Erased { erasure, .. } = parse(entry).map_err(|error| error.to_string())?.event else {
            return Ok(());
        };
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
        Ok(())
    }

    /// An erasure that is dated later than it was written would cover what is too young.
    fn times(&mut self, entry: &StoredEntry) -> Result<(), String> {
        let (seq, at_ms) = (entry.seq, entry.at_ms);
        if self.too_early.is_some_and(|(_, early)| early != at_ms) {
            self.in_time()?;
        }
        if entry.kind == back::KIND {
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

    /// After the last entry: what no record excuses.
    pub fn end(&self) -> Result<(), Misfit> {
        if planted::is(Bug::ErasedNotExcused) {
            return Ok(());
        }
        if let Some(Gone { seq, .. }) = self.unrecorded.first() {
            return Err((
                *seq,
                format!(
                    "the payload of entry {seq} is erased and no entry says that it was to be: somebody took it out"
                ),
            ));
        }
        match self.too_early {
            Some((seq, _)) => self.in_time().map_err(|problem| (seq, problem)),
            None => Ok(()),
        }
    }

    /// The first of the first `proved` entries whose payload is excused only by an entry behind them.
    pub fn excused_too_late(&self, proved: u64) -> Result<(), Misfit> {
        let late = self
            .records
            .iter()
            .find(|record| record.seq > proved && record.first <= proved);
        let Some(Record { seq, first }) = late else {
            return Ok(());
        };
        Err((
            *first,
            format!(
                "the payload of entry {first} is erased, and entry {seq}, which says that it was to be, stands behind the last checkpoint, over {proved} entries: whoever can write the database can have put it there. Was it Interlock, a newer checkpoint covers it within a minute: check again with that one"
            ),
        ))
    }
}

impl From<Misfit> for StoreError {
    fn from((seq, why): Misfit) -> Self {
        Self::Changed { seq, why }
    }
}
