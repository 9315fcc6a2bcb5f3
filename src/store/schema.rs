//! Whether the tables, indexes and triggers of a database are those that `migrate` makes. Whoever can write to the file can put a
//! trigger there that drops entries on their way in while the database says that all is well, or an index over something that
//! can't be computed of some of them; or take away those that refuse changes of the journal.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use rusqlite::Connection;

use super::{Store, StoreError, migrate};

/// What kind it is and its name, to the SQL that made it.
type Objects = BTreeMap<(String, String), String>;

/// What acts when something is written. Each can be made anew, and nothing is lost with it.
fn acts(kind: &str) -> bool {
    matches!(kind, "trigger" | "index")
}

/// All but what SQLite makes for itself, which has no text, or is one of its tables. It reads the text alone: a kind in capitals is
/// one all the same, and so is a name that looks like its own.
fn objects(connection: &Connection) -> Result<Objects, StoreError> {
    let mut statement = connection.prepare(
        "SELECT lower(type), name, sql FROM sqlite_master
         WHERE sql IS NOT NULL AND NOT (type = 'table' AND name LIKE 'sqlite\\_%' ESCAPE '\\')",
    )?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those of a database that was made just now.
fn ours() -> Result<&'static Objects, StoreError> {
    static OURS: OnceLock<Objects> = OnceLock::new();
    if let Some(ours) = OURS.get() {
        return Ok(ours);
    }
    let fresh = objects(&migrate::fresh()?)?;
    Ok(OURS.get_or_init(|| fresh))
}

/// What stands between the words means nothing.
fn is_same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// Of a database of the newest schema: what is not as Interlock made it, in words for people.
pub(super) fn fits(connection: &Connection) -> Result<Result<(), String>, StoreError> {
    let (ours, found) = (ours()?, objects(connection)?);
    for (key, sql) in ours {
        let (kind, name) = key;
        match found.get(key) {
            Some(other) if is_same(other, sql) => {}
            Some(_) => {
                return Ok(Err(format!(
                    "its {kind} `{name}` is not the one that Interlock made"
                )));
            }
            None => return Ok(Err(format!("its {kind} `{name}` is gone"))),
        }
    }
    let foreign = found.keys().find(|key| acts(&key.0) && !ours.contains_key(*key));
    Ok(match foreign {
        Some((kind, name)) => {
            let a = if kind == "index" { "an" } else { "a" };
            Err(format!(
                "it has {a} {kind} `{name}`, and Interlock made none of that name"
            ))
        }
        None => Ok(()),
    })
}

/// Puts triggers and indexes right, so that what is written from now on is stored and stays; says what was wrong. `None`:
/// nothing.
///
/// # Errors
/// `Altered` when a table is not ours, since nobody knows what it would do with what is written, or something can't be taken away.
pub(super) fn mend(connection: &mut Connection, path: &Path) -> Result<Option<String>, StoreError> {
    let Err(what) = fits(connection)? else {
        return Ok(None);
    };
    let transaction = connection.transaction()?;
    let (ours, found) = (ours()?, objects(&transaction)?);
    let is_right = |key: &(String, String), sql: &str| ours.get(key).is_some_and(|own| is_same(own, sql));
    for (key, sql) in found.iter().filter(|(key, _)| acts(&key.0)) {
        let name = key.1.replace('"', "\"\"");
        if !is_right(key, sql)
            && let Err(error) = transaction.execute_batch(&format!("DROP {} \"{name}\"", key.0))
        {
            tracing::error!(%error, name, "what somebody put into the database can't be taken away");
        }
    }
    for (key, sql) in ours.iter().filter(|(key, _)| acts(&key.0)) {
        if !found.get(key).is_some_and(|found| is_same(found, sql)) {
            transaction.execute_batch(sql)?;
        }
    }
    transaction.commit()?;
    match fits(connection)? {
        Ok(()) => Ok(Some(format!("the database was altered from outside: {what}"))),
        Err(what) => Err(StoreError::Altered {
            path: path.to_owned(),
            what,
        }),
    }
}

impl Store {
    /// Whether the tables and triggers are Interlock's own; else what is not. Of an older schema, that is only read, nothing is
    /// said.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn schema_fits(&self) -> Result<Result<(), String>, StoreError> {
        if self.schema < migrate::newest() {
            return Ok(Ok(()));
        }
        fits(&self.connection)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use crate::store::{Store, StoreError};

    /// What is said of a database in which somebody did this, when it is opened for writing, and the next time.
    fn after(sql: &str) -> Result<[Option<String>; 2], StoreError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("interlock.db");
        drop(Store::open(&path).unwrap());
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let read = Store::open_to_read(&path).unwrap().schema_fits().unwrap().err();
        let opened = Store::open(&path)?.doubt().unwrap();
        assert_eq!(read.is_some(), opened.is_some());
        let again = Store::open(&path)?.doubt().unwrap();
        Ok([opened, again])
    }

    #[test]
    fn a_trigger_that_somebody_put_there_is_named_and_taken_away() {
        let on_the_journal = "CREATE TRIGGER \"so \"\"quiet\" BEFORE INSERT ON journal WHEN NEW.kind = 'voted' BEGIN SELECT RAISE(IGNORE); END";
        let on_the_outbox =
            "CREATE TRIGGER also AFTER INSERT ON outbox BEGIN DELETE FROM outbox WHERE row = NEW.row; END";
        for (sql, name) in [(on_the_journal, "so \"quiet"), (on_the_outbox, "also")] {
            let [said, again] = after(sql).unwrap();
            let wanted = format!(
                "the database was altered from outside: it has a trigger `{name}`, and Interlock made none of that name"
            );
            assert_eq!(said, Some(wanted));
            assert_eq!(again, None);
        }
    }

    #[test]
    fn what_keeps_the_journal_append_only_is_put_back_when_it_is_gone_or_weaker() {
        let [said, again] = after("DROP TRIGGER journal_no_delete").unwrap();
        assert!(said.unwrap().ends_with("its trigger `journal_no_delete` is gone"));
        assert_eq!(again, None);
        let weaker = "DROP TRIGGER journal_no_delete;
            CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal WHEN OLD.seq < 0 BEGIN SELECT 1; END";
        let [said, again] = after(weaker).unwrap();
        assert!(
            said.unwrap()
                .contains("its trigger `journal_no_delete` is not the one")
        );
        assert_eq!(again, None);
    }

    #[test]
    fn into_a_table_that_is_not_ours_nothing_is_written() {
        let loose = "DROP TABLE probe; CREATE TABLE probe (only INTEGER PRIMARY KEY, written BLOB)";
        let said = after(loose).unwrap_err().to_string();
        assert!(said.contains("its table `probe` is not the one"), "{said}");
        let view = "DROP TABLE erasures; CREATE VIEW erasures AS SELECT 1 AS only, 0 AS through";
        let said = after(view).unwrap_err().to_string();
        assert!(said.contains("its table `erasures` is gone"), "{said}");
    }

    #[test]
    fn what_hides_behind_another_kind_or_name_is_found() {
        let trigger = "CREATE TRIGGER {} BEFORE INSERT ON journal WHEN NEW.kind = ''frozen'' BEGIN SELECT RAISE(IGNORE); END";
        for (kind, name) in [("TRIGGER", "quiet"), ("trigger", "sqlite_x")] {
            let text = trigger.replace("{}", name);
            let hidden = format!(
                "PRAGMA writable_schema = ON;
                INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('{kind}', '{name}', 'journal', 0, '{text}');
                PRAGMA writable_schema = OFF"
            );
            match after(&hidden) {
                Ok([said, again]) => {
                    assert!(said.unwrap().contains(name), "{hidden}");
                    assert_eq!(again, None, "{hidden}");
                }
                // What can't be taken away keeps it from writing.
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
            }
        }
    }

    #[test]
    fn an_index_that_can_not_be_computed_of_some_entries_is_taken_away() {
        let index = "CREATE INDEX odd ON journal (CASE WHEN kind = 'frozen' THEN json('x') END)";
        let [said, again] = after(index).unwrap();
        assert!(said.unwrap().contains("it has an index `odd`"));
        assert_eq!(again, None);
    }

    #[test]
    fn statistics_and_a_table_of_a_reader_are_no_harm() {
        assert_eq!(after("ANALYZE; VACUUM").unwrap(), [None, None]);
        let reader = "CREATE TABLE notes (of TEXT REFERENCES outbox (slot))";
        assert_eq!(after(reader).unwrap(), [None, None]);
    }
}
