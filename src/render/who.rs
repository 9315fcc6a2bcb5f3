//! The answer to `/runbook who INC` in words: what the incident waits for, who may approve it, and what is in the way.

use super::escape::Mrkdwn;
use super::{people, policy, reasons, words};
use crate::domain::ids::IncidentId;
use crate::domain::policy::{Access, Cell, OpenGlass, Reason, StepAccess};

/// How names are written where the text goes.
struct Hand<'c> {
    text: fn(&str) -> String,
    /// Of a user or group, as the policy has it; `None` for what can't be written.
    name: fn(&str) -> Option<String>,
    /// Why one whom the policy names counts for nothing.
    closed: &'c dyn Fn(&str) -> Option<&'static str>,
}

impl Hand<'_> {
    /// Who counts for nothing is struck out.
    fn named(&self, name: &str) -> Option<String> {
        let written = (self.name)(name)?;
        Some(match (self.closed)(name) {
            Some(why) => people::struck(&written, why),
            None => written,
        })
    }

    /// In a row nobody is left out, since it says of how many.
    fn in_row(&self, name: &str) -> String {
        self.named(name).unwrap_or_else(|| (self.text)(name))
    }
}

/// For a terminal or a log.
#[must_use]
pub fn plain(incident: IncidentId, access: Option<&Access>) -> String {
    let hand = Hand {
        text: str::to_owned,
        name: people::plain,
        closed: &|_| None,
    };
    said(incident, access, &hand)
}

/// As Slack's mrkdwn. `closed` has in a few words why one whom the policy names counts for nothing: a group that Slack does
/// not have, a person who left.
#[must_use]
pub fn slack(
    incident: IncidentId,
    access: Option<&Access>,
    closed: &dyn Fn(&str) -> Option<&'static str>,
) -> String {
    let hand = Hand {
        text: |text| Mrkdwn::escape(text).to_string(),
        name: people::slack,
        closed,
    };
    said(incident, access, &hand)
}

fn said(incident: IncidentId, access: Option<&Access>, hand: &Hand<'_>) -> String {
    let Some(access) = access else {
        return format!("{incident} has no plan that waits, so there is nothing to approve.");
    };
    let mut lines = vec![waits_for(incident, access, hand)];
    for (scope, reason) in &access.frozen {
        let way = format!(
            "Frozen: {scope}, since {reason}. Nothing changes it, in no incident; what takes that step back may start all the same."
        );
        lines.push((hand.text)(&way));
    }
    lines.extend(access.glass.as_ref().map(|glass| broken(incident, glass, hand)));
    for (steps, access) in alike(&access.steps) {
        lines.push(format!("{}, {}", words::sentence(&steps), cells(access, hand)));
    }
    // What Interlock froze is told above.
    let told = |reason: &&Reason| match reason {
        Reason::Frozen { scope, .. } => !access.frozen.iter().any(|(frozen, _)| frozen == scope),
        _ => true,
    };
    let against: Vec<Reason> = access.against.iter().filter(told).cloned().collect();
    if !against.is_empty() {
        lines.push(format!(
            "In the way now: {}.",
            (hand.text)(&reasons::all(&against))
        ));
    }
    lines.extend(own(access, hand));
    lines.join("\n")
}

fn waits_for(incident: IncidentId, access: &Access, hand: &Hand<'_>) -> String {
    let may = || people::may_approve(&people::written(&access.named, |name| hand.named(name)));
    match (access.unknown, access.missing) {
        (Some(step), _) => format!(
            "{incident} waits for somebody who may approve it to say on its card whether step {step} happened: `It worked, go on` or `It failed`. Nothing more starts before that."
        ),
        (None, None) => format!("{incident} can't go on as it is, whoever approves it."),
        (None, Some(0)) => {
            format!("{incident} waits for no more approvals: enough people have given theirs.")
        }
        (None, Some(missing)) => format!(
            "{incident} waits for {}. {}",
            words::counted(usize::from(missing), "approval"),
            may()
        ),
    }
}

fn broken(incident: IncidentId, glass: &OpenGlass, hand: &Hand<'_>) -> String {
    let by = hand.in_row(&glass.by.user);
    let until = match glass.until {
        Some(until) => format!(" until {}", words::at(until)),
        None => String::new(),
    };
    format!(
        "BROKEN GLASS: {by} has broken the glass of {incident}{until}. Below Tier 3 one approval of theirs is enough where a row names them, and no window, limit or freeze of the calendar holds it back."
    )
}

/// Whether an approval of who asks would count, where one is waited for.
fn own(access: &Access, hand: &Hand<'_>) -> Option<String> {
    let why = access.person.as_deref()?;
    match (why, access.unknown, access.missing) {
        ([], Some(_), _) | ([], None, None | Some(0)) => None,
        ([], None, Some(_)) => Some("Your approval would count.".to_owned()),
        // Who may say what happened is who may approve.
        (why, _, _) => Some(format!(
            "Yours would not count: {}.",
            (hand.text)(&reasons::all_here(why))
        )),
    }
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

fn cells(access: &StepAccess, hand: &Hand<'_>) -> String {
    let place = access
        .environment
        .as_ref()
        .map_or("no environment", |name| name.as_str());
    let cell = |cell: &Cell| {
        let rows = policy::rows_by(&cell.rows, cell.tier, &|name| hand.in_row(name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Tier;
    use crate::domain::freeze::Scope;
    use crate::domain::ids::{Environment, GroupId, StepNo};
    use crate::domain::policy::ApproverRow;
    use crate::domain::samples;

    const INCIDENT: IncidentId = IncidentId(1);

    /// Step 1 of Tier 1 in production: one of @sre or U0GONE.
    fn access() -> Access {
        let row = ApproverRow {
            tiers: vec![Tier::One],
            environments: vec![Environment::new("production")],
            users: vec!["U0GONE".to_owned()],
            groups: vec![GroupId::new("@sre")],
            approvals: 1,
            requester_may: None,
            reason: false,
        };
        Access {
            steps: vec![StepAccess {
                step: StepNo(1),
                environment: Some(Environment::new("production")),
                cells: vec![Cell {
                    tier: Tier::One,
                    rows: vec![row],
                }],
            }],
            named: vec![vec!["@sre".to_owned(), "U0GONE".to_owned()]],
            missing: Some(1),
            against: Vec::new(),
            opens: None,
            person: Some(Vec::new()),
            unknown: None,
            frozen: Vec::new(),
            glass: None,
        }
    }

    #[test]
    fn where_nobody_knows_whether_a_step_happened_that_is_what_is_waited_for() {
        let target = Scope::Target {
            target: "main/production/deployment/redis-primary".to_owned(),
        };
        let reason = "nobody knows whether step 1 of INC-1 happened".to_owned();
        let access = Access {
            missing: Some(0),
            unknown: Some(StepNo(1)),
            frozen: vec![(target.clone(), reason.clone())],
            against: vec![Reason::Frozen {
                by: "Interlock".to_owned(),
                reason,
                scope: target,
            }],
            ..access()
        };
        assert_eq!(
            plain(INCIDENT, Some(&access)),
            "INC-1 waits for somebody who may approve it to say on its card whether step 1 happened: `It worked, go on` or `It failed`. Nothing more starts before that.\n\
             Frozen: target main/production/deployment/redis-primary, since nobody knows whether step 1 of INC-1 happened. Nothing changes it, in no incident; what takes that step back may start all the same.\n\
             Step 1, Tier 1 in production: 1 of @sre, U0GONE, who asked for it included"
        );
    }

    #[test]
    fn where_enough_have_approved_nobody_is_told_that_theirs_would_count() {
        let access = Access {
            missing: Some(0),
            ..access()
        };
        let said = plain(INCIDENT, Some(&access));
        assert!(said.starts_with("INC-1 waits for no more approvals"), "{said}");
        assert!(!said.contains("would count"), "{said}");
    }

    #[test]
    fn who_is_gone_is_struck_out_and_who_asks_is_not_sent_to_ask_again() {
        let access = Access {
            person: Some(vec![Reason::NotApprover {
                step: 1,
                tier: Tier::One,
                environment: Environment::new("production"),
            }]),
            ..access()
        };
        let gone = |name: &str| (name == "U0GONE").then_some("left, the account is deactivated");
        assert_eq!(
            slack(INCIDENT, Some(&access), &gone),
            "INC-1 waits for 1 approval. May approve: @sre or ~<@U0GONE>~ (left, the account is deactivated).\n\
             Step 1, Tier 1 in production: 1 of @sre, ~<@U0GONE>~ (left, the account is deactivated), who asked for it included\n\
             Yours would not count: you are not one of the approvers of Tier 1 in production (step 1)."
        );
    }

    #[test]
    fn broken_glass_is_told_with_who_broke_it_and_until_when() {
        let access = Access {
            glass: Some(OpenGlass {
                by: samples::person("U0BEN"),
                until: "2026-11-22T04:15:00Z".parse().ok(),
            }),
            ..access()
        };
        let said = slack(INCIDENT, Some(&access), &|_| None);
        assert!(
            said.contains("BROKEN GLASS: <@U0BEN> has broken the glass of INC-1 until 2026-11-22 04:15 UTC. Below Tier 3 one approval of theirs is enough"),
            "{said}"
        );
    }
}
