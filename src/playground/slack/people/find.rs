//! Finding the element a person looks at, if they see it at all.

use serde_json::{Value, json};

use super::super::eyes::may_read;
use super::super::model::message::Message;
use super::super::model::user::Standing;
use super::super::model::workspace::Workspace;
use super::place::Place;
use super::types::{Cannot, Click, Sight};

/// An element and the block it stands in.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub block: Value,
    pub element: Value,
    /// Id of the attachment around it.
    pub attachment: Option<u64>,
}

/// Refuses those who cannot act at all.
pub(super) fn active(ws: &Workspace, user: &str) -> Result<(), Cannot> {
    let found = ws.users.get(user).ok_or_else(|| Cannot::UnknownPerson {
        user: user.to_owned(),
    })?;
    match found.standing {
        Standing::Deactivated | Standing::Bot => Err(Cannot::NotActive {
            user: user.to_owned(),
        }),
        Standing::Member | Standing::Guest | Standing::SingleChannelGuest | Standing::Foreign { .. } => {
            Ok(())
        }
    }
}

/// The message that a click is on, ephemeral or not.
pub(super) fn message<'a>(
    ws: &'a Workspace,
    click: &Click,
    channel: &str,
    ts: &str,
) -> Result<&'a Message, Cannot> {
    let hidden = || Cannot::NotVisible {
        user: click.user.clone(),
    };
    let found = ws
        .message(channel, ts)
        .or_else(|| ws.ephemeral(channel, ts))
        .ok_or_else(hidden)?;
    let readable = ws
        .channels
        .get(channel)
        .is_some_and(|channel| may_read(ws, channel, &click.user));
    let theirs = found.only_for.as_ref().is_none_or(|only| *only == click.user);
    if click.sight == Sight::Forged || (readable && theirs) {
        Ok(found)
    } else {
        Err(hidden())
    }
}

/// The element of a click.
pub(super) fn element(ws: &Workspace, click: &Click) -> Result<Found, Cannot> {
    if click.sight != Sight::Forged {
        active(ws, &click.user)?;
    }
    let found = match &click.place {
        Place::Message(at) => in_message(message(ws, click, &at.channel, &at.ts)?, click),
        Place::Modal => {
            let view = ws.views.top(&click.user).ok_or_else(|| Cannot::NoModal {
                user: click.user.clone(),
            })?;
            in_blocks(blocks_of(view.body.get("blocks")), click)
        }
        Place::Home => {
            let home = ws.views.homes.get(&click.user);
            let view = home.ok_or_else(|| Cannot::NotVisible {
                user: click.user.clone(),
            })?;
            in_blocks(blocks_of(view.body.get("blocks")), click)
        }
    };
    found.ok_or_else(|| Cannot::NoSuchElement {
        user: click.user.clone(),
        block_id: click.block_id.clone(),
        action_id: click.action_id.clone(),
    })
}

pub(super) fn blocks_of(value: Option<&Value>) -> &[Value] {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn in_message(message: &Message, click: &Click) -> Option<Found> {
    if let Sight::Outdated(blocks) = &click.sight {
        return in_blocks(blocks, click);
    }
    in_blocks(&message.blocks, click).or_else(|| {
        message.attachments.iter().find_map(|attachment| {
            let found = in_blocks(blocks_of(attachment.get("blocks")), click)?;
            Some(Found {
                attachment: attachment["id"].as_u64().or(Some(1)),
                ..found
            })
        })
    })
}

fn in_blocks(blocks: &[Value], click: &Click) -> Option<Found> {
    let block = blocks
        .iter()
        .find(|block| block["block_id"].as_str() == Some(click.block_id.as_str()))?;
    let element =
        elements(block).find(|element| element["action_id"].as_str() == Some(click.action_id.as_str()))?;
    Some(Found {
        block: block.clone(),
        element: element.clone(),
        attachment: None,
    })
}

/// The elements of a block.
pub(super) fn elements(block: &Value) -> impl Iterator<Item = &Value> {
    let many = block["elements"].as_array().into_iter().flatten();
    [&block["element"], &block["accessory"]]
        .into_iter()
        .filter(|one| !one.is_null())
        .chain(many)
}

/// Every (block id, element) of a list of blocks and of the attachments' blocks.
pub(super) fn all_elements<'a>(blocks: &'a [Value], attachments: &'a [Value]) -> Vec<(String, &'a Value)> {
    let inner = attachments
        .iter()
        .flat_map(|attachment| blocks_of(attachment.get("blocks")));
    let all = blocks.iter().chain(inner);
    let of = |block: &'a Value| {
        let id = block["block_id"].as_str().unwrap_or_default().to_owned();
        elements(block).map(move |element| (id.clone(), element))
    };
    all.flat_map(of).collect()
}

/// Whether an act on this element reaches the app at once.
pub(super) fn dispatches(found: &Found) -> bool {
    found.block["type"] != json!("input") || found.block["dispatch_action"] == json!(true)
}
