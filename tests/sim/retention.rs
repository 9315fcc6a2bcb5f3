//! Long after the storm: what closed before some moment of it is erased. The state stays what it was, and a process that
//! starts on what is left of the journal comes to the same.

use interlock::domain::command::{Command, NewCheckpoint};
use interlock::engine::Going;
use interlock::store::Store;
use jiff::SignedDuration;

use super::notes::{From, Sent};
use super::sim::{After, Sim};

impl Sim {
    pub fn erases(&mut self) -> Result<(), String> {
        self.pass(40 * 24 * 60 * 60)?;
        let store = Store::open_to_read(&self.path).map_err(|error| error.to_string())?;
        let mut times = Vec::new();
        store
            .read_after(0, |entry| times.push(entry.at))
            .map_err(|error| error.to_string())?;
        let latest = self.now - SignedDuration::from_hours(24 * 31);
        let old = self.rng.pick(&times).copied().unwrap_or(latest);
        let before = if self.rng.chance(50) {
            latest
        } else {
            old.min(latest)
        };
        let found = store
            .erasable(before, None, self.now)
            .map_err(|error| error.to_string())?;
        drop(store);
        let line = format!("{} entries from before {before} are erased", found.entries);
        let command = Command::Erase {
            by: None,
            incidents: found.incidents,
            before,
            alone: found.alone,
        };
        let from = From::Engine;
        self.submit(vec![Sent { command, from, line }], After::GoOn)?;
        self.figures.erased += found.entries;
        self.carry_out()?;
        let left = self.unerased()?;
        if left > 0 {
            return Err(format!("{left} entries were to be erased and are not"));
        }
        self.crash()?;
        self.pass(60)
    }

    fn unerased(&self) -> Result<u64, String> {
        let left = self.core().store().unerased();
        left.map_err(|error| error.to_string())
    }

    /// A checkpoint, which was signed before the erasure was recorded or covers it. Now and then it dies with that or before it.
    fn signs(&mut self, record: u64) -> Result<(), String> {
        if self.rng.chance(30) {
            return self.crash();
        }
        let size = match self.rng.chance(30) {
            true => record - 1,
            false => self.core().state().seq,
        };
        let command = Command::Checkpointed(NewCheckpoint {
            size,
            note: String::new(),
            kept: Vec::new(),
            line: None,
        });
        let sent = Sent {
            command,
            from: From::Engine,
            line: format!("a checkpoint over {size} entries"),
        };
        let after = match self.rng.chance(30) {
            true => After::Crash,
            false => After::GoOn,
        };
        self.submit(vec![sent], after)
    }

    /// Where checkpoints are signed nothing goes before one covers the record. Now and then it dies in the middle, and the next
    /// process goes on.
    fn carry_out(&mut self) -> Result<(), String> {
        let all = self.unerased()?;
        for _ in 0..1_000 {
            let core = self.core.as_mut().ok_or("no process")?;
            let Some(mut erasing) = core.store().erasing().map_err(|error| error.to_string())? else {
                return Ok(());
            };
            let going = core.erase_some(&mut erasing).map_err(|error| error.to_string())?;
            if going == Going::Uncovered {
                if self.unerased()? != all {
                    return Err("payloads are gone, and no checkpoint covers what records it".to_owned());
                }
                self.signs(erasing.entry)?;
                continue;
            }
            if self.rng.chance(30) {
                self.crash()?;
                self.pass(60)?;
                continue;
            }
            let core = self.core.as_mut().ok_or("no process")?;
            while core.erase_some(&mut erasing).map_err(|error| error.to_string())? != Going::Done {}
        }
        Err("an erasure is never through".to_owned())
    }
}
