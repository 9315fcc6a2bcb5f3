//! The card of an incident that is over: at most seven blocks, and no buttons but those that ask what was wrong.

use serde_json::Value;

use super::blocks::{context, section};
use super::silence;
use super::status::{by, contained, result};
use super::text::{clock, safe, span};
use crate::domain::incident::{ClosedAs, Incident, Phase};

pub fn blocks(incident: &Incident) -> Vec<Value> {
    let Phase::Closed { at, result: closed } = &incident.phase else {
        return Vec::new();
    };
    let how = how(closed);
    let lasted = span(at.as_second() - incident.began_at().as_second());
    let title = safe(&incident.title, 250);
    let mut blocks = vec![section(&format!(
        "~{title}~\n*{how}* at {} after {lasted}",
        clock(*at)
    ))];
    if let Some(track) = incident.current() {
        let (done, meant) = track.run.progress(&track.plan);
        let by = match by(track) {
            nobody if nobody.is_empty() => nobody,
            by => format!(", approved{by}"),
        };
        let ended = track
            .run
            .result
            .as_ref()
            .map(|ended| format!(": {}", result(ended, track)))
            .unwrap_or_default();
        let what = if track.run.started_at.is_some() {
            format!(
                "*{}*, {done} of {meant} steps done{by}{ended}",
                safe(&track.plan.title, 150)
            )
        } else {
            format!(
                "*{}* was proposed; nothing was executed",
                safe(&track.plan.title, 150)
            )
        };
        blocks.push(section(&what));
    }
    if let Some((_, name)) = &incident.commander {
        blocks.push(section(&format!("@{} had it", safe(name, 60))));
    }
    if let Some(glass) = &incident.glass {
        blocks.push(section(&format!(
            "*The glass was broken by @{}* at {}: {}",
            safe(&glass.by.name, 60),
            clock(glass.at),
            safe(&glass.reason, 300)
        )));
    }
    blocks.extend(silence::holds(incident).as_deref().map(section));
    let frozen = contained(incident);
    let frozen = frozen.map(|frozen| format!("{frozen}\nThe incident is over; this freeze is not."));
    blocks.extend(frozen.as_deref().map(section));
    blocks.push(context(&[format!(
        "{} · the whole story is in the thread",
        incident.id
    )]));
    blocks
}

fn how(closed: &ClosedAs) -> String {
    match closed {
        ClosedAs::Resolved => "Resolved".to_owned(),
        ClosedAs::AlertCleared => "The alert cleared".to_owned(),
        ClosedAs::DryRun => "Dry run complete".to_owned(),
        ClosedAs::Merged { into, by } => format!("Merged into {into} by @{}", safe(&by.name, 60)),
        ClosedAs::ByPerson { name, reason, .. } if reason.is_empty() => {
            format!("Closed by @{}", safe(name, 60))
        }
        ClosedAs::ByPerson { name, reason, .. } => {
            format!("Closed by @{}: {}", safe(name, 60), safe(reason, 300))
        }
    }
}
