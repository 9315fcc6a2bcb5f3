//! The one function that words an answer for a person. Plain text; whoever posts it escapes it.

use super::escape::Mrkdwn;
use super::{freezing, policy, reasons, summary, thread, words};
use crate::domain::command::{Answer, RunbookLine, StatusLine};
use crate::domain::event::Judgement;
use crate::domain::incident::{ClosedAs, Incident, Phase};
use crate::domain::text::shortened;

/// Characters of a runbook's text in an ephemeral answer; the modal has all of it.
const RUNBOOK_MOST: usize = 2_500;

/// What a person is told.
#[must_use]
pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Approved { have, need } if have >= need => {
            "Approved. The card shows what follows.".to_owned()
        }
        Answer::Approved { have, need } => {
            format!("Your approval counts: {have} of {need}. It waits for another person.")
        }
        Answer::Rejected => "Rejected. Nothing runs; the incident is yours now.".to_owned(),
        Answer::Modified { plan } => {
            format!(
                "Plan {plan} is being made from your changes. Earlier approvals are void, and somebody else has to approve it."
            )
        }
        Answer::Escalated => "A human is being paged.".to_owned(),
        Answer::TakenOver => {
            "You have it. Interlock starts nothing more; a step that runs is finished.".to_owned()
        }
        Answer::Closed {
            incident,
            still_firing: false,
        } => format!("{incident} is closed. Its summary is in the thread."),
        Answer::Closed {
            incident,
            still_firing: true,
        } => format!(
            "{incident} is closed. Its alert has not resolved: when its source says firing again, a new incident opens."
        ),
        Answer::ProposedAgain => "The plan is being made again; it needs a fresh approval.".to_owned(),
        Answer::Chosen { runbook } => format!("{runbook} it is. Its plan is being made."),
        Answer::Ticked => "Noted.".to_owned(),
        Answer::Judged(judgement) => judged(*judgement).to_owned(),
        Answer::Frozen { scope, unknown, ran } => freezing::frozen(scope, unknown.as_ref(), ran),
        Answer::Unfrozen { scope, left } => freezing::lifted(scope, left),
        Answer::Again => "That was taken already.".to_owned(),
        Answer::Refused(refusal) => reasons::refusal(refusal),
        Answer::Runbooks(lines) => runbooks(lines),
        Answer::Runbook { name, title, source } => format!("{title} ({name})\n{source}"),
        Answer::Started {
            incident,
            elsewhere: None,
        } => format!("{incident} is open; its card comes in a moment."),
        Answer::Started {
            incident,
            elsewhere: Some(channel),
        } => format!(
            "{incident} is open; its card comes in {channel} in a moment. I am not a member of this channel: /invite me to have it here."
        ),
        Answer::Status(lines) => status(lines),
        Answer::StatusOf(incident) => format!("{}: {}.", incident.id, summary::result(incident)),
        Answer::WhyOf(incident) => why(incident),
        Answer::Who { incident, access } => policy::who(*incident, access.as_deref()),
        Answer::Help => help(),
        Answer::FormNotOpened => {
            "The form did not open: Slack allows three seconds between a click and its form, and they had passed. Nothing was done. Press the button again.".to_owned()
        }
        Answer::NotUnderstood { text } => {
            format!("`{}` is nothing that I know.\n{}", shortened(text, 60), help())
        }
    }
}

fn judged(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Worked => "Noted: it worked. The plan goes on.",
        Judgement::Failed => "Noted: it did not work. The runbook says what follows.",
    }
}

/// The same as Slack's mrkdwn, every line escaped.
#[must_use]
pub fn slack_answer(given: &Answer) -> String {
    if let Answer::Runbook { name, title, source } = given {
        let head = Mrkdwn::escape(&format!("{title} ({name})"));
        return format!("*{head}*\n{}", thread::fenced(&shortened(source, RUNBOOK_MOST)));
    }
    if let Answer::Who { incident, access } = given {
        return policy::who_slack(*incident, access.as_deref());
    }
    if let Answer::Started {
        incident,
        elsewhere: Some(channel),
    } = given
        && is_channel_id(channel.as_str())
    {
        return format!(
            "{incident} is open; its card comes in <#{channel}> in a moment. I am not a member of this channel: `/invite` me to have it here."
        );
    }
    let text = answer(given);
    let lines: Vec<String> = text
        .lines()
        .map(|line| Mrkdwn::escape(line).to_string())
        .collect();
    lines.join("\n")
}

fn is_channel_id(text: &str) -> bool {
    text.len() > 3
        && text.starts_with(['C', 'G'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// What `/runbook` understands.
#[must_use]
pub fn help() -> String {
    "/runbook list: the runbooks\n\
     /runbook show NAME: one of them, whole\n\
     /runbook run NAME key=value …: propose it now; it goes through the same gate\n\
     /runbook status: what is open\n\
     /runbook close INC-1 REASON: it is over (once a human has it)\n\
     /runbook freeze REASON: no step starts, anywhere\n\
     /runbook freeze cluster NAME REASON, or namespace NAME, or runbook NAME: no step starts there\n\
     /runbook unfreeze REASON: lift it (another person than who froze)\n\
     /runbook help: this\n\
     /runbook status INC-1, /runbook why INC-1: how one stands, and why this runbook\n\
     /runbook who INC-1: who may approve it, what is in the way, and whether you may\n\
     In a thread, mention me with `status`, `why` or `who`."
        .to_owned()
}

fn runbooks(lines: &[RunbookLine]) -> String {
    if lines.is_empty() {
        return "No runbook is loaded. Put Markdown files into the folder that runbooks.path names; `interlock check` says what is wrong with one.".to_owned();
    }
    let line = |runbook: &RunbookLine| {
        let kind = if runbook.prose {
            "checklist".to_owned()
        } else {
            words::counted(runbook.steps, "step")
        };
        format!("{}: {} ({kind})", runbook.name, runbook.title)
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn status(lines: &[StatusLine]) -> String {
    if lines.is_empty() {
        return "Nothing is open.".to_owned();
    }
    let line = |line: &StatusLine| {
        format!(
            "{} ({}): {}. {}",
            line.incident,
            line.severity,
            line.title,
            phase(&line.phase)
        )
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Where an incident stands, in a short sentence.
#[must_use]
pub fn phase(phase: &Phase) -> String {
    match phase {
        Phase::Planning { .. } => "A plan is being made.".to_owned(),
        Phase::Proposed => "A plan waits for a decision.".to_owned(),
        Phase::Running => "Running.".to_owned(),
        Phase::Settling { .. } => "Verified; waiting for the source.".to_owned(),
        Phase::Handed { reason, .. } => format!("With a human: {}.", reason.words()),
        Phase::Closed {
            result: ClosedAs::Resolved,
            ..
        } => "Resolved.".to_owned(),
        Phase::Closed {
            result: ClosedAs::AlertCleared,
            ..
        } => "The alert went away.".to_owned(),
        Phase::Closed {
            result: ClosedAs::DryRun,
            ..
        } => "Dry run complete.".to_owned(),
        Phase::Closed {
            result: result @ ClosedAs::ByPerson { .. },
            ..
        } => format!("{}.", words::sentence(&super::timeline::closed_by(result))),
    }
}

fn why(incident: &Incident) -> String {
    let mut lines = vec![format!("{}: {}", incident.id, incident.title)];
    if let Some(matched) = &incident.matched {
        lines.extend(matched.explanation.iter().cloned());
    }
    if let Some(track) = incident.current() {
        for step in track.plan.live_steps() {
            lines.push(format!(
                "Step {} is {}: {}. {}",
                step.no, step.tier, step.tier_reason, step.plain
            ));
        }
    }
    lines.join("\n")
}
