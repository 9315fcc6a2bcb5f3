//! What a scenario is played under: configuration, rules, people and alerts, all that does not depend on the runbooks. Made
//! once, since a scenario may be played against many readings of a runbook.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;

use super::clicks::{self, TEAM};
use super::play::alerts;
use super::scenario::{PersonRow, Scenario};
use crate::actions::redact::Redactor;
use crate::app::StartError;
use crate::app::intake::redactor;
use crate::app::rules::rules;
use crate::config::Settings;
use crate::domain::alert::Alert;
use crate::domain::rules::Rules;
use crate::ports::Person;

/// What all scenarios of a folder have in common.
pub(super) struct Setting {
    settings: Settings,
    people: BTreeMap<String, PersonRow>,
    redactor: Arc<Redactor>,
    configuration: Option<PathBuf>,
    /// Where configurations lie that single scenarios name.
    others: PathBuf,
}

/// What one scenario is played under.
pub(super) struct Prepared {
    pub rules: Arc<Rules>,
    pub people: Vec<Person>,
    pub redactor: Arc<Redactor>,
    /// When each comes, after the beginning.
    pub alerts: Vec<(SignedDuration, Alert)>,
}

impl Setting {
    /// # Errors
    /// The secrets of the settings are too many or too long to look for.
    pub fn new(
        settings: Settings,
        people: BTreeMap<String, PersonRow>,
        configuration: Option<PathBuf>,
        others: PathBuf,
    ) -> Result<Self, StartError> {
        Ok(Self {
            redactor: redactor(&settings)?,
            settings,
            people,
            configuration,
            others,
        })
    }

    /// # Errors
    /// The configuration that the scenario asks for, or one of its alerts, is not understood.
    pub fn prepare(&self, scenario: &Scenario) -> Result<Prepared, String> {
        let own = self.own(scenario)?;
        let settings = own.as_ref().unwrap_or(&self.settings);
        // Making one takes longer than most scenarios.
        let redactor = match &own {
            Some(settings) => redactor(settings).map_err(|error| error.to_string())?,
            None => Arc::clone(&self.redactor),
        };
        let mut people = self.people.clone();
        people.extend(scenario.people.clone());
        let mut all = Vec::new();
        for row in &scenario.alerts {
            all.extend(alerts(row, settings, &redactor, scenario)?);
        }
        let mut rules = rules(settings, TEAM);
        rules.asks_advisor |= !scenario.advice.is_empty();
        Ok(Prepared {
            rules: Arc::new(rules),
            people: people
                .iter()
                .map(|(name, row)| clicks::person(name, row))
                .collect(),
            redactor,
            alerts: all,
        })
    }

    /// `None` when it is played under what all are.
    fn own(&self, scenario: &Scenario) -> Result<Option<Settings>, String> {
        let named = scenario.configuration.as_ref();
        if scenario.settings.is_empty() && named.is_none() {
            return Ok(None);
        }
        let other = named.map(|name| self.others.join(format!("{name}.toml")));
        let file = other.as_ref().or(self.configuration.as_ref());
        let over = scenario.settings.iter().map(|(key, value)| {
            let text = match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (OsString::from(variable(key)), OsString::from(text))
        });
        let settings = Settings::load(file.map(PathBuf::as_path), over);
        settings.map(Some).map_err(|error| error.to_string())
    }
}

/// The variable of the environment that goes over this key.
fn variable(key: &str) -> String {
    format!("INTERLOCK__{}", key.replace('.', "__").to_uppercase())
}
