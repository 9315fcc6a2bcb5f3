//! The tables of the policy that are not about people: change windows, freezes of the calendar, limits, and what needs
//! Tier 3. Rules of one kind all have to agree, so one more of them never lets more through.

use std::fmt;

use jiff::tz::TimeZone;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::check::wrong;
use super::error::ConfigError;
use super::policy_file::PolicyRows;
use super::settings::Settings;
use crate::domain::action::Tier;
use crate::domain::glass::GlassRule;
use crate::domain::ids::{ClusterName, Environment, GroupId, Namespace, RunbookName};
use crate::domain::policy::{Calendar, CalendarFreeze, Cover, Guards, Limits, NamePattern, Span, Window};

impl Settings {
    /// As the core needs them.
    #[must_use]
    pub fn guards(&self) -> Guards {
        let calendar = |zone: &Zone, spans: &[SpanText]| Calendar {
            zone: zone.0.clone(),
            spans: spans.iter().map(|span| span.0.clone()).collect(),
        };
        Guards {
            windows: self
                .windows
                .iter()
                .map(|row| Window {
                    name: row.name.clone(),
                    cover: row.cover(),
                    tiers: row.tiers.clone(),
                    open: calendar(&row.zone, &row.open),
                })
                .collect(),
            freezes: self
                .freezes
                .iter()
                .map(|row| CalendarFreeze {
                    name: row.name.clone(),
                    reason: row.reason.clone(),
                    cover: row.cover(),
                    during: calendar(&row.zone, &row.during),
                })
                .collect(),
            limits: Limits {
                per_incident: self.limits.actions_per_incident,
                per_hour: self.limits.actions_per_hour,
                per_hour_and_cluster: self.limits.actions_per_hour_and_cluster,
            },
            protected: self
                .protected
                .namespaces
                .iter()
                .cloned()
                .map(NamePattern)
                .collect(),
            irreversible: self.irreversible.clone(),
            glass: self.break_glass.rule(),
        }
    }

    /// Adds those of `policy.path`. Of two limits the lower counts.
    pub(super) fn add_guards(&mut self, rows: PolicyRows) {
        self.windows.extend(rows.windows);
        self.freezes.extend(rows.freezes);
        self.protected.namespaces.extend(rows.protected.namespaces);
        self.irreversible.extend(rows.irreversible);
        self.break_glass.add(rows.break_glass);
        let (own, other) = (&mut self.limits, rows.limits);
        for (own, other) in [
            (&mut own.actions_per_incident, other.actions_per_incident),
            (&mut own.actions_per_hour, other.actions_per_hour),
            (
                &mut own.actions_per_hour_and_cluster,
                other.actions_per_hour_and_cluster,
            ),
        ] {
            *own = [*own, other].into_iter().flatten().min();
        }
    }

    /// A line for each rule, for the policy's revision. Their order counts for nothing.
    pub(super) fn guard_lines(&self) -> Vec<String> {
        let windows = self.windows.iter().map(|row| format!("windows {row:?}"));
        let freezes = self.freezes.iter().map(|row| format!("freezes {row:?}"));
        let protected = self.protected.namespaces.iter();
        windows
            .chain(freezes)
            .chain(protected.map(|name| format!("protected {name:?}")))
            .chain((self.limits != LimitKeys::default()).then(|| format!("limits {:?}", self.limits)))
            .chain(
                self.break_glass
                    .rule()
                    .map(|rule| format!("break_glass {rule:?}")),
            )
            .collect()
    }
}

impl WindowRow {
    fn cover(&self) -> Cover {
        Cover {
            environments: self.environments.clone(),
            clusters: self.clusters.clone(),
            namespaces: self.namespaces.clone(),
            runbooks: self.runbooks.clone(),
        }
    }
}

impl FreezeRow {
    fn cover(&self) -> Cover {
        Cover {
            environments: self.environments.clone(),
            clusters: self.clusters.clone(),
            namespaces: self.namespaces.clone(),
            runbooks: self.runbooks.clone(),
        }
    }
}

/// `[[windows]]`: a change window. What it covers may start only while it is open; of several that cover a step all have
/// to be open. An empty list covers everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowRow {
    /// For people, in refusals; no two the same.
    pub name: String,
    #[serde(default)]
    pub environments: Vec<Environment>,
    #[serde(default)]
    pub clusters: Vec<ClusterName>,
    #[serde(default)]
    pub namespaces: Vec<Namespace>,
    #[serde(default)]
    pub runbooks: Vec<RunbookName>,
    /// Which actions it is about; those that change something when not written.
    #[serde(default = "changing")]
    pub tiers: Vec<Tier>,
    pub zone: Zone,
    /// `mon-fri 09:00-17:00`, `2026-12-20..2027-01-02`; any one of them is enough. Never empty.
    pub open: Vec<SpanText>,
}

fn changing() -> Vec<Tier> {
    vec![Tier::One, Tier::Two, Tier::Three]
}

/// `[[freezes]]`: nothing that it covers starts while it lasts. An empty list covers everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeRow {
    pub name: String,
    /// Why, for whoever is refused.
    pub reason: String,
    #[serde(default)]
    pub environments: Vec<Environment>,
    #[serde(default)]
    pub clusters: Vec<ClusterName>,
    #[serde(default)]
    pub namespaces: Vec<Namespace>,
    #[serde(default)]
    pub runbooks: Vec<RunbookName>,
    pub zone: Zone,
    /// As `open` of a window. Never empty.
    pub during: Vec<SpanText>,
}

/// `[limits]`: how many actions that change something may start, attempts counted. At least 1; no limit when not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitKeys {
    pub actions_per_incident: Option<u32>,
    pub actions_per_hour: Option<u32>,
    pub actions_per_hour_and_cluster: Option<u32>,
}

/// `[break_glass]`: who may open the gate of one incident for some minutes. Nobody when it names nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakGlassKeys {
    pub users: Vec<String>,
    pub groups: Vec<GroupId>,
    /// 1 to 60; 15 when not written.
    pub minutes: Option<u32>,
}

impl BreakGlassKeys {
    fn names_nobody(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    fn rule(&self) -> Option<GlassRule> {
        (!self.names_nobody()).then(|| GlassRule {
            users: self.users.clone(),
            groups: self.groups.clone(),
            minutes: self.minutes.unwrap_or(15),
        })
    }

    /// The shorter time counts.
    fn add(&mut self, other: Self) {
        self.users.extend(other.users);
        self.groups.extend(other.groups);
        self.minutes = [self.minutes, other.minutes].into_iter().flatten().min();
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.minutes {
            Some(minutes) if !(1..=60).contains(&minutes) => wrong(format!(
                "`break_glass.minutes` is {minutes}: write a number from 1 to 60"
            )),
            Some(_) if self.names_nobody() => {
                wrong("`[break_glass]` names nobody: write `groups` or `users`, or take it out".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// `[protected]`: namespaces in which every change is Tier 3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProtectedKeys {
    /// Names, or beginnings of names with `*` behind them.
    pub namespaces: Vec<String>,
}

/// A time zone by its name in the IANA database: `Europe/Berlin`, `UTC`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl Zone {
    fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        TimeZone::get(&text).map(Self).map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is no time zone: write a name of the IANA database, like `Europe/Berlin` or `UTC` (they come from this machine's tzdata)"
            ))
        })
    }
}

/// A span of the calendar, as `domain::policy::Span` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanText(pub Span);

impl Serialize for SpanText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SpanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = text.parse::<Span>();
        read.map(Self)
            .map_err(|error| de::Error::custom(format!("`{text}`: {error}")))
    }
}
