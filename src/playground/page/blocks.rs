//! Layout blocks of Block Kit to HTML: one function per kind, [`write`] chooses.
//!
//! What a block holds inside is drawn elsewhere: text in [`super::text`], controls in [`super::elements`],
//! pictures in
//! [`super::image`], tables in [`super::table`]. A kind that is not known is shown as such with its JSON, never left out.

use serde_json::Value;

use super::ctx::{Ctx, bool_of, list_of, str_of};
use super::elements::{self, Place};
use super::html::Html;
use super::{image, markdown, rich_text, table, text};

/// Writes a list of blocks.
pub fn write_all(h: &mut Html, blocks: &[Value], ctx: &Ctx<'_>) {
    for (index, block) in blocks.iter().enumerate() {
        write(h, block, index, ctx);
    }
}

/// Writes one block; `index` stands in for a `block_id` that is not there.
pub fn write(h: &mut Html, block: &Value, index: usize, ctx: &Ctx<'_>) {
    let fallback = format!("b{index}");
    let id = Some(str_of(block, "block_id"))
        .filter(|id| !id.is_empty())
        .unwrap_or(&fallback);
    match str_of(block, "type") {
        "section" => section(h, block, id, ctx),
        "header" => {
            h.el("h3", &[("class", "blk header")], |h| {
                text::write(h, &block["text"], ctx)
            });
        }
        "divider" => {
            h.raw("<hr class=\"blk\">");
        }
        "context" => context(h, block, ctx),
        "actions" | "context_actions" => {
            h.el("div", &[("class", "blk actions")], |h| {
                for element in list_of(block, "elements") {
                    elements::write(h, element, Place::live(id), ctx);
                }
            });
        }
        "input" => input(h, block, id, ctx),
        "rich_text" => {
            h.el("div", &[("class", "blk rich")], |h| {
                rich_text::write(h, block, ctx)
            });
        }
        "markdown" => {
            h.el("div", &[("class", "blk rich md")], |h| {
                markdown::write(h, str_of(block, "text"))
            });
        }
        "image" => image::block(h, block, ctx),
        "table" => table::write(h, block, ctx),
        "file" => {
            h.tag(
                "div",
                &[("class", "blk note")],
                &format!("Remote file {}", str_of(block, "external_id")),
            );
        }
        "video" => video(h, block, ctx),
        "alert" => {
            let class = format!("blk alert {}", level(block));
            h.el("div", &[("class", &class), ("role", "note")], |h| {
                text::write(h, &block["text"], ctx)
            });
        }
        kind => unknown(h, kind, block),
    }
}

fn level(block: &Value) -> &'static str {
    match str_of(block, "level") {
        "error" => "error",
        "warning" => "warning",
        "success" => "success",
        _ => "info",
    }
}

fn section(h: &mut Html, block: &Value, id: &str, ctx: &Ctx<'_>) {
    h.open("div", &[("class", "blk section")]);
    h.el("div", &[("class", "section-text")], |h| {
        if block.get("text").is_some() {
            h.el("div", &[("class", "text")], |h| {
                text::write(h, &block["text"], ctx)
            });
        }
        let fields = list_of(block, "fields");
        if !fields.is_empty() {
            h.el("div", &[("class", "fields")], |h| {
                for field in fields {
                    h.el("div", &[("class", "field")], |h| text::write(h, field, ctx));
                }
            });
        }
    });
    if let Some(accessory) = block.get("accessory").filter(|a| a.is_object()) {
        h.el("div", &[("class", "accessory")], |h| {
            elements::write(h, accessory, Place::live(id), ctx)
        });
    }
    h.close("div");
}

fn context(h: &mut Html, block: &Value, ctx: &Ctx<'_>) {
    h.el("div", &[("class", "blk context")], |h| {
        for element in list_of(block, "elements") {
            if str_of(element, "type") == "image" {
                image::element(h, element);
            } else {
                h.el("span", &[("class", "ctx-text")], |h| text::write(h, element, ctx));
            }
        }
    });
}

fn input(h: &mut Html, block: &Value, id: &str, ctx: &Ctx<'_>) {
    let error = ctx.error(id);
    let class = if error.is_some() {
        "blk input invalid"
    } else {
        "blk input"
    };
    let optional = bool_of(block, "optional");
    let element = block.get("element").unwrap_or(&Value::Null);
    let place = if bool_of(block, "dispatch_action") {
        Place::live(id)
    } else {
        Place::collected(id)
    };
    let required = if optional { "false" } else { "true" };
    h.open(
        "div",
        &[
            ("class", class),
            ("data-input-block", id),
            ("data-required", required),
        ],
    );
    let for_id = elements::dom_id(id, str_of(element, "action_id"), ctx);
    h.el("label", &[("for", &for_id)], |h| {
        text::write(h, &block["label"], ctx);
        if optional {
            h.raw(" <span class=\"optional\">(optional)</span>");
        }
    });
    elements::write(h, element, place, ctx);
    if let Some(error) = error {
        h.tag("p", &[("class", "error"), ("role", "alert")], error);
    }
    if block.get("hint").is_some_and(Value::is_object) {
        h.el("p", &[("class", "hint")], |h| text::write(h, &block["hint"], ctx));
    }
    h.close("div");
}

fn video(h: &mut Html, block: &Value, ctx: &Ctx<'_>) {
    h.el("div", &[("class", "blk note")], |h| {
        h.raw("<b>Video</b> ");
        text::write(h, &block["title"], ctx);
    });
}

fn unknown(h: &mut Html, kind: &str, block: &Value) {
    let json = serde_json::to_string_pretty(block).unwrap_or_default();
    h.el("details", &[("class", "blk note")], |h| {
        h.tag(
            "summary",
            &[],
            &format!("A `{kind}` block, which this page doesn't draw"),
        );
        h.tag("pre", &[], &json);
    });
}
