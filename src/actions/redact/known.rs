//! The secrets that are known by their value: those of the settings, and those that came while the process ran.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use aho_corasick::{AhoCorasick, BuildError, Match, MatchKind, PatternID};

use super::decoded::Decoded;
use super::held;
use crate::domain::text::tail;

/// Secrets shorter than this are not looked for: they would be found in every other word.
pub const SHORTEST_SECRET: usize = 4;
/// Of a secret whose end was cut away, so many characters are still one.
const SHORTEST_BEGINNING: usize = 6;
/// Bytes that one may take as an escape, and some for ends of lines.
const LONGEST_ESCAPE: usize = 12;
/// What is remembered of values that were seen: so many, and so many bytes in all. The oldest are forgotten. In all their
/// forms that is some 6 MiB of automaton.
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
        !self.found(text).is_empty()
    }

    #[must_use]
    pub fn without<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.found(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        let mut kept_from = 0;
        for (part, mark) in found {
            clean.push_str(text.get(kept_from..part.start).unwrap_or_default());
            clean.push_str(mark);
            kept_from = part.end;
        }
        clean.push_str(text.get(kept_from..).unwrap_or_default());
        Cow::Owned(clean)
    }

    /// Where they stand, in order and apart from each other: in the text as it is, and in what it means.
    fn found(&self, text: &str) -> Vec<(Range<usize>, &'static str)> {
        let Some(automaton) = &self.automaton else {
            return Vec::new();
        };
        let part = |found: Match| (found.range(), self.mark(found.pattern()));
        let mut found: Vec<_> = automaton.find_iter(text).map(part).collect();
        if let Some(decoded) = Decoded::of(text) {
            let meant = automaton.find_iter(&decoded.text).map(part);
            found.extend(meant.map(|(part, mark)| (decoded.origin(&part), mark)));
        }
        found.sort_by_key(|(part, _)| part.start);
        found.dedup_by(|(next, mark), (last, of_both)| {
            let overlaps = next.start < last.end;
            if overlaps {
                last.end = last.end.max(next.end);
                if *mark == OURS {
                    *of_both = OURS;
                }
            }
            overlaps
        });
        found
    }

    fn mark(&self, pattern: PatternID) -> &'static str {
        self.forms.get(pattern.as_usize()).map_or(OURS, |(_, mark)| mark)
    }

    /// Where the beginning of one stands at the very end of a text that was cut.
    #[must_use]
    pub fn begun_at_the_end(&self, text: &str) -> Option<(usize, &'static str)> {
        let longest = self.forms.iter().map(|(form, _)| form.len()).max()?;
        let as_it_is = self.begun(text.as_bytes());
        let last = tail(text, longest.saturating_mul(LONGEST_ESCAPE));
        let before = text.len().saturating_sub(last.len());
        let meant = Decoded::of(last).and_then(|decoded| {
            // Of an escape that the end cuts in two nothing can be told.
            let ends = [decoded.text.len(), decoded.whole].into_iter();
            let begun = ends.filter_map(|end| self.begun(decoded.text.get(..end)?));
            let (start, mark) = begun.min_by_key(|(start, _)| *start)?;
            let origin = decoded.origin(&(start..start.saturating_add(1)));
            Some((before.saturating_add(origin.start), mark))
        });
        as_it_is.into_iter().chain(meant).min_by_key(|(start, _)| *start)
    }

    fn begun(&self, text: &[u8]) -> Option<(usize, &'static str)> {
        let begins = self.forms.iter().filter_map(|(form, mark)| {
            let most = form.len().saturating_sub(1).min(text.len());
            let longest = (SHORTEST_BEGINNING..=most)
                .rev()
                .filter(|length| form.is_char_boundary(*length))
                .find(|length| text.ends_with(form.as_bytes().get(..*length).unwrap_or_default()))?;
            Some((text.len().saturating_sub(longest), *mark))
        });
        begins.min_by_key(|(start, _)| *start)
    }
}
