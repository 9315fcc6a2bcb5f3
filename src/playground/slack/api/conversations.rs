//! `conversations.*` except reading messages.

use serde_json::{Value, json};

use super::super::model::channel::{Channel, ChannelKind};
use super::super::model::user::Standing;
use super::call::Call;
use super::reply::ApiError;

fn wire(call: &Call<'_>, channel: &Channel, with_count: bool) -> Value {
    channel.wire(&call.ws.team.id, &call.ws.app.bot_user, with_count)
}

pub(super) fn open(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let users = call.args.list("users");
    let id = match users.as_slice() {
        [] => {
            let id = call
                .required("channel")
                .map_err(|_| ApiError::new("users_list_not_supplied"))?;
            let known = call.ws.channels.get(&id).is_some_and(Channel::is_direct);
            if known {
                id
            } else {
                return Err(ApiError::new("channel_not_found"));
            }
        }
        [user] => {
            match call.user(user)?.standing {
                Standing::Deactivated => return Err(ApiError::new("user_disabled")),
                Standing::Bot => return Err(ApiError::new("cannot_dm_bot")),
                Standing::Member
                | Standing::Guest
                | Standing::SingleChannelGuest
                | Standing::Foreign { .. } => {}
            }
            call.ws.direct_channel(user, call.now)
        }
        [_, _, ..] => return Err(ApiError::missing_scope("mpim:write")),
    };
    let whole = call.args.flag("return_im").unwrap_or(false);
    let channel = call
        .ws
        .channels
        .get(&id)
        .map(|channel| wire(call, channel, false))
        .unwrap_or_default();
    let shown = if whole { channel } else { json!({"id": id}) };
    Ok(json!({"channel": shown, "no_op": false, "already_open": false}))
}

pub(super) fn info(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel = call.visible_channel("channel")?;
    call.need(&channel.scope("read"))?;
    let count = call.args.flag("include_num_members").unwrap_or(false);
    Ok(json!({"channel": wire(call, channel, count)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let mut types = call.args.list("types");
    if types.is_empty() {
        types.push("public_channel".to_owned());
    }
    let skip_archived = call.args.flag("exclude_archived").unwrap_or(false);
    let mut channels = Vec::new();
    for channel in call.ws.channels.values() {
        let (kind, inside) = match channel.kind {
            ChannelKind::Public => ("public_channel", true),
            ChannelKind::Private => ("private_channel", channel.members.contains(&call.ws.app.bot_user)),
            ChannelKind::Direct { .. } => ("im", true),
        };
        if !inside || !types.iter().any(|wanted| wanted == kind) || (skip_archived && channel.archived) {
            continue;
        }
        call.need(&channel.scope("read"))?;
        channels.push(wire(call, channel, true));
    }
    let (channels, cursor) = call.page(channels, 100, 1000)?;
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": cursor}}))
}

pub(super) fn members(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel = call.visible_channel("channel")?;
    call.need(&channel.scope("read"))?;
    let (members, cursor) = call.page(
        channel.members.iter().map(|member| json!(member)).collect(),
        100,
        1000,
    )?;
    Ok(json!({"members": members, "response_metadata": {"next_cursor": cursor}}))
}

pub(super) fn join(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let channel = call.visible_channel("channel")?;
    if channel.kind != ChannelKind::Public {
        return Err(ApiError::new("method_not_supported_for_channel_type"));
    }
    if channel.archived {
        return Err(ApiError::new("is_archived"));
    }
    let (id, bot) = (channel.id.clone(), call.ws.app.bot_user.clone());
    if let Some(channel) = call.ws.channels.get_mut(&id) {
        channel.members.insert(bot);
    }
    call.ws.dirty = true;
    let channel = call
        .ws
        .channels
        .get(&id)
        .map(|channel| wire(call, channel, false));
    Ok(json!({"channel": channel}))
}
