//! What the app is sent: events, interactions, commands, in Slack's shapes (docs.slack.dev /reference/interaction-payloads).

use serde_json::{Map, Value, json};

use super::clock::Moment;
use super::ids;
use super::model::message::MetadataShown;
use super::model::tickets::{Origin, ResponseUrl, Trigger};
use super::model::views::OpenView;
use super::model::workspace::Workspace;

/// Issues a trigger id for something `user` just did.
pub(super) fn trigger(ws: &mut Workspace, user: &str, from_view: Option<&str>, now: Moment) -> String {
    ws.tidy(now);
    let id = format!("{}.{}.{}", now.micros(), ids::secret(12), ids::secret(32));
    let trigger = Trigger {
        user: user.to_owned(),
        sent: now,
        used: false,
        from_view: from_view.map(str::to_owned),
    };
    ws.triggers.insert(id.clone(), trigger);
    id
}

/// Issues a response address.
pub(super) fn response_url(ws: &mut Workspace, address: ResponseUrl) -> String {
    let part = if address.origin == Origin::Command {
        "commands"
    } else {
        "actions"
    };
    let id = format!(
        "{part}/{}/{}/{}",
        ws.team.id,
        address.issued.micros(),
        ids::secret(24)
    );
    let url = format!("{}/{id}", ws.base);
    ws.response_urls.insert(id, address);
    url
}

fn team(ws: &Workspace) -> Value {
    json!({"id": ws.team.id, "domain": ws.team.domain})
}

fn user(ws: &Workspace, id: &str) -> Value {
    let found = ws.users.get(id);
    let name = found.map_or("", |user| user.name.as_str());
    let home = found.map_or(ws.team.id.as_str(), |user| user.team(&ws.team.id));
    json!({"id": id, "username": name, "name": name, "team_id": home})
}

fn channel(ws: &Workspace, id: &str) -> Value {
    let found = ws.channels.get(id);
    let name = found.map_or("", |channel| {
        if channel.is_direct() {
            "directmessage"
        } else {
            channel.name.as_str()
        }
    });
    json!({"id": id, "name": name})
}

/// The fields that every interaction carries.
fn interaction(ws: &Workspace, kind: &str, who: &str) -> Map<String, Value> {
    let value = json!({
        "type": kind, "team": team(ws), "user": user(ws, who), "api_app_id": ws.app.id,
        "token": ws.app.verification_token, "enterprise": null, "is_enterprise_install": false,
    });
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// Where in a message a click happened.
#[derive(Clone, Debug)]
pub(super) struct Clicked<'a> {
    pub channel: &'a str,
    pub ts: &'a str,
    pub ephemeral: bool,
    /// The attachment's id, when the element stands in one.
    pub attachment: Option<u64>,
    pub thread_ts: Option<&'a str>,
    /// What the person saw instead of the present blocks, for a click on an outdated render.
    pub outdated: Option<&'a [Value]>,
}

/// `block_actions` from a message.
pub(super) fn message_action(
    ws: &mut Workspace,
    who: &str,
    place: &Clicked<'_>,
    action: Value,
    state: Value,
    now: Moment,
) -> Value {
    let origin = if place.ephemeral {
        Origin::Ephemeral {
            ts: place.ts.to_owned(),
        }
    } else {
        Origin::Message {
            ts: place.ts.to_owned(),
        }
    };
    let address = ResponseUrl {
        user: who.to_owned(),
        channel: place.channel.to_owned(),
        origin,
        // A message that has a thread stands in the channel all the same.
        thread_ts: place
            .thread_ts
            .filter(|thread| *thread != place.ts)
            .map(str::to_owned),
        issued: now,
        uses: 0,
    };
    let mut payload = interaction(ws, "block_actions", who);
    let mut container = json!({
        "type": if place.attachment.is_some() { "message_attachment" } else { "message" },
        "message_ts": place.ts, "channel_id": place.channel, "is_ephemeral": place.ephemeral, "is_app_unfurl": false,
    });
    if let Some(attachment) = place.attachment {
        container["attachment_id"] = json!(attachment);
    }
    if let Some(thread) = place.thread_ts {
        container["thread_ts"] = json!(thread);
    }
    payload.insert("container".into(), container);
    payload.insert("trigger_id".into(), json!(trigger(ws, who, None, now)));
    payload.insert("channel".into(), channel(ws, place.channel));
    if !place.ephemeral
        && let Some(mut message) = ws.message_wire(place.channel, place.ts, MetadataShown::Whole)
    {
        if let Some(blocks) = place.outdated {
            message["blocks"] = json!(blocks);
        }
        payload.insert("message".into(), message);
    }
    payload.insert("state".into(), json!({"values": state}));
    payload.insert("response_url".into(), json!(response_url(ws, address)));
    payload.insert("actions".into(), json!([action]));
    Value::Object(payload)
}

/// `block_actions` from a modal or the home tab.
pub(super) fn view_action(
    ws: &mut Workspace,
    who: &str,
    view: &OpenView,
    action: Value,
    now: Moment,
) -> Value {
    let mut payload = interaction(ws, "block_actions", who);
    payload.insert("container".into(), json!({"type": "view", "view_id": view.id}));
    payload.insert("trigger_id".into(), json!(trigger(ws, who, Some(&view.id), now)));
    payload.insert("view".into(), view.wire(&ws.team.id, &ws.app));
    payload.insert("state".into(), json!({"values": view.state}));
    payload.insert("hash".into(), json!(view.hash));
    payload.insert("actions".into(), json!([action]));
    Value::Object(payload)
}

/// `block_suggestion`: a menu asks the app for options.
pub(super) fn suggestion(
    ws: &Workspace,
    who: &str,
    place: (Value, Option<&OpenView>),
    element: (&str, &str),
    query: &str,
) -> Value {
    let mut payload = interaction(ws, "block_suggestion", who);
    let (container, view) = place;
    payload.insert("container".into(), container);
    payload.insert("block_id".into(), json!(element.0));
    payload.insert("action_id".into(), json!(element.1));
    payload.insert("value".into(), json!(query));
    if let Some(view) = view {
        payload.insert("view".into(), view.wire(&ws.team.id, &ws.app));
    }
    Value::Object(payload)
}

/// `view_submission`.
pub(super) fn view_submission(ws: &mut Workspace, who: &str, view: &OpenView, now: Moment) -> Value {
    let mut payload = interaction(ws, "view_submission", who);
    payload.insert("trigger_id".into(), json!(trigger(ws, who, Some(&view.id), now)));
    payload.insert("view".into(), view.wire(&ws.team.id, &ws.app));
    payload.insert("response_urls".into(), json!([]));
    Value::Object(payload)
}

/// `view_closed`; `is_cleared` when the whole stack went.
pub(super) fn view_closed(ws: &Workspace, who: &str, view: &OpenView, is_cleared: bool) -> Value {
    let mut payload = interaction(ws, "view_closed", who);
    payload.insert("view".into(), view.wire(&ws.team.id, &ws.app));
    payload.insert("is_cleared".into(), json!(is_cleared));
    Value::Object(payload)
}

/// A global shortcut.
pub(super) fn shortcut(ws: &mut Workspace, who: &str, callback_id: &str, now: Moment) -> Value {
    let mut payload = interaction(ws, "shortcut", who);
    payload.insert("callback_id".into(), json!(callback_id));
    payload.insert("trigger_id".into(), json!(trigger(ws, who, None, now)));
    payload.insert("action_ts".into(), json!(now.ts()));
    Value::Object(payload)
}

/// A message shortcut.
pub(super) fn message_shortcut(
    ws: &mut Workspace,
    who: &str,
    place: (&str, &str),
    callback_id: &str,
    now: Moment,
) -> Value {
    let (channel_id, ts) = place;
    let mut payload = interaction(ws, "message_action", who);
    let address = ResponseUrl {
        user: who.to_owned(),
        channel: channel_id.to_owned(),
        origin: Origin::Command,
        thread_ts: None,
        issued: now,
        uses: 0,
    };
    payload.insert("callback_id".into(), json!(callback_id));
    payload.insert("trigger_id".into(), json!(trigger(ws, who, None, now)));
    payload.insert("action_ts".into(), json!(now.ts()));
    payload.insert("message_ts".into(), json!(ts));
    payload.insert("channel".into(), channel(ws, channel_id));
    payload.insert("response_url".into(), json!(response_url(ws, address)));
    payload.insert(
        "message".into(),
        ws.message_wire(channel_id, ts, MetadataShown::Whole)
            .unwrap_or_default(),
    );
    Value::Object(payload)
}

/// A slash command; over HTTP these become form fields.
pub(super) fn slash(
    ws: &mut Workspace,
    who: &str,
    channel_id: &str,
    command: &str,
    text: &str,
    now: Moment,
) -> Value {
    let address = ResponseUrl {
        user: who.to_owned(),
        channel: channel_id.to_owned(),
        origin: Origin::Command,
        thread_ts: None,
        issued: now,
        uses: 0,
    };
    let (trigger, url) = (trigger(ws, who, None, now), response_url(ws, address));
    let name = channel(ws, channel_id)["name"].clone();
    json!({
        "token": ws.app.verification_token, "team_id": ws.team.id, "team_domain": ws.team.domain,
        "channel_id": channel_id, "channel_name": name, "user_id": who,
        "user_name": ws.users.get(who).map_or("", |user| user.name.as_str()), "command": command, "text": text,
        "api_app_id": ws.app.id, "is_enterprise_install": "false", "response_url": url, "trigger_id": trigger,
    })
}

/// The envelope of the Events API around an event.
pub(super) fn event_callback(ws: &Workspace, event: Value, now: Moment) -> Value {
    let shared = event["channel"]
        .as_str()
        .and_then(|id| ws.channels.get(id))
        .is_some_and(|channel| channel.shared);
    let authorization = json!({
        "enterprise_id": null, "team_id": ws.team.id, "user_id": ws.app.bot_user, "is_bot": true,
        "is_enterprise_install": false,
    });
    json!({
        "token": ws.app.verification_token, "team_id": ws.team.id, "context_team_id": ws.team.id,
        "context_enterprise_id": null, "api_app_id": ws.app.id, "event": event, "type": "event_callback",
        "event_id": ids::object('E').replacen("E0", "Ev0", 1), "event_time": now.seconds(),
        "authorizations": [authorization], "is_ext_shared_channel": shared,
        "event_context": format!("4-{}", ids::secret(40)),
    })
}
