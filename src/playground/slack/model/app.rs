//! The one installed app: its tokens, what it was granted, and where it wants deliveries.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How the app receives what happens in the workspace. An app uses one way at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    SocketMode,
    Http(RequestUrls),
}

/// What the bot token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Valid,
    /// `token_revoked`: the app was uninstalled, or somebody revoked it.
    Revoked,
    /// `account_inactive`: the workspace or the account behind it is gone.
    AccountInactive,
}

/// The three request URLs of an app without Socket Mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestUrls {
    pub events: String,
    pub interactions: String,
    pub commands: String,
}

impl RequestUrls {
    /// All three at one address, as Bolt listens (`/slack/events`).
    #[must_use]
    pub fn single(url: &str) -> Self {
        Self {
            events: url.to_owned(),
            interactions: url.to_owned(),
            commands: url.to_owned(),
        }
    }
}

/// What an app's manifest says, as far as the workspace acts on it.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// Display name, also the bot user's handle in lower case.
    pub name: String,
    pub bot_scopes: BTreeSet<String>,
    pub app_scopes: BTreeSet<String>,
    /// Slash commands with their `/`.
    pub commands: BTreeSet<String>,
    /// Event types the app subscribed to, `message.im` and its like included.
    pub events: BTreeSet<String>,
    pub transport: Transport,
}

impl Default for AppSettings {
    /// The scopes, events and command an incident bot asks for.
    fn default() -> Self {
        let set = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        Self {
            name: "Interlock".to_owned(),
            bot_scopes: set(&[
                "commands",
                "chat:write",
                "app_mentions:read",
                "channels:history",
                "groups:history",
                "channels:read",
                "groups:read",
                "im:history",
                "im:read",
                "im:write",
                "users:read",
                "users:read.email",
                "usergroups:read",
                "files:write",
                "files:read",
                "reactions:write",
                "reactions:read",
                "team:read",
            ]),
            app_scopes: set(&["connections:write"]),
            commands: set(&["/runbook"]),
            events: set(&[
                "app_mention",
                "app_home_opened",
                "message.im",
                "app_uninstalled",
                "tokens_revoked",
                "subteam_members_changed",
                "user_change",
            ]),
            transport: Transport::SocketMode,
        }
    }
}

/// The installed app.
#[derive(Clone, Debug)]
pub(in super::super) struct App {
    pub id: String,
    pub bot_id: String,
    pub bot_user: String,
    pub bot_token: String,
    pub app_token: String,
    pub signing_secret: String,
    pub verification_token: String,
    pub settings: AppSettings,
    pub bot_token_state: TokenState,
    /// Socket Mode switched off in the app's settings.
    pub link_disabled: bool,
}
