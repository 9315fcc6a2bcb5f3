//! What the app's answer to a submission or a command does to the person's screen.

use serde_json::{Map, Value};

use super::super::api::{ViewPlace, checked_view, push_view};
use super::super::clock::Moment;
use super::super::decode::Args;
use super::super::deliver::{AckBody, Delivery};
use super::super::eyes::Notice;
use super::super::model::tickets::{Origin, ResponseUrl};
use super::super::model::views::STACK;
use super::super::model::workspace::Workspace;
use super::super::response_url;
use super::super::violations::ViolationKind;
use super::find;

/// What a person reads in a modal that the app answered badly or not at all.
const TROUBLE: &str = "We had some trouble connecting. Try again?";

/// Applies the answer to a submission; a bad one leaves its mark on the modal.
pub(super) fn submission(
    ws: &mut Workspace,
    user: &str,
    view_id: &str,
    delivery: &mut Delivery,
    now: Moment,
) {
    ws.dirty = true;
    let result = if delivery.acked {
        apply(ws, user, view_id, &delivery.ack, now)
    } else {
        Err(None)
    };
    let Err(why) = result else { return };
    if let Some(why) = why {
        ws.violate(ViolationKind::IllegalAck, format!("view_submission: {why}"), now);
    }
    if let Some(view) = ws.views.find_mut(|view| view.id == view_id) {
        view.trouble = Some(TROUBLE.to_owned());
    }
    let notice = Notice {
        user: user.to_owned(),
        text: TROUBLE.to_owned(),
        channel: None,
        message_ts: None,
        at: now,
    };
    ws.show_error(delivery, notice);
}

/// `Err` with the reason when it is worth a violation of its own.
fn apply(
    ws: &mut Workspace,
    user: &str,
    view_id: &str,
    ack: &AckBody,
    now: Moment,
) -> Result<(), Option<String>> {
    let answer = match ack {
        AckBody::Empty => {
            close(ws, user, view_id);
            return Ok(());
        }
        // Already recorded as an illegal acknowledgement.
        AckBody::Text(_) => return Err(None),
        AckBody::Json(answer) => answer,
    };
    match answer["response_action"].as_str() {
        Some("clear") => {
            ws.views.stacks.remove(user);
            Ok(())
        }
        Some("errors") => errors(ws, view_id, answer["errors"].as_object()),
        Some("update") => {
            let body = checked_view(
                ws,
                &answer["view"],
                ViewPlace::Modal,
                "response_action update",
                Some(view_id),
                now,
            )
            .map_err(|_| None)?;
            match ws.views.find_mut(|view| view.id == view_id) {
                Some(view) => view.replace(body, now),
                None => return Err(Some("the view was closed meanwhile".to_owned())),
            }
            Ok(())
        }
        Some("push") => {
            let body = checked_view(
                ws,
                &answer["view"],
                ViewPlace::Modal,
                "response_action push",
                None,
                now,
            )
            .map_err(|_| None)?;
            if ws.views.stacks.get(user).map_or(0, Vec::len) >= STACK {
                return Err(Some("three modals are open already".to_owned()));
            }
            push_view(ws, user, body, now);
            Ok(())
        }
        Some(_) | None => Err(None),
    }
}

fn close(ws: &mut Workspace, user: &str, view_id: &str) {
    if let Some(stack) = ws.views.stacks.get_mut(user) {
        stack.retain(|view| view.id != view_id);
        if let Some(top) = stack.last_mut() {
            top.trouble = None;
        }
    }
}

fn errors(
    ws: &mut Workspace,
    view_id: &str,
    errors: Option<&Map<String, Value>>,
) -> Result<(), Option<String>> {
    let Some(errors) = errors.filter(|errors| !errors.is_empty()) else {
        return Err(Some("`errors` is empty".to_owned()));
    };
    let Some(view) = ws.views.find_mut(|view| view.id == view_id) else {
        return Ok(());
    };
    let blocks = find::blocks_of(view.body.get("blocks"));
    let is_input = |id: &str| {
        blocks
            .iter()
            .any(|block| block["type"] == "input" && block["block_id"].as_str() == Some(id))
    };
    if let Some(unknown) = errors.keys().find(|id| !is_input(id)) {
        return Err(Some(format!(
            "`errors` names `{unknown}`, which is no input block of the view"
        )));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    view.errors = errors
        .iter()
        .map(|(id, value)| (id.clone(), text(value)))
        .collect();
    view.trouble = None;
    Ok(())
}

/// Applies the answer to a slash command; a bad one leaves its mark in the channel.
pub(super) fn command(
    ws: &mut Workspace,
    user: &str,
    place: (&str, &str),
    delivery: &mut Delivery,
    now: Moment,
) {
    let (channel, command) = place;
    let error = match (delivery.failure, &delivery.ack) {
        (Some(failure), _) => Some(failure.word()),
        (None, AckBody::Empty) => None,
        (None, AckBody::Text(text)) => {
            let mut args = Map::new();
            args.insert("text".into(), Value::String(text.clone()));
            reply(ws, user, channel, args, now)
        }
        (None, AckBody::Json(Value::Object(args))) => {
            // An answer that carries no message, such as `{"response_type": "in_channel"}` alone, shows nothing.
            let silent = ["text", "blocks", "attachments", "markdown_text"]
                .iter()
                .all(|key| !args.contains_key(*key));
            if silent {
                None
            } else {
                reply(ws, user, channel, args.clone(), now)
            }
        }
        (None, AckBody::Json(_)) => Some("invalid_response"),
    };
    let Some(error) = error else { return };
    let notice = Notice {
        user: user.to_owned(),
        text: format!("{command} failed with the error \"{error}\""),
        channel: Some(channel.to_owned()),
        message_ts: None,
        at: now,
    };
    ws.show_error(delivery, notice);
}

fn reply(
    ws: &mut Workspace,
    user: &str,
    channel: &str,
    args: Map<String, Value>,
    now: Moment,
) -> Option<&'static str> {
    let address = ResponseUrl {
        user: user.to_owned(),
        channel: channel.to_owned(),
        origin: Origin::Command,
        thread_ts: None,
        issued: now,
        uses: 0,
    };
    let result = response_url::answer(ws, &address, &Args(args), "slash command answer", now);
    result.is_err().then_some("invalid_response")
}
