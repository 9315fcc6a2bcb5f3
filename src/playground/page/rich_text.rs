//! `rich_text` blocks: sections, lists, quotes and preformatted text with styled runs inside.

use serde_json::Value;

use super::ctx::{Ctx, bool_of, list_of, str_of};
use super::emoji;
use super::html::{Html, safe_href};
use super::inline;
use super::time;

/// Writes the elements of a `rich_text` block.
pub fn write(h: &mut Html, block: &Value, ctx: &Ctx<'_>) {
    for element in list_of(block, "elements") {
        match str_of(element, "type") {
            "rich_text_list" => list(h, element, ctx),
            "rich_text_quote" => {
                h.el("blockquote", &[], |h| runs(h, element, ctx));
            }
            "rich_text_preformatted" => {
                h.el("pre", &[], |h| runs(h, element, ctx));
            }
            _ => {
                h.el("div", &[("class", "rt-section")], |h| runs(h, element, ctx));
            }
        }
    }
}

fn list(h: &mut Html, element: &Value, ctx: &Ctx<'_>) {
    let tag = if str_of(element, "style") == "ordered" {
        "ol"
    } else {
        "ul"
    };
    let level = element
        .get("indent")
        .and_then(Value::as_u64)
        .unwrap_or(0)
        .min(8)
        .to_string();
    // `offset` counts the items before, so the first of a continued list is one more.
    let first = element
        .get("offset")
        .and_then(Value::as_u64)
        .unwrap_or(0)
        .saturating_add(1)
        .to_string();
    let mut attrs = vec![("class", "rt-list"), ("data-indent", level.as_str())];
    if tag == "ol" {
        attrs.push(("start", &first));
    }
    h.el(tag, &attrs, |h| {
        for item in list_of(element, "elements") {
            h.el("li", &[], |h| runs(h, item, ctx));
        }
    });
}

/// The styled runs of a section, list item, quote or preformatted block (or of a cell of a table).
pub fn runs(h: &mut Html, element: &Value, ctx: &Ctx<'_>) {
    for run in list_of(element, "elements") {
        styled(h, run, ctx);
    }
}

fn styled(h: &mut Html, run: &Value, ctx: &Ctx<'_>) {
    let style = run.get("style").unwrap_or(&Value::Null);
    let wanted = [
        ("bold", "b"),
        ("italic", "i"),
        ("strike", "s"),
        ("underline", "u"),
        ("code", "code"),
    ];
    let tags: Vec<&'static str> = wanted
        .iter()
        .filter(|(name, _)| bool_of(style, name))
        .map(|(_, tag)| *tag)
        .collect();
    for tag in &tags {
        h.open(tag, &[]);
    }
    one(h, run, ctx);
    for tag in tags.iter().rev() {
        h.close(tag);
    }
}

fn one(h: &mut Html, run: &Value, ctx: &Ctx<'_>) {
    match str_of(run, "type") {
        "text" => with_breaks(h, str_of(run, "text")),
        "link" => {
            let url = str_of(run, "url");
            let label = Some(str_of(run, "text")).filter(|t| !t.is_empty()).unwrap_or(url);
            match safe_href(url) {
                Some(href) => inline::link(h, href, label),
                None => with_breaks(h, label),
            }
        }
        "emoji" => {
            let name = str_of(run, "name");
            match emoji::lookup(name) {
                Some(picture) => inline::write_emoji(h, name, picture),
                None => with_breaks(h, &format!(":{name}:")),
            }
        }
        "user" => inline::mention_user(h, ctx.names, str_of(run, "user_id"), None),
        "channel" => inline::mention_channel(h, ctx.names, str_of(run, "channel_id"), None),
        "usergroup" => inline::mention_group(h, str_of(run, "usergroup_id"), None),
        "broadcast" => inline::mention_range(h, str_of(run, "range")),
        "date" => {
            let at = run
                .get("timestamp")
                .and_then(Value::as_i64)
                .and_then(|s| jiff::Timestamp::from_second(s).ok());
            match at {
                Some(at) => time::write(h, at, str_of(run, "format")),
                None => with_breaks(h, str_of(run, "fallback")),
            }
        }
        "color" => with_breaks(h, str_of(run, "value")),
        unknown => with_breaks(h, &format!("[{unknown}]")),
    }
}

fn with_breaks(h: &mut Html, text: &str) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            h.raw("<br>");
        }
        h.text(line);
    }
}
