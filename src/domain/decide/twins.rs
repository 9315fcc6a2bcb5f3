//! The same alert from two senders: a pair of Prometheus servers or Alertmanagers, each with a start of its own. It is one alert,
//! and over when each of those that were heard says so.

use jiff::{SignedDuration, Timestamp};

use super::Tx;
use crate::domain::alert::{Alert, AlertStatus};
use crate::domain::event::{Event, Heard};
use crate::domain::ids::{EpisodeKey, IncidentId, Source};
use crate::domain::incident::{Episode, Voice};
use crate::domain::state::Ended;
use crate::planted::{self, Bug};

/// Starts that lie closer together than this are one start that two have seen, also of what is over: rules are evaluated further
/// apart.
const ONE_START: SignedDuration = SignedDuration::from_secs(5);
/// Of an alert that fires a start that lies no further behind than this is no other one: two of a pair evaluate, and restart, apart.
const PAIR: SignedDuration = SignedDuration::from_mins(6);
/// A word that is renewed by the minute is noted this often, once another of the pair says that the alert is over.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(2);

/// Under the key that an incident has it by: all that is known of an alert that fired before a label of its was known to tell a pair
/// apart.
pub(super) fn under_its_key(tx: &Tx<'_>, source: &Source, mut alert: Alert) -> Alert {
    let state = tx.state();
    if let Some(whole) = alert.told.whole.take()
        && state.by_episode(source, &alert.episode).is_none()
        && state.by_episode(source, &whole).is_some()
    {
        alert.episode = whole;
        // By that key it was told of by this one alone: there is nobody to agree with.
        alert.told.voice = alert.told.voice.map(|_| String::new());
    }
    alert
}

/// The incident that has the alert under another key, and the alert as that knows it.
pub(super) fn known(tx: &Tx<'_>, source: &Source, alert: &Alert) -> Option<(IncidentId, Alert)> {
    alert.told.voice.as_ref()?;
    let state = tx.state();
    let mut found: Option<((IncidentId, Alert), bool)> = None;
    for id in state.by_fingerprint(source, &alert.fingerprint) {
        let Some(incident) = state.incident(id) else {
            continue;
        };
        let mut newest = incident.episodes.iter().rev();
        let same = newest.find(|episode| {
            let of_it = &episode.alert;
            of_it.fingerprint == alert.fingerprint && of_it.source == *source
        });
        let Some(episode) = same else { continue };
        let fires = episode.resolved_at.is_none() && incident.is_open();
        if is_same(episode, alert, fires) {
            let mut alert = alert.clone();
            alert.episode.clone_from(&episode.alert.episode);
            alert.starts_at = episode.alert.starts_at;
            let better = found.as_ref().is_none_or(|(_, before)| fires || !*before);
            if better {
                found = Some(((id, alert), fires));
            }
        }
    }
    found.map(|(found, _)| found)
}

fn is_same(episode: &Episode, alert: &Alert, fires: bool) -> bool {
    let (Some(known), Some(start)) = (episode.alert.starts_at, alert.starts_at) else {
        return false;
    };
    let close = known.duration_since(start).abs() < ONE_START;
    let behind = start.duration_since(known) <= PAIR;
    match alert.status {
        AlertStatus::Firing => close || (fires && (behind || is_another(episode, alert))),
        AlertStatus::Resolved => fires && alert.ends_at.is_none_or(|end| end >= known),
        AlertStatus::Reopened | AlertStatus::Acknowledged | AlertStatus::Unacknowledged => false,
    }
}

/// Whether it is another of the pair who says so.
fn is_another(episode: &Episode, alert: &Alert) -> bool {
    let voices = (episode.alert.told.voice.as_ref(), alert.told.voice.as_ref());
    matches!(voices, (Some(one), Some(other)) if !one.is_empty() && !other.is_empty() && one != other)
}

/// What the same voice said of this alert before, and can't any more: it has one start at a time. Where an alert ends and fires
/// again within one `group_interval`, Alertmanager tells of the new start alone. `known` is the incident that has the start that
/// it tells of now.
pub(super) fn earlier(
    tx: &Tx<'_>,
    alert: &Alert,
    known: Option<(IncidentId, &EpisodeKey)>,
) -> Vec<(IncidentId, Alert)> {
    let news = matches!(alert.status, AlertStatus::Firing | AlertStatus::Reopened);
    let (Some(voice), Some(start), true) = (&alert.told.voice, alert.starts_at, news) else {
        return Vec::new();
    };
    // The same words once more, the most of a storm. Of two voices the other may say them first.
    if voice.is_empty() && known.is_some_and(|(_, episode)| *episode == alert.episode) {
        return Vec::new();
    }
    let is_earlier = |episode: &&Episode, id: IncidentId| {
        let of_it = &episode.alert;
        let of_voice = voice.is_empty()
            || of_it.told.voice.as_ref() == Some(voice)
            || episode.voices.contains_key(voice);
        let before = of_it
            .starts_at
            .is_some_and(|before| start.duration_since(before) > PAIR);
        let fires = episode.resolved_at.is_none() && of_it.told.voice.is_some();
        let its = of_it.fingerprint == alert.fingerprint && of_it.source == alert.source;
        its && fires && before && of_voice && known != Some((id, &of_it.episode))
    };
    let state = tx.state();
    let incidents = state.by_fingerprint(&alert.source, &alert.fingerprint);
    let open = incidents.filter_map(|id| state.incident(id).filter(|incident| incident.is_open()));
    open.flat_map(|incident| {
        let of_it = incident
            .episodes
            .iter()
            .filter(move |episode| is_earlier(episode, incident.id));
        of_it.map(move |episode| {
            let mut over = Alert::clone(&episode.alert);
            over.status = AlertStatus::Resolved;
            over.told.clone_from(&alert.told);
            (incident.id, over)
        })
    })
    .collect()
}

/// One of a pair says that the alert fires.
pub(super) fn fires(tx: &mut Tx<'_>, id: IncidentId, alert: &Alert) {
    let until = alert.told.at;
    said(tx, id, alert, Voice { over: false, until });
}

/// One of a pair says that the alert is over. Whether it is: the others that were heard say so as well, or are silent.
pub(super) fn agree(tx: &mut Tx<'_>, id: IncidentId, alert: &Alert) -> bool {
    let over = Voice {
        over: true,
        until: None,
    };
    said(tx, id, alert, over);
    let fires = newest(tx, id, alert).is_some_and(|episode| episode.still_said_by(tx.now()).next().is_some());
    !fires || planted::is(Bug::OneOfPairEnds)
}

fn newest<'t>(tx: &'t Tx<'_>, id: IncidentId, alert: &Alert) -> Option<&'t Episode> {
    let incident = tx.state().incident(id).filter(|incident| incident.is_open())?;
    let mut newest = incident.episodes.iter().rev();
    newest.find(|episode| episode.is_of(alert) && episode.resolved_at.is_none())
}

/// Notes it where it is news: while only one has told of an alert there is nobody to agree with.
fn said(tx: &mut Tx<'_>, id: IncidentId, alert: &Alert, said: Voice) {
    let Some(voice) = alert.told.voice.as_ref().filter(|voice| !voice.is_empty()) else {
        return;
    };
    let news = newest(tx, id, alert).is_some_and(|episode| {
        let alone = episode.voices.is_empty() && episode.alert.told.voice.as_ref() == Some(voice);
        let known = episode.voices.get(voice);
        !alone
            && known.is_none_or(|known| {
                let renewed = episode.is_over_for_some() && is_renewed(*known, said);
                known.over != said.over || renewed
            })
    });
    if news {
        tx.record(Event::Heard {
            incident: Some(id),
            heard: Heard::Twin {
                source: alert.source.clone(),
                episode: alert.episode.clone(),
                voice: voice.clone(),
                said,
            },
        });
    }
}

fn is_renewed(known: Voice, said: Voice) -> bool {
    let times = known.until.zip(said.until);
    times.is_some_and(|(known, said)| said.duration_since(known) >= NOTED_EVERY)
}

/// The end of an alert of which nobody had heard that it began.
pub(super) fn ended(alert: Alert, now: Timestamp) -> Ended {
    Ended {
        source: alert.source,
        episode: alert.episode,
        labels: alert.told.voice.as_ref().map(|_| alert.fingerprint),
        voice: alert.told.voice.filter(|voice| !voice.is_empty()),
        // A sender's clock that is ahead must not swallow what begins later.
        ended_at: alert.ends_at.filter(|at| *at <= now).unwrap_or(now),
    }
}
