//! A keyed sum over what waits in the outbox: the code of each row under the key of the seal, added modulo 2^256. It follows
//! each insert and delete, so that no commit reads the table; it is never stored itself, only a code over it (`seal`).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::{Sealer, StoreError};

/// Least significant first.
type Number = [u64; 4];

/// Of the rows that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    rows: BTreeMap<i64, Number>,
    total: Total,
}

/// What is sealed of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub count: u64,
    number: Number,
}

/// What a commit does to the rows. Numbers of rows are never given twice.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub added: BTreeMap<i64, [u8; 32]>,
    /// Also some of those that were added.
    pub gone: BTreeSet<i64>,
}

impl Total {
    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (place, limb) in bytes.chunks_exact_mut(8).zip(self.number) {
            place.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }
}

impl Sum {
    /// Of all rows of the table. What is in a row need not be readable.
    pub fn read(connection: &Connection, sealer: &Sealer, name: &str) -> Result<Self, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT row, slot, effect, created_ms FROM outbox ORDER BY row")?;
        let mut rows = statement.query([])?;
        let mut found = Rows::default();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let slot = match row.get_ref(1)? {
                ValueRef::Text(slot) => Some(slot),
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
            };
            let text = row.get_ref(2)?.as_bytes().unwrap_or_default();
            let code = sealer.of_row(name, id, slot, text, row.get(3)?);
            found.added.insert(id, code);
        }
        let mut sum = Self::default();
        sum.change(&found);
        Ok(sum)
    }

    pub fn total(&self) -> Total {
        self.total
    }

    /// What it would be after these changes.
    pub fn after(&self, rows: &Rows) -> Total {
        let mut total = self.total;
        for code in rows.added.values() {
            total.number = plus(total.number, number(code));
            total.count = total.count.saturating_add(1);
        }
        for row in &rows.gone {
            let added = || rows.added.get(row).map(number);
            // What is let go of twice is gone already.
            if let Some(code) = self.rows.get(row).copied().or_else(added) {
                let negative = plus(code.map(|limb| !limb), [1, 0, 0, 0]);
                total.number = plus(total.number, negative);
                total.count = total.count.saturating_sub(1);
            }
        }
        total
    }

    pub fn change(&mut self, rows: &Rows) {
        self.total = self.after(rows);
        let added = rows.added.iter().map(|(row, code)| (*row, number(code)));
        self.rows.extend(added);
        for row in &rows.gone {
            self.rows.remove(row);
        }
    }
}

fn number(code: &[u8; 32]) -> Number {
    let mut number = Number::default();
    for (limb, bytes) in number.iter_mut().zip(code.chunks_exact(8)) {
        *limb = bytes
            .iter()
            .fold(0, |limb, byte| (limb << 8_u32) | u64::from(*byte));
    }
    number
}

/// Modulo 2^256.
fn plus(mut one: Number, other: Number) -> Number {
    let mut carry = false;
    for (limb, more) in one.iter_mut().zip(other) {
        let (sum, over) = limb.overflowing_add(more);
        let (sum, again) = sum.overflowing_add(u64::from(carry));
        *limb = sum;
        carry = over || again;
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_came_and_went_leaves_no_trace_and_any_order_gives_the_same() {
        let changes = |added: &[(i64, u8)], gone: &[i64]| Rows {
            added: added.iter().map(|(row, byte)| (*row, [*byte; 32])).collect(),
            gone: gone.iter().copied().collect(),
        };
        let mut one = Sum::default();
        one.change(&changes(&[(1, 0xff), (2, 0xfe), (3, 1)], &[]));
        // One that was never there, and one that comes and goes at once.
        one.change(&changes(&[(4, 7), (5, 8)], &[2, 5, 9]));
        let mut other = Sum::default();
        other.change(&changes(&[(1, 0xff), (3, 1), (4, 7)], &[]));
        assert_eq!(one, other);
        assert_eq!(one.total().count, 3);
        assert_ne!(one.total().bytes(), [0; 32]);
        one.change(&changes(&[], &[1, 3, 4]));
        assert_eq!(one, Sum::default());
    }
}
