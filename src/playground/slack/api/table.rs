//! Every method of the double: its scopes, its rate class, its code.

use serde_json::Value;

use super::super::ratelimit::Tier;
use super::call::Call;
use super::reply::ApiError;
use super::{
    apps, auth, chat, chat_update, conversations, files, history, reactions, usergroups, users, views,
};

/// Which token a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Bot,
    App,
}

pub(super) struct Method {
    pub name: &'static str,
    pub token: TokenKind,
    /// One of these scopes is enough; none means the method needs none.
    pub scopes: &'static [&'static str],
    pub tier: Tier,
    pub run: fn(&mut Call<'_>) -> Result<Value, ApiError>,
}

const fn bot(
    name: &'static str,
    scopes: &'static [&'static str],
    tier: Tier,
    run: fn(&mut Call<'_>) -> Result<Value, ApiError>,
) -> Method {
    Method {
        name,
        token: TokenKind::Bot,
        scopes,
        tier,
        run,
    }
}

const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history"];
const CHANNELS: &[&str] = &["channels:read", "groups:read", "im:read"];

static METHODS: &[Method] = &[
    Method {
        name: "apps.connections.open",
        token: TokenKind::App,
        scopes: &["connections:write"],
        tier: Tier::Three,
        run: apps::connections_open,
    },
    bot("api.test", &[], Tier::Four, auth::api_test),
    bot("auth.test", &[], Tier::Special, auth::test),
    bot("team.info", &["team:read"], Tier::Three, auth::team_info),
    bot("bots.info", &["users:read"], Tier::Three, auth::bots_info),
    bot(
        "chat.postMessage",
        &["chat:write"],
        Tier::Posting,
        chat::post_message,
    ),
    bot(
        "chat.postEphemeral",
        &["chat:write"],
        Tier::Four,
        chat::post_ephemeral,
    ),
    bot("chat.update", &["chat:write"], Tier::Three, chat_update::update),
    bot("chat.delete", &["chat:write"], Tier::Three, chat_update::delete),
    bot("chat.getPermalink", &[], Tier::Special, chat::permalink),
    bot(
        "conversations.open",
        &["im:write"],
        Tier::Three,
        conversations::open,
    ),
    bot("conversations.info", CHANNELS, Tier::Three, conversations::info),
    bot("conversations.list", CHANNELS, Tier::Two, conversations::list),
    bot(
        "conversations.members",
        CHANNELS,
        Tier::Four,
        conversations::members,
    ),
    bot(
        "conversations.join",
        &["channels:join"],
        Tier::Three,
        conversations::join,
    ),
    bot("conversations.history", HISTORY, Tier::Three, history::history),
    bot("conversations.replies", HISTORY, Tier::Three, history::replies),
    bot("views.open", &[], Tier::Four, views::open),
    bot("views.push", &[], Tier::Four, views::push),
    bot("views.update", &[], Tier::Four, views::update),
    bot("views.publish", &[], Tier::Four, views::publish),
    bot("users.info", &["users:read"], Tier::Four, users::info),
    bot("users.list", &["users:read"], Tier::Two, users::list),
    bot(
        "users.lookupByEmail",
        &["users:read.email"],
        Tier::Three,
        users::lookup_by_email,
    ),
    bot(
        "usergroups.list",
        &["usergroups:read"],
        Tier::Two,
        usergroups::list,
    ),
    bot(
        "usergroups.users.list",
        &["usergroups:read"],
        Tier::Two,
        usergroups::users_list,
    ),
    bot("reactions.add", &["reactions:write"], Tier::Three, reactions::add),
    bot(
        "reactions.remove",
        &["reactions:write"],
        Tier::Two,
        reactions::remove,
    ),
    bot("reactions.get", &["reactions:read"], Tier::Three, reactions::get),
    bot(
        "files.getUploadURLExternal",
        &["files:write"],
        Tier::Four,
        files::upload_url,
    ),
    bot(
        "files.completeUploadExternal",
        &["files:write"],
        Tier::Four,
        files::complete,
    ),
    bot("files.info", &["files:read"], Tier::Four, files::info),
    bot("files.delete", &["files:write"], Tier::Three, files::delete),
];

pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// The names of all methods.
pub(in super::super) fn methods() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|method| method.name)
}

/// The scopes of a method, one of which is enough; `None` when there is no such method.
#[must_use]
pub fn scopes_of(name: &str) -> Option<&'static [&'static str]> {
    find(name).map(|method| method.scopes)
}
