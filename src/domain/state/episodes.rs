//! Which incident has an episode of an alert: found by its source and key, moved on when incidents are merged, and let go of
//! when an alert flaps for ever.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Index, State};
use crate::domain::alert::Alert;
use crate::domain::ids::{EpisodeKey, Fingerprint, IncidentId, Source};
use crate::domain::incident::{Episode, Incident, Phase};

/// Episodes that an incident keeps; those that still fire come on top.
const EPISODES_MOST: usize = 200;
/// They are looked through only when their number is a multiple of this: while a storm lasts all of them fire, and looking
/// at thousands for each that joins would make the storm worse.
const EPISODES_STEP: usize = 32;

/// Until when it fired in this incident; for ever while it does. What still fired when its incident was merged fires in the
/// other one from then on, and never did in this one.
fn last_fired(incident: &Incident, (source, key): (&Source, &EpisodeKey)) -> Timestamp {
    let mut newest = incident.episodes.iter().rev();
    let Some(episode) = newest.find(|episode| episode.is(Some(source), key)) else {
        return Timestamp::MIN;
    };
    let closed = match &incident.phase {
        Phase::Closed { .. } if incident.is_merged() => Timestamp::MIN,
        Phase::Closed { at, .. } => *at,
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Handed { .. } => Timestamp::MAX,
    };
    episode.resolved_at.unwrap_or(closed)
}

fn has(incident: &Incident, source: &Source, alert: &Fingerprint) -> bool {
    let mut alerts = incident.episodes.iter().map(|episode| &episode.alert);
    alerts.any(|known| known.fingerprint == *alert && known.source == *source)
}

impl Index {
    fn note_alert(&mut self, id: IncidentId, alert: &Alert) {
        if alert.told.voice.is_none() {
            return;
        }
        let alerts = self.alerts.entry(alert.source.clone()).or_default();
        match alerts.get_mut(&alert.fingerprint) {
            Some(ids) => _ = ids.insert(id),
            None => _ = alerts.insert(alert.fingerprint.clone(), BTreeSet::from([id])),
        }
    }

    pub(super) fn forget_alert(&mut self, id: IncidentId, source: &Source, alert: &Fingerprint) {
        let Some(alerts) = self.alerts.get_mut(source) else {
            return;
        };
        if let Some(ids) = alerts.get_mut(alert) {
            ids.remove(&id);
            if ids.is_empty() {
                alerts.remove(alert);
            }
        }
        if alerts.is_empty() {
            self.alerts.remove(source);
        }
    }
}

impl State {
    /// An alert that fires is where it fires; one that does not, where it fired last. That is not the newest incident: what was
    /// merged may be in an older one.
    pub(super) fn index_episodes(&mut self, id: IncidentId, from: usize) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        for episode in incident.episodes.iter().skip(from) {
            let key = (&episode.alert.source, &episode.alert.episode);
            self.index.note_alert(id, &episode.alert);
            let known = self.index.episodes.entry(key.0.clone()).or_default();
            // Mostly nobody has it, and then nothing is looked through: a storm has thousands, and all are read at the start.
            let Some(holder) = known.get(key.1).copied() else {
                known.insert(key.1.clone(), id);
                continue;
            };
            if holder == id {
                continue;
            }
            let last = (last_fired(incident, key), id);
            let later = |holder: IncidentId| {
                let other = self.incidents.get(&holder);
                other.is_some_and(|other| (last_fired(other, key), holder) > last)
            };
            if !later(holder) {
                known.insert(key.1.clone(), id);
            }
        }
    }

    /// An alert that flaps begins a new episode each time. Beyond a bound the oldest that have resolved go; the first one
    /// stays, since the incident was opened for it, and so does all that still fires.
    pub(in crate::domain) fn let_go_of_episodes(&mut self, id: IncidentId) {
        let Some(incident) = self.incidents.get_mut(&id) else {
            return;
        };
        if !incident.episodes.len().is_multiple_of(EPISODES_STEP) {
            return;
        }
        while incident.episodes.len() > EPISODES_MOST {
            let over = incident
                .episodes
                .iter()
                .enumerate()
                .skip(1)
                .find(|(_, episode)| episode.resolved_at.is_some())
                .map(|(place, _)| place);
            let Some(over) = over else { return };
            let gone = incident.episodes.remove(over).alert;
            incident.let_go = incident.let_go.saturating_add(1);
            let same = |episode: &Episode| {
                episode.alert.episode == gone.episode && episode.alert.source == gone.source
            };
            let known = self.index.episodes.get_mut(&gone.source);
            if let Some(known) = known
                && known.get(&gone.episode) == Some(&id)
                && !incident.episodes.iter().any(same)
            {
                known.remove(&gone.episode);
            }
            if !has(incident, &gone.source, &gone.fingerprint) {
                self.index.forget_alert(id, &gone.source, &gone.fingerprint);
            }
        }
    }

    /// After an episode has left an incident: it is found by the alert no more, unless it has another episode of that.
    pub(in crate::domain) fn leave_alert(&mut self, id: IncidentId, source: &Source, alert: &Fingerprint) {
        let incident = self.incidents.get(&id);
        if !incident.is_some_and(|incident| has(incident, source, alert)) {
            self.index.forget_alert(id, source, alert);
        }
    }
}
