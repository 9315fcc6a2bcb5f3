//! A change of the policy in words: what it makes possible, and what no longer is.

use super::policy::{autonomy_limit, calendar_freeze, glass, limit, row, window};
use super::words;
use crate::domain::policy::{Change, RiskShift, Where};

/// A change as what is possible from now on.
#[must_use]
pub fn possible(change: &Change) -> String {
    match change {
        Change::Row {
            tier,
            environment,
            row: of,
        } => {
            format!("{tier} in {environment} may be approved by {}", row(of, *tier))
        }
        Change::Window(was) => format!("starting outside of the change window {}", window(was)),
        Change::Freeze(was) => format!("starting during the freeze {}", calendar_freeze(was)),
        Change::Limit { limit: of, old, new } => {
            format!("more {}: {}, it was {}", limit(of), most(*new), most(*old))
        }
        Change::Protected(name) => format!("changes in namespace {name} at their own tier; they were Tier 3"),
        Change::Irreversible(line) => format!("`{line}` at its own tier; it was Tier 3"),
        Change::Glass(rule) => format!("breaking the glass by {}", glass(rule)),
        Change::Autonomy(row) => format!("more autonomy than {}", autonomy_limit(row)),
        Change::Risk(shift) => format!("{}: {}", shifted(shift), loosened(shift)),
        Change::Sure { risk, old, new } => format!(
            "at {} risk a runbook found by its text may be proposed from {new} on (was {old})",
            risk.as_str()
        ),
        Change::Alone { risk, old, new } => format!(
            "at {} risk {} may run without a person (was {})",
            risk.as_str(),
            changes(*new),
            alone(*old)
        ),
    }
}

/// A change as what no longer is possible.
#[must_use]
pub fn impossible(change: &Change) -> String {
    match change {
        Change::Row {
            tier,
            environment,
            row: of,
        } => {
            format!("{tier} in {environment} approved by {}", row(of, *tier))
        }
        Change::Window(now) => format!("starting outside of the change window {}", window(now)),
        Change::Freeze(now) => format!("starting during the freeze {}", calendar_freeze(now)),
        Change::Limit { limit: of, old, new } => {
            format!("as many {}: {}, it was {}", limit(of), most(*new), most(*old))
        }
        Change::Protected(name) => format!("changes in namespace {name} at their own tier; they are Tier 3"),
        Change::Irreversible(line) => format!("`{line}` at its own tier; it is Tier 3"),
        Change::Glass(rule) => format!("breaking the glass by {}", glass(rule)),
        Change::Autonomy(row) => format!("more autonomy than {}", autonomy_limit(row)),
        Change::Risk(shift) => format!("{}: {}", shifted(shift), tightened(shift)),
        Change::Sure { risk, old, new } => format!(
            "at {} risk proposing a runbook found by its text from {old} on; it takes {new} now",
            risk.as_str()
        ),
        Change::Alone { risk, old, new } => format!(
            "at {} risk {} without a person; now {}",
            risk.as_str(),
            changes(*old),
            at_most(*new)
        ),
    }
}

/// `high severity in staging, of service api is low risk (was high)`.
fn shifted(shift: &RiskShift) -> String {
    let environments = match &shift.environments {
        Where::All => String::new(),
        Where::Only(names) => format!(" in {}", words::listed(names)),
        Where::But(names) => format!(" outside of {}", words::listed(names)),
    };
    let services = match &shift.services {
        Where::All => String::new(),
        Where::Only(names) => format!(" of service {}", words::listed(names)),
        Where::But(names) => format!(" of services other than {}", words::listed(names)),
    };
    let severities: Vec<String> = shift.severities.iter().map(ToString::to_string).collect();
    format!(
        "{} severity{environments}{services} is {} risk (was {})",
        words::listed(&severities),
        shift.new.as_str(),
        shift.old.as_str()
    )
}

fn loosened(shift: &RiskShift) -> String {
    let sure = shift
        .sure
        .map(|(old, new)| format!("a runbook found by its text may be proposed from {new} on (was {old})"));
    let most = shift
        .most
        .map(|(old, new)| format!("{} may run without a person (was {})", changes(new), alone(old)));
    let said: Vec<String> = sure.into_iter().chain(most).collect();
    words::listed(&said)
}

fn tightened(shift: &RiskShift) -> String {
    let sure = shift
        .sure
        .map(|(old, new)| format!("proposing a runbook found by its text from {old} on; it takes {new} now"));
    let most = shift
        .most
        .map(|(old, new)| format!("{} without a person; now {}", changes(old), at_most(new)));
    let said: Vec<String> = sure.into_iter().chain(most).collect();
    said.join(", and ")
}

fn most(limit: Option<u32>) -> String {
    limit.map_or("as many as you like".to_owned(), |most| format!("at most {most}"))
}

/// `3 changes`, without a limit of their own as many as budgets allow.
fn changes(most: Option<u32>) -> String {
    most.map_or_else(
        || "as many changes as its budget allows".to_owned(),
        |most| words::counted(most as usize, "change"),
    )
}

fn alone(most: Option<u32>) -> String {
    most.map_or_else(
        || "as many as its budget allows".to_owned(),
        |most| {
            if most == 0 {
                "none".to_owned()
            } else {
                most.to_string()
            }
        },
    )
}

fn at_most(most: Option<u32>) -> String {
    match most {
        Some(0) => "none may".to_owned(),
        most => format!("at most {}", alone(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::Severity;
    use crate::domain::ids::{Environment, Service};
    use crate::domain::policy::Risk;

    #[test]
    fn what_another_risk_means_is_said() {
        let shift = RiskShift {
            severities: vec![Severity::High, Severity::Critical],
            environments: Where::Only(vec![Environment::new("staging")]),
            services: Where::But(vec![Service::new("billing")]),
            old: Risk::Critical,
            new: Risk::Medium,
            sure: None,
            most: Some((Some(0), Some(5))),
        };
        assert_eq!(
            possible(&Change::Risk(shift)),
            "high and critical severity in staging of services other than billing is medium risk (was critical): 5 changes may run without a person (was none)"
        );
        let back = RiskShift {
            severities: vec![Severity::Low],
            environments: Where::All,
            services: Where::All,
            old: Risk::Low,
            new: Risk::Critical,
            sure: None,
            most: Some((Some(10), Some(0))),
        };
        assert_eq!(
            impossible(&Change::Risk(back)),
            "low severity is critical risk (was low): 10 changes without a person; now none may"
        );
    }
}
