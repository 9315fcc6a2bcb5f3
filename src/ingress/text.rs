//! Untrusted text, kept to sizes that are safe to store and to show. What is cut says so.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::domain::text::{head, shortened};

/// Bytes of one label or annotation value.
pub(super) const MAX_VALUE: usize = 4 * 1024;
/// Bytes of a label name, a rule name, a fingerprint.
pub(super) const MAX_NAME: usize = 256;
/// Characters of a title.
const MAX_TITLE: usize = 200;
/// Characters of what a person is called.
const MOST_OF_A_PERSON: usize = 80;
/// Labels, and annotations, of one alert.
const MAX_PAIRS: usize = 64;
const MARK: &str = "… [cut]";
/// Under this name an alert says how many of its labels were left out.
const LEFT_OUT: &str = "interlock_left_out";

/// Cuts at a character, and says so; at most `max` bytes and the mark.
pub(super) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(head(&text, max).len());
        text.push_str(MARK);
    }
    text
}

/// One line, without control characters, for people.
pub(super) fn one_line(text: &str) -> String {
    if text.len() <= MAX_TITLE && !has_control(text) {
        return text.trim().to_owned();
    }
    let mut line: String = text
        .split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_TITLE) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// What Go's templates write for a value that is missing: those of Prometheus and Alertmanager, and Grafana's.
const GAPS: [&str; 2] = ["<no value>", "[no value]"];

/// Whether a sender's template had all that it wanted to say.
pub(super) fn is_filled(text: &str) -> bool {
    !GAPS.iter().any(|gap| text.contains(gap))
}

/// A text whose template lacked something, for people. Nothing where it says nothing else.
pub(super) fn without_gaps(text: String) -> String {
    if is_filled(&text) {
        return text;
    }
    let bare = GAPS.iter().fold(text.clone(), |text, gap| text.replace(gap, ""));
    if bare.trim().is_empty() {
        return String::new();
    }
    GAPS.iter().fold(text, |text, gap| text.replace(gap, "(not set)"))
}

/// At most as many labels, or annotations, as are kept, each cut to size.
pub(super) fn bounded(pairs: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let all = pairs.len();
    let mut kept: BTreeMap<String, String> = pairs
        .into_iter()
        .filter(|(name, _)| name.len() <= MAX_NAME)
        .take(MAX_PAIRS)
        .map(|(name, value)| (name, cut(value, MAX_VALUE)))
        .collect();
    if kept.len() < all {
        kept.insert(LEFT_OUT.to_owned(), all.saturating_sub(kept.len()).to_string());
    }
    kept
}

/// `[FIRING:1] RedisDown redis` to `RedisDown redis`: Alertmanager's default titles begin so.
pub(super) fn without_prefix(title: &str) -> &str {
    match title.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((mark, rest)) if mark.starts_with("FIRING") || mark.starts_with("RESOLVED") => rest,
        _ => title,
    }
}

/// Most texts are ASCII, where bytes tell.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().any(|byte| byte.is_ascii_control())
    } else {
        text.contains(|c: char| c.is_control())
    }
}

/// `http` and `https` only: shown as a link, never fetched.
pub(super) fn is_link(text: &str) -> bool {
    text.len() <= 2 * 1024
        && (text.starts_with("https://") || text.starts_with("http://"))
        && text.is_ascii()
        && !text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ')
}

/// Labels or annotations, cut while they are read, so that no more is ever held.
#[derive(Debug, Default)]
pub(super) struct Pairs(pub BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cutting;

        impl<'de> Visitor<'de> for Cutting {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_unit<E>(self) -> Result<Pairs, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                // Senders sort their labels: building the map at once from a list is cheaper than entry by entry.
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(16).min(MAX_PAIRS));
                let mut left_out = 0_u32;
                while let Some(name) = map.next_key::<String>()? {
                    if pairs.len() >= MAX_PAIRS || name.len() > MAX_NAME {
                        map.next_value::<IgnoredAny>()?;
                        left_out = left_out.saturating_add(1);
                    } else {
                        pairs.push((name, cut(map.next_value()?, MAX_VALUE)));
                    }
                }
                if left_out > 0 {
                    pairs.push((LEFT_OUT.to_owned(), left_out.to_string()));
                }
                Ok(Pairs(pairs.into_iter().collect()))
            }
        }

        deserializer.deserialize_any(Cutting)
    }
}

/// Who did something, as a source calls them.
pub(super) fn name_of(text: &str) -> String {
    shortened(&one_line(text), MOST_OF_A_PERSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_at_a_character_and_say_so() {
        let kept = cut("ü".repeat(MAX_VALUE), MAX_VALUE);
        assert!(kept.ends_with("ü… [cut]"));
        assert!(kept.len() <= MAX_VALUE + MARK.len());
        assert_eq!(cut("short".to_owned(), MAX_VALUE), "short");
    }

    #[test]
    fn a_title_is_one_line_without_control_characters() {
        assert_eq!(one_line(" a\n\nb\u{7}c "), "a b c");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), MAX_TITLE + 1);
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(is_link("https://runbooks.example.test/a"));
        for text in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "/graph",
            "https://a b",
            "https://a\n",
        ] {
            assert!(!is_link(text), "{text}");
        }
    }

    #[test]
    fn more_labels_than_are_kept_are_counted() {
        let many: BTreeMap<String, String> = (0..100).map(|n| (format!("l{n:03}"), "v".to_owned())).collect();
        let Pairs(kept) = serde_json::from_str(&serde_json::to_string(&many).unwrap()).unwrap();
        assert_eq!(kept.len(), MAX_PAIRS + 1);
        assert_eq!(kept[LEFT_OUT], "36");
    }
}
