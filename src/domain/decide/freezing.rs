//! Freezing and lifting: what is meant, who may, and what is shown of what just ran.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::act::Actor;
use super::{Context, Tx, breaker};
use crate::domain::breaker::interlock;
use crate::domain::command::{Answer, Effect, RanLine, Reply};
use crate::domain::event::{Deed, Event, Refusal};
use crate::domain::freeze::{Freeze, FreezeFile, FreezeRefusal, Held, Scope};
use crate::domain::ids::{AttemptId, Channel};
use crate::domain::notice::Notice;

/// A freeze shows what was started this long before it.
const SHOWN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Channels that are told of a freeze, at most: those of the configuration first.
const TOLD: usize = 50;

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
        Scope::Breaker { .. } | Scope::RunbookBreaker { .. } | Scope::IncidentBreaker { .. } => false,
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
    let again = tx.state().freeze.of(&scope).is_some();
    let tripped = actor.may_call(context).and_then(|()| {
        let tripped = tx.state().freeze.trip(held);
        tripped.map_err(|refusal| Refusal::Freeze { refusal })
    });
    if let Err(refusal) = tripped {
        return actor.refused(tx, None, Deed::Freeze, refusal);
    }
    let ran = ran(tx, context, &scope);
    let by = actor.who.clone();
    tx.record(Event::Frozen {
        by: by.clone(),
        reason: reason.clone(),
        scope: scope.clone(),
        over: None,
    });
    let notice = match again {
        false => Notice::Frozen {
            by,
            reason,
            scope: scope.clone(),
            ran: ran.clone(),
        },
        true => Notice::Explained {
            by,
            reason,
            scope: scope.clone(),
        },
    };
    announce(tx, context, notice);
    Reply::Answer(Answer::Frozen {
        scope,
        unknown,
        explained,
        ran,
    })
}

fn ran(tx: &Tx<'_>, context: Context<'_>, scope: &Scope) -> Vec<RanLine> {
    let since = context.now.checked_sub(SHOWN_FOR).unwrap_or(context.now);
    tx.state().ran_since(since, scope)
}

/// Tells the channels that incidents live in, once each: those of the routes, and those in which a card is open.
pub(super) fn announce(tx: &mut Tx<'_>, context: Context<'_>, notice: Notice) {
    let rules = context.rules;
    let configured = std::iter::once(&rules.channel).chain(rules.routes.iter().map(|route| &route.channel));
    let open = tx.state().open().filter_map(|incident| incident.card.as_ref());
    let open = open.map(|card| Channel::new(card.channel.clone()));
    let mut known = BTreeSet::new();
    let channels = configured
        .cloned()
        .chain(open)
        .filter(|channel| known.insert(channel.clone()))
        .take(TOLD)
        .collect();
    tx.effect(Effect::Notice {
        notice: Box::new(notice),
        channels,
    });
}

/// The same for what Interlock has just frozen itself.
pub(super) fn announce_own(tx: &mut Tx<'_>, context: Context<'_>, scope: Scope, reason: String) {
    let ran = ran(tx, context, &scope);
    let by = interlock();
    announce(
        tx,
        context,
        Notice::Frozen {
            by,
            reason,
            scope,
            ran,
        },
    );
}

/// What the freeze file says now. On record when it changed, and told where it begins or ends to freeze.
pub fn file_seen(tx: &mut Tx<'_>, context: Context<'_>, path: String, file: FreezeFile) -> Reply {
    let before = tx.state().freeze.file().map(|seen| seen.said.clone());
    let says = file.says();
    if before == says {
        return Reply::Stored;
    }
    tx.record(Event::FreezeFile {
        path: path.clone(),
        file,
    });
    let there = tx.state().freeze.file().cloned();
    let notice = match (before, there) {
        (None, Some(file)) => Notice::FileThere {
            file,
            ran: ran(tx, context, &Scope::Everything),
        },
        (Some(_), None) => Notice::FileGone {
            path,
            left: tx.state().freeze.scopes(),
        },
        (Some(_), Some(_)) | (None, None) => return Reply::Stored,
    };
    announce(tx, context, notice);
    Reply::Stored
}

/// A freeze that no person asked for. A person lifts it, as any other. Where one of everything stands for another reason, this
/// one is recorded and told beside it; of any other scope the one that stands says enough.
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
            reason: reason.clone(),
            scope: scope.clone(),
            over,
        });
        // What is frozen around a step is told where that step is.
        if over.is_none() {
            announce_own(tx, context, scope, reason);
        }
    }
}

/// Which freeze a text asks to lift, and why.
fn meant<'t>(freeze: &Freeze, text: &'t str) -> Result<(Scope, &'t str), FreezeRefusal> {
    match Scope::read(text) {
        // Whether there is such a thing or not: a slip in its name must not lift another freeze.
        Some(named) => Ok(named),
        None => freeze.meant().map(|scope| (scope, text)),
    }
}

pub fn unfreeze(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, text: &str) -> Reply {
    let freeze = &tx.state().freeze;
    let lifted = actor.responder(context).and_then(|()| {
        meant(freeze, text)
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
        reason: reason.clone(),
        scope: scope.clone(),
        over,
    });
    if let Some(incident) = tripped_by {
        breaker::stand_down(tx, incident);
    }
    let left = tx.state().freeze.scopes();
    let file = tx.state().freeze.file().cloned();
    if over.is_none() {
        let notice = Notice::Lifted {
            by: actor.who.clone(),
            reason,
            scope: scope.clone(),
            left: left.clone(),
            file: file.clone(),
        };
        announce(tx, context, notice);
    }
    Reply::Answer(Answer::Unfrozen { scope, left, file })
}
