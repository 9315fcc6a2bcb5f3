//! One message: who, when, blocks or text, attachments, files, reactions, and the way into its thread.

use serde_json::Value;

use super::ctx::{Ctx, Names, list_of, str_of};
use super::html::{Html, safe_href};
use super::mrkdwn::{self, AutoLink};
use super::{attachment, blocks, files, inline, time};
use crate::playground::slack::view::{MessageView, PersonView};

/// Where a message is drawn, and how.
pub struct Frame<'a> {
    pub channel: &'a str,
    pub names: &'a Names,
    pub people: &'a [PersonView],
    /// The address that opens the thread; nothing inside a thread.
    pub thread_href: Option<&'a str>,
    /// The same person spoke just before: no picture and name again.
    pub follows: bool,
    /// The thread of this message is open beside it.
    pub open: bool,
}

/// Writes a message.
pub fn write(h: &mut Html, message: &MessageView, frame: &Frame<'_>) {
    let person = frame.people.iter().find(|p| p.id == message.author);
    let mut class = String::from("msg");
    for (name, on) in [
        ("follows", frame.follows),
        ("ephemeral", message.ephemeral),
        ("open", frame.open),
    ] {
        if on {
            class.push(' ');
            class.push_str(name);
        }
    }
    let place = if frame.thread_href.is_some() { "c" } else { "t" };
    let key = format!("{place}-{}-{}", frame.channel, message.ts);
    let ctx = Ctx::message(frame.names, frame.channel, &message.ts);
    let mut attrs = vec![("class", class.as_str()), ("data-key", &key), ("id", &key)];
    attrs.extend(ctx.host.attrs());
    h.open("article", &attrs);
    if message.ephemeral {
        h.raw("<p class=\"only-you\"><span aria-hidden=\"true\">&#128065;</span> Only visible to you</p>");
    }
    h.el("div", &[("class", "gutter")], |h| match frame.follows {
        true => when(h, &message.ts),
        false => avatar(h, &message.author, person),
    });
    h.el("div", &[("class", "body")], |h| {
        if !frame.follows {
            head(h, message, person);
        }
        body(h, message, &ctx);
        reactions(h, message, frame.names);
        if let Some(href) = frame.thread_href {
            thread_line(h, message, frame.people, href);
        }
    });
    h.close("article");
}

fn body(h: &mut Html, message: &MessageView, ctx: &Ctx<'_>) {
    if message.blocks.is_empty() {
        h.el("div", &[("class", "text")], |h| {
            mrkdwn::write(h, &message.text, ctx.names, AutoLink::On)
        });
    } else {
        h.el("div", &[("class", "blocks")], |h| {
            blocks::write_all(h, &message.blocks, ctx)
        });
    }
    if message.edited {
        h.raw("<span class=\"edited\">(edited)</span>");
    }
    for attached in &message.attachments {
        attachment::write(h, attached, ctx);
    }
    for file in &message.files {
        files::write(h, file);
    }
}

fn head(h: &mut Html, message: &MessageView, person: Option<&PersonView>) {
    h.el("header", &[("class", "who")], |h| {
        h.tag(
            "b",
            &[],
            person.map_or(message.author.as_str(), |p| p.real_name.as_str()),
        );
        if person.is_some_and(|p| p.is_bot) {
            h.raw("<span class=\"app-mark\">APP</span>");
        } else if let Some(person) = person.filter(|p| !p.title.is_empty()) {
            h.tag("span", &[("class", "role")], &person.title);
        }
        when(h, &message.ts);
    });
}

fn when(h: &mut Html, ts: &str) {
    h.el("span", &[("class", "when")], |h| {
        if let Some(at) = time::of_ts(ts) {
            time::write(h, at, "{time}");
        }
    });
}

/// The picture of a person: initials on one of eight colours, a mark of its own for bots.
pub fn avatar(h: &mut Html, id: &str, person: Option<&PersonView>) {
    if person.is_some_and(|p| p.is_bot) {
        h.raw(concat!(
            "<span class=\"av bot\" aria-hidden=\"true\"><svg viewBox=\"0 0 24 24\"><path d=\"M7 11V8a5 5 0 0 1 10 0v3\"/>",
            "<rect x=\"5\" y=\"11\" width=\"14\" height=\"9\" rx=\"2\"/><path d=\"M12 14.5v2.5\"/></svg></span>"
        ));
        return;
    }
    let hue = id.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % 8;
    let class = format!("av av-{hue}");
    let name = person.map_or(id, |p| p.real_name.as_str());
    let initials: String = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect();
    h.tag(
        "span",
        &[("class", &class), ("aria-hidden", "true")],
        &initials.to_uppercase(),
    );
}

fn reactions(h: &mut Html, message: &MessageView, names: &Names) {
    if message.reactions.is_empty() {
        return;
    }
    h.el("div", &[("class", "reactions")], |h| {
        for (name, users) in &message.reactions {
            let mine = users.contains(&names.viewer);
            let who: Vec<&str> = users
                .iter()
                .map(|u| names.people.get(u).map_or(u.as_str(), String::as_str))
                .collect();
            let class = if mine { "reaction mine" } else { "reaction" };
            let title = format!("{} reacted with :{name}:", who.join(", "));
            h.el("span", &[("class", class), ("title", &title)], |h| {
                match super::emoji::lookup(name) {
                    Some(picture) => inline::write_emoji(h, name, picture),
                    None => {
                        h.text(&format!(":{name}:"));
                    }
                }
                h.tag("b", &[], &users.len().to_string());
            });
        }
    });
}

fn thread_line(h: &mut Html, message: &MessageView, people: &[PersonView], href: &str) {
    let count = message.replies.len();
    if count == 0 {
        h.tag(
            "a",
            &[("class", "reply-here"), ("href", href), ("data-nav", "1")],
            "Reply in thread",
        );
        return;
    }
    h.el(
        "a",
        &[("class", "thread-line"), ("href", href), ("data-nav", "1")],
        |h| {
            let mut shown: Vec<&str> = Vec::new();
            for reply in &message.replies {
                if !shown.contains(&reply.author.as_str()) && shown.len() < 4 {
                    shown.push(&reply.author);
                    avatar(h, &reply.author, people.iter().find(|p| p.id == reply.author));
                }
            }
            h.tag(
                "b",
                &[],
                &if count == 1 {
                    "1 reply".to_owned()
                } else {
                    format!("{count} replies")
                },
            );
            if let Some(at) = message.replies.last().and_then(|last| time::of_ts(&last.ts)) {
                h.el("span", &[("class", "last")], |h| {
                    time::write(h.text("Last reply "), at, "{time}")
                });
            }
        },
    );
}

/// Fields of old-style attachments are mrkdwn in two columns.
pub fn legacy_fields(h: &mut Html, attachment: &Value, ctx: &Ctx<'_>) {
    let fields = list_of(attachment, "fields");
    if fields.is_empty() {
        return;
    }
    h.el("div", &[("class", "fields")], |h| {
        for field in fields {
            h.el("div", &[("class", "field")], |h| {
                h.tag("b", &[], str_of(field, "title")).raw("<br>");
                mrkdwn::write(h, str_of(field, "value"), ctx.names, AutoLink::On);
            });
        }
    });
}

/// A title that may be a link.
pub fn linked(h: &mut Html, title: &str, url: &str) {
    match safe_href(url) {
        Some(href) => inline::link(h, href, title),
        None => {
            h.text(title);
        }
    }
}
