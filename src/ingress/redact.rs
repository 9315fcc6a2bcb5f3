//! Takes our own secrets out of what senders write, before it is stored or shown. (Secrets of others in command output
//! are the business of `actions`.)

use std::collections::BTreeMap;

use regex::Regex;

use crate::config::Secret;
use crate::domain::alert::Alert;

const MASK: &str = "[redacted]";
/// A shorter secret would be found everywhere.
const SHORTEST: usize = 6;

/// Made once; free when there are no secrets.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    ours: Option<Regex>,
}

impl Redactor {
    /// # Errors
    /// Only when the secrets are too many or too long for one pattern (megabytes).
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Result<Self, regex::Error> {
        let mut words: Vec<&str> = secrets
            .into_iter()
            .map(Secret::expose)
            .filter(|word| word.len() >= SHORTEST)
            .collect();
        // The longest first: one may begin like another.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        if words.is_empty() {
            return Ok(Self::default());
        }
        let pattern = words
            .iter()
            .map(|word| regex::escape(word))
            .collect::<Vec<_>>()
            .join("|");
        Ok(Self {
            ours: Some(Regex::new(&pattern)?),
        })
    }

    /// Every text of the alert. Keys are left alone but for those that hold a secret, which go.
    pub(super) fn alert(&self, alert: &mut Alert) {
        let Some(ours) = &self.ours else { return };
        let clean = |text: &mut String| {
            if ours.is_match(text) {
                *text = ours.replace_all(text, MASK).into_owned();
            }
        };
        for text in [
            &mut alert.name,
            &mut alert.title,
            &mut alert.description,
            &mut alert.severity_word,
        ] {
            clean(text);
        }
        for pairs in [&mut alert.labels, &mut alert.annotations] {
            redact_pairs(pairs, ours, &clean);
        }
        for link in &mut alert.links {
            clean(&mut link.url);
        }
        if alert
            .service
            .as_ref()
            .is_some_and(|service| ours.is_match(service.as_str()))
        {
            alert.service = None;
        }
    }
}

fn redact_pairs(pairs: &mut BTreeMap<String, String>, ours: &Regex, clean: &dyn Fn(&mut String)) {
    pairs.retain(|name, _| !ours.is_match(name));
    pairs.values_mut().for_each(clean);
}
