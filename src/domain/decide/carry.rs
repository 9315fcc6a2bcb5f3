//! What was heard of an alert goes with it when a person puts it into another incident: who of a pair said what, who has it at
//! its source, and what its sender left out.

use super::Tx;
use crate::domain::alert::Alert;
use crate::domain::event::{Event, Heard};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{CutOff, Episode};

/// What is known of it where it was.
#[derive(Default)]
pub(super) struct Carried {
    episode: Option<Episode>,
    cut: Option<CutOff>,
}

/// Asked before it leaves.
pub(super) fn of(tx: &Tx<'_>, from: IncidentId, alert: &Alert) -> Carried {
    let Some(incident) = tx.state().incident(from) else {
        return Carried::default();
    };
    let mut newest = incident.episodes.iter().rev();
    let mut cut = incident.cut.iter();
    Carried {
        episode: newest.find(|episode| episode.is_of(alert)).cloned(),
        cut: cut
            .find(|cut| cut.source == alert.source && Some(&cut.group) == alert.group.as_ref())
            .cloned(),
    }
}

/// Noted where it came, before anybody is rung for it.
pub(super) fn comes_along(tx: &mut Tx<'_>, into: IncidentId, carried: Carried) {
    let mut record = |heard| {
        let incident = Some(into);
        tx.record(Event::Heard { incident, heard });
    };
    if let Some(Episode {
        alert,
        voices,
        attention,
        ..
    }) = carried.episode
    {
        let (source, episode) = (&alert.source, &alert.episode);
        for (voice, said) in voices {
            record(Heard::Twin {
                source: source.clone(),
                episode: episode.clone(),
                voice,
                said,
            });
        }
        if let Some(attention) = attention.filter(|attention| attention.stands) {
            record(Heard::Acknowledged {
                source: attention.source,
                episode: Some(episode.clone()),
                by: attention.by,
                at: attention.at,
            });
        }
    }
    let known = |cut: &CutOff| {
        let incident = tx.state().incident(into);
        incident.is_some_and(|incident| incident.cut.contains(cut))
    };
    if let Some(cut) = carried.cut.filter(|cut| !known(cut)) {
        tx.record(Event::Heard {
            incident: Some(into),
            heard: Heard::CutOff {
                source: cut.source,
                group: cut.group,
                alerts: cut.alerts,
                before: 0,
            },
        });
    }
}
