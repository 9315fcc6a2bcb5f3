//! Which runbook an alert asks for, and why. Every line of a trigger must hold; what the alert doesn't say doesn't match.
//! The more conditions a trigger sets, the more specific it is; of several that match, the most specific is chosen, and
//! of equals nobody chooses but a human. Where no trigger matches, `found` asks the search, which is sure or lets a human choose.
//! Not here: what happens then. Cost: one pass over the catalog; nothing is allocated for a runbook that is far from matching.

mod explain;
mod found;
mod refused;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::explain::{and, or, why, words};
pub use self::found::{ASK_FROM, Confidence, MATCH_FROM, search};
pub use self::refused::{RefusedAs, told_refused};

use super::alert::{Alert, Severity};
use super::ids::{Environment, RunbookName, Service};
use super::runbook::{Catalog, Loaded, Refused, RefusedLine, Runbook, Term, Trigger};

/// Near misses that are told.
const NEAR_MISSES: usize = 3;

/// What matching knows of an alert.
#[derive(Clone, Copy, Debug)]
pub struct AlertFacts<'a> {
    /// Rule name.
    pub name: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    pub severity: Severity,
    pub service: Option<&'a Service>,
    pub environment: Option<&'a Environment>,
    pub labels: &'a BTreeMap<String, String>,
}

impl<'a> AlertFacts<'a> {
    /// The environment comes from `[[environments]]` of the configuration, never from the alert.
    #[must_use]
    pub fn of(alert: &'a Alert, environment: Option<&'a Environment>) -> Self {
        Self {
            name: &alert.name,
            title: &alert.title,
            description: &alert.description,
            severity: alert.severity,
            service: alert.service.as_ref(),
            environment,
            labels: &alert.labels,
        }
    }
}

/// How a runbook came to be considered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Its author said when it is meant, and that holds.
    #[default]
    Trigger,
    /// It says what the alert says. Never acts without a person.
    Search,
}

/// A runbook that may be meant.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub runbook: Arc<Runbook>,
    pub by: By,
    pub confidence: Confidence,
    /// Conditions that its trigger sets and that hold: each word or label, and severity, service, environment. From 1 by a trigger,
    /// 0 by a search.
    pub specificity: u32,
    /// One clause for each line: `severity is high`.
    pub why: Vec<String>,
}

/// A runbook that some of its trigger lines speak for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    pub runbook: RunbookName,
    /// Trigger lines that hold, of so many.
    pub held: u32,
    pub lines: u32,
    /// `severity is medium, it wants high or critical`.
    pub why_not: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first candidate is meant.
    One,
    /// Several are equally specific, or none is sure enough: a human chooses.
    Several,
    /// Nothing matches: a human looks.
    None,
}

/// The answer for one alert.
#[derive(Clone, Debug)]
pub struct Matches {
    /// Best first: specificity, then those that can run, then the name; by confidence when the search found them.
    pub candidates: Vec<Candidate>,
    pub by: By,
    /// Nearest first, at most three.
    pub near_misses: Vec<NearMiss>,
    pub verdict: Verdict,
    /// Runbooks that were refused: those whose triggers hold as far as they could be read, the most specific first; where
    /// there are none, those of whose triggers nothing could be read; where
    /// there are none and nothing matches, all of them.
    pub refused: Vec<RefusedLine>,
    /// What is known of those.
    pub refused_as: RefusedAs,
    /// Why not the next one, when the search found them.
    why_not_next: Option<String>,
}

impl Matches {
    /// The runbook that is meant, when there is one.
    #[must_use]
    pub fn chosen(&self) -> Option<&Candidate> {
        match self.verdict {
            Verdict::One => self.candidates.first(),
            Verdict::Several | Verdict::None => None,
        }
    }
}

/// Ranks all runbooks for an alert: by their triggers, and where none holds by what they say.
#[must_use]
pub fn rank(catalog: &Catalog, facts: &AlertFacts<'_>) -> Matches {
    let matches = by_trigger(catalog, facts);
    if !matches.candidates.is_empty() {
        return matches;
    }
    let mut found = found::rank(catalog, facts, matches);
    // Where nothing is found, those that were refused are told all the same: none of them was searched.
    if found.verdict == Verdict::None && found.refused.is_empty() {
        found.refused = catalog.refused().iter().map(Refused::line).collect();
        found.refused_as = RefusedAs::Unlike;
    }
    found
}

/// The runbooks whose triggers hold, and no others.
#[must_use]
pub fn by_trigger(catalog: &Catalog, facts: &AlertFacts<'_>) -> Matches {
    let text = Haystack::of(facts);
    let mut candidates = Vec::new();
    let mut nearest: Vec<Near<'_>> = Vec::new();
    for entry in catalog.loaded() {
        let tally = Tally::of(&entry.runbook.trigger, &entry.lowered, facts, &text);
        if tally.lines == 0 {
            continue;
        }
        match tally.first_failed {
            None => candidates.push(Candidate {
                runbook: Arc::clone(&entry.runbook),
                by: By::Trigger,
                confidence: Confidence::SET,
                specificity: tally.specificity,
                why: why(entry, facts, &text),
            }),
            // Severity and environment alone say nothing about what is broken.
            Some(line) if tally.about => keep(&mut nearest, Near { entry, line, tally }),
            Some(_) => {}
        }
    }
    candidates.sort_by(|one, other| {
        let order = other.specificity.cmp(&one.specificity);
        let runs = one.runbook.is_prose().cmp(&other.runbook.is_prose());
        order
            .then(runs)
            .then_with(|| one.runbook.name.cmp(&other.runbook.name))
    });
    let verdict = match candidates.as_slice() {
        [] => Verdict::None,
        [best, next, ..]
            if best.specificity == next.specificity && best.runbook.is_prose() == next.runbook.is_prose() =>
        {
            Verdict::Several
        }
        [_, ..] => Verdict::One,
    };
    if verdict == Verdict::Several {
        let equal = candidates
            .iter()
            .filter(|other| other.specificity == candidates.first().map_or(0, |best| best.specificity))
            .count();
        candidates
            .iter_mut()
            .for_each(|candidate| candidate.confidence = Confidence::one_of(equal));
    }
    let near_misses = nearest.iter().map(|near| near.told(facts, &text)).collect();
    let (refused, refused_as) = refused::meant(catalog, facts, &text);
    Matches {
        refused_as,
        refused,
        candidates,
        by: By::Trigger,
        near_misses,
        verdict,
        why_not_next: None,
    }
}

/// Title, description and label values in lower case, each on lines of its own: no word reaches over two of them.
struct Haystack {
    all: String,
    title: usize,
}

impl Haystack {
    fn of(facts: &AlertFacts<'_>) -> Self {
        let mut all = facts.title.to_lowercase();
        let title = all.len();
        for text in std::iter::once(facts.description).chain(facts.labels.values().map(String::as_str)) {
            // No trigger word holds a line end.
            all.push('\n');
            all.push_str(&text.to_lowercase());
        }
        Self { all, title }
    }

    fn in_title(&self, word: &str) -> bool {
        self.all
            .get(..self.title)
            .is_some_and(|title| title.contains(word))
    }
}

/// One line of a trigger.
#[derive(Clone, Copy)]
enum Line {
    /// One or more lines of "Alert contains".
    Contains,
    Severity,
    Service,
    Environment,
}

#[derive(Clone, Copy)]
struct Tally {
    lines: u32,
    held: u32,
    specificity: u32,
    first_failed: Option<Line>,
    /// Whether a word or the service holds, so that it is about the same thing.
    about: bool,
}

impl Tally {
    fn of(trigger: &Trigger, lowered: &[Term], facts: &AlertFacts<'_>, text: &Haystack) -> Self {
        let mut tally = Self {
            lines: 0,
            held: 0,
            specificity: 0,
            first_failed: None,
            about: false,
        };
        for term in lowered {
            let holds = term_holds(term, facts, text);
            tally.about |= holds;
            tally.count(Line::Contains, holds, weight(term));
        }
        if !trigger.severities.is_empty() {
            tally.count(Line::Severity, trigger.severities.contains(&facts.severity), 1);
        }
        if !trigger.services.is_empty() {
            let holds = facts
                .service
                .is_some_and(|service| any_is(&trigger.services, Service::as_str, service.as_str()));
            tally.about |= holds;
            tally.count(Line::Service, holds, 1);
        }
        if !trigger.environments.is_empty() {
            let given = facts.environment;
            let holds =
                given.is_some_and(|given| any_is(&trigger.environments, Environment::as_str, given.as_str()));
            tally.count(Line::Environment, holds, 1);
        }
        tally
    }

    fn count(&mut self, line: Line, holds: bool, weight: u32) {
        self.lines = self.lines.saturating_add(1);
        if holds {
            self.held = self.held.saturating_add(1);
            self.specificity = self.specificity.saturating_add(weight);
        } else if self.first_failed.is_none() {
            self.first_failed = Some(line);
        }
    }
}

fn any_is<T>(options: &[T], text: impl Fn(&T) -> &str, given: &str) -> bool {
    options
        .iter()
        .any(|option| text(option).eq_ignore_ascii_case(given))
}

fn weight(term: &Term) -> u32 {
    match term {
        Term::Contains(_) | Term::Label(..) | Term::Any(_) => 1,
        Term::All(terms) => terms.iter().map(weight).sum(),
    }
}

fn term_holds(term: &Term, facts: &AlertFacts<'_>, text: &Haystack) -> bool {
    match term {
        Term::Contains(word) => text.all.contains(word.as_str()),
        Term::Label(label, value) => label_is(label, value, facts),
        Term::Any(terms) => terms.iter().any(|term| term_holds(term, facts, text)),
        Term::All(terms) => terms.iter().all(|term| term_holds(term, facts, text)),
    }
}

fn label_is(label: &str, value: &str, facts: &AlertFacts<'_>) -> bool {
    let same = |given: &str| given.eq_ignore_ascii_case(value) || given.to_lowercase() == value;
    match label {
        "service" if facts.service.is_some_and(|service| same(service.as_str())) => return true,
        "severity" if same(facts.severity.as_str()) => return true,
        "environment" | "env" if facts.environment.is_some_and(|given| same(given.as_str())) => return true,
        _ => {}
    }
    facts
        .labels
        .iter()
        .any(|(name, given)| name.eq_ignore_ascii_case(label) && same(given))
}

struct Near<'c> {
    entry: &'c Loaded,
    line: Line,
    tally: Tally,
}

/// Keeps the nearest few, best first.
fn keep<'c>(nearest: &mut Vec<Near<'c>>, near: Near<'c>) {
    // Fewest lines missing first, then the most that hold; the catalog's order decides the rest.
    let key = |near: &Near<'_>| {
        (
            near.tally.lines.saturating_sub(near.tally.held),
            u32::MAX.saturating_sub(near.tally.held),
        )
    };
    let at = nearest.partition_point(|other| key(other) <= key(&near));
    if at < NEAR_MISSES {
        nearest.insert(at, near);
        nearest.truncate(NEAR_MISSES);
    }
}

impl Near<'_> {
    fn told(&self, facts: &AlertFacts<'_>, text: &Haystack) -> NearMiss {
        let trigger = &self.entry.runbook.trigger;
        let given = |what: &str, given: Option<&str>, wanted: Vec<String>| {
            let given = given.map_or_else(|| "not known".to_owned(), str::to_owned);
            format!("{what} is {given}, it wants {}", or(&wanted))
        };
        let why_not = match self.line {
            Line::Contains => {
                let pairs = trigger.contains.iter().zip(&self.entry.lowered);
                let missing = pairs
                    .filter(|(_, low)| !term_holds(low, facts, text))
                    .map(|(term, _)| words(term));
                format!(
                    "it wants {} in the alert, which is not there",
                    and(&missing.collect::<Vec<_>>())
                )
            }
            Line::Severity => {
                let wanted = trigger.severities.iter().map(ToString::to_string).collect();
                given("severity", Some(facts.severity.as_str()), wanted)
            }
            Line::Service => {
                let wanted = trigger.services.iter().map(ToString::to_string).collect();
                given("service", facts.service.map(Service::as_str), wanted)
            }
            Line::Environment => {
                let wanted = trigger.environments.iter().map(ToString::to_string).collect();
                given("environment", facts.environment.map(Environment::as_str), wanted)
            }
        };
        NearMiss {
            runbook: self.entry.runbook.name.clone(),
            held: self.tally.held,
            lines: self.tally.lines,
            why_not,
        }
    }
}
