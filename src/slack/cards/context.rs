//! What a card shows beside the incident: the time, the mode, a freeze, and who may approve.

use jiff::Timestamp;

use super::text::safe;
use crate::domain::action::Tier;
use crate::domain::breaker::interlock;
use crate::domain::event::Mode;
use crate::domain::freeze::{FrozenAround, Scope};
use crate::domain::ids::{AttemptId, Environment, IncidentId, PersonId};
use crate::domain::incident::Incident;
use crate::domain::policy::{Policy, Reason};
use crate::domain::runbook::{Autonomy, ChecklistItem};
use crate::render::{freezing, people};
use crate::slack::inbound::origin::Origin;
use crate::slack::people::Absent;

/// Who stopped what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    pub scope: Scope,
    /// As mrkdwn.
    pub by: String,
    pub reason: String,
    /// The person who froze it, who can't lift it; none for the file and for Interlock's own.
    pub who: Option<PersonId>,
    /// The freeze file that it comes from, which nobody lifts in Slack.
    pub file: Option<String>,
    /// The attempt that it contains: what takes that back may start.
    pub over: Option<AttemptId>,
}

impl Frozen {
    /// What Interlock froze around a step.
    #[must_use]
    pub fn around(around: &FrozenAround) -> Self {
        Self {
            scope: around.scope.clone(),
            by: format!("@{}", interlock().name),
            reason: around.reason.clone(),
            who: None,
            file: None,
            over: Some(around.over),
        }
    }

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
            Scope::RunbookBreaker { runbook } => {
                format!(" of {} that changes something", safe(runbook.as_str(), 100))
            }
            Scope::IncidentBreaker { incident } => format!(" that changes something for {incident}"),
        }
    }

    /// That it stands, and who lifts it.
    #[must_use]
    pub fn head(&self) -> (String, &'static str) {
        if self.scope.is_breaker() {
            ("BREAKER TRIPPED".to_owned(), "a person")
        } else {
            // Interlock's own has nobody who could not lift it.
            let who = if self.over.is_some() {
                "a person"
            } else {
                "another person"
            };
            (format!("FROZEN by {}", self.by), who)
        }
    }

    /// Whether it is the breaker of the limit that is reached: then only a person makes room.
    #[must_use]
    pub fn says(&self, reason: &Reason, incident: IncidentId) -> bool {
        let Reason::LimitReached { limit, .. } = reason else {
            return false;
        };
        limit.breaker(Some(incident)).as_ref() == Some(&self.scope)
    }

    /// Who lifts it and with what, behind "until".
    #[must_use]
    pub fn until(&self) -> String {
        if let Some(path) = &self.file {
            return freezing::by_hand(&safe(path, 200));
        }
        let (_, who) = self.head();
        format!(
            "{who} lifts it with `{}`",
            safe(&freezing::lift(&self.scope), 200)
        )
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
    /// Mentions or handles, as mrkdwn: `<@U1>`, `@sre`; it takes one of each list. See [`who_may`].
    pub who_may: Vec<Vec<String>>,
    /// A freeze that covers this incident's plan: while it stands the card approves nothing.
    pub frozen: Option<Frozen>,
    /// What else keeps the plan from starting now: a closed window, a limit. While there is any, the card approves nothing.
    pub not_now: Vec<Reason>,
    /// Why the journal can't be written: nothing that is pressed counts, and nothing starts.
    pub broken: Option<String>,
    /// Whose service it is, as the catalogue says it.
    pub owner: Option<String>,
    /// A runbook is for it now, where none was when it came.
    pub fits_now: bool,
    /// Whether silences can be made at all.
    pub silences: bool,
    /// Who could approve a silence of its alerts, as `who_may`.
    pub silence_may: Vec<Vec<String>>,
    /// Items of the prose runbook that the incident's `checklist` names.
    pub checklist: Vec<ChecklistItem>,
}

/// Who could approve the current plan, one of each list, as shown.
#[must_use]
pub fn who_may(policy: &Policy, incident: &Incident, absent: &Absent) -> Vec<Vec<String>> {
    let named = incident
        .current()
        .map(|track| policy.named_for(&track.part(track.upto, None)))
        .unwrap_or_default();
    people::written(&named, |name| shown(name, absent))
}

/// Everybody whom a row of this cell names, as `who_may`.
#[must_use]
pub fn named_for(
    policy: &Policy,
    tier: Tier,
    environment: &Environment,
    absent: &Absent,
) -> Vec<Vec<String>> {
    people::written(&[policy.named_in(tier, environment)], |name| shown(name, absent))
}

/// Whom Slack does not have is struck out.
fn shown(name: &str, absent: &Absent) -> Option<String> {
    let there = people::slack(name)?;
    Some(match absent.get(name) {
        Some(why) => format!("~{there}~ ({})", why.words()),
        None => there,
    })
}
