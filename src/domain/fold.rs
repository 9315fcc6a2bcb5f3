//! The one place where an entry changes the state. Total: every event is here, without a wildcard. An entry that does not
//! fit (an unknown incident, a vote on a decided plan) changes nothing, so folding never fails half-way.
//! What an event does to its one incident is in `incident`.

mod course;
mod heard;
mod incident;
mod plans;
mod silences;

use std::collections::BTreeSet;

use jiff::Timestamp;

use course::opened;
use incident::change;

use super::cluster::Because;
use super::event::{Entry, Event, Heard, Who};
use super::freeze::{Held, Scope};
use super::glass::Glass;
use super::ids::{AttemptId, GroupKey, IncidentId, Source};
use super::incident::Incident;
use super::memory::Signature;
use super::state::State;

impl State {
    /// Applies one entry. Entries come in order and without a gap.
    #[expect(clippy::too_many_lines, reason = "every event has its arm in the one match")]
    pub fn apply(&mut self, entry: &Entry) {
        self.seq = entry.seq;
        self.note_time(entry.at);
        self.oversight.note(entry);
        if let Some(key) = &entry.key {
            self.seen.add(entry.at, key);
        }
        match &entry.event {
            Event::Started { .. } | Event::Anchored { .. } | Event::Asked { .. } => {}
            Event::Checkpointed { size, .. } => self.unsigned.retain(|_, seq| *seq > *size),
            Event::Refused { by, refusal, .. } => self.codes.refused(&by.id, refusal, entry.at),
            Event::Voted { incident, vote, .. } => {
                self.codes.voted(vote);
                self.apply_to_incident(entry, *incident);
            }
            Event::GlassBroken {
                incident,
                by,
                reason,
                until,
            } => {
                self.glass.push(Glass {
                    incident: *incident,
                    by: by.clone(),
                    reason: reason.clone(),
                    at: entry.at,
                    until: *until,
                    over: false,
                });
                self.apply_to_incident(entry, *incident);
            }
            Event::GlassReviewed { incident, .. } => {
                self.glass.retain(|glass| glass.incident != *incident);
                self.apply_to_incident(entry, *incident);
            }
            Event::ClockWentBack { .. } => self.clock_was_set_back(entry.at),
            Event::GlassOver { incident } => {
                self.glass_is_over(*incident);
                self.apply_to_incident(entry, *incident);
            }
            Event::Heard {
                heard: Heard::Ended { ends },
                ..
            } => ends.iter().for_each(|ended| self.ends.add(entry.at, ended)),
            Event::Heard { incident, .. } => {
                incident.iter().for_each(|id| self.apply_to_incident(entry, *id))
            }
            Event::Repeated { incidents } => self.repeated(incidents),
            Event::FreezeFile { path, file } => self.freeze.saw(path, file, entry.at),
            Event::Changed { change } => self.changes.note(change, entry.at),
            Event::ChangesUnread { unread } => self.unread.clone_from(unread),
            Event::Storm { channel, .. } => self.storms.told(channel, entry.at),
            Event::SecondFactor { change } => self.factors.note(change),
            Event::Erased { erasure, .. } => self.erased(erasure, entry.at),
            Event::PayloadErased { kind, incident } => self.payload_erased(kind, *incident, entry.at),
            Event::Frozen {
                by,
                reason,
                scope,
                over,
            } => {
                self.frozen(by, reason, scope, *over, entry.at);
                if let Some(over) = over {
                    self.apply_to_incident(entry, over.incident);
                }
            }
            Event::BreakerTripped {
                incident,
                limit,
                allowed,
            } => self.tripped(*incident, limit, *allowed, entry.at),
            Event::Unfrozen {
                by,
                reason,
                scope,
                over,
            } => {
                // Entries from before that was kept do not say it.
                let held = self.freeze.of(scope).and_then(|held| held.over);
                if let Ok(lifted) = self.freeze.lift(scope, &by.id, reason) {
                    let tripped = self.freeze.of(scope).and_then(|held| held.tripped_by);
                    self.freeze = lifted;
                    self.begin_anew(scope);
                    self.let_go_later(tripped, entry.at);
                }
                if let Some(over) = over.or(held) {
                    self.apply_to_incident(entry, over.incident);
                }
            }
            Event::StaysFrozen {
                incident,
                scope,
                reason,
            } => {
                self.freeze = self.freeze.stays(scope, reason);
                self.apply_to_incident(entry, *incident);
            }
            Event::Opened {
                incident,
                alert,
                channel,
                title,
                severity,
                by,
                ask_instead,
            } => {
                self.forget_old(entry.at);
                // What a person runs by hand is no alert, however much of it comes.
                if by.is_none() {
                    self.storms.opened(channel, *incident, entry.at);
                    self.past.fired(entry.at, &alert.fingerprint);
                }
                self.last_incident = self.last_incident.max(incident.0);
                let mut opened = opened(*incident, entry.at, alert, channel, title, *severity, entry.seq);
                opened.requested_by.clone_from(by);
                opened.ask_instead.clone_from(ask_instead);
                self.incidents.insert(*incident, opened);
                self.index_incident(*incident);
            }
            Event::StepStarted {
                incident, attempt, ..
            } => {
                self.note_start(*attempt, entry.at);
                self.note_unsigned(*attempt, entry.seq);
                self.apply_to_incident(entry, *incident);
            }
            Event::CardPosted { incident, .. } => {
                self.forget_card(*incident);
                self.apply_to_incident(entry, *incident);
            }
            Event::Closed { incident, .. } => {
                self.apply_to_incident(entry, *incident);
                self.own_breaker_ends(*incident);
                if let Some(closed) = self.incidents.get(incident) {
                    Signature::of(closed)
                        .filter(|_| !closed.is_merged())
                        .into_iter()
                        .for_each(|signature| self.memory.keep(signature));
                    self.closed.push_back((entry.at, *incident));
                }
            }
            Event::Joined {
                incident,
                alert,
                because,
            } => {
                // One that was merged fired before, where it was.
                if !because.as_ref().is_some_and(Because::is_merge) {
                    self.past.fired(entry.at, &alert.fingerprint);
                }
                self.apply_to_incident(entry, *incident);
                self.let_go_of_episodes(*incident);
            }
            Event::RunEnded {
                incident,
                plan,
                result,
            } => {
                self.apply_to_incident(entry, *incident);
                self.note_result(*incident, *plan, result, entry.at);
            }
            Event::HandedOver { incident, reason } => {
                self.apply_to_incident(entry, *incident);
                self.note_handover(*incident, reason, entry.at);
            }
            Event::SplitOff {
                incident,
                source: from,
                episode,
                fingerprint,
                ..
            } => {
                // It opens an incident of its own next, and has not fired again by that.
                self.past.take_back(fingerprint);
                let groups = |state: &Self| -> BTreeSet<(Source, GroupKey)> {
                    let incident = state.incident(*incident).into_iter();
                    let groups = incident.flat_map(Incident::groups);
                    groups
                        .map(|(source, group)| (source.clone(), group.clone()))
                        .collect()
                };
                let before = groups(self);
                self.apply_to_incident(entry, *incident);
                for (source, group) in before.difference(&groups(self)) {
                    self.index.leave_group(*incident, source, group);
                }
                self.leave_episode(*incident, from.as_ref(), episode);
                if let Some(source) = from {
                    self.leave_alert(*incident, source, fingerprint);
                }
            }
            Event::AlertResolved { incident, .. }
            | Event::ChangesSeen { incident, .. }
            | Event::Remembered { incident, .. }
            | Event::Matched { incident, .. }
            | Event::Advised { incident, .. }
            | Event::Filled { incident, .. }
            | Event::Planning { incident, .. }
            | Event::Gathered { incident, .. }
            | Event::Checklist { incident, .. }
            | Event::Ticked { incident, .. }
            | Event::Proposed { incident, .. }
            | Event::PartDone { incident, .. }
            | Event::AllowedAlone { incident, .. }
            | Event::Rejected { incident, .. }
            | Event::Expired { incident, .. }
            | Event::Withdrawn { incident, .. }
            | Event::Outdated { incident, .. }
            | Event::StepWaits { incident, .. }
            | Event::StepHeld { incident, .. }
            | Event::StepRefused { incident, .. }
            | Event::StepSkipped { incident, .. }
            | Event::StepEnded { incident, .. }
            | Event::StepJudged { incident, .. }
            | Event::StepBlamed { incident, .. }
            | Event::RunsLong { incident, .. }
            | Event::Settling { incident, .. }
            | Event::Reminded { incident, .. }
            | Event::PageDue { incident, .. }
            | Event::PageAsked { incident, .. }
            | Event::PageSettled { incident }
            | Event::Paged { incident, .. }
            | Event::PageFailed { incident, .. }
            | Event::SourceRefused { incident, .. }
            | Event::SourceResolved { incident, .. }
            | Event::SourceTold { incident, .. }
            | Event::SilenceProposed { incident, .. }
            | Event::SilenceVoted { incident, .. }
            | Event::SilenceRejected { incident, .. }
            | Event::SilenceMade { incident, .. }
            | Event::SilenceFailed { incident, .. }
            | Event::SilenceEnded { incident, .. }
            | Event::Merged { incident, .. }
            | Event::TakenOver { incident, .. } => self.apply_to_incident(entry, *incident),
        }
    }

    fn repeated(&mut self, incidents: &[(IncidentId, u32)]) {
        for (id, count) in incidents {
            if let Some(incident) = self.incidents.get_mut(id) {
                incident.repeats = incident.repeats.saturating_add(u64::from(*count));
            }
        }
    }

    fn frozen(&mut self, by: &Who, reason: &str, scope: &Scope, over: Option<AttemptId>, at: Timestamp) {
        let held = Held {
            scope: scope.clone(),
            by: by.id.clone(),
            name: by.name.clone(),
            at,
            reason: reason.to_owned(),
            over,
            tripped_by: None,
        };
        if let Ok(frozen) = self.freeze.trip(held) {
            self.freeze = frozen;
        }
    }

    fn apply_to_incident(&mut self, entry: &Entry, id: IncidentId) {
        let Some(incident) = self.incidents.get_mut(&id) else {
            return;
        };
        incident.last_seq = entry.seq;
        change(incident, &entry.event, entry.at);
        self.index_incident(id);
    }
}
