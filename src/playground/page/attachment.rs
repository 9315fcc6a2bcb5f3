//! Attachments: blocks (or the older fields) behind a bar of colour.

use serde_json::Value;

use super::blocks;
use super::ctx::{Ctx, list_of, str_of};
use super::html::Html;
use super::message::{legacy_fields, linked};
use super::mrkdwn::{self, AutoLink};

/// Writes one attachment.
pub fn write(h: &mut Html, attachment: &Value, ctx: &Ctx<'_>) {
    let pretext = str_of(attachment, "pretext");
    if !pretext.is_empty() {
        h.el("div", &[("class", "text")], |h| {
            mrkdwn::write(h, pretext, ctx.names, AutoLink::On)
        });
    }
    h.el("div", &[("class", "attachment")], |h| {
        bar(h, str_of(attachment, "color"));
        h.el("div", &[("class", "attached")], |h| {
            let inner = list_of(attachment, "blocks");
            if inner.is_empty() {
                legacy(h, attachment, ctx)
            } else {
                blocks::write_all(h, inner, ctx)
            }
        });
    });
}

/// The bar is drawn as a picture: the page's security policy allows no inline styles.
fn bar(h: &mut Html, color: &str) {
    let hex = color.trim_start_matches('#');
    let is_hex = (hex.len() == 6 || hex.len() == 3) && hex.bytes().all(|b| b.is_ascii_hexdigit());
    let fill = match color {
        "good" => "#2eb886".to_owned(),
        "warning" => "#daa038".to_owned(),
        "danger" => "#a30200".to_owned(),
        _ if is_hex => format!("#{hex}"),
        _ => "#8d8d91".to_owned(),
    };
    h.el("svg", &[("class", "bar"), ("aria-hidden", "true")], |h| {
        h.open(
            "rect",
            &[
                ("width", "100%"),
                ("height", "100%"),
                ("rx", "2"),
                ("fill", &fill),
            ],
        )
        .close("rect");
    });
}

fn legacy(h: &mut Html, attachment: &Value, ctx: &Ctx<'_>) {
    let title = str_of(attachment, "title");
    if !title.is_empty() {
        h.el("div", &[("class", "att-title")], |h| {
            linked(h, title, str_of(attachment, "title_link"))
        });
    }
    let text = Some(str_of(attachment, "text"))
        .filter(|t| !t.is_empty())
        .unwrap_or(str_of(attachment, "fallback"));
    if !text.is_empty() {
        h.el("div", &[("class", "text")], |h| {
            mrkdwn::write(h, text, ctx.names, AutoLink::On)
        });
    }
    legacy_fields(h, attachment, ctx);
    let footer = str_of(attachment, "footer");
    if !footer.is_empty() {
        h.el("div", &[("class", "context")], |h| {
            mrkdwn::write(h, footer, ctx.names, AutoLink::Off)
        });
    }
}
