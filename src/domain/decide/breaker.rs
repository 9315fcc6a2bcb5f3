//! Tripping the breaker: asked after every start that was recorded, and after every one that a runbook's budget refused, in
//! the same commit.

use super::{Context, Tx, advance, freezing};
use crate::domain::action::EffectClass;
use crate::domain::breaker;
use crate::domain::command::Effect;
use crate::domain::escalation::Call;
use crate::domain::event::Event;
use crate::domain::freeze::Scope;
use crate::domain::ids::{AttemptId, IncidentId};
use crate::domain::notice::Notice;
use crate::domain::policy::LimitOf;
use crate::planted::{self, Bug};

/// Trips where a limit is spent now, and calls a human for it, once. What starts while the glass is broken counts and trips
/// like anything else: it stops all others, and that incident once its glass is over.
pub(super) fn trip_if_spent(tx: &mut Tx<'_>, context: Context<'_>, attempt: AttemptId) {
    let id = attempt.incident;
    let Some(incident) = tx.state().incident(id) else {
        return;
    };
    let step = incident
        .plan(attempt.plan)
        .and_then(|track| track.plan.step(attempt.step));
    if step.is_none_or(|step| step.effect == EffectClass::Observe) {
        return;
    }
    if planted::is(Bug::BreakerNeverTrips) {
        return;
    }
    let counts = tx.state().counts(incident, context.now);
    let spent = context.rules.policy.guards.limits.spent(&counts);
    trip(tx, context, id, spent);
}

/// A start was refused since this is spent of its runbook's budget: how much there was, of what. Limits do not hold while the
/// glass is broken, and a step that never fitted has spent nothing.
pub(super) fn trip_over_budget(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    id: IncidentId,
    spent: Vec<(LimitOf, u32)>,
) {
    let incident = tx.state().incident(id);
    let glass = incident.is_some_and(|incident| incident.glass_at(context.now).is_some());
    if !glass && !planted::is(Bug::SpentBudgetTripsNothing) {
        trip(tx, context, id, spent);
    }
}

fn trip(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId, mut spent: Vec<(LimitOf, u32)>) {
    spent.retain(|(limit, _)| {
        let scope = limit.breaker(Some(id));
        scope.is_some_and(|scope| tx.state().freeze.of(&scope).is_none())
    });
    // One breaker may stand for several limits.
    spent.dedup_by_key(|(limit, _)| limit.breaker(Some(id)));
    for (limit, allowed) in spent {
        let reason = breaker::why(&limit, allowed);
        let why = format!("the breaker tripped: {reason}");
        let scope = limit.breaker(Some(id));
        tx.record(Event::BreakerTripped {
            incident: id,
            limit,
            allowed,
        });
        if let Some(scope) = scope {
            freezing::announce_own(tx, context, scope, reason);
        }
        advance::page_now(tx, id, Call::Broke, why);
    }
}

/// A person has lifted what this incident tripped. Where it was closed meanwhile, its page has no point any more.
pub(super) fn stand_down(tx: &mut Tx<'_>, id: IncidentId) {
    let over = tx.state().incident(id).is_some_and(|incident| {
        !incident.is_open() && incident.paging.has_asked() && !tx.state().keeps_tripped(id)
    });
    if over {
        tx.effect(Effect::PageResolve { incident: id });
    }
}

/// The breaker of an incident ends with it: who was told that it stands until a person lifts it is told that it does not. Said
/// before the incident is closed, since afterwards the channel of its card is none in which something is open.
pub(super) fn ends_with(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let scope = Scope::IncidentBreaker { incident: id };
    let freeze = &tx.state().freeze;
    if freeze.of(&scope).is_none() {
        return;
    }
    let left = freeze.without(&scope).scopes();
    let file = freeze.file().cloned();
    let notice = Notice::Lifted {
        by: breaker::interlock(),
        reason: format!("its incident is over ({id})"),
        scope,
        left,
        file,
    };
    freezing::announce(tx, context, notice);
}
