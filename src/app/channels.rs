//! The channels that the configuration names, as far as Slack lets us post there: said at the start and by `status`,
//! `/readyz` and `doctor`, and not only when the first alert is to be posted. A token that Slack refuses is said there too.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;

use crate::config::Settings;
use crate::domain::ids::Channel;
use crate::slack::{self, Api, ApiError};

/// Between tries while Slack does not answer.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Between looks while something is wrong.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What is wrong with the channels or with our token now, a sentence each.
pub type Unusable = Arc<RwLock<Vec<String>>>;

/// What is wrong with the channels that the configuration names, and what to do.
///
/// # Errors
/// Slack could not be asked; then nothing is known.
pub async fn unusable(settings: &Settings, api: &Api) -> Result<Vec<String>, ApiError> {
    let routed = settings.routes.iter().map(|row| &row.channel);
    let named: BTreeSet<Channel> = settings.slack.channel.iter().chain(routed).cloned().collect();
    let closed = slack::closed_channels(api, &named).await?;
    let told = closed.into_iter().map(|(channel, why)| {
        let key = match settings.slack.channel.as_ref() == Some(&channel) {
            true => "slack.channel",
            false => "a [[routes]] row",
        };
        format!(
            "no card can be posted in `{channel}`, which {key} names: {}",
            why.words()
        )
    });
    Ok(told.collect())
}

/// Tells the log and `status`, until nothing is wrong any more. Slack away is no reason not to start.
pub(super) async fn follow(api: Api, settings: Settings, shown: Unusable) {
    loop {
        let wait = match unusable(&settings, &api).await {
            Ok(found) => {
                let known = show(&found, &shown);
                if found.is_empty() {
                    if !known.is_empty() {
                        tracing::info!("cards can be posted in every channel that the configuration names");
                    }
                    return;
                }
                LOOK_AGAIN
            }
            Err(error) if error.trouble() == slack::Trouble::Setup => {
                show(&[error.to_string()], &shown);
                LOOK_AGAIN
            }
            Err(error) => {
                tracing::debug!(%error, "Slack did not say whether it has the channels of the configuration");
                ASK_AGAIN
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Logs what was not known before. Gives what was known.
fn show(found: &[String], shown: &Unusable) -> Vec<String> {
    let known = std::mem::replace(&mut *shown.write(), found.to_vec());
    for problem in found.iter().filter(|problem| !known.contains(problem)) {
        tracing::error!("{problem}");
    }
    known
}
