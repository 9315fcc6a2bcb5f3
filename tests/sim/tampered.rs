//! The last of some lives: while no process is alive somebody writes to a database that is sealed. The next start says so, voids
//! what was approved and starts nothing; a cache that was changed is not used.

use interlock::domain::command::{Command, Drive, Reply};
use interlock::engine::Core;
use interlock::store::{Store, StoreError};
use rusqlite::Connection;

use super::promises::must;
use super::rewritten::{guarded, rewrite};
use super::sim::Sim;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Another target in a plan, and every hash made anew.
    Rewritten,
    /// One entry, and no hash.
    Edited,
    /// The text of one entry is gone, as retention would take it out.
    Erased,
    /// The last entries are gone.
    Cut,
    /// The state as it is kept beside the journal.
    Snapshot,
}

const WAYS: [Way; 5] = [Way::Rewritten, Way::Edited, Way::Erased, Way::Cut, Way::Snapshot];

impl Sim {
    pub fn tampered(&mut self) -> Result<(), String> {
        let way = self.odd.pick(&WAYS).copied().unwrap_or(Way::Edited);
        let core = self.core.as_mut().ok_or("no process")?;
        core.save_snapshot().map_err(|error| error.to_string())?;
        self.core = None;
        let seq = self.watch.state().seq;
        let changed = tamper(&self.path, way, seq).map_err(|error| error.to_string())?;
        if !changed {
            return Ok(());
        }
        self.tell(format!("somebody has the database: {way:?}"));
        let store = self.store()?;
        let verified = store.verify();
        // Cut at an end, or with hashes of its own, a chain holds.
        let holds = matches!(way, Way::Rewritten | Way::Cut | Way::Snapshot);
        must(holds == verified.is_ok(), || {
            format!("{way:?}, and the journal verifies as {verified:?}")
        })?;
        let said = store.doubt().map_err(|error| error.to_string())?;
        let said = said.or(verified.err().map(|error| error.to_string()));
        if way == Way::Snapshot {
            self.core = Some(Core::open(store).map_err(|error| error.to_string())?);
            return self.watch.same_state(self.core().state());
        }
        must(said.is_some(), || {
            format!("{way:?}, and the next start says nothing")
        })?;
        self.starts_nothing(store, said)
    }

    /// It starts on this, and whatever is asked for then: nothing moves.
    fn starts_nothing(&mut self, store: Store, behind: Option<String>) -> Result<(), String> {
        let core = Core::open(store).map_err(|error| error.to_string())?;
        self.core = Some(core);
        let database = "sim".to_owned();
        let unsent = false;
        let recover = Command::Recover {
            database,
            behind,
            unsent,
        };
        let mut commands = vec![recover];
        for _ in 0..20 {
            let (knowledge, now) = (self.knowledge.clone(), self.now);
            let core = self.core.as_mut().ok_or("no process")?;
            let committed = core
                .run(std::mem::take(&mut commands), &[], &knowledge, now)
                .map_err(|error| error.to_string())?;
            for reply in committed.replies {
                must(!matches!(reply, Reply::Permit(_)), || {
                    "somebody wrote to the database, and a step starts".to_owned()
                })?;
            }
            let drives: Vec<Drive> = committed.drives;
            commands.extend(
                drives
                    .into_iter()
                    .filter_map(|drive| Some(self.drive_now(drive)?.command)),
            );
            if commands.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn tamper(path: &std::path::Path, way: Way, seq: u64) -> Result<bool, StoreError> {
    let journal = Connection::open(path)?;
    let any = seq / 2 + 1;
    let statements = match way {
        Way::Rewritten => return Ok(rewrite(&journal)?.is_some()),
        Way::Edited => format!("UPDATE journal SET payload = payload || ' ' WHERE seq = {any}"),
        Way::Erased => {
            let mut commitment = None;
            Store::open_to_read(path)?.export(|entry| {
                if entry.seq == any {
                    commitment = Some(hex::encode(entry.content.commitment()));
                }
                Ok(())
            })?;
            let Some(commitment) = commitment else {
                return Ok(false);
            };
            format!(
                "UPDATE journal SET payload = '', salt = zeroblob(16), commitment = x'{commitment}' WHERE seq = {any};
                 DELETE FROM snapshot"
            )
        }
        Way::Cut => format!("DELETE FROM journal WHERE seq >= {any}; DELETE FROM snapshot"),
        Way::Snapshot => {
            "UPDATE snapshot SET state = replace(state, '\"title\":\"', '\"title\":\"x')".to_owned()
        }
    };
    guarded(&journal, |journal| journal.execute_batch(&statements))?;
    Ok(seq > 0)
}
