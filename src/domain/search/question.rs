//! An alert as the search sees it: its name, what it says, and what stands beside. What names only the place where it fired
//! (`pod`, `instance`) is taken out of the text, since no page is about one pod.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::analyse::{Analysed, Meanings, Term, UNKNOWN, add};
use super::index::Index;
use super::lists::{counted, letters, pairs, sorted, squash, unique};
use super::titles::untagged;

/// Terms that count of a name, a summary and a description.
const NAME_TERMS: usize = 24;
const TEXT_TERMS: usize = 80;
/// How much a word of the description counts beside one of the summary, and one of the labels.
const IN_DESCRIPTION: f32 = 0.6;
const IN_LABELS: f32 = 0.3;
/// How much a word counts once more when another part has it, too.
const AGAIN: f32 = 0.5;

/// Labels whose values name a place.
const PLACES: [&str; 17] = [
    "pod",
    "instance",
    "namespace",
    "exported_namespace",
    "exported_instance",
    "exported_pod",
    "node",
    "nodename",
    "host",
    "hostname",
    "cluster",
    "device",
    "mountpoint",
    "uid",
    "id",
    "prometheus",
    "replica",
];

/// Labels whose values say what is meant.
const TELLING: [&str; 13] = [
    "job",
    "service",
    "app",
    "component",
    "container",
    "deployment",
    "statefulset",
    "daemonset",
    "integration",
    "queue",
    "topic",
    "reason",
    "condition",
];

/// The texts of an alert.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Rule name, empty when there is none.
    pub name: &'a str,
    /// One line, empty when there is none.
    pub summary: &'a str,
    pub description: &'a str,
    pub labels: &'a BTreeMap<String, String>,
}

/// A word of an alert.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub term: Term,
    pub rarity: f32,
    pub marks: Meanings,
    /// For BM25 and the comparison of everything.
    pub weight: f32,
    pub in_name: bool,
    /// In the summary; in the description when there is no summary.
    pub in_head: bool,
    pub in_description: bool,
}

/// An alert, read with the words of one index.
#[derive(Debug)]
pub struct Reading {
    /// Its name says something.
    pub(super) named: bool,
    pub(super) squashed: String,
    pub(super) letters: Vec<u32>,
    pub(super) words: Vec<Asked>,
    /// The terms of `words`, sorted.
    pub(super) terms: Vec<Term>,
    pub(super) norm: f32,
    /// Summary and description as one vector.
    pub(super) text: Vec<(Term, f32)>,
    pub(super) text_norm: f32,
    pub(super) pairs: Vec<u32>,
    pub(super) meanings: Meanings,
    pub(super) products: Vec<Term>,
    pub(super) parts: Vec<Term>,
    /// The first product or part that it names.
    pub(super) subject: Option<Term>,
    /// The first product that it names.
    pub(super) product: Option<Term>,
    /// The rarest word of its name, or of its text when it has no name.
    pub(super) rarest: Option<Term>,
}

impl Reading {
    pub(super) fn has(&self, term: Term) -> bool {
        self.terms.binary_search(&term).is_ok()
    }
}

impl Index {
    /// Reads an alert with the words of this index.
    #[must_use]
    pub fn read(&self, question: &Question<'_>) -> Reading {
        let place = |text: &str| without_places(&without_links(text), question.labels);
        let name = self.lexicon.read(untagged(question.name), NAME_TERMS);
        let squashed = if name.terms.is_empty() {
            String::new()
        } else {
            squash(question.name)
        };
        let named = says_something(&name);
        let name = if named { name } else { Analysed::default() };
        let (summary, description) = in_short(question.summary, question.description);
        let summary = self.lexicon.read(&place(summary), TEXT_TERMS);
        let description = self.lexicon.read(&place(description), TEXT_TERMS);
        let labels = self.lexicon.read(&telling(question.labels), NAME_TERMS);
        let words = self.words(&name, &summary, &description, &labels);
        let text = self.text(&summary, &description);
        let in_order = [&name, &summary, &description];
        let subjects = in_order.iter().flat_map(|part| &part.subjects);
        let products = merged(in_order.map(|part| &part.products));
        let rarest = words
            .iter()
            .filter(|word| if !named { word.in_head } else { word.in_name })
            .max_by(|one, other| one.rarity.total_cmp(&other.rarity));
        let neighbours = in_order.iter().flat_map(|part| pairs(&part.terms)).collect();
        Reading {
            letters: if named { letters(&squashed) } else { Vec::new() },
            named,
            squashed,
            terms: sorted(words.iter().map(|word| word.term).collect()),
            norm: length(words.iter().map(|word| word.weight * word.rarity)),
            text_norm: length(text.iter().map(|(_, weight)| *weight)),
            pairs: sorted(neighbours),
            meanings: in_order.iter().fold(0, |all, part| all | part.meanings),
            subject: subjects.clone().next().copied(),
            product: subjects.clone().find(|term| products.contains(term)).copied(),
            parts: merged(in_order.map(|part| &part.parts)),
            rarest: rarest.map(|word| word.term),
            products,
            words,
            text,
        }
    }

    /// Every word once, with where it stands and what it counts.
    fn words(
        &self,
        name: &Analysed,
        summary: &Analysed,
        description: &Analysed,
        labels: &Analysed,
    ) -> Vec<Asked> {
        let head = if summary.terms.is_empty() {
            description
        } else {
            summary
        };
        let mut words: Vec<Asked> = Vec::new();
        for (part, weight) in [
            (name, 1.0),
            (summary, 1.0),
            (description, IN_DESCRIPTION),
            (labels, IN_LABELS),
        ] {
            for term in unique(&part.terms) {
                if let Some(word) = words.iter_mut().find(|word| word.term == term) {
                    word.weight += AGAIN * weight;
                    continue;
                }
                let marks = part
                    .terms
                    .iter()
                    .zip(&part.marks)
                    .find(|(other, _)| **other == term);
                words.push(Asked {
                    term,
                    rarity: self.rarity(term),
                    marks: marks.map_or(0, |(_, marks)| *marks),
                    weight,
                    in_name: name.terms.contains(&term),
                    in_head: head.terms.contains(&term),
                    in_description: description.terms.contains(&term),
                });
            }
        }
        words
    }

    fn text(&self, summary: &Analysed, description: &Analysed) -> Vec<(Term, f32)> {
        let weighted = |terms: &[Term]| {
            let terms = counted(terms).into_iter();
            terms.map(|(term, times)| (term, (1.0 + times.ln()) * self.rarity(term)))
        };
        let mut text: Vec<(Term, f32)> = weighted(&summary.terms).collect();
        for (term, weight) in weighted(&description.terms) {
            match text.iter_mut().find(|(other, _)| *other == term) {
                Some((_, both)) => *both += IN_DESCRIPTION * IN_LABELS * weight,
                None => text.push((term, IN_DESCRIPTION * weight)),
            }
        }
        text
    }
}

/// Whether a name says what is wrong: two words at least, one of them known to some page. `PrometheusAlert` says who sent it.
fn says_something(name: &Analysed) -> bool {
    let words = unique(&name.terms);
    words.len() >= 2 && words.iter().any(|term| *term < UNKNOWN)
}

fn length(weights: impl Iterator<Item = f32>) -> f32 {
    weights.map(|weight| weight * weight).sum::<f32>().sqrt()
}

fn merged(lists: [&Vec<Term>; 3]) -> Vec<Term> {
    let mut all = Vec::new();
    lists.into_iter().flatten().for_each(|term| add(&mut all, *term));
    all
}

/// What the alert says in short, and at length. Which of the two a team calls its summary, and whether it repeats it, is a habit.
fn in_short<'a>(summary: &'a str, description: &'a str) -> (&'a str, &'a str) {
    let (one, other) = (summary.trim(), description.trim());
    match (one.is_empty(), other.is_empty()) {
        (false, false) if one == other => first_sentence(one),
        (false, false) if one.len() > other.len() => (other, one),
        (false, false) => (one, other),
        (_, true) => first_sentence(one),
        (true, false) => first_sentence(other),
    }
}

/// The first sentence, and all of it when there is more.
fn first_sentence(text: &str) -> (&str, &str) {
    let end = text.find(". ").or_else(|| text.find('\n'));
    match end.and_then(|end| text.get(..end)) {
        Some(first) if first.split_whitespace().count() >= 4 => (first, text),
        _ => (text, ""),
    }
}

/// The text without addresses and markup: what a dashboard is called is not what is wrong.
fn without_links(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        bare.push_str(before);
        let is_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match tag.split_once('>').filter(|_| is_tag) {
            Some((_, after)) => {
                bare.push(' ');
                rest = after;
            }
            None => {
                bare.push('<');
                rest = tag;
            }
        }
    }
    bare.push_str(rest);
    let words = bare.split_inclusive(char::is_whitespace);
    Cow::Owned(words.filter(|word| !word.contains("://")).collect())
}

/// The text without the names of the places where the alert fired.
fn without_places(text: &str, labels: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (label, value) in labels {
        // A short value may be a part of any word.
        if PLACES.contains(&label.as_str()) && value.len() >= 4 && text.contains(value.as_str()) {
            text = text.replace(value.as_str(), " ");
        }
    }
    text
}

fn telling(labels: &BTreeMap<String, String>) -> String {
    let values = TELLING.iter().filter_map(|label| labels.get(*label));
    values.map(String::as_str).collect::<Vec<_>>().join(" \n")
}

#[cfg(test)]
mod tests {
    use super::{in_short, without_links};

    #[test]
    fn addresses_and_markup_say_nothing_of_what_is_wrong() {
        for (text, bare) in [
            ("disk full", "disk full"),
            (
                "disk full https://grafana.example/d/abc/node-exporter?x=1 on node 7",
                "disk full on node 7",
            ),
            (
                "<b>disk</b> full <a href=\"https://g.example/kube\">dashboard</a>",
                " disk  full  dashboard ",
            ),
            ("a < b and b > c", "a < b and b > c"),
            ("latency <5", "latency <5"),
            ("<unclosed", "<unclosed"),
        ] {
            assert_eq!(without_links(text), bare, "{text}");
        }
    }

    #[test]
    fn what_is_said_in_short_is_the_same_whatever_it_is_called() {
        let (short, long) = (
            "Disk is nearly full",
            "The disk of node 7 is nearly full. Free some space.",
        );
        assert_eq!(in_short(short, long), (short, long));
        assert_eq!(in_short(long, short), (short, long));
        for (summary, description) in [(long, long), (long, ""), ("", long)] {
            let read = in_short(summary, description);
            assert_eq!(read, ("The disk of node 7 is nearly full", long));
        }
        assert_eq!(in_short("", "Disk full"), ("Disk full", ""));
        assert_eq!(in_short("", ""), ("", ""));
    }
}
