//! The runbooks that say what an alert says, for alerts that no trigger matches, and how sure that is.
//! A page that is sure enough is proposed like any other, and runs only when a person approves; else a human chooses among three.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::explain::{TRIGGER_FAILS, and};
use super::{AlertFacts, By, Candidate, Matches, NearMiss, Verdict, any_is};
use crate::domain::ids::{Environment, Service};
use crate::domain::runbook::{Catalog, Loaded, Trigger};
use crate::domain::search::{Hit, Question};

/// From here on the best page is proposed: of a hundred that are this sure, at least eighty are right. `docs/matching.md` says what
/// was measured.
pub const MATCH_FROM: Confidence = Confidence(800);
/// From here on the best three are offered to a human.
pub const ASK_FROM: Confidence = Confidence(200);

/// What a runbook is worth at most whose trigger wants words that the alert doesn't have: its author said so.
const AT_MOST_WITHOUT_TRIGGER: Confidence = Confidence(700);

/// What is less likely than this is not put before a human who has to choose, but for the best one.
const OFFER_FROM: Confidence = Confidence(20);
/// Candidates that are offered.
const OFFERED: usize = 3;
/// Words that are quoted as a reason.
const QUOTED: usize = 4;

/// How likely a runbook is the right one, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(u16);

impl Confidence {
    /// Its author said that it is meant for this: sure but for the author's own mistakes.
    pub const SET: Self = Self(990);

    /// One of so many that have the same right to be meant.
    pub(super) fn one_of(count: usize) -> Self {
        let among = u16::try_from(count).unwrap_or(u16::MAX);
        Self(Self::SET.0.checked_div(among).unwrap_or(Self::SET.0))
    }

    /// From 0 to 1.
    #[must_use]
    pub fn of(chance: f32) -> Self {
        // In bounds by the clamp; not a number becomes 0.
        Self((chance.clamp(0.0, 1.0) * 1000.0).round() as u16)
    }

    /// More than 100 is 100.
    #[must_use]
    pub fn per_cent(per_cent: u8) -> Self {
        Self(u16::from(per_cent.min(100)).saturating_mul(10))
    }

    /// From 0 to 1.
    #[must_use]
    pub fn chance(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing that is found by its text is certain.
        write!(f, "{} %", (self.0.saturating_add(5) / 10).min(99))
    }
}

/// The runbooks that say most of what the alert says, best first, at most `most`. One whose trigger names another severity, service
/// or environment is left out: its author said that this is not meant.
#[must_use]
pub fn search(catalog: &Catalog, facts: &AlertFacts<'_>, most: usize) -> Vec<Candidate> {
    let question = question(facts);
    let hits = catalog.index().search(&question);
    let mut found: Vec<(Confidence, &Hit, &Loaded)> = hits
        .iter()
        .filter_map(|hit| {
            let entry = catalog.loaded().get(hit.page)?;
            let trigger = &entry.runbook.trigger;
            if is_for_another(trigger, facts) {
                return None;
            }
            let sure = Confidence::of(hit.confidence);
            let sure = if trigger.contains.is_empty() {
                sure
            } else {
                sure.min(AT_MOST_WITHOUT_TRIGGER)
            };
            Some((sure, hit, entry))
        })
        .collect();
    found.sort_by_key(|(sure, _, _)| std::cmp::Reverse(*sure));
    let candidate = |(confidence, hit, entry): &(Confidence, &Hit, &Loaded)| Candidate {
        runbook: Arc::clone(&entry.runbook),
        by: By::Search,
        confidence: *confidence,
        specificity: 0,
        why: why(catalog, &question, hit),
    };
    found.iter().take(most).map(candidate).collect()
}

fn is_for_another(trigger: &Trigger, facts: &AlertFacts<'_>) -> bool {
    let severity = !trigger.severities.is_empty() && !trigger.severities.contains(&facts.severity);
    let service = !trigger.services.is_empty()
        && !facts
            .service
            .is_some_and(|given| any_is(&trigger.services, Service::as_str, given.as_str()));
    let environment = !trigger.environments.is_empty()
        && !facts
            .environment
            .is_some_and(|given| any_is(&trigger.environments, Environment::as_str, given.as_str()));
    severity || service || environment
}

/// The answer where no trigger matches.
pub(super) fn rank(catalog: &Catalog, facts: &AlertFacts<'_>, by_trigger: Matches) -> Matches {
    let mut candidates = search(catalog, facts, OFFERED);
    let verdict = match candidates.first().map(|best| best.confidence) {
        Some(sure) if sure >= MATCH_FROM => Verdict::One,
        Some(sure) if sure >= ASK_FROM => Verdict::Several,
        Some(_) | None => Verdict::None,
    };
    if verdict == Verdict::None {
        candidates.clear();
    }
    let why_not_next = why_not_next(catalog, &question(facts), &candidates);
    let mut places = 0..;
    candidates.retain(|candidate| places.next() == Some(0) || candidate.confidence >= OFFER_FROM);
    let near_misses = not_offered(by_trigger.near_misses, &mut candidates);
    Matches {
        candidates,
        by: By::Search,
        verdict,
        why_not_next,
        near_misses,
        ..by_trigger
    }
}

/// What is offered is not ruled out in the same breath: that its trigger does not hold is said where it is offered.
fn not_offered(near_misses: Vec<NearMiss>, candidates: &mut [Candidate]) -> Vec<NearMiss> {
    let (offered, others): (Vec<NearMiss>, Vec<NearMiss>) = near_misses.into_iter().partition(|miss| {
        candidates
            .iter()
            .any(|candidate| candidate.runbook.name == miss.runbook)
    });
    for miss in offered {
        let mut named = candidates.iter_mut();
        if let Some(candidate) = named.find(|candidate| candidate.runbook.name == miss.runbook) {
            candidate.why.push(format!("{TRIGGER_FAILS}{}", miss.why_not));
        }
    }
    others
}

fn question<'a>(facts: &AlertFacts<'a>) -> Question<'a> {
    // A source without a rule name, or without a line for people, repeats the other: it says nothing more.
    let named = !facts.name.starts_with('(');
    let repeats = facts.title == facts.name
        || facts
            .title
            .strip_prefix(facts.name)
            .is_some_and(|rest| rest.starts_with(" on "));
    Question {
        name: if named { facts.name } else { "" },
        summary: if repeats { "" } else { facts.title },
        description: facts.description,
        labels: facts.labels,
    }
}

fn why(catalog: &Catalog, question: &Question<'_>, hit: &Hit) -> Vec<String> {
    let shared = catalog.index().shared_words(question, hit.page, QUOTED);
    let quoted: Vec<String> = shared.iter().map(|word| format!("\"{word}\"")).collect();
    let mut why = Vec::new();
    if hit.is_namesake() {
        why.push("its title is the alert's name".to_owned());
    }
    if !quoted.is_empty() {
        why.push(format!("it says {}, as the alert does", and(&quoted)));
    }
    why
}

/// What the best one has and the next one lacks.
fn why_not_next(catalog: &Catalog, question: &Question<'_>, candidates: &[Candidate]) -> Option<String> {
    let [best, next, ..] = candidates else {
        return None;
    };
    let place = |candidate: &Candidate| {
        let loaded = catalog.loaded();
        loaded
            .binary_search_by(|entry| entry.runbook.name.cmp(&candidate.runbook.name))
            .ok()
    };
    let (best, place_of_next) = (place(best)?, place(next)?);
    let index = catalog.index();
    let lacking = index.missing_words(question, place_of_next, usize::MAX);
    let telling: Vec<String> = index
        .shared_words(question, best, usize::MAX)
        .into_iter()
        .filter(|word| lacking.contains(word))
        .take(QUOTED)
        .map(|word| format!("\"{word}\""))
        .collect();
    let name = &next.runbook.name;
    let reason = if telling.is_empty() {
        "which says the same words with less weight".to_owned()
    } else {
        format!("which does not say {}", and(&telling))
    };
    Some(format!("next best is `{name}` ({}), {reason}", next.confidence))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::alert::Severity;

    #[test]
    fn what_every_page_or_no_alert_says_makes_nothing_surer_or_less_sure() {
        let about = [
            "A filesystem of a node is almost out of space.",
            "A filesystem of a node is almost out of inodes.",
            "The etcd cluster has no leader and can't take writes.",
            "A queue of the broker grows, since nobody consumes it.",
            "A certificate expires soon.",
        ];
        let told = |title: &str, begins: &str, name: &str, summary: &str, description: &str| {
            let text = |(number, about): (usize, &&str)| {
                let page = format!("# {title}\n{begins}\n## Meaning\n{about}\n## Mitigation\n- Look\n");
                (format!("p{number}.md"), page.into_bytes())
            };
            let catalog = Catalog::build(about.iter().enumerate().map(text).collect(), &|_, _| Vec::new());
            let labels = BTreeMap::new();
            let facts = AlertFacts {
                name,
                title: summary,
                description,
                severity: Severity::High,
                service: None,
                environment: None,
                labels: &labels,
            };
            let found = search(&catalog, &facts, 3);
            let told = found
                .iter()
                .map(|found| (found.runbook.name.to_string(), found.confidence));
            told.collect::<Vec<_>>()
        };
        let (short, long) = (
            "A filesystem is almost full",
            "The filesystem of node 7 is almost full. Look.",
        );
        let plain = told("Runbook", "", "(no alertname)", short, long);
        assert_eq!(plain[0].0, "p0");
        for (title, begins, name, summary, description) in [
            ("Incident response", "", "(no alertname)", short, long),
            (
                "The etcd cluster has no leader",
                "",
                "(no alertname)",
                short,
                long,
            ),
            (
                "Runbook",
                "A queue grows and a node is down.",
                "(no alertname)",
                short,
                long,
            ),
            ("Runbook", "", "ALERT-00017", short, long),
            ("Runbook", "", "PrometheusAlert", short, long),
            ("Runbook", "", "(no alertname)", long, short),
        ] {
            let told = told(title, begins, name, summary, description);
            assert_eq!(told, plain, "{title}, {begins}, {name}, {summary}");
        }
    }
}
