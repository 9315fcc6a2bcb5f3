//! What a person puts into an element, and the value object it becomes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::types::Cannot;

/// A press, a choice or a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A button.
    Press,
    /// The value of one option: overflow, select, radio buttons.
    Option(String),
    /// The values of several options: checkboxes, multi select. Empty clears.
    Options(Vec<String>),
    /// Typed text or number.
    Text(String),
    User(String),
    Users(Vec<String>),
    /// A channel or conversation id.
    Channel(String),
    Channels(Vec<String>),
    /// `YYYY-MM-DD`.
    Date(String),
    /// `HH:mm`.
    Time(String),
    /// Unix seconds.
    DateTime(i64),
    /// A `rich_text` block.
    Rich(Value),
}

impl Input {
    fn word(&self) -> &'static str {
        match self {
            Self::Press => "a press",
            Self::Option(_) => "one option",
            Self::Options(_) => "options",
            Self::Text(_) => "text",
            Self::User(_) => "a person",
            Self::Users(_) => "people",
            Self::Channel(_) => "a channel",
            Self::Channels(_) => "channels",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::DateTime(_) => "a date and time",
            Self::Rich(_) => "rich text",
        }
    }
}

/// The value object of `element` after `input`, as it stands in `state.values` and, with ids, in `actions`.
pub(super) fn value(element: &Value, input: &Input) -> Result<Value, Cannot> {
    let kind = element["type"].as_str().unwrap_or_default();
    let with = |key: &str, value: Value| Ok(json!({"type": kind, key: value}));
    match (kind, input) {
        ("button", Input::Press) => Ok(button(element)),
        ("overflow" | "static_select" | "radio_buttons" | "external_select", Input::Option(wanted)) => {
            with("selected_option", chosen(element, wanted)?)
        }
        ("checkboxes" | "multi_static_select" | "multi_external_select", Input::Options(wanted)) => {
            let all: Result<Vec<Value>, Cannot> = wanted.iter().map(|value| chosen(element, value)).collect();
            with("selected_options", json!(all?))
        }
        ("plain_text_input" | "email_text_input" | "url_text_input" | "number_input", Input::Text(text)) => {
            with("value", if text.is_empty() { Value::Null } else { json!(text) })
        }
        ("users_select", Input::User(id)) => with("selected_user", json!(id)),
        ("multi_users_select", Input::Users(ids)) => with("selected_users", json!(ids)),
        ("channels_select", Input::Channel(id)) => with("selected_channel", json!(id)),
        ("conversations_select", Input::Channel(id)) => with("selected_conversation", json!(id)),
        ("multi_channels_select", Input::Channels(ids)) => with("selected_channels", json!(ids)),
        ("multi_conversations_select", Input::Channels(ids)) => with("selected_conversations", json!(ids)),
        ("datepicker", Input::Date(date)) => with("selected_date", json!(date)),
        ("timepicker", Input::Time(time)) => with("selected_time", json!(time)),
        ("datetimepicker", Input::DateTime(seconds)) => with("selected_date_time", json!(seconds)),
        ("rich_text_input", Input::Rich(block)) => with("rich_text_value", block.clone()),
        (_element, other) => Err(Cannot::WrongInput {
            element: kind.to_owned(),
            input: other.word().to_owned(),
        }),
    }
}

fn button(element: &Value) -> Value {
    let mut action = json!({"type": "button", "text": element["text"]});
    for key in ["value", "style", "url"] {
        if let Some(field) = element.get(key) {
            action[key] = field.clone();
        }
    }
    action
}

/// The option with this value. A menu filled by the app has no list here; its option is what the app offered.
fn chosen(element: &Value, wanted: &str) -> Result<Value, Cannot> {
    if element["type"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("external_select"))
    {
        return Ok(json!({"text": {"type": "plain_text", "text": wanted}, "value": wanted}));
    }
    let plain = element["options"].as_array().into_iter().flatten();
    let groups = element["option_groups"].as_array().into_iter().flatten();
    let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
    let found = plain
        .chain(grouped)
        .find(|option| option["value"].as_str() == Some(wanted));
    found.cloned().ok_or_else(|| Cannot::NoSuchOption {
        value: wanted.to_owned(),
    })
}

/// What keeps a field from being submitted, if anything.
pub(super) fn unfilled(block: &Value, value: Option<&Value>) -> Option<String> {
    let (element, optional) = (&block["element"], block["optional"] == json!(true));
    let filled = value.is_some_and(|value| {
        let fields = value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| *key != "type");
        fields
            .map(|(_, field)| field)
            .any(|field| !field.is_null() && field.as_array().is_none_or(|list| !list.is_empty()))
    });
    if !filled {
        return (!optional).then(|| "it is required".to_owned());
    }
    let text = value
        .and_then(|value| value["value"].as_str())
        .unwrap_or_default();
    let length = text.chars().count() as u64;
    if let Some(least) = element["min_length"].as_u64().filter(|least| length < *least) {
        return Some(format!("it needs at least {least} characters"));
    }
    if let Some(most) = element["max_length"].as_u64().filter(|most| length > *most) {
        return Some(format!("it takes at most {most} characters"));
    }
    if element["type"] == "number_input" && text.parse::<f64>().is_err() {
        return Some("it must be a number".to_owned());
    }
    None
}
