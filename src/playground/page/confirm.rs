//! The confirm object: "are you sure" between a person's press and the app.

use serde_json::Value;

use super::ctx::{Ctx, str_of};
use super::html::Html;
use super::text;

/// Writes the dialog that the script opens before it sends the element's action; nothing when there is no
/// confirm object.
pub fn write(h: &mut Html, element: &Value, ctx: &Ctx<'_>) {
    let Some(confirm) = element.get("confirm").filter(|c| c.is_object()) else {
        return;
    };
    let go = if str_of(confirm, "style") == "danger" {
        "btn danger"
    } else {
        "btn primary"
    };
    h.el("dialog", &[("class", "confirm"), ("data-keep-open", "1")], |h| {
        h.el("h3", &[], |h| text::write(h, &confirm["title"], ctx));
        h.el("div", &[("class", "confirm-text")], |h| {
            text::write(h, &confirm["text"], ctx)
        });
        h.el("div", &[("class", "confirm-foot")], |h| {
            h.el(
                "button",
                &[("type", "button"), ("class", "btn"), ("data-deny", "1")],
                |h| {
                    text::write(h, &confirm["deny"], ctx);
                },
            );
            h.el(
                "button",
                &[("type", "button"), ("class", go), ("data-go", "1")],
                |h| {
                    text::write(h, &confirm["confirm"], ctx);
                },
            );
        });
    });
}
