//! The handoff packet: what a human needs who takes it from here. The same record for the page and the thread.

use serde_json::{Value, json};

use super::escape::Mrkdwn;
use super::{changes, evidence, words};
use crate::domain::escalation::Call;
use crate::domain::incident::{HandoffReason, Incident, PlanTrack};
use crate::domain::run::StepState;
use crate::domain::text::shortened;

/// The packet for the thread, as mrkdwn.
#[must_use]
pub fn packet(incident: &Incident, reason: &HandoffReason) -> String {
    let mut lines = vec![format!(
        "*Handed over to a human:* {}",
        Mrkdwn::escape(&reason.words())
    )];
    lines.extend(asked_by(incident, reason));
    if !incident.changes.is_empty() {
        lines.push("*Changed in the half hour before:*".to_owned());
        let changed = incident.changes.iter().map(|change| changes::line(change));
        lines.extend(changed.map(|line| format!("• {}", Mrkdwn::escape(&line))));
    }
    let tried = tried(incident);
    if !tried.is_empty() {
        lines.push("*Tried:*".to_owned());
        lines.extend(tried.iter().map(|line| format!("• {}", Mrkdwn::escape(line))));
    }
    if let Some(next) = safe_next(incident) {
        lines.push(format!("*Safe to try next:* {}", Mrkdwn::escape(&next)));
    }
    if let Some(text) = incident
        .current()
        .and_then(|track| track.plan.escalation.as_ref())
    {
        lines.push(format!(
            "*The runbook says:* {}",
            Mrkdwn::escape(&shortened(text.trim(), 400))
        ));
    }
    lines.join("\n")
}

/// Nobody is paged for what a person started by hand and nothing broke: that person is told instead.
fn asked_by(incident: &Incident, reason: &HandoffReason) -> Option<String> {
    let who = incident.requested_by.as_ref()?;
    let plain = !who.id.user.is_empty() && who.id.user.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let taken = Call::of(reason) == Call::Taken || incident.commander.is_some();
    (plain && !taken).then(|| {
        format!(
            "*For you, <@{}>:* you started this, so it is yours now.",
            who.id.user
        )
    })
}

/// Each step of the plans of which something ran, and of the current one, with its result; and by whose leave it ran.
#[must_use]
pub fn tried(incident: &Incident) -> Vec<String> {
    let several = incident.tried().count() > 1;
    let mut lines = Vec::new();
    for track in incident.tried() {
        let mut steps = tried_of(track);
        let approvers = track.approvers();
        if !steps.is_empty() && !approvers.is_empty() {
            steps.push(format!("approved by {}", words::listed(&approvers)));
        }
        lines.extend(steps.into_iter().map(|line| match several {
            true => format!("plan {}, {line}", track.plan.no),
            false => line,
        }));
    }
    lines
}

fn tried_of(track: &PlanTrack) -> Vec<String> {
    let mut lines = Vec::new();
    for step in &track.plan.steps {
        let result = match track.run.state(step.no) {
            StepState::Waiting => continue,
            StepState::Started { .. } => "still running".to_owned(),
            StepState::Succeeded { .. } => "succeeded".to_owned(),
            StepState::Failed { attempt, reason, .. } => {
                format!(
                    "failed after {}: {reason}",
                    words::counted(usize::from(*attempt), "attempt")
                )
            }
            StepState::Unknown { reason, .. } => format!("UNKNOWN, it may have happened: {reason}"),
            StepState::Skipped { why } => format!("skipped: {why}"),
            StepState::Refused { reasons } => format!("not started: {}", super::reasons::all(reasons)),
        };
        lines.push(format!("step {} ({}): {result}", step.no, step.command));
    }
    lines
}

/// A step that only looks, for whoever goes on.
fn safe_next(incident: &Incident) -> Option<String> {
    let track = incident.current()?;
    let look = track.plan.steps.iter().find(|step| u8::from(step.tier) == 0)?;
    Some(look.command.clone())
}

/// What a page is for, in a few words: how it stands, and what keeps people from seeing that in Slack.
#[must_use]
pub fn why(incident: &Incident) -> String {
    let stands = super::summary::result(incident);
    let asked = &incident.paging.why;
    if incident.card.is_none() && !asked.is_empty() && !stands.contains(asked.as_str()) {
        format!("{asked}; {stands}")
    } else {
        stands
    }
}

/// The packet as `custom_details` of a page.
#[must_use]
pub fn details(incident: &Incident) -> Value {
    let alerts: Vec<Value> = incident
        .episodes
        .iter()
        .take(20)
        .map(|episode| {
            let alert = &episode.alert;
            json!({
                "name": alert.name, "title": alert.title, "description": alert.description,
                "severity": alert.severity, "labels": alert.labels, "starts_at": alert.starts_at,
                "links": alert.links,
            })
        })
        .collect();
    json!({
        "incident": incident.id.to_string(),
        "reason": why(incident),
        "alerts": alerts,
        "alerts_in_all": incident.episodes.len(),
        "tried": tried(incident),
        "evidence": incident.current_evidence().map(evidence::lines).unwrap_or_default(),
        "runbook": incident.current().map(|track| track.plan.runbook.to_string()),
        "runbook_revision": incident.current().map(|track| track.plan.runbook_revision.to_string()),
        "why_this_runbook": incident.matched.as_ref().map(|matched| matched.explanation.clone()),
        "safe_to_try_next": safe_next(incident),
        "commander": incident.commander.as_ref().map(|(_, name)| name.clone()),
    })
}
