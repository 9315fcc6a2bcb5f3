//! What somebody is told who freezes or lifts a freeze, what the channels are told, and what the thread says of it.

use jiff::Timestamp;

use super::escape::Mrkdwn;
use super::{people, storm, words};
use crate::domain::breaker::{self, interlock};
use crate::domain::event::Who;
use crate::domain::freeze::{FileSeen, FreezeFile, Scope};
use crate::domain::ids::IncidentId;
use crate::domain::notice::{Notice, RanAs, RanLine};
use crate::domain::policy::LimitOf;

/// What is frozen now, what goes on all the same, and what ran just before.
pub(super) fn frozen(scope: &Scope, unknown: Option<&Scope>, ran: &[RanLine]) -> String {
    let said = match (scope, unknown) {
        (Scope::Everything, None) => "Frozen. No step starts until another person lifts it.".to_owned(),
        (Scope::Everything, Some(unknown)) => format!(
            "Frozen: everything, since I know no {unknown}. No step starts until another person lifts it."
        ),
        (scope, _) => format!(
            "Frozen: {scope}. No step starts there until another person lifts it with /runbook unfreeze {scope} REASON."
        ),
    };
    let (running, over) = around(ran);
    let whole = |part: &str| if part.contains('\n') { '\n' } else { ' ' };
    let said = format!("{said}{}{running}", whole(&running));
    match over {
        Some(over) => format!("{said}\n{over}"),
        None => said,
    }
}

/// Steps that are named; the rest is counted.
const NAMED: usize = 10;

/// What runs all the same, and what ran just before; a sentence each, or a line for each step.
fn around(ran: &[RanLine]) -> (String, Option<String>) {
    let line = |ran: &RanLine| format!("{} step {}: {}", ran.incident, ran.step, ran.command);
    let running = ran.iter().filter(|ran| ran.ended == RanAs::Running).map(line);
    let running: Vec<String> = running.collect();
    let running = match running.as_slice() {
        [] => "Nothing is running now.".to_owned(),
        running => some("Still running, and not stopped by this:", running),
    };
    let over = ran
        .iter()
        .filter_map(|ran| ended(ran.ended).map(|how| format!("{} ({how})", line(ran))));
    let over: Vec<String> = over.collect();
    let over = (!over.is_empty()).then(|| some("In the 60 seconds before:", &over));
    (running, over)
}

/// One step behind the heading, several below it.
fn some(heading: &str, steps: &[String]) -> String {
    if let [only] = steps {
        return format!("{heading} {only}.");
    }
    let mut lines = vec![heading.to_owned()];
    lines.extend(steps.iter().take(NAMED).map(|step| format!("• {step}")));
    match steps.len().saturating_sub(NAMED) {
        0 => {}
        more => lines.push(format!("• and {more} more")),
    }
    lines.join("\n")
}

/// That a place takes no checkpoint.
fn unkept(place: &str, since: Timestamp) -> String {
    format!(
        "Nothing that was done since {} UTC can be proved: `{}` takes no checkpoint of the journal. Steps start as before. The log says why it refuses, and `/readyz` when it is over.",
        words::clock(since),
        Mrkdwn::escape(place)
    )
}

/// What the channels are told, as mrkdwn.
#[must_use]
pub fn notice(notice: &Notice, late: Option<Timestamp>) -> String {
    let mut lines = match notice {
        Notice::Frozen {
            by,
            reason,
            scope,
            ran,
        } => begins(by, reason, scope, ran),
        Notice::Explained { by, reason, scope } => vec![format!(
            "{} says why {} is frozen: {}.",
            people::who(by),
            Mrkdwn::escape(&scope.to_string()),
            ending(reason)
        )],
        Notice::Lifted {
            by,
            reason,
            scope,
            left,
            file,
        } => {
            let mut lines = vec![ends(by, reason, scope)];
            // While the file stands nothing may start again.
            if file.is_none() || !left.is_empty() {
                lines.push(Mrkdwn::escape(&still(left, None)).to_string());
            }
            lines.extend(file.as_ref().map(|file| {
                format!(
                    "Still frozen by the freeze file: {}, until {}.",
                    ending(&file.said.words()),
                    by_hand(Mrkdwn::escape(&file.path).as_str())
                )
            }));
            lines
        }
        Notice::FileThere { file, ran } => {
            let head = format!("*FROZEN by the freeze file:* {}.", ending(&file.said.words()));
            let stops = format!(
                "No step starts until {}.",
                by_hand(Mrkdwn::escape(&file.path).as_str())
            );
            [head, stops].into_iter().chain(told(ran)).collect()
        }
        Notice::Unkept { place, since } => vec![unkept(place, *since)],
        Notice::Storm {
            opened,
            since,
            shared,
        } => storm::notice(*opened, *since, shared),
        Notice::FileGone { path, left } => vec![
            format!("*The freeze file is gone:* {} was removed.", Mrkdwn::escape(path)),
            Mrkdwn::escape(&still(left, None)).to_string(),
        ],
    };
    // What runs now and what stays frozen is as it was then.
    lines.extend(late.map(|at| {
        format!(
            "_So it was at {}; Slack could not be told sooner._",
            words::at(at)
        )
    }));
    lines.join("\n")
}

/// By whom, what and why; how it is lifted; and what goes on all the same.
fn begins(by: &Who, reason: &str, scope: &Scope, ran: &[RanLine]) -> Vec<String> {
    let breaker = scope.is_breaker();
    let head = match breaker {
        true => "*BREAKER TRIPPED*".to_owned(),
        false => format!(
            "*FROZEN by {}:* {}",
            people::who(by),
            Mrkdwn::escape(&scope.to_string())
        ),
    };
    let who = match breaker || *by == interlock() {
        true => "a person",
        false => "another person",
    };
    let stops = format!(
        "No step{} starts until {who} lifts it with `{}`.",
        inside(scope),
        Mrkdwn::code(&lift(scope))
    );
    let head = format!("{head}: {}.", ending(reason));
    [head, stops].into_iter().chain(told(ran)).collect()
}

fn ends(by: &Who, reason: &str, scope: &Scope) -> String {
    match scope.is_breaker() {
        true => format!(
            "*The breaker is closed again* by {}: {}.",
            people::who(by),
            ending(reason)
        ),
        false => format!(
            "*No longer frozen:* {}, lifted by {}: {}.",
            Mrkdwn::escape(&scope.to_string()),
            people::who(by),
            ending(reason)
        ),
    }
}

/// A reason without its full stop, escaped.
fn ending(reason: &str) -> String {
    Mrkdwn::escape(reason.trim_end_matches('.')).to_string()
}

fn told(ran: &[RanLine]) -> Vec<String> {
    let (running, over) = around(ran);
    let lines = std::iter::once(running).chain(over);
    let lines = lines.flat_map(|lines| lines.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.map(|line| Mrkdwn::escape(&line).to_string()).collect()
}

/// Behind "no step", with a space before it.
fn inside(scope: &Scope) -> String {
    match scope {
        Scope::Everything => String::new(),
        Scope::Cluster { .. } | Scope::Namespace { .. } | Scope::Runbook { .. } | Scope::Target { .. } => {
            format!(" in {}", Mrkdwn::escape(&scope.to_string()))
        }
        Scope::Breaker { cluster: None } => " that changes something".to_owned(),
        Scope::Breaker {
            cluster: Some(cluster),
        } => format!(
            " that changes something on cluster {}",
            Mrkdwn::escape(cluster.as_str())
        ),
        Scope::RunbookBreaker { runbook } => {
            format!(" of {} that changes something", Mrkdwn::escape(runbook.as_str()))
        }
        Scope::IncidentBreaker { incident } => format!(" that changes something for {incident}"),
    }
}

/// What is typed to lift a freeze that is in the journal.
#[must_use]
pub fn lift(scope: &Scope) -> String {
    match scope {
        Scope::Everything => "/runbook unfreeze REASON".to_owned(),
        Scope::Cluster { .. }
        | Scope::Namespace { .. }
        | Scope::Runbook { .. }
        | Scope::Target { .. }
        | Scope::Breaker { .. }
        | Scope::RunbookBreaker { .. }
        | Scope::IncidentBreaker { .. } => format!("/runbook unfreeze {scope} REASON"),
    }
}

/// Who lifts the freeze file and how, behind "until". Nobody can in Slack.
#[must_use]
pub fn by_hand(path: &str) -> String {
    format!(
        "somebody on Interlock's machine lifts it with `interlock unfreeze --file REASON`, which removes {path}"
    )
}

/// That the freeze file freezes, and how that is lifted.
#[must_use]
pub fn file_line(file: &FileSeen) -> String {
    format!(
        "by the freeze file: {}. It stands until {}",
        file.said.words().trim_end_matches('.'),
        by_hand(&file.path)
    )
}

/// For who froze without a word: it had to be fast, and whoever lifts it has to know.
pub(super) fn say_why(scope: &Scope) -> String {
    let scope = match scope {
        Scope::Everything => String::new(),
        Scope::Cluster { .. }
        | Scope::Namespace { .. }
        | Scope::Runbook { .. }
        | Scope::Target { .. }
        | Scope::Breaker { .. }
        | Scope::RunbookBreaker { .. }
        | Scope::IncidentBreaker { .. } => format!("{scope} "),
    };
    format!("Now say why, for those who read it on their cards: /runbook freeze {scope}REASON.")
}

fn ended(how: RanAs) -> Option<&'static str> {
    match how {
        RanAs::Running => None,
        RanAs::Succeeded => Some("succeeded"),
        RanAs::Failed => Some("failed"),
        RanAs::Unknown => Some("nobody knows whether it happened"),
    }
}

/// What is lifted, and what stays frozen.
pub(super) fn lifted(scope: &Scope, left: &[Scope], file: Option<&FileSeen>) -> String {
    let lifted = match scope {
        Scope::Everything => "The freeze is lifted.".to_owned(),
        Scope::Cluster { .. } | Scope::Namespace { .. } | Scope::Runbook { .. } | Scope::Target { .. } => {
            format!("The freeze of {scope} is lifted.")
        }
        Scope::Breaker { .. } | Scope::RunbookBreaker { .. } | Scope::IncidentBreaker { .. } => {
            "The breaker is closed again, and its count begins anew.".to_owned()
        }
    };
    format!("{lifted} {}", still(left, file))
}

/// What stays frozen.
fn still(left: &[Scope], file: Option<&FileSeen>) -> String {
    let left = (!left.is_empty()).then(|| format!("Still frozen: {}.", words::listed(left)));
    let file = file.map(|file| format!("Still frozen {}.", file_line(file)));
    let said: Vec<String> = left.into_iter().chain(file).collect();
    match said.as_slice() {
        [] => "Steps may start again.".to_owned(),
        said => said.join(" "),
    }
}

/// That the freeze file freezes, or no longer does.
pub(super) fn file(path: &str, file: &FreezeFile) -> String {
    match file.says() {
        Some(says) => format!("the freeze file {path} freezes everything: {}", says.words()),
        None => format!("the freeze file {path} is gone"),
    }
}

/// That the breaker tripped, and how it is closed again.
pub(super) fn tripped(incident: IncidentId, limit: &LimitOf, allowed: u32) -> String {
    let scope = limit
        .breaker(Some(incident))
        .map(|scope| format!(" {scope}"))
        .unwrap_or_default();
    format!(
        "the breaker tripped: {}; nothing more is changed{} until a person lifts it with /runbook unfreeze{scope} REASON",
        breaker::why(limit, allowed),
        match limit {
            LimitOf::Incident => " for this incident",
            LimitOf::Runbook { .. } => " by this runbook",
            LimitOf::Hour | LimitOf::ClusterHour { .. } => "",
        }
    )
}

/// That what Interlock froze stays so, and how it is lifted.
pub(super) fn stays(scope: &Scope, reason: &str) -> String {
    format!("{scope} stays frozen: {reason}, with /runbook unfreeze {scope} REASON")
}

/// Who lifted what.
pub(super) fn unfrozen(by: &str, reason: &str, scope: &Scope) -> String {
    match scope {
        Scope::Everything => format!("{by} lifted the freeze: {reason}"),
        Scope::Cluster { .. } | Scope::Namespace { .. } | Scope::Runbook { .. } | Scope::Target { .. } => {
            format!("{by} lifted the freeze of {scope}: {reason}")
        }
        Scope::Breaker { .. } | Scope::RunbookBreaker { .. } | Scope::IncidentBreaker { .. } => {
            format!("{by} closed the {scope} again: {reason}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::StepNo;

    fn ran(step: u16, ended: RanAs) -> RanLine {
        RanLine {
            incident: IncidentId(1),
            step: StepNo(step),
            command: format!("kubectl get pods; step {step}"),
            at: Timestamp::UNIX_EPOCH,
            ended,
        }
    }

    #[test]
    fn what_ran_in_the_last_sixty_seconds_has_a_line_each() {
        let steps = [
            ran(1, RanAs::Succeeded),
            ran(2, RanAs::Failed),
            ran(3, RanAs::Running),
        ];
        assert_eq!(
            frozen(&Scope::Everything, None, &steps),
            "Frozen. No step starts until another person lifts it. \
             Still running, and not stopped by this: INC-1 step 3: kubectl get pods; step 3.\n\
             In the 60 seconds before:\n\
             • INC-1 step 1: kubectl get pods; step 1 (succeeded)\n\
             • INC-1 step 2: kubectl get pods; step 2 (failed)"
        );
        let told = told(&steps);
        assert_eq!(told.len(), 4, "{told:?}");
    }
}
