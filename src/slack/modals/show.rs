//! Views that show something: a runbook's text, a message, a wait.

use serde_json::{Value, json};

use crate::domain::action::reveal_lines;
use crate::slack::cards::text::{chunks, safe};
use crate::slack::cards::{plain, section};
use crate::slack::surface::callback;

/// Blocks of a view, at most (docs.slack.dev, modals: 100), less what stands around the content.
pub(super) const BLOCKS: usize = 96;
/// Bytes of a view's content, well below Slack's 250 KB.
pub(super) const CONTENT: usize = 160_000;

pub(super) fn shown(title: &str, blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal", "callback_id": callback::SHOW, "title": plain(title, 24), "close": plain("Close", 24),
        "blocks": blocks,
    })
}

#[must_use]
pub fn loading() -> Value {
    shown("One moment", vec![section("Looking it up …")])
}

/// A text of ours, as mrkdwn.
#[must_use]
pub fn message(text: &str) -> Value {
    let blocks: Vec<Value> = chunks(text, 2800)
        .iter()
        .take(BLOCKS)
        .map(|part| section(part))
        .collect();
    shown(
        "Interlock",
        if blocks.is_empty() {
            vec![section("-")]
        } else {
            blocks
        },
    )
}

/// A runbook's text, whole if it fits.
pub fn runbook(title: &str, source: &str, changed: bool) -> Value {
    let mut blocks = vec![section(&format!("*{}*", safe(title, 200)))];
    if changed {
        blocks.push(section(
            "*The file has changed since the plan was made.* This is how it reads now; what was proposed and approved is on the card.",
        ));
    }
    let parts = chunks(&reveal_lines(source), 2900);
    let all = parts.len();
    let fit: Vec<Value> = parts
        .into_iter()
        .take((CONTENT / 2900).min(BLOCKS))
        .map(|part| {
            json!({"type": "rich_text", "elements": [
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": part}]}
            ]})
        })
        .collect();
    let cut_off = all > fit.len();
    blocks.extend(fit);
    if cut_off {
        blocks.push(section(
            "_The rest is too long to be shown here; read it in the repository._",
        ));
    }
    shown("Runbook", blocks)
}
