//! Modals and home tabs: what is open for whom, with what typed in.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::super::clock::Moment;
use super::super::ids;
use super::app::App;

/// Most modals that lie on each other (docs.slack.dev /surfaces/modals).
pub(in super::super) const STACK: usize = 3;

/// One view as the workspace keeps it.
#[derive(Clone, Debug)]
pub(in super::super) struct OpenView {
    pub id: String,
    /// The view as the app sent it, block ids filled in.
    pub body: Map<String, Value>,
    pub hash: String,
    pub root: String,
    pub previous: Option<String>,
    /// `block_id` to `action_id` to value object, as in `state.values`.
    pub state: Map<String, Value>,
    /// Field errors of the last submission.
    pub errors: Vec<(String, String)>,
    /// The general error line ("We had some trouble connecting").
    pub trouble: Option<String>,
}

impl OpenView {
    pub(in super::super) fn new(body: Map<String, Value>, now: Moment) -> Self {
        let id = ids::object('V');
        let state = initial_state(&body);
        Self {
            root: id.clone(),
            id,
            body,
            hash: new_hash(now),
            previous: None,
            state,
            errors: Vec::new(),
            trouble: None,
        }
    }

    /// Replaces the body; values of fields whose block and action ids stay are kept.
    pub(in super::super) fn replace(&mut self, body: Map<String, Value>, now: Moment) {
        let mut state = initial_state(&body);
        for (block, actions) in &mut state {
            let Some(fresh) = actions.as_object_mut() else {
                continue;
            };
            for (action, value) in fresh {
                if let Some(kept) = self.state.get(block).and_then(|old| old.get(action)) {
                    *value = kept.clone();
                }
            }
        }
        self.state = state;
        self.body = body;
        self.hash = new_hash(now);
        self.errors.clear();
        self.trouble = None;
    }

    pub(in super::super) fn external_id(&self) -> Option<&str> {
        self.body
            .get("external_id")
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty())
    }

    pub(in super::super) fn flag(&self, key: &str) -> bool {
        self.body.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The view object of replies and payloads.
    pub(in super::super) fn wire(&self, team: &str, app: &App) -> Value {
        let mut view = json!({
            "id": self.id, "team_id": team, "type": "modal", "blocks": [], "private_metadata": "", "callback_id": "",
            "state": {"values": self.state}, "hash": self.hash, "title": null, "clear_on_close": false,
            "notify_on_close": false, "close": null, "submit": null, "previous_view_id": self.previous,
            "root_view_id": self.root, "app_id": app.id, "external_id": "", "app_installed_team_id": team,
            "bot_id": app.bot_id,
        });
        for (key, value) in &self.body {
            view[key] = value.clone();
        }
        view
    }
}

fn new_hash(now: Moment) -> String {
    format!("{}.{}", now.seconds(), ids::secret(8))
}

/// The elements of a block that can hold a value, with their block id.
pub(in super::super) fn stateful(blocks: &[Value]) -> Vec<(&str, &Value)> {
    let mut found = Vec::new();
    for block in blocks {
        let Some(id) = block["block_id"].as_str() else {
            continue;
        };
        let single = [&block["element"], &block["accessory"]];
        let many = block["elements"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for element in single.into_iter().chain(many) {
            if element["action_id"].is_string() && holds_value(element) {
                found.push((id, element));
            }
        }
    }
    found
}

fn holds_value(element: &Value) -> bool {
    element["type"]
        .as_str()
        .is_some_and(|kind| !matches!(kind, "button" | "overflow" | "workflow_button"))
}

/// What `state.values` says before anyone has typed.
pub(in super::super) fn initial_state(body: &Map<String, Value>) -> Map<String, Value> {
    let blocks = body
        .get("blocks")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    initial_values(blocks)
}

/// The same for the blocks of a message.
pub(in super::super) fn initial_values(blocks: &[Value]) -> Map<String, Value> {
    let mut state = Map::new();
    for (block, element) in stateful(blocks) {
        let Some(action) = element["action_id"].as_str() else {
            continue;
        };
        let entry = state.entry(block).or_insert_with(|| json!({}));
        entry[action] = initial_value(element);
    }
    state
}

fn initial_value(element: &Value) -> Value {
    let kind = element["type"].as_str().unwrap_or_default();
    let with = |key: &str, value: Value| json!({"type": kind, key: value});
    let list = |key: &str| {
        if element[key].is_null() {
            json!([])
        } else {
            element[key].clone()
        }
    };
    match kind {
        "static_select" | "external_select" | "radio_buttons" => {
            with("selected_option", element["initial_option"].clone())
        }
        "checkboxes" | "multi_static_select" | "multi_external_select" => {
            with("selected_options", list("initial_options"))
        }
        "users_select" => with("selected_user", element["initial_user"].clone()),
        "multi_users_select" => with("selected_users", list("initial_users")),
        "conversations_select" => with("selected_conversation", element["initial_conversation"].clone()),
        "multi_conversations_select" => with("selected_conversations", list("initial_conversations")),
        "channels_select" => with("selected_channel", element["initial_channel"].clone()),
        "multi_channels_select" => with("selected_channels", list("initial_channels")),
        "datepicker" => with("selected_date", element["initial_date"].clone()),
        "timepicker" => with("selected_time", element["initial_time"].clone()),
        "datetimepicker" => with("selected_date_time", element["initial_date_time"].clone()),
        "rich_text_input" => with("rich_text_value", element["initial_value"].clone()),
        "file_input" => with("files", json!([])),
        _text_like => with("value", element["initial_value"].clone()),
    }
}

/// Every open view.
#[derive(Debug, Default)]
pub(in super::super) struct Views {
    /// Each person's stack, the visible one last.
    pub stacks: HashMap<String, Vec<OpenView>>,
    pub homes: HashMap<String, OpenView>,
}

impl Views {
    pub(in super::super) fn top(&self, user: &str) -> Option<&OpenView> {
        self.stacks.get(user).and_then(|stack| stack.last())
    }

    pub(in super::super) fn top_mut(&mut self, user: &str) -> Option<&mut OpenView> {
        self.stacks.get_mut(user).and_then(|stack| stack.last_mut())
    }

    pub(in super::super) fn all(&self) -> impl Iterator<Item = &OpenView> {
        self.stacks.values().flatten().chain(self.homes.values())
    }

    pub(in super::super) fn find_mut(&mut self, wanted: impl Fn(&OpenView) -> bool) -> Option<&mut OpenView> {
        self.stacks
            .values_mut()
            .flatten()
            .chain(self.homes.values_mut())
            .find(|view| wanted(view))
    }
}
