//! A folder of runbooks with its scenarios: what there is to play. Scenarios are the `.toml` files below `scenarios/`, beside
//! `interlock.toml` (the configuration they run under) and `people.toml` (who there is).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use super::equivalent::{Equivalent, Equivalents};
use super::play::{self, Played};
use super::prepared::{Prepared, Setting};
use super::scenario::Scenario;
use super::variants;
use crate::app::StartError;
use crate::app::knowledge::open_runbooks;
use crate::config::runbooks::LoadError;
use crate::config::{ConfigError, Settings};
use crate::domain::runbook::{Catalog, Loaded};

/// Where scenarios lie, below the runbooks.
const SCENARIOS: &str = "scenarios";
const CONFIGURATION: &str = "interlock.toml";
const PEOPLE: &str = "people.toml";
/// Changes of runbooks that make no difference.
const EQUIVALENT: &str = "equivalent.toml";
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
    NotUnderstood { path: PathBuf, problem: String },
    #[error("there are no scenarios below `{}`: write one as a .toml file there; docs/eval.md says how", .0.display())]
    Nothing(PathBuf),
    #[error("there are more than {MAX_SCENARIOS} scenarios below `{}`: give the folder that is meant", .0.display())]
    TooMany(PathBuf),
}

/// Everything that is read before the first scenario begins.
pub struct Library {
    catalog: Arc<Catalog>,
    setting: Setting,
    equivalent: Vec<Equivalent>,
    /// In order of their names; the variants of a file behind it.
    scenarios: Vec<Entry>,
}

/// One scenario of the library.
pub(super) struct Entry {
    pub name: String,
    pub scenario: Result<Box<Scenario>, String>,
    /// What does not depend on the runbooks: made when it is first played, and kept for every other time.
    prepared: OnceLock<Result<Prepared, String>>,
}

impl Entry {
    fn new(name: String, scenario: Result<Box<Scenario>, String>) -> Self {
        Self {
            name,
            scenario,
            prepared: OnceLock::new(),
        }
    }

    /// Whether it is this runbook's own.
    pub fn is_of(&self, runbook: &str) -> bool {
        let of = self
            .scenario
            .as_ref()
            .ok()
            .and_then(|scenario| scenario.of.as_ref());
        of.is_some_and(|of| of.as_str() == runbook)
    }
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
    let people = optional(&place.join(PEOPLE))?;
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
        let read = variants::all(&below.display().to_string(), &read(path)?);
        scenarios.extend(
            read.into_iter()
                .map(|(name, scenario)| Entry::new(name, scenario)),
        );
    }
    if scenarios.is_empty() {
        return Err(EvalError::Nothing(place));
    }
    if scenarios.len() > MAX_SCENARIOS {
        return Err(EvalError::TooMany(place));
    }
    Ok(Library {
        catalog,
        equivalent: optional::<Equivalents>(&place.join(EQUIVALENT))?.same,
        setting: Setting::new(settings, people, configuration, place.join(OTHERS))?,
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

    /// Keeps the scenarios whose path or `name` holds these words.
    pub fn keep(&mut self, words: &str) {
        let named = |entry: &Entry| {
            let scenario = entry.scenario.as_ref().ok();
            scenario.is_some_and(|scenario| scenario.name.contains(words))
        };
        self.scenarios
            .retain(|entry| entry.name.contains(words) || named(entry));
    }

    /// Keeps the scenarios of this runbook.
    pub fn keep_of(&mut self, runbook: &str) {
        self.scenarios.retain(|entry| entry.is_of(runbook));
    }

    /// Plays the scenario of this number, from 0. `None` when there is none.
    #[must_use]
    pub fn play(&self, number: usize) -> Option<Played> {
        self.play_with(number, &self.catalog)
    }

    /// The same with other runbooks.
    pub(super) fn play_with(&self, number: usize, catalog: &Arc<Catalog>) -> Option<Played> {
        let entry = self.scenarios.get(number)?;
        Some(match &entry.scenario {
            Ok(scenario) => {
                let prepared = entry.prepared.get_or_init(|| self.setting.prepare(scenario));
                play::play(&entry.name, scenario, catalog, prepared)
            }
            Err(problem) => Played::not_understood(&entry.name, problem),
        })
    }

    /// The scenarios, in order of their numbers.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.scenarios
    }

    pub(super) fn equivalent(&self) -> &[Equivalent] {
        &self.equivalent
    }

    /// The runbooks as they are.
    pub(super) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Runbooks that no scenario is of.
    #[must_use]
    pub fn without_a_scenario(&self) -> Vec<String> {
        let named = |entry: &&Loaded| {
            let name = entry.runbook.name.as_str();
            self.scenarios.iter().any(|scenario| scenario.is_of(name))
        };
        let loaded = self.catalog.loaded().iter();
        loaded
            .filter(|entry| !named(entry))
            .map(|entry| entry.runbook.name.to_string())
            .collect()
    }
}

/// What a file says that need not be there.
fn optional<T: DeserializeOwned + Default>(path: &Path) -> Result<T, EvalError> {
    if !path.exists() {
        return Ok(T::default());
    }
    understood(&read(path)?).map_err(|problem| EvalError::NotUnderstood {
        path: path.to_owned(),
        problem,
    })
}

fn understood<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

/// Without the byte order mark that some editors put before UTF-8.
fn read(path: &Path) -> Result<String, EvalError> {
    let text = fs::read_to_string(path).map_err(|source| EvalError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

fn walk(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), EvalError> {
    let unreadable = |source| EvalError::Read {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ours = [CONFIGURATION, PEOPLE, OTHERS, EQUIVALENT]
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
