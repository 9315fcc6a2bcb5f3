//! The content of a message, admitted or refused the same way wherever it comes from: `chat.*`, a response address, or the
//! body of an acknowledged slash command.

use serde_json::{Map, Value, json};

use super::super::clock::Moment;
use super::super::decode::Args;
use super::super::ids;
use super::super::limits;
use super::super::model::file::FileState;
use super::super::model::workspace::Workspace;
use super::super::violations::ViolationKind;
use super::reply::ApiError;

/// `text` above this is cut on posting (docs.slack.dev /reference/methods/chat.postMessage#truncating).
const TEXT_CUT: usize = 40_000;
/// Most attachments in one message.
const ATTACHMENTS: usize = 100;
/// Largest metadata, in bytes of JSON. Slack publishes none; the double takes a strict one.
const METADATA: usize = 8_000;

/// What a caller gave, `None` where it gave nothing.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Content {
    pub text: Option<String>,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub metadata: Option<Value>,
}

fn array(args: &Args, key: &str, code: &str) -> Result<Option<Vec<Value>>, ApiError> {
    match args.json(key) {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items.clone())),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(_) => Err(ApiError::new(code)),
    }
}

/// Reads and judges a message's content; records what a careful app would not send.
///
/// # Errors
/// `invalid_blocks`, `invalid_blocks_format`, `invalid_attachments`, `too_many_attachments`, `msg_blocks_too_long`,
/// `markdown_text_conflict`, `invalid_metadata_format`, `metadata_too_large`.
pub(in super::super) fn admit(
    ws: &mut Workspace,
    args: &Args,
    origin: &str,
    now: Moment,
) -> Result<Content, ApiError> {
    let mut content = Content {
        text: args.text("text").map(cut),
        blocks: array(args, "blocks", "invalid_blocks_format")?,
        attachments: array(args, "attachments", "invalid_attachments")?,
        metadata: metadata(args)?,
    };
    markdown_text(args, &mut content)?;
    if content
        .attachments
        .as_ref()
        .is_some_and(|list| list.len() > ATTACHMENTS)
    {
        return Err(ApiError::new("too_many_attachments"));
    }
    refuse_outside_limits(ws, &content, origin, now)?;
    watch(ws, &content, origin, now);
    if let Some(blocks) = &mut content.blocks {
        fill_ids(blocks);
    }
    for (at, attachment) in content.attachments.iter_mut().flatten().enumerate() {
        if let Some(fields) = attachment.as_object_mut() {
            fields.insert("id".into(), json!(at + 1));
        }
        if let Some(blocks) = attachment.get_mut("blocks").and_then(Value::as_array_mut) {
            fill_ids(blocks);
        }
    }
    Ok(content)
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CUT).collect()
}

fn markdown_text(args: &Args, content: &mut Content) -> Result<(), ApiError> {
    let Some(markdown) = args.text("markdown_text") else {
        return Ok(());
    };
    if content.text.is_some() || content.blocks.is_some() {
        return Err(ApiError::new("markdown_text_conflict"));
    }
    if markdown.chars().count() > 12_000 {
        return Err(ApiError::new("msg_too_long"));
    }
    content.text = Some(markdown.to_owned());
    content.blocks = Some(vec![json!({"type": "markdown", "text": markdown})]);
    Ok(())
}

fn metadata(args: &Args) -> Result<Option<Value>, ApiError> {
    let Some(metadata) = args.json("metadata") else {
        return Ok(None);
    };
    let Some(fields) = metadata.as_object() else {
        return Err(ApiError::new("invalid_metadata_format"));
    };
    if fields.is_empty() {
        return Ok(Some(json!({})));
    }
    let well_formed = metadata["event_type"]
        .as_str()
        .is_some_and(|kind| !kind.is_empty())
        && (metadata["event_payload"].is_object() || metadata["event_payload"].is_null());
    if !well_formed {
        return Err(ApiError::new("invalid_metadata_format"));
    }
    if metadata.to_string().len() > METADATA {
        return Err(ApiError::new("metadata_too_large"));
    }
    Ok(Some(metadata.clone()))
}

fn refuse_outside_limits(
    ws: &mut Workspace,
    content: &Content,
    origin: &str,
    now: Moment,
) -> Result<(), ApiError> {
    let blocks = content.blocks.as_deref().unwrap_or_default();
    let attachments = content.attachments.as_deref().unwrap_or_default();
    let mut messages = limits::message(blocks, attachments);
    messages.extend(early_files(ws, blocks));
    let too_long = limits::markdown_length(blocks) > limits::MARKDOWN;
    if messages.is_empty() && !too_long {
        return Ok(());
    }
    let code = if too_long {
        "msg_blocks_too_long"
    } else {
        "invalid_blocks"
    };
    ws.violate(
        ViolationKind::OutsideLimits,
        format!("`{origin}` was refused with {code}: {}", messages.join("; ")),
        now,
    );
    Err(ApiError::with_messages(code, messages))
}

/// Images of files that Slack has not finished taking in.
pub(super) fn early_files(ws: &Workspace, blocks: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let Some(file) = block
            .get("slack_file")
            .or_else(|| block["accessory"].get("slack_file"))
        else {
            continue;
        };
        let id = file["id"].as_str().map(str::to_owned).or_else(|| {
            let url = file["url"].as_str()?;
            ws.files.keys().find(|id| url.contains(id.as_str())).cloned()
        });
        let ready = id
            .and_then(|id| ws.files.get(&id))
            .is_some_and(|file| file.state == FileState::Ready);
        if !ready {
            found.push(format!(
                "[ERROR] invalid slack file [json-pointer:/blocks/{at}/slack_file]"
            ));
        }
    }
    found
}

fn watch(ws: &mut Workspace, content: &Content, origin: &str, now: Moment) {
    let has_blocks = content.blocks.as_ref().is_some_and(|blocks| !blocks.is_empty());
    if has_blocks && content.text.is_none() {
        ws.violate(
            ViolationKind::MissingText,
            format!("`{origin}` sent blocks without `text`"),
            now,
        );
    }
    let mut words = Vec::new();
    broadcasts(content.text.as_deref().unwrap_or_default(), &mut words);
    for part in content.blocks.iter().chain(&content.attachments).flatten() {
        walk(part, &mut words);
    }
    words.retain(|word| !ws.checks.broadcasts_allowed.contains(*word));
    if let Some(word) = words.first() {
        ws.violate(
            ViolationKind::Broadcast,
            format!("`{origin}` sent `<!{word}>`"),
            now,
        );
    }
}

fn broadcasts(text: &str, words: &mut Vec<&'static str>) {
    for word in ["channel", "here", "everyone"] {
        if text.contains(&format!("<!{word}>")) || text.contains(&format!("<!{word}|")) {
            words.push(word);
        }
    }
}

/// Looks only where Slack reads mentions: mrkdwn, markdown, attachments' texts and rich text broadcasts.
fn walk(value: &Value, words: &mut Vec<&'static str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, words)),
        Value::Object(map) => {
            match map.get("type").and_then(Value::as_str) {
                Some("plain_text" | "text") => return,
                Some("broadcast") => {
                    let range = map.get("range").and_then(Value::as_str).unwrap_or_default();
                    broadcasts(&format!("<!{range}>"), words);
                }
                Some(_) | None => {}
            }
            for key in ["text", "pretext", "value"] {
                broadcasts(map.get(key).and_then(Value::as_str).unwrap_or_default(), words);
            }
            map.values().for_each(|item| walk(item, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Gives every block and every acting element the id that Slack would make up.
pub(super) fn fill_ids(blocks: &mut [Value]) {
    for block in blocks {
        let Some(fields) = block.as_object_mut() else {
            continue;
        };
        fields
            .entry("block_id")
            .or_insert_with(|| Value::String(ids::block()));
        for key in ["element", "accessory"] {
            if let Some(Value::Object(element)) = fields.get_mut(key) {
                fill_action(element);
            }
        }
        if fields.get("type").and_then(Value::as_str) == Some("actions") {
            for element in fields
                .get_mut("elements")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(element) = element.as_object_mut() {
                    fill_action(element);
                }
            }
        }
    }
}

fn fill_action(element: &mut Map<String, Value>) {
    if element.get("type").and_then(Value::as_str) != Some("image") {
        element
            .entry("action_id")
            .or_insert_with(|| Value::String(ids::block()));
    }
}
