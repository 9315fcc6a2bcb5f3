//! How people use the gate, in words: plain text, for a terminal and for Slack. Where approving has become a habit, it is
//! said, with the ways out.

use super::words;
use crate::domain::action::Tier;
use crate::domain::oversight::{Figures, OfRunbook, Report};

/// The answer to `/runbook oversight` and `interlock report oversight`.
#[must_use]
pub fn text(report: &Report) -> String {
    let since = report.since.map_or_else(String::new, |since| {
        format!(" since {}", words::moment(since, "UTC"))
    });
    if report.people.is_empty() {
        return format!(
            "Nobody approved, rejected or changed a plan{since}. What is decided in a dry run does not count."
        );
    }
    let mut lines = vec![format!(
        "How people used the gate{since}. Times are from the card to the approval."
    )];
    lines.extend(report.runbooks.iter().filter(|one| one.ceremony).map(ceremony));
    lines.push("By runbook:".to_owned());
    let runbooks = report.runbooks.iter();
    lines.extend(runbooks.map(|one| format!("  {}: {}", one.runbook, figures(&one.figures))));
    lines.push("By person:".to_owned());
    let people = report.people.iter();
    lines.extend(people.map(|one| format!("  {}: {}", one.name, figures(&one.figures))));
    lines.join("\n")
}

/// `34 approved, 4.1 s at the median; 0 % rejected, 0 % modified`
fn figures(figures: &Figures) -> String {
    let share = |part: u32| share(part, figures.decided());
    let median = figures.median_ms.map_or_else(String::new, |median| {
        format!(", {} at the median", words::took(median.unsigned_abs()))
    });
    format!(
        "{} approved{median}; {} rejected, {} modified",
        figures.approved,
        share(figures.rejected),
        share(figures.modified)
    )
}

fn share(part: u32, of: u32) -> String {
    let percent = u64::from(part).saturating_mul(100) / u64::from(of.max(1));
    match (part, percent) {
        (1.., 0) => "under 1 %".to_owned(),
        (_, percent) => format!("{percent} %"),
    }
}

/// That nobody looks any more, and what a team can do about it.
fn ceremony(of: &OfRunbook) -> String {
    let Figures {
        approved,
        rejected,
        median_ms,
        ..
    } = of.figures;
    let rejected = match rejected {
        0 => "none was rejected or modified",
        _ => "under 1 % were rejected and none modified",
    };
    let out = if of.tier < Tier::Two {
        "If nobody has to look, let it run alone (`Autonomy: auto` and `requires_human_approval: false` in the runbook, where the policy has `auto`). If somebody has to, demand a reason (`reason = true` in its [[approvers]] row) or two people (`approvals = 2`)"
    } else {
        "Its plans reach Tier 2, which never runs alone: demand a reason (`reason = true` in its [[approvers]] row) or two people (`approvals = 2`), or make its steps small enough for Tier 1"
    };
    format!(
        "CEREMONY: {} was approved {approved} times, {} from the card at the median, and {rejected}. The gate is a habit there and protects nothing. {out}.",
        of.runbook,
        words::took(median_ms.unwrap_or_default().unsigned_abs()),
    )
}
