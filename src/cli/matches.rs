//! `interlock match`: which runbook an alert would get, and why, without a bot. One alert for people, or many (`lines`) to measure
//! how well it chooses.

mod lines;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{Format, FormatArg};
use super::outcome::{Ended, Failure};
use super::screen::{Paint, Screen};
use super::setup::Setup;
use crate::app;
use crate::config::Settings;
use crate::domain::alert::Alert;
use crate::domain::matching;
use crate::domain::matching::{AlertFacts, By, Confidence, Matches, NearMiss, Verdict, rank, search};
use crate::domain::runbook::{Catalog, Refused, RefusedLine};
use crate::ingress::{Mapping, parse_alertmanager, without_bom};
use crate::render::words;

/// Show which runbook an alert would get, why, and why not the others: exit code 1 when it is not exactly one
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: interlock match --alert alert.json --runbooks runbooks/\n          \
    interlock match --alerts alerts.jsonl --runbooks runbooks/ --format json"
)]
pub(super) struct Match {
    /// A body of Alertmanager's webhook, or one alert as an object with `labels`; `-` reads standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "alerts")]
    alert: Option<PathBuf>,
    /// Many alerts, one object a line: each is answered by one line, in order; one that is no alert with its
    /// `line` and an `error`, and then the exit code is 1 at the end. `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "alert")]
    alerts: Option<PathBuf>,
    /// The folder of runbooks. Without it: runbooks.path of the configuration.
    #[arg(long, value_name = "DIR")]
    runbooks: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer {
    alert: String,
    severity: String,
    service: Option<String>,
    environment: Option<String>,
    verdict: Verdict,
    /// The runbook that would be proposed.
    chosen: Option<String>,
    explanation: Vec<String>,
    /// By their triggers, or by what they say.
    by: By,
    matching: Vec<Candidate>,
    /// What comes nearest by what it says, when it is not what matches.
    nearest: Vec<Candidate>,
    near_misses: Vec<NearMiss>,
    /// Runbooks with errors: they take no part, whatever they were meant for.
    refused: Vec<RefusedLine>,
}

#[derive(Serialize)]
struct Candidate {
    runbook: String,
    /// From 0 to 1.
    confidence: f64,
    /// The same as every text says it.
    #[serde(skip)]
    sure: Confidence,
    specificity: u32,
    why: Vec<String>,
}

impl Candidate {
    /// What is shown as 0 %, or can't say why, is not near.
    fn says_something(&self) -> bool {
        self.confidence >= 0.005 && !self.why.is_empty()
    }
}

impl From<&matching::Candidate> for Candidate {
    fn from(found: &matching::Candidate) -> Self {
        Self {
            runbook: found.runbook.name.to_string(),
            confidence: found.confidence.chance(),
            sure: found.confidence,
            specificity: found.specificity,
            why: found.why.clone(),
        }
    }
}

/// What comes nearest is shown, of so many.
const NEAREST: usize = 3;

impl Match {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let runbooks = app::open_runbooks(self.runbooks.as_deref().unwrap_or(&settings.runbooks.path))?;
        let catalog = runbooks.current();
        let mapping = Mapping::new(&settings);
        let path = match (self.alert, self.alerts) {
            (Some(path), _) => path,
            (None, Some(path)) => {
                return lines::answer(&path, &mapping, &catalog, &settings, self.format.format, screen);
            }
            // The reader of the command line asks for one of them.
            (None, None) => return Err(Failure::EmptyAlert(PathBuf::new())),
        };
        let mut alerts = read_alerts(&path, &mapping)?;
        // As a bot would take them.
        app::without_secrets(&settings, &mut alerts)?;
        let answers: Vec<Answer> = alerts
            .iter()
            .map(|alert| answer(&settings, &catalog, alert))
            .collect();
        match self.format.format {
            Format::Json => screen.json(&answers)?,
            Format::Human => {
                for answer in &answers {
                    say(answer, screen)?;
                }
                say_refused(&catalog, screen)?;
            }
        }
        let one = answers.iter().all(|answer| answer.verdict == Verdict::One);
        Ok(if one { Ended::Fine } else { Ended::Found })
    }
}

fn answer(settings: &Settings, catalog: &Catalog, alert: &Alert) -> Answer {
    let environment = app::rules(settings, "").environment_of(alert);
    let facts = AlertFacts::of(alert, environment.as_ref());
    let matches: Matches = rank(catalog, &facts);
    let nearest = match matches.verdict {
        Verdict::None => search(catalog, &facts, NEAREST),
        Verdict::One | Verdict::Several => Vec::new(),
    };
    Answer {
        alert: if alert.title == alert.name {
            alert.name.clone()
        } else {
            format!("{}: {}", alert.name, alert.title)
        },
        severity: alert.severity.to_string(),
        service: alert.service.as_ref().map(ToString::to_string),
        environment: environment.as_ref().map(ToString::to_string),
        verdict: matches.verdict,
        chosen: matches.chosen().map(|chosen| chosen.runbook.name.to_string()),
        explanation: matches.explanation(),
        by: matches.by,
        matching: matches.candidates.iter().map(Candidate::from).collect(),
        nearest: nearest
            .iter()
            .map(Candidate::from)
            .filter(Candidate::says_something)
            .collect(),
        near_misses: matches.near_misses,
        refused: catalog.refused().iter().map(Refused::line).collect(),
    }
}

fn say(answer: &Answer, screen: &mut Screen) -> Result<(), Failure> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    screen.say_painted(Paint::Strong, &answer.alert, "")?;
    screen.say(&format!(
        "  severity {}, service {}, environment {}",
        answer.severity,
        or_none(&answer.service),
        or_none(&answer.environment)
    ))?;
    match (answer.verdict, &answer.chosen) {
        (Verdict::One, Some(name)) => screen.say_painted(Paint::Good, &format!("  → {name}"), "")?,
        (Verdict::Several, _) => screen.say_painted(Paint::Bad, "  → a human chooses", "")?,
        (Verdict::One | Verdict::None, _) => screen.say_painted(Paint::Bad, "  → a human looks", "")?,
    }
    // With one match its own line says why; without any the near misses say why not.
    let told = match answer.matching.len() {
        0 => 1,
        1 => 0,
        _ => answer.explanation.len(),
    };
    for line in answer.explanation.iter().take(told) {
        screen.say(&format!("  {line}"))?;
    }
    for (place, found) in (1..).zip(&answer.matching) {
        let (name, why) = (&found.runbook, found.why.join("; "));
        let count = match answer.by {
            By::Trigger => words::counted(
                usize::try_from(found.specificity).unwrap_or(usize::MAX),
                "condition",
            ),
            By::Search => sure(found),
        };
        screen.say(&format!("  {place}. {name} ({count}): {why}"))?;
    }
    for near in &answer.nearest {
        let why = near.why.join("; ");
        screen.say(&format!(
            "  nearest by text: {} ({}): {why}",
            near.runbook,
            sure(near)
        ))?;
    }
    for miss in &answer.near_misses {
        let NearMiss {
            runbook,
            held,
            lines,
            why_not,
        } = miss;
        screen.say(&format!(
            "  not {runbook} ({held} of {lines} trigger lines hold): {why_not}"
        ))?;
    }
    Ok(())
}

fn sure(found: &Candidate) -> String {
    format!("{} sure", found.sure)
}

fn say_refused(catalog: &Catalog, screen: &mut Screen) -> Result<(), Failure> {
    for refused in catalog.refused() {
        screen.say_painted(
            Paint::Bad,
            &refused.file,
            " has errors and takes no part; `interlock check` says more",
        )?;
    }
    Ok(())
}

fn read_alerts(path: &Path, mapping: &Mapping) -> Result<Vec<Alert>, Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    let mut body = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .read_to_end(&mut body)
            .map_err(unreadable)?;
    } else {
        body = std::fs::read(path).map_err(unreadable)?;
    }
    let body = webhook(&body).unwrap_or(body);
    let alerts = parse_alertmanager(&body, mapping).map_err(|problem| Failure::NotAnAlert {
        path: path.to_owned(),
        problem,
    })?;
    if alerts.is_empty() {
        Err(Failure::EmptyAlert(path.to_owned()))
    } else {
        Ok(alerts)
    }
}

/// One alert, made into the body that a webhook has. `None` when it is something else.
fn webhook(body: &[u8]) -> Option<Vec<u8>> {
    let mut alert: Value = serde_json::from_slice(without_bom(body)).ok()?;
    let fields = alert.as_object_mut()?;
    if fields.contains_key("alerts") || !fields.contains_key("labels") && !fields.contains_key("annotations")
    {
        return None;
    }
    // An alert that says what is wrong, and nothing of where.
    fields.entry("labels").or_insert_with(|| json!({}));
    // Alertmanager's API has an object here, its webhook a word; an alert that is asked about fires.
    if !fields.get("status").is_some_and(Value::is_string) {
        fields.insert("status".to_owned(), json!("firing"));
    }
    serde_json::to_vec(&json!({ "version": "4", "alerts": [alert] })).ok()
}
