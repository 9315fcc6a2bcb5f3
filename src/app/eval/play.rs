//! Plays one scenario from its file to its result.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::SignedDuration;
use serde::Serialize;

use super::judge;
use super::prepared::Prepared;
use super::scenario::{AlertRow, Category, Scenario};
use super::seen::Seen;
use super::sheet;
use super::stage::Stage;
use crate::actions::redact::Redactor;
use crate::config::Settings;
use crate::domain::alert::Alert;
use crate::domain::ids::RunbookName;
use crate::domain::runbook::Catalog;
use crate::ingress::{Sample, understand};

/// Deliveries of one alert; more are a slip of the finger.
const MOST_TIMES: u32 = 100_000;

/// What came of one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Played {
    /// Its path below `scenarios`, without `.toml`.
    pub scenario: String,
    pub name: String,
    /// `None` for a file that is not understood.
    pub category: Option<Category>,
    /// What did not come out as expected, one line each; empty when all did.
    pub misses: Vec<String>,
    /// What happened, line by line, for whoever looks for the reason of a miss.
    pub story: Vec<String>,
    /// Real milliseconds.
    pub took_ms: u64,
    /// Runbooks that were candidates, planned or shown.
    #[serde(skip)]
    pub(super) touches: BTreeSet<String>,
}

impl Played {
    pub(super) fn not_understood(scenario: &str, problem: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            name: scenario.to_owned(),
            category: None,
            misses: vec![format!("the file is not understood: {problem}")],
            story: Vec::new(),
            took_ms: 0,
            touches: BTreeSet::new(),
        }
    }

    #[must_use]
    pub fn passed(&self) -> bool {
        self.misses.is_empty()
    }
}

pub(super) fn play(
    scenario: &str,
    file: &Scenario,
    catalog: &Arc<Catalog>,
    prepared: &Result<Prepared, String>,
) -> Played {
    let since = Instant::now();
    let played = match prepared {
        Ok(prepared) => on_stage(file, catalog, prepared),
        Err(problem) => Err(problem.clone()),
    };
    let came = played.unwrap_or_else(|problem| Came {
        misses: vec![format!("it can't be played: {problem}")],
        ..Came::default()
    });
    Played {
        scenario: scenario.to_owned(),
        name: file.name.clone(),
        category: Some(file.category),
        misses: came.misses,
        story: came.story,
        took_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        touches: came.touches,
    }
}

#[derive(Default)]
struct Came {
    misses: Vec<String>,
    story: Vec<String>,
    touches: BTreeSet<String>,
}

fn on_stage(file: &Scenario, catalog: &Arc<Catalog>, prepared: &Prepared) -> Result<Came, String> {
    let loaded = |name| catalog.get(name).is_some();
    if let Some(of) = file.of.as_ref().filter(|of| !loaded(of)) {
        return Err(format!(
            "its runbook `{of}` is not loaded; `interlock check` says why"
        ));
    }
    let mut stage = Stage::new(file, catalog, prepared)?;
    for (after, alert) in &prepared.alerts {
        stage.expect_alert(*after, alert.clone());
    }
    stage.run()?;
    let seen = Seen::of(&stage.entries, stage.state());
    let thread = stage.story.join("\n");
    let mut misses = judge::misses(&file.expect, &seen, &stage.world.runs, &thread);
    if let Some(wanted) = &file.expect.plan {
        let name = seen.runbook.clone().map(RunbookName::new);
        let runbook = name.as_ref().and_then(|name| catalog.get(name));
        let sheet = runbook.map(|runbook| sheet::lines(runbook, seen.plan.as_ref()));
        misses.extend(sheet::misses(wanted, &sheet.unwrap_or_default()));
    }
    for line in &stage.world.unanswered {
        misses.push(format!("nothing answers `{line}`: add it to [[answers]]"));
    }
    for row in file.advice.iter().filter(|row| !stage.asked.contains(&row.to)) {
        misses.push(format!(
            "advice: nobody asked the advisor for {}, so what it answers proves nothing",
            row.to.as_str()
        ));
    }
    Ok(Came {
        misses,
        story: stage.story,
        touches: seen.touches,
    })
}

/// The alerts of one row, read by the parser of their source and without secrets, as those that come in are.
pub(super) fn alerts(
    row: &AlertRow,
    settings: &Settings,
    redactor: &Redactor,
    file: &Scenario,
) -> Result<Vec<(SignedDuration, Alert)>, String> {
    let body = match &row.body {
        Some(body) => body.clone(),
        None => body(row, file).to_string(),
    };
    let sample = Sample {
        body: body.into_bytes(),
        ..Sample::default()
    };
    let source = row.source.as_deref().unwrap_or("alertmanager");
    let now = file.starts.checked_add(row.at).unwrap_or(file.starts);
    let (mut read, _) = understand(source, &sample, settings, now).map_err(|error| error.to_string())?;
    for alert in &mut read.alerts {
        alert.redact(&|text| redactor.clean(text));
    }
    if row.times > MOST_TIMES {
        return Err(format!(
            "an alert has `times = {}`; at most {MOST_TIMES} can be played",
            row.times
        ));
    }
    let mut all = Vec::new();
    for turn in 0..row.times {
        let after = row.at.saturating_add(SignedDuration::from_secs(i64::from(turn)));
        all.extend(read.alerts.iter().map(|alert| (after, alert.clone())));
    }
    Ok(all)
}

/// The body that Alertmanager would send for the short form.
fn body(row: &AlertRow, file: &Scenario) -> serde_json::Value {
    let mut labels = row.labels.clone();
    let mut annotations = row.annotations.clone();
    let labelled = [
        ("alertname", &row.name),
        ("severity", &row.severity),
        ("service", &row.service),
    ];
    let told = [("summary", &row.summary), ("description", &row.description)];
    let set = |map: &mut std::collections::BTreeMap<String, String>, pairs: &[(&str, &String)]| {
        for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            map.insert((*key).to_owned(), (*value).clone());
        }
    };
    set(&mut labels, &labelled);
    set(&mut annotations, &told);
    let status = if row.resolved { "resolved" } else { "firing" };
    // The episode is the first firing's, whenever this one comes.
    let ended = file.starts.checked_add(row.at).unwrap_or(file.starts).to_string();
    let ends_at = if row.resolved {
        ended.as_str()
    } else {
        "0001-01-01T00:00:00Z"
    };
    serde_json::json!({
        "version": "4",
        "status": status,
        "alerts": [{
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": file.starts.to_string(),
            "endsAt": ends_at,
        }],
    })
}
