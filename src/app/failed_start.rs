//! Paging when a start fails because of the database: nobody takes alerts then, and nothing that runs could say so. Other
//! mistakes of a configuration are seen by whoever rolls it out.

use std::time::Duration;

use tokio::time::sleep;

use super::StartError;
use crate::config::Settings;
use crate::domain::alert::Severity;
use crate::paging::retry::{self, Next};
use crate::paging::{About, Page, PagerDuty};
use crate::ports::Clock;
use crate::store::StoreError;

/// Whoever looks after the process starts it anew, and then it is tried again under the same key.
const TRIES: u32 = 4;

/// Calls a human where the database keeps it from starting, if a pager is configured. Takes no longer than some calls to the
/// pager.
pub async fn page_for_failed_start(settings: &Settings, clock: &dyn Clock, why: &StartError) {
    let StartError::Store(error) = why else {
        return;
    };
    // The other one takes the alerts.
    if matches!(error, StoreError::InUse(_)) {
        return;
    }
    let pager = match PagerDuty::new(&settings.pagerduty) {
        Ok(pager) if pager.can_page() => pager,
        Ok(_) => return,
        Err(error) => {
            tracing::error!(%error, "nobody can be paged about the start that failed; look at pagerduty.* in the configuration");
            return;
        }
    };
    let page = page(error, clock);
    for tries in 1..=TRIES {
        let Err(error) = pager.trigger(&page).await else {
            return;
        };
        match retry::next_page(&error, tries) {
            Next::Again(pause) if tries < TRIES => {
                tracing::warn!(%error, tries, "nobody could be paged about the start that failed; trying again");
                sleep(pause.min(Duration::from_secs(5))).await;
            }
            Next::Again(_) | Next::GiveUp => {
                tracing::error!(%error, "nobody was paged about the start that failed");
                return;
            }
        }
    }
}

fn page(error: &StoreError, clock: &dyn Clock) -> Page {
    Page {
        about: About::Start,
        before: 0,
        summary: format!("Interlock can't start, so nobody takes alerts: {error}"),
        source: "interlock".to_owned(),
        severity: Severity::Critical,
        component: None,
        group: None,
        class: Some("InterlockCannotStart".to_owned()),
        at: clock.now(),
        details: serde_json::json!({ "what to do": "look at your alerts yourself until it runs again: senders try theirs again for a while; then close this page, nobody else does" }),
        links: Vec::new(),
        thread_url: None,
    }
}
