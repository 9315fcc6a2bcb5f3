//! Holds what came out against what must come out: one line for each difference, with both sides.

use super::expect::Expect;
use super::seen::Seen;
use crate::domain::policy::Decision;

/// Every expectation that does not hold.
pub(super) fn misses(expect: &Expect, seen: &Seen, runs: &[String], thread: &str) -> Vec<String> {
    let mut misses = Misses(Vec::new());
    matching(&mut misses, expect, seen);
    deciding(&mut misses, expect, seen);
    running(&mut misses, expect, seen, runs);
    ending(&mut misses, expect, seen);
    told(&mut misses, expect, thread);
    misses.0
}

struct Misses(Vec<String>);

impl Misses {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, key: &str, wanted: Option<&T>, came: &T) {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != came) {
            self.0.push(format!("{key}: expected {wanted:?}, came {came:?}"));
        }
    }

    fn unless(&mut self, holds: bool, line: impl FnOnce() -> String) {
        if !holds {
            self.0.push(line());
        }
    }
}

fn matching(misses: &mut Misses, expect: &Expect, seen: &Seen) {
    let runbook = seen.runbook.clone().unwrap_or_else(|| "none".to_owned());
    misses.same("runbook", expect.runbook.as_ref(), &runbook);
    misses.same("decision", expect.decision.as_ref(), &seen.choice().to_owned());
    misses.same("by", expect.by.as_ref(), &seen.by().to_owned());
    let candidates = seen.matched.as_ref().map(|matched| matched.candidates.as_slice());
    let candidates = candidates.unwrap_or_default();
    let offered = candidates.iter().map(|line| line.runbook.to_string()).collect();
    misses.same("offered", expect.offered.as_ref(), &offered);
    misses.same("advised", expect.advised.as_ref(), &seen.advised);
    misses.same("triggered", expect.triggered.as_ref(), &seen.triggered());
    let sure = candidates.first().and_then(|best| best.confidence);
    let sure = sure.map_or(0.0, |sure| sure.chance());
    if let Some(least) = expect.confidence_at_least {
        misses.unless(sure >= least, || {
            format!("confidence: expected at least {least}, came {sure}")
        });
    }
    if let Some(most) = expect.confidence_at_most {
        misses.unless(sure <= most, || {
            format!("confidence: expected at most {most}, came {sure}")
        });
    }
}

fn deciding(misses: &mut Misses, expect: &Expect, seen: &Seen) {
    let approvals = match &seen.decision {
        Some(Decision::RequireApproval { approvals }) => *approvals,
        Some(Decision::Allow | Decision::Deny { .. }) | None => 0,
    };
    misses.same("approvals", expect.approvals.as_ref(), &approvals);
    let denied = matches!(seen.decision, Some(Decision::Deny { .. }));
    misses.same("denied", expect.denied.as_ref(), &denied);
    misses.same("alone", expect.alone.as_ref(), &seen.alone);
    let steps = seen.plan.iter().flat_map(|plan| &plan.steps);
    let left_out = steps.filter(|step| step.skip).map(|step| step.no.0).collect();
    misses.same("left_out", expect.left_out.as_ref(), &left_out);
}

fn running(misses: &mut Misses, expect: &Expect, seen: &Seen, runs: &[String]) {
    misses.same("steps", expect.steps.as_ref(), &seen.steps);
    if let Some(wanted) = &expect.runs {
        let fits =
            wanted.len() == runs.len() && wanted.iter().zip(runs).all(|(words, line)| line.contains(words));
        misses.unless(fits, || format!("runs: expected {wanted:?}, came {runs:?}"));
    }
    for words in expect.never.iter().flatten() {
        if let Some(line) = runs.iter().find(|line| line.contains(words)) {
            misses.0.push(format!("never: `{words}` was run, as `{line}`"));
        }
    }
}

fn ending(misses: &mut Misses, expect: &Expect, seen: &Seen) {
    misses.same("ends", expect.ends.as_ref(), &seen.ends);
    misses.same("escalation", expect.escalation.as_ref(), &seen.escalation);
    misses.same("pages", expect.pages.as_ref(), &seen.pages);
    misses.same("refusals", expect.refusals.as_ref(), &seen.refusals);
    misses.same("cards", expect.cards.as_ref(), &seen.cards);
    misses.same("repeats", expect.repeats.as_ref(), &seen.repeats);
}

fn told(misses: &mut Misses, expect: &Expect, thread: &str) {
    for words in expect.says.iter().flatten() {
        misses.unless(thread.contains(words), || {
            format!("says: the thread does not say `{words}`")
        });
    }
    for words in expect.never_says.iter().flatten() {
        misses.unless(!thread.contains(words), || {
            format!("never_says: the thread says `{words}`")
        });
    }
}
