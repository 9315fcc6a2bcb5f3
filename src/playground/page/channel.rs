//! A channel in the middle and a thread on the right: headers, messages under their days, composers.

use super::ctx::Names;
use super::html::Html;
use super::icons;
use super::layout::{Scene, is_dm};
use super::message::{self, Frame};
use super::place::Pane;
use super::time;
use crate::playground::slack::view::{ChannelView, MessageView};

/// How many top-level messages are drawn unless all are asked for: a storm must not make the page heavy.
const SHOWN: usize = 120;

/// Messages of one person closer together than this are drawn as one run.
const RUN_SECONDS: i64 = 300;

/// The channel.
pub fn middle(h: &mut Html, scene: &Scene<'_>, channel: &ChannelView, names: &Names) {
    h.open("main", &[("class", "middle"), ("data-key", "middle")]);
    h.el("header", &[("class", "bar-top")], |h| {
        menu_button(h, scene);
        h.el("h1", &[], |h| {
            h.raw(if is_dm(channel) {
                icons::PERSON
            } else if channel.is_private {
                icons::LOCK
            } else {
                icons::HASH
            });
            h.text(&channel.name);
        });
        let count = channel.messages.iter().filter(|m| !m.ephemeral).count();
        h.tag(
            "p",
            &[("class", "topic")],
            &format!("{count} message{}", if count == 1 { "" } else { "s" }),
        );
    });
    let key = format!("channel-{}", channel.id);
    h.el(
        "div",
        &[
            ("class", "scroll messages"),
            ("data-scroll", &key),
            ("data-stick", "1"),
            ("data-key", &key),
        ],
        |h| {
            timeline(h, scene, channel, names);
        },
    );
    composer(
        h,
        channel,
        None,
        &format!("Message #{} or /runbook list", channel.name),
    );
    h.close("main");
}

pub fn menu_button(h: &mut Html, scene: &Scene<'_>) {
    let href = scene.place.with_pane(Pane::Menu).href();
    h.el(
        "a",
        &[
            ("class", "icon phone-only"),
            ("href", &href),
            ("data-nav", "1"),
            ("aria-label", "Workspace"),
        ],
        |h| {
            h.raw(icons::MENU);
        },
    );
}

fn timeline(h: &mut Html, scene: &Scene<'_>, channel: &ChannelView, names: &Names) {
    let hidden = if scene.place.all.is_empty() {
        channel.messages.len().saturating_sub(SHOWN)
    } else {
        0
    };
    if hidden > 0 {
        let href = scene.place.with_all().href();
        h.tag(
            "a",
            &[("class", "earlier"), ("href", &href), ("data-nav", "1")],
            &format!("Show {hidden} earlier messages"),
        );
    }
    if channel.messages.is_empty() {
        h.raw("<div class=\"empty\"><p><b>Nothing here yet</b></p>");
        h.raw("<p>Fire a scenario in the panel, or type <code>/runbook list</code> below.</p></div>");
    }
    let mut before: Option<&MessageView> = None;
    for message in &channel.messages[hidden..] {
        let new_day = day_of(message) != before.and_then(day_of);
        if let Some(at) = time::of_ts(&message.ts).filter(|_| new_day) {
            h.el("div", &[("class", "day")], |h| {
                h.el("span", &[], |h| time::write(h, at, "{day_divider_pretty}"));
            });
        }
        let href = scene.place.with_thread(&message.ts).href();
        let frame = Frame {
            channel: &channel.id,
            names,
            people: &scene.view.people,
            thread_href: (!message.ephemeral).then_some(href.as_str()),
            follows: !new_day && before.is_some_and(|b| is_run(b, message)),
            open: scene.place.open_thread() == Some(message.ts.as_str()),
        };
        message::write(h, message, &frame);
        before = Some(message);
    }
}

fn day_of(message: &MessageView) -> Option<String> {
    time::of_ts(&message.ts).map(time::day)
}

fn is_run(before: &MessageView, message: &MessageView) -> bool {
    let apart = match (time::of_ts(&before.ts), time::of_ts(&message.ts)) {
        (Some(a), Some(b)) => b.as_second() - a.as_second(),
        (None, _) | (_, None) => i64::MAX,
    };
    before.author == message.author
        && before.ephemeral == message.ephemeral
        && before.replies.is_empty()
        && apart < RUN_SECONDS
}

/// The thread under `root`.
pub fn thread(h: &mut Html, scene: &Scene<'_>, channel: &ChannelView, root: &MessageView, names: &Names) {
    thread_bar(h, scene, channel);
    let key = format!("thread-{}", root.ts);
    h.el(
        "div",
        &[
            ("class", "scroll messages"),
            ("data-scroll", &key),
            ("data-stick", "1"),
            ("data-key", &key),
        ],
        |h| {
            let frame = |follows| Frame {
                channel: &channel.id,
                names,
                people: &scene.view.people,
                thread_href: None,
                follows,
                open: false,
            };
            message::write(h, root, &frame(false));
            let count = root.replies.len();
            if count > 0 {
                let label = format!("{count} repl{}", if count == 1 { "y" } else { "ies" });
                h.el("div", &[("class", "day replies")], |h| {
                    h.tag("span", &[], &label);
                });
            }
            let mut before: Option<&MessageView> = None;
            for reply in &root.replies {
                message::write(h, reply, &frame(before.is_some_and(|b| is_run(b, reply))));
                before = Some(reply);
            }
        },
    );
    composer(h, channel, Some(&root.ts), "Reply, or @interlock status");
}

fn thread_bar(h: &mut Html, scene: &Scene<'_>, channel: &ChannelView) {
    let world = scene.place.with_pane(Pane::World).href();
    let closed = scene.place.with_channel(&channel.id).href();
    h.el("header", &[("class", "bar-top")], |h| {
        h.el(
            "a",
            &[
                ("class", "icon phone-only"),
                ("href", &closed),
                ("data-nav", "1"),
                ("aria-label", "Back"),
            ],
            |h| {
                h.raw(icons::BACK);
            },
        );
        h.raw("<h1>Thread</h1>")
            .tag("p", &[("class", "topic")], &format!("#{}", channel.name));
        h.el(
            "a",
            &[("class", "tab"), ("href", &world), ("data-nav", "1")],
            |h| {
                h.raw(icons::WORLD).raw("World");
            },
        );
        h.el(
            "a",
            &[
                ("class", "icon wide-only"),
                ("href", &closed),
                ("data-nav", "1"),
                ("aria-label", "Close thread"),
            ],
            |h| {
                h.raw(icons::CLOSE);
            },
        );
    });
}

fn composer(h: &mut Html, channel: &ChannelView, thread: Option<&str>, hint: &str) {
    let key = format!("composer-{}-{}", channel.id, thread.unwrap_or_default());
    let mut attrs = vec![
        ("class", "composer"),
        ("data-key", key.as_str()),
        ("data-channel", channel.id.as_str()),
    ];
    if let Some(thread) = thread {
        attrs.push(("data-thread", thread));
    }
    let field = format!("{key}-text");
    h.el("form", &attrs, |h| {
        let attrs = [
            ("name", "text"),
            ("rows", "1"),
            ("placeholder", hint),
            ("aria-label", hint),
            ("data-key", field.as_str()),
            ("autocomplete", "off"),
            ("maxlength", "4000"),
        ];
        h.open("textarea", &attrs).close("textarea");
        h.el(
            "button",
            &[("class", "send"), ("type", "submit"), ("aria-label", "Send")],
            |h| {
                h.raw(icons::SEND);
            },
        );
    });
}
