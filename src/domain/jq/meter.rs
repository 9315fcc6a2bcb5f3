//! Fuel: every step of a program and every part of a value that it touches costs some, and when it is gone every
//! further step is an error. Sizes are of the tree that would be printed, so that a value which shares its parts can't
//! grow past what could be held.

use std::cell::Cell;

use jaq_core::Error;
use jaq_json::{Num, Val};

/// Fuel of one run, in parts of values; a step costs as much as a few. Since every value that is kept was paid for, it
/// bounds memory as well: some 50 bytes a part.
pub const FUEL: u64 = 8_000_000;
/// The most parts of one value, counted as a tree; a part is a value or 16 bytes of text.
const MAX_PARTS: u64 = 1_000_000;
/// The deepest nesting of a value.
pub(crate) const MAX_DEPTH: usize = 200;
/// The most updates inside each other: each level of a value takes a few.
const MAX_UPDATES: usize = 4 * MAX_DEPTH;
/// The longest text in bytes, and number in bits.
const MAX_TEXT: usize = 2 << 20;
const MAX_BITS: u64 = 1 << 16;

/// What is left, shared by all steps of one run.
#[derive(Debug)]
pub(crate) struct Meter {
    left: Cell<u64>,
    /// How many updates are inside each other at the moment.
    updates: Cell<usize>,
}

impl Meter {
    pub(crate) fn full() -> Self {
        Self {
            left: Cell::new(FUEL),
            updates: Cell::new(0),
        }
    }

    /// True once a step was refused for want of fuel; what the program yielded then means nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.get() == 0
    }

    /// # Errors
    /// When that much isn't left; from then on nothing is.
    pub(crate) fn charge(&self, amount: u64) -> Result<(), Error<Val>> {
        match self.left.get().checked_sub(amount) {
            Some(left) if left > 0 => {
                self.left.set(left);
                Ok(())
            }
            Some(_) | None => {
                self.left.set(0);
                Err(Error::str("the program takes too long"))
            }
        }
    }

    /// Runs one update inside those that are under way. `.. |= [.]` goes down into what it has just made, and each level
    /// takes stack, so the levels are counted.
    pub(crate) fn nested<T>(&self, update: impl FnOnce() -> T) -> Option<T> {
        let before = self.updates.get();
        if before >= MAX_UPDATES {
            self.left.set(0);
            return None;
        }
        self.updates.set(before + 1);
        let result = update();
        self.updates.set(before);
        Some(result)
    }

    /// Charges for all parts of a value and refuses one that is too large or too deep.
    ///
    /// # Errors
    /// Fuel, size or depth.
    pub(crate) fn weigh(&self, value: &Val) -> Result<u64, Error<Val>> {
        let mut parts = 0;
        let fits = count(value, 0, &mut parts);
        self.charge(parts.max(1))?;
        if fits {
            return Ok(parts.max(1));
        }
        // A value that can't be held ends the run: no `try` may go on with it.
        self.left.set(0);
        Err(Error::str("a value grows too large"))
    }
}

/// False when the value is over a limit; counting stops there.
fn count(value: &Val, depth: usize, parts: &mut u64) -> bool {
    *parts += 1;
    if depth > MAX_DEPTH || *parts > MAX_PARTS {
        return false;
    }
    match value {
        Val::Null | Val::Bool(_) => true,
        Val::Num(Num::BigInt(number)) => {
            *parts += number.bits() / 64;
            number.bits() <= MAX_BITS
        }
        Val::Num(Num::Dec(digits)) => {
            *parts += digits.len() as u64 / 16;
            digits.len() <= 4_096
        }
        Val::Num(Num::Int(_) | Num::Float(_)) => true,
        Val::BStr(text) | Val::TStr(text) => {
            *parts += text.len() as u64 / 16;
            text.len() <= MAX_TEXT
        }
        Val::Arr(items) => items.iter().all(|item| count(item, depth + 1, parts)),
        Val::Obj(fields) => fields
            .iter()
            .all(|(key, item)| count(key, depth + 1, parts) && count(item, depth + 1, parts)),
    }
}

/// The nesting of a JSON text is within bounds. Brackets in strings don't count.
pub(crate) fn is_shallow(text: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}
