//! The summary of an incident, rendered from the journal's entries: for the thread, `interlock report` and managers.

use serde::Serialize;

use super::escape::Mrkdwn;
use super::handoff::{self, Packet};
use super::{thread, timeline, words};
use crate::domain::event::{Entry, Event};
use crate::domain::incident::{ClosedAs, Incident, Phase, PlanTrack, SettlesBy};
use crate::domain::text::shortened;

const TEMPLATE: &str = include_str!("../../templates/summary.md");

/// What the template sees. All text is plain; the template is ours.
#[derive(Clone, Debug, Serialize)]
pub struct SummaryView {
    pub incident: String,
    pub title: String,
    pub duration: String,
    pub runbook: Option<String>,
    pub revision: Option<String>,
    /// Steps that were started, of the plans of which something ran; of how many that were meant to run.
    pub done: usize,
    pub meant: usize,
    /// How many of those failed, or may have.
    pub failed: usize,
    pub approved_by: String,
    /// Who broke the glass and why, each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glass_broken_by: Option<String>,
    pub result: String,
    /// What people were given, when it came to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Packet>,
    /// Why it came to them and who had it, as far as the result does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<String>,
    pub timeline: Vec<TimelineLine>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TimelineLine {
    /// `03:14:07`, UTC.
    pub at: String,
    pub text: String,
}

/// What the summary says, before it is text.
#[must_use]
pub fn view(entries: &[Entry], incident: &Incident) -> SummaryView {
    let end = match &incident.phase {
        // What is written about it later doesn't make it longer.
        Phase::Closed { at, .. } => *at,
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Handed { .. } => entries.last().map_or(incident.opened_at, |entry| entry.at),
    };
    let track = incident.current();
    let (done, meant, failed) = executed(incident);
    let result = result(incident);
    let handoff = handoff(entries, incident);
    SummaryView {
        handed_over: handoff.as_ref().and_then(|packet| handed_over(packet, &result)),
        incident: incident.id.to_string(),
        title: incident.title.clone(),
        duration: words::duration(end.duration_since(incident.began_at())),
        runbook: track.map(|track| track.plan.runbook.to_string()),
        revision: track.map(|track| track.plan.runbook_revision.as_str().chars().take(19).collect()),
        done,
        meant,
        failed,
        approved_by: approved_by(incident),
        glass_broken_by: glass_broken_by(entries),
        result,
        handoff,
        timeline: lines(entries, incident),
    }
}

/// A plan of which nothing has run counts only where there is no other.
fn executed(incident: &Incident) -> (usize, usize, usize) {
    let ran = |track: &&PlanTrack| track.run.started_at.is_some();
    let mut tracks: Vec<&PlanTrack> = incident.plans.iter().filter(ran).collect();
    if tracks.is_empty() {
        tracks.extend(incident.current());
    }
    let all = tracks.iter().map(|track| track.run.executed(&track.plan));
    all.fold((0, 0, 0), |all, one| {
        (all.0 + one.0, all.1 + one.1, all.2 + one.2)
    })
}

/// The packet of the last handover.
fn handoff(entries: &[Entry], incident: &Incident) -> Option<Packet> {
    entries.iter().rev().find_map(|entry| {
        let Event::HandedOver { reason, .. } = &entry.event else {
            return None;
        };
        Some(Packet {
            reason: handoff::words(incident, reason),
            ..handoff::record(incident)
        })
    })
}

/// `nobody decided in time; ana had it`.
fn handed_over(packet: &Packet, result: &str) -> Option<String> {
    let why = (!result.contains(&packet.reason)).then(|| packet.reason.clone());
    let had = packet.commander.as_ref().map(|name| format!("{name} had it"));
    let parts: Vec<String> = why.into_iter().chain(had).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// A line for each thing that happened. Alerts that only join or resolve come by the hundred in a storm: a run of them
/// is one line.
fn lines(entries: &[Entry], incident: &Incident) -> Vec<TimelineLine> {
    let mut lines = Vec::new();
    let mut rest = entries;
    while let Some(entry) = rest.first() {
        let run = rest
            .iter()
            .take_while(|next| is_crowd(entry) && next.event.kind() == entry.event.kind())
            .count();
        let text = match (&entry.event, run) {
            (Event::Joined { .. }, 2..) => Some(format!("{run} more alerts joined")),
            (Event::AlertResolved { .. }, 2..) => Some(format!("{run} alerts resolved")),
            (event, _) => timeline::line(event, incident),
        };
        lines.extend(text.map(|text| TimelineLine {
            at: words::clock(entry.at),
            text,
        }));
        rest = rest.get(run.max(1)..).unwrap_or_default();
    }
    lines
}

fn is_crowd(entry: &Entry) -> bool {
    matches!(entry.event, Event::Joined { .. } | Event::AlertResolved { .. })
}

/// The summary as plain Markdown text.
///
/// # Errors
/// When the template can't be rendered: a defect of this build.
pub fn text(entries: &[Entry], incident: &Incident) -> Result<String, tera::Error> {
    let mut tera = tera::Tera::default();
    tera.add_raw_template("summary.md", TEMPLATE)?;
    let context = tera::Context::from_serialize(&view(entries, incident))?;
    tera.render("summary.md", &context)
}

/// Characters of a timeline in one message; Slack cuts longer ones.
const TIMELINE_MOST: usize = 2_600;
/// Of these for how it began; the rest is for how it ended.
const BEGINNING: usize = 1_000;

/// The summary as Slack's mrkdwn, every value escaped.
#[must_use]
pub fn slack(entries: &[Entry], incident: &Incident) -> String {
    let view = view(entries, incident);
    let value = |text: &str| Mrkdwn::escape(text).to_string();
    let runbook = match (&view.runbook, &view.revision) {
        (Some(name), Some(revision)) => format!("{} ({})", value(name), value(revision)),
        (Some(_), None) | (None, _) => "none".to_owned(),
    };
    let lines: Vec<String> = view
        .timeline
        .iter()
        .map(|line| format!("{}  {}", line.at, shortened(&line.text, 160)))
        .collect();
    let glass = view.glass_broken_by.as_deref();
    let glass = glass.map_or_else(String::new, |by| format!("*Glass broken by:* {}\n", value(by)));
    let packet = packet(&view);
    let packet = if packet.is_empty() {
        String::new()
    } else {
        format!("{}\n", packet.join("\n"))
    };
    format!(
        "*Summary {}{}: {}*\n*Duration:* {}\n*Runbook:* {runbook}\n*Steps executed:* {}/{}{}\n*Approved by:* {}\n{glass}*Result:* {}\n{packet}{}",
        if incident.is_open() { "so far of " } else { "of " },
        view.incident,
        value(&view.title),
        view.duration,
        view.done,
        view.meant,
        if view.failed == 0 {
            String::new()
        } else {
            format!(", {} failed", view.failed)
        },
        value(&view.approved_by),
        value(&view.result),
        thread::fenced(&fitting(&lines, incident)),
    )
}

/// The handover packet, which the page and the thread had as well.
fn packet(view: &SummaryView) -> Vec<String> {
    let head = view.handed_over.as_ref();
    let head = head.map(|said| format!("*Handoff:* {}", Mrkdwn::escape(said)));
    let body = view.handoff.iter().flat_map(handoff::body);
    head.into_iter().chain(body).collect()
}

/// As many lines as one message takes: how it began and how it ended, and where the rest is.
fn fitting(lines: &[String], incident: &Incident) -> String {
    let length = |line: &String| line.chars().count().saturating_add(1);
    if lines.iter().map(length).sum::<usize>() <= TIMELINE_MOST {
        return lines.join("\n");
    }
    let within = |room: usize, lines: &mut dyn Iterator<Item = &String>| {
        let mut room = room;
        lines
            .take_while(|line| {
                let fits = length(line) <= room;
                room = room.saturating_sub(length(line));
                fits
            })
            .count()
    };
    let first = within(BEGINNING, &mut lines.iter());
    let (head, rest) = lines.split_at(first);
    let last = within(TIMELINE_MOST - BEGINNING - 100, &mut rest.iter().rev());
    let (left_out, tail) = rest.split_at(rest.len() - last);
    let between = format!(
        "… {} left out: `interlock report {}` has all of it …",
        words::counted(left_out.len(), "line"),
        incident.id
    );
    [head.join("\n"), between, tail.join("\n")].join("\n")
}

/// Of the plans that ran, and of the one that counts now: what was void counts for nothing.
fn approved_by(incident: &Incident) -> String {
    let mut names = Vec::new();
    for track in incident.tried() {
        let alone = track.runs_alone().then_some("the policy (auto)");
        for name in track.approvers().into_iter().chain(alone) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}

/// `ana (nobody else is awake)`.
fn glass_broken_by(entries: &[Entry]) -> Option<String> {
    let broken = entries.iter().filter_map(|entry| match &entry.event {
        Event::GlassBroken { by, reason, .. } => Some(format!("{} ({})", by.name, shortened(reason, 150))),
        _ => None,
    });
    let broken: Vec<String> = broken.collect();
    (!broken.is_empty()).then(|| broken.join(", "))
}

/// How it stands, in words.
#[must_use]
pub fn result(incident: &Incident) -> String {
    match &incident.phase {
        Phase::Planning { .. } => "a plan is being made".to_owned(),
        Phase::Proposed => "a plan waits for a decision".to_owned(),
        Phase::Running => match incident.unknown_step() {
            Some((_, step)) => format!("nobody knows whether step {step} happened; a person has to say"),
            None => "running".to_owned(),
        },
        Phase::Settling {
            by: SettlesBy::Resolving,
            ..
        } => "verified; waiting for the source to say resolved".to_owned(),
        Phase::Settling {
            by: SettlesBy::Staying,
            until,
        } => format!(
            "verified and resolved; it counts when it stays so until {}",
            words::clock(*until)
        ),
        Phase::Handed { reason, .. } => format!("handed over: {}", handoff::words(incident, reason)),
        Phase::Closed {
            result: ClosedAs::Resolved,
            ..
        } => match incident.result() {
            Some(_) => format!("resolved; {}", timeline::ran(incident)),
            None => "resolved".to_owned(),
        },
        Phase::Closed {
            result: ClosedAs::AlertCleared,
            ..
        } => "the alert went away".to_owned(),
        Phase::Closed {
            result: ClosedAs::DryRun,
            ..
        } => "dry run complete; nothing was run".to_owned(),
        Phase::Closed {
            result: result @ (ClosedAs::ByPerson { .. } | ClosedAs::Merged { .. }),
            ..
        } => match incident.result() {
            Some(_) => format!("{}; {}", timeline::closed_by(result), timeline::ran(incident)),
            None => timeline::closed_by(result),
        },
    }
}
