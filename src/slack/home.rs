//! The app's home: what waits for people, and whether everything is frozen. Drawn when somebody opens it.

use serde_json::{Value, json};
use tracing::warn;

use super::api::{Api, CALL_TIMEOUT};
use super::cards::text::{cut, safe};
use super::cards::{context, plain, section};
use super::settings::Shared;
use crate::domain::incident::{Incident, Phase};
use crate::engine::Handle;

/// Incidents shown, at most.
const SHOWN: usize = 25;

/// Publishes the home of one person.
pub async fn publish(api: &Api, engine: &Handle, shared: &Shared, user: &str) {
    let mut incidents = Vec::new();
    let ids = engine.open_incidents().await.unwrap_or_default();
    let all = ids.len();
    for id in ids.into_iter().rev().take(SHOWN) {
        if let Ok(Some(incident)) = engine.incident(id).await {
            incidents.push(incident);
        }
    }
    let blocks = blocks(&incidents, all, shared.outlook.frozen().as_deref());
    let body = json!({"user_id": user, "view": {"type": "home", "blocks": blocks}});
    if let Err(error) = api.post::<Value>("views.publish", &body, CALL_TIMEOUT).await {
        warn!(%error, "the home of a person could not be drawn");
    }
}

fn blocks(incidents: &[Box<Incident>], all: usize, frozen: Option<&str>) -> Vec<Value> {
    let mut blocks = Vec::new();
    if let Some(why) = frozen {
        blocks.push(section(&format!(
            "*FROZEN*: no step starts. {}\nLift it with `/runbook unfreeze REASON`, as another person.",
            safe(why, 400)
        )));
    }
    let (waiting, others): (Vec<_>, Vec<_>) = incidents.iter().partition(|incident| waits(incident));
    blocks.push(json!({"type": "header", "text": plain("Waiting for approval", 150)}));
    if waiting.is_empty() {
        blocks.push(section("Nothing waits."));
    }
    blocks.extend(waiting.iter().map(|incident| line(incident)));
    blocks.push(json!({"type": "header", "text": plain("Other open incidents", 150)}));
    if others.is_empty() {
        blocks.push(section("None."));
    }
    blocks.extend(others.iter().map(|incident| line(incident)));
    if all > incidents.len() {
        blocks.push(context(&[format!(
            "{} of {all} open incidents shown",
            incidents.len()
        )]));
    }
    if frozen.is_none() {
        blocks.push(context(&[
            "Stop everything at once: `/runbook freeze REASON`".to_owned()
        ]));
    }
    blocks
}

fn waits(incident: &Incident) -> bool {
    matches!(incident.phase, Phase::Proposed)
        && incident
            .current()
            .is_some_and(|track| track.approval.is_pending())
}

fn line(incident: &Incident) -> Value {
    let phase = match &incident.phase {
        Phase::Planning { .. } => "preparing a proposal",
        Phase::Proposed => "proposed",
        Phase::Running => "running",
        Phase::Settling { .. } => "verified, waiting for the source",
        Phase::Handed { .. } => "with a human",
        Phase::Closed { .. } => "closed",
    };
    let place = incident
        .card
        .as_ref()
        .map(|card| format!(" in <#{}>", cut(&card.channel, 40)))
        .unwrap_or_default();
    section(&format!(
        "*{}* {} · {} · {phase}{place}",
        incident.id,
        safe(&incident.title, 150),
        incident.severity
    ))
}
