//! Then and now, incident by incident.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::course::Course;
use super::{again, places};
use crate::app::rules::rules;
use crate::config::Settings;
use crate::domain::event::{Entry, Event};
use crate::domain::ids::IncidentId;
use crate::domain::plan::{Plan, Requester};
use crate::domain::policy::{Policy, Request};
use crate::domain::runbook::Catalog;
use crate::engine::Knowledge;
use crate::ports::{Person, Standing};
use crate::render;
use crate::store::StoreError;

/// One incident, then and now.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    pub incident: IncidentId,
    pub opened_at: Timestamp,
    pub title: String,
    pub then: Course,
    pub now: Course,
    pub differs: bool,
    /// What people did, and how it ended, a line each.
    pub people: Vec<String>,
    /// Whether the approvals of then would count for what is proposed now.
    pub votes: Vec<VoteNow>,
    /// What the journal does not know and the replay took for granted.
    pub assumed: Vec<String>,
}

/// One approval of then.
#[derive(Clone, Debug, Serialize)]
pub struct VoteNow {
    pub by: String,
    pub counts: bool,
    /// Empty when it counts.
    pub why_not: String,
}

/// Plays every incident that an alert opened. The rest, those that people started by hand, chose their runbook themselves.
///
/// # Errors
/// The journal in memory can't be written.
pub fn compare(
    entries: &[Entry],
    catalog: &Arc<Catalog>,
    settings: &Settings,
) -> Result<Vec<Compared>, StoreError> {
    let mut rules = rules(settings, "");
    places::fill(&mut rules, entries);
    let knowledge = Knowledge {
        rules: Arc::new(rules),
        catalog: Arc::clone(catalog),
    };
    let mut incidents: BTreeMap<IncidentId, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        if let Some(id) = entry.event.incident() {
            incidents.entry(id).or_default().push(entry.clone());
        }
    }
    let mut compared = Vec::new();
    for (id, recorded) in &incidents {
        compared.extend(one(*id, recorded, &knowledge)?);
    }
    Ok(compared)
}

fn one(id: IncidentId, recorded: &[Entry], knowledge: &Knowledge) -> Result<Option<Compared>, StoreError> {
    let opened = recorded.iter().find_map(|entry| match &entry.event {
        Event::Opened {
            alert,
            by: None,
            title,
            ..
        } => Some((entry.at, alert, title)),
        _ => None,
    });
    let Some((opened_at, alert, title)) = opened else {
        return Ok(None);
    };
    let (then, _) = Course::of(recorded);
    let (played, assumed) = again::play(alert, opened_at, recorded, knowledge)?;
    let (now, plan) = Course::of(&played);
    let policy = &knowledge.rules.policy;
    Ok(Some(Compared {
        incident: id,
        opened_at,
        title: title.clone(),
        differs: then != now,
        people: recorded.iter().filter_map(|entry| people(&entry.event)).collect(),
        votes: plan
            .map(|plan| votes(recorded, &plan, policy))
            .unwrap_or_default(),
        then,
        now,
        assumed,
    }))
}

/// What a person did, or how it ended.
fn people(event: &Event) -> Option<String> {
    if let Event::Planning { request, .. } = event {
        let Requester::Person(by) = &request.requester else {
            return None;
        };
        let what = if request.modified_from.is_some() {
            "changed"
        } else {
            "chose"
        };
        return Some(format!("{} {what} {}", by.user, request.runbook));
    }
    let told = matches!(
        event,
        Event::Voted { .. }
            | Event::Rejected { .. }
            | Event::Expired { .. }
            | Event::TakenOver { .. }
            | Event::GlassBroken { .. }
            | Event::GlassOver { .. }
            | Event::GlassReviewed { .. }
            | Event::StepJudged { .. }
            | Event::RunEnded { .. }
            | Event::Closed { .. }
    );
    told.then(|| render::timeline::line_alone(event)).flatten()
}

fn votes(recorded: &[Entry], plan: &Plan, policy: &Policy) -> Vec<VoteNow> {
    let behind = BTreeSet::new();
    let request = Request {
        plan,
        behind: &behind,
        glass: None,
    };
    let mut votes = Vec::new();
    for entry in recorded {
        let Event::Voted { vote, .. } = &entry.event else {
            continue;
        };
        // As Slack told of them then; whether they still are members is not in the journal.
        let person = Person {
            id: vote.by.clone(),
            name: vote.name.clone(),
            standing: Standing::Member,
            groups: vote.groups.clone(),
        };
        let answer = policy.may_vote(&person, &vote.by.team, request);
        votes.push(VoteNow {
            by: vote.name.clone(),
            counts: answer.is_ok(),
            why_not: answer
                .err()
                .map(|reasons| render::reasons::all(&reasons))
                .unwrap_or_default(),
        });
    }
    votes
}
