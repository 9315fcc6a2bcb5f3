//! The two manifests say what the code uses, no more and no less, and fit Slack's limits (docs.slack.dev, app manifest).

#[path = "common/manifest.rs"]
mod manifest;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use interlock::playground::slack::scopes_of;
use interlock::slack::surface;
use manifest::{HTTP, SOCKET, list, value};

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn scopes_events_and_commands_are_those_of_the_code() {
    let scopes: BTreeSet<String> = surface::SCOPES
        .iter()
        .map(|(scope, _)| (*scope).to_owned())
        .collect();
    for manifest in [SOCKET, HTTP] {
        assert_eq!(list(manifest, "bot"), scopes);
        assert_eq!(list(manifest, "bot_events"), names(surface::EVENTS));
        assert_eq!(value(manifest, "command"), [surface::COMMAND]);
        assert_eq!(value(manifest, "should_escape"), ["true"]);
        assert_eq!(value(manifest, "token_rotation_enabled"), ["false"]);
    }
}

/// Families of Web API methods; a string that begins with one and goes on with letters is a method's name.
const FAMILIES: [&str; 16] = [
    "admin.",
    "apps.",
    "auth.",
    "bots.",
    "chat.",
    "conversations.",
    "dnd.",
    "emoji.",
    "files.",
    "pins.",
    "reactions.",
    "team.",
    "usergroups.",
    "users.",
    "views.",
    "workflows.",
];

/// Everything under a folder that is Rust.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all
}

fn is_method(word: &str) -> bool {
    let rest = FAMILIES.iter().find_map(|family| word.strip_prefix(family));
    let is_host = word.ends_with(".com");
    !is_host
        && rest.is_some_and(|rest| {
            let parts: Vec<&str> = rest.split('.').collect();
            parts
                .iter()
                .all(|part| part.len() > 2 && part.chars().all(|letter| letter.is_ascii_alphabetic()))
        })
}

/// The names of methods in string literals of the product code in `src/slack`, outside of the table itself.
fn called() -> BTreeSet<String> {
    let slack = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slack");
    let mut found = BTreeSet::new();
    for path in sources(&slack) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "surface.rs" || name.contains("tests") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        let code = product
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            found.extend(line.split('"').filter(|word| is_method(word)).map(str::to_owned));
        }
    }
    found
}

#[test]
fn the_table_names_the_methods_that_the_code_calls() {
    assert_eq!(called(), names(surface::METHODS));
}

#[test]
fn every_method_has_its_scope_and_every_scope_its_use() {
    let granted = list(SOCKET, "bot");
    let mut used = names(&["commands"]);
    for method in surface::METHODS {
        let needed = scopes_of(method).unwrap_or_else(|| panic!("the double has no {method}"));
        if needed == ["connections:write"] {
            // Of the app-level token, which no manifest grants.
            continue;
        }
        let have: Vec<&&str> = needed.iter().filter(|scope| granted.contains(**scope)).collect();
        assert!(
            needed.is_empty() || !have.is_empty(),
            "{method} needs one of {needed:?}"
        );
        used.extend(have.into_iter().map(|scope| (*scope).to_owned()));
    }
    for event in surface::EVENTS {
        used.extend(scope_of_event(event).map(str::to_owned));
    }
    assert_eq!(granted, used);
}

/// docs.slack.dev, reference/events: the scope without which an event is not sent.
fn scope_of_event(event: &str) -> Option<&'static str> {
    match event {
        "app_mention" => Some("app_mentions:read"),
        "message.im" => Some("im:history"),
        "subteam_members_changed" => Some("usergroups:read"),
        "user_change" => Some("users:read"),
        "app_home_opened" | "app_uninstalled" | "tokens_revoked" => None,
        other => panic!("say which scope {other} needs"),
    }
}

#[test]
fn every_scope_says_which_method_or_event_needs_it() {
    for (scope, why) in surface::SCOPES {
        let used = surface::METHODS
            .iter()
            .chain(surface::EVENTS)
            .any(|name| why.contains(name))
            || why.contains(surface::COMMAND)
            || why.starts_with("the same in private channels");
        assert!(used, "{scope}: {why}");
    }
}

#[test]
fn the_http_manifest_differs_only_in_its_addresses() {
    assert_eq!(value(SOCKET, "socket_mode_enabled"), ["true"]);
    assert_eq!(value(HTTP, "socket_mode_enabled"), ["false"]);
    assert!(value(SOCKET, "request_url").is_empty() && value(SOCKET, "url").is_empty());
    let base = "https://interlock.example.com/slack";
    assert_eq!(value(HTTP, "url"), [format!("{base}/commands")]);
    assert_eq!(
        value(HTTP, "request_url"),
        [format!("{base}/events"), format!("{base}/interactions")]
    );
    let plain = |manifest: &str| -> Vec<String> {
        let lines = manifest
            .lines()
            .filter(|line| !line.starts_with('#') && !line.contains("url:"));
        lines
            .filter(|line| !line.contains("socket_mode_enabled"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(plain(SOCKET), plain(HTTP));
}

#[test]
fn lengths_are_within_slacks_limits() {
    for manifest in [SOCKET, HTTP] {
        assert!(value(manifest, "name").iter().all(|name| name.len() <= 35));
        assert!(
            value(manifest, "display_name")
                .iter()
                .all(|name| name.len() <= 80)
        );
        assert!(
            value(manifest, "description")
                .iter()
                .all(|text| text.len() <= 140)
        );
        assert!(
            value(manifest, "usage_hint")
                .iter()
                .all(|text| text.len() <= 1000)
        );
    }
}
