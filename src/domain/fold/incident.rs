//! How one incident changes by an event about it. Total: every event is here, without a wildcard.

use jiff::Timestamp;

use super::course::{close, joined, resolved, split_off, ticked};
use super::plans::{
    advised, allowed_alone, approve, ended, filled, judged, part_done, proposed, set, settle_approval,
    started, taken_over, track,
};
use super::{heard, silences};
use crate::domain::approval::{Approval, ApprovalEvent};
use crate::domain::event::Event;
use crate::domain::evidence::Evidence;
use crate::domain::freeze::FrozenAround;
use crate::domain::glass::Glass;
use crate::domain::incident::{Incident, PageFailure, Phase, PlanTrack};
use crate::domain::run::{Run, StepState};
use crate::domain::silence::SilenceState;

/// Events about one incident.
#[expect(clippy::too_many_lines, reason = "every event has its arm in the one match")]
pub(super) fn change(incident: &mut Incident, event: &Event, at: Timestamp) {
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
        Event::Heard { heard, .. } => heard::heard(incident, heard, at),
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
                part_late: false,
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
            late,
            ..
        } => part_done(incident, *plan, decision, *approve_by, *late, at),
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
        | Event::Storm { .. }
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
