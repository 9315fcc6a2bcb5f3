//! What an incident keeps of the ranking of runbooks for its alert: the best few, why, and what was refused and may have
//! been meant. Not here: the ranking itself (`matching`).

use serde::{Deserialize, Serialize};

use super::ids::RunbookName;
use super::matching::{self, By, Confidence, Matches, RefusedAs};
use super::policy::Risk;
use super::runbook::{Catalog, RefusedLine};
use crate::planted::{self, Bug};

/// Why a runbook was chosen, or why none was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRecord {
    /// Best first; at most three are kept.
    pub candidates: Vec<MatchLine>,
    /// Near misses with the line that did not hold; at most three.
    pub misses: Vec<MatchLine>,
    pub verdict: Verdict,
    /// Two lines for people: why this one, and why not the next.
    pub explanation: Vec<String>,
    /// By their triggers, or by a search; entries from before the search have triggers.
    #[serde(default)]
    pub by: By,
    /// Runbooks that were refused then: those that would have matched, or where nothing matched, whichever there were. At
    /// most three are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedLine>,
    /// How many more there were.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused_more: usize,
    /// What is known of those.
    #[serde(default, alias = "refused_meant", deserialize_with = "refused_as")]
    pub refused_as: RefusedAs,
}

/// Entries from before three ways were told apart only say whether those were meant.
fn refused_as<'de, D: serde::Deserializer<'de>>(written: D) -> Result<RefusedAs, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Meant(bool),
        As(RefusedAs),
    }
    Ok(match Written::deserialize(written)? {
        Written::Meant(true) => RefusedAs::Meant,
        Written::Meant(false) => RefusedAs::Unread,
        Written::As(known) => known,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(more: &usize) -> bool {
    *more == 0
}

impl MatchRecord {
    /// What is kept of a ranking.
    #[must_use]
    pub fn of(matches: &Matches, catalog: &Catalog) -> Self {
        let candidates = matches.candidates.iter().map(|candidate| MatchLine {
            runbook: candidate.runbook.name.clone(),
            title: candidate.runbook.title.clone(),
            why: candidate.why.join("; "),
            confidence: Some(candidate.confidence),
        });
        let misses = matches.near_misses.iter().map(|miss| MatchLine {
            runbook: miss.runbook.clone(),
            title: catalog
                .get(&miss.runbook)
                .map(|runbook| runbook.title.clone())
                .unwrap_or_default(),
            why: miss.why_not.clone(),
            confidence: None,
        });
        let verdict = match (matches.verdict, matches.chosen()) {
            (matching::Verdict::One, Some(chosen)) => Verdict::One {
                runbook: chosen.runbook.name.clone(),
            },
            (matching::Verdict::Several, _) => Verdict::Several,
            (matching::Verdict::One | matching::Verdict::None, _) => Verdict::None,
        };
        Self {
            candidates: candidates.take(MATCHES_KEPT).collect(),
            misses: misses.take(MATCHES_KEPT).collect(),
            verdict,
            explanation: matches.explanation(),
            by: matches.by,
            refused: matches.refused.iter().take(MATCHES_KEPT).cloned().collect(),
            refused_more: matches.refused.len().saturating_sub(MATCHES_KEPT),
            refused_as: matches.refused_as,
        }
    }

    /// The refused runbooks in a clause; `None` where there are none to tell of.
    #[must_use]
    pub fn told_refused(&self) -> Option<String> {
        matching::told_refused(&self.refused, self.refused_more, self.refused_as)
    }

    /// Lets people choose where the best that a search found is less sure than the policy wants at this risk.
    pub fn ask_below(&mut self, sure: Confidence, risk: Risk) {
        let best = self.candidates.first().and_then(|line| line.confidence);
        let unsure = |best: &Confidence| self.by == By::Search && *best < sure;
        let Some(best) = best.filter(|best| unsure(best) && !planted::is(Bug::ConfidenceNotAsked)) else {
            return;
        };
        if !matches!(self.verdict, Verdict::One { .. }) {
            return;
        }
        self.verdict = Verdict::Several;
        let risk = risk.as_str();
        self.explanation.push(format!(
            "it is {best} sure, and at {risk} risk the policy wants {sure}; a human chooses"
        ));
    }
}

/// Candidates and near misses that are kept for people to choose from.
const MATCHES_KEPT: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchLine {
    pub runbook: RunbookName,
    pub title: String,
    /// One line for people: why it matched, or why not.
    pub why: String,
    /// `None` for a near miss, and in entries from before it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Verdict {
    One { runbook: RunbookName },
    Several,
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_three_ways_were_told_apart_still_says_what_it_said() {
        let read = |key: &str| -> RefusedAs {
            let text = format!(
                r#"{{"candidates": [], "misses": [], "verdict": {{"is": "none"}}, "explanation": []{key}}}"#
            );
            serde_json::from_str::<MatchRecord>(&text).unwrap().refused_as
        };
        assert_eq!(read(r#", "refused_meant": true"#), RefusedAs::Meant);
        assert_eq!(read(""), RefusedAs::Unread);
        assert_eq!(read(r#", "refused_as": "unlike""#), RefusedAs::Unlike);
    }
}
