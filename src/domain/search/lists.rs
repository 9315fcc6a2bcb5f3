//! Small lists of terms and letters, as the index and a question need them: counted, sorted, each once.

use super::analyse::{Term, UNKNOWN, add};
use super::titles::{named, untagged};

/// Letters and digits in lower case, for names that are written in different ways.
pub(super) fn squash(text: &str) -> String {
    named(untagged(text))
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Three bytes at a time, with the ends marked; sorted, each once. Nothing of an empty text.
pub(super) fn letters(squashed: &str) -> Vec<u32> {
    if squashed.is_empty() {
        return Vec::new();
    }
    let mut grams = Vec::with_capacity(squashed.len());
    let mut gram = u32::from(b'^');
    for (at, byte) in squashed.bytes().chain(std::iter::once(b'$')).enumerate() {
        gram = (gram << 8 | u32::from(byte)) & 0x00FF_FFFF;
        if at > 0 {
            grams.push(gram);
        }
    }
    sorted(grams)
}

pub(super) fn sorted(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list.dedup();
    list
}

/// Each term once, in the order of the text.
pub(super) fn unique(terms: &[Term]) -> Vec<Term> {
    let mut once = Vec::with_capacity(terms.len());
    terms.iter().for_each(|term| add(&mut once, *term));
    once
}

/// Each term with how often it stands, sorted by term.
pub(super) fn counted(terms: &[Term]) -> Vec<(Term, f32)> {
    let mut all = terms.to_vec();
    all.sort_unstable();
    let mut counted: Vec<(Term, f32)> = Vec::with_capacity(all.len());
    for term in all {
        match counted.last_mut() {
            Some((last, times)) if *last == term => *times += 1.0,
            _ => counted.push((term, 1.0)),
        }
    }
    counted
}

/// Neighbours, as one number a pair.
pub(super) fn pairs(terms: &[Term]) -> Vec<u32> {
    terms
        .windows(2)
        .filter_map(|pair| match pair {
            [one, other] if *one < UNKNOWN && *other < UNKNOWN => Some(one.wrapping_mul(0x9E37_79B1) ^ other),
            _ => None,
        })
        .collect()
}
