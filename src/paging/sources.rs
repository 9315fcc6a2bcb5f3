//! The sources that take our word: that somebody has an alert, that it is over, or what was done. Which of them does what is here;
//! each call may be made again, since every one of them is asked for a state and not for a deed.

use std::sync::Arc;

use super::better_stack::BetterStack;
use super::grafana::Grafana;
use super::incident_io::IncidentIo;
use super::jsm::Jsm;
use super::opsgenie::Opsgenie;
use super::pagerduty::PagerDuty;
use super::reply::PageError;
use crate::domain::ids::Source;

/// A source that can be told.
pub enum Teller {
    PagerDuty(Arc<PagerDuty>),
    Opsgenie(Opsgenie),
    Jsm(Jsm),
    BetterStack(BetterStack),
    IncidentIo(IncidentIo),
    Grafana(Grafana),
}

impl Teller {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::PagerDuty(_) => "PagerDuty",
            Self::Opsgenie(_) => "Opsgenie",
            Self::Jsm(_) => "Jira Service Management",
            Self::BetterStack(_) => "Better Stack",
            Self::IncidentIo(_) => "incident.io",
            Self::Grafana(_) => "Grafana",
        }
    }

    /// The source as alerts name it.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::new(match self {
            Self::PagerDuty(_) => "pagerduty",
            Self::Opsgenie(_) => "opsgenie",
            Self::Jsm(_) => "jsm",
            Self::BetterStack(_) => "better_stack",
            Self::IncidentIo(_) => "incident_io",
            Self::Grafana(_) => "grafana",
        })
    }

    /// It is over, and why.
    ///
    /// # Errors
    /// What the source answered. What is over already is fine.
    pub async fn resolve(&self, reference: &str, why: &str) -> Result<(), PageError> {
        match self {
            Self::PagerDuty(to) => to.resolve_at_source(reference, why).await,
            Self::Opsgenie(to) => to.close(reference, why).await,
            Self::Jsm(to) => to.close(reference, why).await,
            Self::BetterStack(to) => to.resolve(reference, why).await,
            Self::IncidentIo(to) => to.resolve(reference).await,
            Self::Grafana(_) => Err(PageError::Refused {
                reason: "an alert of Grafana is over when its rule says so".to_owned(),
            }),
        }
    }

    /// Whether it can be told that somebody has it: incident.io has no such call.
    #[must_use]
    pub fn hears_who(&self) -> bool {
        match self {
            Self::PagerDuty(_)
            | Self::Opsgenie(_)
            | Self::Jsm(_)
            | Self::BetterStack(_)
            | Self::Grafana(_) => true,
            Self::IncidentIo(_) => false,
        }
    }

    /// What was done, where the source takes a note and nothing more.
    ///
    /// # Errors
    /// What the source answered. A note that stands there already is fine.
    pub async fn note(&self, reference: &str, text: &str) -> Result<(), PageError> {
        match self {
            Self::Grafana(to) => to.note(reference, text).await,
            Self::PagerDuty(_)
            | Self::Opsgenie(_)
            | Self::Jsm(_)
            | Self::BetterStack(_)
            | Self::IncidentIo(_) => Err(PageError::Refused {
                reason: "what was done is told it with the resolution".to_owned(),
            }),
        }
    }

    /// Somebody has it.
    ///
    /// # Errors
    /// What the source answered. What is acknowledged already is fine.
    pub async fn acknowledge(&self, reference: &str, who: &str) -> Result<(), PageError> {
        match self {
            Self::PagerDuty(to) => to.acknowledge_at_source(reference, who).await,
            Self::Opsgenie(to) => to.acknowledge(reference, who).await,
            Self::Jsm(to) => to.acknowledge(reference, who).await,
            Self::BetterStack(to) => to.acknowledge(reference, who).await,
            Self::Grafana(to) => to.note(reference, who).await,
            Self::IncidentIo(_) => Err(PageError::Refused {
                reason: "incident.io has no call for it".to_owned(),
            }),
        }
    }
}
