//! Turns text into terms: words cut, joined, replaced and stemmed, with the meanings and the products they name.
//! Terms are numbers of a lexicon that belongs to one index. Pure; the vocabulary is read once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::stem::stem;
use super::vocabulary::{COMMON, JOINED, MEANINGS, MEANS, PARTS, PRODUCTS, STOP};
use super::words::each_word;

/// A word's number in its lexicon.
pub type Term = u32;

/// Meanings as bits: one for each line of the vocabulary.
pub type Meanings = u64;

/// Words that no page has get numbers from here on, so that a question can count what nothing answers.
pub const UNKNOWN: Term = 1 << 30;

struct Vocabulary {
    stop: HashSet<&'static str>,
    common: HashSet<String>,
    means: HashMap<&'static str, Vec<&'static str>>,
    joined: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
    meanings: HashMap<String, Meanings>,
    /// Stems that stand in a phrase, by number from 1.
    phrase_words: HashMap<String, u16>,
    phrases: HashMap<(u16, u16), Meanings>,
    products: HashSet<String>,
    parts: HashSet<String>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut joined: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for (one, other, both) in JOINED {
        joined.entry(one).or_default().push((other, both));
    }
    let mut meanings: HashMap<String, Meanings> = HashMap::new();
    let mut phrase_words: HashMap<String, u16> = HashMap::new();
    let mut phrases: HashMap<(u16, u16), Meanings> = HashMap::new();
    for (at, line) in MEANINGS.iter().enumerate() {
        let bit = 1 << at;
        for word in line.split(' ') {
            if let Some((one, other)) = word.split_once('-') {
                let pair = (number(&mut phrase_words, one), number(&mut phrase_words, other));
                *phrases.entry(pair).or_default() |= bit;
            } else {
                *meanings.entry(stem(word)).or_default() |= bit;
            }
        }
    }
    let stems = |list: &str| list.split_whitespace().map(stem).collect();
    Vocabulary {
        stop: STOP.split_whitespace().collect(),
        common: stems(COMMON),
        means: MEANS
            .iter()
            .map(|(word, others)| (*word, others.split(' ').collect()))
            .collect(),
        joined,
        meanings,
        phrase_words,
        phrases,
        products: stems(PRODUCTS),
        parts: stems(PARTS),
    }
});

fn number(words: &mut HashMap<String, u16>, word: &str) -> u16 {
    let next = u16::try_from(words.len() + 1).unwrap_or(u16::MAX);
    *words.entry(stem(word)).or_insert(next)
}

/// What a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Product,
    Part,
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    term: Term,
    meanings: Meanings,
    sort: Sort,
    phrase: u16,
}

/// The terms of one text.
#[derive(Clone, Debug, Default)]
pub struct Analysed {
    /// In the order of the text; the same term may stand more than once.
    pub terms: Vec<Term>,
    /// The meanings of each term.
    pub marks: Vec<Meanings>,
    /// All of them, and those of phrases.
    pub meanings: Meanings,
    /// Terms that name a product; each once.
    pub products: Vec<Term>,
    /// Terms that name a part of something; each once.
    pub parts: Vec<Term>,
    /// Both in the order of the text.
    pub subjects: Vec<Term>,
    phrase: u16,
}

impl Analysed {
    fn take(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let before = std::mem::replace(&mut self.phrase, piece.phrase);
            if before != 0 && piece.phrase != 0 {
                let pair = (before, piece.phrase);
                self.meanings |= VOCABULARY.phrases.get(&pair).copied().unwrap_or_default();
            }
            self.meanings |= piece.meanings;
            let list = match piece.sort {
                Sort::Product => Some(&mut self.products),
                Sort::Part => Some(&mut self.parts),
                Sort::Other => None,
            };
            if let Some(list) = list {
                add(list, piece.term);
                add(&mut self.subjects, piece.term);
            }
            self.terms.push(piece.term);
            self.marks.push(piece.meanings);
        }
    }
}

/// Adds what isn't there yet.
pub(super) fn add(list: &mut Vec<Term>, term: Term) {
    if !list.contains(&term) {
        list.push(term);
    }
}

/// All terms of one index, and what its words come to.
#[derive(Debug, Default)]
pub struct Lexicon {
    terms: HashMap<String, Term>,
    words: HashMap<String, Box<[Piece]>>,
    common: HashSet<Term>,
}

impl Lexicon {
    /// Terms that it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Words that every operator's page has; they tell little even where few pages are loaded.
    #[must_use]
    pub fn is_common(&self, term: Term) -> bool {
        self.common.contains(&term)
    }

    /// Text of a page: new words are learned. At most `limit` terms are kept.
    pub fn learn(&mut self, text: &str, limit: usize) -> Analysed {
        let mut analysed = Analysed::default();
        each_joined(text, |raw| {
            if analysed.terms.len() >= limit {
                return;
            }
            if let Some(pieces) = self.words.get(raw) {
                analysed.take(pieces);
                return;
            }
            let (terms, common) = (&mut self.terms, &mut self.common);
            let pieces = pieces_of(raw, |stem| {
                let next = Term::try_from(terms.len()).unwrap_or(UNKNOWN);
                let is_common = VOCABULARY.common.contains(&stem);
                let term = *terms.entry(stem).or_insert(next);
                if is_common {
                    common.insert(term);
                }
                term
            });
            analysed.take(&pieces);
            self.words.insert(raw.to_owned(), pieces);
        });
        analysed
    }

    /// Text of an alert: words that no page has get numbers from `UNKNOWN` on.
    #[must_use]
    pub fn read(&self, text: &str, limit: usize) -> Analysed {
        let mut analysed = Analysed::default();
        each_joined(text, |raw| {
            if analysed.terms.len() >= limit {
                return;
            }
            match self.words.get(raw) {
                Some(pieces) => analysed.take(pieces),
                None => {
                    let known = |stem: String| match self.terms.get(&stem) {
                        Some(term) => *term,
                        None => UNKNOWN + (fold(&stem) & 0x0FFF_FFFF),
                    };
                    analysed.take(&pieces_of(raw, known));
                }
            }
        });
        analysed
    }

    /// Bytes that it holds, estimated from what is in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let word = size_of::<String>() + 16;
        let words = self
            .words
            .iter()
            .map(|(raw, pieces)| raw.len() + word + pieces.len() * size_of::<Piece>() + 16);
        let terms = self.terms.keys().map(|stem| stem.len() + word + 8);
        words.sum::<usize>() + terms.sum::<usize>()
    }
}

fn pieces_of(raw: &str, mut number: impl FnMut(String) -> Term) -> Box<[Piece]> {
    let vocabulary = &*VOCABULARY;
    let mut pieces = Vec::new();
    let mut one = |word: &str| {
        let stem = stem(word);
        // `page7` and `p12` are no better than numbers.
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let numbered = bare != word && (bare.len() < 2 || vocabulary.stop.contains(bare));
        if vocabulary.stop.contains(word) || numbered && !vocabulary.products.contains(&stem) {
            return;
        }
        let sort = if vocabulary.products.contains(&stem) {
            Sort::Product
        } else if vocabulary.parts.contains(&stem) {
            Sort::Part
        } else {
            Sort::Other
        };
        pieces.push(Piece {
            meanings: vocabulary.meanings.get(&stem).copied().unwrap_or_default(),
            phrase: vocabulary.phrase_words.get(&stem).copied().unwrap_or_default(),
            sort,
            term: number(stem),
        });
    };
    for part in raw.split(' ') {
        match vocabulary.means.get(part) {
            Some(others) => others.iter().for_each(|other| one(other)),
            None => one(part),
        }
    }
    pieces.into()
}

/// The words of a text, with those that people write apart put together: `daemon set` is `daemonset`.
fn each_joined(text: &str, mut take: impl FnMut(&str)) {
    let joined = &VOCABULARY.joined;
    // The first halves of a few words; one of them waits to see what follows.
    let mut held: Option<&'static str> = None;
    each_word(text, |word| {
        if let Some(first) = held.take() {
            let both = joined
                .get(first)
                .and_then(|seconds| seconds.iter().find(|(second, _)| *second == word));
            if let Some((_, both)) = both {
                return take(both);
            }
            take(first);
        }
        match joined.get_key_value(word) {
            Some((first, _)) => held = Some(first),
            None => take(word),
        }
    });
    if let Some(first) = held {
        take(first);
    }
}

/// FNV-1a, for numbers that need to be the same on every machine.
fn fold(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(lexicon: &mut Lexicon, text: &str) -> Vec<Term> {
        lexicon.learn(text, 100).terms
    }

    #[test]
    fn people_and_machines_write_the_same_thing() {
        let mut lexicon = Lexicon::default();
        for (one, other) in [
            ("KubeDaemonSetNotReady", "kubernetes daemon sets not ready"),
            ("PVCs", "persistent volume claim"),
            ("OOMKilled", "out of memory killed"),
            ("HostOutOfDiskSpace", "The node is out of disk space"),
            ("k8s API server", "kube-apiserver"),
            ("crashlooping", "in a CrashLoop"),
        ] {
            let (one, other) = (terms(&mut lexicon, one), terms(&mut lexicon, other));
            assert_eq!(one, other);
        }
    }

    #[test]
    fn different_words_may_mean_the_same() {
        let mut lexicon = Lexicon::default();
        let mut meanings = |text: &str| lexicon.learn(text, 100).meanings;
        assert_ne!(meanings("unreachable") & meanings("has disappeared"), 0);
        assert_ne!(meanings("is not running") & meanings("down"), 0);
        assert_ne!(meanings("inconsistent") & meanings("differs"), 0);
        assert_eq!(meanings("certificate") & meanings("disk"), 0);
    }

    #[test]
    fn a_word_that_no_page_has_is_counted_and_meant() {
        let mut lexicon = Lexicon::default();
        lexicon.learn("etcd is slow", 100);
        let read = lexicon.read("Cassandra latency", 100);
        assert!(read.terms.iter().all(|term| *term >= UNKNOWN));
        assert_eq!(read.products.len(), 1);
        assert_eq!(lexicon.read("", 100).terms.len(), 0);
    }

    #[test]
    fn names_that_say_nothing_have_no_terms() {
        let mut lexicon = Lexicon::default();
        for text in ["Runbook 12", "alert-0017", "page7", "p12", "Alert", "3f9a77c2"] {
            assert_eq!(terms(&mut lexicon, text), [] as [Term; 0], "{text}");
        }
    }
}
