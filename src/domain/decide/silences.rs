//! Silences, from the form to the end: who may propose one, whose yes counts, and what Alertmanager said. Making one is an
//! effect; nothing else here reaches outside.

use std::collections::BTreeSet;

use super::act::{Actor, open};
use super::{Context, Tx};
use crate::domain::approval::{ApprovalRefusal, Vote};
use crate::domain::command::{Answer, Effect, Form, Reply};
use crate::domain::event::{Deed, Event, Mode, Refusal, Unfit};
use crate::domain::freeze::Scope;
use crate::domain::ids::{ClusterName, IncidentId, Namespace, SilenceNo};
use crate::domain::incident::Incident;
use crate::domain::policy::Reason;
use crate::domain::silence::{
    self, Elsewhere, MINUTES, Matcher, Offer, REASON_MOST, Silence, SilenceDraft, SilenceEnd, SilenceNews,
    SilenceRef, SilenceState, SilenceWish, TIER,
};

pub fn wanted(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, wish: SilenceWish) -> Reply {
    match wish {
        SilenceWish::Ask(id) => ask(tx, context, actor, id),
        SilenceWish::Propose {
            incident,
            labels,
            minutes,
            reason,
        } => {
            let wanted = Wanted {
                labels,
                minutes,
                reason,
            };
            propose(tx, context, actor, incident, &wanted)
        }
        SilenceWish::Approve(at) => approve(tx, context, actor, &at),
        SilenceWish::Reject(at) => reject(tx, context, actor, &at),
    }
}

/// What a person wants silenced, as the form says it.
struct Wanted {
    /// Names of labels that match beside those that always do.
    labels: Vec<String>,
    minutes: u16,
    reason: String,
}

/// What can be silenced, or why nothing can.
fn offered(tx: &Tx<'_>, context: Context<'_>, id: IncidentId) -> Result<Offer, Refusal> {
    let no = |why| Refusal::Unfit { why };
    if context.rules.silences.is_none() {
        return Err(no(Unfit::NowhereToSilence));
    }
    let incident = open(tx, id)?;
    if incident.silence().is_some_and(|silence| silence.state.is_live()) {
        return Err(no(Unfit::SilencedAlready));
    }
    silence::offer(incident).ok_or(no(Unfit::NothingToSilence))
}

fn ask(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    match actor.responder(context).and_then(|()| offered(tx, context, id)) {
        Err(refusal) => actor.refused(tx, Some(id), Deed::ProposeSilence, refusal),
        Ok(offer) => actor.asked(
            tx,
            Some(id),
            Deed::ProposeSilence,
            Reply::Form(Form::Silence { incident: id, offer }),
        ),
    }
}

fn propose(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    id: IncidentId,
    wanted: &Wanted,
) -> Reply {
    let draft = actor
        .responder(context)
        .and_then(|()| offered(tx, context, id))
        .and_then(|offer| draft(tx, id, offer, wanted));
    let draft = match draft {
        Err(refusal) => return actor.refused(tx, Some(id), Deed::ProposeSilence, refusal),
        Ok(draft) => draft,
    };
    let approve_by = context
        .now
        .checked_add(context.rules.approve_by)
        .unwrap_or(context.now);
    tx.record(Event::SilenceProposed {
        incident: id,
        draft,
        by: actor.who.clone(),
        approve_by,
    });
    Reply::Answer(Answer::SilenceProposed)
}

fn draft(tx: &Tx<'_>, id: IncidentId, offer: Offer, wanted: &Wanted) -> Result<SilenceDraft, Refusal> {
    let bad = |why| Refusal::Unfit { why };
    let reason: String = wanted.reason.trim().chars().take(REASON_MOST).collect();
    if reason.is_empty() {
        return Err(bad(Unfit::SilenceWithoutReason));
    }
    if !MINUTES.contains(&wanted.minutes) {
        return Err(bad(Unfit::SilenceOfOtherLength));
    }
    let known = |name: &String| offer.beside.iter().any(|one| one.name == *name);
    if !wanted.labels.iter().all(known) {
        return Err(bad(Unfit::AlertsChanged));
    }
    let chosen = |one: &Matcher| wanted.labels.contains(&one.name);
    let mut matchers = offer.always;
    matchers.extend(offer.beside.into_iter().filter(chosen));
    let made = tx
        .state()
        .incident(id)
        .map_or(0, |incident| incident.silences.len());
    let elsewhere = Elsewhere::of(&matchers, id, &tx.state().open_by_need());
    Ok(SilenceDraft {
        no: SilenceNo(u16::try_from(made).unwrap_or(u16::MAX).saturating_add(1)),
        matchers,
        minutes: wanted.minutes,
        reason,
        elsewhere,
    })
}

/// The silence that was clicked, if it still waits as it was shown.
fn waiting<'t>(tx: &'t Tx<'_>, at: &SilenceRef) -> Result<(&'t Incident, &'t Silence), Refusal> {
    let incident = open(tx, at.incident)?;
    let silence = incident.silence().ok_or(Refusal::NotWaiting)?;
    let same = silence.draft.no == at.no && silence.draft.mark() == at.mark;
    if same && silence.state == SilenceState::Proposed {
        Ok((incident, silence))
    } else {
        Err(Refusal::NotWaiting)
    }
}

fn approve(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, at: &SilenceRef) -> Reply {
    let vote = Vote {
        by: actor.who.id.clone(),
        name: actor.who.name.clone(),
        at: context.now,
        groups: actor.person.groups.clone(),
        ceremony: None,
        reason: None,
    };
    let (have, need) = match may_approve(tx, context, actor, at, &vote) {
        Err(refusal) => return actor.refused(tx, Some(at.incident), Deed::ApproveSilence, refusal),
        Ok(counted) => counted,
    };
    tx.record(Event::SilenceVoted {
        incident: at.incident,
        no: at.no,
        vote,
        needed: need,
    });
    if have >= need {
        match context.rules.mode {
            Mode::Live => tx.effect(Effect::Silence {
                incident: at.incident,
                no: at.no,
            }),
            Mode::DryRun => {
                tx.record(Event::SilenceEnded {
                    incident: at.incident,
                    no: at.no,
                    how: SilenceEnd::DryRun,
                    firing: None,
                });
            }
        }
    }
    Reply::Answer(Answer::Approved { have, need })
}

/// How many votes there are with this one, and how many it takes; or every reason why it does not count.
fn may_approve(
    tx: &Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &SilenceRef,
    vote: &Vote,
) -> Result<(u8, u8), Refusal> {
    let (incident, silence) = waiting(tx, at)?;
    if silence.approve_by <= context.now {
        return Err(Refusal::NotWaiting);
    }
    let mut reasons = frozen(tx, &silence.draft);
    let policy = &context.rules.policy;
    let behind = BTreeSet::from([silence.by.id.clone()]);
    let environment = context.rules.silence_environment(incident);
    match &environment {
        None => reasons.push(Reason::NoPlace),
        Some(environment) => {
            let said = policy.may_say(actor.person, &context.rules.team, (TIER, environment), &behind);
            reasons.extend(said.err().unwrap_or_default());
        }
    }
    let (true, Some(environment)) = (reasons.is_empty(), environment) else {
        return Err(Refusal::NotAllowed { reasons });
    };
    if silence.votes.iter().any(|known| known.by == vote.by) {
        return Err(Refusal::Approval {
            refusal: ApprovalRefusal::VotedBefore,
        });
    }
    let mut votes = silence.votes.clone();
    votes.push(vote.clone());
    let have = u8::try_from(votes.len()).unwrap_or(u8::MAX);
    let missing = policy.missing_in((TIER, &environment), &behind, &votes);
    Ok((have, have.saturating_add(missing)))
}

/// A freeze holds people's hands off the alerts of that place, too.
fn frozen(tx: &Tx<'_>, draft: &SilenceDraft) -> Vec<Reason> {
    let value = |name: &str| {
        draft
            .matchers
            .iter()
            .find(|one| one.name == name)
            .map(|one| one.value.clone())
    };
    let scopes = [
        Some(Scope::Everything),
        value("cluster").map(|name| Scope::Cluster {
            cluster: ClusterName::new(name),
        }),
        value("namespace").map(|name| Scope::Namespace {
            namespace: Namespace::new(name),
        }),
    ];
    let held = scopes.into_iter().flatten();
    held.filter_map(|scope| tx.state().freeze.of(&scope))
        .map(|held| Reason::Frozen {
            by: held.name.clone(),
            reason: held.reason.clone(),
            scope: held.scope.clone(),
        })
        .collect()
}

fn reject(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, at: &SilenceRef) -> Reply {
    let allowed = actor.responder(context).and_then(|()| waiting(tx, at).map(drop));
    if let Err(refusal) = allowed {
        return actor.refused(tx, Some(at.incident), Deed::RejectSilence, refusal);
    }
    tx.record(Event::SilenceRejected {
        incident: at.incident,
        no: at.no,
        by: actor.who.clone(),
    });
    Reply::Answer(Answer::SilenceRejected)
}

/// Nobody approved it in time.
pub fn expire_if_due(tx: &mut Tx<'_>, context: Context<'_>, id: IncidentId) {
    let due = tx.state().incident(id).and_then(|incident| {
        incident.silence_due().filter(|at| *at <= context.now)?;
        Some(incident.silence()?.draft.no)
    });
    if let Some(no) = due {
        tx.record(Event::SilenceEnded {
            incident: id,
            no,
            how: SilenceEnd::NotDecided,
            firing: None,
        });
    }
}

/// What Alertmanager said, when it is news: offered until it is stored, it may come again.
pub fn told(tx: &mut Tx<'_>, incident: IncidentId, no: SilenceNo, news: SilenceNews) {
    let known = tx.state().incident(incident);
    let mut silences = known.iter().flat_map(|incident| &incident.silences);
    let Some(silence) = silences.find(|silence| silence.draft.no == no) else {
        return;
    };
    let approved = matches!(silence.state, SilenceState::Approved { .. });
    let held_until = match &silence.state {
        SilenceState::Active { ends_at, .. } => Some(*ends_at),
        SilenceState::Proposed
        | SilenceState::Approved { .. }
        | SilenceState::Rejected { .. }
        | SilenceState::Failed { .. }
        | SilenceState::Ended { .. } => None,
    };
    match news {
        SilenceNews::Made { id, ends_at } if approved || held_until.is_some_and(|end| end != ends_at) => {
            tx.record(Event::SilenceMade {
                incident,
                no,
                id,
                ends_at,
            });
        }
        SilenceNews::Failed { why } if approved => {
            tx.record(Event::SilenceFailed { incident, no, why });
        }
        SilenceNews::Ended { how, firing } if held_until.is_some() => {
            tx.record(Event::SilenceEnded {
                incident,
                no,
                how,
                firing,
            });
        }
        SilenceNews::Made { .. } | SilenceNews::Failed { .. } | SilenceNews::Ended { .. } => {}
    }
}
