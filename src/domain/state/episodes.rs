//! Which incident has an episode of an alert: found by its source and key, moved on when incidents are merged, and let go of
//! when an alert flaps for ever.

use std::collections::BTreeSet;

use super::State;

use crate::domain::ids::{EpisodeKey, IncidentId, Source};
use crate::domain::incident::{Episode, Incident};

/// Episodes that an incident keeps; those that still fire come on top.
const EPISODES_MOST: usize = 200;
/// They are looked through only when their number is a multiple of this: while a storm lasts all of them fire, and looking
/// at thousands for each that joins would make the storm worse.
const EPISODES_STEP: usize = 32;

impl State {
    /// An episode that fired again after its incident was over belongs to the newer incident; one that was merged into
    /// another, to that.
    pub(super) fn index_episodes(&mut self, id: IncidentId, from: usize) {
        let Some(incident) = self.incidents.get(&id) else {
            return;
        };
        let merged = incident.is_merged();
        // What fires in an incident that was merged is the other's, also where it had resolved in this one before. Of any
        // other nothing is looked at but the newest: in a storm thousands fire, and each that joins comes by here.
        let given: BTreeSet<(&Source, &EpisodeKey)> = if merged {
            let firing = incident.firing();
            firing.map(|alert| (&alert.source, &alert.episode)).collect()
        } else {
            BTreeSet::new()
        };
        for episode in incident.episodes.iter().skip(from) {
            let key = (&episode.alert.source, &episode.alert.episode);
            if given.contains(&key) {
                continue;
            }
            let known = self.index.episodes.entry(key.0.clone()).or_default();
            let stays = known.get(key.1).is_some_and(|holder| {
                let holders = self.incidents.get(holder);
                merged || (*holder > id && !holders.is_some_and(Incident::is_merged))
            });
            if !stays {
                known.insert(key.1.clone(), id);
            }
        }
    }

    /// What still fired in an incident that was merged is another's from now on.
    pub(in crate::domain) fn give_away(&mut self, id: IncidentId) {
        let Some(merged) = self.incidents.get(&id).filter(|incident| incident.is_merged()) else {
            return;
        };
        for alert in merged.firing() {
            if let Some(known) = self.index.episodes.get_mut(&alert.source)
                && known.get(&alert.episode) == Some(&id)
            {
                known.remove(&alert.episode);
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
        }
    }
}
