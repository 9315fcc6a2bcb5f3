//! Finding out whether the journal can be written, without writing to it.

use rusqlite::{Transaction, TransactionBehavior};

use super::{Store, StoreError};

impl Store {
    /// Writes as a commit does, and syncs it: an entry, which is taken back before anybody sees it, and a few pages of a
    /// table of its own. What is full, read-only or broken for a commit is so for this.
    ///
    /// # Errors
    /// Why the journal can't be written.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        let next = self.seq().saturating_add(1);
        let mut transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        self.unchanged()?;
        {
            let entry = transaction.savepoint()?;
            entry.execute(
                "INSERT INTO journal (seq, at_ms, kind, payload, salt, hash)
                 VALUES (?1, 0, 'probe', '', zeroblob(16), zeroblob(32))",
                [next],
            )?;
            // Dropped without a commit: rolled back.
        }
        transaction.execute(
            "INSERT INTO probe (only, written) VALUES (1, randomblob(8192))
             ON CONFLICT (only) DO UPDATE SET written = excluded.written",
            [],
        )?;
        transaction.commit()?;
        Ok(())
    }
}
