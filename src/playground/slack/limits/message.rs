//! The blocks of a whole message.

use serde_json::Value;

use super::blocks::{self, Surface};
use super::report::Report;

/// Most characters in all `markdown` blocks of one message together.
pub(in super::super) const MARKDOWN: usize = 12_000;
/// Most blocks in a message.
const MESSAGE_BLOCKS: usize = 50;

/// Everything wrong with a message's blocks and the blocks of its attachments.
pub(in super::super) fn message(blocks: &[Value], attachments: &[Value]) -> Vec<String> {
    let mut report = Report::default();
    blocks::list(&mut report, blocks, "/blocks", MESSAGE_BLOCKS, Surface::Message);
    for (at, attachment) in attachments.iter().enumerate() {
        attachment_parts(&mut report, attachment, &format!("/attachments/{at}"));
    }
    report.into_messages()
}

/// Characters in all `markdown` blocks.
pub(in super::super) fn markdown_length(blocks: &[Value]) -> usize {
    let of_block = |block: &Value| match block["type"].as_str() {
        Some("markdown") => block["text"].as_str().map_or(0, |text| text.chars().count()),
        Some(_) | None => 0,
    };
    blocks.iter().map(of_block).sum()
}

fn attachment_parts(report: &mut Report, attachment: &Value, at: &str) {
    if !attachment.is_object() {
        report.add("must be an object", at);
        return;
    }
    report.string(attachment, "footer", at, 0, 300);
    if let Some(blocks) = attachment["blocks"].as_array() {
        blocks::list(
            report,
            blocks,
            &format!("{at}/blocks"),
            MESSAGE_BLOCKS,
            Surface::Message,
        );
    }
}
