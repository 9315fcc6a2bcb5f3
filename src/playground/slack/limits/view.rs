//! Views: modals and home tabs.

use serde_json::Value;

use super::blocks::{self, Surface};
use super::objects::{TextKind, text};
use super::report::Report;

/// Most blocks in a modal or a home tab.
const VIEW_BLOCKS: usize = 100;

/// Everything wrong with a view that must be of type `wanted` (`modal` or `home`).
pub(in super::super) fn view(view: &Value, wanted: &str) -> Vec<String> {
    let mut report = Report::default();
    let at = "/view";
    if view["type"].as_str() != Some(wanted) {
        report.add(&format!("must be one of: {wanted}"), "/view/type");
        return report.into_messages();
    }
    let common = ["blocks", "private_metadata", "callback_id", "external_id"];
    if wanted == "modal" {
        let own = [
            "title",
            "submit",
            "close",
            "clear_on_close",
            "notify_on_close",
            "submit_disabled",
        ];
        report.only(view, at, &[&common[..], &own[..]].concat());
        modal_parts(&mut report, view, at);
    } else {
        // SDKs send the modal's optional fields along as null.
        report.only(view, at, &[&common[..], &["title", "close", "submit"]].concat());
    }
    report.string(view, "private_metadata", at, 0, 3000);
    report.string(view, "callback_id", at, 0, 255);
    report.string(view, "external_id", at, 0, 255);
    if report.required(view, "blocks", at) {
        let surface = if wanted == "modal" {
            Surface::Modal
        } else {
            Surface::Home
        };
        match view["blocks"].as_array() {
            Some(list) => blocks::list(&mut report, list, "/view/blocks", VIEW_BLOCKS, surface),
            None => report.add("must be an array", "/view/blocks"),
        }
    }
    report.into_messages()
}

fn modal_parts(report: &mut Report, view: &Value, at: &str) {
    if report.required(view, "title", at) {
        text(report, view, "title", at, TextKind::Plain, 24);
    }
    text(report, view, "submit", at, TextKind::Plain, 24);
    text(report, view, "close", at, TextKind::Plain, 24);
    report.flag(view, "clear_on_close", at);
    report.flag(view, "notify_on_close", at);
    let has_input = view["blocks"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|block| block["type"] == "input");
    if has_input && view["submit"].is_null() {
        report.add("missing required field: submit", at);
    }
}
