//! Answers through a `response_url`, and messages in the answer to a slash command: the same content, the same rules.

use serde_json::{Value, json};

use super::api::{ApiError, Content, admit};
use super::clock::Moment;
use super::decode::Args;
use super::journal::{ApiCall, Caller};
use super::model::message::Message;
use super::model::tickets::{Origin, RESPONSE_LIFE, RESPONSE_USES, ResponseUrl};
use super::model::workspace::Workspace;
use super::ratelimit::{Tier, retry_after};
use super::violations::ViolationKind;

/// The answer to one post: status, body, and `Retry-After`.
pub(super) struct Reply {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<u64>,
}

/// Takes one post to the response address `id`.
pub(super) fn post(ws: &mut Workspace, id: &str, args: Args, now: Moment) -> Reply {
    let reply = judge(ws, id, &args, now);
    ws.record_call(ApiCall {
        method: "response_url".to_owned(),
        args: Value::Object(args.0),
        caller: Caller::Address,
        status: reply.status,
        reply: reply.body.clone(),
        fault: None,
        at: now,
    });
    reply
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply {
        status,
        body: json!({"ok": false, "error": code}),
        retry_after: None,
    }
}

fn judge(ws: &mut Workspace, id: &str, args: &Args, now: Moment) -> Reply {
    let Some(address) = ws.response_urls.get(id).cloned() else {
        ws.violate(
            ViolationKind::ResponseUrlMisuse,
            "a response address that was never given out was used",
            now,
        );
        return refusal(404, "no_service");
    };
    if now.since(address.issued) > RESPONSE_LIFE {
        ws.violate(
            ViolationKind::ResponseUrlMisuse,
            "a response address was used after thirty minutes",
            now,
        );
        return refusal(404, "expired_url");
    }
    if address.uses >= RESPONSE_USES {
        ws.violate(
            ViolationKind::ResponseUrlMisuse,
            "a response address was used more than five times",
            now,
        );
        return refusal(404, "used_url");
    }
    if let Err(wait) = ws.levels.take(&ws.limits, Tier::Responding, id, None, now) {
        let refused = refusal(429, "ratelimited");
        return Reply {
            retry_after: Some(retry_after(wait)),
            ..refused
        };
    }
    if let Some(known) = ws.response_urls.get_mut(id) {
        known.uses += 1;
    }
    match answer(ws, &address, args, "response_url", now) {
        Ok(()) => Reply {
            status: 200,
            body: json!({"ok": true}),
            retry_after: None,
        },
        Err(error) => Reply {
            status: 200,
            body: error.body(""),
            retry_after: None,
        },
    }
}

/// Applies a message given as an answer to what the person did.
///
/// # Errors
/// What `chat.postMessage` would refuse in the content.
pub(super) fn answer(
    ws: &mut Workspace,
    address: &ResponseUrl,
    args: &Args,
    origin: &str,
    now: Moment,
) -> Result<(), ApiError> {
    if args.flag("delete_original") == Some(true) {
        delete(ws, address);
        return Ok(());
    }
    let content = admit(ws, args, origin, now)?;
    if content.text.is_none() && content.blocks.is_none() && content.attachments.is_none() {
        return Err(ApiError::new("no_text"));
    }
    if args.flag("replace_original") == Some(true) && address.origin != Origin::Command {
        replace(ws, address, content);
        return Ok(());
    }
    let in_channel = args.text("response_type") == Some("in_channel");
    let thread_ts = args.text("thread_ts").map(str::to_owned);
    show(ws, address, content, in_channel, thread_ts, now);
    Ok(())
}

fn delete(ws: &mut Workspace, address: &ResponseUrl) {
    match &address.origin {
        Origin::Command => {}
        Origin::Message { ts } => ws.delete_message(&address.channel, ts),
        Origin::Ephemeral { ts } => {
            ws.ephemerals
                .retain(|(channel, message)| *channel != address.channel || message.ts != *ts);
            ws.dirty = true;
        }
    }
}

fn replace(ws: &mut Workspace, address: &ResponseUrl, content: Content) {
    let message = match &address.origin {
        Origin::Command => None,
        Origin::Message { ts } => ws.message_mut(&address.channel, ts),
        Origin::Ephemeral { ts } => ws.ephemeral_mut(&address.channel, ts),
    };
    if let Some(message) = message {
        message.text = content.text.unwrap_or_default();
        message.blocks = content.blocks.unwrap_or_default();
        message.attachments = content.attachments.unwrap_or_default();
        ws.dirty = true;
    }
}

fn show(
    ws: &mut Workspace,
    address: &ResponseUrl,
    content: Content,
    in_channel: bool,
    thread_ts: Option<String>,
    now: Moment,
) {
    let mut message = Message {
        user: ws.app.bot_user.clone(),
        by_app: true,
        text: content.text.unwrap_or_default(),
        blocks: content.blocks.unwrap_or_default(),
        attachments: content.attachments.unwrap_or_default(),
        thread_ts,
        ..Message::default()
    };
    if in_channel {
        ws.post(&address.channel, message, now);
        return;
    }
    if message.thread_ts.is_none() {
        message.thread_ts.clone_from(&address.thread_ts);
    }
    if let Some(channel) = ws.channels.get_mut(&address.channel) {
        message.ts = channel.next_ts(now);
        message.only_for = Some(address.user.clone());
        ws.ephemerals.push((address.channel.clone(), message));
        ws.dirty = true;
    }
}
