//! `conversations.history` and `conversations.replies`.

use serde_json::{Value, json};

use super::super::model::channel::Channel;
use super::super::model::message::{Message, MetadataShown, Subtype};
use super::call::Call;
use super::reply::ApiError;

/// The bounds a reader gave; `ts` strings compare as text because they all have the same length.
struct Window {
    oldest: String,
    latest: Option<String>,
    inclusive: bool,
}

impl Window {
    fn of(call: &Call<'_>) -> Self {
        let bound = |key| call.args.text(key).map(pad);
        Self {
            oldest: bound("oldest").unwrap_or_default(),
            latest: bound("latest"),
            inclusive: call.args.flag("inclusive").unwrap_or(false),
        }
    }

    fn holds(&self, ts: &str) -> bool {
        let after = ts > self.oldest.as_str() || (self.inclusive && ts == self.oldest);
        let before = self
            .latest
            .as_deref()
            .is_none_or(|latest| ts < latest || (self.inclusive && ts == latest));
        after && before
    }
}

/// A bound may be given with fewer digits (`1700000000`).
fn pad(bound: &str) -> String {
    let (seconds, micros) = bound.split_once('.').unwrap_or((bound, ""));
    format!("{seconds:0>10}.{micros:0<6}")
}

fn readable(call: &Call<'_>) -> Result<String, ApiError> {
    let channel = call.visible_channel("channel")?;
    call.need(&channel.scope("history"))?;
    if !channel.members.contains(&call.ws.app.bot_user) {
        return Err(ApiError::new("not_in_channel"));
    }
    Ok(channel.id.clone())
}

fn shown(call: &Call<'_>) -> MetadataShown {
    match call.args.flag("include_all_metadata") {
        Some(true) => MetadataShown::Whole,
        Some(false) | None => MetadataShown::TypeOnly,
    }
}

fn wires(call: &Call<'_>, channel: &str, picked: &[String]) -> Vec<Value> {
    let shown = shown(call);
    picked
        .iter()
        .filter_map(|ts| call.ws.message_wire(channel, ts, shown))
        .collect()
}

pub(super) fn history(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = readable(call)?;
    let window = Window::of(call);
    let in_channel =
        |message: &&Message| !message.is_reply() || message.subtype == Some(Subtype::ThreadBroadcast);
    let messages = call
        .ws
        .channels
        .get(&id)
        .map(|channel| channel.messages.as_slice())
        .unwrap_or_default();
    let picked: Vec<String> = messages
        .iter()
        .rev()
        .filter(in_channel)
        .filter(|message| window.holds(&message.ts))
        .map(|message| message.ts.clone())
        .collect();
    let (messages, cursor) = call.page(wires(call, &id, &picked), 100, 999)?;
    Ok(json!({
        "messages": messages, "has_more": !cursor.is_empty(), "pin_count": 0, "is_limited": false,
        "response_metadata": {"next_cursor": cursor},
    }))
}

pub(super) fn replies(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = readable(call)?;
    let ts = call
        .args
        .text("ts")
        .ok_or_else(|| ApiError::argument("ts"))?
        .to_owned();
    let window = Window::of(call);
    let root = thread_root(call.ws.channels.get(&id), &ts)?;
    let Some(channel) = call.ws.channels.get(&id) else {
        return Err(ApiError::new("channel_not_found"));
    };
    let following = channel
        .replies(&root)
        .map(|reply| reply.ts.clone())
        .filter(|ts| window.holds(ts));
    let picked: Vec<String> = std::iter::once(root.clone()).chain(following).collect();
    let (messages, cursor) = call.page(wires(call, &id, &picked), 1000, 1000)?;
    Ok(json!({
        "messages": messages, "has_more": !cursor.is_empty(), "response_metadata": {"next_cursor": cursor},
    }))
}

/// A reply's own `ts` also leads to its thread.
fn thread_root(channel: Option<&Channel>, ts: &str) -> Result<String, ApiError> {
    let message = channel
        .and_then(|channel| channel.message(ts))
        .ok_or_else(|| ApiError::new("thread_not_found"))?;
    Ok(message.thread_ts.clone().unwrap_or_else(|| message.ts.clone()))
}
