//! `chat.update` and `chat.delete`: changing what was posted.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::clock::Moment;
use super::super::model::channel::ChannelKind;
use super::super::model::message::{Message, MetadataShown, Subtype};
use super::super::violations::ViolationKind;
use super::call::Call;
use super::content::{Content, admit};
use super::reply::ApiError;

/// `text` above this is refused on update, not cut (docs.slack.dev /reference/methods/chat.update#errors).
const TEXT: usize = 4_000;
/// Most updates a minute before it counts as a storm.
const STORM: usize = 50;

/// The app's own message that the arguments name.
fn own(call: &Call<'_>, refusal: &str) -> Result<(String, String), ApiError> {
    let channel = call
        .args
        .text("channel")
        .ok_or_else(|| ApiError::new("channel_not_found"))?;
    let found = call
        .ws
        .channels
        .get(channel)
        .ok_or_else(|| ApiError::new("channel_not_found"))?;
    let inside = found.members.contains(&call.ws.app.bot_user);
    if found.kind != ChannelKind::Public && !inside {
        return Err(ApiError::new("channel_not_found"));
    }
    let ts = call
        .args
        .text("ts")
        .ok_or_else(|| ApiError::new("message_not_found"))?;
    let message = found
        .message(ts)
        .ok_or_else(|| ApiError::new("message_not_found"))?;
    if !message.by_app || message.subtype == Some(Subtype::Tombstone) {
        return Err(ApiError::new(refusal));
    }
    if found.archived {
        return Err(ApiError::new("is_inactive"));
    }
    Ok((channel.to_owned(), ts.to_owned()))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    watch_storm(call);
    let (channel, ts) = own(call, "cant_update_message")?;
    let posted = Moment::of_ts(&ts);
    let closed = |window| posted.is_some_and(|posted| call.now.since(posted) > window);
    if call.ws.edit_window.is_some_and(closed) {
        return Err(ApiError::new("edit_window_closed"));
    }
    if call
        .args
        .text("text")
        .is_some_and(|text| text.chars().count() > TEXT)
    {
        return Err(ApiError::new("msg_too_long"));
    }
    let content = admit(call.ws, call.args, "chat.update", call.now)?;
    if content.text.is_none() && content.blocks.is_none() && content.attachments.is_none() {
        return Err(ApiError::new("no_text"));
    }
    let text = content.text.clone().unwrap_or_default();
    let (bot, now) = (call.ws.app.bot_user.clone(), call.now.ts());
    if let Some(message) = call.ws.message_mut(&channel, &ts) {
        apply(message, content, (bot, now));
    }
    call.ws
        .message_state
        .retain(|(_, place, at), _| *place != channel || *at != ts);
    call.ws.dirty = true;
    let wire = call.ws.message_wire(&channel, &ts, MetadataShown::Whole);
    emit_changed(call, &channel, &ts);
    Ok(json!({"channel": channel, "ts": ts, "text": text, "message": wire}))
}

/// Text without blocks removes the blocks; what is left out of attachments and metadata stays, and an empty one clears.
fn apply(message: &mut Message, content: Content, stamp: (String, String)) {
    match content.blocks {
        Some(blocks) => {
            message.blocks = blocks;
            if let Some(text) = content.text {
                message.text = text;
            }
        }
        None => {
            if let Some(text) = content.text {
                message.text = text;
                message.blocks.clear();
                message.edited = Some(stamp);
            }
        }
    }
    if let Some(attachments) = content.attachments {
        message.attachments = attachments;
    }
    if let Some(metadata) = content.metadata {
        message.metadata = Some(metadata).filter(|metadata| metadata.get("event_type").is_some());
    }
}

fn emit_changed(call: &mut Call<'_>, channel: &str, ts: &str) {
    let Some(found) = call.ws.channels.get(channel) else {
        return;
    };
    let (channel_type, subscription) = found.event_type();
    let message = call.ws.message_wire(channel, ts, MetadataShown::Whole);
    let event = json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": channel, "ts": call.now.ts(),
        "event_ts": call.now.ts(), "channel_type": channel_type, "message": message,
    });
    call.ws.emit(subscription, event);
}

fn watch_storm(call: &mut Call<'_>) {
    let now = call.now;
    let updates = &mut call.ws.updates;
    updates.push_back(now);
    while updates
        .front()
        .is_some_and(|at| now.since(*at) > Duration::from_secs(60))
    {
        updates.pop_front();
    }
    if updates.len() > STORM {
        updates.clear();
        call.ws.violate(
            ViolationKind::UpdateStorm,
            format!("more than {STORM} chat.update calls in a minute"),
            now,
        );
    }
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel, ts) = own(call, "cant_delete_message")?;
    call.ws.delete_message(&channel, &ts);
    Ok(json!({"channel": channel, "ts": ts}))
}
