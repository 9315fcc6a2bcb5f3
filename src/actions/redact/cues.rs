//! The cheap first look: one pass over a text for the words of which every match of a rule has one. It says which rules are
//! worth their time; most texts need none, and none is compiled before a text needs it.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use regex::Regex;

use super::rules::wire::ADDRESS;
use super::rules::{Begins, RULES, Rule};

/// A rule, and its expression once a text needed it.
pub struct Family {
    pub rule: &'static Rule,
    compiled: OnceLock<Result<Regex, regex::Error>>,
}

impl Family {
    /// # Errors
    /// The pattern is none: a mistake in the rules.
    pub fn expression(&self) -> Result<&Regex, &regex::Error> {
        self.compiled
            .get_or_init(|| Regex::new(&self.rule.expression()))
            .as_ref()
    }
}

/// The same for every redactor: once for a process.
pub static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    let rules = RULES.iter().flat_map(|rules| rules.iter());
    let family = |rule| Family {
        rule,
        compiled: OnceLock::new(),
    };
    rules.map(family).collect()
});

/// What a cue speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seeks {
    Family(usize),
    PrivateKey,
    SecretObject,
}

/// Every cue in small letters, and what it speaks for.
pub struct Cues {
    automaton: AhoCorasick,
    words: Vec<Vec<(&'static str, Seeks)>>,
}

pub static CUES: LazyLock<Result<Cues, BuildError>> = LazyLock::new(Cues::new);

/// Which parts of the redactor a text needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    families: Vec<usize>,
    pub private_key: bool,
    pub secret_object: bool,
    /// Where the last token begins, and its family, for texts that were cut.
    pub last_begun: Option<(usize, usize)>,
}

impl Needs {
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.families.is_empty() && !self.private_key && !self.secret_object
    }

    /// The families in the order in which they are applied.
    pub fn families(&self) -> impl Iterator<Item = &'static Family> {
        self.families.iter().filter_map(|index| FAMILIES.get(*index))
    }

    /// Whether what stands at this place is a part of the token that began last.
    fn goes_on(&self, text: &str, at: usize) -> bool {
        /// No token is longer, before another beginning in it.
        const LONGEST: usize = 512;
        let word = self.last_begun.and_then(|(start, _)| text.get(start..at));
        word.is_some_and(|word| word.len() <= LONGEST && word.bytes().all(is_of_a_token))
    }

    fn add(&mut self, seeks: Seeks) {
        match seeks {
            Seeks::Family(index) => {
                if let Err(place) = self.families.binary_search(&index) {
                    self.families.insert(place, index);
                }
            }
            Seeks::PrivateKey => self.private_key = true,
            Seeks::SecretObject => self.secret_object = true,
        }
    }
}

impl Cues {
    fn new() -> Result<Self, BuildError> {
        let of_rules = FAMILIES.iter().enumerate().flat_map(|(index, family)| {
            let cues = family.rule.cues.iter();
            cues.map(move |cue| (*cue, Seeks::Family(index)))
        });
        let others = [
            ("private key", Seeks::PrivateKey),
            ("secret", Seeks::SecretObject),
        ];
        let mut all: Vec<(&'static str, Seeks)> = of_rules.chain(others).collect();
        all.sort_by_key(|(cue, _)| cue.to_ascii_lowercase());
        let mut words: Vec<Vec<(&'static str, Seeks)>> = Vec::new();
        for one in all {
            match words.last_mut() {
                Some(same) if same.iter().any(|(cue, _)| cue.eq_ignore_ascii_case(one.0)) => same.push(one),
                _ => words.push(vec![one]),
            }
        }
        let patterns = words.iter().filter_map(|same| same.first()).map(|(cue, _)| *cue);
        // Every text of every alert goes through it: some 800 KiB for twice the speed.
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(patterns)?;
        Ok(Self { automaton, words })
    }

    /// What the text needs.
    #[must_use]
    pub fn of(&self, text: &str) -> Needs {
        let mut needs = Needs::default();
        for found in self.automaton.find_overlapping_iter(text) {
            let Some(same) = self.words.get(found.pattern().as_usize()) else {
                continue;
            };
            for (cue, seeks) in same {
                if !counts(text, found.start(), found.end(), cue, *seeks) {
                    continue;
                }
                needs.add(*seeks);
                if let Seeks::Family(index) = seeks
                    && FAMILIES
                        .get(*index)
                        .is_some_and(|family| family.rule.begins_with_its_cue())
                    && !needs.goes_on(text, found.start())
                {
                    needs.last_begun = Some((found.start(), *index));
                }
            }
        }
        needs
    }
}

/// Whether tokens of some family have such characters.
#[must_use]
pub fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-+/=.~".contains(&byte)
}

/// Whether a cue that was found may be the one of a match.
fn counts(text: &str, start: usize, end: usize, cue: &str, seeks: Seeks) -> bool {
    let Seeks::Family(index) = seeks else { return true };
    let Some(rule) = FAMILIES.get(index).map(|family| family.rule) else {
        return false;
    };
    if cue == ADDRESS {
        return has_user(text.get(end..).unwrap_or_default());
    }
    let as_written = || text.get(start..end) == Some(cue);
    let begins = || begins_a_word(text.as_bytes().get(..start).unwrap_or_default());
    (!rule.exact || as_written()) && (rule.begins == Begins::Anywhere || begins())
}

/// Not the end of a word: disks and tasks are in many alerts. An escaped line end, and a character in an address's escape, are
/// no letters before it.
fn begins_a_word(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', one, other] if one.is_ascii_hexdigit() && other.is_ascii_hexdigit() => true,
        [.., last] => !last.is_ascii_alphanumeric(),
        [] => true,
    }
}

/// Whether what follows `://` has a user, or a password, before its host.
fn has_user(rest: &str) -> bool {
    rest.bytes()
        .take_while(|byte| !byte.is_ascii_whitespace() && *byte != b'/')
        .any(|byte| byte == b'@')
}
