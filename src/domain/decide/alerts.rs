//! Alerts come in: duplicates collapse, related ones join, new ones open an incident and look for a runbook.
//! Longer than other files, since what an alert may turn out to be stands in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::carry::{self, Carried};
use super::{Context, Tx, advance, advise, changes, cut, heard, plan_act, settling, storm, survey, twins};
use crate::domain::alert::{Alert, AlertStatus, Severity};
use crate::domain::cluster::{self, Because};
use crate::domain::command::{Drive, Reply};
use crate::domain::escalation::Call;
use crate::domain::event::{Event, Heard};
use crate::domain::ids::{DeliveryKey, Fingerprint, IncidentId, RunbookName, Source};
use crate::domain::incident::{HandoffReason, MatchRecord, Phase, PlanRequest, Verdict};
use crate::domain::matching::{self, By};
use crate::domain::memory::Signature;
use crate::domain::past::FLAPS;
use crate::domain::plan::Requester;
use crate::domain::state::Ended;
use crate::planted::{self, Bug};

/// Prefix of the `dedup_key` of everything that Interlock opens at a pager; an alert that carries it is our own echo.
pub const OUR_DEDUP_PREFIX: &str = "interlock/";

/// Incidents of the past that a new one shows.
const SIMILAR: usize = 2;

/// A "firing" that comes this long after the end of its episode is no duplicate under way any more: retries and the peers of
/// a highly available pair are minutes apart at most (Alertmanager gives up a delivery after its `group_interval`, 5 minutes).
const LATE: SignedDuration = SignedDuration::from_mins(6);

pub fn received(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    source: &Source,
    key: Option<DeliveryKey>,
    alerts: Vec<Alert>,
) -> Reply {
    tx.use_key(key);
    let mut repeated: BTreeMap<IncidentId, u32> = BTreeMap::new();
    let mut ends: Vec<Ended> = Vec::new();
    let cut = cut::groups(&alerts);
    let whole = cut::noted(tx, source, &cut);
    for alert in alerts {
        if alert
            .dedup_key
            .as_deref()
            .is_some_and(|key| key.starts_with(OUR_DEDUP_PREFIX))
            && !planted::is(Bug::OwnPageOpens)
        {
            heard::own_page(tx, context, &alert);
            continue;
        }
        match one(tx, context, source, alert) {
            Came::Repeated(known) => count(&mut repeated, known),
            Came::EndedUnseen(ended) => ends.push(ended),
            Came::New => {}
        }
    }
    if !repeated.is_empty() {
        tx.record(Event::Repeated {
            incidents: repeated.into_iter().collect(),
        });
    }
    if !ends.is_empty() {
        tx.record(Event::Heard {
            incident: None,
            heard: Heard::Ended { ends },
        });
    }
    cut::noted(tx, source, &cut);
    for incident in whole {
        advance::source_agrees(tx, context, incident);
    }
    tx.use_key(None);
    Reply::Stored
}

/// What an alert turned out to be.
enum Came {
    New,
    Repeated(IncidentId),
    /// The end of what nobody here had heard the beginning of.
    EndedUnseen(Ended),
}

fn one(tx: &mut Tx<'_>, context: Context<'_>, source: &Source, alert: Alert) -> Came {
    let alert = twins::under_its_key(tx, source, alert);
    let known = tx.state().by_episode(source, &alert.episode);
    let twin = match known {
        Some(_) => None,
        None => twins::known(tx, source, &alert),
    };
    let now = match &twin {
        Some((id, twin)) => Some((*id, &twin.episode)),
        None => known.map(|id| (id, &alert.episode)),
    };
    let earlier = twins::earlier(tx, &alert, now);
    let (known, alert) = match twin {
        Some((twin, alert)) => (Some(twin), alert),
        None => (known, alert),
    };
    let came = came(tx, context, source, alert, known);
    // After it joined: its incident goes on with it.
    for (incident, over) in earlier {
        resolved(tx, context, incident, &over);
    }
    came
}

fn came(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    source: &Source,
    alert: Alert,
    known: Option<IncidentId>,
) -> Came {
    match (alert.status, known.filter(|_| !planted::is(Bug::DuplicatesOpen))) {
        (AlertStatus::Firing, Some(known)) if !is_back(tx, context, known, &alert) => {
            twins::fires(tx, known, &alert);
            if worse(tx, known, &alert) {
                advance::page_sooner(tx, context, known);
            }
            return Came::Repeated(known);
        }
        (AlertStatus::Reopened, Some(known)) if !is_over(tx, known, &alert) => {
            return Came::Repeated(known);
        }
        (AlertStatus::Firing | AlertStatus::Reopened, Some(known)) => {
            again(tx, context, source, known, alert);
        }
        // It began before it ended, and that was heard first.
        (AlertStatus::Firing | AlertStatus::Unacknowledged, None)
            if tx.state().has_ended(&alert, context.now) && !planted::is(Bug::LateFiringOpens) => {}
        (AlertStatus::Firing | AlertStatus::Reopened, None) => fired(tx, context, source, alert),
        (AlertStatus::Resolved, Some(known)) => resolved(tx, context, known, &alert),
        // Nobody has it there, and it fires on although it was over here.
        (AlertStatus::Unacknowledged, Some(known)) if is_back(tx, context, known, &alert) => {
            again(tx, context, source, known, alert.firing());
        }
        (AlertStatus::Acknowledged | AlertStatus::Unacknowledged, Some(known)) => {
            heard::attention(tx, context, known, &alert);
            worse_with(tx, context, known, &alert);
        }
        // It fires: that it began to was missed.
        (AlertStatus::Unacknowledged, None) => fired(tx, context, source, alert.firing()),
        // The firing was never seen, or is long forgotten: there is nothing to resolve. It may be under way.
        (AlertStatus::Resolved, None) if !tx.state().has_ended(&alert, context.now) => {
            return Came::EndedUnseen(twins::ended(alert, context.now));
        }
        (AlertStatus::Resolved | AlertStatus::Acknowledged, None) => {}
    }
    Came::New
}

/// An episode that goes on and has become worse (Sentry's warning that becomes critical, Datadog's `Warn` that becomes `Triggered`,
/// another priority at Opsgenie) calls as a new alert of that severity would. Nothing makes an incident less than it was. Says
/// whether it has.
fn worse(tx: &mut Tx<'_>, id: IncidentId, alert: &Alert) -> bool {
    let incident = tx.state().incident(id);
    // A word that no mapping knows says nothing of what is known.
    let told = alert.severity != Severity::Unknown;
    let news =
        incident.is_some_and(|incident| incident.is_open() && told && alert.severity > incident.severity);
    if news {
        tx.record(Event::Heard {
            incident: Some(id),
            heard: Heard::Worse {
                name: alert.name.clone(),
                severity: alert.severity,
            },
        });
    }
    news
}

/// The same told along with who has it, as Zabbix does in one update: whoever takes it as that is not rung for it.
fn worse_with(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, alert: &Alert) {
    if is_over(tx, id, alert) || !worse(tx, id, alert) {
        return;
    }
    let incident = tx.state().incident(id);
    let taken = incident.is_some_and(|incident| incident.attended().is_some());
    if !(taken && alert.status == AlertStatus::Acknowledged) {
        advance::page_sooner(tx, context, id);
    }
}

fn count(repeated: &mut BTreeMap<IncidentId, u32>, known: IncidentId) {
    let times = repeated.entry(known).or_default();
    *times = times.saturating_add(1);
}

/// Whether there is nothing left of this episode that could fire: it has resolved, or its incident is closed.
fn is_over(tx: &Tx<'_>, known: IncidentId, alert: &Alert) -> bool {
    tx.state().incident(known).is_some_and(|incident| {
        let newest = incident
            .episodes
            .iter()
            .rev()
            .find(|episode| episode.is_of(alert));
        !incident.is_open() || newest.is_some_and(|episode| episode.resolved_at.is_some())
    })
}

/// Whether a plain "firing" means that an episode is back, and not a duplicate that was long under way. Alertmanager keeps the
/// key when an alert that had timed out comes back. Sources whose key is the same over episodes (a monitor, an alarm) say by
/// a later start that it is another one. What is told of a time before the end was on its way.
fn is_back(tx: &Tx<'_>, context: Context<'_>, known: IncidentId, alert: &Alert) -> bool {
    if !is_over(tx, known, alert) {
        return false;
    }
    tx.state().incident(known).is_some_and(|incident| {
        let resolved = incident.episodes.iter().filter(|episode| episode.is_of(alert));
        let resolved = resolved.filter_map(|episode| episode.resolved_at).max();
        let closed = match &incident.phase {
            Phase::Closed { at, .. } => Some(*at),
            Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Handed { .. } => None,
        };
        let since = resolved.into_iter().chain(closed).max();
        let started = incident
            .episodes
            .iter()
            .filter(|episode| episode.is_of(alert))
            .filter_map(|episode| episode.alert.starts_at)
            .max();
        let anew = matches!((started, alert.starts_at), (Some(known), Some(new)) if new > known);
        // Of an episode before that one, however long it was under way: Amazon SNS tries for an hour.
        let older = matches!((started, alert.starts_at), (Some(known), Some(new)) if new < known);
        let on_its_way = alert.status == AlertStatus::Unacknowledged
            && matches!((alert.told.at, since), (Some(told), Some(over)) if told <= over);
        let back = anew || (!older && since.is_some_and(|at| context.now.duration_since(at) > LATE));
        back && !on_its_way
    })
}

/// An episode is back: in the same incident while that is open, as a new one when it is over.
fn again(tx: &mut Tx<'_>, context: Context<'_>, source: &Source, known: IncidentId, alert: Alert) {
    let open = tx.state().incident(known).filter(|incident| incident.is_open());
    if let Some(incident) = open {
        // What joined for a reason of ours is back for the same reason.
        let before = incident.episodes.iter().rev();
        let because = before
            .filter(|episode| episode.is_of(&alert))
            .find_map(|episode| episode.because.clone());
        join(tx, context, known, alert, because);
    } else {
        fired(tx, context, source, alert);
    }
}

/// One more alert of an incident.
fn join(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, alert: Alert, because: Option<Because>) {
    join_with(tx, context, incident, alert, because, Carried::default());
}

/// The same, of one that comes from another incident with what was heard of it there.
pub(super) fn join_with(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    incident: IncidentId,
    alert: Alert,
    because: Option<Because>,
    carried: Carried,
) {
    let before = tx.state().incident(incident);
    let worse = before.is_some_and(|before| alert.severity > before.severity);
    let had = before.is_some_and(|before| before.attended().is_some());
    let fingerprint = alert.fingerprint.clone();
    let source = alert.source.clone();
    tx.record(Event::Joined {
        incident,
        alert: Arc::new(alert),
        because,
    });
    carry::comes_along(tx, incident, carried);
    settling::fires_again(tx, context, incident, &source, &fingerprint);
    if let Some(times) = flaps(tx, &fingerprint) {
        joined_flapping(tx, context, incident, times);
    }
    heard::rings_again(tx, context, incident, had);
    if worse {
        advance::page_sooner(tx, context, incident);
    }
}

/// How often this alert fired within the hour, when that is so often that only people can help.
fn flaps(tx: &Tx<'_>, alert: &Fingerprint) -> Option<u32> {
    let times = tx.state().past.times(alert);
    (times >= FLAPS && !planted::is(Bug::FlappingNotSeen)).then_some(times)
}

/// A plan that waits is void: the alert came and went without it. One that runs goes on, and somebody looks at it.
fn joined_flapping(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, times: u32) {
    let Some(phase) = tx.state().incident(id).map(|incident| incident.phase.clone()) else {
        return;
    };
    match phase {
        Phase::Planning { .. } | Phase::Proposed => {
            plan_act::withdraw(
                tx,
                id,
                format!("the same alert fired {times} times within an hour"),
            );
            advance::hand_over(tx, context, id, HandoffReason::Flapping { times });
        }
        Phase::Running | Phase::Settling { .. } => {
            let why = format!("the same alert fired {times} times within an hour");
            advance::page_now(tx, id, Call::NotHelped, why);
        }
        Phase::Handed { .. } | Phase::Closed { .. } => {}
    }
}

fn fired(tx: &mut Tx<'_>, context: Context<'_>, source: &Source, alert: Alert) {
    let open = alert
        .group
        .as_ref()
        .and_then(|group| tx.state().by_group(source, group));
    if let Some(incident) = open {
        // Where its group came with a merge, its source knows nothing of the incident.
        let own = tx.state().incident(incident);
        let own = own.is_some_and(|own| own.source == alert.source && own.group == alert.group);
        let because = (!own).then_some(Because::SameGroup);
        join(tx, context, incident, alert, because);
        return;
    }
    if let Some((incident, because)) = cluster::find(tx.state(), context, &alert) {
        join(tx, context, incident, alert, Some(because));
        return;
    }
    opened(tx, context, Arc::new(alert));
}

/// A new incident, and whatever can be said about it.
pub fn opened(tx: &mut Tx<'_>, context: Context<'_>, alert: Arc<Alert>) -> IncidentId {
    opened_with(tx, context, alert, Carried::default())
}

/// The same, for an alert that comes from another incident with what was heard of it there.
pub(super) fn opened_with(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    alert: Arc<Alert>,
    carried: Carried,
) -> IncidentId {
    let incident = IncidentId(tx.state().last_incident.saturating_add(1));
    tx.record(Event::Opened {
        incident,
        channel: context.rules.route(&alert),
        title: alert.title.clone(),
        severity: alert.severity,
        alert: alert.clone(),
        by: None,
        ask_instead: None,
    });
    carry::comes_along(tx, incident, carried);
    changes::look_back(tx, context, incident, &alert);
    remember(tx, incident);
    choose(tx, context, incident, &alert);
    storm::look(tx, incident);
    incident
}

/// What was like it before, and how that ended.
fn remember(tx: &mut Tx<'_>, incident: IncidentId) {
    let state = tx.state();
    let signature = state.incident(incident).and_then(Signature::of);
    let similar = signature.map(|signature| state.memory.similar(&signature, SIMILAR));
    if let Some(similar) = similar.filter(|similar| !similar.is_empty()) {
        tx.record(Event::Remembered { incident, similar });
    }
}

/// What the runbooks of now are to this alert.
pub fn matched(context: Context<'_>, alert: &Alert) -> MatchRecord {
    let environment = context.rules.environment_of(alert);
    let facts = matching::AlertFacts::of(alert, environment.as_ref());
    let mut matched = MatchRecord::of(&matching::rank(context.catalog, &facts), context.catalog);
    let alone = &context.rules.policy.alone;
    let (risk, sure) = alone.sure_from(alert.severity, alert.service.as_ref(), environment.as_ref());
    matched.ask_below(sure, risk);
    matched
}

/// Looks for the runbook and goes on from there: one match is planned, everything else goes to a human.
fn choose(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, alert: &Alert) {
    let matched = matched(context, alert);
    let (verdict, by) = (matched.verdict.clone(), matched.by);
    tx.record(Event::Matched { incident, matched });
    if let Some(times) = flaps(tx, &alert.fingerprint) {
        advance::hand_over(tx, context, incident, HandoffReason::Flapping { times });
        return;
    }
    follow(tx, context, incident, alert, (verdict, by), Requester::Interlock);
}

/// What a look for a runbook came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// A plan is being made.
    ToPlan,
    ToChecklist,
    /// A person chooses among several.
    ToChoice,
    /// Nothing is for it.
    Nowhere,
}

/// Goes on from what was found, on behalf of whoever asks for it.
pub fn follow(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    incident: IncidentId,
    alert: &Alert,
    (verdict, by): (Verdict, By),
    requester: Requester,
) -> Led {
    match verdict {
        Verdict::One { runbook } => plan_or_checklist(tx, context, incident, runbook, requester),
        Verdict::Several => {
            let reason = match by {
                By::Trigger => HandoffReason::SeveralMatch,
                By::Search => HandoffReason::Unsure,
            };
            advance::hand_over(tx, context, incident, reason);
            advise::ask(tx, context, incident, alert);
            Led::ToChoice
        }
        Verdict::None => {
            advance::hand_over(tx, context, incident, HandoffReason::NoMatch);
            Led::Nowhere
        }
    }
}

/// An executable runbook is planned; a prose one is shown as a checklist.
pub fn plan_or_checklist(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    incident: IncidentId,
    runbook: RunbookName,
    requester: Requester,
) -> Led {
    let prose = context.catalog.get(&runbook).filter(|runbook| runbook.is_prose());
    if let Some(prose) = prose {
        let items = prose.checklist.clone();
        tx.record(Event::Checklist {
            incident,
            runbook,
            items,
        });
        advance::hand_over(tx, context, incident, HandoffReason::Checklist);
        return Led::ToChecklist;
    }
    let request = PlanRequest {
        runbook,
        requester,
        parameters: BTreeMap::new(),
        advised: BTreeMap::new(),
        skip: Vec::new(),
        modified_from: None,
        asked_before: BTreeSet::new(),
        takes_back: None,
    };
    match advise::blanks(tx, context, incident, &request.runbook) {
        Some(blanks) => {
            tx.record(Event::Planning { incident, request });
            tx.drive(Drive::Fill {
                incident,
                blanks: Box::new(blanks),
            });
        }
        None => survey::plan(tx, context, incident, request),
    }
    Led::ToPlan
}

/// Whether this end was before that start: it belongs to an episode before, and came late.
fn is_earlier(ended: &Alert, started: &Alert) -> bool {
    matches!((ended.ends_at, started.starts_at), (Some(end), Some(start)) if end < start)
}

fn resolved(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId, alert: &Alert) {
    let fresh = tx.state().incident(incident).is_some_and(|incident| {
        incident
            .episodes
            .iter()
            .rev()
            .find(|episode| episode.is_of(alert))
            .is_some_and(|episode| episode.resolved_at.is_none() && !is_earlier(alert, &episode.alert))
    });
    if fresh && twins::agree(tx, incident, alert) {
        let before = tx.state().incident(incident);
        let had = before.is_some_and(|before| before.attended().is_some());
        tx.record(Event::AlertResolved {
            incident,
            source: Some(alert.source.clone()),
            episode: alert.episode.clone(),
        });
        advance::source_agrees(tx, context, incident);
        // Of a list that was cut off others may fire on, of which nobody has said anything.
        heard::rings_again(tx, context, incident, had);
    }
}
