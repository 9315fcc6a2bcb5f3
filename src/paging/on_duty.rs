//! Who is on call now, as people of the workspace: by a map from PagerDuty's users to Slack's, since a name or an address
//! may be anybody's.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pagerduty::PagerDuty;
use crate::ports::{OnDuty, Pending};

/// Asks PagerDuty.
pub struct OnDutyPeople {
    pub pager: Arc<PagerDuty>,
    /// PagerDuty's user id to Slack's.
    pub people: BTreeMap<String, String>,
}

impl OnDuty for OnDutyPeople {
    /// Those whom a page would reach first: the first level of each escalation policy.
    fn on_duty(&self) -> Pending<'_, Result<Vec<String>, String>> {
        Box::pin(async move {
            let entries = self.pager.on_calls().await.map_err(|error| error.to_string())?;
            let first = entries.iter().filter(|entry| entry.level == 1);
            Ok(first
                .filter_map(|entry| self.people.get(&entry.user_id).cloned())
                .collect())
        })
    }
}
