//! Blocks and lists of blocks.

use std::collections::HashSet;

use serde_json::Value;

use super::elements::{Slot, element, image};
use super::objects::{TextKind, text, text_object};
use super::report::Report;
use super::rich::rich_text;

/// Where blocks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Message,
    Modal,
    Home,
}

/// Checks a list of blocks: how many, each one, and that ids are unique.
pub(super) fn list(report: &mut Report, blocks: &[Value], at: &str, most: usize, surface: Surface) {
    report.count(blocks.len(), at, 0, most);
    let mut seen = HashSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let place = format!("{at}/{index}");
        if let Some(id) = block["block_id"].as_str()
            && !seen.insert(id)
        {
            report.add(&format!("`block_id` \"{id}\" already exists"), &place);
        }
        one(report, block, &place, surface);
    }
}

fn one(report: &mut Report, block: &Value, at: &str, surface: Surface) {
    if !block.is_object() {
        report.add("must provide an object", at);
        return;
    }
    report.string(block, "block_id", at, 1, 255);
    match block["type"].as_str().unwrap_or_default() {
        "section" => section(report, block, at),
        "header" => {
            report.only(block, at, &["block_id", "text", "level"]);
            if report.required(block, "text", at) {
                text(report, block, "text", at, TextKind::Plain, 150);
            }
        }
        "divider" => report.only(block, at, &["block_id"]),
        "context" => context(report, block, at),
        "actions" => actions(report, block, at),
        "image" => {
            image(report, block, at);
            text(report, block, "title", at, TextKind::Plain, 2000);
        }
        "input" => input(report, block, at),
        "rich_text" => rich_text(report, block, at),
        "markdown" => {
            report.only(block, at, &["block_id", "text"]);
            if report.required(block, "text", at) {
                report.string(block, "text", at, 1, super::message::MARKDOWN);
            }
        }
        "table" => table(report, block, at),
        "alert" => alert(report, block, at, surface),
        "card" => {
            for (key, most) in [("title", 150), ("subtitle", 150), ("body", 200)] {
                text(report, block, key, at, TextKind::Any, most);
            }
        }
        "container" => {
            text(report, block, "title", at, TextKind::Any, 150);
            report.items(block, "blocks", at, 0, 10);
        }
        "video" | "file" | "call" | "carousel" | "plan" | "task_card" | "data_table"
        | "data_visualization" | "context_actions" => {}
        other => report.add(&format!("unsupported type: {other}"), &format!("{at}/type")),
    }
}

fn section(report: &mut Report, block: &Value, at: &str) {
    report.only(block, at, &["block_id", "text", "fields", "accessory", "expand"]);
    text(report, block, "text", at, TextKind::Any, 3000);
    if block.get("fields").is_some_and(|fields| !fields.is_null()) {
        for (index, field) in report.items(block, "fields", at, 1, 10).iter().enumerate() {
            text_object(
                report,
                field,
                &format!("{at}/fields/{index}"),
                TextKind::Any,
                2000,
            );
        }
    } else if block["text"].is_null() {
        report.add("missing required field: text or fields", at);
    }
    if let Some(accessory) = block.get("accessory").filter(|accessory| !accessory.is_null()) {
        element(report, accessory, &format!("{at}/accessory"), Slot::Accessory);
    }
}

fn context(report: &mut Report, block: &Value, at: &str) {
    report.only(block, at, &["block_id", "elements"]);
    for (index, item) in report.items(block, "elements", at, 1, 10).iter().enumerate() {
        let at = format!("{at}/elements/{index}");
        if item["type"] == "image" {
            image(report, item, &at);
        } else {
            text_object(report, item, &at, TextKind::Any, 3000);
        }
    }
}

fn actions(report: &mut Report, block: &Value, at: &str) {
    report.only(block, at, &["block_id", "elements"]);
    let mut seen = HashSet::new();
    for (index, item) in report.items(block, "elements", at, 1, 25).iter().enumerate() {
        let place = format!("{at}/elements/{index}");
        if let Some(id) = item["action_id"].as_str()
            && !seen.insert(id)
        {
            report.add(&format!("`action_id` \"{id}\" already exists"), &place);
        }
        element(report, item, &place, Slot::Actions);
    }
}

fn input(report: &mut Report, block: &Value, at: &str) {
    report.only(
        block,
        at,
        &[
            "block_id",
            "label",
            "element",
            "hint",
            "optional",
            "dispatch_action",
        ],
    );
    if report.required(block, "label", at) {
        text(report, block, "label", at, TextKind::Plain, 2000);
    }
    text(report, block, "hint", at, TextKind::Plain, 2000);
    report.flag(block, "optional", at);
    report.flag(block, "dispatch_action", at);
    if report.required(block, "element", at) {
        element(report, &block["element"], &format!("{at}/element"), Slot::Input);
    }
}

fn table(report: &mut Report, block: &Value, at: &str) {
    for (index, row) in report.items(block, "rows", at, 1, 100).iter().enumerate() {
        let place = format!("{at}/rows/{index}");
        match row.as_array() {
            None => report.add("must be an array", &place),
            Some(cells) => report.count(cells.len(), &place, 1, 20),
        }
    }
}

fn alert(report: &mut Report, block: &Value, at: &str, surface: Surface) {
    match surface {
        Surface::Modal => text(report, block, "text", at, TextKind::Any, 200),
        Surface::Message | Surface::Home => report.add("alert blocks are for modals only", at),
    }
}
