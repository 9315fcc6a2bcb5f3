//! What others do to the database while the bot runs. Nobody else has any business in it: the engine's connection is the only one
//! that writes. SQLite says cheaply whether another connection has committed (`PRAGMA data_version`); then, and when the head, the
//! seal or the name are not what was written last, everything is verified as at a start, inside of the transaction that
//! would have gone on. What fits goes on: somebody has looked with another program, or run ANALYZE. What does not is never written to
//! again.
//!
//! That the file is still the one behind its path is asked without a key, too: what is written to a file that was moved away
//! is lost to whoever starts on the path.

use std::cell::{Cell, OnceCell, RefCell};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _};

use super::chain::{ChainHash, GENESIS};
use super::journal::last;
use super::seal::Sealed;
use super::{Sealer, Store, StoreError, migrate, schema};

/// It bears our seal, and is not the newest that does.
pub(super) const SET_BACK: &str =
    "it is not what was written last, though all of it is sealed: an older state of it was put in place";

/// What is compared with what is there.
pub(super) struct Beside {
    /// As SQLite said when everything was known to fit.
    version: Cell<i64>,
    files: Vec<(PathBuf, FileId)>,
    /// The row as it was written last, or found at the start.
    pub seal: RefCell<Option<Sealed>>,
    /// Where the start found something that does not fit: the entry it stood at. What is before that is for people to judge.
    known: Cell<Option<(u64, ChainHash)>>,
    /// The snapshot does not fit, and the start says so: it goes with the commit that does, or it would be found at each start.
    pub misfit: Cell<bool>,
    /// What was found, for good.
    found: OnceCell<String>,
}

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Whole,
    /// What came after the snapshot, whose seal stands for what was before.
    SinceSnapshot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> std::io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

impl Beside {
    /// As it is now.
    pub fn of(connection: &Connection, path: &Path, seal: Option<Sealed>) -> Result<Self, StoreError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // One in memory has no file.
        let files = [path.to_owned(), PathBuf::from(log)].into_iter();
        let files = files.filter_map(|path| FileId::of(&path).ok().map(|id| (path, id)));
        Ok(Self {
            version: Cell::new(version(connection)?),
            files: files.collect(),
            seal: RefCell::new(seal),
            known: Cell::new(None),
            misfit: Cell::new(false),
            found: OnceCell::new(),
        })
    }

    /// The files are still those that were opened.
    fn are_there(&self) -> Result<(), StoreError> {
        for (path, id) in &self.files {
            match FileId::of(path) {
                Ok(found) if found == *id => {}
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StoreError::Io(format!("`{}`: {error}", path.display())));
                }
                Ok(_) | Err(_) => return Err(StoreError::Moved(path.clone())),
            }
        }
        Ok(())
    }
}

/// Changes whenever another connection has committed.
fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))?)
}

impl Store {
    /// Whether the database is what was written last and where it was, as of one moment.
    ///
    /// # Errors
    /// `Tampered` from the first time on that it is not, `Moved` while its file is not there; otherwise when it can't be read.
    pub fn look(&self) -> Result<(), StoreError> {
        let moment = self.connection.unchecked_transaction()?;
        let looked = self.unchanged();
        drop(moment);
        looked
    }

    /// The same, inside of a transaction.
    pub(super) fn unchanged(&self) -> Result<(), StoreError> {
        self.still_ours()?;
        let Some(sealer) = &self.sealer else { return Ok(()) };
        let as_written = self.is_as_written()?;
        if as_written && version(&self.connection)? == self.beside.version.get() {
            return Ok(());
        }
        self.verify_now(sealer, How::Whole)?;
        match as_written {
            true => Ok(()),
            false => Err(self.tampered(SET_BACK.to_owned())),
        }
    }

    /// From now on nothing is written.
    pub(super) fn tampered(&self, why: String) -> StoreError {
        tracing::error!(why, "the database was changed from outside while Interlock runs");
        StoreError::Tampered(self.beside.found.get_or_init(|| why).clone())
    }

    /// What is known without reading the database.
    pub(super) fn still_ours(&self) -> Result<(), StoreError> {
        match self.beside.found.get() {
            Some(why) => Err(StoreError::Tampered(why.clone())),
            None => self.beside.are_there(),
        }
    }

    fn has_its_name(&self) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT name FROM identity WHERE only = 1")?;
        let name: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(name.is_some_and(|name| name == self.name()))
    }

    fn is_as_written(&self) -> Result<bool, StoreError> {
        Ok(last(&self.connection)? == (self.seq(), self.head())
            && self.has_its_name()?
            && self.sealed()? == *self.beside.seal.borrow())
    }

    /// As at a start, inside of a transaction. What the start itself has found is not found again.
    pub(super) fn verify_now(&self, sealer: &Sealer, how: How) -> Result<(), StoreError> {
        let version = version(&self.connection)?;
        let found = match schema::fits(&self.connection)? {
            Err(what) => Some(what),
            Ok(()) => self.verify_rows(sealer, how)?,
        };
        match found {
            Some(why) => Err(self.tampered(why)),
            None => {
                self.beside.version.set(version);
                Ok(())
            }
        }
    }

    /// As [`Store::doubt`], without trusting the snapshot for what came before it.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn doubt_all(&self) -> Result<Option<String>, StoreError> {
        let Some(sealer) = self.sealer.as_ref().filter(|_| self.schema >= migrate::SEALED) else {
            return Ok(None);
        };
        let moment = self.connection.unchecked_transaction()?;
        let found = self.verify_rows(sealer, How::Whole);
        drop(moment);
        found
    }

    fn verify_rows(&self, sealer: &Sealer, how: How) -> Result<Option<String>, StoreError> {
        let (seq, head) = last(&self.connection)?;
        let known = self.beside.known.get();
        if !self.has_its_name()? {
            return Ok(Some(
                "the name of the database (table identity) was changed".to_owned(),
            ));
        }
        if known == Some((seq, head)) && self.sealed()? == *self.beside.seal.borrow() {
            return Ok(None);
        }
        let sealed = match self.head_fits(sealer, seq, &head)? {
            Ok(()) => self.outbox_fits(sealer, seq, &head)?,
            misfit => misfit,
        };
        if let Err(why) = sealed {
            return Ok(Some(why));
        }
        let fits = match (known, self.rows_fit(seq)?) {
            (Some(from), _) => self.entries_after(from)?,
            (None, Err(why)) => Err(why),
            (None, Ok(())) if how == How::SinceSnapshot => self.entries_fit(sealer)?,
            (None, Ok(())) => self.entries_after((0, GENESIS))?.and(self.snapshot_fits(sealer)?),
        };
        Ok(fits.err())
    }

    /// The start has found that others wrote: what stands there now is for people to judge.
    pub(super) fn is_known(&self) {
        self.beside.known.set(Some((self.seq(), self.head())));
    }
}
