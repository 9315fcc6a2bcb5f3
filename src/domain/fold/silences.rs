//! What became of the silences of an incident.

use jiff::Timestamp;

use crate::domain::approval::Vote;
use crate::domain::event::Who;
use crate::domain::ids::SilenceNo;
use crate::domain::incident::Incident;
use crate::domain::silence::{Silence, SilenceDraft, SilenceEnd, SilenceState};

pub(super) fn proposed(incident: &mut Incident, draft: &SilenceDraft, by: &Who, approve_by: Timestamp) {
    incident.silences.push(Silence {
        draft: draft.clone(),
        by: by.clone(),
        approve_by,
        votes: Vec::new(),
        state: SilenceState::Proposed,
    });
}

pub(super) fn voted(incident: &mut Incident, no: SilenceNo, vote: &Vote, needed: u8, at: Timestamp) {
    if let Some(silence) = incident.silence_mut(no) {
        silence.votes.push(vote.clone());
        if silence.votes.len() >= usize::from(needed) {
            silence.state = SilenceState::Approved { at };
        }
    }
}

pub(super) fn set(incident: &mut Incident, no: SilenceNo, state: SilenceState) {
    if let Some(silence) = incident.silence_mut(no) {
        silence.state = state;
    }
}

/// What still waits for people is over with its incident; what holds in Alertmanager goes on to its end.
pub(super) fn close(incident: &mut Incident, at: Timestamp) {
    let waiting = incident
        .silences
        .iter_mut()
        .filter(|silence| silence.state == SilenceState::Proposed);
    for silence in waiting {
        silence.state = SilenceState::Ended {
            at,
            how: SilenceEnd::Over,
            firing: None,
        };
    }
}
