//! Somebody with the database in hand, while no process is alive: another target under what was shown and perhaps approved. Every
//! hash is made anew, so the chain holds.

use interlock::store::{ChainHash, Content, GENESIS, StoredEntry, link};
use rusqlite::{Connection, params};

use super::sim::Sim;

impl Sim {
    /// The plan that was proposed last is about another deployment from now on.
    pub fn rewrites(&mut self) -> Result<(), String> {
        self.core = None;
        let journal = Connection::open(&self.path).map_err(|error| error.to_string())?;
        let changed = rewrite(&journal).map_err(|error| error.to_string())?;
        if let Some(seq) = changed {
            self.tell(format!("somebody writes another target into entry {seq}"));
            self.watch.reads_anew()?;
        }
        Ok(())
    }
}

/// The number of the entry that is another one now.
pub fn rewrite(journal: &Connection) -> rusqlite::Result<Option<u64>> {
    let mut entries = read(journal)?;
    let last = entries.iter_mut().rev().find(|entry| {
        entry.kind == "proposed"
            && entry
                .payload()
                .is_some_and(|text| text.contains("deployment/api"))
    });
    let Some(entry) = last else { return Ok(None) };
    let seq = entry.seq;
    if let Content::Kept { payload, .. } = &mut entry.content {
        *payload = payload
            .replace("deployment/api", "deployment/db")
            .replace("\"api\"", "\"db\"");
    }
    guarded(journal, |journal| {
        let mut head: ChainHash = GENESIS;
        for entry in &entries {
            let hash = link(entry, &head);
            if hash != entry.hash {
                let update = "UPDATE journal SET payload = ?1, hash = ?2 WHERE seq = ?3";
                journal.execute(update, params![entry.payload(), hash, entry.seq])?;
            }
            head = hash;
        }
        journal.execute_batch("DELETE FROM snapshot")
    })?;
    Ok(Some(seq))
}

/// Without the triggers that keep the journal as it is, which are there again afterwards.
pub fn guarded(
    journal: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let guards = "SELECT group_concat('DROP TRIGGER ' || name, ';'), group_concat(sql, ';') \
                  FROM sqlite_master WHERE type = 'trigger'";
    let (drop, guards): (String, String) =
        journal.query_row(guards, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    journal.execute_batch(&drop)?;
    change(journal)?;
    journal.execute_batch(&guards)
}

fn read(journal: &Connection) -> rusqlite::Result<Vec<StoredEntry>> {
    let mut all = journal.prepare("SELECT * FROM journal ORDER BY seq")?;
    let entries = all.query_map([], |row| {
        Ok(StoredEntry {
            seq: row.get("seq")?,
            at_ms: row.get("at_ms")?,
            kind: row.get("kind")?,
            incident: row.get("incident")?,
            content: Content::Kept {
                payload: row.get("payload")?,
                salt: row.get("salt")?,
            },
            hash: row.get("hash")?,
        })
    })?;
    entries.collect()
}
