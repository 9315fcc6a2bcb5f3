//! The file of second factors: TOML, for one user alone to read. Written whole, beside the old one, and moved into its
//! place; what can't be read is an error, never an empty list. It says who got and lost one by whom, so that the bot can put
//! that into the journal, also when it was not running.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::seed::Seed;
use crate::config::read_person;
use crate::domain::factors::{FactorChange, FactorDeed, FactorsSeen};
use crate::domain::ids::PersonId;

/// Bytes of the file at most: 10,000 people.
const MOST: u64 = 2_000_000;
const HEAD: &str = "# Second factors for Tier 3, written by `interlock totp`. Whoever can read this can make everybody's codes.\n\n";

/// Why the second factors can't be read or written. Never quotes the file.
#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub enum FactorFileError {
    #[error("`{}` can't be read ({source}): check the path and its permissions", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` can be read by others of this machine: `chmod 600` it, and enrol everybody again if others did", path.display())]
    Open { path: PathBuf },
    #[error("line {line} of `{}` is nothing that `interlock totp` wrote: mend it, or remove the file and enrol everybody again", path.display())]
    NotOurs { path: PathBuf, line: usize },
    #[error("`{}` can't be written ({source}): check the folder, its permissions and the space that is left", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// One person's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    pub seed: Seed,
    pub since: Timestamp,
}

/// Changes that are kept in the file; the oldest go first.
const CHANGES_MOST: usize = 1_000;

/// Everybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactorFile {
    people: BTreeMap<PersonId, Enrolled>,
    /// Oldest first.
    changes: Vec<FactorChange>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    people: BTreeMap<String, Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeRow {
    person: String,
    what: FactorDeed,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    secret: String,
    since: Timestamp,
}

impl FactorFile {
    #[must_use]
    pub fn people(&self) -> &BTreeMap<PersonId, Enrolled> {
        &self.people
    }

    /// Gives a person a factor, in the place of the one before; `by` is the machine's user who does it.
    pub fn enrol(&mut self, person: PersonId, enrolled: Enrolled, by: &str) {
        self.note(person.clone(), FactorDeed::Enrolled, enrolled.since, by);
        self.people.insert(person, enrolled);
    }

    /// Takes a person's factor away; false when there is none.
    pub fn remove(&mut self, person: &PersonId, at: Timestamp, by: &str) -> bool {
        let had = self.people.remove(person).is_some();
        if had {
            self.note(person.clone(), FactorDeed::Removed, at, by);
        }
        had
    }

    fn note(&mut self, person: PersonId, what: FactorDeed, at: Timestamp, by: &str) {
        let by = Some(by.to_owned());
        self.changes.push(FactorChange { person, what, at, by });
        let old = self.changes.len().saturating_sub(CHANGES_MOST);
        self.changes.drain(..old);
    }

    /// Everything of it that may be known.
    #[must_use]
    pub fn seen(&self) -> FactorsSeen {
        let people = self.people.iter();
        FactorsSeen {
            people: people.map(|(person, one)| (person.clone(), one.since)).collect(),
            changes: self.changes.clone(),
        }
    }

    /// What the file holds; nothing when it is not there.
    ///
    /// # Errors
    /// It can't be read, others can read it, or it is not what we wrote.
    pub fn read(path: &Path) -> Result<Self, FactorFileError> {
        let failed = |source| FactorFileError::Read {
            path: path.to_owned(),
            source,
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(FactorFileError::Open {
                path: path.to_owned(),
            });
        }
        let mut text = String::new();
        file.take(MOST).read_to_string(&mut text).map_err(failed)?;
        parse(&text).map_err(|line| FactorFileError::NotOurs {
            path: path.to_owned(),
            line,
        })
    }

    /// Puts it in the place of what is there.
    ///
    /// # Errors
    /// It can't be written; what was there stays.
    pub fn write(&self, path: &Path) -> Result<(), FactorFileError> {
        let people = self.people.iter().map(|(person, enrolled)| {
            let row = Row {
                secret: enrolled.seed.base32(),
                since: enrolled.since,
            };
            (person.to_string(), row)
        });
        let changes = self.changes.iter().map(|change| ChangeRow {
            person: change.person.to_string(),
            what: change.what,
            at: change.at,
            by: change.by.clone(),
        });
        let written = Written {
            people: people.collect(),
            changes: changes.collect(),
        };
        let text = toml::to_string(&written).map_err(io::Error::other);
        text.and_then(|text| replace(path, &format!("{HEAD}{text}")))
            .map_err(|source| FactorFileError::Write {
                path: path.to_owned(),
                source,
            })
    }
}

/// The number of the first line that can't be understood is all that is told of a file full of secrets.
fn parse(text: &str) -> Result<FactorFile, usize> {
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let written: Written =
        toml::from_str(text).map_err(|error| error.span().map_or(1, |span| line(span.start)))?;
    let people = written.people.into_iter().map(|(person, row)| {
        let at = || line(text.find(&person).unwrap_or_default());
        let id = read_person(&person).map_err(|_| at())?;
        let seed = Seed::from_base32(&row.secret).ok_or_else(at)?;
        let since = row.since;
        Ok((id, Enrolled { seed, since }))
    });
    let people = people.collect::<Result<_, usize>>()?;
    let changes = written.changes.into_iter().map(|row| {
        let person =
            read_person(&row.person).map_err(|_| line(text.find(&row.person).unwrap_or_default()))?;
        Ok(FactorChange {
            person,
            what: row.what,
            at: row.at,
            by: row.by,
        })
    });
    Ok(FactorFile {
        people,
        changes: changes.collect::<Result<_, usize>>()?,
    })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> FactorFile {
        let person = PersonId {
            team: "T1".to_owned(),
            user: "U1".to_owned(),
        };
        let enrolled = Enrolled {
            seed: Seed::generate().unwrap(),
            since: "2026-11-21T10:00:00Z".parse().unwrap(),
        };
        let mut file = FactorFile::default();
        file.enrol(person, enrolled, "root");
        file
    }

    #[test]
    fn it_is_for_one_user_alone_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("interlock.totp");
        assert_eq!(FactorFile::read(&path).unwrap(), FactorFile::default());
        one().write(&path).unwrap();
        let file = one();
        file.write(&path).unwrap();
        assert_eq!(FactorFile::read(&path).unwrap(), file);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let said = FactorFile::read(&path).unwrap_err().to_string();
        assert!(said.contains("can be read by others"), "{said}");
    }

    #[test]
    fn what_we_did_not_write_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("interlock.totp");
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let since = "since = \"2026-11-21T10:00:00Z\"";
        for (text, line) in [
            (format!("[people.\"T1/U1\"]\nsecret = \"{secret}\n{since}"), 2),
            (
                format!("[people.\"T1/U1\"]\nsecret = \"{secret}\"\nmore = 1\n{since}"),
                3,
            ),
            (format!("\n[people.\"U1\"]\nsecret = \"{secret}\"\n{since}"), 2),
            (format!("[people.\"T1/U1\"]\nsecret = \"GEZDGNBV\"\n{since}"), 1),
        ] {
            replace(&path, &text).unwrap();
            let said = FactorFile::read(&path).unwrap_err().to_string();
            assert!(said.starts_with(&format!("line {line} of ")), "{said}\n{text}");
            assert!(!said.contains("GEZDGNBV"), "{said}");
        }
    }
}
