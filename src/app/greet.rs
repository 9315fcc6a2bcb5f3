//! What is asked of others once, right after the start, and told in the log: which workspace the tokens belong to, and whether
//! Slack and the clusters take them.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::rules;
use crate::actions::kubernetes::clusters::Clusters;
use crate::config::Settings;
use crate::engine::Knowledge;
use crate::slack::{self, InstalledError, People};

/// Between tries.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Between tries when a person has to do something first.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Until Slack has said which workspace the token belongs to, nobody is a member of it and every decision is refused.
pub(super) async fn learn_team(people: Arc<People>, settings: Settings, knowledge: Arc<ArcSwap<Knowledge>>) {
    loop {
        match people.identify().await {
            Ok(team) => {
                let rules = Arc::new(rules::rules(&settings, &team));
                knowledge.rcu(|now| Knowledge {
                    rules: rules.clone(),
                    catalog: now.catalog.clone(),
                });
                tracing::info!(team, "connected to Slack");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "Slack did not say who we are; nobody can decide anything until it does");
                let wait = match error.trouble() {
                    slack::Trouble::Setup => LOOK_AGAIN,
                    slack::Trouble::Content | slack::Trouble::Gone | slack::Trouble::Other => ASK_AGAIN,
                };
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Says when Slack refuses the app-level token: cards are posted then, and no click ever arrives.
pub(super) async fn tell_of_app_token(settings: Arc<slack::Settings>) {
    while let Err(error) = slack::socket_opens(&settings).await {
        if let InstalledError::Refused { .. } = &error {
            tracing::error!(%error, "no click and no command can arrive; start again when that is mended");
            return;
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Says which clusters can't be used as they are configured: better now than when the first alert needs one.
pub(super) async fn tell_of_clusters(clusters: Clusters) {
    for error in clusters.unusable().await {
        tracing::error!(%error, "steps on this cluster are refused until that is mended; `interlock doctor` says more");
    }
}
