//! Says in words why a runbook matched and why another one didn't.

use super::{AlertFacts, By, Haystack, Matches, Verdict, term_holds, told_refused};
use crate::domain::runbook::{Loaded, Term};

/// How the clause begins that says why the trigger of an offered runbook does not hold.
pub(super) const TRIGGER_FAILS: &str = "but its trigger does not hold: ";

impl Matches {
    /// Lines for people: why this one, why not the next, and what was refused.
    #[must_use]
    pub fn explanation(&self) -> Vec<String> {
        let first = match (self.verdict, self.candidates.first()) {
            (Verdict::One, Some(best)) if self.by == By::Search => format!(
                "no trigger matches; found by its text, {} sure: {}",
                best.confidence,
                best.why.join("; ")
            ),
            (Verdict::Several, Some(best)) if self.by == By::Search => format!(
                "no trigger matches, and no text is sure enough: the best is `{}` ({}); a human chooses",
                best.runbook.name, best.confidence
            ),
            (Verdict::One, Some(best)) => format!("matched because {}", best.why.join("; ")),
            (Verdict::Several, Some(best)) => {
                let equal = self
                    .candidates
                    .iter()
                    .take_while(|other| other.specificity == best.specificity);
                let names: Vec<String> = equal.map(|other| format!("`{}`", other.runbook.name)).collect();
                format!("{} match equally well; a human chooses", and(&names))
            }
            (Verdict::One | Verdict::Several | Verdict::None, _) => "no runbook's trigger matches".to_owned(),
        };
        let refused = told_refused(&self.refused, 0, self.refused_as);
        std::iter::once(first)
            .chain(self.next_best())
            .chain(refused)
            .collect()
    }

    fn next_best(&self) -> Option<String> {
        if self.why_not_next.is_some() {
            return self.why_not_next.clone();
        }
        if self.by == By::Search && self.verdict == Verdict::One {
            return Some("no other runbook says anything of it".to_owned());
        }
        let runner_up = self.candidates.get(1).filter(|_| self.verdict == Verdict::One);
        if let (Some(best), Some(next)) = (self.candidates.first(), runner_up) {
            return Some(if next.specificity == best.specificity {
                format!(
                    "next best `{}` matches as well, but has no steps to run",
                    next.runbook.name
                )
            } else {
                let conditions = if next.specificity == 1 {
                    "condition"
                } else {
                    "conditions"
                };
                format!(
                    "next best `{}` matches too, but sets only {} {conditions} against {}",
                    next.runbook.name, next.specificity, best.specificity
                )
            });
        }
        let of_best = self.candidates.first().and_then(|best| {
            let mut clauses = best.why.iter();
            clauses.find_map(|clause| clause.strip_prefix(TRIGGER_FAILS))
        });
        if let Some(why_not) = of_best {
            return Some(format!("its trigger did not match because {why_not}"));
        }
        let near = self.near_misses.first()?;
        let (runbook, why_not) = (&near.runbook, &near.why_not);
        Some(if self.candidates.is_empty() {
            format!("nearest is `{runbook}`, which did not match because {why_not}")
        } else {
            format!("next best `{runbook}` did not match because {why_not}")
        })
    }
}

/// One clause for each trigger line that holds.
pub(super) fn why(entry: &Loaded, facts: &AlertFacts<'_>, text: &Haystack) -> Vec<String> {
    let mut clauses = Vec::new();
    let (mut title, mut elsewhere) = (Vec::new(), Vec::new());
    for (term, lowered) in entry.runbook.trigger.contains.iter().zip(&entry.lowered) {
        match (term, lowered) {
            (Term::Contains(word), Term::Contains(low)) if text.in_title(low) => {
                title.push(format!("\"{word}\""))
            }
            (Term::Contains(word), _) => elsewhere.push(format!("\"{word}\"")),
            (Term::Any(terms), Term::Any(lowered)) => {
                let holding = terms
                    .iter()
                    .zip(lowered)
                    .find(|(_, low)| term_holds(low, facts, text));
                clauses.extend(holding.map(|(term, _)| format!("it has {}", words(term))));
            }
            (term, _) => clauses.push(format!("it has {}", words(term))),
        }
    }
    if !elsewhere.is_empty() {
        clauses.insert(0, format!("its text contains {}", and(&elsewhere)));
    }
    if !title.is_empty() {
        clauses.insert(0, format!("its title contains {}", and(&title)));
    }
    let trigger = &entry.runbook.trigger;
    if !trigger.severities.is_empty() {
        clauses.push(format!("severity is {}", facts.severity));
    }
    if let Some(service) = facts.service.filter(|_| !trigger.services.is_empty()) {
        clauses.push(format!("service is {service}"));
    }
    if let Some(environment) = facts.environment.filter(|_| !trigger.environments.is_empty()) {
        clauses.push(format!("environment is {environment}"));
    }
    clauses
}

pub(super) fn words(term: &Term) -> String {
    match term {
        Term::Contains(word) => format!("\"{word}\""),
        Term::Label(label, value) => format!("{label}:{value}"),
        Term::Any(terms) => or(&terms.iter().map(words).collect::<Vec<_>>()),
        Term::All(terms) => and(&terms.iter().map(words).collect::<Vec<_>>()),
    }
}

pub(super) fn and(parts: &[String]) -> String {
    joined(parts, "and")
}

pub(super) fn or(parts: &[String]) -> String {
    joined(parts, "or")
}

fn joined(parts: &[String], last: &str) -> String {
    match parts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
