//! A sender that leaves alerts out of its deliveries (Alertmanager's `max_alerts`): what isn't told of may fire on.

use std::collections::BTreeMap;

use super::Tx;
use crate::domain::alert::{Alert, TRUNCATED};
use crate::domain::event::{Event, Heard};
use crate::domain::ids::{GroupKey, IncidentId, Source};
use crate::planted::{self, Bug};

/// How many alerts of each group are left out of this delivery.
pub(super) fn groups(alerts: &[Alert]) -> BTreeMap<GroupKey, u64> {
    let mut cut = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.told.voice.is_some()) {
        if let Some(group) = alert.group.as_ref().filter(|group| !cut.contains_key(*group)) {
            let left_out = alert.annotations.get(TRUNCATED);
            let left_out = left_out.and_then(|number| number.parse().ok());
            cut.insert(group.clone(), left_out.unwrap_or(0));
        }
    }
    cut
}

/// Notes it where an open incident has the group and knows otherwise. Gives those of which all is told again.
pub(super) fn noted(tx: &mut Tx<'_>, source: &Source, cut: &BTreeMap<GroupKey, u64>) -> Vec<IncidentId> {
    let mut whole = Vec::new();
    for (group, alerts) in cut {
        let Some(id) = tx.state().by_group(source, group) else {
            continue;
        };
        let known = tx.state().incident(id).map_or(0, |incident| {
            let mut all = incident.cut.iter();
            let known = all.find(|known| known.source == *source && known.group == *group);
            known.map_or(0, |known| known.alerts)
        });
        if known == *alerts || planted::is(Bug::CutListIsWhole) {
            continue;
        }
        tx.record(Event::Heard {
            incident: Some(id),
            heard: Heard::CutOff {
                source: source.clone(),
                group: group.clone(),
                alerts: *alerts,
            },
        });
        if *alerts == 0 {
            whole.push(id);
        }
    }
    whole
}
