//! What somebody is told who freezes or lifts a freeze, and what the thread says of it.

use super::words;
use crate::domain::breaker;
use crate::domain::command::{RanAs, RanLine};
use crate::domain::freeze::Scope;
use crate::domain::policy::LimitOf;

/// What is frozen now, what goes on all the same, and what ran just before.
pub(super) fn frozen(scope: &Scope, unknown: Option<&Scope>, ran: &[RanLine]) -> String {
    let mut said = match (scope, unknown) {
        (Scope::Everything, None) => "Frozen. No step starts until another person lifts it.".to_owned(),
        (Scope::Everything, Some(unknown)) => format!(
            "Frozen: everything, since I know no {unknown}. No step starts until another person lifts it."
        ),
        (scope, _) => format!(
            "Frozen: {scope}. No step starts there until another person lifts it with /runbook unfreeze {scope} REASON."
        ),
    };
    let line = |ran: &RanLine| format!("{} step {}: {}", ran.incident, ran.step, ran.command);
    let running: Vec<String> = ran
        .iter()
        .filter(|ran| ran.ended == RanAs::Running)
        .map(line)
        .collect();
    if running.is_empty() {
        said.push_str(" Nothing is running now.");
    } else {
        said.push_str(&format!(
            " Still running, and not stopped by this: {}.",
            running.join("; ")
        ));
    }
    let over = ran
        .iter()
        .filter_map(|ran| ended(ran.ended).map(|how| format!("{} ({how})", line(ran))));
    let over: Vec<String> = over.collect();
    if !over.is_empty() {
        said.push_str(&format!(" In the 60 seconds before: {}.", over.join("; ")));
    }
    said
}

/// For who froze without a word: it had to be fast, and whoever lifts it has to know.
pub(super) fn say_why(scope: &Scope) -> String {
    let scope = match scope {
        Scope::Everything => String::new(),
        Scope::Cluster { .. }
        | Scope::Namespace { .. }
        | Scope::Runbook { .. }
        | Scope::Target { .. }
        | Scope::Breaker { .. } => format!("{scope} "),
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
pub(super) fn lifted(scope: &Scope, left: &[Scope]) -> String {
    let lifted = match scope {
        Scope::Everything => "The freeze is lifted.".to_owned(),
        Scope::Cluster { .. } | Scope::Namespace { .. } | Scope::Runbook { .. } | Scope::Target { .. } => {
            format!("The freeze of {scope} is lifted.")
        }
        Scope::Breaker { .. } => "The breaker is closed again, and its count begins anew.".to_owned(),
    };
    if left.is_empty() {
        format!("{lifted} Steps may start again.")
    } else {
        format!("{lifted} Still frozen: {}.", words::listed(left))
    }
}

/// That the breaker tripped, and how it is closed again.
pub(super) fn tripped(limit: &LimitOf, allowed: u32) -> String {
    let scope = limit
        .breaker()
        .map(|scope| format!(" {scope}"))
        .unwrap_or_default();
    format!(
        "the breaker tripped: {}; nothing more is changed until a person lifts it with /runbook unfreeze{scope} REASON",
        breaker::why(limit, allowed)
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
        Scope::Breaker { .. } => format!("{by} closed the {scope} again: {reason}"),
    }
}
