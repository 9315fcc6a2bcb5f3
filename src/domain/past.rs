//! What an alert did before: how often it fired within the hour, and which runbooks did not help against it. By
//! fingerprint, which is the same over episodes. How closed incidents went, for whoever meets a similar one, is in `memory`.
//!
//! This decides: three firings in an hour, or a fix that failed before, go to a human. So it knows only the very same alert, counts
//! every firing at once and forgets by time. `memory` holds whole incidents that are over, finds those that are merely like one,
//! forgets by number, and is only shown. Neither could be made from the other: an incident that is open or was never closed
//! leaves no signature, and likeness is no ground to refuse on. Whether a runbook helped is decided here alone, for both: for what
//! the next firing may do, and on the incident in which it was tried, where a signature reads it.
//!
//! Bounded: what is forgotten early makes an alert look new, so in a flood of different alerts flapping is told of the
//! newest ones only.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{Fingerprint, IncidentId, PlanNo, RunbookName};
use super::incident::{HandoffReason, Incident};
use super::run::{RunResult, only_refused};
use super::state::State;

/// An alert that fires this often within [`WITHIN`] flaps: what was done did not last, so a human decides.
pub const FLAPS: u32 = 3;
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// About 100 bytes each.
const FIRED_MOST: usize = 100_000;
/// A fix that did not help is remembered this long.
const FAILED_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);
const FAILED_MOST: usize = 10_000;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    fired: VecDeque<(Timestamp, Fingerprint)>,
    /// What `fired` says of each alert, so that asking costs the same however many fired.
    #[serde(skip)]
    times: BTreeMap<Fingerprint, Times>,
    /// Oldest first, one for each alert and runbook.
    failed: VecDeque<Failed>,
}

/// How often an alert fired, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    count: u32,
    last: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Failed {
    at: Timestamp,
    alert: Fingerprint,
    runbook: RunbookName,
}

impl Past {
    pub(super) fn fired(&mut self, at: Timestamp, alert: &Fingerprint) {
        let mut out = |(_, old): (Timestamp, Fingerprint)| {
            if let Some(times) = self.times.get_mut(&old) {
                times.count = times.count.saturating_sub(1);
                if times.count == 0 {
                    self.times.remove(&old);
                }
            }
        };
        while self
            .fired
            .front()
            .is_some_and(|(then, _)| at.duration_since(*then) >= WITHIN)
            || self.fired.len() >= FIRED_MOST
        {
            match self.fired.pop_front() {
                Some(old) => out(old),
                None => break,
            }
        }
        self.fired.push_back((at, alert.clone()));
        count(&mut self.times, at, alert);
    }

    /// The last time that it fired was not one.
    pub(super) fn take_back(&mut self, alert: &Fingerprint) {
        let Some(last) = self.fired.iter().rposition(|(_, known)| known == alert) else {
            return;
        };
        self.fired.remove(last);
        if let Some(times) = self.times.get_mut(alert) {
            times.count = times.count.saturating_sub(1);
            let before = self.fired.iter().rev().find(|(_, known)| known == alert);
            match before {
                Some((at, _)) => times.last = *at,
                None => {
                    self.times.remove(alert);
                }
            }
        }
    }

    /// How often it fired within the hour before the last alert that fired.
    #[must_use]
    pub fn times(&self, alert: &Fingerprint) -> u32 {
        self.times.get(alert).map_or(0, |times| times.count)
    }

    /// How many different alerts fired within so long before now, counted up to `most`.
    #[must_use]
    pub fn fired_within(&self, span: SignedDuration, now: Timestamp, most: usize) -> usize {
        let recent = self.fired.iter().rev();
        let recent = recent.take_while(|(at, _)| now.duration_since(*at) < span);
        let mut seen = BTreeSet::new();
        for (_, alert) in recent {
            seen.insert(alert);
            if seen.len() >= most {
                break;
            }
        }
        seen.len()
    }

    /// Whether this alert fired within so long before now.
    #[must_use]
    pub fn fired_lately(&self, alert: &Fingerprint, span: SignedDuration, now: Timestamp) -> bool {
        let times = self.times.get(alert);
        times.is_some_and(|times| now.duration_since(times.last) <= span)
    }

    pub(super) fn failed(&mut self, at: Timestamp, alert: &Fingerprint, runbook: &RunbookName) {
        self.helped(alert, runbook);
        if self.failed.len() >= FAILED_MOST {
            self.failed.pop_front();
        }
        self.failed.push_back(Failed {
            at,
            alert: alert.clone(),
            runbook: runbook.clone(),
        });
    }

    pub(super) fn helped(&mut self, alert: &Fingerprint, runbook: &RunbookName) {
        self.failed
            .retain(|failed| failed.alert != *alert || failed.runbook != *runbook);
    }

    /// When this runbook last did not help against this alert, within 30 days.
    #[must_use]
    pub fn failed_before(
        &self,
        alert: &Fingerprint,
        runbook: &RunbookName,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let last = self
            .failed
            .iter()
            .rev()
            .find(|failed| failed.alert == *alert && failed.runbook == *runbook)?;
        (now.duration_since(last.at) < FAILED_FOR).then_some(last.at)
    }

    /// Lets go of what decides nothing any more.
    pub(super) fn let_go(&mut self, now: Timestamp) {
        self.fired.retain(|(at, _)| now.duration_since(*at) < WITHIN);
        self.failed
            .retain(|failed| now.duration_since(failed.at) < FAILED_FOR);
        self.reindex();
    }

    /// Rebuilds what is derived.
    pub(super) fn reindex(&mut self) {
        self.times = BTreeMap::new();
        for (at, alert) in &self.fired {
            count(&mut self.times, *at, alert);
        }
    }
}

impl State {
    /// Whether a plan helped. One that changed nothing says nothing about its runbook.
    pub(super) fn note_result(&mut self, id: IncidentId, plan: PlanNo, result: &RunResult, at: Timestamp) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        let Some((alert, track)) = incident.first_alert().zip(incident.plan(plan)) else {
            return;
        };
        let (alert, runbook) = (&alert.fingerprint, &track.plan.runbook);
        let tried = (alert.clone(), runbook.clone());
        match result {
            RunResult::Verified => self.note_helped(id, &tried),
            // That a start was refused says nothing of what ran before it.
            RunResult::Stopped { why, .. } if only_refused(why) => {}
            RunResult::NotVerified { .. } | RunResult::Stopped { .. } if track.run.changes > 0 => {
                self.note_in_vain(id, tried, at);
            }
            RunResult::NotVerified { .. }
            | RunResult::Stopped { .. }
            | RunResult::TakenBack { .. }
            | RunResult::DryRun => {}
        }
    }

    fn note_helped(&mut self, id: IncidentId, tried: &(Fingerprint, RunbookName)) {
        self.past.helped(&tried.0, &tried.1);
        if let Some(incident) = self.incidents.get_mut(&id) {
            incident.in_vain.remove(tried);
        }
    }

    fn note_in_vain(&mut self, id: IncidentId, tried: (Fingerprint, RunbookName), at: Timestamp) {
        self.past.failed(at, &tried.0, &tried.1);
        if let Some(incident) = self.incidents.get_mut(&id) {
            incident.in_vain.insert(tried);
        }
    }

    /// A plan that was verified and left the alert firing did not help either.
    pub(super) fn note_handover(&mut self, id: IncidentId, reason: &HandoffReason, at: Timestamp) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        let verified = matches!(incident.result(), Some(RunResult::Verified));
        let in_vain = match reason {
            HandoffReason::StillFiring => true,
            // It fired again before it counted.
            HandoffReason::NotVerified { .. } => verified,
            HandoffReason::NoMatch
            | HandoffReason::SeveralMatch
            | HandoffReason::Unsure
            | HandoffReason::Flapping { .. }
            | HandoffReason::Checklist
            | HandoffReason::PlanBlocked { .. }
            | HandoffReason::Denied
            | HandoffReason::Rejected { .. }
            | HandoffReason::NoDecision
            | HandoffReason::Void { .. }
            | HandoffReason::StepStopped { .. }
            | HandoffReason::TakenBack { .. }
            | HandoffReason::SourceRefused { .. }
            | HandoffReason::TakenOver { .. }
            | HandoffReason::AskedFor { .. }
            | HandoffReason::DryRun
            | HandoffReason::Shadow => false,
        };
        if in_vain && let Some((alert, track)) = incident.first_alert().zip(incident.current()) {
            let tried = (alert.fingerprint.clone(), track.plan.runbook.clone());
            self.note_in_vain(id, tried, at);
        }
    }
}

impl Incident {
    /// Whether its runbook ran for it and is known not to have helped against its alert. Told from this incident alone: what
    /// became of others, which may be erased before it, changes nothing of how it ended.
    pub(super) fn was_in_vain(&self) -> bool {
        self.first_alert()
            .zip(self.current())
            .is_some_and(|(alert, track)| {
                let tried = (alert.fingerprint.clone(), track.plan.runbook.clone());
                self.in_vain.contains(&tried)
            })
    }
}

fn count(times: &mut BTreeMap<Fingerprint, Times>, at: Timestamp, alert: &Fingerprint) {
    let times = times.entry(alert.clone()).or_insert(Times { count: 0, last: at });
    times.count = times.count.saturating_add(1);
    times.last = at;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::alert::Alert;
    use crate::domain::event::{Entry, Event};
    use crate::domain::ids::Channel;
    use crate::domain::policy::Decision;
    use crate::domain::samples;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn only_the_last_hour_counts_and_each_alert_for_itself() {
        let (one, other) = (Fingerprint::new("one"), Fingerprint::new("other"));
        let mut past = Past::default();
        for minutes in [0, 20, 40] {
            past.fired(at(minutes), &one);
        }
        past.fired(at(50), &other);
        assert_eq!((past.times(&one), past.times(&other)), (3, 1));
        past.fired(at(60), &one);
        assert_eq!(past.times(&one), 3, "the first one is an hour old");
        let mut again = past.clone();
        again.reindex();
        assert_eq!(again, past);
    }

    #[test]
    fn an_alert_fired_lately_when_its_last_firing_that_counts_did() {
        let (one, other) = (Fingerprint::new("one"), Fingerprint::new("other"));
        let mut past = Past::default();
        past.fired(at(0), &one);
        past.fired(at(10), &one);
        past.fired(at(12), &other);
        let lately = |past: &Past, now: i64| past.fired_lately(&one, SignedDuration::from_mins(10), at(now));
        assert!(lately(&past, 20) && !lately(&past, 21));
        past.take_back(&one);
        assert!(lately(&past, 10) && !lately(&past, 11));
        let mut again = past.clone();
        again.reindex();
        assert_eq!(again, past);
        past.take_back(&one);
        assert!(!lately(&past, 0));
    }

    #[test]
    fn a_fix_that_did_not_help_is_known_until_it_helps_or_a_month_has_passed() {
        let (alert, runbook) = (Fingerprint::new("a"), RunbookName::new("r"));
        let mut past = Past::default();
        past.failed(at(0), &alert, &runbook);
        assert_eq!(past.failed_before(&alert, &runbook, at(5)), Some(at(0)));
        let other = RunbookName::new("other");
        assert_eq!(past.failed_before(&alert, &other, at(5)), None);
        assert_eq!(past.failed_before(&alert, &runbook, at(31 * 24 * 60)), None);
        past.helped(&alert, &runbook);
        assert_eq!(past.failed_before(&alert, &runbook, at(6)), None);
    }

    /// Two that are about one alert, in whatever order they end: each of them says what became of its own.
    #[test]
    fn what_was_in_vain_in_one_incident_is_told_of_it_whatever_another_did() {
        let mut state = State::default();
        for id in [IncidentId(1), IncidentId(2)] {
            for event in began(id) {
                let seq = state.seq + 1;
                let (at, key) = (at(0), None);
                state.apply(&Entry { seq, at, key, event });
            }
        }
        let tried = (Fingerprint::new("f"), RunbookName::new("redis"));
        let was = |state: &State| [1, 2].map(|id| state.incident(IncidentId(id)).unwrap().was_in_vain());
        assert_eq!(was(&state), [false, false]);
        state.note_in_vain(IncidentId(2), tried.clone(), at(1));
        assert_eq!(was(&state), [false, true]);
        state.note_in_vain(IncidentId(1), tried.clone(), at(2));
        assert_eq!(was(&state), [true, true]);
        state.note_helped(IncidentId(1), &tried);
        assert_eq!(was(&state), [false, true]);
        // What the next firing may do is decided by the last of them.
        assert_eq!(state.past.failed_before(&tried.0, &tried.1, at(3)), None);
    }

    /// An incident with a plan.
    fn began(incident: IncidentId) -> [Event; 2] {
        let alert = Alert {
            fingerprint: Fingerprint::new("f"),
            ..samples::alert()
        };
        let mut plan = samples::plan(Vec::new());
        plan.runbook = RunbookName::new("redis");
        let digest = plan.digest().unwrap();
        let opened = Event::Opened {
            incident,
            title: alert.title.clone(),
            severity: alert.severity,
            alert: Arc::new(alert),
            channel: Channel::new("#incidents"),
            by: None,
            ask_instead: None,
        };
        let proposed = Event::Proposed {
            incident,
            plan: Arc::new(plan),
            digest,
            decision: Decision::Allow,
            approve_by: at(10),
            failed_before: None,
        };
        [opened, proposed]
    }
}
