//! Elements that offer a choice: menus, radio buttons, checkboxes, and pickers of people and channels.
//!
//! All are native form controls (or a `details` with checkboxes), so the keyboard works without any script.

use serde_json::Value;

use super::ctx::{Ctx, list_of, str_of};
use super::elements::Control;
use super::html::Html;
use super::text;

/// One thing to choose.
struct Choice {
    value: String,
    label: String,
    about: String,
}

impl Choice {
    fn of(option: &Value) -> Self {
        Self {
            value: str_of(option, "value").to_owned(),
            label: text::line(&option["text"]),
            about: text::line(&option["description"]),
        }
    }

    fn named(value: &str, label: String) -> Self {
        Self {
            value: value.to_owned(),
            label,
            about: String::new(),
        }
    }
}

/// Choices under an optional heading.
type Group = (Option<String>, Vec<Choice>);

fn groups(element: &Value) -> Vec<Group> {
    let under = |object: &Value| {
        list_of(object, "options")
            .iter()
            .map(Choice::of)
            .collect::<Vec<_>>()
    };
    let mut all: Vec<Group> = list_of(element, "option_groups")
        .iter()
        .map(|g| (Some(text::line(&g["label"])), under(g)))
        .collect();
    if all.is_empty() {
        all.push((None, under(element)));
    }
    all
}

fn people_of(ctx: &Ctx<'_>) -> Vec<Group> {
    vec![(
        None,
        ctx.names
            .people
            .iter()
            .map(|(id, name)| Choice::named(id, format!("@{name}")))
            .collect(),
    )]
}

fn channels_of(ctx: &Ctx<'_>) -> Vec<Group> {
    vec![(
        None,
        ctx.names
            .channels
            .iter()
            .map(|(id, name)| Choice::named(id, format!("#{name}")))
            .collect(),
    )]
}

/// What is chosen now: what the double keeps, else the app's first choice. Options by value, people and
/// channels by id.
fn chosen(control: &Control<'_>, ctx: &Ctx<'_>, kept: &[&str], initial: &[&str]) -> Vec<String> {
    let (from, keys) = match ctx.kept(control.place.block_id, control.action_id()) {
        Some(state) => (state, kept),
        None => (control.element, initial),
    };
    let Some(value) = keys.iter().find_map(|key| from.get(*key)) else {
        return Vec::new();
    };
    let name = |v: &Value| {
        v.as_str()
            .or_else(|| v.get("value").and_then(Value::as_str))
            .map(str::to_owned)
    };
    match value {
        Value::Array(several) => several.iter().filter_map(name).collect(),
        one => name(one).into_iter().collect(),
    }
}

pub fn overflow(h: &mut Html, control: &Control<'_>) {
    h.open("details", &[("class", "overflow"), ("data-keep-open", "1")]);
    h.raw("<summary class=\"btn\" aria-label=\"More actions\" title=\"More actions\">&#8943;</summary>");
    h.el("div", &[("class", "menu")], |h| {
        for choice in list_of(control.element, "options").iter().map(Choice::of) {
            let key = format!("{}-{}", control.id, choice.value);
            let mut attrs = control.attrs("option");
            attrs.retain(|(name, _)| *name != "data-key");
            attrs.extend([
                ("type", "button"),
                ("class", "menu-item"),
                ("data-value", &choice.value),
                ("data-key", &key),
            ]);
            h.el("button", &attrs, |h| {
                h.text(&choice.label);
                if !choice.about.is_empty() {
                    h.tag("small", &[], &choice.about);
                }
            });
        }
    });
    h.close("details");
}

pub fn select(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    menu(
        h,
        control,
        "option",
        &groups(control.element),
        &chosen(control, ctx, &["selected_option"], &["initial_option"]),
    );
}

pub fn people(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    menu(
        h,
        control,
        "user",
        &people_of(ctx),
        &chosen(control, ctx, &["selected_user"], &["initial_user"]),
    );
}

pub fn channels(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let kept = ["selected_channel", "selected_conversation"];
    let initial = ["initial_channel", "initial_conversation"];
    menu(
        h,
        control,
        channel_kind(control),
        &channels_of(ctx),
        &chosen(control, ctx, &kept, &initial),
    );
}

fn channel_kind(control: &Control<'_>) -> &'static str {
    if str_of(control.element, "type") == "channels_select" {
        "channel"
    } else {
        "conversation"
    }
}

fn menu(h: &mut Html, control: &Control<'_>, kind: &'static str, groups: &[Group], chosen: &[String]) {
    let placeholder = Some(text::line(&control.element["placeholder"])).filter(|p| !p.is_empty());
    let mut attrs = control.attrs(kind);
    attrs.extend([("id", control.id.as_str()), ("class", "select")]);
    h.open("select", &attrs);
    let none = if chosen.is_empty() {
        vec![("value", ""), ("selected", "")]
    } else {
        vec![("value", "")]
    };
    h.tag("option", &none, placeholder.as_deref().unwrap_or("Choose…"));
    for (heading, choices) in groups {
        if let Some(heading) = heading {
            h.open("optgroup", &[("label", heading)]);
        }
        for choice in choices {
            let mut attrs = vec![("value", choice.value.as_str())];
            if chosen.contains(&choice.value) {
                attrs.push(("selected", ""));
            }
            h.tag("option", &attrs, &choice.label);
        }
        if heading.is_some() {
            h.close("optgroup");
        }
    }
    h.close("select");
}

pub fn radio(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let chosen = chosen(control, ctx, &["selected_option"], &["initial_option"]);
    let mut attrs = control.attrs("option");
    attrs.extend([
        ("class", "checks"),
        ("role", "radiogroup"),
        ("id", control.id.as_str()),
    ]);
    h.el("div", &attrs, |h| {
        ticks(h, "radio", control, &groups(control.element), &chosen)
    });
}

/// Checkboxes in the open, or behind a summary for a multi-select.
pub fn several(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let chosen = chosen(control, ctx, &["selected_options"], &["initial_options"]);
    let groups = groups(control.element);
    if str_of(control.element, "type") == "checkboxes" {
        let mut attrs = control.attrs("options");
        attrs.extend([
            ("class", "checks"),
            ("role", "group"),
            ("id", control.id.as_str()),
        ]);
        h.el("div", &attrs, |h| ticks(h, "checkbox", control, &groups, &chosen));
    } else {
        folded(h, control, "options", &groups, &chosen);
    }
}

pub fn several_people(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    folded(
        h,
        control,
        "users",
        &people_of(ctx),
        &chosen(control, ctx, &["selected_users"], &["initial_users"]),
    );
}

pub fn several_channels(h: &mut Html, control: &Control<'_>, ctx: &Ctx<'_>) {
    let kind = if str_of(control.element, "type") == "multi_channels_select" {
        "channels"
    } else {
        "conversations"
    };
    let kept = ["selected_channels", "selected_conversations"];
    let initial = ["initial_channels", "initial_conversations"];
    folded(
        h,
        control,
        kind,
        &channels_of(ctx),
        &chosen(control, ctx, &kept, &initial),
    );
}

fn folded(h: &mut Html, control: &Control<'_>, kind: &'static str, groups: &[Group], chosen: &[String]) {
    let labels: Vec<&str> = groups
        .iter()
        .flat_map(|(_, choices)| choices)
        .filter(|c| chosen.contains(&c.value))
        .map(|c| c.label.as_str())
        .collect();
    let placeholder = text::line(&control.element["placeholder"]);
    let summary = match (labels.is_empty(), placeholder.is_empty()) {
        (false, _) => labels.join(", "),
        (true, false) => placeholder,
        (true, true) => "Choose…".to_owned(),
    };
    h.open(
        "details",
        &[("class", "multi"), ("data-keep-open", "1"), ("id", &control.id)],
    );
    h.tag("summary", &[("class", "select")], &summary);
    let mut attrs = control.attrs(kind);
    attrs.push(("class", "checks menu"));
    h.el("div", &attrs, |h| ticks(h, "checkbox", control, groups, chosen));
    h.close("details");
}

fn ticks(h: &mut Html, html_type: &'static str, control: &Control<'_>, groups: &[Group], chosen: &[String]) {
    for (heading, choices) in groups {
        if let Some(heading) = heading {
            h.tag("div", &[("class", "menu-head")], heading);
        }
        for choice in choices {
            let key = format!("{}-{}", control.id, choice.value);
            let mut attrs = vec![
                ("type", html_type),
                ("name", control.id.as_str()),
                ("value", choice.value.as_str()),
            ];
            attrs.push(("data-key", &key));
            if chosen.contains(&choice.value) {
                attrs.push(("checked", ""));
            }
            h.el("label", &[("class", "tick")], |h| {
                h.open("input", &attrs);
                h.el("span", &[], |h| {
                    h.text(&choice.label);
                    if !choice.about.is_empty() {
                        h.tag("small", &[], &choice.about);
                    }
                });
            });
        }
    }
}
