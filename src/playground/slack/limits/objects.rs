//! Composition objects: texts, options, confirm dialogs.

use serde_json::Value;

use super::report::Report;

/// Longest text of any text object.
const TEXT: usize = 3000;

/// Which text objects a place takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    Plain,
    Any,
}

/// The text object in field `key`, when present.
pub(super) fn text(report: &mut Report, value: &Value, key: &str, at: &str, kind: TextKind, max: usize) {
    let Some(object) = value.get(key).filter(|object| !object.is_null()) else {
        return;
    };
    text_object(report, object, &format!("{at}/{key}"), kind, max);
}

pub(super) fn text_object(report: &mut Report, object: &Value, at: &str, kind: TextKind, max: usize) {
    match object["type"].as_str() {
        Some("plain_text") => {
            report.only(object, at, &["text", "emoji"]);
            report.flag(object, "emoji", at);
        }
        Some("mrkdwn") if kind == TextKind::Any => {
            report.only(object, at, &["text", "verbatim"]);
            report.flag(object, "verbatim", at);
        }
        Some(_) | None => {
            let wanted = if kind == TextKind::Any {
                "plain_text, mrkdwn"
            } else {
                "plain_text"
            };
            report.add(&format!("must be one of: {wanted}"), &format!("{at}/type"));
            return;
        }
    }
    if report.required(object, "text", at) {
        report.string(object, "text", at, 1, max.min(TEXT));
    }
}

pub(super) fn confirm(report: &mut Report, value: &Value, at: &str) {
    let Some(dialog) = value.get("confirm").filter(|dialog| !dialog.is_null()) else {
        return;
    };
    let at = format!("{at}/confirm");
    report.only(dialog, &at, &["title", "text", "confirm", "deny", "style"]);
    for (key, kind, max) in [
        ("title", TextKind::Plain, 100),
        ("text", TextKind::Any, 300),
        ("confirm", TextKind::Plain, 30),
        ("deny", TextKind::Plain, 30),
    ] {
        if report.required(dialog, key, &at) {
            text(report, dialog, key, &at, kind, max);
        }
    }
    report.one_of(dialog, "style", &at, &["primary", "danger"]);
}

/// A list of options in field `key`, `min..=max` of them.
pub(super) fn options(
    report: &mut Report,
    value: &Value,
    key: &str,
    at: &str,
    min: usize,
    max: usize,
    texts: TextKind,
) {
    let items = report.items(value, key, at, min, max);
    for (index, item) in items.iter().enumerate() {
        option(report, item, &format!("{at}/{key}/{index}"), texts);
    }
}

pub(super) fn option(report: &mut Report, item: &Value, at: &str, texts: TextKind) {
    report.only(item, at, &["text", "value", "description", "url"]);
    if report.required(item, "text", at) {
        text(report, item, "text", at, texts, 75);
    }
    if report.required(item, "value", at) {
        // The types package says 75 and the Python SDK 150; real requests up to 150 pass.
        report.string(item, "value", at, 0, 150);
    }
    text(report, item, "description", at, texts, 75);
    report.string(item, "url", at, 1, 3000);
}

pub(super) fn option_groups(report: &mut Report, value: &Value, at: &str) {
    let groups = report.items(value, "option_groups", at, 1, 100);
    for (index, group) in groups.iter().enumerate() {
        let at = format!("{at}/option_groups/{index}");
        report.only(group, &at, &["label", "options"]);
        if report.required(group, "label", &at) {
            text(report, group, "label", &at, TextKind::Plain, 75);
        }
        options(report, group, "options", &at, 1, 100, TextKind::Plain);
    }
}
