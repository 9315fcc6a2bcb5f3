//! What people do: every click and command is answered, and every refusal is on record with all its reasons.
//! Longer than other files, since everything that a person can do is answered here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::yes::{Words, Yes};
use super::{
    Context, Tx, advance, alerts, charge, contain, ends, freezing, glass, judge, merge, plan_act, silences,
    split, who,
};
use crate::domain::alert::{Alert, AlertStatus, Severity, Told};
use crate::domain::command::{Answer, Form, Intent, Reply, RunbookLine, StatusLine};
use crate::domain::event::{Deed, Event, Refusal, Who};
use crate::domain::ids::{Channel, EpisodeKey, Fingerprint, IncidentId, Revision, RunbookName, Source};
use crate::domain::incident::{HandoffReason, Incident, Phase};
use crate::domain::plan::Requester;
use crate::domain::policy::{Reason, standing_reason};
use crate::domain::runbook::{
    NotFound, ParamProblem, ParamValue, Refused, RefusedLine, Runbook, resolve_parameters,
};
use crate::domain::touched::Since;
use crate::planted::{self, Bug};
use crate::ports::Person;

/// What the deciding functions below share.
pub struct Actor<'a> {
    pub person: &'a Person,
    pub who: Who,
}

impl Actor<'_> {
    /// Records the refusal and words it.
    pub fn refused(
        &self,
        tx: &mut Tx<'_>,
        incident: Option<IncidentId>,
        deed: Deed,
        refusal: Refusal,
    ) -> Reply {
        tx.record(Event::Refused {
            incident,
            by: self.who.clone(),
            deed,
            refusal: refusal.clone(),
        });
        if planted::is(Bug::RefusalNotAnswered) {
            return Reply::Stored;
        }
        Reply::Answer(Answer::Refused(refusal))
    }

    pub fn asked(&self, tx: &mut Tx<'_>, incident: Option<IncidentId>, deed: Deed, reply: Reply) -> Reply {
        tx.record(Event::Asked {
            incident,
            by: self.who.clone(),
            deed,
        });
        reply
    }

    /// A member of this workspace, able to be asked about at all.
    pub fn standing(&self, context: Context<'_>) -> Result<(), Refusal> {
        match standing_reason(self.person, &context.rules.team) {
            None => Ok(()),
            Some(reason) => Err(Refusal::NotAllowed {
                reasons: vec![reason],
            }),
        }
    }

    /// Calling for help and freezing are easy: somebody whom Slack can't tell us about just now may do both, since help and
    /// stopping on a doubt do no harm, and Slack may be what is down.
    pub fn may_call(&self, context: Context<'_>) -> Result<(), Refusal> {
        match standing_reason(self.person, &context.rules.team) {
            None | Some(Reason::DirectoryUnreadable) => Ok(()),
            Some(reason) => Err(Refusal::NotAllowed {
                reasons: vec![reason],
            }),
        }
    }

    /// Stands in some approver row: may stop things, take them over, change a proposal.
    pub fn responder(&self, context: Context<'_>) -> Result<(), Refusal> {
        self.standing(context)?;
        if context.rules.policy.is_known(self.person) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed {
                reasons: vec![Reason::NotResponder],
            })
        }
    }
}

pub fn act(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    person: &Person,
    channel: Option<Channel>,
    intent: Intent,
) -> Reply {
    let actor = Actor {
        person,
        who: Who {
            id: person.id.clone(),
            name: person.name.clone(),
        },
    };
    match (looks(&intent), actor.standing(context)) {
        (Some((incident, deed)), Err(refusal)) => actor.refused(tx, incident, deed, refusal),
        (Some(_) | None, Ok(())) | (None, Err(_)) => wanted(tx, context, &actor, channel, intent),
    }
}

#[expect(clippy::too_many_lines, reason = "every kind has its arm in the one match")]
fn wanted(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    channel: Option<Channel>,
    intent: Intent,
) -> Reply {
    match intent {
        Intent::Approve(at) => plan_act::approve(tx, context, actor, Yes::to(&at, None, Words::None)),
        Intent::ApprovePart { at, upto } => {
            plan_act::approve(tx, context, actor, Yes::to(&at, Some(upto), Words::None))
        }
        Intent::ApproveBecause { at, upto, reason } => {
            plan_act::approve(tx, context, actor, Yes::to(&at, upto, Words::Why(&reason)))
        }
        Intent::ApproveWith { at, upto, said } => {
            plan_act::approve(tx, context, actor, Yes::to(&at, upto, Words::TierThree(&said)))
        }
        Intent::AskReject(at) => plan_act::ask_reject(tx, context, actor, at),
        Intent::Reject { at, reason } => plan_act::reject(tx, context, actor, &at, reason),
        Intent::AskModify(at) => plan_act::ask_modify(tx, context, actor, at),
        Intent::Modify {
            at,
            parameters,
            skip,
            confirmed,
        } => plan_act::modify(
            tx,
            context,
            actor,
            plan_act::Change {
                at,
                parameters,
                skip,
                confirmed,
            },
        ),
        Intent::ReviewPlan(at) => plan_act::review(tx, actor, at),
        Intent::Judge { at, step, judgement } => judge::judge(tx, context, actor, &at, step, judgement),
        Intent::TakeBack { at, step } => contain::take_back(tx, context, actor, &at, step),
        Intent::Blame { at, step, cause } => contain::blame(tx, context, actor, &at, step, cause),
        Intent::Escalate(id) => escalate(tx, context, actor, id),
        Intent::TakeOver(id) => charge::take_over(tx, context, actor, id),
        Intent::Close { incident, reason } => ends::close(tx, context, actor, incident, reason),
        Intent::Split { incident, episode } => split::split(tx, context, actor, incident, &episode),
        Intent::Merge { from, into } => merge::merge(tx, context, actor, from, into),
        Intent::BreakGlass { incident, reason } => glass::open(tx, context, actor, incident, &reason),
        Intent::ReviewGlass { incident, words } => glass::review(tx, context, actor, incident, &words),
        Intent::Silence(wish) => silences::wanted(tx, context, actor, wish),
        Intent::ProposeAgain(id) => ends::propose_again(tx, context, actor, id),
        Intent::ShowRunbook(id) => show_runbook_of(tx, context, actor, id),
        Intent::ChooseRunbook { incident, runbook } => choose(tx, context, actor, incident, runbook),
        Intent::Tick { incident, item, done } => tick(tx, context, actor, incident, item, done),
        Intent::ListRunbooks => list(tx, context, actor),
        Intent::ShowRunbookNamed(name) => show_runbook(tx, context, actor, None, &name),
        Intent::RunRunbook { name, parameters } => run(tx, context, actor, channel, &name, parameters),
        Intent::Status => {
            let reply = status(tx, context);
            actor.asked(tx, None, Deed::Ask, reply)
        }
        Intent::StatusOf(id) => about(tx, actor, id, Answer::StatusOf),
        Intent::WhoOf(id) => who::who(tx, context, actor, id),
        Intent::Touched(since) => touched(tx, context, actor, since),
        Intent::Oversight(within) => {
            let report = tx.state().oversight.report(context.now.checked_sub(within).ok());
            actor.asked(tx, None, Deed::Ask, Reply::Answer(Answer::Oversight(report)))
        }
        Intent::WhyOf(id) => about(tx, actor, id, Answer::WhyOf),
        Intent::Freeze { reason } => freezing::freeze(tx, context, actor, &reason),
        Intent::Unfreeze { reason } => freezing::unfreeze(tx, context, actor, &reason),
        Intent::Help => actor.asked(tx, None, Deed::Ask, Reply::Answer(Answer::Help)),
        Intent::Astray { deed, card } => actor.refused(tx, None, deed, Refusal::Astray { card }),
        Intent::Unrecognised { text, problem } => {
            let answer = Answer::NotUnderstood { text, problem };
            actor.asked(tx, None, Deed::Ask, Reply::Answer(answer))
        }
    }
}

fn list(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>) -> Reply {
    let loaded = context.catalog.loaded().iter();
    let answer = Answer::Runbooks {
        loaded: loaded.map(|entry| runbook_line(&entry.runbook)).collect(),
        refused: refused(context),
    };
    actor.asked(tx, None, Deed::Ask, Reply::Answer(answer))
}

fn refused(context: Context<'_>) -> Vec<RefusedLine> {
    context.catalog.refused().iter().map(Refused::line).collect()
}

fn runbook_line(runbook: &Runbook) -> RunbookLine {
    RunbookLine {
        name: runbook.name.clone(),
        title: runbook.title.clone(),
        steps: runbook.planned_steps(),
        prose: runbook.is_prose(),
    }
}

fn status(tx: &Tx<'_>, context: Context<'_>) -> Reply {
    let open = tx.state().open_by_need();
    Reply::Answer(Answer::Status {
        open: open.into_iter().map(status_line).collect(),
        frozen: tx.state().freeze.held().to_vec(),
        file: tx.state().freeze.file().cloned(),
        glass: tx.state().glass.clone(),
        refused: refused(context),
    })
}

/// What changes nothing and is for members of this workspace all the same: guests, bots and strangers read no runbooks, no
/// plans and nothing of what is open. Everything else checks by itself who it is for.
fn looks(intent: &Intent) -> Option<(Option<IncidentId>, Deed)> {
    match intent {
        Intent::ReviewPlan(at) => Some((Some(at.incident), Deed::ReviewPlan)),
        Intent::ShowRunbook(id) => Some((Some(*id), Deed::ShowRunbook)),
        Intent::ShowRunbookNamed(_) => Some((None, Deed::ShowRunbook)),
        Intent::StatusOf(id) | Intent::WhoOf(id) | Intent::WhyOf(id) => Some((Some(*id), Deed::Ask)),
        Intent::ListRunbooks
        | Intent::Touched(_)
        | Intent::Oversight(_)
        | Intent::Status
        | Intent::Help
        | Intent::Unrecognised { .. } => Some((None, Deed::Ask)),
        Intent::Astray { deed, .. } => Some((None, *deed)),
        Intent::Approve(_)
        | Intent::ApprovePart { .. }
        | Intent::ApproveBecause { .. }
        | Intent::ApproveWith { .. }
        | Intent::AskReject(_)
        | Intent::Reject { .. }
        | Intent::AskModify(_)
        | Intent::Modify { .. }
        | Intent::Escalate(_)
        | Intent::TakeOver(_)
        | Intent::Close { .. }
        | Intent::Split { .. }
        | Intent::Merge { .. }
        | Intent::Silence(_)
        | Intent::ProposeAgain(_)
        | Intent::ChooseRunbook { .. }
        | Intent::Tick { .. }
        | Intent::Judge { .. }
        | Intent::TakeBack { .. }
        | Intent::Blame { .. }
        | Intent::RunRunbook { .. }
        | Intent::BreakGlass { .. }
        | Intent::ReviewGlass { .. }
        | Intent::Freeze { .. }
        | Intent::Unfreeze { .. } => None,
    }
}

fn status_line(incident: &Incident) -> StatusLine {
    StatusLine {
        incident: incident.id,
        title: incident.title.clone(),
        severity: incident.severity.to_string(),
        phase: incident.phase.clone(),
        unknown: incident.unknown_step().map(|(_, step)| step),
        attended: incident.attended().cloned(),
        message: incident.card.clone(),
    }
}

fn touched(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, since: Since) -> Reply {
    if let Err(refusal) = actor.standing(context) {
        return actor.refused(tx, None, Deed::Ask, refusal);
    }
    let of = match since {
        Since::Incident(id) if tx.state().incident(id).is_none() => {
            return actor.refused(tx, None, Deed::Ask, Refusal::NoSuchIncident);
        }
        Since::Incident(id) => Some(id),
        Since::Last(_) => None,
    };
    let all = tx.state().calls(since, context.now);
    actor.asked(tx, of, Deed::Ask, Reply::Answer(Answer::Touched { since, all }))
}

fn about(tx: &mut Tx<'_>, actor: &Actor<'_>, id: IncidentId, answer: fn(Box<Incident>) -> Answer) -> Reply {
    match tx.state().incident(id).cloned() {
        Some(incident) => actor.asked(tx, Some(id), Deed::Ask, Reply::Answer(answer(Box::new(incident)))),
        None => actor.refused(tx, None, Deed::Ask, Refusal::NoSuchIncident),
    }
}

/// An open incident, or why it can't be acted on.
pub(super) fn open<'a>(tx: &'a Tx<'_>, id: IncidentId) -> Result<&'a Incident, Refusal> {
    match tx.state().incident(id) {
        None => Err(Refusal::NoSuchIncident),
        Some(incident) if !incident.is_open() => Err(Refusal::Over),
        Some(incident) => Ok(incident),
    }
}

/// Anybody of this workspace may call for help. What is proposed stays as it is: who may approve it still may.
fn escalate(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    if let Err(refusal) = actor.may_call(context).and_then(|()| open(tx, id).map(|_| ())) {
        return actor.refused(tx, Some(id), Deed::Escalate, refusal);
    }
    let before = tx
        .state()
        .incident(id)
        .and_then(|incident| incident.paging.asked_at);
    let why = format!("{} asked for a human", actor.who.name);
    let paged = advance::page_asked(tx, id, why);
    let before = before.filter(|_| !paged);
    actor.asked(
        tx,
        Some(id),
        Deed::Escalate,
        Reply::Answer(Answer::Escalated { before }),
    )
}

fn show_runbook_of(tx: &mut Tx<'_>, context: Context<'_>, actor: &Actor<'_>, id: IncidentId) -> Reply {
    let shown = tx.state().incident(id).and_then(Incident::current);
    let shown = shown.map(|track| track.plan.runbook_revision.clone());
    let name = tx.state().incident(id).and_then(|incident| {
        let planned = incident.current().map(|track| track.plan.runbook.clone());
        planned.or_else(|| incident.checklist.clone()).or_else(|| {
            incident
                .matched
                .as_ref()
                .and_then(|matched| matched.candidates.first())
                .map(|line| line.runbook.clone())
        })
    });
    match name {
        Some(name) => show_runbook(tx, context, actor, Some((id, shown)), name.as_str()),
        None => actor.refused(tx, Some(id), Deed::ShowRunbook, Refusal::NoRunbook),
    }
}

fn show_runbook(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    of: Option<(IncidentId, Option<Revision>)>,
    name: &str,
) -> Reply {
    let incident = of.as_ref().map(|(id, _)| *id);
    let runbook = match context.catalog.find(name) {
        Ok(runbook) => runbook,
        Err(error) => return actor.refused(tx, incident, Deed::ShowRunbook, no_such_runbook(&error)),
    };
    let reply = match of {
        Some((_, shown)) => Reply::Form(Form::Runbook {
            title: runbook.title.clone(),
            source: runbook.source.clone(),
            // Only what is loaded now is at hand; that it is another text than the plan was made from must be said.
            changed: shown.is_some_and(|shown| shown != runbook.revision),
        }),
        None => Reply::Answer(Answer::Runbook {
            name: runbook.name.clone(),
            title: runbook.title.clone(),
            source: runbook.source.clone(),
        }),
    };
    actor.asked(tx, incident, Deed::ShowRunbook, reply)
}

fn no_such_runbook(error: &NotFound) -> Refusal {
    Refusal::NoSuchRunbook {
        why: error.to_string(),
    }
}

fn choose(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    id: IncidentId,
    runbook: RunbookName,
) -> Reply {
    let free = open(tx, id).and_then(|incident| match &incident.phase {
        Phase::Handed {
            reason:
                HandoffReason::SeveralMatch
                | HandoffReason::Unsure
                | HandoffReason::NoMatch
                | HandoffReason::Flapping { .. },
            ..
        } => Ok(()),
        Phase::Handed { .. }
        | Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Closed { .. } => Err(Refusal::NotWaiting),
    });
    let known = context
        .catalog
        .find(runbook.as_str())
        .map(|_| ())
        .map_err(|error| no_such_runbook(&error));
    if let Err(refusal) = actor.responder(context).and(free).and(known) {
        return actor.refused(tx, Some(id), Deed::ChooseRunbook, refusal);
    }
    tx.record(Event::Asked {
        incident: Some(id),
        by: actor.who.clone(),
        deed: Deed::ChooseRunbook,
    });
    let requester = Requester::Person(actor.person.id.clone());
    alerts::plan_or_checklist(tx, context, id, runbook.clone(), requester);
    Reply::Answer(Answer::Chosen { runbook })
}

fn tick(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    id: IncidentId,
    item: u16,
    done: bool,
) -> Reply {
    let listed = open(tx, id).and_then(|incident| {
        let named = incident
            .checklist
            .as_ref()
            .and_then(|name| context.catalog.get(name));
        let count = match incident.items.len() {
            0 => named.map_or(0, |runbook| runbook.checklist.len()),
            count => count,
        };
        if usize::from(item) < count {
            Ok(())
        } else {
            Err(Refusal::NotWaiting)
        }
    });
    if let Err(refusal) = actor.standing(context).and(listed) {
        return actor.refused(tx, Some(id), Deed::Tick, refusal);
    }
    tx.record(Event::Ticked {
        incident: id,
        item,
        by: actor.who.clone(),
        done,
    });
    Reply::Answer(Answer::Ticked)
}

/// `/runbook run`: an incident of its own, asked for by this person, through the same gate.
fn run(
    tx: &mut Tx<'_>,
    context: Context<'_>,
    actor: &Actor<'_>,
    channel: Option<Channel>,
    name: &str,
    parameters: BTreeMap<String, String>,
) -> Reply {
    if let Err(refusal) = actor.standing(context) {
        return actor.refused(tx, None, Deed::Run, refusal);
    }
    let runbook = match context.catalog.find(name) {
        Ok(runbook) => runbook,
        Err(error) => return actor.refused(tx, None, Deed::Run, no_such_runbook(&error)),
    };
    // What can't be planned as it was asked is refused here: an incident about a wrong number helps nobody.
    if let Err(problems) = resolve_parameters(&runbook.parameters, &parameters, &BTreeMap::new()) {
        let named = |problem: ParamProblem| (problem.name().to_owned(), problem.to_string());
        let problems = problems.into_iter().map(named).collect();
        return actor.refused(tx, None, Deed::Run, Refusal::BadInput { problems });
    }
    let incident = IncidentId(tx.state().last_incident.saturating_add(1));
    let title = format!("{} (started by {})", runbook.title, actor.who.name);
    let alert = manual_alert(incident, runbook.name.as_str(), &title);
    let elsewhere = channel.is_none().then(|| context.rules.channel.clone());
    let channel = channel.unwrap_or_else(|| context.rules.channel.clone());
    let policy = &context.rules.policy;
    tx.record(Event::Opened {
        incident,
        alert: Arc::new(alert),
        channel,
        title,
        severity: Severity::Medium,
        by: Some(actor.who.clone()),
        ask_instead: (!policy.is_known(actor.person)).then(|| policy.named_anywhere()),
    });
    let requester = Requester::Person(actor.person.id.clone());
    let name = runbook.name.clone();
    if runbook.is_prose() {
        alerts::plan_or_checklist(tx, context, incident, name, requester);
    } else {
        let parameters = parameters
            .into_iter()
            .map(|(name, value)| (name, ParamValue(value)))
            .collect();
        let request = crate::domain::incident::PlanRequest {
            runbook: name,
            requester,
            parameters,
            advised: BTreeMap::new(),
            skip: Vec::new(),
            modified_from: None,
            asked_before: BTreeSet::new(),
            takes_back: None,
        };
        super::survey::plan(tx, context, incident, request);
    }
    Reply::Answer(Answer::Started { incident, elsewhere })
}

fn manual_alert(incident: IncidentId, name: &str, title: &str) -> Alert {
    let text = incident.to_string();
    Alert {
        source: Source::new(advance::MANUAL),
        episode: EpisodeKey::new(text.clone()),
        fingerprint: Fingerprint::new(text),
        group: None,
        status: AlertStatus::Firing,
        name: name.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        severity: Severity::Medium,
        severity_word: String::new(),
        service: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}
