//! The handoff packet: what a human needs who takes it from here. The same record for the page, the thread and the summary.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::escape::Mrkdwn;
use super::{changes, evidence, people, timeline, words::counted, words::listed, words::without_causes};
use crate::domain::action::Action;
use crate::domain::alert::{Link, Severity};
use crate::domain::escalation::Call;
use crate::domain::incident::{HandoffReason, Incident, MatchRecord, Phase, PlanTrack};
use crate::domain::plan::PlannedStep;
use crate::domain::run::StepState;
use crate::domain::text::shortened;

/// What a human needs who takes it from here. One record: the thread words it, a page carries it, and the summary keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packet {
    pub incident: String,
    /// Why a human is wanted.
    pub reason: String,
    /// The first [`ALERTS`] of them.
    pub alerts: Vec<PacketAlert>,
    pub alerts_in_all: usize,
    pub changed: Vec<String>,
    /// Each step that came to anything, of every plan of which something ran, with its result; and by whose leave.
    pub tried: Vec<String>,
    pub evidence: Vec<String>,
    /// Runbooks that came near and do not fit, with the reason.
    pub ruled_out: Vec<String>,
    pub runbook: Option<String>,
    pub runbook_revision: Option<String>,
    pub why_this_runbook: Option<Vec<String>>,
    pub safe_to_try_next: Option<String>,
    /// The runbook's Escalation section.
    pub runbook_says: Option<String>,
    pub commander: Option<String>,
}

/// The original alert, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PacketAlert {
    pub name: String,
    pub title: String,
    pub description: String,
    pub severity: Severity,
    pub labels: BTreeMap<String, String>,
    pub starts_at: Option<Timestamp>,
    pub links: Vec<Link>,
}

/// Alerts that a packet has whole.
const ALERTS: usize = 20;

/// The record as the incident stands.
#[must_use]
pub fn record(incident: &Incident) -> Packet {
    let track = incident.current();
    let alerts = incident.episodes.iter().take(ALERTS).map(|episode| PacketAlert {
        name: episode.alert.name.clone(),
        title: episode.alert.title.clone(),
        description: episode.alert.description.clone(),
        severity: episode.alert.severity,
        labels: episode.alert.labels.clone(),
        starts_at: episode.alert.starts_at,
        links: episode.alert.links.clone(),
    });
    let misses = incident.matched.iter().flat_map(|matched| &matched.misses);
    let says = track.and_then(|track| track.plan.escalation.as_deref());
    Packet {
        incident: incident.id.to_string(),
        reason: why(incident),
        alerts: alerts.collect(),
        alerts_in_all: incident.episodes.len(),
        changed: changes::lines(incident),
        tried: tried(incident),
        evidence: incident
            .current_evidence()
            .map(evidence::lines)
            .unwrap_or_default(),
        ruled_out: misses
            .map(|miss| format!("{}: {}", miss.title, miss.why))
            .collect(),
        runbook: track.map(|track| track.plan.runbook.to_string()),
        runbook_revision: track.map(|track| track.plan.runbook_revision.to_string()),
        why_this_runbook: incident
            .matched
            .as_ref()
            .map(|matched| matched.explanation.clone()),
        safe_to_try_next: safe_next(incident),
        runbook_says: says.map(|text| shortened(text.trim(), 400)),
        commander: incident.in_hands_of().map(str::to_owned),
    }
}

/// The record for the thread, as mrkdwn. `reason` is that of the handover that the line is about; others may have followed.
#[must_use]
pub fn packet(incident: &Incident, reason: &HandoffReason) -> String {
    let packet = record(incident);
    let mut lines = vec![format!(
        "*Handed over to a human:* {}",
        Mrkdwn::escape(&words(incident, reason))
    )];
    lines.extend(asked_by(incident, reason));
    lines.extend(body(&packet));
    lines.join("\n")
}

/// What was tried and what is left, as mrkdwn: the same lines for the thread and the summary.
pub(super) fn body(packet: &Packet) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(first) = packet.alerts.first() {
        let more = match packet.alerts_in_all {
            0 | 1 => String::new(),
            all => format!(" ({all} alerts in all)"),
        };
        lines.push(format!(
            "*Alert:* {}, {}{more}",
            Mrkdwn::escape(&shortened(&first.title, 200)),
            first.severity
        ));
    }
    let mut list = |head: &str, all: &[String]| {
        if !all.is_empty() {
            lines.push(head.to_owned());
            lines.extend(all.iter().map(|line| format!("• {}", Mrkdwn::escape(line))));
        }
    };
    list("*Changed in the half hour before:*", &packet.changed);
    list("*Evidence:*", &packet.evidence);
    let nothing = ["nothing".to_owned()];
    list(
        "*Tried:*",
        match packet.tried.as_slice() {
            [] => &nothing,
            tried => tried,
        },
    );
    list("*Ruled out:*", &packet.ruled_out);
    if let Some(next) = &packet.safe_to_try_next {
        lines.push(format!("*Safe to try next:* {}", Mrkdwn::escape(next)));
    }
    if let Some(text) = &packet.runbook_says {
        lines.push(format!("*The runbook says:* {}", Mrkdwn::escape(text)));
    }
    lines
}

/// Why a human has it: as [`HandoffReason::words`], with the cause and what had run where a step was refused at its start,
/// and with the runbooks that were refused where none matches.
#[must_use]
pub fn words(incident: &Incident, reason: &HandoffReason) -> String {
    let refused = match reason {
        HandoffReason::StepStopped { step, why } => incident
            .current()
            .and_then(|track| timeline::not_started(track, *step, why)),
        HandoffReason::NotVerified { why } => Some(timeline::unverified(incident.current(), why)),
        HandoffReason::NoMatch => incident
            .matched
            .as_ref()
            .and_then(MatchRecord::told_refused)
            .map(|refused| format!("{}: {refused}", reason.words())),
        HandoffReason::StillFiring if incident.firing().next().is_none() => Some(
            "the steps were verified and all alerts that the sender lists have resolved, but it left some out, and those may fire on"
                .to_owned(),
        ),
        HandoffReason::SeveralMatch
        | HandoffReason::Unsure
        | HandoffReason::Flapping { .. }
        | HandoffReason::Checklist
        | HandoffReason::PlanBlocked { .. }
        | HandoffReason::Void { .. }
        | HandoffReason::Denied
        | HandoffReason::Rejected { .. }
        | HandoffReason::NoDecision
        | HandoffReason::TakenBack { .. }
        | HandoffReason::StillFiring
        | HandoffReason::SourceRefused { .. }
        | HandoffReason::TakenOver { .. }
        | HandoffReason::AskedFor { .. }
        | HandoffReason::DryRun
        | HandoffReason::Shadow => None,
    };
    refused.unwrap_or_else(|| reason.words())
}

/// Why a human is called, as the journal has it: for what a hand-over is about, it is told as the hand-over is.
#[must_use]
pub fn called_for(incident: Option<&Incident>, why: &str) -> String {
    let told = incident.and_then(|incident| match &incident.phase {
        Phase::Handed { reason, .. } => (reason.words() == why).then(|| words(incident, reason)),
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Closed { .. } => None,
    });
    told.unwrap_or_else(|| why.to_owned())
}

/// Nobody is paged for what a person started by hand and nothing broke: that person is told instead, and where that person
/// may decide nothing, those who may.
fn asked_by(incident: &Incident, reason: &HandoffReason) -> Option<String> {
    let who = incident.requested_by.as_ref()?;
    let taken = Call::of(reason) == Call::Taken || incident.commander.is_some();
    let them = people::slack(&who.id.user).filter(|_| !taken)?;
    let Some(others) = &incident.ask_instead else {
        return Some(format!(
            "*For you, {them}:* you started this, so it is yours now."
        ));
    };
    let others = people::written(std::slice::from_ref(others), people::slack);
    Some(match others.as_slice() {
        [] => format!("{them} started this and may not take it, and the policy names nobody who may."),
        others => format!(
            "*For {}:* {them} started this and may not take it, so one of you does.",
            people::anybody(others)
        ),
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
            steps.push(format!("approved by {}", listed(&approvers)));
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
                    counted(usize::from(*attempt), "attempt")
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

/// A step that only looks, for whoever goes on; one that has just failed says nothing new.
fn safe_next(incident: &Incident) -> Option<String> {
    let track = incident.current()?;
    let mut looks = track.plan.steps.iter().filter(|step| u8::from(step.tier) == 0);
    let failed = |step: &&PlannedStep| matches!(track.run.state(step.no), StepState::Failed { .. });
    if let Some(look) = looks.find(|step| !failed(step)) {
        return Some(look.command.clone());
    }
    let last = track.plan.steps.iter().rev().find(failed)?;
    let target = last.action.names_target()?;
    Some(Action::Describe { target }.command_line())
}

/// What a page is for, in a few words: how it stands, and what keeps people from seeing that in Slack.
#[must_use]
pub fn why(incident: &Incident) -> String {
    let stands = match &incident.phase {
        Phase::Handed { reason, .. } => without_causes(&words(incident, reason)),
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Closed { .. } => super::summary::result(incident),
    };
    let asked = &incident.paging.why;
    // Where nothing waits for people, how it stands does not say what they are called for.
    let goes_on = match &incident.phase {
        Phase::Running
        | Phase::Settling { .. }
        | Phase::Closed { .. }
        | Phase::Handed {
            reason: HandoffReason::TakenOver { .. } | HandoffReason::Rejected { .. },
            ..
        } => true,
        Phase::Handed { .. } | Phase::Planning { .. } | Phase::Proposed => false,
    };
    if (incident.card.is_none() || goes_on) && !asked.is_empty() && !stands.contains(asked.as_str()) {
        format!("{asked}; {stands}")
    } else {
        stands
    }
}

/// The record as `custom_details` of a page.
#[must_use]
pub fn details(incident: &Incident) -> Value {
    serde_json::to_value(record(incident)).unwrap_or_else(|error| json!({"cut": error.to_string()}))
}
