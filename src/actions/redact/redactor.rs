//! The redactor: the secrets that we hold, and the families of `rules`.
//!
//! Invariants: text is cleaned whole, before it is cut, since a secret cut in half would no longer be found; what others cut
//! before it came to us is known by the beginning that is left. What can't be looked through is not shown.

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use regex::Captures;

use super::cues::{CUES, Cues, FAMILIES, Needs, is_of_a_token};
use super::known::{Known, Learnt};
use super::rules::Hides;
use super::{private_key, secret_object};
use crate::planted::{self, Bug};

/// Stands for a text that a broken rule could not look through.
const NOT_LOOKED_THROUGH: &str = "[redacted: could not be looked through]";
/// What texts that were cut end with, here and elsewhere.
const CUT: [&str; 5] = ["… [cut]", "…", "...", "[cut]", "[truncated]"];

/// A pattern could not be compiled: a mistake in the rules, or secrets that are too long in all.
#[derive(Debug, thiserror::Error)]
pub enum RedactorError {
    #[error("the redactor can't be made: {0}")]
    Words(#[from] aho_corasick::BuildError),
}

/// Removes secrets from text. Cheap to share; made once.
pub struct Redactor {
    /// Of the settings.
    own: Vec<String>,
    learnt: Mutex<Learnt>,
    known: ArcSwap<Known>,
    cues: &'static Cues,
}

impl Redactor {
    /// `secrets` are the values that we hold: tokens, signing secrets, keys. Those under
    /// [`SHORTEST_SECRET`](super::SHORTEST_SECRET) characters are left out; the configuration should refuse them.
    ///
    /// # Errors
    /// The secrets are so many or so long that they can't be searched for.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, RedactorError> {
        let own: Vec<String> = secrets
            .into_iter()
            .map(|secret| secret.as_ref().to_owned())
            .collect();
        let learnt = Learnt::default();
        let known = Known::new(&own, &learnt)?;
        Ok(Self {
            own,
            learnt: Mutex::new(learnt),
            known: ArcSwap::from_pointee(known),
            cues: CUES.as_ref().map_err(Clone::clone)?,
        })
    }

    /// From now on it knows these secrets of second factors, and none of those that it was told so before.
    ///
    /// # Errors
    /// As for [`Redactor::new`]; what was known before stays known then.
    pub fn learn(&self, secrets: &[String]) -> Result<(), RedactorError> {
        let mut learnt = self.learnt.lock();
        learnt.told = secrets.to_vec();
        self.know(&learnt)
    }

    /// From now on it knows this one too, which was made for us: a token of a tier, a kubeconfig's that was read anew. The newest
    /// 64 are known.
    ///
    /// # Errors
    /// As for [`Redactor::new`].
    pub fn hold(&self, secret: &str) -> Result<(), RedactorError> {
        let mut learnt = self.learnt.lock();
        match learnt.mint(secret) {
            true => self.know(&learnt),
            false => Ok(()),
        }
    }

    fn know(&self, learnt: &Learnt) -> Result<(), RedactorError> {
        self.known.store(Arc::new(Known::new(&self.own, learnt)?));
        Ok(())
    }

    /// False when the text certainly holds no secret that we would find. Cheap: two searches for words.
    #[must_use]
    pub fn maybe_secret(&self, text: &str) -> bool {
        !self.cues.of(text).is_nothing() || self.known.load().is_in(text)
    }

    /// The text with every secret replaced by `[redacted: kind]`. Borrowed when there was none.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if planted::is(Bug::OutputNotRedacted) {
            return Cow::Borrowed(text);
        }
        let body = CUT.iter().find_map(|mark| text.strip_suffix(mark));
        match body {
            None => self.whole(text, false),
            Some(body) => match self.whole(body, true) {
                Cow::Borrowed(_) => Cow::Borrowed(text),
                Cow::Owned(clean) => {
                    let mark = text.get(body.len()..).unwrap_or_default();
                    Cow::Owned(format!("{clean}{mark}"))
                }
            },
        }
    }

    /// The same of what more would have come behind: what its end begins is taken out too.
    #[must_use]
    pub fn clean_begun<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if planted::is(Bug::OutputNotRedacted) {
            return Cow::Borrowed(text);
        }
        self.whole(text, true)
    }

    /// Remembers the values of Kubernetes Secrets that stand in what a cluster or a server of evidence said, so that they are
    /// taken out of every text from now on, as long as this process runs. Not of what alerts and people say: they could make it
    /// hide what they like.
    pub fn see(&self, text: &str) {
        if !self.cues.of(text).secret_object {
            return;
        }
        let Ok(values) = secret_object::values(text) else {
            return;
        };
        let worth = values
            .into_iter()
            .filter_map(|value| text.get(value))
            .flat_map(secret_object::worth_remembering);
        let mut learnt = self.learnt.lock();
        if learnt.see(worth)
            && let Err(error) = self.know(&learnt)
        {
            tracing::error!(%error, "values of Secrets that were seen are not looked for");
        }
    }

    fn whole<'a>(&self, text: &'a str, was_cut: bool) -> Cow<'a, str> {
        let known = self.known.load();
        let mut clean = known.without(text);
        let needs = self.cues.of(&clean);
        if !needs.is_nothing() {
            let begun = needs.last_begun.filter(|_| was_cut);
            let rest = begun.and_then(|(start, family)| Some((clean.get(start..)?.to_owned(), family)));
            match by_form(&clean, &needs) {
                Ok(Some(found)) => clean = Cow::Owned(found),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "a rule for secrets is broken; a text is not shown");
                    return Cow::Borrowed(NOT_LOOKED_THROUGH);
                }
            }
            if let Some((rest, family)) = rest
                && let Some(found) = without_beginning(&clean, &rest, family)
            {
                clean = Cow::Owned(found);
            }
        }
        if was_cut && let Some((start, mark)) = known.begun_at_the_end(&clean) {
            let before = clean.get(..start).unwrap_or_default();
            clean = Cow::Owned(format!("{before}{mark}"));
        }
        clean
    }
}

/// Everything that is told by its form; `None` where nothing was.
fn by_form(text: &str, needs: &Needs) -> Result<Option<String>, regex::Error> {
    let mut clean = Cow::Borrowed(text);
    if needs.secret_object {
        let values = secret_object::values(&clean)?;
        if !values.is_empty() {
            clean = Cow::Owned(secret_object::without(&clean, &values));
        }
    }
    if needs.private_key {
        clean = Cow::Owned(private_key::without(&clean)?.into_owned());
    }
    for family in needs.families() {
        let (kind, hides) = (family.rule.kind, family.rule.hides);
        let expression = family.expression().map_err(Clone::clone)?;
        if let Cow::Owned(next) =
            expression.replace_all(&clean, |found: &Captures<'_>| replacement(found, kind, hides))
        {
            clean = Cow::Owned(next);
        }
    }
    Ok((clean != text).then(|| clean.into_owned()))
}

/// The text without a token that begins in its last word and whose end was cut away, where no rule took it for one.
fn without_beginning(text: &str, rest: &str, family: usize) -> Option<String> {
    let rule = FAMILIES.get(family)?.rule;
    let cues = rule.cues.iter().filter(|cue| rest.starts_with(**cue));
    let cue = cues.max_by_key(|cue| cue.len())?;
    let begun = rest.get(cue.len()..)?;
    let before = text.strip_suffix(rest)?;
    is_begun(cue, begun).then(|| format!("{before}[redacted: {}]", rule.kind))
}

/// Whether what follows a cue, to the end of a text, is the beginning of a token and not of some name. Behind a prefix that
/// nobody else uses a few letters are enough; other cues begin words too.
fn is_begun(cue: &str, begun: &str) -> bool {
    // The numbers of Slack's tokens come first.
    let is_random = begun
        .split(|char: char| !char.is_ascii_alphanumeric())
        .any(|part| {
            let (digits, letters) = (
                part.bytes().any(|byte| byte.is_ascii_digit()),
                part.bytes().any(|byte| byte.is_ascii_alphabetic()),
            );
            let turns = part.bytes().zip(part.bytes().skip(1));
            let turns = turns.filter(|(one, next)| one.is_ascii_lowercase() && next.is_ascii_uppercase());
            part.len() >= 3 && (digits && (letters || cue == "xox") || turns.count() >= 1)
        });
    let is_distinct = ["eyJ", "xox", "SG."].contains(&cue)
        || (cue.len() >= 4
            && cue.ends_with(['_', '-', '.', '~'])
            && !["API-", "pat.", "sat."].contains(&cue));
    match is_distinct {
        true => is_random && begun.bytes().all(is_of_a_token),
        false => is_random && begun.len() >= 8 && begun.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    }
}

fn replacement(found: &Captures<'_>, kind: &str, hides: Hides) -> String {
    let whole = &found[0];
    let mark = format!("[redacted: {kind}]");
    let secret = ["secret", "secret2", "secret3", "secret4"]
        .iter()
        .find_map(|name| found.name(name));
    let Some(secret) = secret else { return mark };
    let start = secret.start().saturating_sub(found.get_match().start());
    let end = start.saturating_add(secret.len());
    let value = secret.as_str();
    let is_redacted = value.starts_with("[redacted");
    if is_redacted || (hides == Hides::GroupIfLikely && !is_likely(value)) {
        return whole.to_owned();
    }
    let (before, after) = (whole.get(..start), whole.get(end..));
    format!(
        "{}{mark}{}",
        before.unwrap_or_default(),
        after.unwrap_or_default()
    )
}

/// Long enough, with a digit, and no place where a template or a shell puts one in.
fn is_likely(value: &str) -> bool {
    let is_reference = ["${", "$(", "{{", "<", "%("]
        .iter()
        .any(|mark| value.starts_with(mark));
    value.len() >= 8 && value.bytes().any(|byte| byte.is_ascii_digit()) && !is_reference
}
