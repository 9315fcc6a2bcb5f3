//! The engine behind the webhooks.

use std::sync::Arc;

use crate::actions::redact::Redactor;
use crate::domain::command::Command;
use crate::engine::{EngineError, Handle};
use crate::ingress::{Accepted, Delivery, Intake, Refused};
use crate::ports::Pending;

/// Hands deliveries to the engine.
pub struct EngineIntake {
    pub engine: Handle,
    pub redactor: Arc<Redactor>,
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
            for alert in &mut alerts {
                alert.redact(&|text| self.redactor.clean(text));
            }
            match self
                .engine
                .submit(Command::Alerts {
                    source,
                    key: delivery_key,
                    alerts,
                })
                .await
            {
                Ok(_) => Ok(Accepted),
                Err(EngineError::Overloaded { retry_after_seconds }) => {
                    Err(Refused::Overloaded { retry_after_seconds })
                }
                Err(error @ (EngineError::NotStored { .. } | EngineError::Stopped)) => {
                    Err(Refused::NotStored {
                        reason: error.to_string(),
                    })
                }
            }
        })
    }
}
