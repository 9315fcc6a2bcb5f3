//! Many alerts, one a line, each answered by one line: what a team needs to measure how well Interlock would choose on alerts of
//! its own. Lines are answered as they are read, so that any number of them will do.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Serialize;

use super::super::args::Format;
use super::super::outcome::{Ended, Failure};
use super::super::screen::{Paint, Screen};
use super::webhook;
use crate::app;
use crate::config::Settings;
use crate::domain::alert::Alert;
use crate::domain::matching::{AlertFacts, By, Candidate, Confidence, Verdict, rank, search};
use crate::domain::runbook::Catalog;
use crate::ingress::{Mapping, parse_alertmanager, without_bom};

/// What a line is answered with that has the form of a delivery and nothing in it.
const NONE: &str = "it holds no alert: give one as an object with `labels`";
/// Candidates of one alert.
const CANDIDATES: usize = 10;

/// What would be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    /// The first candidate is proposed.
    Match,
    /// A human chooses.
    Ask,
    /// A human looks.
    None,
}

#[derive(Serialize)]
struct Line {
    alert: String,
    /// Best first.
    candidates: Vec<Offer>,
    decision: Decision,
}

/// A line that is no alert.
#[derive(Serialize)]
struct Wrong {
    /// From 1.
    line: u64,
    error: String,
}

#[derive(Serialize)]
struct Offer {
    runbook: String,
    /// Path below the runbooks' folder.
    file: String,
    /// From 0 to 1.
    confidence: f64,
    /// The same as every text says it.
    #[serde(skip)]
    sure: Confidence,
    why: String,
    by: By,
}

/// Answers each line of the file, one that is no alert with what is wrong with it: whoever sends many wants the others'
/// answers. Says whether all were alerts.
///
/// # Errors
/// The file can't be read.
pub(super) fn answer(
    path: &Path,
    mapping: &Mapping,
    catalog: &Catalog,
    settings: &Settings,
    format: Format,
    screen: &mut Screen,
) -> Result<Ended, Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let rules = app::rules(settings, "");
    let redactor = app::redactor(settings)?;
    let mut ended = Ended::Fine;
    // Bytes and not text: one that is no UTF-8 makes its own line wrong, and no other.
    for (number, line) in (1..).zip(BufReader::new(input).split(b'\n')) {
        let line = line.map_err(unreadable)?;
        if without_bom(&line).trim_ascii().is_empty() {
            continue;
        }
        let body = webhook(&line).unwrap_or(line);
        let mut alerts = match parse_alertmanager(&body, mapping) {
            Ok(alerts) if !alerts.is_empty() => alerts,
            other => {
                ended = Ended::Found;
                let error = other.map_or_else(|problem| problem.to_string(), |_| NONE.to_owned());
                wrong(&Wrong { line: number, error }, format, screen)?;
                continue;
            }
        };
        for alert in &mut alerts {
            alert.redact(&|text| redactor.clean(text));
            let environment = rules.environment_of(alert);
            let answer = one(catalog, alert, &AlertFacts::of(alert, environment.as_ref()));
            match format {
                Format::Json => screen.say(&serde_json::to_string(&answer)?)?,
                Format::Human => say(&answer, screen)?,
            }
        }
    }
    Ok(ended)
}

fn wrong(wrong: &Wrong, format: Format, screen: &mut Screen) -> Result<(), Failure> {
    match format {
        Format::Json => screen.say(&serde_json::to_string(wrong)?),
        Format::Human => {
            screen.say_painted(Paint::Bad, &format!("error line {}: ", wrong.line), &wrong.error)
        }
    }
}

fn one(catalog: &Catalog, alert: &Alert, facts: &AlertFacts<'_>) -> Line {
    let matches = rank(catalog, facts);
    let mut candidates = matches.candidates;
    for found in search(catalog, facts, CANDIDATES) {
        let known = candidates
            .iter()
            .any(|other| other.runbook.name == found.runbook.name);
        if !known && candidates.len() < CANDIDATES {
            candidates.push(found);
        }
    }
    Line {
        alert: alert.name.clone(),
        candidates: candidates
            .iter()
            .map(|candidate| offer(catalog, candidate))
            .collect(),
        decision: match matches.verdict {
            Verdict::One => Decision::Match,
            Verdict::Several => Decision::Ask,
            Verdict::None => Decision::None,
        },
    }
}

fn offer(catalog: &Catalog, candidate: &Candidate) -> Offer {
    let name = &candidate.runbook.name;
    let loaded = catalog.loaded();
    let at = loaded.binary_search_by(|entry| entry.runbook.name.cmp(name));
    let entry = at.ok().and_then(|at| loaded.get(at));
    Offer {
        runbook: name.to_string(),
        file: entry.map(|entry| entry.file.clone()).unwrap_or_default(),
        confidence: candidate.confidence.chance(),
        sure: candidate.confidence,
        why: candidate.why.join("; "),
        by: candidate.by,
    }
}

fn say(line: &Line, screen: &mut Screen) -> Result<(), Failure> {
    let decided = match line.decision {
        Decision::Match => "match",
        Decision::Ask => "ask",
        Decision::None => "none",
    };
    let best = line.candidates.first();
    let best = best.map(|best| format!("{} ({} sure)", best.runbook, best.sure));
    screen.say(&format!(
        "{decided:5} {}: {}",
        line.alert,
        best.as_deref().unwrap_or("nothing comes near")
    ))
}
