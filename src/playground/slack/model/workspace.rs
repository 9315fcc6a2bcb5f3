//! The whole workspace: everything that the one lock guards.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::super::clock::Moment;
use super::super::deliver::Delivery;
use super::super::eyes::Notice;
use super::super::faults::FaultPlan;
use super::super::ids;
use super::super::journal::ApiCall;
use super::super::options::Checks;
use super::super::ratelimit::{Levels, RateLimits};
use super::super::violations::{Violation, ViolationKind};
use super::app::App;
use super::channel::{Channel, ChannelKind};
use super::file::StoredFile;
use super::message::{Message, MetadataShown, Subtype};
use super::tickets::{ResponseUrl, SocketTicket, Trigger};
use super::user::{User, UserGroup};
use super::views::Views;

/// Most entries that each log keeps; older ones go first.
const LOG: usize = 50_000;
/// Most error marks kept.
const NOTICES: usize = 1_000;
/// From how many on old trigger ids and addresses are forgotten, and how long dead ones are told from unknown ones.
const RIGHTS: usize = 10_000;
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);

#[derive(Clone, Debug)]
pub(in super::super) struct Team {
    pub id: String,
    pub domain: String,
    pub name: String,
}

#[derive(Debug)]
pub(in super::super) struct Workspace {
    pub team: Team,
    pub app: App,
    pub base: String,
    pub users: IndexMap<String, User>,
    pub groups: IndexMap<String, UserGroup>,
    pub channels: IndexMap<String, Channel>,
    /// Ephemeral messages by channel; they live beside the history, not in it.
    pub ephemerals: Vec<(String, Message)>,
    pub files: IndexMap<String, StoredFile>,
    pub views: Views,
    /// What people chose in message inputs: (user, channel, ts) to `state.values`.
    pub message_state: HashMap<(String, String, String), Map<String, Value>>,
    pub triggers: HashMap<String, Trigger>,
    pub response_urls: HashMap<String, ResponseUrl>,
    pub tickets: HashMap<String, SocketTicket>,
    pub notices: Vec<Notice>,
    pub limits: RateLimits,
    pub levels: Levels,
    pub checks: Checks,
    pub faults: FaultPlan,
    pub calls: VecDeque<ApiCall>,
    pub deliveries: VecDeque<Delivery>,
    pub delivery_count: u64,
    pub violations: Vec<Violation>,
    pub updates: VecDeque<Moment>,
    pub posts: HashMap<String, VecDeque<Moment>>,
    pub delivery_ids: HashMap<String, String>,
    /// Events that the last change caused, to be delivered once the lock is free.
    pub pending_events: Vec<Value>,
    /// Set by whatever changes what somebody sees.
    pub dirty: bool,
    /// How long after its posting a message may be edited; `None` for ever.
    pub edit_window: Option<Duration>,
    pub file_delay: Duration,
}

impl Workspace {
    pub(in super::super) fn violate(&mut self, kind: ViolationKind, detail: impl Into<String>, at: Moment) {
        let detail = detail.into();
        tracing::debug!(?kind, detail, "the app broke a rule of the platform");
        if self.violations.len() < LOG {
            self.violations.push(Violation { kind, detail, at });
        }
    }

    pub(in super::super) fn record_call(&mut self, call: ApiCall) {
        if self.calls.len() >= LOG {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// Numbers a delivery and keeps it.
    pub(in super::super) fn record_delivery(&mut self, delivery: &mut Delivery) {
        self.delivery_count += 1;
        delivery.id = self.delivery_count;
        if self.deliveries.len() >= LOG {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(delivery.clone());
        self.dirty = true;
    }

    /// Notes the error that a person saw, on the delivery and on their screen.
    pub(in super::super) fn show_error(&mut self, delivery: &mut Delivery, notice: Notice) {
        delivery.seen_error = Some(notice.text.clone());
        if let Some(known) = self
            .deliveries
            .iter_mut()
            .rev()
            .find(|known| known.id == delivery.id)
        {
            known.seen_error.clone_from(&delivery.seen_error);
        }
        if self.notices.len() >= NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(notice);
        self.dirty = true;
    }

    /// Forgets rights that died long ago, so that a workspace can run for weeks.
    pub(in super::super) fn tidy(&mut self, now: Moment) {
        let fresh = |at: Moment| now.since(at) < KEPT;
        if self.triggers.len() > RIGHTS {
            self.triggers.retain(|_, trigger| fresh(trigger.sent));
        }
        if self.response_urls.len() > RIGHTS {
            self.response_urls.retain(|_, address| fresh(address.issued));
        }
        if self.tickets.len() > RIGHTS {
            self.tickets.retain(|_, ticket| fresh(ticket.issued));
        }
    }

    pub(in super::super) fn subscribed(&self, event: &str) -> bool {
        self.app.settings.events.contains(event)
    }

    /// Queues an event when the app subscribed to `subscription`.
    pub(in super::super) fn emit(&mut self, subscription: &str, event: Value) {
        if self.subscribed(subscription) {
            self.pending_events.push(event);
        }
    }

    /// The app's direct-message channel with `user`, made on first use.
    pub(in super::super) fn direct_channel(&mut self, user: &str, now: Moment) -> String {
        let theirs =
            |channel: &&Channel| matches!(&channel.kind, ChannelKind::Direct { user: with } if with == user);
        if let Some(found) = self.channels.values().find(theirs) {
            return found.id.clone();
        }
        let id = ids::object('D');
        let mut channel = Channel::new(
            &id,
            "",
            ChannelKind::Direct {
                user: user.to_owned(),
            },
            now.seconds(),
        );
        channel
            .members
            .extend([user.to_owned(), self.app.bot_user.clone()]);
        self.channels.insert(id.clone(), channel);
        id
    }

    pub(in super::super) fn is_member(&self, channel: &str, user: &str) -> bool {
        self.channels
            .get(channel)
            .is_some_and(|channel| channel.members.contains(user))
    }

    /// Puts a message into a channel and queues the events that follow. Returns its `ts`.
    pub(in super::super) fn post(
        &mut self,
        channel_id: &str,
        mut message: Message,
        now: Moment,
    ) -> Option<String> {
        let channel = self.channels.get_mut(channel_id)?;
        let ts = channel.next_ts(now);
        message.ts.clone_from(&ts);
        if let Some(parent) = message
            .thread_ts
            .as_deref()
            .and_then(|thread| channel.message_mut(thread))
        {
            parent.thread_ts = Some(parent.ts.clone());
        }
        channel.add(message);
        self.dirty = true;
        self.emit_message(channel_id, &ts);
        Some(ts)
    }

    fn emit_message(&mut self, channel_id: &str, ts: &str) {
        let Some(channel) = self.channels.get(channel_id) else {
            return;
        };
        let (channel_type, subscription) = channel.event_type();
        if !channel.members.contains(&self.app.bot_user) || !self.subscribed(subscription) {
            return;
        }
        let Some(mut event) = self.message_wire(channel_id, ts, MetadataShown::Whole) else {
            return;
        };
        event["channel"] = json!(channel_id);
        event["channel_type"] = json!(channel_type);
        event["event_ts"] = json!(ts);
        self.pending_events.push(event);
    }

    pub(in super::super) fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.channels.get(channel).and_then(|channel| channel.message(ts))
    }

    pub(in super::super) fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.channels
            .get_mut(channel)
            .and_then(|channel| channel.message_mut(ts))
    }

    pub(in super::super) fn ephemeral(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.ephemerals
            .iter()
            .find(|(place, message)| place == channel && message.ts == ts)
            .map(|(_, message)| message)
    }

    pub(in super::super) fn ephemeral_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        let wanted = |entry: &&mut (String, Message)| entry.0 == channel && entry.1.ts == ts;
        self.ephemerals
            .iter_mut()
            .find(wanted)
            .map(|(_, message)| message)
    }

    /// A message's wire form with its thread's figures and its files.
    pub(in super::super) fn message_wire(
        &self,
        channel_id: &str,
        ts: &str,
        shown: MetadataShown,
    ) -> Option<Value> {
        let channel = self.channels.get(channel_id)?;
        let message = channel.message(ts)?;
        let mut wire = message.wire(&self.team.id, &self.app, shown);
        if !message.files.is_empty() {
            let files = message
                .files
                .iter()
                .filter_map(|id| self.files.get(id))
                .map(|file| file.wire(&self.base));
            wire.insert("files".into(), files.collect());
            wire.insert("upload".into(), json!(false));
        }
        if message.thread_ts.as_deref() == Some(ts) {
            self.add_thread(channel, ts, &mut wire);
        }
        Some(Value::Object(wire))
    }

    fn add_thread(&self, channel: &Channel, ts: &str, wire: &mut Map<String, Value>) {
        let mut users: Vec<&str> = Vec::new();
        let mut count = 0_usize;
        let mut latest = ts;
        for reply in channel.replies(ts) {
            count += 1;
            latest = &reply.ts;
            if !users.contains(&reply.user.as_str()) {
                users.push(&reply.user);
            }
        }
        wire.insert("reply_count".into(), json!(count));
        wire.insert("reply_users_count".into(), json!(users.len()));
        wire.insert("reply_users".into(), json!(users));
        wire.insert("latest_reply".into(), json!(latest));
        wire.insert("is_locked".into(), json!(false));
        wire.insert("subscribed".into(), json!(false));
    }

    /// Removes a message; a parent with replies leaves a tombstone.
    pub(in super::super) fn delete_message(&mut self, channel_id: &str, ts: &str) {
        let Some(channel) = self.channels.get_mut(channel_id) else {
            return;
        };
        let has_replies = channel.replies(ts).next().is_some();
        if !has_replies {
            channel.remove(ts);
        } else if let Some(message) = channel.message_mut(ts) {
            *message = Message {
                ts: ts.to_owned(),
                user: "USLACKBOT".to_owned(),
                text: "This message was deleted.".to_owned(),
                thread_ts: Some(ts.to_owned()),
                subtype: Some(Subtype::Tombstone),
                ..Message::default()
            };
        }
        self.dirty = true;
    }

    pub(in super::super) fn permalink(&self, channel: &str, message: &Message) -> String {
        let digits = message.ts.replace('.', "");
        let base = format!(
            "https://{}.slack.com/archives/{channel}/p{digits}",
            self.team.domain
        );
        match &message.thread_ts {
            Some(thread) if *thread != message.ts => format!("{base}?thread_ts={thread}&cid={channel}"),
            Some(_) | None => base,
        }
    }
}
