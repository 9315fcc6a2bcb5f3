//! What a renderer needs to know beside the block itself: names for ids, where the block hangs, and what
//! people typed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::playground::slack::view::WorkspaceView;

/// Where a block is drawn. A click names it, so that the double knows what was clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    Message { channel: String, ts: String },
    Modal { view_id: String },
    Home,
}

impl Host {
    /// The `data-*` attributes that the script reads on a click.
    pub fn attrs(&self) -> Vec<(&'static str, &str)> {
        match self {
            Host::Message { channel, ts } => {
                vec![
                    ("data-host", "message"),
                    ("data-channel", channel),
                    ("data-ts", ts),
                ]
            }
            Host::Modal { view_id } => vec![("data-host", "modal"), ("data-view", view_id)],
            Host::Home => vec![("data-host", "home")],
        }
    }

    /// A key that differs between any two hosts on one page.
    pub fn key(&self) -> String {
        match self {
            Host::Message { channel, ts } => format!("{channel}-{ts}"),
            Host::Modal { view_id } => view_id.clone(),
            Host::Home => "home".to_owned(),
        }
    }
}

/// Names for the ids that appear in blocks.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// User id to the name shown after `@`.
    pub people: BTreeMap<String, String>,
    /// Channel id to name without `#`.
    pub channels: BTreeMap<String, String>,
    /// Whose eyes these are; mentions of this person are highlighted.
    pub viewer: String,
}

impl Names {
    pub fn of(view: &WorkspaceView) -> Self {
        Self {
            people: view
                .people
                .iter()
                .map(|p| (p.id.clone(), p.name.clone()))
                .collect(),
            channels: view
                .channels
                .iter()
                .map(|c| (c.id.clone(), c.name.clone()))
                .collect(),
            viewer: view.viewer.clone(),
        }
    }
}

/// The surroundings of a block while it is drawn.
pub struct Ctx<'a> {
    pub names: &'a Names,
    pub host: Host,
    /// `state.values` of the view: what people chose or typed so far, as the double keeps it.
    pub state: Option<&'a Value>,
    /// `block_id` to what is wrong with it.
    pub errors: &'a [(String, String)],
}

impl<'a> Ctx<'a> {
    pub fn message(names: &'a Names, channel: &str, ts: &str) -> Self {
        let host = Host::Message {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
        };
        Self {
            names,
            host,
            state: None,
            errors: &[],
        }
    }

    /// What the double remembers for one element, in the shape of `state.values`.
    pub fn kept(&self, block_id: &str, action_id: &str) -> Option<&'a Value> {
        self.state?
            .get(block_id)?
            .get(action_id)
            .filter(|v| v.is_object())
    }

    pub fn error(&self, block_id: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|(id, _)| id == block_id)
            .map(|(_, message)| message.as_str())
    }
}

/// A string field, or nothing.
pub fn str_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// An array field, or nothing.
pub fn list_of<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A boolean field, or `false`.
pub fn bool_of(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}
