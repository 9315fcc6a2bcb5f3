//! Where on the page a person is: the query of the address, and addresses of other places.
//!
//! The whole state of a window is in its address, so reload, back and a second window work, and the server
//! keeps nothing about it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// The query of the page's address.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Place {
    /// Whom the window acts as: a user id.
    #[serde(default, rename = "as")]
    pub who: String,
    /// The channel in the middle; empty means the home tab when `home` is set, else the first channel.
    #[serde(default)]
    pub channel: String,
    /// The message whose thread is open.
    #[serde(default)]
    pub thread: String,
    #[serde(default)]
    pub home: String,
    #[serde(default)]
    pub pane: Pane,
    /// Set to draw messages of any age.
    #[serde(default)]
    pub all: String,
}

/// Which part a narrow screen shows; a wide one shows rail, middle and right side at once.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    #[default]
    Middle,
    Thread,
    World,
    Menu,
}

impl Pane {
    pub fn name(self) -> &'static str {
        match self {
            Pane::Middle => "middle",
            Pane::Thread => "thread",
            Pane::World => "world",
            Pane::Menu => "menu",
        }
    }
}

impl Place {
    pub fn is_home(&self) -> bool {
        !self.home.is_empty()
    }

    /// The thread shown on the right, if one is open and not covered by the panel.
    pub fn open_thread(&self) -> Option<&str> {
        (!self.thread.is_empty() && self.pane != Pane::World).then_some(self.thread.as_str())
    }

    /// The same place seen by someone else.
    pub fn with_person(&self, who: &str) -> Place {
        Place {
            who: who.to_owned(),
            pane: Pane::Middle,
            ..self.clone()
        }
    }

    pub fn with_channel(&self, channel: &str) -> Place {
        let pane = if self.pane == Pane::World {
            Pane::World
        } else {
            Pane::Middle
        };
        Place {
            who: self.who.clone(),
            channel: channel.to_owned(),
            pane,
            ..Place::default()
        }
    }

    pub fn with_home(&self) -> Place {
        Place {
            who: self.who.clone(),
            home: "1".to_owned(),
            ..Place::default()
        }
    }

    pub fn with_thread(&self, ts: &str) -> Place {
        Place {
            thread: ts.to_owned(),
            pane: Pane::Thread,
            ..self.clone()
        }
    }

    pub fn with_pane(&self, pane: Pane) -> Place {
        Place { pane, ..self.clone() }
    }

    pub fn with_all(&self) -> Place {
        Place {
            all: "1".to_owned(),
            ..self.clone()
        }
    }

    /// The address of this place.
    pub fn href(&self) -> String {
        let pane = if self.pane == Pane::Middle {
            ""
        } else {
            self.pane.name()
        };
        let parts = [
            ("as", self.who.as_str()),
            ("channel", &self.channel),
            ("thread", &self.thread),
            ("home", &self.home),
            ("pane", pane),
            ("all", &self.all),
        ];
        let set: Vec<String> = parts
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        format!("/?{}", set.join("&"))
    }
}

/// An id as one segment of a path.
pub fn encode_segment(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_the_whole_place() {
        let place = Place {
            who: "U1".into(),
            channel: "C1".into(),
            ..Place::default()
        };
        assert_eq!(place.href(), "/?as=U1&channel=C1");
        assert_eq!(
            place.with_thread("1.2").href(),
            "/?as=U1&channel=C1&thread=1%2E2&pane=thread"
        );
        assert_eq!(
            place.with_thread("1.2").with_person("U2").href(),
            "/?as=U2&channel=C1&thread=1%2E2"
        );
        assert_eq!(place.with_home().href(), "/?as=U1&home=1");
    }

    #[test]
    fn the_panel_covers_an_open_thread() {
        let place = Place {
            thread: "1.2".into(),
            ..Place::default()
        };
        assert_eq!(place.open_thread(), Some("1.2"));
        assert_eq!(place.with_pane(Pane::World).open_thread(), None);
    }
}
