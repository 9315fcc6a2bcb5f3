//! Which alerts fire, by their sources' words: a key means something to its own source alone, and what a sender leaves out of a
//! delivery is not over because it is not told of.

use std::collections::{BTreeMap, BTreeSet};

use interlock::domain::alert::{Alert, TRUNCATED};
use interlock::domain::command::Command;
use interlock::domain::event::{Entry, Event};
use interlock::domain::ids::{EpisodeKey, Fingerprint, GroupKey, IncidentId, Source};
use interlock::domain::incident::{ClosedAs, Episode, Incident};
use interlock::domain::state::State;

use super::promises::must;

type Group = (Source, GroupKey);

#[derive(Clone, Default)]
pub struct Lists {
    /// What somebody said to be over, in which incident. Entries that name no source are taken for all of them.
    over: BTreeSet<(IncidentId, Source, EpisodeKey)>,
    /// How many alerts the last delivery of a group left out, and those that it told of.
    cut: BTreeMap<Group, (u64, BTreeSet<Fingerprint>)>,
    /// The same of the last list that told of an alert.
    with: BTreeMap<(Group, Fingerprint), u64>,
    /// That before the commit: what is in one with a delivery may have come before it.
    before: BTreeMap<(Group, Fingerprint), u64>,
}

impl Lists {
    /// What is being delivered in one commit. Where it tells of a group twice nobody knows which of both counts when.
    pub fn delivered(&mut self, commands: &[Command]) {
        self.before.clone_from(&self.with);
        let mut seen = BTreeSet::new();
        for command in commands {
            let Command::Alerts { alerts, .. } = command else {
                continue;
            };
            let lists = lists(alerts);
            for (group, list) in lists {
                let twice = !seen.insert(group.clone());
                for told in &list.1 {
                    let alert = (group.clone(), told.clone());
                    match twice {
                        true => _ = self.with.remove(&alert),
                        false => _ = self.with.insert(alert, list.0),
                    }
                }
                if !twice {
                    self.cut.insert(group, list);
                } else {
                    self.cut.remove(&group);
                }
            }
        }
    }

    /// Whether more may fire than an incident's alerts: their sender left some out when it last told of one, or nobody knows.
    pub fn may_be_more(&self, incident: &Incident) -> bool {
        let mut alerts = incident
            .episodes
            .iter()
            .filter_map(|of| Some((group(&of.alert)?, of.alert.fingerprint.clone())));
        let more = |known: Option<&u64>| known.is_none_or(|left_out| *left_out > 0);
        alerts.any(|alert| more(self.with.get(&alert)) || more(self.before.get(&alert)))
    }

    /// Holds the next entry against what was said before; `state` is from before it.
    pub fn take(&mut self, entry: &Entry, state: &State) -> Result<(), String> {
        match &entry.event {
            Event::Opened { incident, alert, .. } | Event::Joined { incident, alert, .. } => {
                let key = (*incident, alert.source.clone(), alert.episode.clone());
                self.over.remove(&key);
                Ok(())
            }
            Event::AlertResolved {
                incident,
                source: Some(source),
                episode,
            } => {
                self.over.insert((*incident, source.clone(), episode.clone()));
                Ok(())
            }
            Event::Closed {
                incident,
                result: ClosedAs::Resolved | ClosedAs::AlertCleared,
            } => self.leaves_nothing_out(*incident, state),
            _ => Ok(()),
        }
    }

    /// Somebody waits for what the sender left out: this incident, or another that has alerts of the group.
    fn leaves_nothing_out(&self, id: IncidentId, state: &State) -> Result<(), String> {
        let found = state.incident(id).ok_or("no incident")?;
        for episode in &found.episodes {
            let Some(group) = group(&episode.alert) else {
                continue;
            };
            let Some((left_out, told)) = self.cut.get(&group) else {
                continue;
            };
            let of_group = |of: &Episode| group_is(&of.alert, &group);
            let mut others = state.open().filter(|other| other.id != id);
            let waits = others.any(|other| other.episodes.iter().any(of_group));
            let told = told.contains(&episode.alert.fingerprint);
            must(*left_out == 0 || !told || waits, || {
                format!(
                    "{id} is over, and {left_out} alerts of {} are not known to be",
                    group.1
                )
            })?;
        }
        Ok(())
    }

    /// The commit is complete.
    pub fn complete(&self, state: &State) -> Result<(), String> {
        for incident in state.open() {
            // What began again is there twice, and the newest counts.
            let newest: BTreeMap<_, _> = incident
                .episodes
                .iter()
                .map(|of| ((&of.alert.source, &of.alert.episode), of))
                .collect();
            for ((source, key), of) in newest {
                let said = self.over.contains(&(incident.id, source.clone(), key.clone()));
                must(said == of.resolved_at.is_some(), || {
                    let over = if said {
                        "as firing, and it is over"
                    } else {
                        "as over, and it fires"
                    };
                    format!("{} has {key} of {source} {over}", incident.id)
                })?;
            }
        }
        Ok(())
    }
}

/// The group of an alert whose sender tells of all that fires at once.
fn group(alert: &Alert) -> Option<Group> {
    alert.told.voice.as_ref()?;
    Some((alert.source.clone(), alert.group.clone()?))
}

fn group_is(alert: &Alert, of: &Group) -> bool {
    alert.source == of.0 && alert.group.as_ref() == Some(&of.1)
}

/// The first alert of a group says for all of them how many more there are.
fn lists(alerts: &[Alert]) -> BTreeMap<Group, (u64, BTreeSet<Fingerprint>)> {
    let mut lists: BTreeMap<Group, (u64, BTreeSet<Fingerprint>)> = BTreeMap::new();
    for alert in alerts {
        let Some(group) = group(alert) else { continue };
        let number = alert.annotations.get(TRUNCATED);
        let left_out = number.and_then(|number| number.parse().ok()).unwrap_or(0);
        let list = lists.entry(group).or_insert((left_out, BTreeSet::new()));
        list.1.insert(alert.fingerprint.clone());
    }
    lists
}
