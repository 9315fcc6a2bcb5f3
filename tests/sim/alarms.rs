//! What senders said and what was made of it, from what was recorded: what is over opens nothing, an alert of a pair is over when
//! both say so, and one that comes again and again is a human's.

use std::collections::{BTreeMap, VecDeque};

use interlock::domain::alert::{Alert, AlertStatus};
use interlock::domain::event::{Entry, Event, Heard};
use interlock::domain::ids::{EpisodeKey, Fingerprint, IncidentId, Source};
use interlock::domain::incident::{HandoffReason, Phase};
use interlock::domain::state::State;
use jiff::{SignedDuration, Timestamp};

use super::promises::must;

type Episode = (Source, EpisodeKey);

/// As often within an hour, and an alert is for people; somewhat less than the hour, since entries have their own time.
const OFTEN: usize = 3;
const WITHIN: SignedDuration = SignedDuration::from_mins(59);
/// How long an end of which nobody had heard the beginning is remembered: that of an alert of a pair for less.
const KEPT: SignedDuration = SignedDuration::from_mins(59);
const KEPT_OF_PAIR: SignedDuration = SignedDuration::from_mins(5);

/// How keys begin that Interlock gives what it opens at a pager.
const OURS: &str = "interlock/";

#[derive(Clone, Default)]
pub struct Alarms {
    /// Ends of which nobody had heard the beginning: when that was told, when it ended, and who of a pair said so.
    ended: BTreeMap<Episode, (Timestamp, Timestamp, Option<String>)>,
    /// Of every alert that was heard of who of a pair says that it fires, and until when that holds; `None` once they say that
    /// it is over.
    voices: BTreeMap<Episode, BTreeMap<String, Option<Timestamp>>>,
    fired: BTreeMap<Fingerprint, VecDeque<Timestamp>>,
    /// What this commit gives to a human.
    owed: BTreeMap<IncidentId, usize>,
}

impl Alarms {
    /// Holds the next entry against what was said before; `state` is from before it.
    pub fn take(&mut self, entry: &Entry, state: &State) -> Result<(), String> {
        match &entry.event {
            Event::Opened {
                incident, alert, by, ..
            } if by.is_none() => {
                let own = alert.dedup_key.as_ref().is_some_and(|key| key.starts_with(OURS));
                must(!own, || format!("{incident} is about a page of ours"))?;
                self.begins((entry.at, true), *incident, alert, true)
            }
            Event::Joined {
                incident,
                alert,
                because,
            } => {
                let waits = state
                    .incident(*incident)
                    .is_some_and(|found| matches!(found.phase, Phase::Proposed | Phase::Planning { .. }));
                self.begins((entry.at, because.is_none()), *incident, alert, waits)
            }
            Event::Heard {
                heard: Heard::Ended { ends },
                ..
            } => {
                for end in ends {
                    let key = (end.source.clone(), end.episode.clone());
                    // One delivery may tell of its end and then that it fires.
                    if !self.voices.contains_key(&key) {
                        self.ended
                            .insert(key, (entry.at, end.ended_at, end.voice.clone()));
                    }
                }
                Ok(())
            }
            Event::Heard {
                heard:
                    Heard::Twin {
                        source,
                        episode,
                        voice,
                        said,
                    },
                ..
            } => {
                let until = said.until.unwrap_or(Timestamp::MAX);
                let voices = self.voices.entry((source.clone(), episode.clone())).or_default();
                voices.insert(voice.clone(), (!said.over).then_some(until));
                Ok(())
            }
            Event::AlertResolved {
                incident,
                source: Some(source),
                episode,
            } => {
                // Nothing follows from the end of what a person has closed.
                let open = state.incident(*incident).is_some_and(|found| found.is_open());
                self.ends(entry.at, open, (source.clone(), episode.clone()))
            }
            Event::SplitOff { fingerprint, .. } => {
                self.fired.remove(fingerprint);
                Ok(())
            }
            Event::HandedOver { incident, .. } => {
                self.owed.remove(incident);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begins(
        &mut self,
        (at, counts): (Timestamp, bool),
        incident: IncidentId,
        alert: &Alert,
        proposes: bool,
    ) -> Result<(), String> {
        let key = (alert.source.clone(), alert.episode.clone());
        let kept = match alert.told.voice {
            Some(_) => KEPT_OF_PAIR,
            None => KEPT,
        };
        let over = self.ended.remove(&key).is_some_and(|(told, ended, voice)| {
            let other = voice.is_some() && voice != alert.told.voice;
            let late = alert.starts_at.is_some_and(|start| start <= ended);
            late && !other && at.duration_since(told) < kept && alert.status == AlertStatus::Firing
        });
        must(!over, || {
            format!("{incident} begins with {}, which was over before", alert.episode)
        })?;
        let until = alert.told.at.unwrap_or(Timestamp::MAX);
        let voice = alert.told.voice.clone().map(|voice| (voice, Some(until)));
        self.voices.insert(key, voice.into_iter().collect());
        // What is put elsewhere fires no second time.
        if !counts {
            return Ok(());
        }
        let fired = self.fired.entry(alert.fingerprint.clone()).or_default();
        fired.push_back(at);
        fired.retain(|then| at.duration_since(*then) < WITHIN);
        if fired.len() >= OFTEN && proposes {
            self.owed.insert(incident, fired.len());
        }
        Ok(())
    }

    fn ends(&self, at: Timestamp, open: bool, key: Episode) -> Result<(), String> {
        let none = BTreeMap::new();
        let voices = self.voices.get(&key).unwrap_or(&none);
        // While only one was heard there is nobody to agree with.
        let fires = voices
            .iter()
            .find(|(_, until)| until.is_some_and(|until| until > at));
        must(!open || voices.len() < 2 || fires.is_none(), || {
            format!("{} counts as over, and one of the pair says that it fires", key.1)
        })
    }

    /// The commit is complete.
    pub fn complete(&mut self, state: &State) -> Result<(), String> {
        for (id, times) in std::mem::take(&mut self.owed) {
            let asks = state
                .incident(id)
                .is_some_and(|found| matches!(found.phase, Phase::Proposed | Phase::Planning { .. }));
            must(!asks, || {
                format!("{id} fired {times} times in an hour and is planned for all the same")
            })?;
        }
        Ok(())
    }
}

/// The source has said that somebody there has this alert: where it fires and nobody here has it, that is known.
pub fn is_had(state: &State, source: &Source, key: &EpisodeKey) -> Result<(), String> {
    for incident in state.open() {
        let rejected = matches!(
            incident.phase,
            Phase::Handed {
                reason: HandoffReason::Rejected { .. },
                ..
            }
        );
        let mut newest = incident.episodes.iter().rev();
        let newest = newest.find(|of| of.alert.source == *source && of.alert.episode == *key);
        let fires = newest.filter(|of| of.resolved_at.is_none());
        let here = incident.commander.is_some() || rejected;
        must(here || fires.is_none_or(|of| of.attention.is_some()), || {
            format!(
                "{} has {key}, which somebody has at {source}, and nobody knows",
                incident.id
            )
        })?;
    }
    Ok(())
}
