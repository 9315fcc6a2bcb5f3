//! A person's word on a step that nobody knows about: who may give it, what it leads to, and what they are told of that.

use super::act::Actor;
use super::plan_act::clicked;
use super::{Context, Tx, advance, contain};
use crate::domain::command::{Answer, PlanRef, Reply, Then};
use crate::domain::event::{Deed, Event, Judgement, Refusal};
use crate::domain::freeze::{FreezeFile, Scope};
use crate::domain::ids::{IncidentId, StepNo};
use crate::domain::incident::Phase;
use crate::domain::policy::{Place, Reason, Request};
use crate::domain::run::StepState;

/// A person who may approve the plan says what became of a step that nobody knows about.
pub fn judge(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &PlanRef,
    step: StepNo,
    judgement: Judgement,
) -> Reply {
    if let Err(refusal) = may_judge(tx, context, actor, at, step) {
        return actor.refused(tx, Some(at.incident), Deed::Judge, refusal);
    }
    tx.record(Event::StepJudged {
        incident: at.incident,
        plan: at.plan,
        step,
        judgement,
        by: actor.who.clone(),
    });
    match judgement {
        Judgement::Worked => contain::release(tx, &actor.who, at.incident, at.plan, step),
        Judgement::Failed => contain::stays(tx, &actor.who, at.incident, at.plan, step),
    }
    advance::advance(tx, context, at.incident);
    let then = then(tx, context, at.incident);
    Reply::Answer(Answer::Judged { judgement, then })
}

/// What follows, as far as it can be told before the next start is asked for: what is frozen refuses it.
fn then(tx: &Tx<'_>, context: Context<'_>, id: IncidentId) -> Then {
    let running = tx.state().incident(id);
    let running = running.filter(|incident| matches!(incident.phase, Phase::Running));
    let Some((incident, track)) = running.and_then(|incident| Some((incident, incident.current()?))) else {
        return Then::OnTheCard;
    };
    let Some(step) = track.next_left().and_then(|step| track.plan.step(step)) else {
        return Then::GoesOn;
    };
    let place = Place::of(step, &track.plan.runbook, Some(id));
    let takes_back = track.plan.takes_back.as_ref();
    let freeze = &tx.state().freeze;
    let glass = incident.glass_at(context.now).is_some();
    let over = freeze
        .over(&place)
        // What was frozen around an attempt does not stop what takes that attempt back.
        .filter(|held| held.over.is_none() || held.over.as_ref() != takes_back)
        .filter(|held| !(glass && held.scope.is_breaker()));
    let over = over.map(|held| Reason::Frozen {
        by: held.name.clone(),
        reason: held.reason.clone(),
        scope: held.scope.clone(),
    });
    let file = freeze.file().map(|file| Reason::Frozen {
        by: FreezeFile::BY.to_owned(),
        reason: file.said.words(),
        scope: Scope::Everything,
    });
    let reasons: Vec<Reason> = over.chain(file).collect();
    match reasons.is_empty() {
        true => Then::GoesOn,
        false => Then::Ends {
            step: step.no,
            reasons,
        },
    }
}

/// Whether this person may say what became of a step.
pub fn may_judge(
    tx: &Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    at: &PlanRef,
    step: StepNo,
) -> Result<(), Refusal> {
    clicked(tx, at).and_then(|(incident, track)| {
        let unknown = matches!(track.run.state(step), StepState::Unknown { .. });
        if let Some(judged) = track.run.judged_by.get(&step).filter(|_| !unknown) {
            return Err(Refusal::Judged {
                by: judged.by.clone(),
                step,
                judgement: judged.judgement,
            });
        }
        if !unknown || !incident.is_open() {
            return Err(Refusal::NotWaiting);
        }
        let behind = incident.behind(&track.plan);
        context
            .rules
            .policy
            .may_vote(
                actor.person,
                &context.rules.team,
                Request {
                    plan: &track.plan,
                    behind: &behind,
                    glass: incident.glass_at(context.now),
                },
            )
            .map_err(|reasons| Refusal::NotAllowed { reasons })
    })
}
