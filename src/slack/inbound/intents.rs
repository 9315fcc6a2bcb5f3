//! What a button means. An id or value that is not ours is no error of the person: it is answered, never guessed at.

use crate::domain::command::Intent;
use crate::domain::event::{Deed, Judgement};
use crate::domain::ids::IncidentId;
use crate::domain::silence::SilenceWish;

use super::values;
use crate::slack::surface::action;

/// The intent of a button or menu entry, `None` when neither we nor an earlier version of us can have written it.
#[must_use]
pub fn of_action(id: &str, value: &str) -> Option<Intent> {
    let judge = |judgement| values::parse_step(value).map(|(at, step)| Intent::Judge { at, step, judgement });
    match id {
        action::APPROVE => values::parse_plan(value).map(Intent::Approve),
        action::REJECT => values::parse_plan(value).map(Intent::AskReject),
        action::MODIFY => values::parse_plan(value).map(Intent::AskModify),
        action::REVIEW => values::parse_plan(value).map(Intent::ReviewPlan),
        action::WORKED => judge(Judgement::Worked),
        action::FAILED => judge(Judgement::Failed),
        action::TAKE_BACK => values::parse_step(value).map(|(at, step)| Intent::TakeBack { at, step }),
        action::ESCALATE => values::parse_incident(value).map(Intent::Escalate),
        action::TAKE_OVER => values::parse_incident(value).map(Intent::TakeOver),
        action::CLOSE => values::parse_incident(value).map(|incident| Intent::Close {
            incident,
            reason: String::new(),
        }),
        action::PROPOSE_AGAIN => values::parse_incident(value).map(Intent::ProposeAgain),
        action::SPLIT => {
            values::parse_episode(value).map(|(incident, episode)| Intent::Split { incident, episode })
        }
        action::SILENCE => values::parse_incident(value).map(|id| Intent::Silence(SilenceWish::Ask(id))),
        action::SILENCE_APPROVE => {
            values::parse_silence(value).map(|at| Intent::Silence(SilenceWish::Approve(at)))
        }
        action::SILENCE_REJECT => {
            values::parse_silence(value).map(|at| Intent::Silence(SilenceWish::Reject(at)))
        }
        action::SHOW_RUNBOOK => values::parse_incident(value).map(Intent::ShowRunbook),
        action::MORE => {
            let (what, incident) = value.split_once('.')?;
            // A menu inside a menu would have no end.
            if what == action::MORE {
                None
            } else {
                of_action(what, incident)
            }
        }
        _ if id.starts_with(action::CHOOSE) => values::parse_runbook(value)
            .map(|(incident, runbook)| Intent::ChooseRunbook { incident, runbook }),
        _ if id.starts_with(action::CAUSE) => {
            let cause = id.strip_prefix(action::CAUSE)?.parse().ok()?;
            values::parse_step(value).map(|(at, step)| Intent::Blame { at, step, cause })
        }
        _ if id.starts_with(action::TICK) => {
            values::parse_tick(value).map(|(incident, item, done)| Intent::Tick { incident, item, done })
        }
        _ => None,
    }
}

/// The incident that an intent is about, where it names one.
#[must_use]
pub fn incident(intent: &Intent) -> Option<IncidentId> {
    match intent {
        Intent::Approve(at) | Intent::AskReject(at) | Intent::AskModify(at) | Intent::ReviewPlan(at) => {
            Some(at.incident)
        }
        Intent::ApprovePart { at, .. }
        | Intent::ApproveBecause { at, .. }
        | Intent::ApproveWith { at, .. }
        | Intent::Reject { at, .. }
        | Intent::Modify { at, .. }
        | Intent::TakeBack { at, .. }
        | Intent::Blame { at, .. }
        | Intent::Judge { at, .. } => Some(at.incident),
        Intent::Silence(wish) => Some(wish.incident()),
        Intent::Escalate(incident)
        | Intent::TakeOver(incident)
        | Intent::ProposeAgain(incident)
        | Intent::Close { incident, .. }
        | Intent::BreakGlass { incident, .. }
        | Intent::ReviewGlass { incident, .. }
        | Intent::ShowRunbook(incident)
        | Intent::StatusOf(incident)
        | Intent::WhyOf(incident)
        | Intent::WhoOf(incident)
        | Intent::ChooseRunbook { incident, .. }
        | Intent::Split { incident, .. }
        | Intent::Merge { from: incident, .. }
        | Intent::Tick { incident, .. } => Some(*incident),
        Intent::ListRunbooks
        | Intent::ShowRunbookNamed(_)
        | Intent::RunRunbook { .. }
        | Intent::Status
        | Intent::Touched(_)
        | Intent::Oversight(_)
        | Intent::Freeze { .. }
        | Intent::Unfreeze { .. }
        | Intent::Help
        | Intent::Astray { .. }
        | Intent::Unrecognised { .. } => None,
    }
}

/// What a person tried with it, for the record.
#[must_use]
pub fn deed(intent: &Intent) -> Deed {
    match intent {
        Intent::Approve(_)
        | Intent::ApprovePart { .. }
        | Intent::ApproveBecause { .. }
        | Intent::ApproveWith { .. } => Deed::Approve,
        Intent::AskReject(_) | Intent::Reject { .. } => Deed::Reject,
        Intent::AskModify(_) | Intent::Modify { .. } => Deed::Modify,
        Intent::ReviewPlan(_) => Deed::ReviewPlan,
        Intent::Judge { .. } => Deed::Judge,
        Intent::Escalate(_) => Deed::Escalate,
        Intent::TakeOver(_) => Deed::TakeOver,
        Intent::ProposeAgain(_) => Deed::ProposeAgain,
        Intent::Close { .. } => Deed::Close,
        Intent::ShowRunbook(_) | Intent::ShowRunbookNamed(_) => Deed::ShowRunbook,
        Intent::ChooseRunbook { .. } => Deed::ChooseRunbook,
        Intent::Split { .. } => Deed::Split,
        Intent::Merge { .. } => Deed::Merge,
        Intent::Tick { .. } => Deed::Tick,
        Intent::RunRunbook { .. } => Deed::Run,
        Intent::Freeze { .. } => Deed::Freeze,
        Intent::Unfreeze { .. } => Deed::Unfreeze,
        Intent::TakeBack { .. } => Deed::TakeBack,
        Intent::Blame { .. } => Deed::Blame,
        Intent::BreakGlass { .. } => Deed::BreakGlass,
        Intent::ReviewGlass { .. } => Deed::ReviewGlass,
        Intent::Silence(wish) => match wish {
            SilenceWish::Ask(_) | SilenceWish::Propose { .. } => Deed::ProposeSilence,
            SilenceWish::Approve(_) => Deed::ApproveSilence,
            SilenceWish::Reject(_) => Deed::RejectSilence,
        },
        Intent::Astray { deed, .. } => *deed,
        Intent::StatusOf(_)
        | Intent::WhyOf(_)
        | Intent::WhoOf(_)
        | Intent::ListRunbooks
        | Intent::Status
        | Intent::Touched(_)
        | Intent::Oversight(_)
        | Intent::Help
        | Intent::Unrecognised { .. } => Deed::Ask,
    }
}

/// Whether the answer is a modal, which hangs on a trigger id of three seconds.
#[must_use]
pub fn opens_form(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::AskReject(_)
            | Intent::AskModify(_)
            | Intent::ReviewPlan(_)
            | Intent::Silence(SilenceWish::Ask(_))
            | Intent::ShowRunbook(_)
            | Intent::ShowRunbookNamed(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::PlanRef;
    use crate::domain::ids::{PlanNo, StepNo};

    #[test]
    fn every_button_of_ours_is_understood_and_nothing_else() {
        let at = PlanRef {
            incident: IncidentId(42),
            plan: PlanNo(1),
            digest: "0123456789ab".to_owned(),
        };
        assert_eq!(
            of_action("approve", "42.1.0123456789ab"),
            Some(Intent::Approve(at.clone()))
        );
        let judged = Intent::Judge {
            at,
            step: StepNo(2),
            judgement: Judgement::Failed,
        };
        assert_eq!(of_action("failed", "42.1.0123456789ab.2"), Some(judged));
        assert_eq!(
            of_action("more", "take_over.42"),
            Some(Intent::TakeOver(IncidentId(42)))
        );
        assert_eq!(of_action("more", "more.take_over.42"), None);
        assert_eq!(of_action("approve", "42"), None);
        assert_eq!(of_action("approve_everything", "42.1.0123456789ab"), None);
    }
}
