//! A runbook as a slip of the hand would leave it: every small change of what its text means, each on its own. What proves
//! that somebody's scenarios would notice (`interlock eval --mutate`).
//!
//! `edits` applies changes and knows those that fit anywhere (left out, another number, another word); `keys` knows the lines
//! of triggers, limits, parameters and evidence; `steps` knows steps and their keys.
//!
//! Not here: symptoms and remarks, which decide nothing. Invariant: every change is one place of the file, so that it can be
//! pointed at; whether it means anything is for [`means_the_same`] to say.

mod edits;
mod keys;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::edits::Edits;
use super::diagnostics::Findings;
use super::markdown::{self, Block};
use super::sections::{Known, Section, outline};
use super::types::Runbook;
use crate::domain::ids::Revision;

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Where, from 1.
    pub line: usize,
    /// For people: `` `5` changed to `6` ``.
    pub change: String,
    /// The line as it was, without the blanks around it.
    pub was: String,
    /// The whole file after the change.
    pub text: String,
}

/// Every change of a runbook's text, in the order of the file; each gives another text.
#[must_use]
pub fn mutants(text: &str) -> Vec<Mutant> {
    let mut findings = Findings::new(text);
    let blocks = markdown::read(text, &mut findings);
    let outline = outline(text, &blocks);
    let mut edits = Edits::new(text);
    lines(outline.preamble, &mut edits);
    for section in &outline.sections {
        of_section(section, &mut edits);
    }
    edits.into_mutants()
}

/// Whether nothing that decides, runs or is shown is different between two readings of a file.
#[must_use]
pub fn means_the_same(one: &Runbook, other: &Runbook) -> bool {
    meaning(one) == meaning(other)
}

/// Without what only people and the search read, and what an author says of a step that changes nothing of how it runs.
fn meaning(runbook: &Runbook) -> Runbook {
    let mut meaning = Runbook {
        revision: Revision::new(""),
        sections: BTreeMap::new(),
        source: String::new(),
        ..runbook.clone()
    };
    for step in &mut meaning.steps {
        step.repeatable = false;
    }
    meaning
}

fn of_section(section: &Section<'_, '_>, edits: &mut Edits<'_>) {
    if section.known != Some(Known::Symptoms) {
        edits.drop_section(section);
    }
    match section.known {
        Some(Known::Trigger) => keys::trigger(section, edits),
        Some(Known::BlastRadius) => keys::bounds(section, edits),
        Some(Known::Parameters) => keys::parameters(section, edits),
        Some(Known::Evidence) => keys::evidence(section, edits),
        Some(Known::Steps | Known::Prechecks | Known::Verification) => steps::steps(section, edits),
        Some(Known::Autonomy) => {
            edits.swap(section.inline, keys::AUTONOMIES);
            edits.swap(section.body, keys::AUTONOMIES);
        }
        Some(Known::DoNotTouch | Known::IncidentClass | Known::Owner | Known::Escalation) | None => {
            edits.another_word(section.inline);
            lines(section.blocks, edits);
        }
        Some(Known::Symptoms) => {}
    }
}

/// Sentences and items for people.
fn lines(blocks: &[Block<'_>], edits: &mut Edits<'_>) {
    for block in blocks {
        if let Block::Item { text, .. } | Block::Text { text, .. } = block {
            edits.drop_line(*text);
            edits.another_word(*text);
            edits.numbers(*text);
        }
    }
}
