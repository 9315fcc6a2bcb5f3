//! The card of one incident, from its state alone. The same state gives the same card, byte for byte, so that a card
//! which would not change isn't sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::blocks::{context as small, section};
use super::context::CardContext;
use super::steps::{TITLE, advised, brief, environments, full, namespaces, shown_whole, targets};
use super::text::{clock, count, cut, day, link, safe};
use super::{buttons, changes, closed, evidence, silence, status, unknown};
use crate::domain::alert::{Alert, Severity, UNREAD_START};
use crate::domain::ids::StepNo;
use crate::domain::incident::{HandoffReason, Incident, Phase, PlanTrack};
use crate::domain::plan::Plan;
use crate::render::escape::Mrkdwn;
use crate::slack::settings::Words;

/// What began longer before it came than this says on which day.
const A_DAY: SignedDuration = SignedDuration::from_hours(20);

/// What Slack gets: blocks, and the one sentence for lock screens and screen readers.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub blocks: Vec<Value>,
    pub text: String,
}

/// Draws the card.
#[must_use]
pub fn render(incident: &Incident, context: &CardContext, words: &Words) -> Rendered {
    let blocks = if matches!(incident.phase, Phase::Closed { .. }) {
        let mut blocks = closed::blocks(incident);
        blocks.extend(buttons::cause(incident, context));
        blocks
    } else {
        open(incident, context, words)
    };
    Rendered {
        blocks,
        text: sentence(incident),
    }
}

/// A card that Slack can't refuse: one section without anything foreign in it. Used when the full one was refused.
#[must_use]
pub fn minimal(incident: &Incident) -> Rendered {
    let text = format!(
        "*{}* ({}) needs a look. Its card could not be shown; use `/runbook status {}` or mention me here with `status`.",
        incident.id, incident.severity, incident.id
    );
    Rendered {
        blocks: vec![section(&text)],
        text: format!("{} needs a look", incident.id),
    }
}

fn open(incident: &Incident, context: &CardContext, words: &Words) -> Vec<Value> {
    let mut blocks = vec![section(&title(incident))];
    if let Some(mode) = status::mode(context) {
        blocks.push(section(mode));
    }
    blocks.extend(status::broken(context).as_deref().map(section));
    blocks.extend(status::glass(incident, context).as_deref().map(section));
    blocks.extend(status::frozen(incident, context).as_deref().map(section));
    blocks.extend(status::not_now(incident, context).as_deref().map(section));
    if let Some(unknown) = incident.unknown_step() {
        blocks.extend(unknown::blocks(incident, unknown, context, words));
        blocks.extend(buttons::row(incident, context));
        blocks.push(footer(incident, context));
        return blocks;
    }
    let mut stands = status::now(incident, context, words);
    for line in [status::next(incident), status::attended(incident)]
        .into_iter()
        .flatten()
    {
        stands.push('\n');
        stands.push_str(&line);
    }
    blocks.push(section(&stands));
    blocks.extend(status::moved(incident).as_deref().map(section));
    blocks.extend(status::tried_before(incident).as_deref().map(section));
    blocks.extend(changes::joined(incident).as_deref().map(section));
    blocks.extend(changes::lines(incident).as_deref().map(section));
    blocks.extend(changes::similar(incident).as_deref().map(section));
    blocks.extend(status::refused(incident).as_deref().map(section));
    let why = status::why(incident);
    if let Some(track) = incident.current() {
        let evidence = evidence::lines(incident);
        blocks.extend(plan(incident, track, why.as_deref(), evidence.as_deref()));
    } else {
        blocks.extend(why.as_deref().map(section));
        // No plan came of it: whoever takes over begins with what was read all the same.
        blocks.extend(evidence::lines(incident).as_deref().map(section));
    }
    blocks.extend(silence::blocks(incident, context));
    blocks.extend(buttons::cause(incident, context));
    blocks.extend(buttons::candidates(incident, context));
    blocks.extend(buttons::checklist(incident, context));
    blocks.extend(buttons::row(incident, context));
    blocks.push(footer(incident, context));
    blocks
}

/// When it began, with the day where that was another.
fn began(incident: &Incident) -> String {
    let at = incident.began_at();
    if incident.opened_at.duration_since(at) < A_DAY {
        clock(at)
    } else {
        day(at)
    }
}

fn title(incident: &Incident) -> String {
    let mut facts = vec![format!("*{}*", severity(incident.severity))];
    facts.extend(
        incident
            .service
            .as_ref()
            .map(|service| safe(service.as_str(), 80)),
    );
    facts.extend(
        incident
            .environment
            .as_ref()
            .map(|environment| safe(environment, 60)),
    );
    facts.push(format!("since {}", began(incident)));
    let unread = incident
        .first_alert()
        .and_then(|alert| alert.annotations.get(UNREAD_START));
    if let Some(written) = unread {
        facts.push(format!(
            "when it came; its sender's own start, \"{}\", is no time",
            safe(written, 60)
        ));
    }
    facts.extend(counted(incident));
    let cut = usize::try_from(incident.cut_off()).unwrap_or(usize::MAX);
    if cut > 0 {
        let which = if incident.firing().next().is_none() {
            ": whether they are over is not known"
        } else {
            ""
        };
        facts.push(format!(
            "{} more left out by the sender (`max_alerts`){which}",
            count(cut, "alert")
        ));
    }
    let described = incident
        .first_alert()
        .map(|alert| alert.description.trim())
        .filter(|text| !text.is_empty());
    let described = described
        .map(|text| format!("\n{}", safe(text, 400)))
        .unwrap_or_default();
    format!(
        "*{}*\n{}{described}",
        safe(&incident.title, 250),
        facts.join(" · ")
    )
}

/// How many alerts it has and how many of them fire, and how often they did where one of them came back.
fn counted(incident: &Incident) -> Vec<String> {
    let alert = |alert: &Arc<Alert>| (alert.source.clone(), alert.fingerprint.clone());
    let all: BTreeSet<_> = incident
        .episodes
        .iter()
        .map(|episode| alert(&episode.alert))
        .collect();
    let firing: BTreeSet<_> = incident.firing().map(alert).collect();
    let mut facts = Vec::new();
    match (all.len(), firing.len()) {
        (0 | 1, 1..) => {}
        (0 | 1, 0) => facts.push("the alert has cleared".to_owned()),
        (all, 0) => facts.push(format!("all {all} alerts have cleared")),
        (all, firing) => facts.push(format!("{firing} of {all} alerts firing")),
    }
    let times = incident.episodes.len() + incident.let_go;
    if times > all.len() {
        facts.push(format!("fired {times} times in all"));
    }
    facts
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "Severity unknown",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "CRITICAL",
    }
}

/// What is proposed, ran or would run.
fn plan(incident: &Incident, track: &PlanTrack, why: Option<&str>, evidence: Option<&str>) -> Vec<Value> {
    let plan = &track.plan;
    let on = on(plan);
    let changed = plan
        .modified_from
        .map(|no| format!(" (plan {}, changed from plan {no})", plan.no))
        .unwrap_or_default();
    let verb = verb(&incident.phase);
    let steps = count(plan.live_steps().count(), "step");
    // Once it runs, what happened matters more than why it was chosen.
    let why = why.filter(|_| track.run.started_at.is_none());
    let why = why.map(|why| format!("\n{why}")).unwrap_or_default();
    let told = stopped_at(&incident.phase);
    let mut blocks = vec![section(&format!(
        "*{verb}: {}*, {steps}{on}{changed}{why}",
        safe(&plan.title, TITLE)
    ))];
    blocks.extend(advised(plan).as_deref().map(section));
    blocks.extend(evidence.map(section));
    if track.run.started_at.is_some() {
        blocks.extend(brief(plan, &track.run, told));
    } else if shown_whole(plan) {
        blocks.extend(full(plan, track.is_offered()));
    } else {
        blocks.extend(brief(plan, &track.run, told));
        blocks.push(section(&format!(
            "{steps} in all, too long to show here whole. *Review plan* shows everything; it is approved from there."
        )));
    }
    blocks
}

/// Behind the number of steps: what they act on, and where.
fn on(plan: &Plan) -> String {
    let targets: Vec<String> = targets(plan).into_iter().collect();
    let on = match targets.len() {
        0 => String::new(),
        1..=3 => format!(" on {}", safe(&targets.join(", "), 300)),
        n => format!(" on {n} targets in {}", count(namespaces(plan), "namespace")),
    };
    let mut places: Vec<String> = environments(plan).into_iter().collect();
    // A namespace that is called like its environment has said it.
    places.retain(|place| {
        !targets
            .iter()
            .all(|target| target.starts_with(&format!("{place}/")))
            || targets.is_empty()
    });
    match (places.len(), on.as_str()) {
        (0, _) => on,
        (_, "") => format!(", environment {}", cut(&places.join(" and "), 120)),
        _ => format!("{on}, environment {}", cut(&places.join(" and "), 120)),
    }
}

fn verb(phase: &Phase) -> &'static str {
    match phase {
        Phase::Planning { .. } | Phase::Proposed => "Proposed",
        Phase::Running | Phase::Settling { .. } | Phase::Closed { .. } => "Runbook",
        Phase::Handed { reason, .. } => match reason {
            HandoffReason::DryRun | HandoffReason::Shadow => "Would run",
            HandoffReason::NoMatch
            | HandoffReason::SeveralMatch
            | HandoffReason::Unsure
            | HandoffReason::Flapping { .. }
            | HandoffReason::Checklist
            | HandoffReason::PlanBlocked { .. }
            | HandoffReason::Denied
            | HandoffReason::Rejected { .. }
            | HandoffReason::NoDecision
            | HandoffReason::Void { .. }
            | HandoffReason::StepStopped { .. }
            | HandoffReason::SourceRefused { .. }
            | HandoffReason::NotVerified { .. }
            | HandoffReason::StillFiring
            | HandoffReason::TakenBack { .. }
            | HandoffReason::TakenOver { .. }
            | HandoffReason::AskedFor { .. } => "Runbook",
        },
    }
}

/// The step whose end is why a human has it.
fn stopped_at(phase: &Phase) -> Option<StepNo> {
    match phase {
        Phase::Handed {
            reason: HandoffReason::StepStopped { step, .. },
            ..
        } => Some(*step),
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Handed { .. }
        | Phase::Closed { .. } => None,
    }
}

fn footer(incident: &Incident, context: &CardContext) -> Value {
    let mut ids = vec![incident.id.to_string(), safe(incident.source.as_str(), 40)];
    if let Some(track) = incident.current() {
        let revision = track.plan.runbook_revision.as_str().trim_start_matches("sha256:");
        ids.push(format!(
            "plan {} ({})",
            track.plan.no,
            safe(track.digest.short(), 12)
        ));
        ids.push(format!(
            "runbook {} at {}",
            safe(track.plan.runbook.as_str(), 80),
            safe(revision.get(..12).unwrap_or(revision), 40)
        ));
    }
    if incident.repeats > 1 {
        ids.push(format!("its alerts came {} times", incident.repeats + 1));
    }
    let mut lines = vec![ids.join(" · ")];
    lines.extend(
        context
            .owner
            .as_deref()
            .map(|owner| format!("belongs to {}", safe(owner, 120))),
    );
    lines.extend(source(incident));
    small(&lines)
}

/// The first address that the alert gave.
fn source(incident: &Incident) -> Option<String> {
    link(&incident.first_alert()?.links.first()?.url)
}

/// For lock screens and screen readers: one whole sentence.
fn sentence(incident: &Incident) -> String {
    let steps = |track: &PlanTrack| count(track.plan.live_steps().count(), "step");
    let rest = match (&incident.phase, incident.current()) {
        (Phase::Planning { .. }, _) => "A proposal is being prepared.".to_owned(),
        (Phase::Proposed, Some(track)) if track.approval.is_pending() => {
            format!(
                "{} of {} wait for approval.",
                steps(track),
                cut(&track.plan.title, 80)
            )
        }
        (Phase::Proposed, _) => "The proposal is decided.".to_owned(),
        (Phase::Running, Some(_)) if incident.unknown_step().is_some() => {
            "Nobody knows whether a step happened; a person has to say.".to_owned()
        }
        (Phase::Running, Some(track)) => {
            let (done, meant) = track.run.progress(&track.plan);
            format!("Running, {done} of {meant} steps done.")
        }
        (Phase::Running, None) => "Running.".to_owned(),
        (Phase::Settling { .. }, _) => "Fixed and verified, waiting for the source.".to_owned(),
        (Phase::Handed { .. }, _) => match incident.in_hands_of() {
            Some(name) => format!("@{name} has it."),
            None => "It needs a human.".to_owned(),
        },
        (Phase::Closed { .. }, _) => "It is over.".to_owned(),
    };
    let text = format!(
        "{} {}: {}. {rest}",
        incident.id,
        incident.severity,
        cut(incident.title.trim_end_matches('.'), 150)
    );
    cut(Mrkdwn::escape(&text).as_str(), 300)
}

/// The state of the card as bytes to compare; `None` never equals anything.
impl Rendered {
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "text": self.text, "blocks": self.blocks, "unfurl_links": false, "unfurl_media": false,
        })
    }
}
