//! A folder of runbooks with its scenarios: what there is to play. Scenarios are the `.toml` files below `scenarios/`, beside
//! `interlock.toml` (the configuration they run under) and `people.toml` (who there is).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::play::{self, Played};
use super::scenario::{PersonRow, Scenario};
use super::stage::Rig;
use crate::actions::redact::Redactor;
use crate::app::StartError;
use crate::app::intake::redactor;
use crate::app::knowledge::open_runbooks;
use crate::config::runbooks::LoadError;
use crate::config::{ConfigError, Settings};
use crate::domain::runbook::Catalog;

/// Where scenarios lie, below the runbooks.
const SCENARIOS: &str = "scenarios";
const CONFIGURATION: &str = "interlock.toml";
const PEOPLE: &str = "people.toml";
/// Configurations that single scenarios name.
const OTHERS: &str = "configurations";
/// More are a wrong path, not a library.
const MAX_SCENARIOS: usize = 10_000;
/// Folders within folders.
const MAX_DEPTH: usize = 8;

/// Why nothing could be played.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error(transparent)]
    Runbooks(#[from] LoadError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("`{}` can't be read ({source}): check the path and its permissions", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is not understood: {problem}", path.display())]
    People { path: PathBuf, problem: String },
    #[error("there are no scenarios below `{}`: write one as a .toml file there; docs/eval.md says how", .0.display())]
    Nothing(PathBuf),
    #[error("there are more than {MAX_SCENARIOS} scenarios below `{}`: give the folder that is meant", .0.display())]
    TooMany(PathBuf),
}

/// Everything that is read before the first scenario begins.
pub struct Library {
    catalog: Arc<Catalog>,
    /// The folder of the scenarios.
    place: PathBuf,
    configuration: Option<PathBuf>,
    settings: Settings,
    people: BTreeMap<String, PersonRow>,
    redactor: Redactor,
    /// Name and text, in order of the name.
    scenarios: Vec<(String, Result<Box<Scenario>, String>)>,
}

/// Reads runbooks, scenarios, configuration and people below `folder`.
///
/// # Errors
/// The folder can't be read, its configuration is wrong, or it holds no scenario. A scenario that is not understood is kept
/// as one that fails.
pub fn open(folder: &Path, configuration: Option<&Path>) -> Result<Library, EvalError> {
    let catalog = open_runbooks(folder)?.current();
    let place = folder.join(SCENARIOS);
    let beside = place.join(CONFIGURATION);
    let configuration = configuration
        .map(Path::to_owned)
        .or_else(|| beside.exists().then_some(beside));
    let settings = Settings::load(configuration.as_deref(), std::iter::empty())?;
    let people = people(&place.join(PEOPLE))?;
    let mut paths = Vec::new();
    if place.is_dir() {
        walk(&place, 0, &mut paths)?;
    }
    paths.sort();
    if paths.len() > MAX_SCENARIOS {
        return Err(EvalError::TooMany(place));
    }
    let mut scenarios = Vec::with_capacity(paths.len());
    for path in &paths {
        let below = path.strip_prefix(&place).unwrap_or(path).with_extension("");
        let scenario = understood(&read(path)?).map(Box::new);
        scenarios.push((below.display().to_string(), scenario));
    }
    if scenarios.is_empty() {
        return Err(EvalError::Nothing(place));
    }
    Ok(Library {
        redactor: redactor(&settings)?,
        catalog,
        place,
        configuration,
        settings,
        people,
        scenarios,
    })
}

impl Library {
    #[must_use]
    pub fn len(&self) -> usize {
        self.scenarios.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// Keeps the scenarios whose name holds these words.
    pub fn keep(&mut self, words: &str) {
        self.scenarios.retain(|(name, _)| name.contains(words));
    }

    /// Keeps the scenarios of this runbook.
    pub fn keep_of(&mut self, runbook: &str) {
        let is_of = |scenario: &Scenario| scenario.of.as_ref().is_some_and(|of| of.as_str() == runbook);
        self.scenarios
            .retain(|(_, scenario)| scenario.as_ref().is_ok_and(|scenario| is_of(scenario)));
    }

    /// Plays the scenario of this number, from 0. `None` when there is none.
    #[must_use]
    pub fn play(&self, number: usize) -> Option<Played> {
        let (name, scenario) = self.scenarios.get(number)?;
        Some(match scenario {
            Ok(scenario) => {
                let rig = self.settings_for(scenario).map(|settings| Rig {
                    catalog: Arc::clone(&self.catalog),
                    people: self.people.clone(),
                    redactor: &self.redactor,
                    settings,
                });
                play::play(name, scenario, rig)
            }
            Err(problem) => Played::not_understood(name, problem),
        })
    }

    /// Runbooks that no scenario is of.
    #[must_use]
    pub fn without_a_scenario(&self) -> Vec<String> {
        let named: Vec<_> = self
            .scenarios
            .iter()
            .filter_map(|(_, scenario)| scenario.as_ref().ok()?.of.clone())
            .collect();
        self.catalog
            .loaded()
            .iter()
            .map(|entry| &entry.runbook.name)
            .filter(|name| !named.contains(name))
            .map(ToString::to_string)
            .collect()
    }

    fn settings_for(&self, scenario: &Scenario) -> Result<Settings, String> {
        let named = scenario.configuration.as_ref();
        if scenario.settings.is_empty() && named.is_none() {
            return Ok(self.settings.clone());
        }
        let other = named.map(|name| self.place.join(OTHERS).join(format!("{name}.toml")));
        let file = other.as_ref().or(self.configuration.as_ref());
        let over = scenario.settings.iter().map(|(key, value)| {
            let text = match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (OsString::from(variable(key)), OsString::from(text))
        });
        Settings::load(file.map(PathBuf::as_path), over).map_err(|error| error.to_string())
    }
}

/// The variable of the environment that goes over this key.
fn variable(key: &str) -> String {
    format!("INTERLOCK__{}", key.replace('.', "__").to_uppercase())
}

fn people(path: &Path) -> Result<BTreeMap<String, PersonRow>, EvalError> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    understood(&read(path)?).map_err(|problem| EvalError::People {
        path: path.to_owned(),
        problem,
    })
}

fn understood<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

fn read(path: &Path) -> Result<String, EvalError> {
    fs::read_to_string(path).map_err(|source| EvalError::Read {
        path: path.to_owned(),
        source,
    })
}

fn walk(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), EvalError> {
    let unreadable = |source| EvalError::Read {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ours = [CONFIGURATION, PEOPLE, OTHERS]
            .iter()
            .any(|name| path.ends_with(name));
        if depth == 0 && ours {
            continue;
        }
        if path.is_dir() && depth < MAX_DEPTH {
            walk(&path, depth + 1, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    Ok(())
}
