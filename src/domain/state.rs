//! Everything that is known, as the fold of the journal. The indexes beside the incidents are derived and not stored.
//! Longer than other files, since every way to find an incident stands beside what keeps it true.

mod ended;
mod episodes;
mod seen;
mod unseen;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use ended::{Ended, Ends};
pub use seen::{REDELIVERED_FOR, Seen};

use super::action::{EffectClass, Tier};
use super::ceremony::Codes;
use super::change::{Changes, Unread};
use super::factors::FactorsKnown;
use super::freeze::Freeze;
use super::glass::Glass;
use super::ids::{AttemptId, EpisodeKey, Fingerprint, GroupKey, IncidentId, Source};
use super::incident::{Incident, MessageRef, Phase};
use super::memory::Memory;
use super::oversight::Oversight;
use super::past::Past;
use super::recent::Ran;
use super::run::StepState;
use super::silence::{Silence, SilenceState};
use super::storm::Storms;

/// A closed incident stays at hand this long for late repeats and clicks on its card.
const CLOSED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Number of the last entry.
    pub seq: u64,
    /// The latest time of an entry since the clock last went back.
    #[serde(default)]
    pub(super) latest_at: Option<Timestamp>,
    /// Number of the last incident.
    pub last_incident: u64,
    pub incidents: BTreeMap<IncidentId, Incident>,
    pub freeze: Freeze,
    /// Which second factors were used, and which were wrong.
    pub codes: Codes,
    /// Who has one, as far as it is on record.
    #[serde(default)]
    pub factors: FactorsKnown,
    /// Each time somebody broke the glass, until another person has reviewed it.
    pub glass: Vec<Glass>,
    /// What was started in the last hour, oldest first.
    pub(super) ran: VecDeque<Ran>,
    pub seen: Seen,
    #[serde(default)]
    pub past: Past,
    pub changes: Changes,
    /// What of them can't be read at present.
    #[serde(default)]
    pub unread: Vec<Unread>,
    #[serde(default)]
    pub memory: Memory,
    /// How people use the gate.
    #[serde(default)]
    pub oversight: Oversight,
    /// Incidents with a start of Tier 2 or 3 that no checkpoint covers yet, each with the number of the last such entry.
    #[serde(default)]
    pub(super) unsigned: BTreeMap<IncidentId, u64>,
    /// Ends that came before their beginnings.
    #[serde(default)]
    pub(super) ends: Ends,
    /// What opened lately in each channel.
    #[serde(default)]
    pub storms: Storms,
    /// Closed incidents, oldest first, until they are let go.
    pub closed: VecDeque<(Timestamp, IncidentId)>,
    #[serde(skip)]
    pub(super) index: Index,
}

/// Ways to find an incident. Rebuilt from the incidents; never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Who has, or had, an episode, with the number of the entry by which it came there; the last one has it.
    pub episodes: BTreeMap<Source, BTreeMap<EpisodeKey, Vec<(u64, IncidentId)>>>,
    /// Of alerts whose fingerprint is that of their labels.
    pub alerts: BTreeMap<Source, BTreeMap<Fingerprint, BTreeSet<IncidentId>>>,
    /// Open incidents only. Of several, which comes of merging and splitting, the oldest has it.
    pub groups: BTreeMap<Source, BTreeMap<GroupKey, BTreeSet<IncidentId>>>,
    pub deadlines: BTreeSet<(Timestamp, IncidentId)>,
    pub deadline_of: BTreeMap<IncidentId, Timestamp>,
    /// Targets on which a step is started, or ended Unknown and not judged.
    pub busy: BTreeMap<String, AttemptId>,
    pub cards: BTreeMap<MessageRef, IncidentId>,
}

impl Index {
    pub fn leave_group(&mut self, id: IncidentId, source: &Source, group: &GroupKey) {
        let Some(groups) = self.groups.get_mut(source) else {
            return;
        };
        if let Some(ids) = groups.get_mut(group) {
            ids.remove(&id);
            if ids.is_empty() {
                groups.remove(group);
            }
        }
        if groups.is_empty() {
            self.groups.remove(source);
        }
    }
}

impl State {
    #[must_use]
    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// A step was started; one of Tier 2 or 3 is to be signed for in its incident's thread.
    pub(super) fn note_unsigned(&mut self, attempt: AttemptId, seq: u64) {
        let step = self
            .incident(attempt.incident)
            .and_then(|incident| incident.plan(attempt.plan))
            .and_then(|track| track.plan.step(attempt.step));
        if step.is_some_and(|step| step.tier >= Tier::Two) {
            self.unsigned.insert(attempt.incident, seq);
        }
    }

    /// Whose starts of Tier 2 or 3 a checkpoint over the first `size` entries is the first to cover.
    #[must_use]
    pub fn unsigned_upto(&self, size: u64) -> Vec<IncidentId> {
        let covered = self.unsigned.iter().filter(|(_, seq)| **seq <= size);
        covered.map(|(incident, _)| *incident).collect()
    }

    /// The incident that already has this episode.
    #[must_use]
    pub fn by_episode(&self, source: &Source, episode: &EpisodeKey) -> Option<IncidentId> {
        let known = self.index.episodes.get(source)?.get(episode)?;
        known.last().map(|(_, incident)| *incident)
    }

    /// The incidents that have, or had, an alert with these labels, the newest first. Empty for sources whose fingerprint is another.
    pub fn by_fingerprint(
        &self,
        source: &Source,
        alert: &Fingerprint,
    ) -> impl Iterator<Item = IncidentId> + use<'_> {
        let known = self.index.alerts.get(source).and_then(|alerts| alerts.get(alert));
        known.into_iter().flatten().rev().copied()
    }

    /// The open incident of this group.
    #[must_use]
    pub fn by_group(&self, source: &Source, group: &GroupKey) -> Option<IncidentId> {
        self.index.groups.get(source)?.get(group)?.first().copied()
    }

    /// The incident whose card is this message.
    #[must_use]
    pub fn by_card(&self, message: &MessageRef) -> Option<IncidentId> {
        self.index.cards.get(message).copied()
    }

    /// The attempt that holds a target.
    #[must_use]
    pub fn holder(&self, target: &str) -> Option<AttemptId> {
        self.index.busy.get(target).copied()
    }

    /// The earliest time at which something is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.index.deadlines.first().map(|(at, _)| *at)
    }

    /// Incidents with something due at `now`.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<IncidentId> {
        self.index
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, id)| *id)
            .collect()
    }

    /// Incidents that aren't closed, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| incident.is_open())
    }

    /// Open incidents as people want to read them: the most severe first, among those what waits for a decision, then what
    /// else waits for people, then the oldest.
    #[must_use]
    pub fn open_by_need(&self) -> Vec<&Incident> {
        let mut open: Vec<&Incident> = self.open().collect();
        open.sort_by_key(|incident| {
            let needs = (incident.waits_for_a_decision(), incident.waits_for_people());
            (std::cmp::Reverse((incident.severity, needs)), incident.id)
        });
        open
    }

    /// Silences that hold, of open incidents and of those that closed within the last day.
    #[must_use]
    pub fn silences(&self) -> Vec<(IncidentId, Silence)> {
        let all = self.incidents.values().flat_map(|incident| {
            let silences = incident.silences.iter();
            silences.map(move |silence| (incident.id, silence))
        });
        all.filter(|(_, silence)| matches!(silence.state, SilenceState::Active { .. }))
            .map(|(id, silence)| (id, silence.clone()))
            .collect()
    }

    /// Rebuilds what is derived: after loading a stored state.
    pub fn reindex(&mut self) {
        self.seen.reindex();
        self.past.reindex();
        self.index = Index::default();
        let ids: Vec<_> = self.incidents.keys().copied().collect();
        for id in ids {
            self.index_incident(id);
            self.index_episodes(id, 0);
        }
    }

    /// Brings the indexes up to date with one incident.
    pub(super) fn index_incident(&mut self, id: IncidentId) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        // Most events change none of this, so every index is asked before anything is copied for it.
        let deadline = incident.deadline();
        if self.index.deadline_of.get(&id) != deadline.as_ref() {
            if let Some(old) = self.index.deadline_of.remove(&id) {
                self.index.deadlines.remove(&(old, id));
            }
            if let Some(at) = deadline {
                self.index.deadlines.insert((at, id));
                self.index.deadline_of.insert(id, at);
            }
        }
        if let Some(card) = &incident.card
            && self.index.cards.get(card) != Some(&id)
        {
            self.index.cards.insert(card.clone(), id);
        }
        for (source, group) in incident.groups() {
            let known = self.index.groups.get(source).and_then(|groups| groups.get(group));
            match (known.is_some_and(|ids| ids.contains(&id)), incident.is_open()) {
                (false, true) => {
                    let groups = self.index.groups.entry(source.clone()).or_default();
                    groups.entry(group.clone()).or_default().insert(id);
                }
                (true, false) => self.index.leave_group(id, source, group),
                (true, true) | (false, false) => {}
            }
        }
        // One entry adds one episode at most, and the newest is last.
        let newest = incident.episodes.len().saturating_sub(1);
        self.index_episodes(id, newest);
        self.index_busy(id);
    }

    /// A card posted anew takes the place of the one before.
    pub(super) fn forget_card(&mut self, id: IncidentId) {
        if let Some(card) = self
            .incidents
            .get(&id)
            .and_then(|incident| incident.card.as_ref())
        {
            self.index.cards.remove(card);
        }
    }

    fn index_busy(&mut self, id: IncidentId) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        let Some(track) = incident.current() else { return };
        // Nothing is held and nothing of this plan has begun: the common case while a storm comes in.
        if self.index.busy.is_empty() && track.run.steps.is_empty() {
            return;
        }
        for step in &track.plan.steps {
            let Some(target) = step.target_key() else {
                continue;
            };
            let held = match track.run.state(step.no) {
                StepState::Started { attempt, .. } | StepState::Unknown { attempt, .. } => Some(*attempt),
                StepState::Waiting
                | StepState::Succeeded { .. }
                | StepState::Failed { .. }
                | StepState::Skipped { .. }
                | StepState::Refused { .. } => None,
            };
            let attempt_id = |attempt| AttemptId {
                incident: id,
                plan: track.plan.no,
                step: step.no,
                attempt,
            };
            match held {
                Some(attempt) if step.effect != EffectClass::Observe => {
                    self.index.busy.insert(target, attempt_id(attempt));
                }
                Some(_) | None => {
                    let ours = self
                        .index
                        .busy
                        .get(&target)
                        .is_some_and(|holder| holder.incident == id && holder.step == step.no);
                    if ours {
                        self.index.busy.remove(&target);
                    }
                }
            }
        }
    }

    /// Lets go of incidents that were closed long ago. Deterministic: depends on entry times only.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.closed.front().copied() {
            if now.duration_since(at) <= CLOSED_FOR {
                break;
            }
            self.closed.pop_front();
            // Whoever was called for its breaker is stood down when that is lifted; then it comes here again.
            if self.keeps_tripped(id) {
                continue;
            }
            let still_closed = self.incidents.get(&id).is_some_and(
                |incident| matches!(incident.phase, Phase::Closed { at: closed, .. } if closed <= at),
            );
            if still_closed && let Some(gone) = self.incidents.remove(&id) {
                self.unindex(&gone);
            }
        }
    }

    /// Lets go of some incidents, closed ones, whatever else is still known of them.
    pub(super) fn let_go_of(&mut self, has: impl Fn(IncidentId) -> bool) {
        let gone: Vec<IncidentId> = self.incidents.keys().copied().filter(|id| has(*id)).collect();
        for id in gone {
            if let Some(gone) = self.incidents.remove(&id) {
                self.unindex(&gone);
                // In a snapshot from before it was closed it is open: what closed it reads as erased.
                for (source, group) in gone.groups() {
                    self.index.leave_group(id, source, group);
                }
            }
        }
        self.closed.retain(|(_, id)| !has(*id));
        self.unsigned.retain(|id, _| !has(*id));
    }

    fn unindex(&mut self, gone: &Incident) {
        for alert in gone.episodes.iter().map(|episode| &episode.alert) {
            let (source, key) = (Some(&alert.source), &alert.episode);
            self.index.forget_episodes(source, key, |(_, had)| had == gone.id);
            self.index
                .forget_alert(gone.id, &alert.source, &alert.fingerprint);
        }
        if let Some(card) = &gone.card {
            self.index.cards.remove(card);
        }
        self.index.busy.retain(|_, holder| holder.incident != gone.id);
        if let Some(at) = self.index.deadline_of.remove(&gone.id) {
            self.index.deadlines.remove(&(at, gone.id));
        }
    }
}
