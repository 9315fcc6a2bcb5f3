//! Identifiers in Slack's shapes: a kind letter and upper-case letters and digits, or opaque secrets.

use rand::RngExt;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

fn random(alphabet: &[u8], len: usize) -> String {
    let mut rng = rand::rng();
    (0..len)
        .map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())]))
        .collect()
}

/// An object id such as `V0AB12CD34E`.
pub(super) fn object(kind: char) -> String {
    format!("{kind}0{}", random(UPPER, 9))
}

/// A secret or one-time code of `len` lower-case characters.
pub(super) fn secret(len: usize) -> String {
    random(LOWER, len)
}

/// A block or action id as Slack makes up when the app sent none.
pub(super) fn block() -> String {
    random(UPPER, 5)
}

/// An envelope id in the shape of a UUID.
pub(super) fn envelope() -> String {
    let hex = |len| random(b"0123456789abcdef", len);
    format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}
