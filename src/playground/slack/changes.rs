//! Changes to the workspace under the app's feet, and how it is now: both plain JSON, for whoever makes them from outside.
//! Each change has its opposite; nothing else undoes it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clock::Moment;
use super::deliver::Failure;
use super::double::SlackDouble;
use super::faults::Nonsense;
use super::model::app::{TokenState, Transport};
use super::model::channel::Channel;
use super::model::user::Standing;
use super::model::workspace::Workspace;
use super::people::world;

/// One change. People and channels are named by id or by name, with or without `@` and `#`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WorkspaceChange {
    /// An account is switched off, becomes a guest, or a member again; the app hears `user_change`.
    Standing { user: String, standing: Standing },
    /// New members of a user group; the app hears `subteam_members_changed`.
    Group { handle: String, members: Vec<String> },
    /// A channel is archived or brought back.
    Archived { channel: String, archived: bool },
    /// The app is removed from a channel or invited again. It hears `member_left_channel` or `member_joined_channel` if it
    /// subscribed.
    Bot { channel: String, inside: bool },
    /// Who may post in a channel: with `restricted` the app is answered `restricted_action`.
    Posting { channel: String, restricted: bool },
    /// A scope of the bot token is taken away or given back.
    Scope { scope: String, granted: bool },
    /// What the bot token is worth; when it is revoked the app hears `tokens_revoked`.
    Token(TokenState),
    /// How long after its posting a message may be edited: `edit_window_closed` after that. Without seconds for ever.
    EditWindow { seconds: Option<u64> },
    /// Somebody deletes a message.
    DeleteMessage { channel: String, ts: String },
    /// How deliveries reach the app from now on; HTTP once the events URL has answered its challenge.
    Transport(Transport),
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    #[error(transparent)]
    Nonsense(#[from] Nonsense),
    #[error(
        "`{url}` did not answer the challenge as it must ({failure:?}); deliveries go where they went before"
    )]
    Challenge { url: String, failure: Failure },
}

/// The workspace at this moment, as far as it can be changed from outside.
#[derive(Clone, Debug, Serialize)]
pub struct WorkspaceFacts {
    pub transport: Transport,
    /// Open Socket Mode connections.
    pub connections: usize,
    pub token: TokenState,
    pub scopes: BTreeSet<String>,
    pub edit_window_seconds: Option<u64>,
    pub people: Vec<PersonFacts>,
    pub groups: Vec<GroupFacts>,
    pub channels: Vec<ChannelFacts>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PersonFacts {
    pub id: String,
    pub name: String,
    pub standing: Standing,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupFacts {
    pub id: String,
    pub handle: String,
    pub members: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChannelFacts {
    pub id: String,
    pub name: String,
    pub archived: bool,
    /// Whether the app is in it.
    pub bot: bool,
    pub restricted: bool,
}

impl SlackDouble {
    /// Makes a change.
    ///
    /// # Errors
    /// When it names what is not there, with what there is; when an events URL does not answer its challenge.
    pub async fn change(&self, change: WorkspaceChange) -> Result<(), ChangeRefused> {
        let now = self.now();
        match change {
            WorkspaceChange::Transport(Transport::Http(urls)) => {
                let url = urls.events.clone();
                self.use_http(urls)
                    .await
                    .map_err(|failure| ChangeRefused::Challenge { url, failure })
            }
            WorkspaceChange::Transport(Transport::SocketMode) => {
                self.core
                    .with(|ws| ws.app.settings.transport = Transport::SocketMode);
                Ok(())
            }
            other => Ok(self.core.with(|ws| made(ws, other, now))?),
        }
    }

    /// How the workspace is now.
    #[must_use]
    pub fn facts(&self) -> WorkspaceFacts {
        let connections = self.connections();
        self.core.with(|ws| facts(ws, connections))
    }
}

fn made(ws: &mut Workspace, change: WorkspaceChange, now: Moment) -> Result<(), Nonsense> {
    match change {
        WorkspaceChange::Standing { user, standing } => {
            let user = user_id(ws, &user)?;
            world::set_standing(ws, &user, standing, now);
        }
        WorkspaceChange::Group { handle, members } => {
            let handle = group_handle(ws, &handle)?;
            let members: Result<Vec<String>, Nonsense> =
                members.iter().map(|named| user_id(ws, named)).collect();
            let members = members?;
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            world::set_group(ws, &handle, &members, now);
        }
        WorkspaceChange::Archived { channel, archived } => {
            channel_named(ws, &channel)?.archived = archived;
        }
        WorkspaceChange::Bot { channel, inside } => {
            let id = channel_id(ws, &channel)?;
            world::set_bot_inside(ws, &id, inside, now);
        }
        WorkspaceChange::Posting { channel, restricted } => {
            channel_named(ws, &channel)?.restricted = restricted;
        }
        WorkspaceChange::Scope { scope, granted: true } => {
            ws.app.settings.bot_scopes.insert(scope);
        }
        WorkspaceChange::Scope {
            scope,
            granted: false,
        } => {
            if !ws.app.settings.bot_scopes.remove(&scope) {
                let have = ws.app.settings.bot_scopes.iter().cloned();
                return Err(absent("scope", &scope, have));
            }
        }
        WorkspaceChange::Token(state) => set_token(ws, state, now),
        WorkspaceChange::EditWindow { seconds } => ws.edit_window = seconds.map(Duration::from_secs),
        WorkspaceChange::DeleteMessage { channel, ts } => {
            let id = channel_id(ws, &channel)?;
            if ws.message(&id, &ts).is_none() {
                return Err(Nonsense(format!("there is no message `{ts}` in `{channel}`")));
            }
            ws.delete_message(&id, &ts);
        }
        // The caller makes it: it waits for an answer.
        WorkspaceChange::Transport(_) => {}
    }
    ws.dirty = true;
    Ok(())
}

fn set_token(ws: &mut Workspace, state: TokenState, now: Moment) {
    ws.app.bot_token_state = state;
    if state == TokenState::Revoked {
        let bot = ws.app.bot_user.clone();
        let event = json!({
            "type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}, "event_ts": now.ts(),
        });
        ws.emit("tokens_revoked", event);
    }
}

fn facts(ws: &Workspace, connections: usize) -> WorkspaceFacts {
    let bot = &ws.app.bot_user;
    WorkspaceFacts {
        transport: ws.app.settings.transport.clone(),
        connections,
        token: ws.app.bot_token_state,
        scopes: ws.app.settings.bot_scopes.clone(),
        edit_window_seconds: ws.edit_window.map(|window| window.as_secs()),
        people: ws
            .users
            .values()
            .map(|user| PersonFacts {
                id: user.id.clone(),
                name: user.name.clone(),
                standing: user.standing.clone(),
            })
            .collect(),
        groups: ws
            .groups
            .values()
            .map(|group| GroupFacts {
                id: group.id.clone(),
                handle: group.handle.clone(),
                members: group.members.clone(),
            })
            .collect(),
        channels: ws
            .channels
            .values()
            .filter(|channel| !channel.is_direct())
            .map(|channel| ChannelFacts {
                id: channel.id.clone(),
                name: channel.name.clone(),
                archived: channel.archived,
                bot: channel.members.contains(bot),
                restricted: channel.restricted,
            })
            .collect(),
    }
}

fn absent(what: &str, named: &str, there: impl Iterator<Item = String>) -> Nonsense {
    let there: Vec<String> = there.collect();
    Nonsense(format!(
        "there is no {what} `{named}` in the workspace; there are: {}",
        there.join(", ")
    ))
}

fn user_id(ws: &Workspace, named: &str) -> Result<String, Nonsense> {
    let name = named.trim_start_matches('@');
    let found = ws
        .users
        .values()
        .find(|user| user.id == name || user.name == name);
    let names = || ws.users.values().map(|user| user.name.clone());
    found
        .map(|user| user.id.clone())
        .ok_or_else(|| absent("person", named, names()))
}

fn group_handle(ws: &Workspace, named: &str) -> Result<String, Nonsense> {
    let handle = named.trim_start_matches('@');
    let found = ws
        .groups
        .values()
        .find(|group| group.id == handle || group.handle == handle);
    let names = || ws.groups.values().map(|group| group.handle.clone());
    found
        .map(|group| group.handle.clone())
        .ok_or_else(|| absent("user group", named, names()))
}

fn channel_id(ws: &Workspace, named: &str) -> Result<String, Nonsense> {
    let name = named.trim_start_matches('#');
    let found = ws
        .channels
        .values()
        .find(|channel| channel.id == name || (!channel.is_direct() && channel.name == name));
    let names = || {
        ws.channels
            .values()
            .filter(|channel| !channel.is_direct())
            .map(|channel| channel.name.clone())
    };
    found
        .map(|channel| channel.id.clone())
        .ok_or_else(|| absent("channel", named, names()))
}

fn channel_named<'a>(ws: &'a mut Workspace, named: &str) -> Result<&'a mut Channel, Nonsense> {
    let id = channel_id(ws, named)?;
    ws.channels
        .get_mut(&id)
        .ok_or_else(|| absent("channel", named, std::iter::empty()))
}
