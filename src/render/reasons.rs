//! Why something is not allowed: a sentence for each reason that says why and what next. All of them are here.
//! Longer than other files, since they are read side by side.

use jiff::Timestamp;

use super::{freezing, words};
use crate::domain::approval::ApprovalRefusal;
use crate::domain::ceremony::Problem;
use crate::domain::event::{AstrayCard, Judgement, Refusal, Unfit};
use crate::domain::freeze::{FreezeFile, FreezeRefusal, Scope};
use crate::domain::glass::GlassRefusal;
use crate::domain::ids::StepNo;
use crate::domain::policy::{LimitOf, Reason};
use crate::domain::run::holder;
use crate::domain::text::shortened;

/// One sentence, without a stop at its end.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    let steps: Vec<StepNo> = step(reason).into_iter().collect();
    worded(reason, &steps)
}

#[expect(
    clippy::too_many_lines,
    reason = "every reason has its sentence in the one match"
)]
fn worded(reason: &Reason, steps: &[StepNo]) -> String {
    match reason {
        Reason::NoEnvironment { .. } => format!(
            "no [[environments]] row covers where this acts ({}), so nobody may approve it; add a row for its cluster and namespace",
            named(steps)
        ),
        Reason::NoRow { tier, environment, .. } => format!(
            "nobody may approve {tier} in {environment} ({}): the policy names no approvers for it; a human runs that by hand, or the team names some",
            named(steps)
        ),
        Reason::NotApprover { tier, environment, .. } => format!(
            "you are not one of the approvers of {tier} in {environment} ({}){WHO_IS}",
            named(steps)
        ),
        Reason::NobodyFor { tier, environment } => {
            format!("nobody may approve this: the policy names no approvers of {tier} in {environment}")
        }
        Reason::NotFor { tier, environment } => {
            format!("you are not one of the approvers of {tier} in {environment}; ask somebody who is")
        }
        Reason::NoPlace => "its alert comes from no place that an [[environments]] row covers; set alertmanager.environment to say whose approvers it takes".to_owned(),
        Reason::NotResponder => "you are not one of the approvers; ask somebody who is".to_owned(),
        Reason::OwnRequest => {
            "you asked for this plan or changed it, so somebody else has to approve it; `Escalate now` on the card pages one".to_owned()
        }
        Reason::OwnProposal => "you proposed this silence, so somebody else has to approve it".to_owned(),
        Reason::Guest => "guests of the workspace can't decide; ask a member of the team".to_owned(),
        Reason::Bot => "bots can't decide; a person does".to_owned(),
        Reason::Stranger => "people of other workspaces can't decide; ask somebody of this one".to_owned(),
        Reason::Deactivated => "this account is deactivated; an admin of the workspace brings it back".to_owned(),
        Reason::DirectoryUnreadable => {
            "Slack did not say who you are and which groups you are in, and without that the answer is no; try again".to_owned()
        }
        Reason::Quorum { have, need } => format!("{have} of {need} approvals count now, so others have to approve it"),
        // Who is called like the file has only chosen an odd name.
        Reason::Frozen { by, reason, .. } if by == FreezeFile::BY => format!(
            "everything is frozen by the freeze file ({reason}); somebody on Interlock's machine lifts it with interlock unfreeze --file REASON"
        ),
        Reason::Frozen { by, reason, scope: Scope::Everything } => {
            format!("everything is frozen by {by} ({reason}); another person lifts it with /runbook unfreeze REASON")
        }
        Reason::Frozen { reason, scope, .. } if scope.is_breaker() => {
            format!("the breaker has tripped ({reason}); a person lifts it with /runbook unfreeze {scope} REASON")
        }
        Reason::Frozen { by, reason, scope } => {
            format!("{scope} is frozen by {by} ({reason}); another person lifts it with /runbook unfreeze {scope} REASON")
        }
        Reason::CalendarFreeze { name, reason, opens, zone } => format!(
            "the policy's calendar freezes it ({name}: {reason}); {}",
            opening(*opens, zone)
        ),
        Reason::WindowClosed { window, opens, zone } => {
            format!("the change window `{window}` is closed; {}", opening(*opens, zone))
        }
        Reason::LimitReached { limit, allowed, have, wanted, opens } => format!(
            "it would start {} more, and {}; {have} were started already, so {}",
            words::counted(*wanted as usize, "change"),
            limited(limit, *allowed),
            match opens {
                Some(at) => format!("there is room again from {}", words::moment(*at, "UTC")),
                None => "a human goes on by hand or the team raises the limit".to_owned(),
            }
        ),
        Reason::FreezeFileUnreadable => {
            "the freeze file can't be read, which counts as frozen; mend its folder or its rights".to_owned()
        }
        Reason::DigestDiffers => "what would run is not what was shown, so nothing runs; propose it again".to_owned(),
        Reason::PolicyChanged => "the policy changed since the plan was proposed".to_owned(),
        Reason::AlertResolved => "the alert resolved, so nothing has to run".to_owned(),
        Reason::TargetMoved { what } => format!("the world moved: {what}"),
        Reason::DisruptionBudget { budget, takes, allowed } => format!(
            "it would take {} away at once, and the PodDisruptionBudget {budget} has room for {allowed} now, so it needs Tier 3; it may have room again when all its pods are ready",
            words::counted(*takes as usize, "ready pod")
        ),
        Reason::SurveyStale { seconds } => format!("the look at the target is {seconds} s old, which is too old; propose it again"),
        Reason::EvidenceOld { minutes, allowed } => {
            format!("the evidence on the card is {minutes} min old and counts for {allowed} min")
        }
        Reason::SurveyFailed { why } => format!("the target could not be looked at: {why}; mend that, then propose it again"),
        Reason::OverBudget { what } => format!("the blast-radius budget does not allow it: {what}; a human goes on by hand"),
        Reason::Precheck { check, why } => {
            format!("the runbook's precheck `{}` does not hold: {why}", check.words())
        }
        Reason::TargetBusy { with } => format!("its target is busy with {}; propose it again when that is done", holder(with)),
        Reason::Expired => "the approval ran out before it started; propose it again".to_owned(),
        Reason::ClockWentBack => "the clock went back since this was proposed or approved, so nobody can say how long ago that was".to_owned(),
        Reason::OnlyWatches => "in shadow Interlock only watches, so nothing is approved and nothing runs; a human does it by hand, or the team sets autonomy to suggest".to_owned(),
        Reason::NotItsTurn => "it is not this step's turn; the card shows which is next".to_owned(),
    }
}

/// When it may start again, as far as the calendar goes.
fn opening(opens: Option<Timestamp>, zone: &str) -> String {
    match opens {
        Some(at) => format!("it may start from {}", words::moment(at, zone)),
        None => "it does not open within the next 400 days, so the team mends its times".to_owned(),
    }
}

fn limited(limit: &LimitOf, allowed: u32) -> String {
    match limit {
        LimitOf::Incident => format!("the policy lets {allowed} start in one incident"),
        LimitOf::Runbook { runbook, key } => {
            format!("a run of {runbook} may take {allowed} of `{}`", key.as_str())
        }
        LimitOf::Hour => format!("the policy lets {allowed} start in an hour"),
        LimitOf::ClusterHour { cluster } => {
            format!("the policy lets {allowed} start in an hour on cluster {cluster}")
        }
    }
}

/// Where who may is asked for.
const WHO_IS: &str = "; /runbook who INC-n says who is";

/// The same as [`all`] where it stands beside who may: nobody is sent to ask what was just answered.
#[must_use]
pub fn all_here(reasons: &[Reason]) -> String {
    let said = reasons.iter().map(|one| {
        let said = reason(one);
        said.strip_suffix(WHO_IS).unwrap_or(&said).to_owned()
    });
    said.collect::<Vec<_>>().join("; ")
}

/// All reasons, joined into one sentence.
#[must_use]
pub fn all(reasons: &[Reason]) -> String {
    let mut said: Vec<String> = Vec::new();
    for one in reasons {
        let alike = reasons.iter().filter(|other| differ_by_step(one, other));
        let steps: Vec<StepNo> = alike.filter_map(step).collect();
        let sentence = worded(one, &steps);
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    said.join("; ")
}

/// The step that a reason of a cell is about.
fn step(reason: &Reason) -> Option<StepNo> {
    match reason {
        Reason::NoEnvironment { step } | Reason::NoRow { step, .. } | Reason::NotApprover { step, .. } => {
            Some(StepNo(*step))
        }
        _ => None,
    }
}

/// Whether two reasons say the same of two steps.
fn differ_by_step(one: &Reason, other: &Reason) -> bool {
    let cell = |reason: &Reason| match reason {
        Reason::NoEnvironment { .. } => Some((0, None)),
        Reason::NoRow {
            tier, environment, ..
        } => Some((1, Some((*tier, environment.clone())))),
        Reason::NotApprover {
            tier, environment, ..
        } => Some((2, Some((*tier, environment.clone())))),
        _ => None,
    };
    cell(one).is_some_and(|cell_of_one| Some(cell_of_one) == cell(other))
}

/// `step 1`, `steps 1, 2 and 3`.
fn named(steps: &[StepNo]) -> String {
    match steps {
        [one] => format!("step {one}"),
        several => format!("steps {}", words::listed(several)),
    }
}

/// A refusal as an answer to the person who clicked.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAllowed { reasons } if !reasons.is_empty() && reasons.iter().all(Reason::is_out_of_date) => {
            format!("Not decided: {}. A fresh plan comes on the card; approve that one.", all(reasons))
        }
        Refusal::NotAllowed { reasons } => format!("Not allowed: {}.", all(reasons)),
        Refusal::Approval { refusal } => approval(refusal),
        Refusal::Freeze { refusal } => freeze(refusal),
        Refusal::Glass { refusal } => glass(refusal),
        Refusal::Ceremony { problems } => {
            let all: Vec<String> = problems.iter().map(problem).collect();
            format!("Not approved. {}", all.join(" "))
        }
        Refusal::PlanChanged => "The plan changed since you saw this card. Nothing was decided; look at the card again.".to_owned(),
        Refusal::NoSuchIncident => "There is no such incident: the number is wrong, or it was closed more than a day ago. `/runbook status` shows what is open, and `interlock report` on the machine has the old ones.".to_owned(),
        Refusal::Over => "This incident is over; nothing was changed. An alert that fires again opens a new one.".to_owned(),
        Refusal::NotWaiting => "That isn't waiting for anybody now; nothing was changed. The card shows how it stands.".to_owned(),
        Refusal::NoSuchRunbook { why } => {
            let why = words::sentence(why);
            let stop = if why.ends_with('?') { "" } else { "." };
            format!("{why}{stop}")
        }
        Refusal::PartlyRun => {
            "A part of this plan has run, so it can't be changed any more. Approve the rest, or reject it.".to_owned()
        }
        Refusal::NoRunbook => "No runbook was found for this incident. /runbook list has them all, /runbook run NAME starts one.".to_owned(),
        Refusal::BadInput { problems } => {
            let lines: Vec<_> = problems.iter().map(|(_, message)| message.as_str()).collect();
            let said = lines.join("; ");
            let stop = if said.ends_with('?') { "" } else { "." };
            format!("That can't be done: {said}{stop}")
        }
        Refusal::ChangeDenied { reasons } => format!("That can't be done: {}.", denied_change(reasons)),
        Refusal::Unfit { why } => format!("That can't be done: {}.", unfit(*why)),
        Refusal::AlreadyTaken { by } => format!("{by} has taken this over already; ask them."),
        Refusal::NotWithHuman => {
            "Interlock still works on this; nothing was changed. Take it over or reject its plan first, then close it.".to_owned()
        }
        Refusal::LooseEnd => {
            "A step still runs, or nobody knows whether it happened; nothing was changed. Say on the card what became of it first.".to_owned()
        }
        Refusal::Judged { by, step, judgement } => {
            let what = match judgement {
                Judgement::Worked => "worked",
                Judgement::Failed => "did not work",
            };
            format!("{by} has said already that step {step} {what}; nothing was changed. The card shows what followed.")
        }
        Refusal::StillRuns => {
            "Its plan runs, or whether that helped is not known yet; nothing was changed. Merge it when that is over, or merge the other into it.".to_owned()
        }
        Refusal::Astray { card: AstrayCard::OfAnother } => {
            "This card is from another database of Interlock: its incident is not in this one, and nothing was done. `/runbook status` shows what is open here.".to_owned()
        }
        Refusal::Astray { card: AstrayCard::Unmarked } => {
            "This card is from an earlier version of Interlock and does not say of which database, so nothing was done. If its incident is open here, its card has been drawn anew: press there. `/runbook status` shows what is open.".to_owned()
        }
    }
}

/// Why a plan can't be changed like that. Without a full stop, so that it can stand under a field.
#[must_use]
pub fn denied_change(reasons: &[Reason]) -> String {
    format!("{}; the plan that waits is as it was", all(reasons))
}

/// Without a full stop, so that it can stand under a field.
#[must_use]
pub fn unfit(why: Unfit) -> String {
    match why {
        Unfit::MergeIntoItself { incident } => format!("{incident} is that incident itself; name two"),
        Unfit::MergeIntoManual { from, into } => format!(
            "{into} was started by hand and ends with its plan, whatever alerts say; merge it into {from} instead"
        ),
        Unfit::MergeManuals { from, into } => format!(
            "{from} and {into} were both started by hand, and such two can't be merged: each ends with its plan; close the one that is not needed"
        ),
        Unfit::MergeIntoOver { into } => format!(
            "{into} is over, so nothing more comes into it; merge into one that is open: /runbook status shows them"
        ),
        Unfit::MergeIntoNone { into } => format!(
            "there is no {into}: the number is wrong, or it was closed more than a day ago; /runbook status shows what is open"
        ),
        Unfit::MergeWhileTripped { from, into } => format!(
            "the breaker of {from} has tripped, and {into} knows nothing of what was started there; a person lifts it with /runbook unfreeze {} REASON, then merge",
            Scope::IncidentBreaker { incident: from }
        ),
        Unfit::NowhereToSilence => {
            "no Alertmanager is configured to make silences in; set alertmanager.url".to_owned()
        }
        Unfit::SilencedAlready => {
            "this incident has a silence already; the card shows how it stands".to_owned()
        }
        Unfit::NothingToSilence => {
            "nothing here can be silenced: it takes alerts of Alertmanager that still fire, of one place"
                .to_owned()
        }
        Unfit::SilenceWithoutReason => {
            "a silence needs a reason; write why nobody has to hear of it".to_owned()
        }
        Unfit::SilenceOfOtherLength => {
            "a silence lasts between 15 minutes and a day; choose one of these".to_owned()
        }
        Unfit::AlertsChanged => "the alerts have changed since the form was opened; open it again".to_owned(),
        Unfit::EveryStepLeftOut => "every step is left out; reject the plan instead".to_owned(),
        Unfit::NothingChanged => "nothing is changed; change a value or leave out a step".to_owned(),
    }
}

fn glass(refusal: &GlassRefusal) -> String {
    match refusal {
        GlassRefusal::NoRule => {
            "The policy has no [break_glass], so nobody may. `Escalate now` on the card pages a human.".to_owned()
        }
        GlassRefusal::NotListed => {
            "The policy's [break_glass] does not name you; `interlock policy show` says whom it names. `Escalate now` on the card pages a human.".to_owned()
        }
        GlassRefusal::NoReason => {
            "Breaking the glass needs a reason: /runbook break-glass INC-n REASON.".to_owned()
        }
        GlassRefusal::Open { by, until } => {
            format!("It is broken by {by} until {}; nothing was changed.", until.strftime("%H:%M UTC"))
        }
        GlassRefusal::NothingToReview => "Nothing of it is waiting for a review.".to_owned(),
        GlassRefusal::SamePerson => "You broke it, so another person has to review it.".to_owned(),
        GlassRefusal::NoWords => "Say what you found: /runbook reviewed INC-n WORDS.".to_owned(),
    }
}

/// What is wrong with what was filled in for Tier 3, as it stands under its field.
#[must_use]
pub fn problem(problem: &Problem) -> String {
    match problem {
        Problem::Target { wanted } => format!(
            "Type {}, letter for letter: that is what it acts on.",
            shortened(wanted, 150)
        ),
        Problem::NoReason => "Say why: this approval counts only with a reason.".to_owned(),
        Problem::WrongCode { left: 0 } => {
            "That code is wrong, and it was one too many: none of yours counts for half an hour. Somebody else may approve.".to_owned()
        }
        Problem::WrongCode { left } => format!(
            "That code is wrong or too old. Type the one that your app shows now; after {} none counts for half an hour.",
            words::counted(usize::from(*left), "more wrong one")
        ),
        Problem::UsedCode => {
            "That code was used already, and each counts once. Your app shows another within 30 seconds.".to_owned()
        }
        Problem::Locked { until } => format!(
            "There were too many wrong codes: none of yours counts until {}. Somebody else may approve.",
            words::moment(*until, "UTC")
        ),
        Problem::NotEnrolled { person } => format!(
            "You have no second factor yet. On the machine, `interlock totp enroll --person {person}` sets one up; then send this again."
        ),
        Problem::Unreadable => {
            "The second factors can't be read, so no code counts. On the machine, `interlock totp list` says why.".to_owned()
        }
    }
}

fn approval(refusal: &ApprovalRefusal) -> String {
    match refusal {
        ApprovalRefusal::AlreadyApproved { by } if by.is_empty() => {
            "The policy already let this plan run. The card shows what follows.".to_owned()
        }
        ApprovalRefusal::AlreadyApproved { by } => {
            format!("Already approved by {by}. The card shows what follows.")
        }
        ApprovalRefusal::AlreadyRejected { by } => {
            format!("Already rejected by {by}, who has the incident now.")
        }
        ApprovalRefusal::Expired => {
            "This plan expired. `Propose again` on its card makes a new one.".to_owned()
        }
        ApprovalRefusal::Withdrawn { why } => {
            format!("This plan was withdrawn: {why}. The card shows how it stands.")
        }
        ApprovalRefusal::Superseded => {
            "A newer plan took this one's place; look at the card again.".to_owned()
        }
        ApprovalRefusal::VotedBefore => {
            "You have approved this already; it waits for another person.".to_owned()
        }
        ApprovalRefusal::NotDue => "Nothing is due here; the card shows how it stands.".to_owned(),
    }
}

/// A refusal as an answer to who typed the command on Interlock's machine.
#[must_use]
pub fn terminal(refused: &Refusal) -> String {
    match refused {
        Refusal::Freeze {
            refusal: FreezeRefusal::ByFile { file },
        } => format!(
            "Nothing was lifted: no person froze anything, the freeze file does ({}). It has a command of its own: `interlock unfreeze --file REASON`, which removes {}.",
            file.said.words().trim_end_matches('.'),
            file.path
        ),
        other => refusal(other),
    }
}

fn freeze(refusal: &FreezeRefusal) -> String {
    match refusal {
        FreezeRefusal::AlreadyFrozen { by } => {
            format!("It is frozen already, by {by}, and stays so until another person lifts it.")
        }
        FreezeRefusal::Which { held } => format!(
            "Several are frozen: {}. Say which: /runbook unfreeze {} REASON.",
            words::listed(held),
            held.first().map(ToString::to_string).unwrap_or_default()
        ),
        FreezeRefusal::OthersHeld { held } => {
            format!(
                "That isn't frozen, so there is nothing to lift. Frozen is: {}.",
                words::listed(held)
            )
        }
        // What a terminal says of it is in `terminal`.
        FreezeRefusal::ByFile { file } => format!(
            "Nobody lifts this freeze in Slack: it comes from the freeze file ({}). It stands until {}.",
            file.said.words().trim_end_matches('.'),
            freezing::by_hand(&file.path)
        ),
        FreezeRefusal::NotFrozen => "Nothing is frozen, so there is nothing to lift.".to_owned(),
        FreezeRefusal::SamePerson => "You froze it, so another person has to lift it.".to_owned(),
        FreezeRefusal::NoReason => "Lifting a freeze needs a reason: /runbook unfreeze REASON.".to_owned(),
    }
}

#[cfg(test)]
#[path = "reasons_tests.rs"]
mod tests;
