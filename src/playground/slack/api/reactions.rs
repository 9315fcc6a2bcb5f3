//! `reactions.*`.

use serde_json::{Value, json};

use super::super::model::message::Message;
use super::call::Call;
use super::reply::ApiError;

fn place(call: &Call<'_>) -> Result<(String, String, String), ApiError> {
    let name = call
        .args
        .text("name")
        .ok_or_else(|| ApiError::new("invalid_name"))?
        .trim_matches(':')
        .to_owned();
    let (channel, ts) = target(call)?;
    Ok((name, channel, ts))
}

fn target(call: &Call<'_>) -> Result<(String, String), ApiError> {
    let ts = call
        .args
        .text("timestamp")
        .ok_or_else(|| ApiError::new("no_item_specified"))?
        .to_owned();
    Ok((call.visible_channel("channel")?.id.clone(), ts))
}

fn message<'a>(call: &'a mut Call<'_>, channel: &str, ts: &str) -> Result<&'a mut Message, ApiError> {
    call.ws
        .message_mut(channel, ts)
        .ok_or_else(|| ApiError::new("message_not_found"))
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (name, channel, ts) = place(call)?;
    call.writable_channel(&channel)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+':".contains(c);
    if !name.chars().all(plain) {
        return Err(ApiError::new("invalid_name"));
    }
    let bot = call.ws.app.bot_user.clone();
    let users = message(call, &channel, &ts)?.reactions.entry(name).or_default();
    if users.contains(&bot) {
        return Err(ApiError::new("already_reacted"));
    }
    users.push(bot);
    call.ws.dirty = true;
    Ok(json!({}))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (name, channel, ts) = place(call)?;
    let bot = call.ws.app.bot_user.clone();
    let reactions = &mut message(call, &channel, &ts)?.reactions;
    let Some(users) = reactions.get_mut(&name).filter(|users| users.contains(&bot)) else {
        return Err(ApiError::new("no_reaction"));
    };
    users.retain(|user| *user != bot);
    reactions.retain(|_, users| !users.is_empty());
    call.ws.dirty = true;
    Ok(json!({}))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (channel, ts) = target(call)?;
    let reactions = message(call, &channel, &ts)?.reactions_wire();
    Ok(
        json!({"type": "message", "channel": channel, "message": {"type": "message", "ts": ts, "reactions": reactions}}),
    )
}
