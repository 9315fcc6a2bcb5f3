//! A source says that somebody has an alert there, or has it no more.

use jiff::Timestamp;

use super::{Context, Tx, advance};
use crate::domain::alert::{Alert, AlertStatus};
use crate::domain::escalation::Call;
use crate::domain::event::{Event, Heard};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Attention, Incident};
use crate::planted::{self, Bug};

/// Of an alert that is known. What has resolved, and what a person here has taken over, is no matter of the source's any more.
pub(super) fn attention(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, alert: &Alert) {
    let news = tx.state().incident(id).is_some_and(|incident| {
        let mut newest = incident.episodes.iter().rev();
        let newest = newest.find(|episode| episode.is_of(alert));
        newest.is_some_and(|episode| {
            let fires = episode.resolved_at.is_none() && !is_of_before(alert, episode.alert.starts_at);
            fires && is_news(incident, context, alert, episode.attention.as_ref())
        })
    });
    if news {
        record(tx, context, id, alert, true);
    }
}

/// Of a page of ours: somebody came for it.
pub(super) fn own_page(tx: &mut Tx<'_>, context: Context<'_>, alert: &Alert) {
    let Some(key) = &alert.dedup_key else { return };
    let paged = tx
        .state()
        .open()
        .find(|incident| incident.paging.key.as_ref() == Some(key));
    let news = paged.filter(|incident| {
        let known = incident.paging.attention.as_ref();
        is_news(incident, context, alert, known)
    });
    if let Some(id) = news.map(|incident| incident.id) {
        record(tx, context, id, alert, false);
    }
}

fn is_news(incident: &Incident, context: Context<'_>, alert: &Alert, known: Option<&Attention>) -> bool {
    let said = Attention {
        source: alert.source.clone(),
        by: None,
        at: alert.told.at.unwrap_or(context.now),
        stands: alert.status == AlertStatus::Acknowledged,
    };
    let matters = incident.is_open() && incident.in_hands_of().is_none();
    matters && said.is_after(known)
}

/// Whether it is about an episode before the one that began then, where the sender says when episodes begin. Not every sender
/// writes fractions of seconds.
fn is_of_before(alert: &Alert, began: Option<Timestamp>) -> bool {
    let told = alert.starts_at.and(alert.told.at);
    told.zip(began)
        .is_some_and(|(said, began)| said.as_second() < began.as_second())
}

fn record(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, alert: &Alert, of_source: bool) {
    if planted::is(Bug::SourceAcknowledgementIgnored) {
        return;
    }
    let source = alert.source.clone();
    let episode = of_source.then(|| alert.episode.clone());
    let by = alert.told.by.clone();
    let at = alert.told.at.unwrap_or(context.now);
    let incident = tx.state().incident(id);
    let known = incident.and_then(|incident| match of_source {
        true => incident
            .episodes
            .iter()
            .rev()
            .find(|episode| episode.is_of(alert))?
            .attention
            .as_ref(),
        false => incident.paging.attention.as_ref(),
    });
    let was_free = known.is_none_or(|known| !known.stands);
    let heard = match alert.status {
        AlertStatus::Acknowledged => Heard::Acknowledged {
            source,
            episode,
            by,
            at,
        },
        AlertStatus::Unacknowledged | AlertStatus::Firing | AlertStatus::Reopened | AlertStatus::Resolved => {
            Heard::Unacknowledged {
                source,
                episode,
                by,
                at,
                was_free,
            }
        }
    };
    let had = tx
        .state()
        .incident(id)
        .is_some_and(|incident| incident.attended().is_some());
    tx.record(Event::Heard {
        incident: Some(id),
        heard,
    });
    rings_again(tx, context, id, had);
}

/// Nobody has all of it any more: what waits for people is called for again.
pub(super) fn rings_again(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, had: bool) {
    let waits = tx
        .state()
        .incident(id)
        .is_some_and(|incident| had && incident.attended().is_none() && incident.waits_for_people());
    if waits {
        advance::page_when_due(tx, context, id);
    }
}

/// Whether nobody is rung for this, since somebody has it where it comes from: only what is news to them rings.
pub(super) fn is_had(incident: &Incident, call: Call) -> bool {
    !call.is_news() && incident.attended().is_some()
}
