//! The seal: whoever can write the database can chain entries of their own and change the snapshot, so both carry a code
//! under a key that lies outside of the database.
//!
//! It is HMAC-SHA-256 over the name of the database, the number and the hash of the last entry, which commits to all entries
//! before it; beside it one over the same and the sum of what waits in the outbox (`sum`); one row, written in the
//! transaction of each commit. The snapshot has one over its text. The key is derived from
//! the one that signs checkpoints; without that nothing is sealed. What was sealed before and put back later fits: that is for
//! the anchors to tell.
//!
//! Before schema 5 the outbox was not sealed. A database from then is sealed with the outbox that it has when it is brought up to
//! date, if its own seal fits; and that one is made otherwise than today's, so that nobody can have it brought up to date again.

use ring::hmac;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::chain::{ChainHash, GENESIS, link};
use super::excused::Erasures;
use super::journal::{last, read};
use super::snapshot::{Cached, VERSION};
use super::sum::{Sum, Total};
use super::{Store, StoreError, migrate};
use crate::planted::{self, Bug};

/// What is derived is told apart from whatever else is made of the key.
const DERIVED: &[u8] = b"interlock seal v1\n";
/// Before schema 5.
pub(super) const BARE_HEAD: &[u8] = b"interlock head v1\n";
const HEAD: &[u8] = b"interlock head v2\n";
const OUTBOX: &[u8] = b"interlock outbox v1\n";
const ROW: &[u8] = b"interlock outbox row v1\n";
const SNAPSHOT: &[u8] = b"interlock snapshot v1\n";

/// The row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub seq: u64,
    pub mac: [u8; 32],
    /// None before schema 5.
    pub outbox: Option<[u8; 32]>,
}

/// A sum as it is sealed.
struct Summed {
    count: [u8; 8],
    total: [u8; 32],
}

impl Summed {
    fn of(total: Total) -> Self {
        Self {
            count: total.count.to_be_bytes(),
            total: total.bytes(),
        }
    }
}

fn outbox<'a>(name: &'a str, number: &'a [u8; 8], head: &'a ChainHash, sum: &'a Summed) -> [&'a [u8]; 5] {
    [name.as_bytes(), number, head, &sum.count, &sum.total]
}

/// Seals, and tells whether a seal is its own.
#[derive(Clone)]
pub struct Sealer(hmac::Key);

impl Sealer {
    /// Of the 32 secret bytes of a signing key.
    pub(super) fn derived(secret: &[u8; 32]) -> Self {
        let from = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&from, DERIVED);
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// Every part is length-prefixed, so that no two different statements give the same bytes.
    fn over(&self, domain: &[u8], parts: &[&[u8]]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(domain);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context
    }

    fn fits(&self, domain: &[u8], parts: &[&[u8]], seal: &[u8]) -> bool {
        // Compared in a time that tells nothing.
        let own = self.over(domain, parts).sign();
        bool::from(subtle::ConstantTimeEq::ct_eq(own.as_ref(), seal)) || planted::is(Bug::SealNotCompared)
    }

    /// Seals the head and what waits: to be called in the transaction that made them so.
    pub(super) fn seal(
        &self,
        connection: &Connection,
        name: &str,
        (seq, head): (u64, ChainHash),
        total: Total,
    ) -> Result<Sealed, StoreError> {
        let number = seq.to_be_bytes();
        let sealed = Sealed {
            seq,
            mac: self.sign(HEAD, &[name.as_bytes(), &number, &head]),
            outbox: Some(self.sign(OUTBOX, &outbox(name, &number, &head, &Summed::of(total)))),
        };
        connection
            .prepare_cached(
                "INSERT INTO seal (only, seq, mac, outbox) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, mac = excluded.mac, outbox = excluded.outbox",
            )?
            .execute(params![sealed.seq, sealed.mac, sealed.outbox])?;
        Ok(sealed)
    }

    /// Whether the seal of schema 4 fits.
    pub(super) fn fits_bare(
        &self,
        connection: &Connection,
        name: &str,
        (seq, head): (u64, ChainHash),
    ) -> Result<bool, StoreError> {
        let sealed: Option<(u64, Vec<u8>)> = connection
            .query_row("SELECT seq, mac FROM seal WHERE only = 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let parts: [&[u8]; 3] = [name.as_bytes(), &seq.to_be_bytes(), &head];
        Ok(sealed.is_some_and(|(sealed, mac)| sealed == seq && self.fits(BARE_HEAD, &parts, &mac)))
    }

    /// Of a row of the outbox.
    pub(super) fn of_row(
        &self,
        name: &str,
        row: i64,
        slot: Option<&[u8]>,
        effect: &[u8],
        created_ms: i64,
    ) -> [u8; 32] {
        let (id, has_slot) = (row.to_be_bytes(), [u8::from(slot.is_some())]);
        let created = created_ms.to_be_bytes();
        let slot = slot.unwrap_or_default();
        self.sign(ROW, &[name.as_bytes(), &id, &has_slot, slot, effect, &created])
    }

    pub(super) fn sign(&self, domain: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = [0; 32];
        for (place, byte) in mac.iter_mut().zip(self.over(domain, parts).sign().as_ref()) {
            *place = *byte;
        }
        mac
    }

    /// Of a snapshot of this version.
    pub(super) fn of_snapshot(&self, name: &str, cached: &Cached) -> Vec<u8> {
        self.over(SNAPSHOT, &snapshot(name, cached))
            .sign()
            .as_ref()
            .to_vec()
    }

    pub(super) fn fits_snapshot(&self, name: &str, cached: &Cached) -> bool {
        let seal = cached.seal.as_deref().unwrap_or_default();
        self.fits(SNAPSHOT, &snapshot(name, cached), seal)
    }
}

fn snapshot<'a>(name: &'a str, cached: &'a Cached) -> [&'a [u8]; 5] {
    let Cached { seq, hash, text, .. } = cached;
    [name.as_bytes(), VERSION.as_bytes(), seq, hash, text.as_bytes()]
}

/// The row, where the schema has one.
pub(super) fn sealed(connection: &Connection, schema: i64) -> Result<Option<Sealed>, StoreError> {
    let row = match schema {
        ..migrate::SEALED => return Ok(None),
        migrate::SEALED => "SELECT seq, mac, NULL FROM seal WHERE only = 1",
        _ => "SELECT seq, mac, outbox FROM seal WHERE only = 1",
    };
    let mut statement = connection.prepare_cached(row)?;
    let sealed = statement.query_row([], |row| {
        Ok(Sealed {
            seq: row.get(0)?,
            mac: row.get(1)?,
            outbox: row.get(2)?,
        })
    });
    Ok(sealed.optional()?)
}

impl Store {
    /// Whether entries are appended, effects queued and state is cached under this program's key alone; else what is wrong, in
    /// words for people. Without a key only what was done to its tables and triggers is known. Reads what came after the
    /// snapshot, and the whole journal where that is not to be trusted.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn doubt(&self) -> Result<Option<String>, StoreError> {
        let Some(sealer) = self.sealer.as_ref().filter(|_| self.schema >= migrate::SEALED) else {
            return Ok(self.altered());
        };
        // The bot may be running.
        let moment = self.connection.unchecked_transaction()?;
        let (seq, head) = last(&self.connection)?;
        let doubt = match self.head_fits(sealer, seq, &head)? {
            Err(why) => Some(why),
            Ok(()) => match self.outbox_fits(sealer, seq, &head)? {
                Err(why) => Some(why),
                Ok(()) => match self.rows_fit(seq)? {
                    Err(why) => Some(why),
                    Ok(()) => self.entries_fit(sealer)?.err(),
                },
            },
        };
        let misfit = self.snapshot_fits(sealer)?.is_err();
        drop(moment);
        if doubt.is_some() {
            self.is_known();
            self.beside.misfit.set(misfit);
        }
        // What became of the entries says more than how it was done.
        Ok(doubt.or_else(|| self.altered()))
    }

    pub(super) fn sealed(&self) -> Result<Option<Sealed>, StoreError> {
        sealed(&self.connection, self.schema)
    }

    /// Whether the last entry is sealed.
    pub(super) fn head_fits(
        &self,
        sealer: &Sealer,
        seq: u64,
        head: &ChainHash,
    ) -> Result<Result<(), String>, StoreError> {
        let domain = match self.schema < migrate::OUTBOX_SEALED {
            true => BARE_HEAD,
            false => HEAD,
        };
        let number = seq.to_be_bytes();
        let parts: [&[u8]; 3] = [self.name().as_bytes(), &number, head];
        Ok(match self.sealed()? {
            None if seq == 0 => Ok(()),
            None => Err(format!(
                "the journal has {seq} entries and no seal: if checkpoints.key was set just now, or this is the first start of a version that seals, that is as it should be; else somebody took the seal away, and entries may be forged"
            )),
            Some(Sealed { seq: sealed, mac, .. }) if sealed == seq && sealer.fits(domain, &parts, &mac) => {
                Ok(())
            }
            Some(Sealed { seq: sealed, .. }) if sealed < seq => Err(format!(
                "the journal is sealed up to entry {sealed} and has {seq}: the entries after that were written without checkpoints.key, by somebody else or while it was not set"
            )),
            Some(Sealed { seq: sealed, .. }) => Err(format!(
                "the seal over {sealed} entries does not fit the journal, which has {seq}: entries were changed, cut off or put in, or checkpoints.key is another one than before"
            )),
        })
    }

    /// Whether what waits in the outbox is sealed.
    pub(super) fn outbox_fits(
        &self,
        sealer: &Sealer,
        seq: u64,
        head: &ChainHash,
    ) -> Result<Result<(), String>, StoreError> {
        if self.schema < migrate::OUTBOX_SEALED {
            return Ok(Ok(()));
        }
        let total = Sum::read(&self.connection, sealer, self.name())?.total();
        let (number, summed) = (seq.to_be_bytes(), Summed::of(total));
        let parts = outbox(self.name(), &number, head, &summed);
        let sealed = self.sealed()?;
        let fits = match &sealed {
            None => seq == 0 && total.count == 0,
            Some(Sealed { outbox, .. }) => sealer.fits(
                OUTBOX,
                &parts,
                outbox.as_ref().map_or(&[][..], |mac| mac.as_slice()),
            ),
        };
        Ok(match fits {
            true => Ok(()),
            false => Err("the messages and pages that wait in the database (table outbox) are not those that were put there: some were taken out, changed or forged; none of them is sent, and open incidents are drawn and paged anew".to_owned()),
        })
    }

    /// Whether every entry from the first to the last has its row: what stands below the snapshot is not read at a start.
    pub(super) fn rows_fit(&self, seq: u64) -> Result<Result<(), String>, StoreError> {
        let (rows, first): (u64, Option<i64>) =
            self.connection
                .query_row("SELECT count(*), min(seq) FROM journal", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
        Ok(match rows == seq && first.is_none_or(|first| first == 1) {
            true => Ok(()),
            false => Err(format!(
                "the journal goes up to entry {seq} and has {rows} rows: entries were taken out or put in from outside"
            )),
        })
    }

    pub(super) fn entries_fit(&self, sealer: &Sealer) -> Result<Result<(), String>, StoreError> {
        let cached = self.cached()?;
        let fits = self.snapshot_fits(sealer)?;
        let from = match &cached {
            Some(cached) if cached.seal.is_some() && fits.is_ok() => (cached.number(), cached.hash),
            Some(_) | None => (0, GENESIS),
        };
        Ok(self.entries_after(from)?.and(fits))
    }

    pub(super) fn snapshot_fits(&self, sealer: &Sealer) -> Result<Result<(), String>, StoreError> {
        let cached = self.cached()?;
        // One without a seal is from before there was a key, or as good as gone: it is not used.
        let sealed = cached.filter(|cached| cached.seal.is_some());
        let fits = sealed.is_none_or(|cached| sealer.fits_snapshot(self.name(), &cached));
        Ok(match fits {
            true => Ok(()),
            false => Err("the snapshot of the state was changed from outside: the state is taken from the journal again, whose entries fit".to_owned()),
        })
    }

    /// Whether each entry after this one fits the one before it, and what is erased was to be.
    pub(super) fn entries_after(
        &self,
        (mut seq, mut head): (u64, ChainHash),
    ) -> Result<Result<(), String>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE seq > ?1 ORDER BY seq",
            self.columns()
        ))?;
        let mut rows = statement.query([seq])?;
        let mut erasures = Erasures::default();
        while let Some(row) = rows.next()? {
            let entry = read(row)?;
            seq = seq.saturating_add(1);
            if (entry.seq != seq || link(&entry, &head) != entry.hash) && !planted::is(Bug::SealNotCompared) {
                return Ok(Err(format!(
                    "entry {} is not what it was when it was written: it was changed from outside",
                    entry.seq
                )));
            }
            head = entry.hash;
            if let Err((_, why)) = erasures.take(&entry) {
                return Ok(Err(why));
            }
        }
        Ok(erasures.end().map_err(|(_, why)| why))
    }
}
