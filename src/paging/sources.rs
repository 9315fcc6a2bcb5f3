//! The sources that take our word: that somebody has an alert, and that it is over. Which of them does what is here; each
//! call may be made again, since every one of them is asked for a state and not for a deed.

use std::sync::Arc;

use super::better_stack::BetterStack;
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
        }
    }
}
