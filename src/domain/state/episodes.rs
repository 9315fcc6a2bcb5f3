//! Which incident has an episode of an alert: found by its source and key, moved on when incidents are merged, and let go of
//! when an alert flaps for ever.

use std::collections::BTreeSet;

use super::{Index, State};
use crate::domain::alert::Alert;
use crate::domain::ids::{EpisodeKey, Fingerprint, IncidentId, Source};
use crate::domain::incident::{Episode, Incident};

/// Episodes that an incident keeps; those that still fire come on top.
const EPISODES_MOST: usize = 200;
/// They are looked through only when their number is a multiple of this: while a storm lasts all of them fire, and looking
/// at thousands for each that joins would make the storm worse.
const EPISODES_STEP: usize = 32;

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

    /// Mostly nobody has it: a storm has thousands, and all are read at the start.
    fn note_episode(&mut self, id: IncidentId, episode: &Episode) {
        let (alert, had) = (&episode.alert, (episode.since, id));
        let episodes = self.episodes.entry(alert.source.clone()).or_default();
        let Some(known) = episodes.get_mut(&alert.episode) else {
            episodes.insert(alert.episode.clone(), vec![had]);
            return;
        };
        if let Err(place) = known.binary_search(&had) {
            known.insert(place, had);
        }
    }

    /// Whoever had it before has it then.
    pub(super) fn forget_episodes(
        &mut self,
        source: Option<&Source>,
        key: &EpisodeKey,
        goes: impl Fn((u64, IncidentId)) -> bool,
    ) {
        self.episodes.retain(|of, episodes| {
            if source.is_some_and(|source| source != of) {
                return true;
            }
            if let Some(known) = episodes.get_mut(key) {
                known.retain(|had| !goes(*had));
                if known.is_empty() {
                    episodes.remove(key);
                }
            }
            !episodes.is_empty()
        });
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
    /// Of several that have an episode, that has it to which it came last, as numbers of entries say: clocks go back. That is not
    /// the newest incident: what was merged may be in an older one.
    pub(super) fn index_episodes(&mut self, id: IncidentId, from: usize) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        for episode in incident.episodes.iter().skip(from) {
            self.index.note_alert(id, &episode.alert);
            self.index.note_episode(id, episode);
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
            let gone = incident.episodes.remove(over);
            incident.let_go = incident.let_go.saturating_add(1);
            let (source, key) = (&gone.alert.source, &gone.alert.episode);
            self.index
                .forget_episodes(Some(source), key, |known| known == (gone.since, id));
            let gone = gone.alert;
            if !has(incident, &gone.source, &gone.fingerprint) {
                self.index.forget_alert(id, &gone.source, &gone.fingerprint);
            }
        }
    }

    /// After an episode has left an incident.
    pub(in crate::domain) fn leave_episode(
        &mut self,
        id: IncidentId,
        source: Option<&Source>,
        key: &EpisodeKey,
    ) {
        self.index.forget_episodes(source, key, |(_, had)| had == id);
    }

    /// After an episode has left an incident: it is found by the alert no more, unless it has another episode of that.
    pub(in crate::domain) fn leave_alert(&mut self, id: IncidentId, source: &Source, alert: &Fingerprint) {
        let incident = self.incidents.get(&id);
        if !incident.is_some_and(|incident| has(incident, source, alert)) {
            self.index.forget_alert(id, source, alert);
        }
    }
}
