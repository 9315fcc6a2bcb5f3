//! Breaking the glass, its end, and the review afterwards.

use jiff::Timestamp;

use super::act::Actor;
use super::{Context, Tx, act, advance};
use crate::domain::command::{Answer, Reply};
use crate::domain::event::{Deed, Event, Refusal};
use crate::domain::glass::{Glass, GlassRefusal};
use crate::domain::ids::IncidentId;

pub fn open(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    incident: IncidentId,
    reason: &str,
) -> Reply {
    let until = match may_break(tx, context, actor, incident, reason) {
        Ok(until) => until,
        Err(refusal) => return actor.refused(tx, Some(incident), Deed::BreakGlass, refusal),
    };
    tx.record(Event::GlassBroken {
        incident,
        by: actor.who.clone(),
        reason: reason.trim().to_owned(),
        until,
    });
    let why = format!("{} broke the glass: {}", actor.who.name, reason.trim());
    advance::page_asked(tx, incident, why);
    Reply::Answer(Answer::GlassBroken { incident, until })
}

fn may_break(
    tx: &Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    id: IncidentId,
    reason: &str,
) -> Result<Timestamp, Refusal> {
    actor.standing(context)?;
    let no = |refusal| Refusal::Glass { refusal };
    let rule = context.rules.policy.guards.glass.as_ref();
    let rule = rule.ok_or(no(GlassRefusal::NoRule))?;
    if !rule.lists(actor.person) {
        return Err(no(GlassRefusal::NotListed));
    }
    let incident = act::open(tx, id)?;
    if let Some(glass) = incident.glass.as_ref().filter(|glass| glass.holds(context.now)) {
        return Err(no(GlassRefusal::Open {
            by: glass.by.name.clone(),
            until: glass.until,
        }));
    }
    if reason.trim().is_empty() {
        return Err(no(GlassRefusal::NoReason));
    }
    // A clock at its end opens nothing.
    Ok(context.now.checked_add(rule.lasts()).unwrap_or(context.now))
}

/// Its time is up: the card says so, and what held before holds again.
pub(super) fn over_if_due(tx: &mut Tx<'_>, context: Context<'_>, incident: IncidentId) {
    let until = tx
        .state()
        .incident(incident)
        .and_then(|incident| incident.glass_until());
    if until.is_some_and(|until| until <= context.now) {
        tx.record(Event::GlassOver { incident });
    }
}

/// Another person looked at what was done meanwhile, and says what they found.
pub fn review(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    incident: IncidentId,
    words: &str,
) -> Reply {
    let waits: Vec<&Glass> = tx
        .state()
        .glass
        .iter()
        .filter(|of| of.incident == incident)
        .collect();
    let refusal = if waits.is_empty() {
        Some(GlassRefusal::NothingToReview)
    } else if let Some(open) = waits.iter().find(|glass| glass.holds(context.now)) {
        Some(GlassRefusal::Open {
            by: open.by.name.clone(),
            until: open.until,
        })
    } else if waits.iter().any(|glass| glass.by.id == actor.who.id) {
        Some(GlassRefusal::SamePerson)
    } else {
        words.trim().is_empty().then_some(GlassRefusal::NoWords)
    };
    let refusal = refusal.map(|refusal| Refusal::Glass { refusal });
    if let Err(refusal) = actor
        .responder(context)
        .and_then(|()| refusal.map_or(Ok(()), Err))
    {
        return actor.refused(tx, Some(incident), Deed::ReviewGlass, refusal);
    }
    tx.record(Event::GlassReviewed {
        incident,
        by: actor.who.clone(),
        words: words.trim().to_owned(),
    });
    Reply::Answer(Answer::GlassReviewed { incident })
}
