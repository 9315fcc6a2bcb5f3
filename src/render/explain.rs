//! The one function that words an answer for a person. Plain text; whoever posts it escapes it. Longer than other files, since it is one
//! list of what people can be told.

use super::escape::Mrkdwn;
use super::{freezing, heard, oversight, reasons, runbooks, summary, thread, touched, who, words};
use crate::domain::command::{Answer, NotTaken, StatusLine, Then};
use crate::domain::event::Judgement;
use crate::domain::freeze::{FileSeen, Held};
use crate::domain::glass::Glass;
use crate::domain::ids::{Channel, IncidentId, PlanNo};
use crate::domain::incident::{ClosedAs, HandoffReason, Incident, Phase, SettlesBy};
use crate::domain::runbook::RefusedLine;
use crate::domain::text::shortened;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Characters of a runbook's text in an ephemeral answer; the modal has all of it.
const RUNBOOK_MOST: usize = 2_500;

/// What a person is told.
#[must_use]
pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Approved { have, need } => approved(*have, *need),
        Answer::Rejected => "Rejected. Nothing runs; the incident is yours now.".to_owned(),
        Answer::Modified { plan } => modified(*plan),
        Answer::Escalated { before } => escalated(*before),
        Answer::TakenOver => {
            "You have it. Interlock starts nothing more; a step that is running now still finishes.".to_owned()
        }
        Answer::Closed {
            incident,
            still_firing,
        } => closed(*incident, *still_firing),
        Answer::SplitOff { incident } => format!("Split off: it is {incident} now, with a card of its own."),
        Answer::Merged {
            from,
            into,
            alerts,
            withdrawn,
        } => merged(*from, *into, *alerts, *withdrawn),
        Answer::ProposedAgain => "The plan is being made again; it needs a fresh approval. You count as the one who asked for it: from Tier 2 up somebody else has to approve.".to_owned(),
        Answer::SeveralFound => "Runbooks were found for it now, and none of them for sure. Choose one on the card; nothing is planned until then.".to_owned(),
        Answer::ChecklistFound => "A runbook is for it now, and it is a checklist for people: it stands on the card. Nothing of it runs by itself.".to_owned(),
        Answer::SilenceProposed => "The silence is proposed on the card. Somebody who may approve a Tier 2 step there has to approve it, and not you unless the policy says so.".to_owned(),
        Answer::SilenceRejected => "Rejected. Nothing is silenced.".to_owned(),
        Answer::Chosen { runbook } => format!("{runbook} it is. Its plan is being made."),
        Answer::Ticked => "Noted.".to_owned(),
        Answer::Judged { judgement, then } => judged(*judgement, then),
        Answer::TakingBack { step } => format!(
            "The plan that takes step {step} back is being made; it needs its own approval. You count as the one who asked for it."
        ),
        Answer::Blamed => "Noted. It stands in the journal and in the summary.".to_owned(),
        Answer::Frozen { scope, unknown, explained, ran } => {
            let said = freezing::frozen(scope, unknown.as_ref(), ran);
            // Behind a list it has a line of its own.
            let between = if said.contains('\n') { '\n' } else { ' ' };
            if *explained { said } else { format!("{said}{between}{}", freezing::say_why(scope)) }
        }
        Answer::Unfrozen { scope, left, file } => freezing::lifted(scope, left, file.as_ref()),
        Answer::Again => "That was taken already.".to_owned(),
        Answer::Refused(refusal) => reasons::refusal(refusal),
        Answer::Runbooks { loaded, refused } => runbooks::list(loaded, refused),
        Answer::Runbook { name, title, source } => format!("{title} ({name})\n{source}"),
        Answer::Started { incident, elsewhere } => started(*incident, elsewhere.as_ref()),
        Answer::GlassBroken { incident, until } => glass_broken(*incident, *until),
        Answer::GlassReviewed { incident } => format!("Reviewed: {incident} waits for nobody any more."),
        Answer::Status { open, frozen, file, glass, refused } => {
            status(open, &stands(frozen, file.as_ref()), glass, refused)
        }
        Answer::StatusOf(incident) => format!("{}: {}.", incident.id, summary::result(incident)),
        Answer::WhyOf(incident) => why(incident),
        Answer::Who { incident, access } => who::plain(*incident, access.as_deref()),
        Answer::Touched { since, all } => touched::list(*since, all),
        Answer::Oversight(report) => oversight::text(report),
        Answer::Help => help(),
        Answer::FormNotOpened => {
            "The form did not open: Slack allows three seconds between a click and its form, and they had passed. Nothing was done. Press the button again.".to_owned()
        }
        Answer::NotTaken(why) => not_taken(why),
        Answer::NotUnderstood { text, problem } => not_understood(text, problem.as_deref()),
    }
}

/// What a person is told who typed it on Interlock's machine.
#[must_use]
pub fn terminal(given: &Answer) -> String {
    match given {
        Answer::Refused(refusal) => reasons::terminal(refusal),
        given => answer(given),
    }
}

fn modified(plan: PlanNo) -> String {
    format!(
        "Plan {plan} is being made from your changes. Earlier approvals are void. You count as the one who asked for it: from Tier 2 up somebody else has to approve."
    )
}

fn approved(have: u8, need: u8) -> String {
    if have >= need {
        "Approved. The card shows what follows.".to_owned()
    } else {
        format!("Your approval counts: {have} of {need}. It waits for another person.")
    }
}

fn glass_broken(glass: IncidentId, until: Timestamp) -> String {
    let until = until.strftime("%H:%M UTC");
    format!(
        "The glass of {glass} is broken until {until}. A human is paged, and another person has to review it afterwards."
    )
}

fn started(incident: IncidentId, elsewhere: Option<&Channel>) -> String {
    match elsewhere {
        None => format!("{incident} is open; its card comes in a moment."),
        Some(channel) => format!(
            "{incident} is open; its card comes in {channel} in a moment. I am not a member of this channel: /invite me to have it here."
        ),
    }
}

fn closed(incident: IncidentId, still_firing: bool) -> String {
    match still_firing {
        false => format!("{incident} is closed. Its summary is in the thread."),
        true => format!(
            "{incident} is closed. Its alert has not resolved: when its source says firing again, a new incident opens."
        ),
    }
}

fn judged(judgement: Judgement, then: &Then) -> String {
    let noted = match judgement {
        Judgement::Worked => "Noted: it worked.",
        Judgement::Failed => "Noted: it did not work.",
    };
    match (then, judgement) {
        (Then::GoesOn, Judgement::Worked) => format!("{noted} The plan goes on."),
        (Then::GoesOn, Judgement::Failed) => format!("{noted} The runbook says what follows."),
        (Then::OnTheCard, _) => format!("{noted} The card shows what follows."),
        (Then::Ends { step, reasons }, _) => format!(
            "{noted} The plan ends here all the same, and a human goes on: step {step} can't start, since {}.",
            reasons::all(reasons)
        ),
    }
}

fn escalated(before: Option<jiff::Timestamp>) -> String {
    match before {
        None => "A human is being paged.".to_owned(),
        Some(at) => format!(
            "A human was paged for this at {} already, and is not paged a second time. The card says whether that reached the pager.",
            at.strftime("%H:%M UTC")
        ),
    }
}

fn not_taken(why: &NotTaken) -> String {
    match why {
        NotTaken::Journal { reason } => format!(
            "That is not confirmed: {}, and without it nothing starts. When the cards no longer say so, look at the card, and press again if it does not show what you did. `interlock freeze --file REASON` on the machine works in any case.",
            broken(reason)
        ),
        NotTaken::Stopping => "That does not count: Interlock is stopping. Try again in a minute.".to_owned(),
        NotTaken::Busy => "That does not count: too much is waiting. Try again in a moment.".to_owned(),
    }
}

/// That the journal can't be written, and why; without a full stop.
#[must_use]
pub fn broken(reason: &str) -> String {
    format!(
        "Interlock can't write its journal ({})",
        reason.trim_end_matches('.')
    )
}

/// Moments, as [`words::at`] writes them, in the zone of each reader.
fn local(line: String) -> String {
    const LENGTH: usize = "2026-11-21 18:04 UTC".len();
    let mut out = String::with_capacity(line.len());
    let mut rest = line.as_str();
    while let Some(end) = rest.find(" UTC").map(|at| at + " UTC".len()) {
        let (before, after) = rest.split_at(end);
        let moment = before
            .len()
            .checked_sub(LENGTH)
            .and_then(|from| before.split_at_checked(from));
        match moment.and_then(|(text, moment)| Some((text, moment, at_utc(moment)?))) {
            Some((text, moment, at)) => out.push_str(&format!(
                "{text}<!date^{}^{{date_short}} {{time}}|{moment}>",
                at.as_second()
            )),
            None => out.push_str(before),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn at_utc(text: &str) -> Option<Timestamp> {
    let read = jiff::civil::DateTime::strptime(words::AT, text).ok()?;
    Some(read.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The same as Slack's mrkdwn, every line escaped, behind the incident that it is about where it does not name it itself:
/// who has clicked on several cards has to know which of them answers. `closed` has in a few words why somebody whom the policy names
/// counts for nothing.
#[must_use]
pub fn slack_answer(
    given: &Answer,
    about: Option<IncidentId>,
    closed: &dyn Fn(&str) -> Option<&'static str>,
) -> String {
    let said = slack_words(given, closed);
    let said = match about {
        Some(incident) => said.replace("INC-n", &incident.to_string()),
        None => said,
    };
    match about.filter(|_| !names_incident(given)) {
        Some(incident) => format!("{incident}: {said}"),
        None => said,
    }
}

/// Whether the answer names its incident, or is about none.
fn names_incident(answer: &Answer) -> bool {
    match answer {
        Answer::Closed { .. }
        | Answer::Merged { .. }
        | Answer::Frozen { .. }
        | Answer::Unfrozen { .. }
        | Answer::Runbooks { .. }
        | Answer::Runbook { .. }
        | Answer::Started { .. }
        | Answer::GlassBroken { .. }
        | Answer::GlassReviewed { .. }
        | Answer::Status { .. }
        | Answer::StatusOf(_)
        | Answer::WhyOf(_)
        | Answer::Who { .. }
        | Answer::Touched { .. }
        | Answer::Oversight(_)
        | Answer::Help
        | Answer::NotUnderstood { .. } => true,
        Answer::Approved { .. }
        | Answer::Rejected
        | Answer::Modified { .. }
        | Answer::Escalated { .. }
        | Answer::TakenOver
        | Answer::ProposedAgain
        | Answer::SeveralFound
        | Answer::ChecklistFound
        | Answer::SilenceProposed
        | Answer::SilenceRejected
        | Answer::SplitOff { .. }
        | Answer::Chosen { .. }
        | Answer::Ticked
        | Answer::Judged { .. }
        | Answer::TakingBack { .. }
        | Answer::Blamed
        | Answer::Again
        | Answer::Refused(_)
        | Answer::FormNotOpened
        | Answer::NotTaken(_) => false,
    }
}

fn slack_words(given: &Answer, closed: &dyn Fn(&str) -> Option<&'static str>) -> String {
    if let Answer::Runbook { name, title, source } = given {
        let head = Mrkdwn::escape(&format!("{title} ({name})"));
        return format!("*{head}*\n{}", thread::fenced(&shortened(source, RUNBOOK_MOST)));
    }
    if let Answer::Who { incident, access } = given {
        return local(who::slack(*incident, access.as_deref(), closed));
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
        .map(|line| local(Mrkdwn::escape(line).to_string()))
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
    "/runbook status: what is open now, and what is frozen\n\
     /runbook status INC-1, /runbook why INC-1: how one stands, and why this runbook was proposed\n\
     /runbook who INC-1: who may approve it, what is in the way, and whether you may\n\
     /runbook touched INC-1, or touched 60s, or touched 1h: every call that was made, and how to take it back\n\
     /runbook oversight 30d: how fast people approve, how much they reject and change, and where nobody looks any more\n\
     /runbook list: the runbooks\n\
     /runbook show NAME: one of them, as it is written\n\
     /runbook run NAME key=value …: propose it now; it needs approval like any other\n\
     /runbook close INC-1 REASON: it is over (once a human has it)\n\
     /runbook merge INC-2 into INC-1: they are the same; INC-2 is closed, and its alerts go to INC-1\n\
     /runbook break-glass INC-1 REASON: for some minutes no window, limit or second approval holds it back\n\
     /runbook reviewed INC-1 WORDS: what you found when you looked at a broken glass\n\
     /runbook freeze REASON: no step starts, anywhere\n\
     /runbook freeze cluster NAME REASON, or namespace NAME, or runbook NAME: no step starts there\n\
     /runbook unfreeze REASON: lift it (a person other than the one who froze)\n\
     /runbook help: this\n\
     In the thread of an incident you can mention me with `status`, `why`, `who` or `touched` instead."
        .to_owned()
}

fn not_understood(text: &str, problem: Option<&str>) -> String {
    let text = shortened(text, 120);
    match usage(&text) {
        Some(usage) => {
            let problem = problem.unwrap_or("that can't be done like that");
            // The incident that was meant, where one was named; two can't be guessed.
            let named = text.split_whitespace().find(|word| is_incident(word));
            let usage = match named.filter(|_| usage.matches("INC-").count() == 1) {
                Some(named) => usage.replace("INC-n", named),
                None => usage.to_owned(),
            };
            format!("`{text}`: {problem}. Write `/runbook {usage}`.")
        }
        None => format!("`{text}` is not a command that I know.\n{}", help()),
    }
}

fn is_incident(word: &str) -> bool {
    let digits = word.strip_prefix("INC-").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// How a command that is known wants to be written.
fn usage(text: &str) -> Option<&'static str> {
    match text.split(|c: char| !c.is_ascii_alphabetic()).next()? {
        "run" => Some("run NAME key=value …"),
        "show" => Some("show NAME"),
        "close" => Some("close INC-n REASON"),
        "break" | "breakglass" => Some("break-glass INC-n REASON"),
        "reviewed" => Some("reviewed INC-n WORDS"),
        "who" => Some("who INC-n"),
        "merge" => Some("merge INC-n into INC-m"),
        "touched" => Some("touched INC-n` or `/runbook touched 1h"),
        "oversight" => Some("oversight 30d"),
        "why" => Some("why INC-n"),
        "status" => Some("status` or `/runbook status INC-n"),
        _ => None,
    }
}

fn merged(from: IncidentId, into: IncidentId, alerts: usize, withdrawn: bool) -> String {
    let there = match alerts {
        0 => format!("none of its alerts still fires, so {into} stays as it was"),
        1 => format!("its 1 alert is in {into} now"),
        more => format!("its {more} alerts are in {into} now"),
    };
    let plan = match withdrawn {
        true => " Its plan, which waited for approval, is withdrawn.",
        false => "",
    };
    format!("{from} is closed and its thread says so; {there}.{plan}")
}

/// Incidents that a status names, of [`State::open_by_need`](crate::domain::state::State::open_by_need) the first.
const LISTED: usize = 20;

/// A line for each freeze that stands.
fn stands(frozen: &[Held], file: Option<&FileSeen>) -> Vec<String> {
    let held = frozen.iter().map(|held| format!("FROZEN {}", frozen_by(held)));
    let file = file.map(|file| format!("FROZEN {}", freezing::file_line(file)));
    held.chain(file).collect()
}

fn status(open: &[StatusLine], frozen: &[String], glass: &[Glass], out: &[RefusedLine]) -> String {
    let mut lines: Vec<String> = frozen.to_vec();
    lines.extend(
        glass
            .iter()
            .map(|glass| format!("BROKEN GLASS {}", glass_by(glass))),
    );
    if open.is_empty() {
        lines.push("Nothing is open.".to_owned());
    }
    let more = open.len().saturating_sub(LISTED);
    lines.extend(open.iter().take(LISTED).map(|line| {
        let stands = match line.unknown {
            Some(step) => format!("Nobody knows whether step {step} happened; a person has to say."),
            None => phase(&line.phase),
        };
        let stands = match &line.attended {
            Some(known) => format!("{stands} {}.", words::sentence(&heard::attended(known))),
            None => stands,
        };
        // A title that ends a sentence of its own has its full stop already.
        let title = line.title.trim_end_matches('.');
        format!("{} ({}): {title}. {stands}", line.incident, line.severity)
    }));
    if more > 0 {
        lines.push(format!("And {more} more, less severe or waiting for nobody."));
    }
    lines.extend(runbooks::refused(out));
    lines.join("\n")
}

/// Who froze it, when and why; and what, when that isn't everything.
#[must_use]
pub fn frozen_by(held: &Held) -> String {
    if held.scope.is_breaker() {
        return format!(
            "by the breaker since {}: {}; a person lifts it with /runbook unfreeze {} REASON",
            words::at(held.at),
            held.reason,
            held.scope
        );
    }
    let of = if held.scope.is_everything() {
        String::new()
    } else {
        format!("is {}, ", held.scope)
    };
    format!(
        "{of}by {} since {}: {}",
        held.name,
        words::at(held.at),
        held.reason
    )
}

/// Who broke it, when and why, and that somebody has to review it.
#[must_use]
pub fn glass_by(glass: &Glass) -> String {
    format!(
        "{}: {}, since {}: {}. It waits for a review by another person: /runbook reviewed {} WORDS",
        glass.incident,
        glass.by.name,
        words::at(glass.at),
        glass.reason,
        glass.incident
    )
}

/// Where an incident stands, in a short sentence.
#[must_use]
pub fn phase(phase: &Phase) -> String {
    match phase {
        Phase::Planning { .. } => "A plan is being made.".to_owned(),
        Phase::Proposed => "A plan waits for a decision.".to_owned(),
        Phase::Running => "Running.".to_owned(),
        Phase::Settling {
            by: SettlesBy::Resolving,
            ..
        } => "Verified; waiting for the source.".to_owned(),
        Phase::Settling {
            by: SettlesBy::Staying,
            ..
        } => "Verified and resolved; watched for a while.".to_owned(),
        Phase::Handed {
            reason: reason @ (HandoffReason::TakenOver { by } | HandoffReason::Rejected { by, .. }),
            ..
        } => format!("With {by}: {}.", reason.words()),
        Phase::Handed { reason, .. } => format!("It needs a human: {}.", reason.words()),
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
            result: result @ (ClosedAs::ByPerson { .. } | ClosedAs::Merged { .. }),
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
