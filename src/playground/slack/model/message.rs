//! One message and its wire form.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::app::App;

/// Why a message has a `subtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Subtype {
    ThreadBroadcast,
    /// A deleted parent that still has replies.
    Tombstone,
}

impl Subtype {
    fn wire(self) -> &'static str {
        match self {
            Self::ThreadBroadcast => "thread_broadcast",
            Self::Tombstone => "tombstone",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Message {
    pub ts: String,
    /// Author's user id.
    pub user: String,
    /// Set when the app wrote it.
    pub by_app: bool,
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub thread_ts: Option<String>,
    pub metadata: Option<Value>,
    /// Who edited it and when, once it shows "(edited)".
    pub edited: Option<(String, String)>,
    /// Emoji name to who reacted, in order.
    pub reactions: IndexMap<String, Vec<String>>,
    pub files: Vec<String>,
    pub subtype: Option<Subtype>,
    /// Set for an ephemeral message: the one person who sees it.
    pub only_for: Option<String>,
}

impl Message {
    pub(in super::super) fn is_reply(&self) -> bool {
        self.thread_ts.as_ref().is_some_and(|thread| *thread != self.ts)
    }

    pub(in super::super) fn is_reply_to(&self, parent: &str) -> bool {
        self.is_reply() && self.thread_ts.as_deref() == Some(parent)
    }

    /// The message object of history and payloads; thread figures are added by the channel's reader.
    pub(in super::super) fn wire(
        &self,
        team: &str,
        app: &App,
        metadata: MetadataShown,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("type".into(), json!("message"));
        if let Some(subtype) = self.subtype {
            out.insert("subtype".into(), json!(subtype.wire()));
        }
        out.insert("user".into(), json!(self.user));
        out.insert("ts".into(), json!(self.ts));
        out.insert("text".into(), json!(self.text));
        out.insert("team".into(), json!(team));
        if self.by_app {
            out.insert("bot_id".into(), json!(app.bot_id));
            out.insert("app_id".into(), json!(app.id));
            out.insert("bot_profile".into(), bot_profile(team, app));
        }
        if let Some(thread) = &self.thread_ts {
            out.insert("thread_ts".into(), json!(thread));
        }
        if !self.blocks.is_empty() {
            out.insert("blocks".into(), json!(self.blocks));
        }
        if !self.attachments.is_empty() {
            out.insert("attachments".into(), json!(self.attachments));
        }
        if let Some((user, ts)) = &self.edited {
            out.insert("edited".into(), json!({"user": user, "ts": ts}));
        }
        if let Some(stored) = &self.metadata {
            out.insert("metadata".into(), metadata.of(stored));
        }
        if !self.reactions.is_empty() {
            out.insert("reactions".into(), self.reactions_wire());
        }
        out
    }

    pub(in super::super) fn reactions_wire(&self) -> Value {
        let one = |(name, users): (&String, &Vec<String>)| json!({"name": name, "users": users, "count": users.len()});
        Value::Array(self.reactions.iter().map(one).collect())
    }
}

/// Whether a reader asked for the payload of metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum MetadataShown {
    TypeOnly,
    Whole,
}

impl MetadataShown {
    fn of(self, stored: &Value) -> Value {
        match self {
            Self::Whole => stored.clone(),
            Self::TypeOnly => json!({"event_type": stored["event_type"]}),
        }
    }
}

fn bot_profile(team: &str, app: &App) -> Value {
    json!({
        "id": app.bot_id, "deleted": false, "name": app.settings.name, "updated": 0, "app_id": app.id, "icons": {},
        "team_id": team,
    })
}
