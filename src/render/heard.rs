//! That somebody has an alert where it comes from, in plain words: foreign names are in them as they came.

use super::words;
use crate::domain::event::Heard;
use crate::domain::ids::Source;
use crate::domain::incident::{Attention, Incident};

/// What nobody does while somebody has all of it.
pub const QUIET: &str = "nobody is reminded of it or paged for it while it waits; it approves nothing";

/// As its maker writes it; a sender of the team's own as the settings call it.
#[must_use]
pub fn source(source: &Source) -> &str {
    match source.as_str() {
        "pagerduty" => "PagerDuty",
        "opsgenie" => "Opsgenie",
        "jsm" => "Jira Service Management",
        "better_stack" => "Better Stack",
        "incident_io" => "incident.io",
        "zabbix" => "Zabbix",
        other => other,
    }
}

/// `acknowledged at PagerDuty by Ana Okafor, 22:27:30 UTC`
#[must_use]
pub fn attended(known: &Attention) -> String {
    let at = words::clock(known.at);
    format!("acknowledged at {}{}, {at} UTC", source(&known.source), by(known.by.as_deref()))
}

/// ` by Ana Okafor`; empty where the source doesn't say.
#[must_use]
pub fn by(name: Option<&str>) -> String {
    let name = name.filter(|name| !name.trim().is_empty());
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

/// The line for one piece of news.
#[must_use]
pub fn line(heard: &Heard, incident: Option<&Incident>) -> String {
    match heard {
        Heard::Acknowledged {
            source,
            by,
            at,
            episode,
        } => {
            let known = Attention {
                source: source.clone(),
                by: by.clone(),
                at: *at,
                stands: true,
            };
            let what = match episode {
                Some(_) => "",
                None => "the page was ",
            };
            let part = incident.filter(|incident| incident.attended().is_none());
            let part = part.and_then(|incident| incident.partly_attended().map(|(_, some)| (some, incident)));
            let then = match part {
                Some((some, incident)) => format!(
                    "{some} of {} that fire; the others call on",
                    words::counted(incident.firing().count(), "alert")
                ),
                None => QUIET.to_owned(),
            };
            format!("{what}{}: {then}", attended(&known))
        }
        Heard::Unacknowledged {
            source: from, by: who, ..
        } => {
            let by = by(who.as_deref());
            format!("no longer acknowledged at {}{by}: whoever is wanted is called again", source(from))
        }
    }
}
