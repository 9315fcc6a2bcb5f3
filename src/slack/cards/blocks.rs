//! Blocks with their limits kept (docs.slack.dev, Block Kit reference). Text with markup is always `verbatim`, so that
//! nothing in it becomes a link or a mention by itself.

use serde_json::{Value, json};

use super::text::cut;
use crate::domain::action::reveal_lines;

/// A section's text: 3,000 characters, less what counting entities otherwise might take.
pub const SECTION: usize = 2850;

/// A section of mrkdwn that is escaped already.
pub fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": filled(&cut(text, SECTION)), "verbatim": true})
}

/// A section with a button beside it.
pub fn section_with(text: &str, accessory: Value) -> Value {
    json!({"type": "section", "text": mrkdwn(text), "accessory": accessory})
}

/// Longest small grey line.
const LINE: usize = 1000;

/// Small grey lines; at most five.
pub fn context(lines: &[String]) -> Value {
    let elements: Vec<Value> = lines
        .iter()
        .filter(|line| !line.is_empty())
        .take(5)
        .map(|line| json!({"type": "mrkdwn", "text": filled(&cut(line, LINE)), "verbatim": true}))
        .collect();
    json!({"type": "context", "elements": elements})
}

pub fn plain(text: &str, most: usize) -> Value {
    json!({"type": "plain_text", "text": filled(&cut(&reveal_lines(text), most)), "emoji": false})
}

/// How a button looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Primary,
    Danger,
}

/// A button: what it says, what a screen reader says, its id and value.
pub fn button(label: &str, spoken: &str, id: &str, value: &str, style: Style) -> Value {
    let mut button = json!({
        "type": "button", "text": plain(label, 24), "accessibility_label": cut(spoken, 70),
        "action_id": id, "value": value,
    });
    match style {
        Style::Plain => {}
        Style::Primary => button["style"] = json!("primary"),
        Style::Danger => button["style"] = json!("danger"),
    }
    button
}

/// A button that carries nothing but what it does.
pub fn home_button(label: &str, id: &str) -> Value {
    button(label, label, id, id, Style::Danger)
}

/// Asked before the click counts.
pub fn confirm(title: &str, text: &str, yes: &str) -> Value {
    json!({
        "title": plain(title, 60), "text": plain(text, 280),
        "confirm": plain(yes, 20), "deny": plain("Go back", 20),
    })
}

/// A text object may not be empty.
fn filled(text: &str) -> String {
    if text.trim().is_empty() {
        "-".to_owned()
    } else {
        text.to_owned()
    }
}
