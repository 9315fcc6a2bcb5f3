//! A transaction in the making: the events of one or several commands, applied as they are recorded, with the effects
//! that follow from them. The engine commits it whole or throws it away with the state.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::command::{Answer, Drive, Effect, Reply};
use crate::domain::event::{Deed, Entry, Event, Heard, Outcome};
use crate::domain::ids::{DeliveryKey, IncidentId};
use crate::domain::incident::Phase;
use crate::domain::run::RunResult;
use crate::domain::state::State;
use crate::planted::{self, Bug};

/// Collects what a batch of commands leads to.
pub struct Tx<'a> {
    state: &'a mut State,
    now: Timestamp,
    key: Option<DeliveryKey>,
    pub entries: Vec<Entry>,
    pub effects: Vec<Effect>,
    pub drives: Vec<Drive>,
    /// Incidents whose card is drawn again anyway: in a storm one commit holds thousands of events.
    redrawn: BTreeSet<IncidentId>,
    /// Incidents whose summary so far is among the effects.
    summed: BTreeSet<IncidentId>,
}

impl<'a> Tx<'a> {
    pub fn new(state: &'a mut State, now: Timestamp) -> Self {
        Self {
            state,
            now,
            key: None,
            entries: Vec::new(),
            effects: Vec::new(),
            drives: Vec::new(),
            redrawn: BTreeSet::new(),
            summed: BTreeSet::new(),
        }
    }

    #[must_use]
    pub fn state(&self) -> &State {
        self.state
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The next event carries this delivery's key, so that the delivery is known when it comes again.
    pub fn use_key(&mut self, key: Option<DeliveryKey>) {
        self.key = key;
    }

    /// The same delivery came twice: nothing changes, the sender is answered.
    #[must_use]
    pub fn again(&self) -> Reply {
        Reply::Answer(Answer::Again)
    }

    /// Records an event: gives it its number, applies it, and queues what follows from it.
    pub fn record(&mut self, event: Event) -> u64 {
        let entry = Entry {
            seq: self.state.seq.saturating_add(1),
            at: self.now,
            key: self.key.take(),
            event,
        };
        let arrives = self.arrives(&entry.event);
        let before = self.acknowledged(&entry.event);
        self.state.apply(&entry);
        self.follow(&entry);
        self.acknowledge(&entry.event, before);
        if let Some(incident) = arrives {
            self.summed.insert(incident);
            self.effects.push(Effect::Summary {
                incident,
                handover: Some(entry.seq),
            });
        }
        let seq = entry.seq;
        self.entries.push(entry);
        seq
    }

    /// The incident that comes to a human by this event, with a plan to tell about. One that a human has already, and that
    /// only changes hands, was summed up before.
    fn arrives(&self, event: &Event) -> Option<IncidentId> {
        let Event::HandedOver { incident, .. } = event else {
            return None;
        };
        let before = self.state.incident(*incident)?;
        let news = !matches!(before.phase, Phase::Handed { .. }) && before.current().is_some();
        news.then_some(*incident)
    }

    /// For how many pages of its incident somebody has come.
    fn acknowledged(&self, event: &Event) -> usize {
        let incident = event.incident().and_then(|id| self.state.incident(id));
        incident.map_or(0, |incident| incident.paging.acknowledged)
    }

    /// Somebody has come for more pages than before: the pager need not call the next person.
    fn acknowledge(&mut self, event: &Event, after: usize) {
        let Some(incident) = event.incident().and_then(|id| self.state.incident(id)) else {
            return;
        };
        if incident.paging.acknowledged <= after || planted::is(Bug::PageNotAcknowledged) {
            return;
        }
        // A page that was acknowledged there is known there; those before it may ring on.
        let there = matches!(
            event,
            Event::Heard {
                heard: Heard::Acknowledged { episode: None, .. },
                ..
            }
        );
        let known = there.then(|| incident.paging.key.clone()).flatten();
        if there && incident.paging.before.len() <= after {
            return;
        }
        self.effects.push(Effect::PageAcknowledge {
            incident: incident.id,
            after,
            known,
        });
    }

    pub fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn drive(&mut self, drive: Drive) {
        self.drives.push(drive);
    }

    /// Effects that follow from every event of a kind, whoever recorded it.
    fn follow(&mut self, entry: &Entry) {
        let Some(incident) = entry.event.incident() else {
            return;
        };
        if redraws(&entry.event) {
            self.redraw(incident);
        }
        // The source may say resolved before it answers us: the summary stands already, and stays the last word.
        let too_late = matches!(entry.event, Event::SourceResolved { .. })
            && self
                .state
                .incident(incident)
                .is_some_and(|incident| !incident.is_open());
        if tells(&entry.event) && !too_late {
            self.effects.push(Effect::Thread {
                incident,
                seq: entry.seq,
            });
        }
        if matches!(entry.event, Event::PageAsked { .. }) {
            self.effects.push(Effect::Page { incident });
        }
        if let Event::StepEnded { attempt, output, .. } = &entry.event
            && output.is_long()
        {
            self.effects.push(Effect::Attach {
                incident,
                attempt: *attempt,
            });
        }
        if matches!(entry.event, Event::Closed { .. }) {
            let paged = self
                .state
                .incident(incident)
                .is_some_and(|incident| incident.paging.has_asked());
            // Who was called for a breaker is called until it is lifted.
            if paged && !self.state.keeps_tripped(incident) {
                self.effects.push(Effect::PageResolve { incident });
            }
            // The last summary says all that the one so far would have said.
            if self.summed.remove(&incident) {
                self.effects.retain(
                    |effect| !matches!(effect, Effect::Summary { incident: of, .. } if *of == incident),
                );
            }
            self.effects.push(Effect::Summary {
                incident,
                handover: None,
            });
        }
    }

    /// What waited to be sent is lost: the card of each open incident is drawn, and the page that nobody has taken asked for again.
    /// A page that was sent all the same is known at the pager by its key.
    pub fn sends_anew(&mut self) {
        let open: Vec<(IncidentId, bool)> = self
            .state
            .open()
            .map(|incident| {
                let paging = &incident.paging;
                (
                    incident.id,
                    paging.asked_at.is_some() && paging.delivered_at.is_none(),
                )
            })
            .collect();
        for (incident, page) in open {
            self.redraw(incident);
            let page = page.then_some(Effect::Page { incident });
            self.effects
                .extend(page.filter(|page| !self.effects.contains(page)));
        }
    }

    fn redraw(&mut self, incident: IncidentId) {
        if self.redrawn.insert(incident) {
            self.effects.push(Effect::Card { incident });
        }
    }
}

/// Whether the card may look different afterwards.
#[expect(clippy::too_many_lines, reason = "every kind has its arm in the one match")]
fn redraws(event: &Event) -> bool {
    match event {
        Event::Opened { .. }
        | Event::Joined { .. }
        | Event::SplitOff { .. }
        | Event::Merged { .. }
        | Event::AlertResolved { .. }
        | Event::Matched { .. }
        | Event::Advised { .. }
        | Event::Filled { .. }
        | Event::Planning { .. }
        | Event::ChangesSeen { .. }
        | Event::Remembered { .. }
        | Event::Gathered { .. }
        | Event::Checklist { .. }
        | Event::Ticked { .. }
        | Event::Proposed { .. }
        | Event::Voted { .. }
        | Event::PartDone { .. }
        | Event::AllowedAlone { .. }
        | Event::Rejected { .. }
        | Event::Expired { .. }
        | Event::Withdrawn { .. }
        | Event::Outdated { .. }
        | Event::StepStarted { .. }
        | Event::StepWaits { .. }
        | Event::StepHeld { .. }
        | Event::StepRefused { .. }
        | Event::StepSkipped { .. }
        | Event::StepEnded { .. }
        | Event::StepJudged { .. }
        | Event::StepBlamed { .. }
        | Event::RunsLong { .. }
        | Event::RunEnded { .. }
        | Event::Settling { .. }
        | Event::HandedOver { .. }
        | Event::PageAsked { .. }
        | Event::Paged { .. }
        | Event::PageFailed { .. }
        | Event::SourceRefused { .. }
        | Event::SilenceProposed { .. }
        | Event::SilenceVoted { .. }
        | Event::SilenceRejected { .. }
        | Event::SilenceMade { .. }
        | Event::SilenceFailed { .. }
        | Event::SilenceEnded { .. }
        | Event::BreakerTripped { .. }
        | Event::StaysFrozen { .. }
        | Event::TakenOver { .. }
        | Event::GlassBroken { .. }
        | Event::GlassOver { .. }
        | Event::GlassReviewed { .. }
        | Event::Closed { .. } => true,
        Event::Started { .. }
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
        | Event::Refused { .. }
        | Event::Asked { .. }
        | Event::Reminded { .. }
        | Event::PageDue { .. }
        | Event::PageSettled { .. }
        | Event::SourceTold { .. }
        | Event::SourceResolved { .. }
        | Event::CardPosted { .. } => false,
        // How many were left out stands on the card.
        Event::Heard { heard, .. } => heard.is_shown() || matches!(heard, Heard::CutOff { .. }),
        Event::Frozen { over, .. } | Event::Unfrozen { over, .. } => over.is_some(),
    }
}

/// Whether the thread gets a line for it. What the card shows anyway stays out: threads are quiet by default.
#[expect(clippy::too_many_lines, reason = "every event has its arm in the one match")]
fn tells(event: &Event) -> bool {
    match event {
        Event::StepEnded { outcome, .. } => match outcome {
            Outcome::Succeeded | Outcome::Failed { .. } | Outcome::Unknown { .. } => true,
        },
        Event::Joined { because, .. } => because.is_some(),
        Event::Refused { refusal, .. } => refusal.locks(),
        // The handover that follows at once says why it stopped, and who took over.
        Event::RunEnded { result, .. } => !matches!(result, RunResult::Stopped { .. }),
        Event::TakenOver { with, .. } => with.is_some(),
        Event::StepRefused { .. } => false,
        Event::SplitOff { .. }
        | Event::Merged { .. }
        | Event::Matched { .. }
        | Event::Gathered { .. }
        | Event::Proposed { .. }
        | Event::Voted { .. }
        | Event::PartDone { .. }
        | Event::AllowedAlone { .. }
        | Event::Rejected { .. }
        | Event::Expired { .. }
        | Event::Withdrawn { .. }
        | Event::Outdated { .. }
        | Event::StepWaits { .. }
        | Event::StepHeld { .. }
        | Event::StepSkipped { .. }
        | Event::StepJudged { .. }
        | Event::StepBlamed { .. }
        | Event::RunsLong { .. }
        | Event::HandedOver { .. }
        | Event::Reminded { .. }
        | Event::Paged { .. }
        | Event::PageFailed { .. }
        | Event::SourceRefused { .. }
        | Event::SourceTold { .. }
        | Event::SilenceProposed { .. }
        | Event::SilenceVoted { .. }
        | Event::SilenceRejected { .. }
        | Event::SilenceMade { .. }
        | Event::SilenceFailed { .. }
        | Event::SilenceEnded { .. }
        | Event::BreakerTripped { .. }
        | Event::StaysFrozen { .. }
        | Event::GlassBroken { .. }
        | Event::GlassOver { .. }
        | Event::GlassReviewed { .. }
        | Event::Asked {
            deed: Deed::ProposeAgain | Deed::Escalate,
            ..
        }
        | Event::Anchored { .. }
        | Event::SourceResolved { .. } => true,
        Event::Started { .. }
        | Event::ClockWentBack { .. }
        | Event::Checkpointed { .. }
        | Event::Repeated { .. }
        | Event::FreezeFile { .. }
        | Event::Changed { .. }
        | Event::ChangesUnread { .. }
        | Event::Storm { .. }
        | Event::SecondFactor { .. }
        | Event::Erased { .. }
        | Event::PayloadErased { .. }
        | Event::ChangesSeen { .. }
        | Event::Remembered { .. }
        | Event::Advised { .. }
        | Event::Filled { .. }
        | Event::Opened { .. }
        | Event::AlertResolved { .. }
        | Event::Planning { .. }
        | Event::Checklist { .. }
        | Event::Ticked { .. }
        | Event::Asked { .. }
        | Event::StepStarted { .. }
        | Event::Settling { .. }
        | Event::PageDue { .. }
        | Event::PageSettled { .. }
        | Event::PageAsked { .. }
        | Event::Closed { .. }
        | Event::CardPosted { .. } => false,
        Event::Heard { heard, .. } => heard.is_shown(),
        Event::Frozen { over, .. } | Event::Unfrozen { over, .. } => over.is_some(),
    }
}
