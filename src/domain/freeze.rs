//! Freeze: while it stands, no step that it covers starts. Easy to trip, harder to lift. Each scope is frozen by itself:
//! lifting one leaves the others.
//! Longer than other files, since its scopes, what stands and what lifts it are one machine.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::breaker::interlock;
use super::ids::{AttemptId, ClusterName, IncidentId, Namespace, PersonId, PlanNo, RunbookName, StepNo};
use super::policy::Place;
use crate::planted::{self, Bug};

/// What a freeze covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Scope {
    #[default]
    Everything,
    Cluster {
        cluster: ClusterName,
    },
    /// In every cluster.
    Namespace {
        namespace: Namespace,
    },
    Runbook {
        runbook: RunbookName,
    },
    /// One target, as [`PlannedStep::target_key`](super::plan::PlannedStep::target_key) writes it. Looking at it goes on.
    Target {
        target: String,
    },
    /// The breaker, which trips when a limit of the policy is spent: every change, in this cluster or (`None`) in all of
    /// them. Looking goes on. Interlock's own; nobody else freezes it.
    Breaker {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster: Option<ClusterName>,
    },
    /// The breaker of a runbook, which trips when a step of it wants more than is left of its blast-radius budget: every
    /// change of it, in whatever incident.
    RunbookBreaker {
        runbook: RunbookName,
    },
    /// The breaker of an incident, which trips when the policy's limit for one incident is spent: every change for it. It
    /// ends with its incident.
    IncidentBreaker {
        incident: IncidentId,
    },
}

impl Scope {
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::Everything)
    }

    #[must_use]
    pub fn is_breaker(&self) -> bool {
        match self {
            Self::Breaker { .. } | Self::RunbookBreaker { .. } | Self::IncidentBreaker { .. } => true,
            Self::Everything
            | Self::Cluster { .. }
            | Self::Namespace { .. }
            | Self::Runbook { .. }
            | Self::Target { .. } => false,
        }
    }

    /// A step that changes something nobody knows where is covered by a freeze of any cluster and namespace.
    #[must_use]
    pub fn covers(&self, place: &Place<'_>) -> bool {
        match self {
            Self::Everything => true,
            Self::Cluster { cluster } => place.within(std::slice::from_ref(cluster), place.cluster.as_ref()),
            Self::Namespace { namespace } => {
                place.within(std::slice::from_ref(namespace), place.namespace.as_ref())
            }
            Self::Runbook { runbook } => runbook == place.runbook,
            Self::Target { target } => {
                place.changes && place.target.as_ref().is_none_or(|here| here == target)
            }
            Self::Breaker { cluster } => {
                place.changes && place.within(cluster.as_slice(), place.cluster.as_ref())
            }
            Self::RunbookBreaker { runbook } => place.changes && runbook == place.runbook,
            Self::IncidentBreaker { incident } => place.changes && place.incident == Some(*incident),
        }
    }

    /// The scope that a text begins with (`cluster main`, `namespace=payments`, `runbook redis`, `everything`), and the
    /// rest of it. `None` when its first words name none; whether what is named exists is not asked here.
    #[must_use]
    pub fn read(text: &str) -> Option<(Self, &str)> {
        let (first, rest) = cut(text);
        if first.trim_end_matches([':', ',']).eq_ignore_ascii_case("breaker") {
            return Some((Self::Breaker { cluster: None }, rest));
        }
        let (kind, name, rest) = match first.split_once('=') {
            Some((kind, name)) => (kind, name, rest),
            None if matches!(first.to_ascii_lowercase().as_str(), "everything" | "global") => {
                return Some((Self::Everything, rest));
            }
            None => {
                let (name, rest) = cut(rest);
                (first, name, rest)
            }
        };
        let name = name.trim_end_matches([':', ',']);
        if name.is_empty() {
            return None;
        }
        let scope = match kind.to_ascii_lowercase().as_str() {
            "cluster" => Self::Cluster { cluster: name.into() },
            "namespace" => Self::Namespace {
                namespace: name.into(),
            },
            "runbook" => Self::Runbook { runbook: name.into() },
            "target" => Self::Target {
                target: name.to_owned(),
            },
            "breaker" => breaker(name),
            _ => return None,
        };
        Some((scope, rest))
    }
}

/// Whose breaker a name means: `INC-7`, `runbook/redis`, or that of a cluster.
fn breaker(name: &str) -> Scope {
    let numbered = name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("inc-"));
    if let Some(incident) = IncidentId::parse(name).filter(|_| numbered) {
        return Scope::IncidentBreaker { incident };
    }
    match name.split_once('/') {
        Some((kind, runbook)) if kind.eq_ignore_ascii_case("runbook") => Scope::RunbookBreaker {
            runbook: runbook.into(),
        },
        Some(_) | None => Scope::Breaker {
            cluster: Some(name.into()),
        },
    }
}

fn cut(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim_start())
}

/// As `Scope::read` reads it.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Cluster { cluster } => write!(f, "cluster {cluster}"),
            Self::Namespace { namespace } => write!(f, "namespace {namespace}"),
            Self::Runbook { runbook } => write!(f, "runbook {runbook}"),
            Self::Target { target } => write!(f, "target {target}"),
            Self::Breaker { cluster: None } => f.write_str("breaker"),
            Self::Breaker {
                cluster: Some(cluster),
            } => write!(f, "breaker={cluster}"),
            Self::RunbookBreaker { runbook } => write!(f, "breaker=runbook/{runbook}"),
            Self::IncidentBreaker { incident } => write!(f, "breaker={incident}"),
        }
    }
}

/// One freeze that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub scope: Scope,
    pub by: PersonId,
    pub name: String,
    pub at: Timestamp,
    pub reason: String,
    /// Interlock's own, around what an attempt of unknown outcome may have broken. What takes that attempt back may start
    /// all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<AttemptId>,
    /// The incident whose start tripped the breaker: who was called for it is called until a person has lifted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tripped_by: Option<IncidentId>,
}

impl Held {
    /// Stands for a reason that nobody gave.
    pub const UNEXPLAINED: &'static str = "no reason given";

    /// Between why it was frozen and Interlock's own last reason.
    const AS_WELL: &'static str = "; and by Interlock as well: ";

    fn is_explained(&self) -> bool {
        self.reason != Self::UNEXPLAINED
    }

    /// The reason of both, where the new one is Interlock's own and about everything. `None` where it adds nothing.
    fn with_own(&self, new: &Self) -> Option<String> {
        let own = new.scope.is_everything() && new.by == interlock().id;
        let (given, _) = self
            .reason
            .split_once(Self::AS_WELL)
            .unwrap_or((&self.reason, ""));
        (own && given != new.reason).then(|| format!("{given}{}{}", Self::AS_WELL, new.reason))
    }
}

/// What Interlock froze around a step of an incident, for as long as that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenAround {
    pub over: AttemptId,
    pub scope: Scope,
    pub reason: String,
}

/// All freezes as the journal knows them, at most one a scope. The freeze file is separate: it is read before every start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// By scope. Never defaulted: a stored state of another shape must not read as "nothing is frozen".
    held: Vec<Held>,
    /// The freeze file as it was seen a moment ago: for what people are told. What starts reads it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileSeen>,
}

/// The freeze file, where it freezes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen {
    pub path: String,
    pub at: Timestamp,
    /// Its first line, or why it can't be read.
    pub said: FileSays,
}

/// Why a freeze file freezes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "says")]
pub enum FileSays {
    Reason { reason: String },
    Unreadable { why: String },
}

/// Why a freeze or its lifting changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum FreezeRefusal {
    AlreadyFrozen {
        by: String,
    },
    NotFrozen,
    /// Another person lifts it.
    SamePerson,
    /// Lifting needs a reason.
    NoReason,
    /// No freeze of the journal stands, but the freeze file does: no button and no command of Slack's lifts that.
    ByFile {
        file: FileSeen,
    },
    /// Several stand and none was named.
    Which {
        held: Vec<Scope>,
    },
    /// What was named isn't frozen, but this is.
    OthersHeld {
        held: Vec<Scope>,
    },
}

impl Freeze {
    /// Freezes. Who froze without a word may say why afterwards, and where Interlock has a reason of its own to freeze
    /// everything, it stands beside the one that was given: whoever lifts it is to know of both.
    ///
    /// # Errors
    /// When this scope is frozen already; the first reason stands.
    pub fn trip(&self, new: Held) -> Result<Self, FreezeRefusal> {
        if let Some(held) = self.of(&new.scope) {
            if held.by == new.by && !held.is_explained() && new.is_explained() {
                return Ok(self.stays(&new.scope, &new.reason));
            }
            let both = held.with_own(&new);
            if let Some(both) = both.filter(|both| *both != held.reason) {
                return Ok(self.stays(&new.scope, &both));
            }
            return Err(FreezeRefusal::AlreadyFrozen {
                by: held.name.clone(),
            });
        }
        let mut held = self.held.clone();
        held.push(new);
        held.sort_by(|left, right| left.scope.cmp(&right.scope));
        Ok(self.but(held))
    }

    /// The same freezes; the one of this scope for another reason.
    #[must_use]
    pub fn stays(&self, scope: &Scope, reason: &str) -> Self {
        let mut all = self.held.clone();
        for held in all.iter_mut().filter(|held| held.scope == *scope) {
            reason.clone_into(&mut held.reason);
        }
        self.but(all)
    }

    fn but(&self, held: Vec<Held>) -> Self {
        Self {
            held,
            file: self.file.clone(),
        }
    }

    /// Lifts one: by another person, with a reason.
    ///
    /// # Errors
    /// Says which of these is missing.
    pub fn lift(&self, scope: &Scope, by: &PersonId, reason: &str) -> Result<Self, FreezeRefusal> {
        match self.of(scope) {
            None if self.held.is_empty() => Err(self.nothing_to_lift()),
            None => Err(FreezeRefusal::OthersHeld { held: self.scopes() }),
            Some(held) if held.by == *by && !planted::is(Bug::SamePersonLifts) => {
                Err(FreezeRefusal::SamePerson)
            }
            Some(_) if reason.trim().is_empty() && !planted::is(Bug::LiftNeedsNoReason) => {
                Err(FreezeRefusal::NoReason)
            }
            Some(_) => {
                let left = self.held.iter().filter(|held| held.scope != *scope);
                Ok(self.but(left.cloned().collect()))
            }
        }
    }

    fn nothing_to_lift(&self) -> FreezeRefusal {
        match &self.file {
            Some(file) => FreezeRefusal::ByFile { file: file.clone() },
            None => FreezeRefusal::NotFrozen,
        }
    }

    /// Which one is meant when none is named: the one on everything, or the only one.
    ///
    /// # Errors
    /// When several stand and nobody can tell.
    pub fn meant(&self) -> Result<Scope, FreezeRefusal> {
        match self.held.as_slice() {
            [] => Err(self.nothing_to_lift()),
            [first, ..] if first.scope.is_everything() => Ok(Scope::Everything),
            [only] => Ok(only.scope.clone()),
            [..] => Err(FreezeRefusal::Which { held: self.scopes() }),
        }
    }

    /// The freeze of exactly this scope.
    #[must_use]
    pub fn of(&self, scope: &Scope) -> Option<&Held> {
        self.held.iter().find(|held| held.scope == *scope)
    }

    /// Everything that stands, the freeze of everything first.
    #[must_use]
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// The same freezes without the one of this scope, which has nothing left to stop.
    #[must_use]
    pub(super) fn without(&self, scope: &Scope) -> Self {
        let others = self.held.iter().filter(|held| held.scope != *scope);
        Self {
            held: others.cloned().collect(),
            file: self.file.clone(),
        }
    }

    /// Those that keep this step from starting.
    pub fn over<'a>(&'a self, place: &'a Place<'_>) -> impl Iterator<Item = &'a Held> {
        self.held.iter().filter(move |held| held.scope.covers(place))
    }

    /// The freeze file, where it was seen to freeze a moment ago.
    #[must_use]
    pub fn file(&self) -> Option<&FileSeen> {
        self.file.as_ref()
    }

    /// The freeze file was looked at.
    pub(super) fn saw(&mut self, path: &str, file: &FreezeFile, at: Timestamp) {
        self.file = file.says().map(|said| FileSeen {
            path: path.to_owned(),
            at,
            said,
        });
    }

    /// Every scope that is frozen in the journal.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        self.held.iter().map(|held| held.scope.clone()).collect()
    }

    /// Those around what this step of an incident may have broken.
    pub fn around(&self, incident: IncidentId, plan: PlanNo, step: StepNo) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| {
            let over = held.over.as_ref();
            over.is_some_and(|over| over.incident == incident && over.plan == plan && over.step == step)
        })
    }

    /// Anything at all is frozen.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.held.is_empty()
    }
}

/// What the freeze file said just now. Unreadable counts as frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "file")]
pub enum FreezeFile {
    /// Not configured, or it does not exist.
    Absent,
    /// It exists; its first line is the reason.
    Present {
        reason: String,
    },
    Unreadable {
        why: String,
    },
}

impl FreezeFile {
    /// Who freezes by it, as a reason of the policy names it.
    pub const BY: &'static str = "the freeze file";

    /// `None` where it does not freeze.
    #[must_use]
    pub fn says(&self) -> Option<FileSays> {
        match self {
            Self::Absent => None,
            Self::Present { reason } => Some(FileSays::Reason {
                reason: reason.clone(),
            }),
            Self::Unreadable { why } => Some(FileSays::Unreadable { why: why.clone() }),
        }
    }
}

impl FileSays {
    /// Behind a colon.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Reason { reason } => reason.clone(),
            Self::Unreadable { why } => format!("it can't be read, which counts as frozen ({why})"),
        }
    }
}

#[cfg(test)]
mod tests;
