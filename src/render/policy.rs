//! The policy in words: who may approve, what stands in the way, what a change of it makes possible.

use std::collections::BTreeSet;

use super::escape::Mrkdwn;
use super::{people, reasons, words};
use crate::domain::action::Tier;
use crate::domain::glass::GlassRule;
use crate::domain::ids::{Environment, IncidentId, Service};
use crate::domain::plan::PlannedStep;
use crate::domain::policy::{
    Access, Alone, ApproverRow, AutonomyLimit, CalendarFreeze, Change, Cover, LimitOf, RiskRule, StepAccess,
    Window,
};
use crate::domain::runbook::Autonomy;

/// How names are written where the text goes.
struct Hand {
    text: fn(&str) -> String,
    user: fn(&str) -> String,
    /// Of a user or group, as the policy has it.
    name: fn(&str) -> Option<String>,
}

const PLAIN: Hand = Hand {
    text: str::to_owned,
    user: str::to_owned,
    name: people::plain,
};
const SLACK: Hand = Hand {
    text: |text| Mrkdwn::escape(text).to_string(),
    user: |user| {
        let id = user
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if id {
            format!("<@{user}>")
        } else {
            Mrkdwn::escape(user).to_string()
        }
    },
    name: people::slack,
};

/// `2 of @sre, U0456, not who asked for it`.
#[must_use]
pub fn row(row: &ApproverRow, tier: Tier) -> String {
    row_by(row, tier, &PLAIN)
}

fn row_by(row: &ApproverRow, tier: Tier, hand: &Hand) -> String {
    let groups = row.groups.iter().map(|group| (hand.text)(group.as_str()));
    let names: Vec<String> = groups
        .chain(row.users.iter().map(|user| (hand.user)(user)))
        .collect();
    let names = if names.is_empty() {
        "nobody (the row names no one)".to_owned()
    } else {
        names.join(", ")
    };
    let own = if row.requester_may.unwrap_or(tier < Tier::Two) {
        ", who asked for it included"
    } else {
        ", not who asked for it"
    };
    let with = if tier == Tier::Three {
        ", with the target typed, a reason and a second factor"
    } else if row.wants_reason(tier) {
        ", with a reason"
    } else {
        ""
    };
    format!("{} of {names}{own}{with}", row.approvals.max(1))
}

/// That a cell has no row, which means no.
#[must_use]
pub fn gap(tier: Tier, environment: &Environment) -> String {
    format!(
        "no [[approvers]] row has {tier} in {environment}, so nobody may approve it there; add a row, or leave it to humans"
    )
}

/// The answer to `/runbook who INC`, for a terminal or a log.
#[must_use]
pub fn who(incident: IncidentId, access: Option<&Access>) -> String {
    who_by(incident, access, &PLAIN)
}

/// The same as Slack's mrkdwn.
#[must_use]
pub fn who_slack(incident: IncidentId, access: Option<&Access>) -> String {
    who_by(incident, access, &SLACK)
}

fn who_by(incident: IncidentId, access: Option<&Access>, hand: &Hand) -> String {
    let Some(access) = access else {
        return format!("{incident} has no plan that waits, so there is nothing to approve.");
    };
    let may = people::may_approve(&people::written(&access.named, hand.name));
    let mut lines = vec![match access.missing {
        None => format!("{incident} can't go on as it is, whoever approves it."),
        Some(0) => format!("Enough people have approved {incident}."),
        Some(missing) => format!(
            "{incident} waits for {}. {may}",
            words::counted(usize::from(missing), "approval")
        ),
    }];
    for (steps, access) in alike(&access.steps) {
        lines.push(format!("{}, {}", words::sentence(&steps), cells(access, hand)));
    }
    if !access.against.is_empty() {
        lines.push(format!(
            "In the way now: {}.",
            (hand.text)(&reasons::all(&access.against))
        ));
    }
    match access.person.as_deref() {
        None => {}
        Some([]) if access.missing.is_none() => {}
        Some([]) => lines.push("Your approval would count.".to_owned()),
        Some(why) => lines.push(format!(
            "Yours would not count: {}.",
            (hand.text)(&reasons::all(why))
        )),
    }
    lines.join("\n")
}

/// Steps that the same people may approve, together: `steps 1 and 2`.
fn alike(steps: &[StepAccess]) -> Vec<(String, &StepAccess)> {
    let mut groups: Vec<(Vec<String>, &StepAccess)> = Vec::new();
    for step in steps {
        let same = |(_, other): &&mut (Vec<String>, &StepAccess)| {
            other.environment == step.environment && other.cells == step.cells
        };
        match groups.iter_mut().find(same) {
            Some((numbers, _)) => numbers.push(step.step.to_string()),
            None => groups.push((vec![step.step.to_string()], step)),
        }
    }
    let named = |(numbers, step): (Vec<String>, _)| {
        let word = if numbers.len() == 1 { "step" } else { "steps" };
        (format!("{word} {}", words::listed(&numbers)), step)
    };
    groups.into_iter().map(named).collect()
}

fn cells(access: &StepAccess, hand: &Hand) -> String {
    let place = access
        .environment
        .as_ref()
        .map_or("no environment", |name| name.as_str());
    let cell = |cell: &crate::domain::policy::Cell| {
        let mut rows: Vec<String> = cell.rows.iter().map(|row| row_by(row, cell.tier, hand)).collect();
        let mut said = BTreeSet::new();
        rows.retain(|row| said.insert(row.clone()));
        let who = if rows.is_empty() {
            "nobody may approve".to_owned()
        } else {
            rows.join("; or ")
        };
        (cell.tier.to_string(), who)
    };
    // Where the same people may approve it as two tiers, they are named once.
    let mut told: Vec<(Vec<String>, String)> = Vec::new();
    for (tier, who) in access.cells.iter().map(cell) {
        match told.iter_mut().find(|(_, known)| *known == who) {
            Some((tiers, _)) => tiers.push(tier),
            None => told.push((vec![tier], who)),
        }
    }
    let told: Vec<String> = told
        .into_iter()
        .map(|(tiers, who)| format!("{} in {}: {who}", words::listed(&tiers), (hand.text)(place)))
        .collect();
    told.join("; and as ")
}

/// `in production, on cluster main`; empty when it covers everything.
#[must_use]
pub fn cover(cover: &Cover) -> String {
    let mut words = Vec::new();
    if !cover.environments.is_empty() {
        words.push(format!("in {}", words::listed(&cover.environments)));
    }
    if !cover.clusters.is_empty() {
        words.push(format!("on cluster {}", words::listed(&cover.clusters)));
    }
    if !cover.namespaces.is_empty() {
        words.push(format!("in namespace {}", words::listed(&cover.namespaces)));
    }
    if !cover.runbooks.is_empty() {
        words.push(format!("of runbook {}", words::listed(&cover.runbooks)));
    }
    if words.is_empty() {
        "everywhere".to_owned()
    } else {
        words.join(", ")
    }
}

/// `office hours: Tier 1, Tier 2 and Tier 3 in production start only mon-fri 09:00-17:00 (Europe/Berlin)`.
#[must_use]
pub fn window(window: &Window) -> String {
    format!(
        "{}: {} {} start only {}",
        window.name,
        words::listed(&window.tiers),
        cover(&window.cover),
        window.open
    )
}

/// `launch (we launch): nothing starts in production 2026-12-20 to 2027-01-02 (UTC)`.
#[must_use]
pub fn calendar_freeze(freeze: &CalendarFreeze) -> String {
    format!(
        "{} ({}): nothing starts {} during {}",
        freeze.name,
        freeze.reason,
        cover(&freeze.cover),
        freeze.during
    )
}

/// `suggest in production, of service api`.
#[must_use]
pub fn autonomy_limit(row: &AutonomyLimit) -> String {
    let word = match row.at_most {
        Autonomy::Shadow => "shadow",
        Autonomy::Suggest => "suggest",
        Autonomy::Auto => "auto",
    };
    let place = Cover {
        environments: row.environments.clone(),
        runbooks: row.runbooks.clone(),
        ..Cover::default()
    };
    format!("{word} {}{}", cover(&place), services(&row.services))
}

/// `high severity in staging is low risk`.
#[must_use]
pub fn risk(row: &RiskRule) -> String {
    let severity = if row.severities.is_empty() {
        "any".to_owned()
    } else {
        words::listed(&row.severities)
    };
    let place = Cover {
        environments: row.environments.clone(),
        ..Cover::default()
    };
    format!(
        "{severity} severity {}{} is {} risk",
        cover(&place),
        services(&row.services),
        row.risk.as_str()
    )
}

fn services(services: &[Service]) -> String {
    if services.is_empty() {
        String::new()
    } else {
        format!(", of service {}", words::listed(services))
    }
}

/// How a step may run without a person.
#[must_use]
pub fn alone(alone: &Alone, step: &PlannedStep) -> String {
    if step.tier >= Tier::Two {
        return format!("never, it is {}", step.tier);
    }
    format!(
        "where autonomy.mode and the runbook say auto and its trigger matches; {}",
        most_alone(alone)
    )
}

/// `at most 10 changes in an incident at low, 5 at medium and 2 at high risk, none at critical`.
#[must_use]
pub fn most_alone(alone: &Alone) -> String {
    let [low, medium, high] = alone.most.map(|most| {
        most.map_or_else(
            || "as many as its budget allows".to_owned(),
            |most| most.to_string(),
        )
    });
    format!(
        "at most {low} changes in an incident at low, {medium} at medium and {high} at high risk, none at critical"
    )
}

/// `80 % sure at low, 80 % at medium, 85 % at high and 90 % at critical risk`.
#[must_use]
pub fn sure(alone: &Alone) -> String {
    let [low, medium, high, critical] = alone.sure;
    format!("{low} sure at low, {medium} at medium, {high} at high and {critical} at critical risk")
}

/// What happens when a limit is spent.
pub const BREAKER: &str =
    "When they are used up the breaker trips: nothing more is changed until a person lifts it with a reason";

/// What a limit counts.
#[must_use]
pub fn limit(limit: &LimitOf) -> &'static str {
    match limit {
        LimitOf::Incident => "changes in one incident",
        LimitOf::Runbook { .. } => "of what a runbook's blast radius names, in one run",
        LimitOf::Hour => "changes in an hour",
        LimitOf::ClusterHour { .. } => "changes in an hour on one cluster",
    }
}

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
        Change::Risk(row) => format!("another risk than before: {}", risk(row)),
        Change::Sure { risk, old, new } => format!(
            "a match that is {new} sure is proposed at {} risk, it had to be {old}",
            risk.as_str()
        ),
        Change::Alone { risk, old, new } => format!(
            "{} changes without a person at {} risk: {}, it was {}",
            "more",
            risk.as_str(),
            most(*new),
            most(*old)
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
        Change::Risk(row) => format!("another risk than before: {}", risk(row)),
        Change::Sure { risk, old, new } => format!(
            "a match that is {old} sure was proposed at {} risk, now it has to be {new}",
            risk.as_str()
        ),
        Change::Alone { risk, old, new } => format!(
            "{} changes without a person at {} risk: {}, it was {}",
            "as many",
            risk.as_str(),
            most(*new),
            most(*old)
        ),
    }
}

/// `@sre-leads, U0456, for 15 minutes`.
#[must_use]
pub fn glass(rule: &GlassRule) -> String {
    let groups = rule.groups.iter().map(ToString::to_string);
    let names: Vec<String> = groups.chain(rule.users.iter().cloned()).collect();
    let minutes = words::counted(rule.minutes as usize, "minute");
    format!("{}, for {minutes}", names.join(", "))
}

fn most(limit: Option<u32>) -> String {
    limit.map_or("as many as you like".to_owned(), |most| format!("at most {most}"))
}
