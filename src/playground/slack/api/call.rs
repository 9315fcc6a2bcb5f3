//! What a method's code gets to work with.

use serde_json::Value;

use super::super::clock::Moment;
use super::super::decode::Args;
use super::super::model::channel::{Channel, ChannelKind};
use super::super::model::user::User;
use super::super::model::workspace::Workspace;
use super::reply::ApiError;

/// One call in progress.
pub(super) struct Call<'a> {
    pub ws: &'a mut Workspace,
    pub args: &'a Args,
    pub now: Moment,
    pub is_post: bool,
}

impl Call<'_> {
    /// A required string argument.
    pub(super) fn required(&self, key: &str) -> Result<String, ApiError> {
        self.args
            .text(key)
            .map(str::to_owned)
            .ok_or_else(|| ApiError::argument(key))
    }

    /// Refuses when the bot token lacks a scope.
    pub(super) fn need(&self, scope: &str) -> Result<(), ApiError> {
        if self.ws.app.settings.bot_scopes.contains(scope) {
            Ok(())
        } else {
            Err(ApiError::missing_scope(scope))
        }
    }

    /// The conversation a read names, if the app may know that it exists.
    pub(super) fn visible_channel(&self, key: &str) -> Result<&Channel, ApiError> {
        let id = self
            .args
            .text(key)
            .ok_or_else(|| ApiError::new("channel_not_found"))?;
        let channel = self
            .ws
            .channels
            .get(id)
            .ok_or_else(|| ApiError::new("channel_not_found"))?;
        let hidden = channel.kind != ChannelKind::Public && !channel.members.contains(&self.ws.app.bot_user);
        if hidden {
            Err(ApiError::new("channel_not_found"))
        } else {
            Ok(channel)
        }
    }

    /// The conversation a write names, with the app in it and not archived.
    pub(super) fn writable_channel(&self, id: &str) -> Result<(), ApiError> {
        let channel = self
            .ws
            .channels
            .get(id)
            .ok_or_else(|| ApiError::new("channel_not_found"))?;
        let inside = channel.members.contains(&self.ws.app.bot_user);
        let settings = &self.ws.app.settings;
        if channel.kind != ChannelKind::Public && !inside {
            return Err(ApiError::new("channel_not_found"));
        }
        if channel.archived {
            return Err(ApiError::new("is_archived"));
        }
        if channel.restricted {
            return Err(ApiError::new("restricted_action"));
        }
        if !inside && !settings.bot_scopes.contains("chat:write.public") {
            return Err(ApiError::new("not_in_channel"));
        }
        Ok(())
    }

    pub(super) fn user(&self, id: &str) -> Result<&User, ApiError> {
        self.ws
            .users
            .get(id)
            .ok_or_else(|| ApiError::new("user_not_found"))
    }

    /// Cuts a list into pages: the items and the next cursor (empty at the end).
    pub(super) fn page(
        &self,
        items: Vec<Value>,
        default: u64,
        most: u64,
    ) -> Result<(Vec<Value>, String), ApiError> {
        let limit = self
            .args
            .number("limit")
            .filter(|limit| *limit > 0)
            .unwrap_or(default)
            .min(most);
        let start = match self.args.text("cursor") {
            None => 0,
            Some(cursor) => decode_cursor(cursor).ok_or_else(|| ApiError::new("invalid_cursor"))?,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let end = start.saturating_add(limit).min(items.len());
        let next = if end < items.len() {
            encode_cursor(end)
        } else {
            String::new()
        };
        Ok((items.into_iter().skip(start).take(limit).collect(), next))
    }
}

fn encode_cursor(at: usize) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("next:{at}"))
}

fn decode_cursor(cursor: &str) -> Option<usize> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(cursor).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix("next:")?.parse().ok()
}
