//! Finds a button by what is written on it, as a person does: in the modal on top, else in the home tab, else
//! in the newest message that has one.

use serde_json::Value;

use super::page::ctx::{list_of, str_of};
use super::page::text;
use super::page::{Click, Input, Target};
use super::slack::view::{MessageView, WorkspaceView};

/// Whether a label is the one looked for.
type Label<'l> = &'l dyn Fn(&str) -> bool;

/// The click that presses the button (or the overflow entry) with this label, compared without regard to case. Without
/// one, the button whose label begins with it: people say "Approve" to "Approve 2 steps".
pub fn find(view: &WorkspaceView, label: &str) -> Option<Click> {
    find_by(view, &|text| text.eq_ignore_ascii_case(label)).or_else(|| {
        let beginning = label.to_lowercase();
        find_by(view, &|text| text.to_lowercase().starts_with(&beginning))
    })
}

/// Whether a message has a button whose label begins so, in lower case.
pub fn is_on(message: &MessageView, beginning: &str) -> bool {
    in_message("", message, &|text| text.to_lowercase().starts_with(beginning)).is_some()
}

fn find_by(view: &WorkspaceView, label: Label<'_>) -> Option<Click> {
    if let Some(modal) = &view.modal {
        return in_blocks(list_of(&modal.view, "blocks"), label, &Target::Modal);
    }
    let home = view
        .home
        .as_ref()
        .and_then(|home| in_blocks(list_of(home, "blocks"), label, &Target::Home));
    let mut messages: Vec<(&str, &MessageView)> = Vec::new();
    for channel in &view.channels {
        for message in &channel.messages {
            messages.push((&channel.id, message));
            messages.extend(message.replies.iter().map(|reply| (channel.id.as_str(), reply)));
        }
    }
    messages.sort_by(|a, b| b.1.ts.cmp(&a.1.ts));
    home.or_else(|| {
        messages
            .into_iter()
            .find_map(|(channel, message)| in_message(channel, message, label))
    })
}

fn in_message(channel: &str, message: &MessageView, label: Label<'_>) -> Option<Click> {
    let target = Target::Message {
        channel: channel.to_owned(),
        ts: message.ts.clone(),
    };
    let attached = message.attachments.iter().map(|a| list_of(a, "blocks"));
    std::iter::once(message.blocks.as_slice())
        .chain(attached)
        .find_map(|blocks| in_blocks(blocks, label, &target))
}

fn in_blocks(blocks: &[Value], label: Label<'_>, target: &Target) -> Option<Click> {
    blocks.iter().find_map(|block| {
        let accessory = block.get("accessory").into_iter();
        let element = accessory.chain(list_of(block, "elements"));
        let (action_id, input) = element
            .filter_map(|e| Some((str_of(e, "action_id"), on(e, label)?)))
            .next()?;
        Some(Click {
            target: target.clone(),
            block_id: str_of(block, "block_id").to_owned(),
            action_id: action_id.to_owned(),
            input,
        })
    })
}

fn on(element: &Value, label: Label<'_>) -> Option<Input> {
    let is = |object: &Value| label(&text::line(object));
    match str_of(element, "type") {
        "button" => is(&element["text"]).then_some(Input::Button),
        "overflow" => list_of(element, "options")
            .iter()
            .find(|option| is(&option["text"]))
            .map(|option| Input::Option(str_of(option, "value").to_owned())),
        _ => None,
    }
}
