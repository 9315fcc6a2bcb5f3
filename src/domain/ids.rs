//! Names of things, each its own type, so that a person can't be passed where a channel is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

text_id! {
    /// A cluster by its name in `kubernetes.clusters.NAME`.
    ClusterName,
    /// A Kubernetes namespace.
    Namespace,
    /// Where an action takes effect: `production`, `staging`; given by `[[environments]]`, never by the alert.
    Environment,
    /// File stem of a runbook: `redis-connection-timeout`.
    RunbookName,
    /// Content hash, `sha256:` and 64 hex digits; of a runbook or a policy.
    Revision,
    /// A service by the name the team gives it in labels.
    Service,
    /// An alerting system: `alertmanager`, `pagerduty`, or `manual` for `/runbook run`.
    Source,
    /// A Slack channel id (`C…`), or a name with `#` in configuration that the Slack adapter resolves.
    Channel,
    /// Identity of one episode of an alert: stays the same over repeats and retries, changes when it fires again.
    EpisodeKey,
    /// Identity of an alert over episodes: the same labels give the same fingerprint.
    Fingerprint,
    /// What the source itself says belongs together (Alertmanager's `groupKey`, a PagerDuty incident id).
    GroupKey,
    /// Identity of something that may be delivered twice: a Slack `trigger_id`, `event_id`, `view.id` and hash, a webhook id. Those
    /// of Slack begin with a word and a colon, those of alert sources with the source and a slash ([`DeliveryKey::of`]).
    DeliveryKey,
    /// A Slack user group id (`S…`) or handle (`@sre`).
    GroupId,
}

impl DeliveryKey {
    /// A delivery of an alert source, by the sender's number for it.
    #[must_use]
    pub fn of(source: &Source, id: &str) -> Self {
        Self(format!("{source}/{id}"))
    }

    /// Whether an alert source sent it.
    #[must_use]
    pub fn is_of_a_source(&self) -> bool {
        self.0
            .find([':', '/'])
            .is_some_and(|at| self.0.get(at..).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// An incident's number; people see `INC-42`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u64);

impl IncidentId {
    /// No incident has a larger number: what the database can hold.
    pub const MOST: Self = Self(i64::MAX.unsigned_abs());

    /// Reads `INC-42`, `inc-42` or `42`; `None` of what no incident can be called.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = match text.split_at_checked(4) {
            Some((prefix, digits)) if prefix.eq_ignore_ascii_case("inc-") => digits,
            Some(_) | None => text,
        };
        digits.parse().ok().map(Self).filter(|id| *id <= Self::MOST)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INC-{}", self.0)
    }
}

/// A person by workspace and user id: a Slack user id alone is not an identity, since people of other workspaces
/// can press buttons in shared channels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId {
    pub team: String,
    pub user: String,
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.team, self.user)
    }
}

/// Number of a step in its runbook, from 1. Prechecks, which run before step 1, are numbered apart: people read `P1`, so that
/// step 1 is the author's and what runs first has no higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepNo(pub u16);

impl StepNo {
    /// Below this are steps; no runbook has so many.
    const PRECHECKS: u16 = 10_000;

    /// The precheck at this place, from 0.
    #[must_use]
    pub fn precheck(place: usize) -> Self {
        let place = u16::try_from(place.saturating_add(1)).unwrap_or(u16::MAX);
        Self(Self::PRECHECKS.saturating_add(place))
    }

    #[must_use]
    pub fn is_precheck(self) -> bool {
        self.0 > Self::PRECHECKS
    }
}

/// For people; what is read back is the number itself.
impl fmt::Display for StepNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.checked_sub(Self::PRECHECKS) {
            Some(precheck @ 1..) => write!(f, "P{precheck}"),
            Some(0) | None => self.0.fmt(f),
        }
    }
}

/// Number of a plan within its incident, from 1; Modify makes the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanNo(pub u32);

impl fmt::Display for PlanNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a silence within its incident, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SilenceNo(pub u16);

impl fmt::Display for SilenceNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One try at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    pub incident: IncidentId,
    pub plan: PlanNo,
    pub step: StepNo,
    /// From 1.
    pub attempt: u8,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.p{}.s{}.a{}",
            self.incident, self.plan, self.step.0, self.attempt
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precheck_has_a_number_of_its_own_that_machines_read_back() {
        let step = StepNo::precheck(0);
        assert_eq!(
            (step.to_string(), StepNo(4).to_string()),
            ("P1".into(), "4".into())
        );
        let attempt = AttemptId {
            incident: IncidentId(1),
            plan: PlanNo(1),
            step,
            attempt: 1,
        };
        assert_eq!(attempt.to_string(), "INC-1.p1.s10001.a1");
    }

    #[test]
    fn an_incident_id_is_read_as_people_write_it() {
        for text in ["INC-42", "inc-42", "42", " INC-42 "] {
            assert_eq!(IncidentId::parse(text), Some(IncidentId(42)), "{text}");
        }
        assert_eq!(IncidentId::parse("INC-"), None);
        assert_eq!(
            IncidentId::parse("INC-9223372036854775807"),
            Some(IncidentId::MOST)
        );
        for text in ["INC-9223372036854775808", "18446744073709551615"] {
            assert_eq!(IncidentId::parse(text), None, "{text}");
        }
        assert_eq!(IncidentId::parse("redis"), None);
    }
}
