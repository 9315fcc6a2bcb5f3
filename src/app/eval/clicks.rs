//! What people do in a scenario, as the intents that a click or a command becomes.

use super::scenario::{ClickRow, Does, PersonRow, StandingWord};
use crate::domain::command::{Intent, PlanRef};
use crate::domain::event::Judgement;
use crate::domain::ids::{IncidentId, PersonId, PlanNo, RunbookName, StepNo};
use crate::domain::incident::Incident;
use crate::domain::state::State;
use crate::ports::{Person, Standing};

/// The workspace of every scenario.
pub(super) const TEAM: &str = "T-EVAL";

/// The person as Slack would tell of them.
pub(super) fn person(name: &str, row: &PersonRow) -> Person {
    let (team, standing) = match row.standing {
        StandingWord::Member => (TEAM, Standing::Member),
        StandingWord::Guest => (TEAM, Standing::Guest),
        StandingWord::Bot => (TEAM, Standing::Bot),
        StandingWord::Stranger => ("T-OTHER", Standing::Stranger),
        StandingWord::Deactivated => (TEAM, Standing::Deactivated),
        StandingWord::Unreadable => (TEAM, Standing::Unreadable),
    };
    Person {
        id: PersonId {
            team: team.to_owned(),
            user: name.to_owned(),
        },
        name: name.to_owned(),
        standing,
        groups: row.groups.clone(),
    }
}

/// The intent of this click now.
///
/// # Errors
/// What the row names is not there to be clicked.
pub(super) fn intent(row: &ClickRow, state: &State) -> Result<Intent, String> {
    let incident = IncidentId(row.incident);
    let at = || plan_ref(row, state.incident(incident)).ok_or_else(|| nothing(row));
    let reason = row.says.clone();
    let skip = row.skip.iter().copied().map(StepNo).collect();
    let judged = |judgement| {
        Ok(Intent::Judge {
            at: at()?,
            step: StepNo(row.step),
            judgement,
        })
    };
    Ok(match row.does {
        Does::Approve => Intent::Approve(at()?),
        Does::Reject => Intent::Reject { at: at()?, reason },
        Does::Modify => Intent::Modify {
            at: at()?,
            parameters: row.parameters.clone(),
            skip,
            confirmed: true,
        },
        Does::Escalate => Intent::Escalate(incident),
        Does::TakeOver => Intent::TakeOver(incident),
        Does::Close => Intent::Close { incident, reason },
        Does::ProposeAgain => Intent::ProposeAgain(incident),
        Does::Choose => Intent::ChooseRunbook {
            incident,
            runbook: RunbookName::new(named(row)?),
        },
        Does::Tick => Intent::Tick {
            incident,
            item: row.step,
            done: true,
        },
        Does::JudgeWorked => return judged(Judgement::Worked),
        Does::JudgeFailed => return judged(Judgement::Failed),
        Does::Freeze => Intent::Freeze { reason },
        Does::Unfreeze => Intent::Unfreeze { reason },
        Does::Run => Intent::RunRunbook {
            name: named(row)?,
            parameters: row.parameters.clone(),
        },
    })
}

fn named(row: &ClickRow) -> Result<String, String> {
    let missing = || format!("the click of {} names no `runbook`", row.by);
    row.runbook.clone().ok_or_else(missing)
}

fn plan_ref(row: &ClickRow, incident: Option<&Incident>) -> Option<PlanRef> {
    let incident = incident?;
    let track = match row.plan {
        Some(no) => incident.plan(PlanNo(no)),
        None => incident.current(),
    }?;
    Some(PlanRef {
        incident: incident.id,
        plan: track.plan.no,
        digest: track.digest.short().to_owned(),
    })
}

fn nothing(row: &ClickRow) -> String {
    format!("{} has no plan to click on at {:#}", row.by, row.at)
}
