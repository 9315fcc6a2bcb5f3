//! What a model may be asked, where one is configured: in which order the candidates stand that a person is going to choose
//! from anyway, and what stands in the parameters that the alert leaves open (`blanks`). Its answer is an order of what it was
//! given, and values inside the team's bounds, and nothing else: no runbook, no step, no argument and no word of its own can be
//! said with it.

mod blanks;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::ids::RunbookName;
use super::incident::MatchLine;
use super::runbook::Catalog;
use super::search::Page;
use super::text::shortened;

pub use blanks::{Blank, Blanks, fitting};

/// Characters of a description, of the alert's and of a page's.
const LONGEST: usize = 800;

/// One alert and the runbooks that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub name: String,
    pub title: String,
    pub description: String,
    /// In the order in which they stand now; at least two.
    pub candidates: Vec<Choice>,
}

/// A runbook that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub runbook: RunbookName,
    pub title: String,
    /// What it says of itself, cut.
    pub about: String,
}

impl Question {
    /// `None` when there is nothing to put in order.
    #[must_use]
    pub fn of(alert: &Alert, candidates: &[MatchLine], catalog: &Catalog) -> Option<Self> {
        let choices = candidates.iter().map(|line| Choice {
            runbook: line.runbook.clone(),
            title: shortened(&line.title, 200),
            about: catalog
                .get(&line.runbook)
                .map(|runbook| shortened(&Page::of(runbook).about, LONGEST))
                .unwrap_or_default(),
        });
        let candidates: Vec<Choice> = choices.collect();
        (candidates.len() > 1).then(|| Self {
            name: shortened(&alert.name, 200),
            title: shortened(&alert.title, 300),
            description: shortened(&alert.description, LONGEST),
            candidates,
        })
    }
}

/// Whether this is these candidates in another order: each of them once, no other, and not as they stand now.
#[must_use]
pub fn reorders(order: &[RunbookName], candidates: &[MatchLine]) -> bool {
    let names = || candidates.iter().map(|line| &line.runbook);
    let wanted: BTreeSet<&RunbookName> = names().collect();
    let given: BTreeSet<&RunbookName> = order.iter().collect();
    order.len() == candidates.len() && wanted == given && !order.iter().eq(names())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(names: &[&str]) -> Vec<MatchLine> {
        let line = |name: &&str| MatchLine {
            runbook: RunbookName::new(*name),
            title: String::new(),
            why: String::new(),
            confidence: None,
        };
        names.iter().map(line).collect()
    }

    #[test]
    fn only_the_same_ones_in_another_order_are_advice() {
        let candidates = lines(&["a", "b", "c"]);
        for (order, counts) in [
            (vec!["b", "a", "c"], true),
            (vec!["a", "b", "c"], false),
            (vec!["a", "b"], false),
            (vec!["a", "b", "b"], false),
            (vec!["a", "b", "d"], false),
            (vec!["c", "b", "a", "a"], false),
            (vec![], false),
        ] {
            let names: Vec<RunbookName> = order.iter().map(|name| RunbookName::new(*name)).collect();
            assert_eq!(reorders(&names, &candidates), counts, "{order:?}");
        }
    }
}
