//! What was touched, in words: plain text, a line for each call and one below it for how to take it back.

use super::words;
use crate::domain::action::Undo;
use crate::domain::command::RanAs;
use crate::domain::touched::{Since, Touched};

/// Lines that an answer holds at most; the journal has all of them.
const MOST: usize = 30;

/// The answer to `/runbook touched` and `interlock audit touched`.
#[must_use]
pub fn list(since: Since, all: &[Touched]) -> String {
    let where_ = match since {
        Since::Incident(id) => format!("in {id}"),
        Since::Last(within) => format!("in the last {}", span(within.as_secs())),
    };
    if all.is_empty() {
        return format!("Interlock touched nothing {where_}.");
    }
    let changes = all.iter().filter(|touched| touched.undo != Undo::Nothing).count();
    let mut lines = vec![format!(
        "{} {where_}, {} of them to change something:",
        words::counted(all.len(), "call"),
        changes
    )];
    // The newest matter most where not all have room.
    let left_out = all.len().saturating_sub(MOST);
    if left_out > 0 {
        lines.push(format!(
            "({left_out} older ones are left out; interlock audit show has them)"
        ));
    }
    lines.extend(all.iter().skip(left_out).map(line));
    lines.join("\n")
}

fn line(touched: &Touched) -> String {
    let attempt = touched.attempt;
    let on = touched
        .target
        .as_ref()
        .map(|target| format!(" on {target}"))
        .unwrap_or_default();
    let by = match touched.approved_by.as_slice() {
        [] => "the policy let it run alone".to_owned(),
        names => format!("approved by {}", words::listed(names)),
    };
    let undo = match &touched.undo {
        Undo::Nothing => "only looked".to_owned(),
        Undo::Reversible {
            command,
            history: None,
        } => format!("reversible, take it back: {command}"),
        Undo::Reversible {
            command,
            history: Some(history),
        } => format!(
            "reversible, take it back: {command}\n    N is the revision from before, which was not noted; check `{history}` first, since others may have deployed meanwhile"
        ),
        Undo::Compensable { how } => format!("compensable, not the same again: {how}"),
        Undo::Irreversible { why } => format!("irreversible, CAN'T BE UNDONE: {why}"),
    };
    format!(
        "{} {} step {}, attempt {}{on}: {} ({}, {by})\n    {undo}",
        words::at(touched.at),
        attempt.incident,
        attempt.step,
        attempt.attempt,
        touched.command,
        ended(touched.ended)
    )
}

fn ended(how: RanAs) -> &'static str {
    match how {
        RanAs::Running => "RUNNING NOW",
        RanAs::Succeeded => "succeeded",
        RanAs::Failed => "failed",
        RanAs::Unknown => "UNKNOWN whether it happened",
    }
}

fn span(seconds: i64) -> String {
    match (seconds % 3_600, seconds % 60) {
        (0, _) if seconds == 3_600 => "hour".to_owned(),
        (0, _) => format!("{} hours", seconds / 3_600),
        (_, 0) if seconds == 60 => "minute".to_owned(),
        (_, 0) => format!("{} minutes", seconds / 60),
        (_, _) => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
    use crate::domain::samples;

    fn touched(undo: Undo) -> Touched {
        Touched {
            attempt: AttemptId {
                incident: IncidentId(1),
                plan: PlanNo(1),
                step: StepNo(2),
                attempt: 1,
            },
            at: "2026-11-21T23:59:30Z".parse().unwrap(),
            target: None,
            command: "kubectl rollout undo deployment/api".to_owned(),
            approved_by: vec!["ana".to_owned()],
            ended: RanAs::Succeeded,
            undo,
        }
    }

    #[test]
    fn a_call_has_its_date_and_says_in_one_word_whether_it_can_be_taken_back() {
        let reversible = Undo::Reversible {
            command: "kubectl rollout undo deployment/api --to-revision=N".to_owned(),
            history: Some("kubectl rollout history deployment/api".to_owned()),
        };
        assert_eq!(
            line(&touched(reversible)),
            "2026-11-21 23:59 UTC INC-1 step 2, attempt 1: kubectl rollout undo deployment/api (succeeded, approved by ana)\n    \
             reversible, take it back: kubectl rollout undo deployment/api --to-revision=N\n    \
             N is the revision from before, which was not noted; check `kubectl rollout history deployment/api` first, since others may have deployed meanwhile"
        );
        let restart = samples::step(1).action.undo(None, None);
        assert!(line(&touched(restart)).contains("\n    compensable, "));
        let why = "nobody knows how".to_owned();
        assert!(
            line(&touched(Undo::Irreversible { why }))
                .contains("\n    irreversible, CAN'T BE UNDONE: nobody")
        );
    }
}
