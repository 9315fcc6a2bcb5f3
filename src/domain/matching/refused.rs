//! The refused runbooks that an alert may have been meant for. They never match; an alert says so where one of them would have.

use super::explain::and;
use super::{AlertFacts, Haystack, Tally};
use crate::domain::runbook::{Catalog, Refused, RefusedLine};

/// Those whose triggers hold as far as they could be read, the most specific first, and true; where there are none, those of
/// whose triggers nothing could be read, and false.
pub(super) fn meant(catalog: &Catalog, facts: &AlertFacts<'_>, text: &Haystack) -> (Vec<RefusedLine>, bool) {
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
        return (unread, false);
    }
    meant.sort_by_key(|(specificity, _)| std::cmp::Reverse(*specificity));
    let lines = meant.into_iter().map(|(_, refused)| refused.line());
    (lines.collect(), true)
}

/// Refused runbooks that are told one by one.
const TOLD: usize = 3;

/// That runbooks were refused which would have matched (`meant`), or of which nobody can tell. `more` were left out of `lines`.
#[must_use]
pub fn told_refused(lines: &[RefusedLine], more: usize, meant: bool) -> Option<String> {
    let told = |line: &RefusedLine| format!("`{}` ({})", line.runbook, line.said);
    let mut shown: Vec<String> = lines.iter().take(TOLD).map(told).collect();
    let more = lines.len().saturating_sub(TOLD).saturating_add(more);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    let all = and(&shown);
    let said = match (meant, shown.len()) {
        (_, 0) => return None,
        (true, 1) => format!("{all} would have matched, but was refused"),
        (true, _) => format!("{all} would have matched, but were refused"),
        (false, 1) => format!("{all} was refused, and nobody can tell whether it was meant"),
        (false, _) => {
            format!("{all} were refused, and nobody can tell whether one of them was meant")
        }
    };
    Some(format!("{said}; `interlock check` shows what is wrong"))
}
