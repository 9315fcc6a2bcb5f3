//! Silences: an alert that people have seen enough of is muted at its Alertmanager for a while. One person proposes it, others
//! approve it as they would a step of Tier 2, it is made once, and watched until it ends.
//!
//! Invariants: every matcher is an equality on a label that the alert has, and `alertname` and whatever says where it comes
//! from are always among them, so that a silence hides nothing of another rule or another place; it ends within a day;
//! what was shown is what is made ([`SilenceDraft::mark`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::action::Tier;
use super::alert::Alert;
use super::approval::Vote;
use super::event::Who;
use super::ids::{IncidentId, SilenceNo};
use super::incident::{HandoffReason, Incident, Phase};

/// The source whose alerts can be silenced.
pub const SOURCE: &str = "alertmanager";
/// Silences hide what people would be woken for: they are approved like a step of higher risk.
pub const TIER: Tier = Tier::Two;
/// Minutes that a silence may last, to choose from.
pub const MINUTES: [u16; 7] = [15, 30, 60, 120, 240, 480, 1_440];
/// What stands in the form.
pub const MINUTES_DEFAULT: u16 = 120;
/// Labels that are offered beside those that always match: as many as a group of checkboxes takes.
const OFFERED: usize = 10;
/// Labels that always match, where the alert has them.
const ALWAYS: [&str; 5] = ["alertname", "cluster", "namespace", "environment", "env"];
/// Alerts of an incident from which on it is noisy.
const NOISY_ALERTS: usize = 3;
/// Repeats of known alerts from which on it is.
const NOISY_REPEATS: u64 = 10;
/// Characters of a reason that are kept.
pub const REASON_MOST: usize = 300;
/// What redaction leaves behind: the label's true value is not known, so nothing can be matched by it.
const REDACTED: &str = "[redacted";

/// One label and the value that it has to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Matcher {
    pub name: String,
    pub value: String,
}

/// As Alertmanager writes it: `alertname="RedisDown"`.
impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={:?}", self.name, self.value)
    }
}

/// A silence as it is proposed: all that is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceDraft {
    pub no: SilenceNo,
    /// Never empty.
    pub matchers: Vec<Matcher>,
    /// One of [`MINUTES`].
    pub minutes: u16,
    pub reason: String,
    /// Alerts of other open incidents that it would hide as well, as it stood when it was proposed.
    #[serde(default, skip_serializing_if = "Elsewhere::is_nothing")]
    pub elsewhere: Elsewhere,
}

/// What a silence hides beside the alerts of the incident that it is proposed for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Firing alerts.
    pub alerts: usize,
    /// In so many incidents.
    pub incidents: usize,
    /// The most severe of them, at most [`NAMED_ELSEWHERE`].
    pub named: Vec<IncidentId>,
}

/// Other incidents that a proposed silence names.
pub const NAMED_ELSEWHERE: usize = 5;

impl Elsewhere {
    /// Of all open incidents, the most severe first.
    #[must_use]
    pub fn of(matchers: &[Matcher], than: IncidentId, open: &[&Incident]) -> Self {
        let mut found = Self::default();
        for incident in open.iter().filter(|incident| incident.id != than) {
            let of_source = incident.firing().filter(|alert| alert.source.as_str() == SOURCE);
            let hidden = of_source.filter(|alert| covers(matchers, alert)).count();
            if hidden > 0 {
                found.alerts = found.alerts.saturating_add(hidden);
                found.incidents = found.incidents.saturating_add(1);
                if found.named.len() < NAMED_ELSEWHERE {
                    found.named.push(incident.id);
                }
            }
        }
        found
    }

    fn is_nothing(&self) -> bool {
        self.alerts == 0
    }
}

fn covers(matchers: &[Matcher], alert: &Alert) -> bool {
    let has = |one: &Matcher| alert.labels.get(&one.name) == Some(&one.value);
    matchers.iter().all(has)
}

impl SilenceDraft {
    /// The first twelve hexadecimal digits of the hash of everything that is approved.
    #[must_use]
    pub fn mark(&self) -> String {
        let mut hash = Sha256::new();
        let (minutes, no) = (self.minutes.to_string(), self.no.to_string());
        let matchers = self.matchers.iter().flat_map(|one| [&one.name, &one.value]);
        for part in matchers.chain([&minutes, &no, &self.reason]) {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut mark = hex::encode(hash.finalize());
        mark.truncate(12);
        mark
    }

    #[must_use]
    pub fn covers(&self, alert: &Alert) -> bool {
        covers(&self.matchers, alert)
    }
}

/// Which silence a button belongs to. A pointer only: everything is checked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceRef {
    pub incident: IncidentId,
    pub no: SilenceNo,
    /// [`SilenceDraft::mark`] of what the card showed.
    pub mark: String,
}

/// What a person wants about silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SilenceWish {
    /// The menu entry: asks for the form.
    Ask(IncidentId),
    /// The form, sent.
    Propose {
        incident: IncidentId,
        /// Names of labels that match beside those that always do.
        labels: Vec<String>,
        minutes: u16,
        reason: String,
    },
    Approve(SilenceRef),
    Reject(SilenceRef),
}

impl SilenceWish {
    #[must_use]
    pub fn incident(&self) -> IncidentId {
        match self {
            Self::Ask(incident) | Self::Propose { incident, .. } => *incident,
            Self::Approve(at) | Self::Reject(at) => at.incident,
        }
    }
}

/// What Alertmanager said of a silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SilenceNews {
    /// It has it; also when somebody has moved its end there.
    Made {
        id: String,
        ends_at: Timestamp,
    },
    Failed {
        why: String,
    },
    Ended {
        how: SilenceEnd,
        /// How many of its alerts fire, where Alertmanager said it.
        firing: Option<u32>,
    },
}

/// A silence with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub draft: SilenceDraft,
    pub by: Who,
    pub approve_by: Timestamp,
    pub votes: Vec<Vote>,
    pub state: SilenceState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum SilenceState {
    /// Waits for people.
    Proposed,
    /// On its way to Alertmanager.
    Approved {
        at: Timestamp,
    },
    /// Alertmanager has it.
    Active {
        id: String,
        ends_at: Timestamp,
    },
    Rejected {
        by: String,
    },
    /// It was approved and could not be made.
    Failed {
        why: String,
    },
    Ended {
        at: Timestamp,
        how: SilenceEnd,
        /// How many of its alerts fired then, where Alertmanager said it.
        firing: Option<u32>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceEnd {
    RanOut,
    /// Somebody ended it in Alertmanager before its time.
    EndedElsewhere,
    /// Nobody approved it in time.
    NotDecided,
    /// The incident was over before anybody had approved it.
    Over,
    /// Approved in a dry run, which makes nothing.
    DryRun,
    /// The database is an older copy: what was approved or waited in it counts no more.
    Void,
}

impl SilenceState {
    /// It waits, is being made, or holds.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self {
            Self::Proposed | Self::Approved { .. } | Self::Active { .. } => true,
            Self::Rejected { .. } | Self::Failed { .. } | Self::Ended { .. } => false,
        }
    }
}

/// What a form about this incident shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// These always match.
    pub always: Vec<Matcher>,
    /// These may be chosen; the service is, to begin with.
    pub beside: Vec<Matcher>,
}

/// What a silence of this incident could match: labels that all its firing alerts of one rule have in common. `None` when
/// there is nothing that can be silenced.
#[must_use]
pub fn offer(incident: &Incident) -> Option<Offer> {
    if incident.source.as_str() != SOURCE || !incident.is_open() {
        return None;
    }
    let first = incident.firing().next()?;
    let rule = first.labels.get("alertname")?;
    let same: Vec<&Alert> = incident
        .firing()
        .map(|alert| &**alert)
        .filter(|alert| alert.labels.get("alertname") == Some(rule))
        .collect();
    let common = |name: &String, value: &String| {
        !value.is_empty()
            && !value.contains(REDACTED)
            && same.iter().all(|alert| alert.labels.get(name) == Some(value))
    };
    let (always, mut beside): (Vec<Matcher>, Vec<Matcher>) = first
        .labels
        .iter()
        .filter(|(name, value)| common(name, value))
        .map(|(name, value)| Matcher {
            name: name.clone(),
            value: value.clone(),
        })
        .partition(|one| ALWAYS.contains(&one.name.as_str()));
    // Where they come from is not the same for all, or not known: no silence could be held to one place.
    let placed = ALWAYS
        .iter()
        .filter(|name| first.labels.contains_key(**name))
        .all(|name| always.iter().any(|one| one.name == *name));
    beside.truncate(OFFERED);
    placed.then_some(Offer { always, beside })
}

impl Incident {
    /// More of it than anybody wants to see: it flaps, or it is many alerts, or the same ones again and again.
    #[must_use]
    pub fn is_noisy(&self) -> bool {
        let flaps = matches!(
            self.phase,
            Phase::Handed {
                reason: HandoffReason::Flapping { .. },
                ..
            }
        );
        let joined = self.episodes.iter().any(|episode| episode.because.is_some());
        flaps
            || joined
            || self.episodes.len().saturating_add(self.let_go) >= NOISY_ALERTS
            || self.repeats >= NOISY_REPEATS
    }

    /// The newest silence, whatever became of it.
    #[must_use]
    pub fn silence(&self) -> Option<&Silence> {
        self.silences.last()
    }

    /// When a silence that waits for people is given up.
    #[must_use]
    pub fn silence_due(&self) -> Option<Timestamp> {
        let waits = self.silence()?;
        (waits.state == SilenceState::Proposed).then_some(waits.approve_by)
    }

    pub(super) fn silence_mut(&mut self, no: SilenceNo) -> Option<&mut Silence> {
        self.silences.iter_mut().find(|silence| silence.draft.no == no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(reason: &str, values: &[(&str, &str)]) -> SilenceDraft {
        SilenceDraft {
            no: SilenceNo(1),
            matchers: values
                .iter()
                .map(|(name, value)| Matcher {
                    name: (*name).to_owned(),
                    value: (*value).to_owned(),
                })
                .collect(),
            minutes: 120,
            reason: reason.to_owned(),
            elsewhere: Elsewhere::default(),
        }
    }

    #[test]
    fn the_mark_changes_with_everything_that_is_approved() {
        let one = draft("r", &[("alertname", "A"), ("service", "b")]);
        let mut marks = vec![
            one.mark(),
            draft("s", &[("alertname", "A"), ("service", "b")]).mark(),
            draft("r", &[("alertname", "As"), ("ervice", "b")]).mark(),
            draft("r", &[("alertname", "A")]).mark(),
            SilenceDraft {
                minutes: 15,
                ..one.clone()
            }
            .mark(),
        ];
        marks.sort();
        marks.dedup();
        assert_eq!(marks.len(), 5, "{marks:?}");
        assert_eq!(one.mark(), one.clone().mark());
    }

    #[test]
    fn a_matcher_is_written_as_alertmanager_reads_it() {
        let odd = &draft("r", &[("path", "C:\\x \"y\"")]).matchers[0];
        assert_eq!(odd.to_string(), r#"path="C:\\x \"y\"""#);
    }
}
