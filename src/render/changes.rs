//! What changed, in one plain line each: for the card, the thread and the page.

use std::sync::Arc;

use super::words;
use crate::domain::change::{Change, ChangeKind, ChangeState, KEPT_WITH_INCIDENT, SHOWN, Unread};
use crate::domain::cluster::Because;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::text::shortened;

/// `09:52:10 UTC, deploy of checkout: v2.4.1 (by cy)`.
#[must_use]
pub fn line(change: &Change) -> String {
    let kind = match change.kind {
        ChangeKind::Deploy => "deploy",
        ChangeKind::Flag => "flag",
        ChangeKind::Config => "configuration",
        ChangeKind::Other => "change",
    };
    let of = change
        .service
        .as_ref()
        .map(|service| format!(" of {service}"))
        .unwrap_or_default();
    let place = change
        .environment
        .as_ref()
        .map(|place| format!(" in {place}"))
        .unwrap_or_default();
    let by = change
        .by
        .as_ref()
        .map(|by| format!(" (by {by})"))
        .unwrap_or_default();
    let title = shortened(&change.title, 160);
    let state = match change.state {
        ChangeState::Done => "",
        ChangeState::Running => ", in progress",
        ChangeState::Failed => ", which FAILED and may be in effect in part or not at all",
        ChangeState::Unknown => ", not known whether it took effect",
    };
    format!(
        "{} UTC, {kind}{of}{place}: {title}{by}{state}",
        words::clock(change.at)
    )
}

/// `config maps in demo/production could not be read (the cluster refused: …)`.
#[must_use]
pub fn unread(unread: &Unread) -> String {
    let Unread {
        environment: _,
        place,
        what,
        why,
    } = unread;
    format!(
        "not known: {what} in {place} could not be read ({})",
        shortened(why, 160)
    )
}

/// What changed before an incident, the newest of it, and what is not known of it.
#[must_use]
pub fn lines(incident: &Incident) -> Vec<String> {
    told(&incident.changes, &incident.unread)
}

/// As `lines`, newest first.
pub(super) fn told(changes: &[Arc<Change>], not_known: &[Unread]) -> Vec<String> {
    let newest = changes.iter().take(SHOWN).map(|change| line(change));
    let unread = not_known.iter().map(unread);
    newest.chain(more(changes.len())).chain(unread).collect()
}

/// `and 4 more`, of so many changes in all: those that are not shown.
#[must_use]
pub fn more(all: usize) -> Option<String> {
    let more = all.saturating_sub(SHOWN);
    match more {
        0 => None,
        _ if all >= KEPT_WITH_INCIDENT => Some(format!("and at least {more} more")),
        _ => Some(format!("and {more} more")),
    }
}

/// Why an alert joined: `same service, checkout`.
#[must_use]
pub fn because(because: &Because) -> String {
    match because {
        Because::SameService { service } => format!("same service, {service}"),
        Because::Needs { service, needs } => format!("{service} needs {needs}, the likely root"),
        Because::SameNode { node } => format!("same node, {node}"),
        Because::SameChange { title } => format!("same change before, {}", shortened(title, 80)),
        Because::SameRule { name } => format!("same rule and runbook, {}", shortened(name, 80)),
        Because::SameGroup => "its group joined before".to_owned(),
        Because::Merged { from, by } => format!("{by} merged {from} into this"),
        Because::StormOfRule { name } => format!("a storm of alerts, same rule, {}", shortened(name, 80)),
        Because::StormOfService { service } => format!("a storm of alerts, same service, {service}"),
    }
}

/// That it is another incident's now.
#[must_use]
pub fn merged(into: IncidentId, alerts: usize, by: &str) -> String {
    let alerts = words::counted(alerts, "alert");
    format!("{by} merged this into {into}: it goes on there, with {alerts} of this")
}
