//! Whether we are a member of the channel that a command was typed in: elsewhere nothing of ours can be posted.

use std::time::Duration;

use serde::Deserialize;

use crate::slack::api::{Api, ApiError};

/// Of the three seconds of a command, what this may take.
const TIMEOUT: Duration = Duration::from_millis(800);

#[derive(Deserialize)]
struct Info {
    channel: Known,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Known {
    is_member: bool,
    is_im: bool,
}

/// False only when Slack says so; without an answer the post itself will tell.
pub(super) async fn may_post(api: &Api, channel: &str) -> bool {
    let params = [("channel", channel.to_owned())];
    match api.get::<Info>("conversations.info", &params, TIMEOUT).await {
        Ok(info) => info.channel.is_member || info.channel.is_im,
        Err(ApiError::Refused { code, .. }) => code != "channel_not_found",
        Err(ApiError::RateLimited { .. } | ApiError::Unclear { .. }) => true,
    }
}
