//! The refused runbooks that an alert may have been meant for. They never match; an alert says so where one of them would have.

use serde::{Deserialize, Serialize};

use super::explain::and;
use super::{AlertFacts, Haystack, Tally};
use crate::domain::runbook::{Catalog, Refused, RefusedLine};

/// What is known of refused runbooks that are told beside an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedAs {
    /// Their triggers hold as far as they could be read.
    Meant,
    /// Nothing of their triggers could be read.
    #[default]
    Unread,
    /// Their triggers do not hold; a search for what runbooks say would not have found them either, since it has only those
    /// that are in use.
    Unlike,
}

/// Those whose triggers hold as far as they could be read, the most specific first; where there are none, those of whose
/// triggers nothing could be read.
pub(super) fn meant(
    catalog: &Catalog,
    facts: &AlertFacts<'_>,
    text: &Haystack,
) -> (Vec<RefusedLine>, RefusedAs) {
    let mut meant: Vec<(u32, &Refused)> = Vec::new();
    let mut unread = Vec::new();
    for refused in catalog.refused() {
        let tally = Tally::of(&refused.trigger, &refused.lowered, facts, text);
        if tally.lines == 0 {
            unread.push(refused.line());
        } else if tally.first_failed.is_none() {
            meant.push((tally.specificity, refused));
        }
    }
    if meant.is_empty() {
        return (unread, RefusedAs::Unread);
    }
    meant.sort_by_key(|(specificity, _)| std::cmp::Reverse(*specificity));
    let lines = meant.into_iter().map(|(_, refused)| refused.line());
    (lines.collect(), RefusedAs::Meant)
}

/// Refused runbooks that are told one by one.
const TOLD: usize = 3;

/// That runbooks were refused, and what is known of them. `more` were left out of `lines`.
#[must_use]
pub fn told_refused(lines: &[RefusedLine], more: usize, refused: RefusedAs) -> Option<String> {
    let told = |line: &RefusedLine| format!("`{}` ({})", line.runbook, line.said);
    let mut shown: Vec<String> = lines.iter().take(TOLD).map(told).collect();
    let more = lines.len().saturating_sub(TOLD).saturating_add(more);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    let all = and(&shown);
    let one = match shown.len() {
        0 => return None,
        1 => true,
        _ => false,
    };
    let said = match (refused, one) {
        (RefusedAs::Meant, true) => format!("{all} would have matched, but was refused"),
        (RefusedAs::Meant, false) => format!("{all} would have matched, but were refused"),
        (RefusedAs::Unread, true) => format!("{all} was refused, and nobody can tell whether it was meant"),
        (RefusedAs::Unread, false) => {
            format!("{all} were refused, and nobody can tell whether one of them was meant")
        }
        (RefusedAs::Unlike, true) => format!("{all} was refused; its trigger is for something else"),
        (RefusedAs::Unlike, false) => {
            format!("{all} were refused; their triggers are for something else")
        }
    };
    Some(format!("{said}; `interlock check` shows what is wrong"))
}
