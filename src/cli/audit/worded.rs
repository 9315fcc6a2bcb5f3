//! An entry in one line. The thread leaves out what people need not read; here everything is told.

use jiff::Timestamp;

use crate::domain::erasure::Erasure;
use crate::domain::event::{Deed, Event, Mode, Who};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::runbook::Autonomy;
use crate::render::{timeline, words};

/// What happened, whatever it was.
pub(super) fn entry(event: &Event, incident: Option<&Incident>) -> String {
    let told = match incident {
        Some(incident) => timeline::line(event, incident),
        None => timeline::line_alone(event),
    };
    told.or_else(|| machinery(event))
        .or_else(|| retention(event))
        .unwrap_or_else(|| event.kind().replace('_', " "))
}

/// What a thread doesn't tell.
fn machinery(event: &Event) -> Option<String> {
    if let Event::Started {
        version,
        mode,
        policy,
        autonomy,
        database,
    } = event
    {
        return Some(started(
            version,
            *mode,
            *autonomy,
            policy.as_str(),
            database.as_deref(),
        ));
    }
    if let Event::ClockWentBack { from } = event {
        return Some(format!("the clock went back from {}", words::clock(*from)));
    }
    if let Event::Checkpointed { size, .. } = event {
        return Some(format!("a checkpoint was signed over {size} entries"));
    }
    if let Event::Anchored { size, .. } = event {
        return Some(format!(
            "the checkpoint over {size} entries is put into the thread"
        ));
    }
    if let Event::Repeated { incidents } = event {
        return Some(repeated(incidents));
    }
    if let Event::Asked { by, deed, .. } = event {
        return Some(if *deed == Deed::Ask {
            format!("{} asked the bot", by.name)
        } else {
            format!("{} asked to {}", by.name, timeline::deed(*deed))
        });
    }
    if let Event::PageDue { at, .. } = event {
        return Some(format!(
            "a human is paged at {} if nobody has decided",
            words::clock(*at)
        ));
    }
    if let Event::PageSettled { .. } = event {
        return Some("nobody needs to be paged any more".to_owned());
    }
    if let Event::CardPosted { message, .. } = event {
        return Some(format!("the card is in {} at {}", message.channel, message.ts));
    }
    if let Event::Planning { request, .. } = event {
        return Some(format!("a plan is being made from {}", request.runbook));
    }
    if let Event::Checklist { runbook, .. } = event {
        return Some(format!("the checklist {runbook} is shown"));
    }
    None
}

fn retention(event: &Event) -> Option<String> {
    if let Event::Erased { by, erasure } = event {
        return Some(erased(by.as_ref(), erasure));
    }
    let Event::PayloadErased { kind, .. } = event else {
        return None;
    };
    Some(format!("erased; it was: {}", kind.replace('_', " ")))
}

fn erased(by: Option<&Who>, erasure: &Erasure) -> String {
    let by = by.map_or("retention.payloads_days", |by| by.name.as_str());
    let runs: Vec<String> = erasure
        .incidents
        .iter()
        .map(|(first, last)| match first == last {
            true => format!("INC-{first}"),
            false => format!("INC-{first} to INC-{last}"),
        })
        .collect();
    let alone = erasure
        .alone
        .then(|| "what was asked, refused and changed".to_owned());
    let what: Vec<String> = runs.into_iter().chain(alone).collect();
    let before = Timestamp::from_millisecond(erasure.before_ms).unwrap_or_default();
    format!(
        "{by} had the texts from before {} erased: {}",
        before.strftime("%Y-%m-%d"),
        what.join(", ")
    )
}

fn started(
    version: &str,
    mode: Mode,
    autonomy: Option<Autonomy>,
    policy: &str,
    database: Option<&str>,
) -> String {
    let mode = match mode {
        Mode::DryRun => "DRY RUN",
        Mode::Live => "LIVE",
    };
    let autonomy = match autonomy {
        Some(Autonomy::Shadow) => ", shadow",
        Some(Autonomy::Suggest) => ", suggest",
        Some(Autonomy::Auto) => ", auto",
        None => "",
    };
    let policy: String = policy.chars().take(19).collect();
    let database = database.map(|name| format!(", database {name}"));
    format!(
        "Interlock {version} started, {mode}{autonomy}, policy {policy}{}",
        database.unwrap_or_default()
    )
}

fn repeated(incidents: &[(IncidentId, u32)]) -> String {
    let of: Vec<String> = incidents
        .iter()
        .map(|(id, count)| format!("{id} {count} times"))
        .collect();
    if of.is_empty() {
        "a delivery held nothing new".to_owned()
    } else {
        format!("known alerts came again: {}", of.join(", "))
    }
}
