//! The seal: whoever can write the database can chain entries of their own and change the snapshot, so both carry a code
//! under a key that lies outside of the database.
//!
//! It is HMAC-SHA-256 over the name of the database, the number and the hash of the last entry, which commits to all entries
//! before it; one row, written in the transaction of each commit. The snapshot has one over its text. The key is derived from
//! the one that signs checkpoints; without that nothing is sealed. What was sealed before and put back later fits: that is for
//! the anchors to tell.

use ring::hmac;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::chain::{ChainHash, GENESIS, link};
use super::journal::{last, read};
use super::snapshot::{Cached, VERSION};
use super::{Store, StoreError, migrate};
use crate::planted::{self, Bug};

/// What is derived is told apart from whatever else is made of the key.
const DERIVED: &[u8] = b"interlock seal v1\n";
const HEAD: &[u8] = b"interlock head v1\n";
const SNAPSHOT: &[u8] = b"interlock snapshot v1\n";

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

    /// Seals the head: to be called in the transaction that made it one.
    pub(super) fn seal(
        &self,
        connection: &Connection,
        name: &str,
        seq: u64,
        head: &ChainHash,
    ) -> Result<(), StoreError> {
        let seal = self
            .over(HEAD, &[name.as_bytes(), &seq.to_be_bytes(), head])
            .sign();
        connection
            .prepare_cached(
                "INSERT INTO seal (only, seq, mac) VALUES (1, ?1, ?2)
                 ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, mac = excluded.mac",
            )?
            .execute(params![seq, seal.as_ref()])?;
        Ok(())
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

impl Store {
    /// Whether entries are appended and state is cached under this program's key alone; else what is wrong, in words for
    /// people. Without a key only what was done to its tables and triggers is known. Reads what came after the snapshot, and the whole journal where that is not
    /// to be trusted.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn doubt(&self) -> Result<Option<String>, StoreError> {
        let doubt = self.doubt_now()?;
        // What the first look found is known from then on.
        self.doubtful.get_or_init(|| doubt.is_some());
        Ok(doubt)
    }

    pub(super) fn doubt_now(&self) -> Result<Option<String>, StoreError> {
        let Some(sealer) = self.sealer.as_ref().filter(|_| self.schema >= migrate::SEALED) else {
            return Ok(self.altered());
        };
        // The bot may be running.
        let moment = self.connection.unchecked_transaction()?;
        let (seq, head) = last(&self.connection)?;
        let doubt = match self.head_fits(sealer, seq, &head)? {
            Err(why) => Some(why),
            Ok(()) => self.entries_fit(sealer)?.err(),
        };
        drop(moment);
        // What became of the entries says more than how it was done.
        Ok(doubt.or_else(|| self.altered()))
    }

    /// The same of the last entry alone.
    pub(super) fn head_fits(
        &self,
        sealer: &Sealer,
        seq: u64,
        head: &ChainHash,
    ) -> Result<Result<(), String>, StoreError> {
        let sealed: Option<(u64, Vec<u8>)> = self
            .connection
            .query_row("SELECT seq, mac FROM seal WHERE only = 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let number = seq.to_be_bytes();
        let parts: [&[u8]; 3] = [self.name().as_bytes(), &number, head];
        Ok(match sealed {
            None if seq == 0 => Ok(()),
            None => Err(format!(
                "the journal has {seq} entries and no seal: if checkpoints.key was set just now, this is its first start with one; else somebody took the seal away, and entries may be forged"
            )),
            Some((_, mac)) if sealer.fits(HEAD, &parts, &mac) => Ok(()),
            Some((sealed, _)) if sealed < seq => Err(format!(
                "the journal is sealed up to entry {sealed} and has {seq}: the entries after that were written without checkpoints.key, by somebody else or while it was not set"
            )),
            Some((sealed, _)) => Err(format!(
                "the seal over {sealed} entries does not fit the journal, which has {seq}: entries were changed, cut off or put in, or checkpoints.key is another one than before"
            )),
        })
    }

    fn entries_fit(&self, sealer: &Sealer) -> Result<Result<(), String>, StoreError> {
        let cached = self.cached()?;
        let fits = cached
            .as_ref()
            .is_none_or(|cached| sealer.fits_snapshot(self.name(), cached));
        let (mut seq, mut head) = match &cached {
            Some(cached) if fits => (cached.number(), cached.hash),
            Some(_) | None => (0, GENESIS),
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal WHERE seq > ?1 ORDER BY seq",
            self.columns()
        ))?;
        let mut rows = statement.query([seq])?;
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
        }
        Ok(match fits {
            true => Ok(()),
            false => Err("the snapshot of the state was changed from outside: the state is taken from the journal again, whose entries fit".to_owned()),
        })
    }
}
