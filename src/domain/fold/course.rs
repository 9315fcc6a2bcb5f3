//! How an incident begins, which alerts are in it, and how it is closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::plans::settle_approval;
use super::silences;
use crate::domain::alert::{Alert, Severity};
use crate::domain::approval::ApprovalEvent;
use crate::domain::cluster::Because;
use crate::domain::ids::{Channel, EpisodeKey, GroupKey, IncidentId, Source};
use crate::domain::incident::{ClosedAs, Episode, HandoffReason, Incident, Paging, Phase, Tick};

pub(super) fn opened(
    id: IncidentId,
    at: Timestamp,
    alert: &Arc<Alert>,
    channel: &Channel,
    title: &str,
    severity: Severity,
    seq: u64,
) -> Incident {
    let environment = ["environment", "env"]
        .iter()
        .find_map(|key| alert.labels.get(*key))
        .cloned();
    Incident {
        id,
        opened_at: at,
        title: title.to_owned(),
        severity,
        service: alert.service.clone(),
        environment,
        source: alert.source.clone(),
        group: alert.group.clone(),
        channel: channel.clone(),
        episodes: vec![Episode {
            alert: alert.clone(),
            since: seq,
            because: None,
            resolved_at: None,
            attention: None,
            voices: BTreeMap::new(),
        }],
        let_go: 0,
        repeats: 0,
        matched: None,
        plans: Vec::new(),
        // Until a `Matched` says more, nobody has chosen anything: a human has it.
        phase: Phase::Handed {
            at,
            reason: HandoffReason::NoMatch,
        },
        card: None,
        paging: Paging::default(),
        commander: None,
        checklist: None,
        items: Vec::new(),
        frozen_around: Vec::new(),
        evidence: None,
        ticks: BTreeMap::new(),
        requested_by: None,
        ask_instead: None,
        request: None,
        source_refused: None,
        glass: None,
        changes: Vec::new(),
        unread: Vec::new(),
        similar: Vec::new(),
        joined_groups: BTreeSet::new(),
        merged_groups: BTreeSet::new(),
        split_off: BTreeSet::new(),
        in_vain: BTreeSet::new(),
        silences: Vec::new(),
        cut: Vec::new(),
        looked_at: 0,
        last_seq: seq,
    }
}

pub(super) fn joined(incident: &mut Incident, alert: &Arc<Alert>, because: Option<&Because>) {
    let had = incident.attended().is_some();
    incident.severity = incident.severity.max(alert.severity);
    if because.is_some() {
        incident.joined_groups.extend(alert.group.clone());
    }
    if because.is_some_and(Because::is_merge) {
        let group = alert.group.clone();
        incident
            .merged_groups
            .extend(group.map(|group| (alert.source.clone(), group)));
    }
    incident.episodes.push(Episode {
        alert: alert.clone(),
        since: incident.last_seq,
        because: because.cloned(),
        resolved_at: None,
        attention: None,
        voices: BTreeMap::new(),
    });
    // Whoever came for the page came for less than this: it is asked for anew.
    if had && incident.attended().is_none() && incident.paging.has_asked() {
        incident.paging.begin_anew();
    }
}

/// It takes its group along, unless another that came by a merge is of it.
pub(super) fn split_off(incident: &mut Incident, source: Option<&Source>, episode: &EpisodeKey) {
    incident.episodes.retain(|known| !known.is(source, episode));
    let left: BTreeSet<_> = incident
        .episodes
        .iter()
        .filter(|known| known.because.as_ref().is_some_and(Because::is_merge))
        .filter_map(|known| Some((known.alert.source.clone(), known.alert.group.clone()?)))
        .collect();
    incident.merged_groups.retain(|group| left.contains(group));
    // What its sender left out is the other incident's matter now, unless more of the group is left here.
    let (own, episodes) = ((&incident.source, &incident.group), &incident.episodes);
    incident.cut.retain(|cut| {
        let its =
            |source: &Source, group: Option<&GroupKey>| *source == cut.source && group == Some(&cut.group);
        let mut alerts = episodes.iter().map(|episode| &episode.alert);
        its(own.0, own.1.as_ref()) || alerts.any(|alert| its(&alert.source, alert.group.as_ref()))
    });
}

pub(super) fn resolved(
    incident: &mut Incident,
    source: Option<&Source>,
    episode: &EpisodeKey,
    at: Timestamp,
) {
    // An episode that was reopened is there twice: the older one has resolved already.
    let mut known = incident.episodes.iter_mut().rev();
    if let Some(known) = known.find(|known| known.is(source, episode)) {
        known.resolved_at.get_or_insert(at);
    }
}

pub(super) fn close(incident: &mut Incident, at: Timestamp, result: ClosedAs) {
    settle_approval(
        incident,
        ApprovalEvent::Withdraw {
            at,
            why: "the incident is over".to_owned(),
        },
    );
    incident.paging.due = None;
    silences::close(incident, at);
    incident.phase = Phase::Closed { at, result };
}

pub(super) fn ticked(incident: &mut Incident, item: u16, by: &str, done: bool, at: Timestamp) {
    if done {
        let by = by.to_owned();
        incident.ticks.insert(item, Tick { by, at });
    } else {
        incident.ticks.remove(&item);
    }
}
