//! Interactive elements: buttons, menus, pickers, inputs.
//!
//! A control carries `data-act` (its `action_id`), `data-block` and `data-kind`; the script turns what a
//! person does with it into an [`Input`](super::backend::Input) of that kind. A live control is sent at once
//! (actions blocks, accessories, inputs that dispatch), a collected one when its modal is submitted. Choices
//! are drawn in [`super::choices`].

use serde_json::Value;

use super::choices;
use super::confirm;
use super::ctx::{Ctx, bool_of, str_of};
use super::html::{Html, safe_href};
use super::{image, text};

/// Where a control stands and when it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub block_id: &'a str,
    pub live: bool,
}

impl<'a> Place<'a> {
    /// Sent to the app as soon as it is used.
    pub fn live(block_id: &'a str) -> Self {
        Self { block_id, live: true }
    }

    /// Sent with the rest of the modal.
    pub fn collected(block_id: &'a str) -> Self {
        Self {
            block_id,
            live: false,
        }
    }
}

/// What every control needs to write its own tag.
pub struct Control<'a> {
    pub element: &'a Value,
    pub place: Place<'a>,
    pub id: String,
}

impl<'a> Control<'a> {
    fn new(element: &'a Value, place: Place<'a>, ctx: &Ctx<'_>) -> Self {
        let id = dom_id(place.block_id, str_of(element, "action_id"), ctx);
        Self { element, place, id }
    }

    pub fn action_id(&self) -> &'a str {
        str_of(self.element, "action_id")
    }

    /// The attributes shared by all controls, for the tag that the script watches.
    pub fn attrs(&self, kind: &'static str) -> Vec<(&'static str, &str)> {
        let mut attrs = vec![
            ("data-act", self.action_id()),
            ("data-block", self.place.block_id),
            ("data-kind", kind),
            ("data-key", self.id.as_str()),
        ];
        if self.place.live {
            attrs.push(("data-live", "1"));
        }
        if self.element.get("confirm").is_some_and(Value::is_object) {
            attrs.push(("data-confirm", "1"));
        }
        attrs
    }
}

/// The id of a control in the document; stable while host, block and action stay the same.
pub fn dom_id(block_id: &str, action_id: &str, ctx: &Ctx<'_>) -> String {
    format!("c-{}-{block_id}-{action_id}", ctx.host.key()).replace(char::is_whitespace, "_")
}

/// Writes one element with its confirm dialog.
pub fn write(h: &mut Html, element: &Value, place: Place<'_>, ctx: &Ctx<'_>) {
    let control = Control::new(element, place, ctx);
    let kind = str_of(element, "type");
    if kind == "image" {
        return image::element(h, element);
    }
    h.open("div", &[("class", "ctl")]);
    match kind {
        "button" | "workflow_button" => button(h, &control, ctx),
        "overflow" => choices::overflow(h, &control),
        "static_select" => choices::select(h, &control, ctx),
        "users_select" => choices::people(h, &control, ctx),
        "channels_select" | "conversations_select" => choices::channels(h, &control, ctx),
        "multi_static_select" | "checkboxes" => choices::several(h, &control, ctx),
        "multi_users_select" => choices::several_people(h, &control, ctx),
        "multi_channels_select" | "multi_conversations_select" => choices::several_channels(h, &control, ctx),
        "radio_buttons" => choices::radio(h, &control, ctx),
        "plain_text_input" => text_input(h, &control, ctx),
        "number_input" => number(h, &control, ctx),
        "email_text_input" => field(h, &control, ctx, ("email", "text", "value", "initial_value")),
        "url_text_input" => field(h, &control, ctx, ("url", "text", "value", "initial_value")),
        "datepicker" => field(
            h,
            &control,
            ctx,
            ("date", "date", "selected_date", "initial_date"),
        ),
        "timepicker" => field(
            h,
            &control,
            ctx,
            ("time", "time", "selected_time", "initial_time"),
        ),
        "datetimepicker" => date_time(h, &control, ctx),
        _ => {
            h.tag(
                "span",
                &[("class", "note")],
                &format!("A `{kind}` element, which this page doesn't draw"),
            );
        }
    }
    confirm::write(h, element, ctx);
    h.close("div");
}

fn button(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let element = control.element;
    let class = match str_of(element, "style") {
        "primary" => "btn primary",
        "danger" => "btn danger",
        _ => "btn",
    };
    let long = str_of(element, "accessibility_label");
    let mut attrs = control.attrs("button");
    attrs.push(("class", class));
    if !long.is_empty() {
        attrs.extend([("aria-label", long), ("title", long)]);
    }
    match safe_href(str_of(element, "url")) {
        Some(href) => {
            attrs.extend([
                ("href", href),
                ("target", "_blank"),
                ("rel", "noopener noreferrer"),
            ]);
            h.el("a", &attrs, |h| text::write(h, &element["text"], ctx));
        }
        None => {
            attrs.push(("type", "button"));
            h.el("button", &attrs, |h| text::write(h, &element["text"], ctx));
        }
    }
}

/// What stands in the field: what the person left there before, else what the app put there.
fn standing(control: &Control<'_>, ctx: &Ctx<'_>, kept: &str, initial: &str) -> String {
    let value = match ctx.kept(control.place.block_id, control.action_id()) {
        Some(state) => state.get(kept),
        None => control.element.get(initial),
    };
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn text_input(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let element = control.element;
    let value = standing(control, ctx, "value", "initial_value");
    let placeholder = text::line(&element["placeholder"]);
    let max = element
        .get("max_length")
        .and_then(Value::as_u64)
        .unwrap_or(3_000)
        .to_string();
    let mut attrs = control.attrs("text");
    attrs.extend([
        ("id", control.id.as_str()),
        ("placeholder", &placeholder),
        ("maxlength", &max),
        ("class", "field-in"),
    ]);
    if bool_of(element, "focus_on_load") {
        attrs.push(("data-focus", "1"));
    }
    if bool_of(element, "multiline") {
        attrs.push(("rows", "4"));
        // A newline directly after the tag is dropped by browsers, so one is always put there.
        h.open("textarea", &attrs)
            .raw("\n")
            .text(&value)
            .close("textarea");
    } else {
        attrs.extend([("type", "text"), ("value", &value), ("autocomplete", "off")]);
        h.open("input", &attrs);
    }
}

fn number(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let element = control.element;
    let value = standing(control, ctx, "value", "initial_value");
    let placeholder = text::line(&element["placeholder"]);
    let step = if bool_of(element, "is_decimal_allowed") {
        "any"
    } else {
        "1"
    };
    let mut attrs = control.attrs("text");
    attrs.extend([
        ("id", control.id.as_str()),
        ("type", "number"),
        ("step", step),
        ("value", value.as_str()),
    ]);
    attrs.extend([
        ("placeholder", placeholder.as_str()),
        ("class", "field-in"),
        ("inputmode", "decimal"),
    ]);
    for (from, to) in [("min_value", "min"), ("max_value", "max")] {
        if !str_of(element, from).is_empty() {
            attrs.push((to, str_of(element, from)));
        }
    }
    h.open("input", &attrs);
}

/// A one-line field: HTML type, input kind, where the state keeps its value, where the app's first value
/// stands.
fn field(
    h: &mut Html,
    control: &Control<'_>,
    ctx: &Ctx<'_>,
    shape: (&'static str, &'static str, &str, &str),
) {
    let (html_type, kind, kept, initial) = shape;
    let value = standing(control, ctx, kept, initial);
    let placeholder = text::line(&control.element["placeholder"]);
    let mut attrs = control.attrs(kind);
    attrs.extend([
        ("id", control.id.as_str()),
        ("type", html_type),
        ("value", value.as_str()),
    ]);
    attrs.extend([("placeholder", placeholder.as_str()), ("class", "field-in")]);
    h.open("input", &attrs);
}

/// Seconds since 1970 in Block Kit, a local date and time in HTML: the script converts, so the value travels
/// as `data-unix`.
fn date_time(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let unix = standing(control, ctx, "selected_date_time", "initial_date_time");
    let mut attrs = control.attrs("date_time");
    attrs.extend([
        ("id", control.id.as_str()),
        ("type", "datetime-local"),
        ("class", "field-in"),
    ]);
    attrs.push(("data-at", unix.as_str()));
    h.open("input", &attrs);
}
