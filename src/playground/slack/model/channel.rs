//! A conversation and the order of its messages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::clock::Moment;
use super::message::Message;

/// What kind of conversation it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum ChannelKind {
    Public,
    Private,
    /// The app's direct messages with one person.
    Direct {
        user: String,
    },
}

#[derive(Clone, Debug)]
pub(in super::super) struct Channel {
    pub id: String,
    pub name: String,
    pub kind: ChannelKind,
    pub members: BTreeSet<String>,
    pub archived: bool,
    /// Only some people may post, and the app is not among them.
    pub restricted: bool,
    /// Shared with another workspace (`is_ext_shared`).
    pub shared: bool,
    pub created: u64,
    pub topic: String,
    /// Every message, replies included, in order of `ts`.
    pub messages: Vec<Message>,
    last: u64,
}

impl Channel {
    pub(in super::super) fn new(id: &str, name: &str, kind: ChannelKind, created: u64) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            kind,
            members: BTreeSet::new(),
            archived: false,
            restricted: false,
            shared: false,
            created,
            topic: String::new(),
            messages: Vec::new(),
            last: 0,
        }
    }

    /// The next `ts`: now, or just after the last one given out here, so that it is unique in this channel.
    pub(in super::super) fn next_ts(&mut self, now: Moment) -> String {
        self.last = now.micros().max(self.last + 1);
        Moment::from_micros(self.last).ts()
    }

    fn position(&self, ts: &str) -> Option<usize> {
        self.messages
            .binary_search_by(|message| message.ts.as_str().cmp(ts))
            .ok()
    }

    pub(in super::super) fn message(&self, ts: &str) -> Option<&Message> {
        self.position(ts).map(|at| &self.messages[at])
    }

    pub(in super::super) fn message_mut(&mut self, ts: &str) -> Option<&mut Message> {
        self.position(ts).map(|at| &mut self.messages[at])
    }

    pub(in super::super) fn remove(&mut self, ts: &str) {
        if let Some(at) = self.position(ts) {
            self.messages.remove(at);
        }
    }

    /// Puts a message in; its `ts` came from [`Self::next_ts`], so it is the newest.
    pub(in super::super) fn add(&mut self, message: Message) {
        self.messages.push(message);
    }

    pub(in super::super) fn replies<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages
            .iter()
            .filter(move |message| message.is_reply_to(parent))
    }

    pub(in super::super) fn is_direct(&self) -> bool {
        matches!(self.kind, ChannelKind::Direct { .. })
    }

    /// `channel_type` as message events carry it, and the word in `message.*` subscriptions.
    pub(in super::super) fn event_type(&self) -> (&'static str, &'static str) {
        match self.kind {
            ChannelKind::Public => ("channel", "message.channels"),
            ChannelKind::Private => ("group", "message.groups"),
            ChannelKind::Direct { .. } => ("im", "message.im"),
        }
    }

    /// The scope that lets a token read this conversation's facts or its history.
    pub(in super::super) fn scope(&self, verb: &str) -> String {
        let noun = match self.kind {
            ChannelKind::Public => "channels",
            ChannelKind::Private => "groups",
            ChannelKind::Direct { .. } => "im",
        };
        format!("{noun}:{verb}")
    }

    pub(in super::super) fn wire(&self, team: &str, bot_user: &str, with_count: bool) -> Value {
        if let ChannelKind::Direct { user } = &self.kind {
            return json!({
                "id": self.id, "created": self.created, "is_archived": false, "is_im": true, "is_org_shared": false,
                "context_team_id": team, "updated": self.created * 1000, "user": user, "is_user_deleted": false,
                "is_open": true, "priority": 0,
            });
        }
        let private = self.kind == ChannelKind::Private;
        let mut channel = json!({
            "id": self.id, "name": self.name, "name_normalized": self.name, "is_channel": !private,
            "is_group": private, "is_im": false, "is_mpim": false, "is_private": private, "created": self.created,
            "is_archived": self.archived, "is_general": self.name == "general", "unlinked": 0,
            "is_shared": self.shared, "is_org_shared": false, "is_ext_shared": self.shared,
            "is_pending_ext_shared": false, "pending_shared": [], "context_team_id": team,
            "updated": self.created * 1000, "creator": "U0BEN00001", "shared_team_ids": [team],
            "is_member": self.members.contains(bot_user), "previous_names": [],
            "topic": {"value": self.topic, "creator": "U0BEN00001", "last_set": self.created},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        });
        if with_count {
            channel["num_members"] = json!(self.members.len());
        }
        channel
    }
}
