//! Block elements: buttons, menus, inputs, images.

use serde_json::Value;

use super::objects::{TextKind, confirm, option, option_groups, options, text};
use super::report::Report;

/// Where an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Accessory,
    Actions,
    Input,
}

impl Slot {
    fn takes(self, kind: &str) -> bool {
        let choosing = matches!(
            kind,
            "static_select"
                | "external_select"
                | "users_select"
                | "conversations_select"
                | "channels_select"
                | "radio_buttons"
                | "checkboxes"
                | "datepicker"
                | "timepicker"
        );
        let many = kind.starts_with("multi_");
        let acting = matches!(kind, "button" | "overflow" | "workflow_button");
        match self {
            Self::Accessory => choosing || many || acting || kind == "image",
            Self::Actions => {
                choosing
                    || many
                    || acting
                    || matches!(
                        kind,
                        "datetimepicker" | "rich_text_input" | "feedback_buttons" | "icon_button"
                    )
            }
            Self::Input => {
                choosing
                    || many
                    || matches!(
                        kind,
                        "plain_text_input"
                            | "email_text_input"
                            | "url_text_input"
                            | "number_input"
                            | "datetimepicker"
                            | "rich_text_input"
                            | "file_input"
                    )
            }
        }
    }
}

/// Checks one element.
pub(super) fn element(report: &mut Report, value: &Value, at: &str, slot: Slot) {
    let kind = value["type"].as_str().unwrap_or_default();
    if !known(kind) {
        report.add(&format!("unsupported type: {kind}"), &format!("{at}/type"));
        return;
    }
    if !slot.takes(kind) {
        report.add(&format!("element of type {kind} is not allowed here"), at);
        return;
    }
    if kind == "image" {
        image(report, value, at);
        return;
    }
    report.string(value, "action_id", at, 1, 255);
    confirm(report, value, at);
    by_kind(report, value, at, kind);
}

fn known(kind: &str) -> bool {
    let plain = kind.strip_prefix("multi_").unwrap_or(kind);
    let select = matches!(
        plain,
        "static_select" | "external_select" | "users_select" | "conversations_select" | "channels_select"
    );
    select
        || matches!(
            kind,
            "button"
                | "overflow"
                | "workflow_button"
                | "image"
                | "radio_buttons"
                | "checkboxes"
                | "datepicker"
                | "timepicker"
                | "datetimepicker"
                | "plain_text_input"
                | "email_text_input"
                | "url_text_input"
                | "number_input"
                | "rich_text_input"
                | "file_input"
                | "feedback_buttons"
                | "icon_button"
        )
}

fn by_kind(report: &mut Report, value: &Value, at: &str, kind: &str) {
    match kind {
        "button" => button(report, value, at),
        "overflow" => {
            report.only(value, at, &["action_id", "options", "confirm"]);
            options(report, value, "options", at, 1, 5, TextKind::Plain);
        }
        "radio_buttons" | "checkboxes" => {
            let initial = ["initial_option", "initial_options"];
            report.only(
                value,
                at,
                &[
                    "action_id",
                    "options",
                    "confirm",
                    "focus_on_load",
                    initial[0],
                    initial[1],
                ],
            );
            options(report, value, "options", at, 1, 10, TextKind::Any);
            initial_options(report, value, at);
        }
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" | "rich_text_input" => {
            typed(report, value, at, kind);
        }
        "file_input" => {
            report.only(value, at, &["action_id", "filetypes", "max_files"]);
            if value["max_files"]
                .as_u64()
                .is_some_and(|count| !(1..=10).contains(&count))
            {
                report.add("must be between 1 and 10", &format!("{at}/max_files"));
            }
        }
        "datepicker" | "timepicker" | "datetimepicker" => {
            let fields = ["action_id", "confirm", "focus_on_load", "placeholder", "timezone"];
            let initial = ["initial_date", "initial_time", "initial_date_time"];
            report.only(value, at, &[&fields[..], &initial[..]].concat());
            text(report, value, "placeholder", at, TextKind::Plain, 150);
        }
        "workflow_button" | "feedback_buttons" | "icon_button" => {}
        _select => select(report, value, at, kind),
    }
}

fn button(report: &mut Report, value: &Value, at: &str) {
    let allowed = [
        "action_id",
        "text",
        "value",
        "url",
        "style",
        "confirm",
        "accessibility_label",
    ];
    report.only(value, at, &allowed);
    if report.required(value, "text", at) {
        text(report, value, "text", at, TextKind::Plain, 75);
    }
    report.string(value, "value", at, 0, 2000);
    report.string(value, "url", at, 1, 3000);
    report.string(value, "accessibility_label", at, 0, 75);
    report.one_of(value, "style", at, &["primary", "danger"]);
}

fn typed(report: &mut Report, value: &Value, at: &str, kind: &str) {
    let common = [
        "action_id",
        "initial_value",
        "placeholder",
        "focus_on_load",
        "dispatch_action_config",
    ];
    let own: &[&str] = match kind {
        "plain_text_input" => &["multiline", "min_length", "max_length"],
        "number_input" => &["is_decimal_allowed", "min_value", "max_value"],
        _other_typed => &[],
    };
    report.only(value, at, &[&common[..], own].concat());
    text(report, value, "placeholder", at, TextKind::Plain, 150);
    for (key, most) in [("min_length", 3000), ("max_length", 3000)] {
        if value[key].as_u64().is_some_and(|count| count > most) {
            report.add("must be at most 3000", &format!("{at}/{key}"));
        }
    }
    if kind == "number_input" {
        report.required(value, "is_decimal_allowed", at);
    }
    if kind == "plain_text_input" {
        report.string(value, "initial_value", at, 0, 3000);
    }
}

fn select(report: &mut Report, value: &Value, at: &str, kind: &str) {
    let plain = kind.strip_prefix("multi_").unwrap_or(kind);
    let common = [
        "action_id",
        "placeholder",
        "confirm",
        "focus_on_load",
        "max_selected_items",
    ];
    let own: &[&str] = match plain {
        "static_select" => &["options", "option_groups", "initial_option", "initial_options"],
        "external_select" => &["min_query_length", "initial_option", "initial_options"],
        "users_select" => &["initial_user", "initial_users"],
        "channels_select" => &["initial_channel", "initial_channels", "response_url_enabled"],
        _conversations => &[
            "initial_conversation",
            "initial_conversations",
            "default_to_current_conversation",
            "filter",
            "response_url_enabled",
        ],
    };
    report.only(value, at, &[&common[..], own].concat());
    text(report, value, "placeholder", at, TextKind::Plain, 150);
    if plain == "static_select" {
        match (
            value.get("options").is_some(),
            value.get("option_groups").is_some(),
        ) {
            (true, false) => options(report, value, "options", at, 1, 100, TextKind::Plain),
            (false, true) => option_groups(report, value, at),
            (true, true) | (false, false) => report.add("must have either options or option_groups", at),
        }
    }
    initial_options(report, value, at);
}

/// What is chosen at first must be one of the options, letter for letter.
fn initial_options(report: &mut Report, value: &Value, at: &str) {
    let offered = offered(value);
    let mut check = |item: &Value, place: String| {
        option(report, item, &place, TextKind::Any);
        if !offered.is_empty() && !offered.iter().any(|known| known["value"] == item["value"]) {
            report.add("must be one of the provided options", &place);
        }
    };
    if let Some(item) = value.get("initial_option").filter(|item| !item.is_null()) {
        check(item, format!("{at}/initial_option"));
    }
    for (index, item) in value["initial_options"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        check(item, format!("{at}/initial_options/{index}"));
    }
}

fn offered(value: &Value) -> Vec<&Value> {
    let plain = value["options"].as_array().into_iter().flatten();
    let grouped = value["option_groups"].as_array().into_iter().flatten();
    plain
        .chain(grouped.flat_map(|group| group["options"].as_array().into_iter().flatten()))
        .collect()
}

/// An image, as a block or an element.
pub(super) fn image(report: &mut Report, value: &Value, at: &str) {
    report.only(
        value,
        at,
        &["image_url", "alt_text", "slack_file", "title", "block_id"],
    );
    if report.required(value, "alt_text", at) {
        report.string(value, "alt_text", at, 1, 2000);
    }
    report.string(value, "image_url", at, 1, 3000);
    match (value.get("image_url").is_some(), value.get("slack_file")) {
        (true, None) => {}
        (false, Some(file)) => slack_file(report, file, &format!("{at}/slack_file")),
        (true, Some(_)) | (false, None) => report.add("must have either image_url or slack_file", at),
    }
}

fn slack_file(report: &mut Report, file: &Value, at: &str) {
    report.only(file, at, &["id", "url"]);
    let shaped = |id: &str| {
        let rest = id.strip_prefix('F').unwrap_or_default();
        rest.len() >= 8 && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    match (file["id"].as_str(), file["url"].as_str()) {
        (Some(id), None) if shaped(id) => {}
        (None, Some(_)) => {}
        (Some(_), _) | (None, None) => report.add("invalid slack file", at),
    }
}
