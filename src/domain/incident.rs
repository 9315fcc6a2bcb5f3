//! An incident: one cause, one card. Its state is the fold of its entries; `fold` is the only writer.
//! Longer than other files, since an incident is read together with all that it holds.

mod attention;
mod paging;
mod voices;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::alert::{Alert, Severity};
use super::approval::Approval;
use super::change::{self, Change, Unread};
use super::cluster::Because;
use super::event::Who;
use super::evidence::Evidence;
use super::freeze::FrozenAround;
use super::glass::Glass;
pub use super::handoff::HandoffReason;
use super::ids::{
    AttemptId, Channel, EpisodeKey, Fingerprint, GroupKey, IncidentId, PersonId, PlanNo, RunbookName,
    Service, Source, StepNo,
};
pub use super::matched::{MatchLine, MatchRecord, Verdict};
use super::memory::Similar;
use super::plan::{Plan, PlanDigest, Requester};
use super::policy::{Decision, Reason};
use super::run::{Run, RunResult, StepState};
use super::runbook::{ChecklistItem, ParamValue};
use super::silence::Silence;
use crate::planted::{self, Bug};
pub use attention::Attention;
pub use paging::{PageFailure, Paging};
pub use voices::{CutOff, Voice};

/// A message in Slack. `ts` is a string: never a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    pub channel: String,
    pub ts: String,
}

/// One episode of an alert in this incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    pub alert: Arc<Alert>,
    /// Number of the entry by which it came to this incident.
    pub since: u64,
    /// Why it joined; `None` where it opened the incident or its source says that it belongs here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
    pub resolved_at: Option<Timestamp>,
    /// The last that its source said about who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// Those of a pair that were heard, each with its last word; empty while it was one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub voices: BTreeMap<String, Voice>,
}

impl Episode {
    /// Whether it is of the same alert: a key means something to its own source only.
    #[must_use]
    pub fn is_of(&self, alert: &Alert) -> bool {
        self.alert.episode == alert.episode && self.alert.source == alert.source
    }

    /// The same, where an entry names it. Entries from before two sources could share an incident name no source.
    #[must_use]
    pub(super) fn is(&self, source: Option<&Source>, episode: &EpisodeKey) -> bool {
        let its = |source: &Source| self.alert.source == *source || planted::is(Bug::KeysOfOthersMatch);
        self.alert.episode == *episode && source.is_none_or(its)
    }

    /// The first twelve hexadecimal digits of the hash of what identifies it: stays the same when episodes before it are let go.
    #[must_use]
    pub fn mark(&self) -> String {
        let (source, key) = (self.alert.source.as_str(), self.alert.episode.as_str());
        let mut mark = hex::encode(Sha256::digest(format!("{source}\n{key}")));
        mark.truncate(12);
        mark
    }
}

/// What a plan is to be made from; the rest is looked up when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    pub runbook: RunbookName,
    pub requester: Requester,
    /// Given by a person; labels and defaults fill the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParamValue>,
    /// Proposed by the advisor where neither a label nor a person said it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub advised: BTreeMap<String, ParamValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<StepNo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_from: Option<PlanNo>,
    /// Who asked for the same before, and no plan came of it: they are behind this one as well.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked_before: BTreeSet<PersonId>,
    /// Nothing but the Rollback of the step that this attempt was at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<AttemptId>,
}

/// A plan with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanTrack {
    pub plan: Arc<Plan>,
    pub digest: PlanDigest,
    pub proposed_at: Timestamp,
    pub decision: Decision,
    pub approval: Approval,
    pub run: Run,
    /// The last step that the approval is about; `None` is all that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upto: Option<StepNo>,
    /// A part of it is done, and nothing of what is left has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part_waits: bool,
    /// That part is done because the next step did not start in time; more was approved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part_late: bool,
    /// What was no longer as it was shown, when that made the plan void before anything of it started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outdated: Vec<Reason>,
    /// Those who may approve it were reminded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminded: bool,
    /// Since when what is left of it waits, once a part of it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
    /// The clock went back since it was proposed and before anything of it began: its deadlines mean nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clock_went_back: bool,
    /// When its runbook last did not help against this alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_before: Option<Timestamp>,
}

/// How an incident ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as")]
pub enum ClosedAs {
    /// Interlock's steps were verified and the source agrees or was told.
    Resolved,
    /// The alert went away before anything was done, or while a human had it.
    AlertCleared,
    /// A person who had it says that it is over.
    ByPerson {
        by: PersonId,
        name: String,
        /// Empty when none was given.
        reason: String,
    },
    /// A dry run that a person asked for is complete: there is nothing to wait for.
    DryRun,
    /// A person says that it is the same as another: its alerts are there now.
    Merged { into: IncidentId, by: Who },
}

/// What a verified fix still waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlesBy {
    /// The source says resolved before the time is up.
    #[default]
    Resolving,
    /// It has, and stays so until the time is up.
    Staying,
}

impl SettlesBy {
    #[must_use]
    pub fn is_resolving(&self) -> bool {
        matches!(self, Self::Resolving)
    }
}

/// Where an incident stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Phase {
    /// A runbook is chosen; the targets are being looked at.
    Planning {
        request: PlanRequest,
    },
    /// The current plan waits for people.
    Proposed,
    /// The current plan runs.
    Running,
    /// Verified; not over yet.
    Settling {
        until: Timestamp,
        #[serde(default, skip_serializing_if = "SettlesBy::is_resolving")]
        by: SettlesBy,
    },
    /// A human has it.
    Handed {
        at: Timestamp,
        reason: HandoffReason,
    },
    Closed {
        at: Timestamp,
        result: ClosedAs,
    },
}

/// An item of a prose runbook's checklist that somebody ticked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub by: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    pub opened_at: Timestamp,
    pub title: String,
    pub severity: Severity,
    pub service: Option<Service>,
    /// The alert's own word for its environment, for matching and the card; actions have theirs from configuration.
    pub environment: Option<String>,
    pub source: Source,
    pub group: Option<GroupKey>,
    pub channel: Channel,
    pub episodes: Vec<Episode>,
    /// Episodes that have resolved and were let go, so that an alert that flaps does not grow this for ever.
    #[serde(default)]
    pub let_go: usize,
    /// Deliveries of alerts that were known already.
    pub repeats: u64,
    pub matched: Option<MatchRecord>,
    /// Oldest first; the last one counts.
    pub plans: Vec<PlanTrack>,
    pub phase: Phase,
    pub card: Option<MessageRef>,
    pub paging: Paging,
    /// Whoever took it over.
    pub commander: Option<(PersonId, String)>,
    /// The prose runbook shown as a checklist.
    pub checklist: Option<RunbookName>,
    /// Its items as they were then: what is ticked stays ticked when the file is edited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ChecklistItem>,
    /// By item number from 0.
    pub ticks: BTreeMap<u16, Tick>,
    /// Whoever started it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Who>,
    /// Whom the policy names, where it does not name whoever started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_instead: Option<Vec<String>>,
    /// What the last plan was, or is, made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<PlanRequest>,
    /// The source was told that it is over and refused, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_refused: Option<String>,
    /// The last time that somebody broke the glass for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glass: Option<Glass>,
    /// What changed shortly before, newest first, at most [`change::SHOWN`](super::change::SHOWN).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Arc<Change>>,
    /// What is not known of the changes before it, at most [`change::SHOWN`](super::change::SHOWN).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    /// Groups of alerts that joined for a reason of ours.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub joined_groups: BTreeSet<GroupKey>,
    /// Groups of alerts that came with an incident that was merged into this one: what else comes of them comes here.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub merged_groups: BTreeSet<(Source, GroupKey)>,
    /// Alerts that a person has split off; they never join again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub split_off: BTreeSet<Fingerprint>,
    /// Closed incidents that are like it, most alike first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<Similar>,
    /// Silences that were proposed for it, oldest first; only the last one can be live.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silences: Vec<Silence>,
    /// What Interlock froze around its steps and nobody has lifted: stays so when the incident is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen_around: Vec<FrozenAround>,
    /// What was found for the newest plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Groups of which the sender leaves alerts out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<CutOff>,
    /// How many of its changes had been started when a person last lifted its breaker: they count no longer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub looked_at: u32,
    /// Runbooks that ran for it and did not help, each with the alert that it was to help against.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub in_vain: BTreeSet<(Fingerprint, RunbookName)>,
    /// Sequence number of the last entry about this incident: changes whenever the card may.
    pub last_seq: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Incident {
    pub(super) fn saw_changes(&mut self, changes: &[Arc<Change>], unread: &[Unread]) {
        self.unread.extend(unread.iter().cloned());
        self.unread.truncate(change::SHOWN);
        self.changes
            .retain(|known| !changes.iter().any(|change| change.ends(known)));
        self.changes.extend(changes.iter().cloned());
        self.changes.sort_by_key(|change| std::cmp::Reverse(change.at));
        self.changes.truncate(change::KEPT_WITH_INCIDENT);
    }

    /// When it began, which is when its first alert did. [`Self::opened_at`] is when that came.
    #[must_use]
    pub fn began_at(&self) -> Timestamp {
        self.first_alert()
            .map_or(self.opened_at, |alert| alert.began_at(self.opened_at))
    }

    #[must_use]
    pub fn current(&self) -> Option<&PlanTrack> {
        self.plans.last()
    }

    /// The evidence for the current plan, or for the one in the making.
    #[must_use]
    pub fn current_evidence(&self) -> Option<&Evidence> {
        let wanted = match &self.phase {
            Phase::Planning { request } => Some(&request.runbook),
            Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Handed { .. }
            | Phase::Closed { .. } => self.current().map(|track| &track.plan.runbook),
        };
        let evidence = self.evidence.as_ref();
        evidence.filter(|evidence| wanted.is_none_or(|wanted| *wanted == evidence.runbook))
    }

    /// What changed in the world so that this plan, or the one in the making, took the place of the one before.
    #[must_use]
    pub fn moved_since(&self) -> Option<(PlanNo, &[Reason])> {
        let before = match &self.phase {
            Phase::Planning { .. } => self.plans.last(),
            Phase::Proposed
            | Phase::Handed {
                reason: HandoffReason::Denied,
                ..
            } => self.plans.iter().rev().nth(1),
            Phase::Running | Phase::Settling { .. } | Phase::Handed { .. } | Phase::Closed { .. } => None,
        }?;
        let moved = before.outdated.as_slice();
        (!moved.is_empty()).then_some((before.plan.no, moved))
    }

    /// Attempts started that were to change something, of all its plans.
    #[must_use]
    pub fn changes(&self) -> u32 {
        let started = self.plans.iter().map(|track| track.run.changes);
        started.fold(0, u32::saturating_add)
    }

    #[must_use]
    pub fn plan(&self, no: PlanNo) -> Option<&PlanTrack> {
        self.plans.iter().find(|track| track.plan.no == no)
    }

    /// The plans of which something ran, and the one that counts now, oldest first.
    pub fn tried(&self) -> impl Iterator<Item = &PlanTrack> {
        let current = self.current().map(|track| track.plan.no);
        let tried =
            move |track: &&PlanTrack| track.run.started_at.is_some() || Some(track.plan.no) == current;
        self.plans.iter().filter(tried)
    }

    /// The groups whose next alert is one of this incident: its own, and what came by a merge.
    pub fn groups(&self) -> impl Iterator<Item = (&Source, &GroupKey)> {
        let own = self.group.iter().map(|group| (&self.source, group));
        own.chain(self.merged_groups.iter().map(|(source, group)| (source, group)))
    }

    /// The alerts that have not resolved.
    pub fn firing(&self) -> impl Iterator<Item = &Arc<Alert>> {
        let firing = self
            .episodes
            .iter()
            .filter(|episode| episode.resolved_at.is_none());
        firing.map(|episode| &episode.alert)
    }

    /// Alerts that still fire and are its own: they opened it, or their source says that they belong to it. What only joined for a
    /// reason of ours has a cause of its own as far as its source knows, and nobody but that source says that it is over.
    pub fn firing_of_its_own(&self) -> impl Iterator<Item = &Arc<Alert>> {
        let firing = self
            .episodes
            .iter()
            .filter(|episode| episode.resolved_at.is_none() && episode.because.is_none());
        firing.map(|episode| &episode.alert)
    }

    /// Whether its source was asked to end this alert, when it was asked to end these. A key of another source, which came by
    /// a merge, may read the same. None, in old rows of the outbox, is all of its own.
    #[must_use]
    pub fn was_told(&self, alert: &Alert, told: &[EpisodeKey]) -> bool {
        alert.source == self.source && (told.is_empty() || told.contains(&alert.episode))
    }

    /// Every alert of it has resolved, and none is left out of what its sender tells.
    #[must_use]
    pub fn all_resolved(&self) -> bool {
        self.cut.is_empty() && self.episodes.iter().all(|episode| episode.resolved_at.is_some())
    }

    /// A card waits and nobody has done anything about it yet.
    #[must_use]
    pub fn waits_for_people(&self) -> bool {
        match &self.phase {
            Phase::Proposed | Phase::Planning { .. } => true,
            Phase::Handed { reason, .. } => !matches!(
                reason,
                HandoffReason::TakenOver { .. } | HandoffReason::Rejected { .. }
            ),
            Phase::Running | Phase::Settling { .. } | Phase::Closed { .. } => false,
        }
    }

    /// Whether somebody is asked for a word without which nothing goes on: a plan waits for its approval, or a step of unknown
    /// outcome for a judgement.
    #[must_use]
    pub fn waits_for_a_decision(&self) -> bool {
        matches!(self.phase, Phase::Proposed) || (self.is_open() && self.unknown_step().is_some())
    }

    /// Everybody who asked for this plan, or changed it on the way: none of them approves it where the requester may not.
    #[must_use]
    pub fn behind(&self, plan: &Plan) -> BTreeSet<PersonId> {
        let mut people = BTreeSet::new();
        let mut next = Some(plan);
        while let Some(plan) = next {
            if let Requester::Person(id) = &plan.requester {
                people.insert(id.clone());
            }
            people.extend(plan.asked_before.iter().cloned());
            // Numbers only go down, so a damaged chain ends too.
            next = plan
                .modified_from
                .filter(|from| *from < plan.no)
                .and_then(|from| self.plan(from))
                .map(|track| &*track.plan);
        }
        people
    }

    /// A step runs, or nobody knows whether it happened: the incident can't be over yet.
    #[must_use]
    pub fn has_loose_end(&self) -> bool {
        self.plans
            .iter()
            .flat_map(|track| track.run.steps.values())
            .any(|state| match state {
                StepState::Started { .. } | StepState::Unknown { .. } => true,
                StepState::Waiting
                | StepState::Succeeded { .. }
                | StepState::Failed { .. }
                | StepState::Skipped { .. }
                | StepState::Refused { .. } => false,
            })
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Closed { .. })
    }

    /// Its alerts are in another incident now.
    #[must_use]
    pub fn is_merged(&self) -> bool {
        let closed = |result: &ClosedAs| matches!(result, ClosedAs::Merged { .. });
        matches!(&self.phase, Phase::Closed { result, .. } if closed(result))
    }

    /// The alert it was opened for. An incident always has one.
    #[must_use]
    pub fn first_alert(&self) -> Option<&Arc<Alert>> {
        self.episodes.first().map(|episode| &episode.alert)
    }

    /// The result of the current run, when it has one.
    #[must_use]
    pub fn result(&self) -> Option<&RunResult> {
        self.current().and_then(|track| track.run.result.as_ref())
    }

    /// When this incident wants the clock to look at it again.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let approval = match self.phase {
            Phase::Proposed | Phase::Running => self.current().filter(|track| !track.begun()),
            Phase::Planning { .. } | Phase::Settling { .. } | Phase::Handed { .. } | Phase::Closed { .. } => {
                None
            }
        }
        .and_then(|track| track.approval.deadline());
        let settle = match &self.phase {
            Phase::Settling { until, .. } => Some(*until),
            Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Handed { .. }
            | Phase::Closed { .. } => None,
        };
        let page = self
            .paging
            .due
            .filter(|_| self.paging.asked_at.is_none() && self.is_open());
        let other = [
            self.remind_at(),
            self.waits_until(),
            self.runs_long_at(),
            self.glass_until(),
            self.silence_due(),
        ];
        [approval, settle, page].into_iter().chain(other).flatten().min()
    }
}
