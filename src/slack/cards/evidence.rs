//! Evidence on the card: few plain lines, what is beyond its limit first, what could not be read named last. The whole
//! of it is in the thread.

use super::text::{clock, safe};
use crate::domain::evidence::{Finding, Found, LINK, speaks_against};
use crate::domain::incident::{Incident, Phase};
use crate::render::escape::Mrkdwn;

/// Lines of values.
const LINES: usize = 5;
/// Names of what could not be read.
const MISSING: usize = 4;
/// Characters of it all with links: one that has no room stands in the thread.
const ROOM: usize = 2_800;

/// The section's text; `None` when nothing was asked, or when it doesn't matter any more.
#[must_use]
pub fn lines(incident: &Incident) -> Option<String> {
    if matches!(incident.phase, Phase::Settling { .. } | Phase::Closed { .. }) {
        return None;
    }
    let evidence = incident.current_evidence()?;
    let (mut read, missing): (Vec<&Finding>, Vec<&Finding>) = evidence
        .findings
        .iter()
        .partition(|finding| !finding.is_missing());
    // Stable, so that the order of the runbook is kept otherwise.
    read.sort_by_key(|finding| finding.beyond() != Some(true));
    let mut lines = vec![format!("*Evidence*, {}", clock(evidence.at))];
    for finding in read.iter().take(LINES) {
        let value = safe(&finding.value().unwrap_or_default(), 200);
        let name = safe(&finding.name, 60);
        lines.push(if finding.beyond() == Some(true) {
            format!("• *{name}: {value}*")
        } else {
            format!("• {name}: {value}")
        });
    }
    if read.len() > LINES {
        lines.push(format!("• and {} more in the thread", read.len() - LINES));
    }
    if !missing.is_empty() {
        lines.push(format!("• Could not be read: {}", unread(&missing)));
    }
    if matches!(incident.phase, Phase::Proposed) && speaks_against(&evidence.findings) {
        lines.push("*It does not show what the alert says*: nothing is beyond its limit. Look which of them is wrong.".to_owned());
    }
    linked(&mut lines, &read);
    Some(lines.join("\n"))
}

/// Puts behind each line where people see the same, as far as there is room. Lines of values begin behind the heading.
fn linked(lines: &mut [String], read: &[&Finding]) {
    let mut size: usize = lines
        .iter()
        .map(|line| line.chars().count().saturating_add(1))
        .sum();
    for (line, finding) in lines.iter_mut().skip(1).zip(read.iter().take(LINES)) {
        let link = finding.link.as_deref().and_then(|link| Mrkdwn::link(link, LINK));
        let Some(link) = link.map(|link| format!(" ({link})")) else {
            continue;
        };
        let with = size.saturating_add(link.chars().count());
        if with <= ROOM {
            size = with;
            line.push_str(&link);
        }
    }
}

/// Names under one reason when it is the same for all of them.
fn unread(missing: &[&Finding]) -> String {
    let why = |finding: &Finding| match &finding.found {
        Found::Missing { why } => safe(why, 120),
        Found::Read { .. } => String::new(),
    };
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for finding in missing.iter().take(MISSING) {
        let (why, name) = (why(finding), safe(&finding.name, 60));
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => groups.push((why, vec![name])),
        }
    }
    let mut parts: Vec<String> = groups
        .into_iter()
        .map(|(why, names)| format!("{} ({why})", names.join(", ")))
        .collect();
    if missing.len() > MISSING {
        parts.push(format!("and {} more", missing.len() - MISSING));
    }
    parts.join("; ")
}
