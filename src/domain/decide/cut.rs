//! A sender that leaves alerts out of its deliveries (Alertmanager's `max_alerts`): what isn't told of may fire on.

use std::collections::{BTreeMap, BTreeSet};

use super::Tx;
use crate::domain::alert::{Alert, TRUNCATED};
use crate::domain::event::{Event, Heard};
use crate::domain::ids::{Fingerprint, GroupKey, IncidentId, Source};
use crate::domain::incident::Incident;
use crate::planted::{self, Bug};

/// A group of a delivery.
#[derive(Default)]
pub(super) struct Listed {
    /// How many of its alerts are left out.
    left_out: u64,
    /// Those that aren't.
    alerts: BTreeSet<Fingerprint>,
}

pub(super) fn groups(alerts: &[Alert]) -> BTreeMap<GroupKey, Listed> {
    let mut groups: BTreeMap<GroupKey, Listed> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.told.voice.is_some()) {
        let Some(group) = &alert.group else { continue };
        if !groups.contains_key(group) {
            let left_out = alert.annotations.get(TRUNCATED);
            let left_out = left_out.and_then(|number| number.parse().ok());
            let listed = Listed {
                left_out: left_out.unwrap_or(0),
                ..Listed::default()
            };
            groups.insert(group.clone(), listed);
        }
        if let Some(listed) = groups.get_mut(group) {
            listed.alerts.insert(alert.fingerprint.clone());
        }
    }
    groups
}

/// Whose matter it is: the incident's of this group, else all that have what is listed, since that may have joined them for
/// a reason of ours.
fn concerned(tx: &Tx<'_>, source: &Source, group: &GroupKey, listed: &Listed) -> BTreeSet<IncidentId> {
    let state = tx.state();
    let own = state.by_group(source, group);
    let of_listed = listed.alerts.iter();
    let have = of_listed.flat_map(|alert| state.by_fingerprint(source, alert));
    let have = have.filter(|id| {
        let open = state.incident(*id).filter(|incident| incident.is_open());
        open.is_some_and(|incident| own.is_none() || known_of(incident, source, group) > 0)
    });
    own.into_iter().chain(have).collect()
}

fn known_of(incident: &Incident, source: &Source, group: &GroupKey) -> u64 {
    let mut all = incident.cut.iter();
    let known = all.find(|known| known.source == *source && known.group == *group);
    known.map_or(0, |known| known.alerts)
}

/// Notes it where an open incident has the group and knows otherwise. Gives those of which all is told again.
pub(super) fn noted(tx: &mut Tx<'_>, source: &Source, cut: &BTreeMap<GroupKey, Listed>) -> Vec<IncidentId> {
    let mut whole = Vec::new();
    let concern = |(group, listed): (&GroupKey, &Listed)| {
        let incidents = concerned(tx, source, group, listed).into_iter();
        let group = group.clone();
        let left_out = listed.left_out;
        incidents
            .map(|id| (id, group.clone(), left_out))
            .collect::<Vec<_>>()
    };
    let concern: Vec<_> = cut.iter().flat_map(concern).collect();
    for (id, group, alerts) in concern {
        let known = tx.state().incident(id);
        let known = known.map_or(0, |incident| known_of(incident, source, &group));
        if known == alerts || planted::is(Bug::CutListIsWhole) {
            continue;
        }
        tx.record(Event::Heard {
            incident: Some(id),
            heard: Heard::CutOff {
                source: source.clone(),
                group,
                alerts,
                before: known,
            },
        });
        if alerts == 0 {
            whole.push(id);
        }
    }
    whole
}
