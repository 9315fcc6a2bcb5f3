//! The secrets that are known by their value: those of the settings, and those that came while the process ran.

use std::borrow::Cow;
use std::collections::VecDeque;

use aho_corasick::{AhoCorasick, BuildError, MatchKind};

use super::held;

/// Secrets shorter than this are not looked for: they would be found in every other word.
pub const SHORTEST_SECRET: usize = 4;
/// Of a secret whose end was cut away, so many characters are still one.
const SHORTEST_BEGINNING: usize = 6;
/// What is remembered of values that were seen: so many, and so many bytes in all. The oldest are forgotten. In all their
/// forms that is some 4 MiB of automaton.
const MOST_SEEN: usize = 256;
const MOST_SEEN_BYTES: usize = 32 * 1024;
/// A longer value is not remembered; where it was seen it was taken out all the same.
const LONGEST_SEEN: usize = 4 * 1024;
/// Tokens of tiers: they live for ten minutes, and there are a few for each cluster.
const MOST_MINTED: usize = 64;

/// Where secrets come from that are not in the settings.
#[derive(Default)]
pub struct Learnt {
    /// Of second factors: all that there are now.
    pub told: Vec<String>,
    minted: VecDeque<String>,
    seen: VecDeque<String>,
}

impl Learnt {
    /// Whether it is new.
    pub fn mint(&mut self, secret: &str) -> bool {
        let secret = secret.trim();
        if secret.is_empty() || self.minted.iter().any(|one| one == secret) {
            return false;
        }
        self.minted.push_back(secret.to_owned());
        if self.minted.len() > MOST_MINTED {
            self.minted.pop_front();
        }
        true
    }

    /// Whether any of them is new.
    pub fn see(&mut self, values: impl IntoIterator<Item = String>) -> bool {
        let mut is_new = false;
        for value in values {
            if value.len() > LONGEST_SEEN || self.seen.contains(&value) {
                continue;
            }
            self.seen.push_back(value);
            is_new = true;
        }
        let mut bytes: usize = self.seen.iter().map(String::len).sum();
        while self.seen.len() > MOST_SEEN || bytes > MOST_SEEN_BYTES {
            let Some(oldest) = self.seen.pop_front() else {
                break;
            };
            bytes = bytes.saturating_sub(oldest.len());
        }
        is_new
    }

    /// Everything that was not in the settings, and what it is called.
    fn all(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let ours = self.told.iter().chain(&self.minted);
        let ours = ours.map(|secret| (secret.as_str(), OURS));
        ours.chain(self.seen.iter().map(|value| (value.as_str(), SEEN)))
    }
}

const OURS: &str = "[redacted: secret of interlock]";
pub const SEEN: &str = "[redacted: Kubernetes secret]";

/// All forms of all of them, as one automaton.
pub struct Known {
    automaton: Option<AhoCorasick>,
    forms: Vec<(String, &'static str)>,
}

impl Known {
    /// # Errors
    /// They are so many or so long that they can't be searched for.
    pub fn new(own: &[String], learnt: &Learnt) -> Result<Self, BuildError> {
        let own = own.iter().map(|secret| (secret.as_str(), OURS));
        let mut forms: Vec<(String, &'static str)> = own
            .chain(learnt.all())
            .map(|(secret, mark)| (secret.trim(), mark))
            .filter(|(secret, _)| secret.chars().count() >= SHORTEST_SECRET)
            .flat_map(|(secret, mark)| held::forms(secret).into_iter().map(move |form| (form, mark)))
            .collect();
        // Of two that are alike the first counts: ours.
        forms.sort_by(|(one, _), (other, _)| one.cmp(other));
        forms.dedup_by(|(one, _), (other, _)| one == other);
        let automaton = match forms.is_empty() {
            true => None,
            false => Some(
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostLongest)
                    .build(forms.iter().map(|(form, _)| form))?,
            ),
        };
        Ok(Self { automaton, forms })
    }

    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.automaton
            .as_ref()
            .is_some_and(|automaton| automaton.is_match(text))
    }

    #[must_use]
    pub fn without<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(automaton) = &self.automaton else {
            return Cow::Borrowed(text);
        };
        if !automaton.is_match(text) {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        automaton.replace_all_with(text, &mut clean, |found, _, clean| {
            let mark = self.forms.get(found.pattern().as_usize());
            clean.push_str(mark.map_or(OURS, |(_, mark)| mark));
            true
        });
        Cow::Owned(clean)
    }

    /// Where the beginning of one stands at the very end of a text that was cut.
    #[must_use]
    pub fn begun_at_the_end(&self, text: &str) -> Option<(usize, &'static str)> {
        let begins = self.forms.iter().filter_map(|(form, mark)| {
            let most = form.len().saturating_sub(1).min(text.len());
            let longest = (SHORTEST_BEGINNING..=most)
                .rev()
                .find(|length| form.get(..*length).is_some_and(|begun| text.ends_with(begun)))?;
            Some((text.len().saturating_sub(longest), *mark))
        });
        begins.min_by_key(|(start, _)| *start)
    }
}
