//! Why something is not allowed: a sentence for each reason that says why and what next. All of them are here.

use jiff::Timestamp;

use super::words;
use crate::domain::approval::ApprovalRefusal;
use crate::domain::event::Refusal;
use crate::domain::freeze::{FreezeRefusal, Scope};
use crate::domain::policy::{LimitOf, Reason};

/// One sentence, without a stop at its end.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::NoEnvironment { step } => format!(
            "step {step} acts in a place that no [[environments]] row covers, so nobody may approve it; add a row for its cluster and namespace"
        ),
        Reason::NoRow { step, tier, environment } => format!(
            "nobody may approve {tier} in {environment} (step {step}): no [[approvers]] row has it; a human runs that step, or the team adds a row"
        ),
        Reason::NotApprover { step, tier, environment } => {
            format!("you are in no [[approvers]] row for {tier} in {environment} (step {step})")
        }
        Reason::NotResponder => "you are in no [[approvers]] row; ask somebody who is".to_owned(),
        Reason::OwnRequest => {
            "you asked for this plan or changed it, so somebody else has to approve it; Escalate now pages one".to_owned()
        }
        Reason::Guest => "guests of the workspace can't decide".to_owned(),
        Reason::Bot => "bots can't decide".to_owned(),
        Reason::Stranger => "people of other workspaces can't decide".to_owned(),
        Reason::Deactivated => "this account is deactivated".to_owned(),
        Reason::DirectoryUnreadable => {
            "Slack did not say who you are and which groups you are in, and without that the answer is no; try again".to_owned()
        }
        Reason::Quorum { have, need } => format!("{have} of {need} approvals count now"),
        Reason::Frozen { by, reason, scope: Scope::Everything } => {
            format!("everything is frozen by {by} ({reason}); another person lifts it with /runbook unfreeze REASON")
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
        Reason::LimitReached { limit, allowed, have, wanted } => format!(
            "it would start {} more, and {}; {have} were started already, so a human goes on by hand or the team raises the limit",
            words::counted(*wanted as usize, "change"),
            limited(limit, *allowed)
        ),
        Reason::FreezeFileUnreadable => {
            "the freeze file can't be read, which counts as frozen; mend its folder or its rights".to_owned()
        }
        Reason::DigestDiffers => "what would run is not what was shown; nothing runs".to_owned(),
        Reason::PolicyChanged => "the policy changed since the plan was proposed; a new plan is needed".to_owned(),
        Reason::AlertResolved => "the alert resolved".to_owned(),
        Reason::TargetMoved { what } => format!("the world moved: {what}"),
        Reason::SurveyStale { seconds } => format!("the look at the target is {seconds} s old"),
        Reason::SurveyFailed { why } => format!("the target could not be looked at: {why}"),
        Reason::OverBudget { what } => format!("the blast-radius budget does not allow it: {what}"),
        Reason::TargetBusy { with } => format!("its target is busy with {with}"),
        Reason::Expired => "the approval ran out before the first step started".to_owned(),
        Reason::ClockWentBack => "the clock went back since the approval, so its deadline means nothing".to_owned(),
        Reason::NotItsTurn => "it is not this step's turn".to_owned(),
    }
}

/// When it may start again, as far as the calendar goes.
fn opening(opens: Option<Timestamp>, zone: &str) -> String {
    match opens {
        Some(at) => format!("it may start from {}", words::moment(at, zone)),
        None => "it does not open within the next 400 days".to_owned(),
    }
}

fn limited(limit: &LimitOf, allowed: u32) -> String {
    match limit {
        LimitOf::Incident => format!("the policy lets {allowed} start in one incident"),
        LimitOf::Hour => format!("the policy lets {allowed} start in an hour"),
        LimitOf::ClusterHour { cluster } => {
            format!("the policy lets {allowed} start in an hour on cluster {cluster}")
        }
    }
}

/// All reasons, joined into one sentence.
#[must_use]
pub fn all(reasons: &[Reason]) -> String {
    reasons.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// A refusal as an answer to the person who clicked.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAllowed { reasons } => format!("Not allowed: {}.", all(reasons)),
        Refusal::Approval { refusal } => approval(refusal),
        Refusal::Freeze { refusal } => freeze(refusal),
        Refusal::PlanChanged => "The plan changed since you saw this card. Nothing was decided; look at the card again.".to_owned(),
        Refusal::NoSuchIncident => "There is no such incident any more. Closed incidents leave after a day; `interlock report` still has them.".to_owned(),
        Refusal::Over => "This incident is over; nothing was changed.".to_owned(),
        Refusal::NotWaiting => "That isn't waiting for anybody now; nothing was changed.".to_owned(),
        Refusal::NoSuchRunbook { why } => format!("{}.", words::sentence(why)),
        Refusal::NoRunbook => "No runbook was found for this incident.".to_owned(),
        Refusal::BadInput { problems } => {
            let lines: Vec<_> = problems.iter().map(|(_, message)| message.as_str()).collect();
            format!("That can't be done: {}.", lines.join("; "))
        }
        Refusal::AlreadyTaken { by } => format!("{by} has taken this over already."),
        Refusal::NotWithHuman => {
            "Interlock still works on this; nothing was changed. Take it over or reject its plan first, then close it.".to_owned()
        }
        Refusal::LooseEnd => {
            "A step still runs, or nobody knows whether it happened; nothing was changed. Say on the card what became of it first.".to_owned()
        }
    }
}

fn approval(refusal: &ApprovalRefusal) -> String {
    match refusal {
        ApprovalRefusal::AlreadyApproved { by } if by.is_empty() => {
            "The policy already let this plan run.".to_owned()
        }
        ApprovalRefusal::AlreadyApproved { by } => format!("Already approved by {by}."),
        ApprovalRefusal::AlreadyRejected { by } => format!("Already rejected by {by}."),
        ApprovalRefusal::Expired => {
            "This plan expired. Propose again on its card makes a new one.".to_owned()
        }
        ApprovalRefusal::Withdrawn { why } => format!("This plan was withdrawn: {why}."),
        ApprovalRefusal::Superseded => {
            "A newer plan took this one's place; look at the card again.".to_owned()
        }
        ApprovalRefusal::VotedBefore => {
            "You have approved this already; it waits for another person.".to_owned()
        }
        ApprovalRefusal::NotDue => "Nothing is due here.".to_owned(),
    }
}

fn freeze(refusal: &FreezeRefusal) -> String {
    match refusal {
        FreezeRefusal::AlreadyFrozen { by } => format!("It is frozen already, by {by}."),
        FreezeRefusal::Which { held } => format!(
            "Several are frozen: {}. Say which: /runbook unfreeze {} REASON.",
            words::listed(held),
            held.first().map(ToString::to_string).unwrap_or_default()
        ),
        FreezeRefusal::OthersHeld { held } => {
            format!("That isn't frozen. Frozen is: {}.", words::listed(held))
        }
        FreezeRefusal::NotFrozen => "Nothing is frozen.".to_owned(),
        FreezeRefusal::SamePerson => "You froze it, so another person has to lift it.".to_owned(),
        FreezeRefusal::NoReason => "Lifting a freeze needs a reason: /runbook unfreeze REASON.".to_owned(),
    }
}
