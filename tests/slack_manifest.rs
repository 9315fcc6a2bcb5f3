//! The two manifests say what the code uses, no more and no less, and fit Slack's limits (docs.slack.dev, app manifest).

use std::collections::BTreeSet;

use interlock::slack::surface;

const SOCKET: &str = include_str!("../manifest.yml");
const HTTP: &str = include_str!("../deploy/manifest-http.yml");

/// Values of the list under a key; enough YAML for our own two files.
fn list(manifest: &str, key: &str) -> BTreeSet<String> {
    let mut lines = manifest
        .lines()
        .skip_while(|line| line.trim() != format!("{key}:"));
    lines.next();
    lines
        .map_while(|line| line.trim().strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}

fn value<'a>(manifest: &'a str, key: &str) -> Vec<&'a str> {
    let marked = format!("{key}: ");
    manifest
        .lines()
        .map(|line| line.trim().trim_start_matches("- "))
        .filter_map(|line| line.strip_prefix(marked.as_str()))
        .map(|value| value.trim_matches('"'))
        .collect()
}

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
