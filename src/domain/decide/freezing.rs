//! Freezing and lifting: what is meant, who may, and what is shown of what just ran.

use jiff::SignedDuration;

use super::act::Actor;
use super::{Context, Tx, breaker};
use crate::domain::breaker::interlock;
use crate::domain::command::{Answer, Reply};
use crate::domain::event::{Deed, Event, Refusal};
use crate::domain::freeze::{Freeze, FreezeRefusal, Held, Scope};
use crate::domain::ids::AttemptId;

/// A freeze shows what was started this long before it.
const SHOWN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// What a text asks to freeze. In doubt it freezes more: a name that nobody knows freezes everything, and that is said.
struct Wanted<'t> {
    scope: Scope,
    unknown: Option<Scope>,
    reason: &'t str,
}

fn wanted<'t>(context: Context<'_>, text: &'t str) -> Wanted<'t> {
    let all = |unknown| Wanted {
        scope: Scope::Everything,
        unknown,
        reason: text,
    };
    match Scope::read(text) {
        Some((Scope::Everything, _)) | None => all(None),
        Some((scope, reason)) if exists(context, &scope) => Wanted {
            scope,
            unknown: None,
            reason,
        },
        Some((scope, _)) => all(Some(scope)),
    }
}

fn exists(context: Context<'_>, scope: &Scope) -> bool {
    let rules = context.rules;
    match scope {
        Scope::Everything => true,
        // It trips by itself; whoever asks for it wants something stopped, and gets everything.
        Scope::Breaker { .. } => false,
        Scope::Cluster { cluster } => rules.clusters.contains(cluster),
        Scope::Namespace { namespace } => {
            rules
                .environments
                .iter()
                .any(|row| row.namespaces.contains(namespace))
                || rules.caches.iter().any(|cache| cache.namespace == *namespace)
        }
        Scope::Runbook { runbook } => context.catalog.get(runbook).is_some(),
        Scope::Target { target } => {
            let place = target.split_once('/').map(|(cluster, _)| cluster);
            place.is_some_and(|cluster| {
                cluster == "http" || rules.clusters.iter().any(|known| known.as_str() == cluster)
            })
        }
    }
}

pub fn freeze(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, text: &str) -> Reply {
    let Wanted {
        scope,
        unknown,
        reason,
    } = wanted(context, text);
    let explained = !reason.trim().is_empty();
    let reason = if explained { reason } else { Held::UNEXPLAINED }.to_owned();
    let held = Held {
        scope: scope.clone(),
        by: actor.who.id.clone(),
        name: actor.who.name.clone(),
        at: context.now,
        reason: reason.clone(),
        over: None,
        tripped_by: None,
    };
    let tripped = actor.may_call(context).and_then(|()| {
        let tripped = tx.state().freeze.trip(held);
        tripped.map_err(|refusal| Refusal::Freeze { refusal })
    });
    if let Err(refusal) = tripped {
        return actor.refused(tx, None, Deed::Freeze, refusal);
    }
    let since = context.now.checked_sub(SHOWN_FOR).unwrap_or(context.now);
    let ran = tx.state().ran_since(since, &scope);
    tx.record(Event::Frozen {
        by: actor.who.clone(),
        reason,
        scope: scope.clone(),
        over: None,
    });
    Reply::Answer(Answer::Frozen {
        scope,
        unknown,
        explained,
        ran,
    })
}

/// A freeze that no person asked for. A person lifts it, as any other; one that stands already says enough.
pub(super) fn by_interlock(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    scope: Scope,
    reason: String,
    over: Option<AttemptId>,
) {
    let by = interlock();
    let held = Held {
        scope: scope.clone(),
        by: by.id.clone(),
        name: by.name.clone(),
        at: context.now,
        reason: reason.clone(),
        over,
        tripped_by: None,
    };
    if tx.state().freeze.trip(held).is_ok() {
        tx.record(Event::Frozen {
            by,
            reason,
            scope,
            over,
        });
    }
}

/// Which freeze a text asks to lift, and why.
fn meant<'t>(
    freeze: &Freeze,
    context: Context<'_>,
    text: &'t str,
) -> Result<(Scope, &'t str), FreezeRefusal> {
    match Scope::read(text) {
        Some((scope, reason)) if freeze.of(&scope).is_some() || exists(context, &scope) => {
            Ok((scope, reason))
        }
        Some(_) | None => freeze.meant().map(|scope| (scope, text)),
    }
}

pub fn unfreeze(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, text: &str) -> Reply {
    let freeze = &tx.state().freeze;
    let lifted = actor.responder(context).and_then(|()| {
        meant(freeze, context, text)
            .and_then(|(scope, reason)| {
                freeze.lift(&scope, &actor.who.id, reason)?;
                Ok((scope, reason.to_owned()))
            })
            .map_err(|refusal| Refusal::Freeze { refusal })
    });
    let (scope, reason) = match lifted {
        Ok(lifted) => lifted,
        Err(refusal) => return actor.refused(tx, None, Deed::Unfreeze, refusal),
    };
    let held = tx.state().freeze.of(&scope);
    let tripped_by = held.and_then(|held| held.tripped_by);
    let over = held.and_then(|held| held.over);
    tx.record(Event::Unfrozen {
        by: actor.who.clone(),
        reason,
        scope: scope.clone(),
        over,
    });
    if let Some(incident) = tripped_by {
        breaker::stand_down(tx, incident);
    }
    let left = tx
        .state()
        .freeze
        .held()
        .iter()
        .map(|held| held.scope.clone())
        .collect();
    Reply::Answer(Answer::Unfrozen { scope, left })
}
