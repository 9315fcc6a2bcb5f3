//! Our own two manifests, read: what a workspace grants that installed the app from them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeSet;

use interlock::playground::slack::AppSettings;

pub const SOCKET: &str = include_str!("../../manifest.yml");
pub const HTTP: &str = include_str!("../../deploy/manifest-http.yml");

/// Values of the list under a key; enough YAML for our own two files.
pub fn list(manifest: &str, key: &str) -> BTreeSet<String> {
    let mut lines = manifest
        .lines()
        .skip_while(|line| line.trim() != format!("{key}:"));
    lines.next();
    lines
        .map_while(|line| line.trim().strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}

/// Every value of a key.
pub fn value<'a>(manifest: &'a str, key: &str) -> Vec<&'a str> {
    let marked = format!("{key}: ");
    manifest
        .lines()
        .map(|line| line.trim().trim_start_matches("- "))
        .filter_map(|line| line.strip_prefix(marked.as_str()))
        .map(|value| value.trim_matches('"'))
        .collect()
}

/// The app as a workspace has it that installed it from `manifest.yml`, with nothing granted beside that.
pub fn installed() -> AppSettings {
    AppSettings {
        bot_scopes: list(SOCKET, "bot"),
        commands: value(SOCKET, "command").into_iter().map(str::to_owned).collect(),
        events: list(SOCKET, "bot_events"),
        ..AppSettings::default()
    }
}
