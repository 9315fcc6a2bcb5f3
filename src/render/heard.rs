//! That somebody has an alert where it comes from, in plain words: foreign names are in them as they came.

use super::{timeline, words};
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
        "alertmanager" => "Alertmanager",
        "grafana" => "Grafana",
        other => other,
    }
}

/// `acknowledged at PagerDuty by Ana Okafor, 22:27:30 UTC`
#[must_use]
pub fn attended(known: &Attention) -> String {
    let at = words::clock(known.at);
    format!(
        "acknowledged at {}{}, {at} UTC",
        source(&known.source),
        by(known.by.as_deref())
    )
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
            acknowledged(&known, episode.is_none(), incident)
        }
        Heard::Unacknowledged {
            source: from,
            by: who,
            ..
        } => {
            let by = by(who.as_deref());
            format!(
                "no longer acknowledged at {}{by}: from now on people are reminded and paged again",
                source(from)
            )
        }
        Heard::Twin {
            source,
            episode,
            voice,
            said,
        } => {
            let name = timeline::alert_name(incident, Some(source), episode);
            twin(name, voice, said.over)
        }
        Heard::Worse { name, severity } => format!("{name} is {severity} now"),
        Heard::CutOff { alerts: 0, .. } => "its sender leaves out no alert any more".to_owned(),
        Heard::CutOff {
            source,
            alerts,
            before,
            ..
        } => {
            let count = words::counted(usize::try_from(*alerts).unwrap_or(usize::MAX), "alert");
            let source = self::source(source);
            match before {
                0 => format!(
                    "{source} left out {count} of this group (`max_alerts`): it counts as over only when a whole list says so"
                ),
                _ => format!("{source} leaves out {count} of this group now, after {before}"),
            }
        }
        Heard::Ended { ends } => format!(
            "{} of what nobody had said that it fired",
            words::counted(ends.len(), "end")
        ),
    }
}

fn acknowledged(known: &Attention, of_page: bool, incident: Option<&Incident>) -> String {
    let what = if of_page { "the page was " } else { "" };
    let part = incident.filter(|incident| incident.attended().is_none());
    let part = part.and_then(|incident| incident.partly_attended().map(|(_, some)| (some, incident)));
    let then = match part {
        Some((some, incident)) => format!(
            "{some} of {} that fire; the others call on",
            words::counted(incident.firing().count(), "alert")
        ),
        None => QUIET.to_owned(),
    };
    format!("{what}{}: {then}", attended(known))
}

/// A label's value stands inside: it has no capital that its team did not give it.
fn twin(name: &str, voice: &str, over: bool) -> String {
    if over {
        format!("of a pair, {voice} says that {name} is over; it is when all of them say so")
    } else {
        format!("of a pair, {voice} tells of {name} too: one alert, and over when all of them say so")
    }
}
