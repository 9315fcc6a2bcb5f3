//! Modals and the home tab: views with blocks, drawn in the middle of the page or in the place of a channel.

use serde_json::Value;

use super::blocks;
use super::ctx::{Ctx, Host, Names, list_of, str_of};
use super::html::Html;
use super::text;
use crate::playground::slack::view::ModalView;

/// Writes the modal on top of the viewer's stack.
pub fn write(h: &mut Html, modal: &ModalView, names: &Names) {
    let view = &modal.view;
    let host = Host::Modal {
        view_id: str_of(view, "id").to_owned(),
    };
    let ctx = Ctx {
        names,
        host,
        state: values(view),
        errors: &modal.errors,
    };
    let key = format!("modal-{}", str_of(view, "id"));
    h.el("div", &[("class", "modal-back"), ("data-key", "modal")], |h| {
        let mut attrs = vec![("class", "modal"), ("role", "dialog"), ("aria-modal", "true")];
        attrs.extend([
            ("aria-labelledby", "modal-title"),
            ("data-key", key.as_str()),
            ("data-modal", "1"),
        ]);
        attrs.extend(ctx.host.attrs());
        h.open("section", &attrs);
        header(h, modal, &ctx);
        h.el("div", &[("class", "modal-body"), ("data-scroll", &key)], |h| {
            blocks::write_all(h, list_of(view, "blocks"), &ctx);
            stray_errors(h, modal);
            if let Some(trouble) = &modal.trouble {
                h.tag("p", &[("class", "error"), ("role", "alert")], trouble);
            }
        });
        footer(h, view, &ctx);
        h.close("section");
    });
}

fn header(h: &mut Html, modal: &ModalView, ctx: &Ctx<'_>) {
    h.el("header", &[("class", "modal-head")], |h| {
        h.el("h2", &[("id", "modal-title")], |h| {
            text::write(h, &modal.view["title"], ctx)
        });
        if modal.depth > 0 {
            h.tag("span", &[("class", "depth")], &format!("{} below", modal.depth));
        }
        h.raw(
            "<button type=\"button\" class=\"icon\" data-close=\"1\" aria-label=\"Close\">&#10005;</button>",
        );
    });
}

fn footer(h: &mut Html, view: &Value, ctx: &Ctx<'_>) {
    h.el("footer", &[("class", "modal-foot")], |h| {
        h.el(
            "button",
            &[("type", "button"), ("class", "btn"), ("data-close", "1")],
            |h| {
                label(h, view, "close", "Close", ctx);
            },
        );
        if view.get("submit").is_some_and(|s| !s.is_null()) {
            h.el(
                "button",
                &[("type", "button"), ("class", "btn primary"), ("data-submit", "1")],
                |h| {
                    label(h, view, "submit", "Submit", ctx);
                },
            );
        }
    });
}

fn label(h: &mut Html, view: &Value, key: &str, fallback: &str, ctx: &Ctx<'_>) {
    match view.get(key).filter(|v| !v.is_null()) {
        Some(object) => text::write(h, object, ctx),
        None => {
            h.text(fallback);
        }
    }
}

/// Errors for blocks that are not in the view would otherwise be lost.
fn stray_errors(h: &mut Html, modal: &ModalView) {
    let drawn: Vec<&str> = list_of(&modal.view, "blocks")
        .iter()
        .filter(|block| str_of(block, "type") == "input")
        .map(|block| str_of(block, "block_id"))
        .collect();
    for (block_id, message) in modal
        .errors
        .iter()
        .filter(|(id, _)| !drawn.contains(&id.as_str()))
    {
        h.tag(
            "p",
            &[("class", "error"), ("role", "alert"), ("data-for", block_id)],
            message,
        );
    }
}

/// Writes the home tab, or what stands there before the app has published one.
pub fn home(h: &mut Html, view: Option<&Value>, names: &Names) {
    let Some(view) = view else {
        h.raw("<div class=\"empty\"><p><b>Nothing published yet</b></p><p>The app fills this tab when someone opens it.</p></div>");
        return;
    };
    let ctx = Ctx {
        names,
        host: Host::Home,
        state: values(view),
        errors: &[],
    };
    let mut attrs = vec![("class", "home blocks")];
    attrs.extend(ctx.host.attrs());
    h.el("div", &attrs, |h| {
        blocks::write_all(h, list_of(view, "blocks"), &ctx)
    });
}

fn values(view: &Value) -> Option<&Value> {
    view.get("state")?.get("values").filter(|v| v.is_object())
}
