//! The page around the messages: document, rail, middle, right side.

use super::ctx::Names;
use super::html::Html;
use super::message::avatar;
use super::place::{Pane, Place};
use super::reading::Reading;
use super::{channel, icons, modal, world};
use crate::playground::slack::view::{ChannelView, PersonView, WorkspaceView};

/// Everything that one drawing of the page needs.
pub struct Scene<'a> {
    pub place: &'a Place,
    pub view: &'a WorkspaceView,
    pub world: &'a world::World,
    pub reading: &'a Reading,
}

impl Scene<'_> {
    /// The channel in the middle.
    pub fn channel(&self) -> Option<&ChannelView> {
        let named = self.view.channels.iter().find(|c| c.id == self.place.channel);
        if self.place.is_home() {
            None
        } else {
            named.or(self.view.channels.first())
        }
    }

    fn viewer(&self) -> Option<&PersonView> {
        self.view.people.iter().find(|p| p.id == self.view.viewer)
    }
}

/// The whole document.
pub fn document(scene: &Scene<'_>) -> Html {
    let mut h = Html::new();
    h.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    h.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">");
    h.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    h.tag("title", &[], &title(scene));
    h.raw("<link rel=\"icon\" href=\"/assets/icon.svg\"><link rel=\"stylesheet\" href=\"/assets/page.css\">");
    h.raw("<script src=\"/assets/page.js\" defer></script></head><body><div id=\"app\">");
    h.html(&fragment(scene));
    h.raw("</div><div id=\"toasts\" role=\"status\" aria-live=\"polite\"></div></body></html>");
    h
}

fn title(scene: &Scene<'_>) -> String {
    let place = scene
        .channel()
        .map_or("Interlock".to_owned(), |c| format!("#{}", c.name));
    let who = scene
        .viewer()
        .map_or(scene.view.viewer.as_str(), |p| p.name.as_str());
    format!("{place} · {who} · Interlock playground")
}

/// What changes: the script swaps this part in place.
pub fn fragment(scene: &Scene<'_>) -> Html {
    let mut h = Html::new();
    let names = Names::of(scene.view);
    if let Some(channel) = scene.channel() {
        scene.reading.seen(&scene.view.viewer, channel);
    }
    let thread = scene.place.open_thread();
    let pane = if scene.place.pane == Pane::Thread && thread.is_none() {
        Pane::Middle
    } else {
        scene.place.pane
    };
    let attrs = [
        ("class", "shell"),
        ("data-pane", pane.name()),
        ("data-as", scene.view.viewer.as_str()),
        ("data-key", "shell"),
    ];
    h.el("div", &attrs, |h| {
        rail(h, scene);
        match scene.channel() {
            Some(channel) => channel::middle(h, scene, channel, &names),
            None => home(h, scene, &names),
        }
        h.el("aside", &[("class", "side"), ("data-key", "side")], |h| {
            let root = thread.and_then(|ts| scene.channel()?.messages.iter().find(|m| m.ts == ts));
            match (root, scene.channel()) {
                (Some(root), Some(channel)) => channel::thread(h, scene, channel, root, &names),
                (None, _) | (_, None) => world::write(h, scene),
            }
        });
        phone_bar(h, scene, pane);
    });
    if let Some(modal) = &scene.view.modal {
        modal::write(&mut h, modal, &names);
    }
    h
}

fn rail(h: &mut Html, scene: &Scene<'_>) {
    h.open(
        "nav",
        &[
            ("class", "rail"),
            ("data-key", "rail"),
            ("aria-label", "Workspace"),
        ],
    );
    h.el("div", &[("class", "workspace")], |h| {
        h.raw(icons::MARK);
        h.raw("<div><b>Interlock</b><small>playground workspace</small></div>");
    });
    h.el("div", &[("class", "rail-scroll"), ("data-scroll", "rail")], |h| {
        h.raw("<h2>Channels</h2>");
        let current = scene.channel().map(|c| c.id.as_str());
        for channel in scene.view.channels.iter().filter(|c| !is_dm(c)) {
            channel_link(h, scene, channel, current);
        }
        let direct: Vec<&ChannelView> = scene.view.channels.iter().filter(|c| is_dm(c)).collect();
        if !direct.is_empty() {
            h.raw("<h2>Direct messages</h2>");
            for channel in direct {
                channel_link(h, scene, channel, current);
            }
        }
        h.raw("<h2>Apps</h2>");
        let class = if scene.place.is_home() { "nav on" } else { "nav" };
        let href = scene.place.with_home().href();
        h.el(
            "a",
            &[("class", class), ("href", &href), ("data-nav", "1")],
            |h| {
                h.raw(icons::HOME)
                    .raw("<span class=\"nav-name\">Interlock home</span>");
            },
        );
        people(h, scene);
    });
    h.close("nav");
}

/// Direct messages have ids that begin with `D`.
pub fn is_dm(channel: &ChannelView) -> bool {
    channel.id.starts_with('D')
}

fn channel_link(h: &mut Html, scene: &Scene<'_>, channel: &ChannelView, current: Option<&str>) {
    let (count, any) = scene.reading.unread(&scene.view.viewer, channel);
    let on = current == Some(channel.id.as_str());
    let class = match (on, any) {
        (true, _) => "nav on",
        (false, true) => "nav unread",
        (false, false) => "nav",
    };
    let href = scene.place.with_channel(&channel.id).href();
    let mut attrs = vec![
        ("class", class),
        ("href", href.as_str()),
        ("data-nav", "1"),
        ("data-key", channel.id.as_str()),
    ];
    if on {
        attrs.push(("aria-current", "page"));
    }
    h.el("a", &attrs, |h| {
        h.raw(match (is_dm(channel), channel.is_private) {
            (true, _) => icons::PERSON,
            (false, true) => icons::LOCK,
            (false, false) => icons::HASH,
        });
        h.tag("span", &[("class", "nav-name")], &channel.name);
        if count > 0 && !on {
            let shown = if count > 99 {
                "99+".to_owned()
            } else {
                count.to_string()
            };
            h.tag("span", &[("class", "badge"), ("aria-label", "unread")], &shown);
        }
    });
}

fn people(h: &mut Html, scene: &Scene<'_>) {
    h.raw("<h2>Act as</h2>");
    for person in scene.view.people.iter().filter(|p| !p.is_bot) {
        let on = person.id == scene.view.viewer;
        let href = scene.place.with_person(&person.id).href();
        let class = if on { "person on" } else { "person" };
        let mut attrs = vec![
            ("class", class),
            ("href", href.as_str()),
            ("data-nav", "1"),
            ("data-key", &person.id),
        ];
        if on {
            attrs.push(("aria-current", "true"));
        }
        h.el("a", &attrs, |h| {
            avatar(h, &person.id, Some(person));
            h.el("span", &[("class", "person-name")], |h| {
                h.tag("b", &[], &person.real_name)
                    .tag("small", &[], &person.title);
            });
            if on {
                h.raw("<span class=\"you\">you</span>");
            }
        });
    }
}

fn home(h: &mut Html, scene: &Scene<'_>, names: &Names) {
    h.open("main", &[("class", "middle"), ("data-key", "middle")]);
    h.el("header", &[("class", "bar-top")], |h| {
        channel::menu_button(h, scene);
        h.raw("<h1>Interlock</h1><span class=\"app-mark\">APP</span><p class=\"topic\">Home</p>");
    });
    h.el(
        "div",
        &[("class", "scroll home-scroll"), ("data-scroll", "home")],
        |h| {
            modal::home(h, scene.view.home.as_ref(), names);
        },
    );
    h.close("main");
}

/// The bar at the foot of a narrow screen.
fn phone_bar(h: &mut Html, scene: &Scene<'_>, pane: Pane) {
    h.el(
        "nav",
        &[
            ("class", "phone-bar"),
            ("aria-label", "Sections"),
            ("data-key", "phone"),
        ],
        |h| {
            let tabs = [
                (Pane::Menu, icons::PERSON, "Workspace"),
                (Pane::Middle, icons::HASH, "Channel"),
                (Pane::World, icons::WORLD, "World"),
            ];
            for (target, icon, label) in tabs {
                let on = pane == target || (pane == Pane::Thread && target == Pane::Middle);
                let class = if on { "on" } else { "" };
                let href = scene.place.with_pane(target).href();
                h.el(
                    "a",
                    &[("class", class), ("href", &href), ("data-nav", "1")],
                    |h| {
                        h.raw(icon).tag("span", &[], label);
                    },
                );
            }
        },
    );
}
