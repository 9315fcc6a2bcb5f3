//! What a card shows beside the incident: the time, the mode, a freeze, and who may approve.

use jiff::Timestamp;

use super::text::safe;
use crate::domain::action::Tier;
use crate::domain::event::Mode;
use crate::domain::freeze::Scope;
use crate::domain::ids::{AttemptId, Environment};
use crate::domain::incident::Incident;
use crate::domain::policy::{ON_CALL_NOW, Policy, Reason};
use crate::domain::runbook::{Autonomy, ChecklistItem};
use crate::slack::inbound::origin::Origin;
use crate::slack::people::Absent;

/// Who stopped what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    pub scope: Scope,
    pub by: String,
    pub reason: String,
    /// The attempt that it contains: what takes that back may start.
    pub over: Option<AttemptId>,
}

impl Frozen {
    /// What is said behind "no step starts", with a space before it.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.scope {
            Scope::Everything => String::new(),
            Scope::Cluster { .. }
            | Scope::Namespace { .. }
            | Scope::Runbook { .. }
            | Scope::Target { .. } => {
                format!(" in {}", safe(&self.scope.to_string(), 100))
            }
            Scope::Breaker { cluster: None } => " that changes something".to_owned(),
            Scope::Breaker {
                cluster: Some(cluster),
            } => format!(
                " that changes something on cluster {}",
                safe(cluster.as_str(), 100)
            ),
        }
    }

    /// That it stands, and who lifts it.
    #[must_use]
    pub fn head(&self) -> (String, &'static str) {
        if self.scope.is_breaker() {
            ("BREAKER TRIPPED".to_owned(), "a person")
        } else {
            (format!("FROZEN by {}", safe(&self.by, 60)), "another person")
        }
    }

    /// What is typed to lift it.
    #[must_use]
    pub fn lift(&self) -> String {
        match &self.scope {
            Scope::Everything => "/runbook unfreeze REASON".to_owned(),
            Scope::Cluster { .. }
            | Scope::Namespace { .. }
            | Scope::Runbook { .. }
            | Scope::Target { .. }
            | Scope::Breaker { .. } => {
                format!("/runbook unfreeze {} REASON", safe(&self.scope.to_string(), 100))
            }
        }
    }
}

impl CardContext {
    /// Whether a yes could only be refused, whoever says it.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        self.frozen.is_some() || self.broken.is_some() || !self.not_now.is_empty()
    }
}

#[derive(Clone, Debug)]
pub struct CardContext {
    /// Whose buttons these are.
    pub origin: Origin,
    pub now: Timestamp,
    pub mode: Mode,
    pub autonomy: Autonomy,
    /// Mentions or handles, as mrkdwn: `<@U1>`, `@sre`. See [`who_may`].
    pub who_may: Vec<String>,
    /// A freeze that covers this incident's plan: while it stands the card approves nothing.
    pub frozen: Option<Frozen>,
    /// The freeze that Interlock made around the step of unknown outcome still holds.
    pub contained: bool,
    /// What else keeps the plan from starting now: a closed window, a limit. While there is any, the card approves nothing.
    pub not_now: Vec<Reason>,
    /// Why the journal can't be written: nothing that is pressed counts, and nothing starts.
    pub broken: Option<String>,
    /// Whose service it is, as the catalogue says it.
    pub owner: Option<String>,
    /// Whether silences can be made at all.
    pub silences: bool,
    /// Who could approve a silence of its alerts, as `who_may`.
    pub silence_may: Vec<String>,
    /// Items of the prose runbook that the incident's `checklist` names.
    pub checklist: Vec<ChecklistItem>,
}

/// Who could approve the current plan: everybody whom a row of each of its steps names. Ids become mentions, handles stay
/// words; anything else is left out.
#[must_use]
pub fn who_may(policy: &Policy, incident: &Incident, absent: &Absent) -> Vec<String> {
    let Some(track) = incident.current() else {
        return Vec::new();
    };
    let mut needed: Vec<Vec<String>> = Vec::new();
    for step in track.plan.live_steps() {
        let Some(environment) = &step.environment else {
            return Vec::new();
        };
        let named = named_for(policy, step.tier, environment, absent);
        if named.is_empty() && step.tier == Tier::Zero {
            continue;
        }
        if !needed.contains(&named) {
            needed.push(named);
        }
    }
    in_all(&needed)
}

/// Everybody whom a row of this cell names, as `who_may`.
#[must_use]
pub fn named_for(policy: &Policy, tier: Tier, environment: &Environment, absent: &Absent) -> Vec<String> {
    let there = |named: &str, shown: String| match absent.get(named) {
        Some(why) => format!("~{shown}~ ({})", why.words()),
        None => shown,
    };
    let rows = policy
        .rows
        .iter()
        .filter(|row| row.tiers.contains(&tier) && row.environments.contains(environment));
    let mut named: Vec<String> = Vec::new();
    for row in rows {
        let users = row.users.iter().filter_map(|user| {
            let shown = mention(user, "<@")?;
            Some(there(user, shown))
        });
        let groups = row.groups.iter().filter_map(|group| {
            let shown = match group.as_str().strip_prefix('@') {
                Some(handle) => plain(handle).then(|| format!("@{handle}")),
                None if group.as_str() == ON_CALL_NOW => Some("whoever is on call now".to_owned()),
                None => mention(group.as_str(), "<!subteam^"),
            }?;
            Some(there(group.as_str(), shown))
        });
        for name in users.chain(groups) {
            if !named.contains(&name) {
                named.push(name);
            }
        }
    }
    named
}

/// Whoever is named in each of the lists; nobody when one of them is empty.
fn in_all(needed: &[Vec<String>]) -> Vec<String> {
    let Some((first, rest)) = needed.split_first() else {
        return Vec::new();
    };
    if needed.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let everywhere: Vec<String> = first
        .iter()
        .filter(|name| rest.iter().all(|others| others.contains(name)))
        .cloned()
        .collect();
    if !everywhere.is_empty() {
        return everywhere;
    }
    // No group is in every list, but somebody may be in a group of each. A list that holds another one adds nothing to it.
    let adds = |list: &&Vec<String>| {
        let holds = |other: &Vec<String>| other != *list && other.iter().all(|name| list.contains(name));
        !needed.iter().any(holds)
    };
    let each: Vec<String> = needed
        .iter()
        .filter(adds)
        .map(|names| names.join(" or "))
        .collect();
    vec![format!("whoever is in {}", each.join(" and in "))]
}

fn plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn mention(id: &str, open: &str) -> Option<String> {
    let fits = (2..=32).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    fits.then(|| format!("{open}{id}>"))
}

#[cfg(test)]
mod tests {
    use super::in_all;

    #[test]
    fn who_may_is_who_stands_in_a_row_of_every_step() {
        let lists = |lists: &[&[&str]]| -> Vec<Vec<String>> {
            lists
                .iter()
                .map(|list| list.iter().map(|&name| name.to_owned()).collect())
                .collect()
        };
        assert_eq!(in_all(&lists(&[&["@sre", "<@U1>"], &["<@U1>"]])), ["<@U1>"]);
        assert_eq!(
            in_all(&lists(&[&["@sre"], &["@leads"], &["@sre", "@leads"]])),
            ["whoever is in @sre and in @leads"]
        );
        assert!(in_all(&lists(&[&["@sre"], &[]])).is_empty());
    }
}
