//! The redactor: the secrets that we hold, and the families of `rules`.
//!
//! Invariant: text is cleaned whole, before it is cut; a secret cut in half would no longer be found.

use std::borrow::Cow;

use regex::{Captures, Regex, RegexBuilder, RegexSet};

use super::held;
use super::rules::{CUES, Hides, RARE_CUES, RULES};

/// Secrets shorter than this are not looked for: they would be found in every other word.
pub const SHORTEST_SECRET: usize = 4;
/// Memory that the compiled expressions may take.
const COMPILED_BYTES: usize = 64 * 1024 * 1024;

/// A pattern could not be compiled: a mistake in the rules, or secrets that are too long in all.
#[derive(Debug, thiserror::Error)]
#[error("the redactor can't be made: {0}")]
pub struct RedactorError(#[from] regex::Error);

/// Removes secrets from text. Cheap to share; made once.
pub struct Redactor {
    /// All forms of all secrets that we hold.
    held: Option<Regex>,
    /// One of the words that every match contains.
    cues: Regex,
    rules: RegexSet,
    each: Vec<(&'static str, Hides, Regex)>,
}

impl Redactor {
    /// `secrets` are the values that we hold: tokens, signing secrets, keys. Those under [`SHORTEST_SECRET`]
    /// characters are left out; the configuration should refuse them.
    ///
    /// # Errors
    /// The secrets are so many or so long that they can't be searched for.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, RedactorError> {
        let mut forms: Vec<String> = secrets
            .into_iter()
            .map(|secret| secret.as_ref().trim().to_owned())
            .filter(|secret| secret.chars().count() >= SHORTEST_SECRET)
            .flat_map(|secret| held::forms(&secret))
            .map(|form| regex::escape(&form))
            .collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        let held = match forms.is_empty() {
            true => None,
            false => Some(RegexBuilder::new(&forms.join("|")).size_limit(COMPILED_BYTES).build()?),
        };
        let words: Vec<String> = CUES.iter().chain(&RARE_CUES).map(|cue| regex::escape(cue)).collect();
        let each: Result<Vec<_>, regex::Error> =
            RULES.iter().map(|rule| Ok((rule.kind, rule.hides, Regex::new(rule.pattern)?))).collect();
        Ok(Self {
            held,
            cues: Regex::new(&format!("(?i:{})", words.join("|")))?,
            rules: RegexSet::new(RULES.iter().map(|rule| rule.pattern))?,
            each: each?,
        })
    }

    /// False when the text certainly holds no secret that we would find. Cheap: two passes for literal words.
    #[must_use]
    pub fn maybe_secret(&self, text: &str) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_match(text)) || self.cues.is_match(text)
    }

    /// The text with every secret replaced by `[redacted: kind]`. Borrowed when there was none.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.maybe_secret(text) {
            return Cow::Borrowed(text);
        }
        let mut clean = match &self.held {
            Some(held) => held.replace_all(text, "[redacted: secret of interlock]"),
            None => Cow::Borrowed(text),
        };
        for index in self.rules.matches(&clean).iter() {
            let Some((kind, hides, rule)) = self.each.get(index) else { continue };
            let next = rule.replace_all(&clean, |found: &Captures<'_>| replacement(found, kind, *hides));
            if let Cow::Owned(next) = next {
                clean = Cow::Owned(next);
            }
        }
        clean
    }
}

fn replacement(found: &Captures<'_>, kind: &str, hides: Hides) -> String {
    let whole = &found[0];
    let mark = format!("[redacted: {kind}]");
    let secret = match hides {
        Hides::Whole => return mark,
        Hides::Group | Hides::GroupIfLikely => {
            ["secret", "secret2", "secret3"].iter().find_map(|name| found.name(name))
        }
    };
    let Some(secret) = secret else { return mark };
    let start = secret.start() - found.get_match().start();
    let end = start + secret.len();
    let is_redacted = secret.as_str().starts_with("[redacted");
    let is_unlikely = hides == Hides::GroupIfLikely
        && (secret.len() < 8 || !secret.as_str().bytes().any(|byte| byte.is_ascii_digit()));
    if is_redacted || is_unlikely {
        return whole.to_owned();
    }
    format!("{}{mark}{}", &whole[..start], &whole[end..])
}
