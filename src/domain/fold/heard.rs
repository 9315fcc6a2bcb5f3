//! What a source told about its alerts beside that they fire or have resolved.

use jiff::Timestamp;

use crate::domain::event::Heard;
use crate::domain::ids::{EpisodeKey, Source};
use crate::domain::incident::{Attention, CutOff, Incident};

pub(super) fn heard(incident: &mut Incident, heard: &Heard, now: Timestamp) {
    match heard {
        Heard::Acknowledged {
            source,
            episode,
            by,
            at,
        } => {
            note(incident, source, episode.as_ref(), by.as_ref(), *at, true);
            if incident.attended().is_some() {
                incident.paging.due = None;
                incident.paging.taken();
            }
        }
        Heard::Unacknowledged {
            source,
            episode,
            by,
            at,
            ..
        } => {
            let had = incident.attended().is_some();
            note(incident, source, episode.as_ref(), by.as_ref(), *at, false);
            // The pager goes on by itself with what was its own; a page for another source's alert is asked for anew.
            if had && incident.attended().is_none() && episode.is_some() && incident.paging.has_asked() {
                incident.paging.begin_anew();
            }
        }
        Heard::Twin {
            source,
            episode,
            voice,
            said,
        } => {
            let mut newest = incident.episodes.iter_mut().rev();
            if let Some(known) = newest.find(|known| known.is(Some(source), episode)) {
                known.heard_from(voice, *said, now);
            }
        }
        Heard::CutOff {
            source,
            group,
            alerts,
            before: _,
        } => {
            incident
                .cut
                .retain(|known| known.source != *source || known.group != *group);
            if *alerts > 0 {
                incident.cut.push(CutOff {
                    source: source.clone(),
                    group: group.clone(),
                    alerts: *alerts,
                });
            }
        }
        Heard::Worse { severity, .. } => incident.severity = incident.severity.max(*severity),
        Heard::Ended { .. } => {}
    }
}

fn note(
    incident: &mut Incident,
    source: &Source,
    episode: Option<&EpisodeKey>,
    by: Option<&String>,
    at: Timestamp,
    stands: bool,
) {
    let attention = Attention {
        source: source.clone(),
        by: by.cloned(),
        at,
        stands,
    };
    let Some(key) = episode else {
        incident.paging.attention = Some(attention);
        return;
    };
    let mut newest = incident.episodes.iter_mut().rev();
    if let Some(known) = newest.find(|known| known.is(Some(source), key)) {
        known.attention = Some(attention);
    }
}
