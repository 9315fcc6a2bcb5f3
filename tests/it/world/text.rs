//! Slack's blocks as the text that a person reads, line by line, with what differs from run to run taken out.

use std::sync::LazyLock;

use interlock::playground::slack::view::MessageView;
use regex::Regex;
use serde_json::Value;

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    value["text"].as_str().unwrap_or_default().to_owned()
}

/// The label of a button or a menu entry.
pub fn label(element: &Value) -> String {
    word(&element["text"])
}

fn element(element: &Value) -> String {
    match element["type"].as_str().unwrap_or_default() {
        "overflow" => {
            let entries: Vec<String> = list(&element["options"]).map(label).collect();
            format!("[... {}]", entries.join(" | "))
        }
        "button" => format!("[{}]", label(element)),
        other => format!("[{other}]"),
    }
}

fn rich(value: &Value) -> String {
    let own = value["text"].as_str().unwrap_or_default();
    let inner: String = list(&value["elements"]).map(rich).collect();
    format!("{own}{inner}")
}

/// One block as lines.
pub fn block(block: &Value) -> String {
    let mut parts = Vec::new();
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            parts.push(word(&block["text"]));
            parts.extend(list(&block["fields"]).map(word));
        }
        "header" => parts.push(word(&block["text"])),
        "context" => parts.extend(list(&block["elements"]).map(word)),
        "actions" => parts.push(
            list(&block["elements"])
                .map(element)
                .collect::<Vec<_>>()
                .join(" "),
        ),
        "rich_text" => parts.push(format!("$ {}", rich(block).trim_end())),
        "input" => parts.push(format!("{}: ____", word(&block["label"]))),
        _ => {}
    }
    if block.get("accessory").is_some() {
        parts.push(element(&block["accessory"]));
    }
    parts.join("\n")
}

pub fn blocks(all: &[Value]) -> String {
    all.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// What stands on a card.
pub fn card(message: &MessageView) -> String {
    steady(&blocks(&message.blocks))
}

/// What a message says: its blocks when it has some, else its text.
pub fn message(message: &MessageView) -> String {
    let shown = blocks(&message.blocks);
    steady(if shown.trim().is_empty() {
        &message.text
    } else {
        &shown
    })
}

fn patterns() -> Vec<(Regex, &'static str)> {
    [
        (r"<!date\^\d+\^\{time\}\|\d\d:\d\d UTC>", "HH:MM"),
        (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
        (r"sha256:[0-9a-f]{8,}", "REVISION"),
        (r"\bat [0-9a-f]{12,13}…?", "at REVISION"),
        (r"\bplan (\d+) \([0-9a-f]{12}\)", "plan $1 (DIGEST)"),
        (r"\bdigest [0-9a-f]{12}", "digest DIGEST"),
        (r"\b\d+(\.\d+)? (ms|s)\b([:\n]|$)", "N s$3"),
    ]
    .into_iter()
    .map(|(pattern, with)| (Regex::new(pattern).unwrap(), with))
    .collect()
}

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(patterns);

/// The same text whenever it is told.
pub fn steady(text: &str) -> String {
    PATTERNS.iter().fold(text.to_owned(), |text, (pattern, with)| {
        pattern.replace_all(&text, *with).into_owned()
    })
}

/// The things said in a thread: one line each, with the lines that belong to it (output, lists, facts).
pub fn said(text: &str) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        let opens = line.starts_with("```");
        let begins = !fenced && !opens && !continues(line);
        fenced ^= opens;
        match said.last_mut() {
            Some(last) if !begins => {
                last.push('\n');
                last.push_str(line);
            }
            _ => said.push(line.to_owned()),
        }
    }
    said
}

fn continues(line: &str) -> bool {
    let heading = line.starts_with("*Summary ") || line.starts_with("*Handed over");
    line.trim().is_empty() || line.starts_with(['•', '[']) || (line.starts_with('*') && !heading)
}
