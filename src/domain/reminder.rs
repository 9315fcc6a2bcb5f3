//! Reminding those who may approve, once a plan and once each part of it that waits: half-way to the first thing that happens without them, be that a page or
//! the end of the proposal. Whoever was paged, or has it where it comes from, needs no reminder.

use jiff::{SignedDuration, Timestamp};

use super::approval::Approval;
use super::incident::{Incident, Phase, PlanTrack};

/// Less than this between a proposal and what follows it leaves no time for a reminder.
const SHORTEST: SignedDuration = SignedDuration::from_secs(60);

impl Incident {
    /// The plan that waits, and until when.
    fn waiting(&self) -> Option<(&PlanTrack, Timestamp)> {
        let track = self.current()?;
        let Approval::Pending { approve_by, .. } = &track.approval else {
            return None;
        };
        let waits = matches!(self.phase, Phase::Proposed) && !track.reminded;
        let had = self.paging.asked_at.is_some() || self.attended().is_some();
        (waits && !had).then_some((track, *approve_by))
    }

    /// When those who may approve the plan that waits are reminded.
    #[must_use]
    pub fn remind_at(&self) -> Option<Timestamp> {
        let (track, approve_by) = self.waiting()?;
        let first = self.paging.due.map_or(approve_by, |due| due.min(approve_by));
        let since = track.waits_since.unwrap_or(track.proposed_at);
        let wait = first.duration_since(since);
        if wait < SHORTEST {
            return None;
        }
        let half = SignedDuration::from_secs(wait.as_secs().checked_div(2)?);
        since.checked_add(half).ok()
    }

    /// Whether a reminder is due: when what it would come before is due as well, there is no point in it any more.
    #[must_use]
    pub fn reminder_due(&self, now: Timestamp) -> Option<(&PlanTrack, Timestamp)> {
        let (track, approve_by) = self.waiting()?;
        let early = approve_by > now && self.paging.due.is_none_or(|due| due > now);
        (early && self.remind_at()? <= now).then_some((track, approve_by))
    }
}
