//! What came of a scenario, read from its journal in the words that its file uses.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::stage::FIRST;
use crate::domain::event::{Deed, Entry, Event, Outcome, Refusal};
use crate::domain::incident::{ClosedAs, Incident, MatchRecord, Phase, Verdict};
use crate::domain::matching::By;
use crate::domain::plan::Plan;
use crate::domain::policy::Decision;
use crate::domain::state::State;

/// The first incident of a scenario, and what all of them have in common.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub matched: Option<MatchRecord>,
    /// The first runbook that was proposed or shown.
    pub runbook: Option<String>,
    pub decision: Option<Decision>,
    pub plan: Option<Plan>,
    pub alone: bool,
    pub steps: Vec<String>,
    pub ends: String,
    pub escalation: Vec<String>,
    pub pages: usize,
    pub refusals: Vec<String>,
    pub cards: usize,
    pub repeats: u64,
    /// The candidates in the order that the advisor gave them.
    pub advised: Vec<String>,
    /// Runbooks that were candidates, planned or shown, of any incident.
    pub touches: BTreeSet<String>,
}

impl Seen {
    pub fn of(entries: &[Entry], state: &State) -> Self {
        let mut seen = Self::default();
        let first = state.incident(FIRST);
        seen.ends = first.map(stands).unwrap_or_default();
        for entry in entries {
            seen.touch(&entry.event);
            if matches!(entry.event, Event::Opened { .. }) {
                seen.cards += 1;
            }
            if let Event::Repeated { incidents } = &entry.event {
                seen.repeats += incidents.iter().map(|(_, times)| u64::from(*times)).sum::<u64>();
            }
            if let Event::Refused {
                by, deed, refusal, ..
            } = &entry.event
            {
                seen.refusals.push(refused(&by.name, *deed, refusal));
            }
            if entry.event.incident() == Some(FIRST) {
                seen.take(&entry.event);
            }
        }
        seen
    }

    fn touch(&mut self, event: &Event) {
        if let Event::Matched { matched, .. } = event {
            let names = matched.candidates.iter().chain(&matched.misses);
            self.touches.extend(names.map(|line| line.runbook.to_string()));
        } else if let Event::Checklist { runbook, .. } = event {
            self.touches.insert(runbook.to_string());
        } else if let Event::Proposed { plan, .. } = event {
            self.touches.insert(plan.runbook.to_string());
        }
    }

    fn take(&mut self, event: &Event) {
        if let Event::Matched { matched, .. } = event {
            self.matched.get_or_insert_with(|| matched.clone());
        } else if let Event::Checklist { runbook, .. } = event {
            self.runbook.get_or_insert_with(|| runbook.to_string());
        } else if let Event::Proposed { plan, decision, .. } = event {
            self.runbook.get_or_insert_with(|| plan.runbook.to_string());
            self.decision.get_or_insert_with(|| decision.clone());
            self.plan = Some((**plan).clone());
        } else if let Event::Advised { order, .. } = event {
            self.advised = order.iter().map(ToString::to_string).collect();
        } else if let Event::AllowedAlone { .. } = event {
            self.alone = true;
        } else if let Event::PageAsked { .. } = event {
            self.pages += 1;
        } else if let Event::HandedOver { reason, .. } = event {
            self.escalation.push(word(reason, "is"));
        } else if let Some(step) = step(event) {
            self.steps.push(step);
        }
    }

    /// `match`, `ask` or `none`.
    pub fn choice(&self) -> &'static str {
        match self.matched.as_ref().map(|matched| &matched.verdict) {
            Some(Verdict::One { .. }) => "match",
            Some(Verdict::Several) => "ask",
            Some(Verdict::None) | None => "none",
        }
    }

    /// The runbooks whose trigger conditions all hold, best first.
    pub fn triggered(&self) -> Vec<String> {
        let matched = self.matched.iter().filter(|matched| matched.by == By::Trigger);
        let lines = matched.flat_map(|matched| &matched.candidates);
        lines.map(|line| line.runbook.to_string()).collect()
    }

    pub fn by(&self) -> &'static str {
        match self.matched.as_ref().map(|matched| matched.by) {
            Some(By::Trigger) => "trigger",
            Some(By::Search) => "search",
            None => "nothing",
        }
    }
}

/// `1 succeeded`, `2 refused target_moved`.
fn step(event: &Event) -> Option<String> {
    if let Event::StepEnded { attempt, outcome, .. } = event {
        let how = match outcome {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed { .. } => "failed",
            Outcome::Unknown { .. } => "unknown",
        };
        Some(format!("{} {how}", attempt.step))
    } else if let Event::StepSkipped { step, .. } = event {
        Some(format!("{step} skipped"))
    } else if let Event::StepRefused { step, reasons, .. } = event {
        let words: Vec<String> = reasons.iter().map(|reason| word(reason, "is")).collect();
        Some(format!("{step} refused {}", words.join(" ")))
    } else {
        None
    }
}

/// Where an incident stands, in one word.
fn stands(incident: &Incident) -> String {
    match &incident.phase {
        Phase::Closed { result, .. } => match result {
            ClosedAs::Resolved => "resolved".to_owned(),
            ClosedAs::AlertCleared => "alert_cleared".to_owned(),
            ClosedAs::ByPerson { .. } => "closed_by_person".to_owned(),
            ClosedAs::DryRun => "dry_run".to_owned(),
            ClosedAs::Merged { .. } => "merged".to_owned(),
        },
        Phase::Handed { .. } => "handed".to_owned(),
        phase @ (Phase::Planning { .. } | Phase::Proposed | Phase::Running | Phase::Settling { .. }) => {
            word(phase, "is")
        }
    }
}

/// `ana approve not_allowed own_request`.
fn refused(name: &str, deed: Deed, refusal: &Refusal) -> String {
    let mut words = vec![name.to_owned(), plain(&deed), word(refusal, "kind")];
    if let Refusal::NotAllowed { reasons } = refusal {
        words.extend(reasons.iter().map(|reason| word(reason, "is")));
    } else if let Refusal::Approval { refusal } = refusal {
        words.push(word(refusal, "refused"));
    }
    // The same reason may hold for several steps.
    words.dedup();
    words.join(" ")
}

/// The word under which the journal keeps a value.
fn word(value: &impl Serialize, tag: &str) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.get(tag).and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// A deed, which the journal keeps as a word.
fn plain(deed: &Deed) -> String {
    let value = serde_json::to_value(deed).unwrap_or_default();
    value.as_str().unwrap_or("?").to_owned()
}
