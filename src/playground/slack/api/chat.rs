//! `chat.postMessage`, `chat.postEphemeral`, `chat.getPermalink`.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::model::message::{Message, MetadataShown, Subtype};
use super::super::model::user::Standing;
use super::super::violations::ViolationKind;
use super::call::Call;
use super::content::{Content, admit};
use super::reply::ApiError;

/// The channel a post names: an id, or a person's id for the app's direct messages.
pub(super) fn target(call: &mut Call<'_>) -> Result<String, ApiError> {
    let named = call
        .args
        .text("channel")
        .ok_or_else(|| ApiError::new("channel_not_found"))?
        .to_owned();
    if call.ws.channels.contains_key(&named) {
        return Ok(named);
    }
    match call.ws.users.get(&named).map(|user| &user.standing) {
        Some(
            Standing::Member | Standing::Guest | Standing::SingleChannelGuest | Standing::Foreign { .. },
        ) => Ok(call.ws.direct_channel(&named, call.now)),
        Some(Standing::Deactivated | Standing::Bot) | None => Err(ApiError::new("channel_not_found")),
    }
}

fn thread(call: &Call<'_>, channel: &str) -> Result<Option<String>, ApiError> {
    let Some(thread) = call.args.json("thread_ts") else {
        return Ok(None);
    };
    // A `ts` sent as a number has lost its last digits.
    let Some(ts) = thread.as_str() else {
        return Err(ApiError::new("invalid_thread_ts"));
    };
    if ts.is_empty() {
        return Ok(None);
    }
    match call.ws.message(channel, ts) {
        Some(parent) if !parent.is_reply() => Ok(Some(ts.to_owned())),
        Some(_) => Err(ApiError::new("cannot_reply_to_message")),
        None => Err(ApiError::new("thread_not_found")),
    }
}

fn nothing_to_show(content: &Content) -> bool {
    let empty = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
    content.text.is_none() && empty(&content.blocks) && empty(&content.attachments)
}

pub(super) fn post_message(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel = target(call)?;
    call.writable_channel(&channel)?;
    let thread_ts = thread(call, &channel)?;
    let content = admit(call.ws, call.args, "chat.postMessage", call.now)?;
    if nothing_to_show(&content) {
        return Err(ApiError::new("no_text"));
    }
    watch_storm(call, &channel);
    let broadcast = thread_ts.is_some() && call.args.flag("reply_broadcast").unwrap_or(false);
    let message = Message {
        user: call.ws.app.bot_user.clone(),
        by_app: true,
        text: content.text.unwrap_or_default(),
        blocks: content.blocks.unwrap_or_default(),
        attachments: content.attachments.unwrap_or_default(),
        thread_ts,
        metadata: content
            .metadata
            .filter(|metadata| metadata.get("event_type").is_some()),
        subtype: broadcast.then_some(Subtype::ThreadBroadcast),
        ..Message::default()
    };
    watch_duplicate(call, &channel, &message);
    let ts = call
        .ws
        .post(&channel, message, call.now)
        .ok_or_else(|| ApiError::new("channel_not_found"))?;
    let wire = call.ws.message_wire(&channel, &ts, MetadataShown::Whole);
    Ok(json!({"channel": channel, "ts": ts, "message": wire}))
}

/// Sustained posting: more messages in the last minute than one a second and the burst allow.
fn watch_storm(call: &mut Call<'_>, channel: &str) {
    let limit = call.ws.limits.post_per_channel;
    let most = usize::try_from(limit.burst + limit.per_minute).unwrap_or(usize::MAX);
    let now = call.now;
    let recent = call.ws.posts.entry(channel.to_owned()).or_default();
    recent.push_back(now);
    while recent
        .front()
        .is_some_and(|at| now.since(*at) > Duration::from_secs(60))
    {
        recent.pop_front();
    }
    if recent.len() > most {
        recent.clear();
        call.ws.violate(
            ViolationKind::PostStorm,
            format!("more than {most} messages in a minute in `{channel}`"),
            now,
        );
    }
}

fn watch_duplicate(call: &mut Call<'_>, channel: &str, message: &Message) {
    let key = &call.ws.checks.delivery_id_key;
    let id = message
        .metadata
        .as_ref()
        .and_then(|metadata| metadata["event_payload"][key.as_str()].as_str());
    let Some(id) = id.map(str::to_owned) else { return };
    if let Some(earlier) = call.ws.delivery_ids.insert(id.clone(), channel.to_owned()) {
        let detail = format!("delivery id `{id}` was posted in `{earlier}` and again in `{channel}`");
        call.ws
            .violate(ViolationKind::DuplicateDelivery, detail, call.now);
    }
}

pub(super) fn post_ephemeral(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel = call
        .required("channel")
        .map_err(|_| ApiError::new("channel_not_found"))?;
    call.writable_channel(&channel)?;
    let user = call
        .required("user")
        .map_err(|_| ApiError::new("user_not_in_channel"))?;
    let reachable = call
        .ws
        .users
        .get(&user)
        .is_some_and(super::super::model::user::User::is_active);
    if !reachable || !call.ws.is_member(&channel, &user) {
        return Err(ApiError::new("user_not_in_channel"));
    }
    let attachments = call.args.json("attachments").and_then(Value::as_array);
    if attachments.is_some_and(|list| list.iter().any(|item| item.get("blocks").is_some())) {
        return Err(ApiError::new("invalid_attachments"));
    }
    let content = admit(call.ws, call.args, "chat.postEphemeral", call.now)?;
    if nothing_to_show(&content) {
        return Err(ApiError::new("no_text"));
    }
    let thread_ts = thread(call, &channel)?;
    let ts = call
        .ws
        .channels
        .get_mut(&channel)
        .map(|found| found.next_ts(call.now))
        .unwrap_or_default();
    let message = Message {
        ts: ts.clone(),
        user: call.ws.app.bot_user.clone(),
        by_app: true,
        text: content.text.unwrap_or_default(),
        blocks: content.blocks.unwrap_or_default(),
        attachments: content.attachments.unwrap_or_default(),
        thread_ts,
        only_for: Some(user),
        ..Message::default()
    };
    // Slack shows an ephemeral reply only in a thread that already has replies.
    let active = message.thread_ts.as_deref().is_none_or(|thread| {
        call.ws
            .channels
            .get(&channel)
            .is_some_and(|found| found.replies(thread).next().is_some())
    });
    if active {
        call.ws.ephemerals.push((channel, message));
        call.ws.dirty = true;
    }
    Ok(json!({"message_ts": ts}))
}

pub(super) fn permalink(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel = call.visible_channel("channel")?.id.clone();
    let ts = call
        .args
        .text("message_ts")
        .ok_or_else(|| ApiError::new("message_not_found"))?;
    let message = call
        .ws
        .message(&channel, ts)
        .ok_or_else(|| ApiError::new("message_not_found"))?;
    Ok(json!({"channel": channel, "permalink": call.ws.permalink(&channel, message)}))
}
