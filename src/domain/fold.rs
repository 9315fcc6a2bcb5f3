//! The one place where an entry changes the state. Total: every event is here, without a wildcard. An entry that does not
//! fit (an unknown incident, a vote on a decided plan) changes nothing, so folding never fails half-way.
//! Longer than other files, since every event has its arm in one match.

mod course;
mod plans;
mod silences;

use std::collections::BTreeSet;

use jiff::Timestamp;

use course::{close, joined, opened, resolved, split_off, ticked};
use plans::{
    advised, allowed_alone, approve, ended, filled, judged, part_done, proposed, set, settle_approval,
    started, taken_over, track,
};

use super::approval::{Approval, ApprovalEvent};
use super::cluster::Because;
use super::event::{Entry, Event, Who};
use super::evidence::Evidence;
use super::freeze::{FrozenAround, Held, Scope};
use super::glass::Glass;
use super::ids::{AttemptId, GroupKey, IncidentId, Source};
use super::incident::{Incident, PageFailure, Phase, PlanTrack};
use super::memory::Signature;
use super::run::{Run, StepState};
use super::silence::SilenceState;
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
            Event::Repeated { incidents } => self.repeated(incidents),
            Event::FreezeFile { path, file } => self.freeze.saw(path, file, entry.at),
            Event::Changed { change } => self.changes.note(change, entry.at),
            Event::ChangesUnread { unread } => self.unread.clone_from(unread),
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
                    self.past.fired(entry.at, &alert.fingerprint);
                }
                self.last_incident = self.last_incident.max(incident.0);
                let mut opened = opened(*incident, entry.at, alert, channel, title, *severity);
                opened.requested_by.clone_from(by);
                opened.ask_instead.clone_from(ask_instead);
                self.incidents.insert(*incident, opened);
                self.touched(*incident, entry.seq);
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
                    Signature::of(closed, &self.past)
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
        change(incident, &entry.event, entry.at);
        self.touched(id, entry.seq);
    }

    fn touched(&mut self, id: IncidentId, seq: u64) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            incident.last_seq = seq;
        }
        self.index_incident(id);
    }
}

/// Events about one incident.
#[expect(clippy::too_many_lines, reason = "every event has its arm in the one match")]
fn change(incident: &mut Incident, event: &Event, at: Timestamp) {
    match event {
        Event::Joined { alert, because, .. } => joined(incident, alert, because.as_ref()),
        Event::SplitOff {
            source,
            episode,
            fingerprint,
            ..
        } => {
            split_off(incident, source.as_ref(), episode);
            incident.split_off.insert(fingerprint.clone());
        }
        Event::AlertResolved { source, episode, .. } => resolved(incident, source.as_ref(), episode, at),
        Event::ChangesSeen { changes, unread, .. } => incident.saw_changes(changes, unread),
        Event::Remembered { similar, .. } => incident.similar.clone_from(similar),
        Event::Matched { matched, .. } => incident.matched = Some(matched.clone()),
        Event::Advised { order, .. } => advised(incident, order),
        Event::Filled { values, .. } => filled(incident, values),
        Event::Planning { request, .. } => {
            settle_approval(incident, ApprovalEvent::Supersede { at });
            incident.request = Some(request.clone());
            incident.phase = Phase::Planning {
                request: request.clone(),
            };
        }
        Event::Gathered {
            runbook, findings, ..
        } => {
            incident.evidence = Some(Evidence {
                at,
                runbook: runbook.clone(),
                findings: findings.clone(),
            });
        }
        Event::Checklist { runbook, items, .. } => {
            incident.checklist = Some(runbook.clone());
            incident.items.clone_from(items);
            incident.ticks.clear();
        }
        Event::Ticked { item, by, done, .. } => ticked(incident, *item, &by.name, *done, at),
        Event::CardPosted { message, .. } => incident.card = Some(message.clone()),
        Event::Reminded { plan, .. } => {
            if let Some(track) = track(incident, *plan) {
                track.reminded = true;
            }
        }
        Event::PageDue { at: due, .. } => incident.paging.due = Some(*due),
        Event::PageSettled { .. } => incident.paging.due = None,
        Event::PageAsked {
            raises: true, why, ..
        } => incident.paging.raise(why, at),
        Event::PageAsked { waiting, why, .. } => incident.paging.ask(*waiting, why, at),
        Event::Paged { dedup_key, .. } => {
            incident.paging.delivered_at = Some(at);
            incident.paging.key = Some(dedup_key.clone());
            incident.paging.failed = None;
        }
        Event::PageFailed { reason, trying, .. } => {
            incident.paging.failed = Some(PageFailure {
                at,
                reason: reason.clone(),
                trying: *trying,
            });
        }
        Event::SourceRefused { reason, .. } => incident.source_refused = Some(reason.clone()),
        Event::SourceResolved { .. } => incident.source_refused = None,
        Event::GlassBroken {
            by, reason, until, ..
        } => {
            incident.glass = Some(Glass {
                incident: incident.id,
                by: by.clone(),
                reason: reason.clone(),
                at,
                until: *until,
                over: false,
            });
        }
        Event::GlassOver { .. } => {
            if let Some(glass) = &mut incident.glass {
                glass.over = true;
            }
        }
        Event::SilenceProposed {
            draft,
            by,
            approve_by,
            ..
        } => silences::proposed(incident, draft, by, *approve_by),
        Event::SilenceVoted { no, vote, needed, .. } => silences::voted(incident, *no, vote, *needed, at),
        Event::SilenceRejected { no, by, .. } => {
            let by = by.name.clone();
            silences::set(incident, *no, SilenceState::Rejected { by });
        }
        Event::SilenceMade { no, id, ends_at, .. } => {
            let (id, ends_at) = (id.clone(), *ends_at);
            silences::set(incident, *no, SilenceState::Active { id, ends_at });
        }
        Event::SilenceFailed { no, why, .. } => {
            silences::set(incident, *no, SilenceState::Failed { why: why.clone() });
        }
        Event::SilenceEnded { no, how, firing, .. } => {
            let (how, firing) = (*how, *firing);
            silences::set(incident, *no, SilenceState::Ended { at, how, firing });
        }
        Event::TakenOver { by, .. } => taken_over(incident, by),
        Event::Settling { until, by, .. } => {
            incident.source_refused = None;
            incident.phase = Phase::Settling {
                until: *until,
                by: *by,
            };
        }
        Event::HandedOver { reason, .. } => {
            incident.phase = Phase::Handed {
                at,
                reason: reason.clone(),
            };
        }
        Event::Closed { result, .. } => close(incident, at, result.clone()),
        Event::Proposed {
            plan,
            digest,
            decision,
            approve_by,
            failed_before,
            ..
        } => {
            let approval = Approval::Pending {
                votes: Vec::new(),
                approve_by: *approve_by,
            };
            let track = PlanTrack {
                plan: plan.clone(),
                digest: digest.clone(),
                proposed_at: at,
                decision: decision.clone(),
                approval,
                run: Run::default(),
                upto: None,
                part_waits: false,
                outdated: Vec::new(),
                reminded: false,
                waits_since: None,
                failed_before: *failed_before,
                clock_went_back: false,
            };
            proposed(incident, track);
        }
        Event::Voted {
            plan,
            vote,
            needed,
            execute_by,
            upto,
            ..
        } => {
            if let Some(track) = track(incident, *plan) {
                let before = (!track.approval.votes().is_empty())
                    .then_some(track.upto)
                    .flatten();
                track.upto = track.smaller(before, *upto);
            }
            let event = ApprovalEvent::Approve {
                vote: vote.clone(),
                needed: *needed,
                execute_by: *execute_by,
            };
            approve(incident, *plan, event);
        }
        Event::PartDone {
            plan,
            decision,
            approve_by,
            ..
        } => part_done(incident, *plan, decision, *approve_by, at),
        Event::AllowedAlone { plan, execute_by, .. } => allowed_alone(incident, *plan, *execute_by, at),
        Event::Rejected { plan, by, reason, .. } => {
            let event = ApprovalEvent::Reject {
                by: by.id.clone(),
                name: by.name.clone(),
                at,
                reason: reason.clone(),
            };
            approve(incident, *plan, event);
        }
        Event::Expired { plan, .. } => approve(incident, *plan, ApprovalEvent::DeadlinePassed { at }),
        Event::Withdrawn { plan, why, .. } => {
            approve(incident, *plan, ApprovalEvent::Withdraw { at, why: why.clone() });
        }
        Event::Outdated { plan, reasons, .. } => {
            let why = "it was out of date".to_owned();
            approve(incident, *plan, ApprovalEvent::Withdraw { at, why });
            if let Some(track) = track(incident, *plan) {
                track.outdated.clone_from(reasons);
            }
        }
        Event::StepStarted {
            attempt,
            approved_by,
            cost,
            ..
        } => started(incident, *attempt, approved_by, cost, at),
        Event::StepHeld { plan, reasons, .. } => {
            if let Some(track) = track(incident, *plan) {
                track.run.held.clone_from(reasons);
                track.run.waits = None;
            }
        }
        Event::StepWaits { plan, waits, .. } => {
            if let Some(track) = track(incident, *plan) {
                track.run.waits = Some(*waits);
                track.run.held.clear();
            }
        }
        Event::StepEnded {
            attempt,
            outcome,
            output,
            ..
        } => ended(incident, *attempt, outcome, output.left.as_deref(), at),
        Event::StepJudged {
            plan,
            step,
            judgement,
            by,
            ..
        } => judged(incident, *plan, *step, *judgement, &by.name, at),
        Event::Frozen {
            over: Some(over),
            scope,
            reason,
            ..
        } => {
            if let Some(track) = track(incident, over.plan) {
                track.run.contained.insert(over.step);
            }
            incident.frozen_around.push(FrozenAround {
                over: *over,
                scope: scope.clone(),
                reason: reason.clone(),
            });
        }
        Event::StaysFrozen { scope, reason, .. } => {
            let around = incident.frozen_around.iter_mut();
            around
                .filter(|around| around.scope == *scope)
                .for_each(|around| reason.clone_into(&mut around.reason));
        }
        Event::Unfrozen { scope, .. } => incident.frozen_around.retain(|around| around.scope != *scope),
        Event::StepBlamed {
            plan, step, cause, ..
        } => {
            if let Some(track) = track(incident, *plan) {
                track.run.causes.insert(*step, *cause);
            }
        }
        Event::StepRefused {
            plan, step, reasons, ..
        } => {
            let reasons = reasons.clone();
            set(incident, *plan, *step, StepState::Refused { reasons });
        }
        Event::StepSkipped { plan, step, why, .. } => {
            set(incident, *plan, *step, StepState::Skipped { why: why.clone() });
        }
        Event::RunsLong { plan, .. } => {
            if let Some(track) = track(incident, *plan) {
                track.run.told_long = true;
            }
        }
        Event::RunEnded { plan, result, .. } => {
            if let Some(track) = track(incident, *plan) {
                track.run.waits = None;
                track.run.result = Some(result.clone());
            }
        }
        Event::SourceTold { .. }
        | Event::Merged { .. }
        | Event::Started { .. }
        | Event::ClockWentBack { .. }
        | Event::Checkpointed { .. }
        | Event::Anchored { .. }
        | Event::Repeated { .. }
        | Event::FreezeFile { .. }
        | Event::Changed { .. }
        | Event::ChangesUnread { .. }
        | Event::SecondFactor { .. }
        | Event::Erased { .. }
        | Event::PayloadErased { .. }
        | Event::Opened { .. }
        | Event::Refused { .. }
        | Event::Asked { .. }
        | Event::GlassReviewed { .. }
        | Event::Frozen { over: None, .. }
        | Event::BreakerTripped { .. } => {}
    }
}
