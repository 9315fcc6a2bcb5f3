//! Names and ids that the control plane makes up: uids, pod name suffixes, template hashes, fake container ids.
//! They come from a seed, so a model that is driven the same way makes the same names.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The alphabet of generated names (Kubernetes leaves out vowels and look-alikes).
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A deterministic source of ids.
#[derive(Clone, Debug)]
pub(super) struct Ids(u64);

impl Ids {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    // SplitMix64: small, seedable, and good enough for names.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A uid in the shape of a version 4 UUID.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }

    /// Five characters, as at the end of a pod's name.
    pub fn suffix(&mut self) -> String {
        let word = self.next();
        (0..5).map(|place| letter((word >> (place * 8)) as u8)).collect()
    }

    /// 64 hex digits, as container and exec ids have.
    pub fn hex64(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.next())).collect()
    }
}

fn letter(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
}

/// A hash of a pod template for `pod-template-hash`: ten characters of the safe alphabet.
pub(super) fn template_hash(template: &Value) -> String {
    Sha256::digest(template.to_string())
        .iter()
        .take(10)
        .map(|byte| letter(*byte))
        .collect()
}
