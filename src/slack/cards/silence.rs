//! The silence on a card: what is proposed, who may approve it, until when it holds, and that it has ended.

use serde_json::{Value, json};

use super::blocks::{Style, button, confirm, section};
use super::context::CardContext;
use super::text::{clock, count, safe};
use crate::domain::incident::Incident;
use crate::domain::silence::{self, Silence, SilenceEnd, SilenceRef, SilenceState};
use crate::render::people;
use crate::render::silences::{elsewhere, ended, matchers, minutes};
use crate::render::words::sentence;
use crate::slack::surface::action;

/// Characters of matchers that a card shows, at most; more can't be approved here.
const MATCHERS: usize = 1_500;

/// The menu offers it where there is too much of something that can be silenced, and no silence is under way.
pub fn may_propose(incident: &Incident) -> bool {
    let live = incident.silence().is_some_and(|known| known.state.is_live());
    !live && incident.is_noisy() && silence::offer(incident).is_some()
}

/// What stands on an open card, with the buttons where it waits for people.
pub fn blocks(incident: &Incident, context: &CardContext) -> Vec<Value> {
    let Some(silence) = incident.silence() else {
        return Vec::new();
    };
    match &silence.state {
        SilenceState::Proposed => proposed(incident, silence, context),
        SilenceState::Approved { .. } => vec![section(&format!(
            "*Silence approved*{}: it is being made in Alertmanager.",
            by(silence)
        ))],
        SilenceState::Active { .. } => holds(incident).as_deref().map(section).into_iter().collect(),
        SilenceState::Failed { why } => vec![section(&format!(
            "*Not silenced*: {}. Propose it again when that is mended.",
            safe(why.trim_end_matches('.'), 400)
        ))],
        SilenceState::Ended { at, how, firing } => match how {
            SilenceEnd::RanOut | SilenceEnd::EndedElsewhere => {
                vec![section(&format!(
                    "*{}* ({})",
                    sentence(&ended(*how, *firing)),
                    clock(*at)
                ))]
            }
            SilenceEnd::NotDecided | SilenceEnd::Over | SilenceEnd::DryRun | SilenceEnd::Void => {
                vec![section(&format!("{}.", sentence(&ended(*how, *firing))))]
            }
        },
        SilenceState::Rejected { .. } => Vec::new(),
    }
}

/// That something is silenced, and until when.
pub fn holds(incident: &Incident) -> Option<String> {
    let silence = incident.silence()?;
    let SilenceState::Active { ends_at, .. } = &silence.state else {
        return None;
    };
    Some(format!(
        "*SILENCED until {}*{}: {}\nWhy: {}",
        clock(*ends_at),
        by(silence),
        safe(&matchers(&silence.draft.matchers), MATCHERS),
        safe(&silence.draft.reason, 300)
    ))
}

fn by(silence: &Silence) -> String {
    let names: Vec<String> = silence
        .votes
        .iter()
        .map(|vote| format!("@{}", safe(&vote.name, 60)))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", approved by {}", names.join(" and "))
    }
}

/// The approvals that there are, as a sentence after another.
fn have(silence: &Silence) -> String {
    match silence.votes.len() {
        0 => String::new(),
        votes => format!(
            " {}{}.",
            count(votes, "approval"),
            by(silence).trim_start_matches(", approved")
        ),
    }
}

fn proposed(incident: &Incident, silence: &Silence, context: &CardContext) -> Vec<Value> {
    let draft = &silence.draft;
    let shown = matchers(&draft.matchers);
    let all = incident.firing().count();
    let hidden = incident.firing().filter(|alert| draft.covers(alert)).count();
    let beside = match elsewhere(&draft.elsewhere) {
        Some(beside) => format!("*{beside}*"),
        None => "no other open incident had an alert with these labels when it was proposed".to_owned(),
    };
    let may = match context.silence_may.as_slice() {
        each @ [] => people::may_approve(each),
        each => format!(
            "{} Who proposed it may not, unless the policy says so.",
            people::may_approve(each)
        ),
    };
    let have = have(silence);
    let text = format!(
        "*Proposed silence* by @{}, for {} from its approval: {}\nWhy: {}\nHides {hidden} of {} here; {beside}. What begins to fire with these labels is hidden as well. Decide by {}.{have} {may}",
        safe(&silence.by.name, 60),
        minutes(draft.minutes),
        safe(&shown, MATCHERS),
        safe(&draft.reason, 300),
        count(all, "firing alert"),
        clock(silence.approve_by),
    );
    let at = SilenceRef {
        incident: incident.id,
        no: draft.no,
        mark: draft.mark(),
    };
    let value = context.origin.silence(&at);
    let of = |deed: &str| format!("{deed} the silence of {}", incident.id);
    let mut elements = Vec::new();
    // What is not shown whole is not approved.
    if shown.chars().count() <= MATCHERS && context.broken.is_none() {
        let mut yes = button(
            "Approve silence",
            &of("Approve"),
            action::SILENCE_APPROVE,
            &value,
            Style::Plain,
        );
        let effect = format!("Nobody hears of these alerts for {}.", minutes(draft.minutes));
        yes["confirm"] = confirm("Silence it?", &effect, "Silence");
        elements.push(yes);
    }
    elements.push(button(
        "Reject silence",
        &of("Reject"),
        action::SILENCE_REJECT,
        &value,
        Style::Plain,
    ));
    let block = format!("silence.{value}");
    vec![
        section(&text),
        json!({"type": "actions", "block_id": block, "elements": elements}),
    ]
}
