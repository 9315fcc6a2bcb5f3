//! All that is known about one incident as one object, part by part: each says of what moment it is, and what is not known says why.

use jiff::Timestamp;
use serde::Serialize;

use super::{changes, evidence, memory, timeline, words};
use crate::domain::alert::Severity;
use crate::domain::event::{Entry, Event};
use crate::domain::evidence::{Finding, FoundIn};
use crate::domain::ids::Service;
use crate::domain::incident::{Episode, Incident, Phase};
use crate::domain::memory::Similar;
use crate::domain::rules::ServiceRow;
use crate::domain::text::shortened;

/// Alerts that are told one by one, and lines of their history.
const TOLD: usize = 10;
/// Characters of an alert's title.
const TITLE: usize = 160;

/// The context of an incident.
#[derive(Debug, Serialize)]
pub struct Context {
    pub incident: String,
    pub title: String,
    pub severity: Severity,
    /// Whether it is open; when and how it was closed otherwise.
    pub stands: String,
    /// When the journal and the configuration were read.
    pub read_at: Timestamp,
    /// Always all of them, in this order.
    pub parts: Vec<Part>,
}

/// What a part is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Alert,
    Service,
    Metrics,
    Logs,
    Traces,
    Cluster,
    Changes,
    Similar,
}

/// One part.
#[derive(Debug, Serialize)]
pub struct Part {
    pub about: About,
    /// The moment it is of; where it came at several, the first of them. `None` where nothing is known.
    pub at: Option<Timestamp>,
    pub age_seconds: Option<i64>,
    /// One line each.
    pub known: Vec<String>,
    /// What is not known, and why.
    pub unknown: Vec<String>,
    /// Pages that show it to people.
    pub links: Vec<String>,
}

impl About {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Alert => "Alert and its history",
            Self::Service => "Service, owner, dependencies",
            Self::Metrics => "Metrics",
            Self::Logs => "Logs",
            Self::Traces => "Traces",
            Self::Cluster => "Cluster",
            Self::Changes => "Changes",
            Self::Similar => "Similar incidents",
        }
    }
}

/// The context as of `now`, from the incident with its entries, the catalogue and those that were like it.
#[must_use]
pub fn of(
    incident: &Incident,
    entries: &[Entry],
    catalogue: &[ServiceRow],
    similar: &[Similar],
    now: Timestamp,
) -> Context {
    let found = |about| of_findings(incident, about, now);
    Context {
        incident: incident.id.to_string(),
        title: incident.title.clone(),
        severity: incident.severity,
        stands: stands(incident),
        read_at: now,
        parts: vec![
            alert(incident, entries, now),
            service(incident, catalogue, now),
            found(About::Metrics),
            found(About::Logs),
            found(About::Traces),
            found(About::Cluster),
            changed(incident, now),
            like(similar, now),
        ],
    }
}

fn stands(incident: &Incident) -> String {
    match &incident.phase {
        Phase::Closed { at, result } => format!("{}, {}", timeline::closed(result), words::at(*at)),
        Phase::Planning { .. }
        | Phase::Proposed
        | Phase::Running
        | Phase::Settling { .. }
        | Phase::Handed { .. } => "open".to_owned(),
    }
}

impl Part {
    fn new(about: About, at: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            about,
            at,
            age_seconds: at.map(|at| now.duration_since(at).as_secs().max(0)),
            known: Vec::new(),
            unknown: Vec::new(),
            links: Vec::new(),
        }
    }
}

/// Those that fire first, then what became of all of them, the newest last.
fn alert(incident: &Incident, entries: &[Entry], now: Timestamp) -> Part {
    let told = |entry: &&Entry| {
        matches!(
            entry.event,
            Event::Opened { .. }
                | Event::Joined { .. }
                | Event::AlertResolved { .. }
                | Event::SplitOff { .. }
                | Event::Merged { .. }
        )
    };
    let history: Vec<&Entry> = entries.iter().filter(told).collect();
    let mut part = Part::new(About::Alert, history.last().map(|entry| entry.at), now);
    let mut episodes: Vec<&Episode> = incident.episodes.iter().collect();
    episodes.sort_by_key(|episode| episode.resolved_at.is_some());
    part.known.extend(episodes.iter().take(TOLD).map(|episode| {
        let alert = &episode.alert;
        let stands = match (episode.resolved_at, alert.starts_at) {
            (Some(at), _) => format!("resolved at {}", words::at(at)),
            (None, Some(since)) => format!("firing since {}", words::at(since)),
            (None, None) => "firing".to_owned(),
        };
        let title = shortened(&alert.title, TITLE);
        format!("{}, {}, {stands}: {title}", alert.name, alert.severity)
    }));
    if episodes.len() > TOLD {
        let more = words::counted(episodes.len().saturating_sub(TOLD), "more alert");
        part.known.push(format!("and {more}"));
    }
    let from = history.len().saturating_sub(TOLD);
    let lines = history.iter().skip(from).filter_map(|entry| {
        let line = timeline::line(&entry.event, incident)?;
        Some(format!("{} {line}", words::at(entry.at)))
    });
    part.known.extend(lines);
    if episodes.is_empty() {
        part.unknown.push("no alert opened it".to_owned());
    }
    let links = episodes.iter().flat_map(|episode| &episode.alert.links);
    part.links.extend(links.map(|link| link.url.clone()));
    part.links.sort();
    part.links.dedup();
    part.links.truncate(TOLD);
    part
}

/// As the configuration says it now.
fn service(incident: &Incident, catalogue: &[ServiceRow], now: Timestamp) -> Part {
    let mut part = Part::new(About::Service, Some(now), now);
    let Some(service) = &incident.service else {
        part.unknown.push("the alert names no service".to_owned());
        return part;
    };
    let is = |name: &Service| name.as_str().eq_ignore_ascii_case(service.as_str());
    let Some(row) = catalogue.iter().find(|row| is(&row.name)) else {
        part.known.push(service.to_string());
        let why = "no [[services]] row has it, so nobody knows whose it is and what it needs";
        part.unknown.push(why.to_owned());
        return part;
    };
    part.known.push(match &row.owner {
        Some(owner) => format!("{service}, owned by {owner}"),
        None => service.to_string(),
    });
    if row.owner.is_none() {
        part.unknown
            .push("its [[services]] row names no owner".to_owned());
    }
    if !row.depends_on.is_empty() {
        part.known
            .push(format!("it needs {}", words::listed(&row.depends_on)));
    }
    let needing = catalogue.iter().filter(|row| row.depends_on.iter().any(is));
    let needing: Vec<&Service> = needing.map(|row| &row.name).collect();
    if !needing.is_empty() {
        part.known.push(format!("needed by {}", words::listed(&needing)));
    }
    part
}

fn about(finding: &Finding) -> About {
    match finding.source {
        FoundIn::Prometheus => About::Metrics,
        FoundIn::Loki => About::Logs,
        FoundIn::Tempo | FoundIn::Jaeger => About::Traces,
        FoundIn::Cluster if finding.query.split_whitespace().any(|word| word == "logs") => About::Logs,
        FoundIn::Cluster | FoundIn::Http => About::Cluster,
    }
}

fn of_findings(incident: &Incident, wanted: About, now: Timestamp) -> Part {
    let all = incident.evidence.iter().flat_map(|evidence| &evidence.findings);
    let findings: Vec<&Finding> = all.filter(|finding| about(finding) == wanted).collect();
    let targets = if wanted == About::Cluster {
        targets(incident)
    } else {
        None
    };
    let first = findings.iter().map(|finding| finding.at);
    let first = first.chain(targets.iter().map(|(at, _)| *at)).min();
    let mut part = Part::new(wanted, first, now);
    for finding in &findings {
        let line = evidence::line(finding);
        if finding.is_missing() {
            part.unknown.push(line);
        } else {
            part.known.push(line);
        }
    }
    part.known
        .extend(targets.into_iter().flat_map(|(_, lines)| lines));
    if part.known.is_empty() && part.unknown.is_empty() {
        let why = match &incident.evidence {
            Some(evidence) => format!("the runbook {} asks for none", evidence.runbook),
            None => "nobody asked: no plan was made whose runbook has evidence".to_owned(),
        };
        part.unknown.push(why);
    }
    let links = findings.iter().filter_map(|finding| finding.link.clone());
    part.links = links.collect();
    part
}

/// The targets of the newest plan, as they were when it was proposed.
fn targets(incident: &Incident) -> Option<(Timestamp, Vec<String>)> {
    let track = incident.current()?;
    let at = words::at(track.proposed_at);
    let mut lines: Vec<String> = Vec::new();
    for target in track.plan.steps.iter().filter_map(|step| step.target.as_ref()) {
        let images = match target.images.is_empty() {
            true => String::new(),
            false => format!(", {}", target.images.join(", ")),
        };
        let line = format!(
            "{}: {} of {} ready{images}, at {at}",
            target.object, target.ready, target.replicas
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    (!lines.is_empty()).then_some((track.proposed_at, lines))
}

/// Dated by the newest: they are told by whoever makes them.
fn changed(incident: &Incident, now: Timestamp) -> Part {
    let newest = incident.changes.iter().map(|change| change.at).max();
    let mut part = Part::new(About::Changes, newest, now);
    part.known = incident
        .changes
        .iter()
        .map(|change| changes::line(change))
        .collect();
    part.links = incident
        .changes
        .iter()
        .filter_map(|change| change.link.clone())
        .collect();
    part.unknown.extend(incident.unread.iter().map(changes::unread));
    if incident.changes.is_empty() && incident.unread.is_empty() {
        let why = "nobody told of a change in the half hour before, on its service or what that needs";
        part.unknown.push(why.to_owned());
    }
    part
}

fn like(similar: &[Similar], now: Timestamp) -> Part {
    let mut part = Part::new(About::Similar, Some(now), now);
    let line = |similar: &Similar| format!("{} % {}", similar.likeness / 10, memory::line(similar));
    part.known = similar.iter().map(line).collect();
    if similar.is_empty() {
        part.unknown
            .push("no closed incident of this journal is like it".to_owned());
    }
    part
}
