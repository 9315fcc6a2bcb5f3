//! The engine behind the webhooks.

use std::sync::Arc;

use super::bot::StartError;
use super::lifeline::Watchdog;
use super::wiring::clusters;
use crate::actions::redact::Redactor;
use crate::config::Settings;
use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::command::Command;
use crate::engine::{EngineError, Handle};
use crate::ingress::{Accepted, ChangeIntake, Delivery, Intake, Refused};
use crate::planted::{self, Point};
use crate::ports::Pending;

/// Takes out of alerts what would not be stored either: secrets, ours and those of others.
///
/// # Errors
/// The secrets of the settings are too many or too long to look for.
pub fn without_secrets(settings: &Settings, alerts: &mut [Alert]) -> Result<(), StartError> {
    let redactor = redactor(settings)?;
    for alert in alerts {
        alert.redact(&|text| redactor.clean(text));
    }
    Ok(())
}

/// As `without_secrets`, of changes.
///
/// # Errors
/// As there.
pub fn changes_without_secrets(settings: &Settings, changes: &mut [Change]) -> Result<(), StartError> {
    let redactor = redactor(settings)?;
    for change in changes {
        change.redact(&|text| redactor.clean(text));
    }
    Ok(())
}

/// Takes everything out of a text that may be a secret; for what writes logs.
pub fn cleaner(redactor: Arc<Redactor>) -> impl Fn(&str) -> String + Send + Sync + use<> {
    move |text: &str| redactor.clean(text).into_owned()
}

/// What knows the secrets of the settings. One for a process: what it learns is taken out of logs too.
///
/// # Errors
/// The secrets are too many or too long to look for.
pub fn redactor(settings: &Settings) -> Result<Arc<Redactor>, StartError> {
    let of_clusters = clusters(settings).secrets();
    let configured = settings.secrets().into_iter().map(|secret| secret.expose());
    Redactor::new(configured.chain(of_clusters.iter().map(String::as_str)))
        .map(Arc::new)
        .map_err(|error| StartError::Setup(error.to_string()))
}

impl ChangeIntake for EngineIntake {
    fn changed(&self, mut changes: Vec<Change>) -> Pending<'_, Result<Accepted, Refused>> {
        Box::pin(async move {
            for change in &mut changes {
                change.redact(&|text| self.redactor.clean(text));
            }
            let told = self.engine.submit(Command::Changes { changes }).await;
            told.map(|_| Accepted).map_err(refused)
        })
    }
}

fn refused(error: EngineError) -> Refused {
    match error {
        EngineError::Overloaded { retry_after_seconds } => Refused::Overloaded { retry_after_seconds },
        EngineError::NotStored { .. } | EngineError::Stopped => Refused::NotStored {
            reason: error.to_string(),
        },
    }
}

/// Hands deliveries to the engine.
pub(super) struct EngineIntake {
    pub engine: Handle,
    pub redactor: Arc<Redactor>,
    pub watchdog: Option<Arc<Watchdog>>,
}

impl Intake for EngineIntake {
    fn submit(&self, delivery: Delivery) -> Pending<'_, Result<Accepted, Refused>> {
        Box::pin(async move {
            let Delivery {
                source,
                delivery_key,
                mut alerts,
                ..
            } = delivery;
            if let Some(watchdog) = &self.watchdog {
                watchdog.hear(&mut alerts);
            }
            for alert in &mut alerts {
                alert.redact(&|text| self.redactor.clean(text));
            }
            planted::reach(Point::AlertRead);
            let told = self
                .engine
                .submit(Command::Alerts {
                    source,
                    key: delivery_key,
                    alerts,
                })
                .await;
            planted::reach(Point::AlertStored);
            told.map(|_| Accepted).map_err(refused)
        })
    }
}
