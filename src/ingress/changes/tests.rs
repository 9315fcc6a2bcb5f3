//! What each sender says, as it was understood, and who is let in.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::read_changes;
use crate::config::ChangeSource;
use crate::domain::change::{Change, ChangeKind};

fn now() -> Timestamp {
    "2026-11-20T22:30:00Z".parse().unwrap()
}

fn read(sender: ChangeSource, event: Option<&'static str>, body: &Value) -> Vec<Change> {
    let mut headers = HeaderMap::new();
    if let Some(event) = event {
        headers.insert("x-github-event", event.parse().unwrap());
    }
    read_changes(sender, &headers, body.to_string().as_bytes(), None, now())
        .unwrap()
        .changes
}

fn line(change: &Change) -> String {
    format!(
        "{} {} {} | {} | {}",
        change.at,
        change.service.as_ref().map_or("-", |service| service.as_str()),
        change.environment.as_deref().unwrap_or("-"),
        change.title,
        change.by.as_deref().unwrap_or("-"),
    )
}

#[test]
fn what_has_no_id_and_no_time_is_one_change_when_its_sender_repeats_it() {
    let at = |time: &str| {
        let body = json!({"service": "checkout", "title": "v2 is out"}).to_string();
        let now = time.parse().unwrap();
        let mut read = read_changes(
            ChangeSource::Generic,
            &HeaderMap::new(),
            body.as_bytes(),
            None,
            now,
        )
        .unwrap();
        read.changes.remove(0).id
    };
    assert_eq!(at("2026-11-20T22:30:00Z"), at("2026-11-20T22:30:40Z"));
    assert_ne!(at("2026-11-20T22:30:00Z"), at("2026-11-20T22:40:00Z"));
}

#[test]
fn every_sender_is_understood() {
    let cases: Vec<(ChangeSource, Option<&'static str>, Value, &str)> = vec![
        (
            ChangeSource::GitHub,
            Some("deployment_status"),
            json!({"deployment_status": {"state": "success", "created_at": "2026-11-20T22:10:00Z", "target_url": "https://ci.test/1"},
                "deployment": {"id": 7, "ref": "v2", "sha": "0123456789abcdef", "environment": "production", "creator": {"login": "cy"}},
                "repository": {"name": "checkout"}}),
            "2026-11-20T22:10:00Z checkout production | v2 0123456 | cy",
        ),
        (
            ChangeSource::GitHub,
            Some("push"),
            json!({"ref": "refs/heads/main", "after": "abc", "compare": "https://github.test/c",
                "repository": {"name": "checkout", "default_branch": "main"}, "pusher": {"name": "di"},
                "head_commit": {"message": "Raise the limit\n\nbody", "timestamp": "2026-11-20T23:10:00+01:00"}}),
            "2026-11-20T22:10:00Z checkout - | Raise the limit | di",
        ),
        (
            ChangeSource::GitLab,
            None,
            json!({"object_kind": "deployment", "status": "success", "status_changed_at": "2026-11-20 23:10:00 +0100",
                "deployment_id": 15, "environment": "production", "project": {"name": "checkout"}, "short_sha": "279484c0",
                "user": {"username": "cy"}, "commit_title": "Add it", "deployable_url": "https://gitlab.test/796"}),
            "2026-11-20T22:10:00Z checkout production | Add it 279484c0 | cy",
        ),
        (
            ChangeSource::Flux,
            None,
            json!({"involvedObject": {"kind": "HelmRelease", "namespace": "production", "name": "checkout"}, "severity": "info",
                "timestamp": "2026-11-20T22:10:00Z", "message": "Helm upgrade succeeded", "reason": "UpgradeSucceeded",
                "metadata": {"revision": "2.15.0"}, "reportingController": "helm-controller"}),
            "2026-11-20T22:10:00Z checkout production | HelmRelease 2.15.0: Helm upgrade succeeded | -",
        ),
        (
            ChangeSource::ArgoCd,
            None,
            json!({"app": "checkout", "revision": "0123456789abcdef", "finishedAt": "2026-11-20T22:10:00Z", "namespace": "production",
                "author": "cy", "message": "successfully synced"}),
            "2026-11-20T22:10:00Z checkout production | synced 0123456789ab successfully synced | cy",
        ),
        (
            ChangeSource::PagerDuty,
            None,
            json!({"routing_key": "r", "payload": {"summary": "Build 17 deployed", "timestamp": "2026-11-20T22:10:00.000Z", "source": "ci",
                "custom_details": {"service": "checkout", "environment": "production"}}, "links": [{"href": "https://ci.test/17"}]}),
            "2026-11-20T22:10:00Z checkout production | Build 17 deployed | -",
        ),
        (
            ChangeSource::LaunchDarkly,
            None,
            json!({"_id": "x", "kind": "flag", "date": 1_795_212_600_000_i64, "name": "New checkout flow", "titleVerb": "turned on the flag",
                "member": {"email": "cy@example.test"}, "target": {"resources": ["proj/shop:env/production:flag/new-checkout-flow"]}}),
            "2026-11-20T22:10:00Z shop production | turned on the flag New checkout flow | cy@example.test",
        ),
        (
            ChangeSource::Generic,
            None,
            json!({"service": "checkout", "title": "2.15.0", "at": "2026-11-20T22:10:00Z", "by": "cy", "environment": "production"}),
            "2026-11-20T22:10:00Z checkout production | 2.15.0 | cy",
        ),
    ];
    for (sender, event, body, expected) in cases {
        let changes = read(sender, event, &body);
        let lines: Vec<String> = changes.iter().map(line).collect();
        assert_eq!(lines, [expected], "{}", sender.name());
    }
}

#[test]
fn what_has_not_happened_is_no_change() {
    let failed = json!({"deployment_status": {"state": "failure"}, "deployment": {"ref": "v2"}, "repository": {"name": "checkout"}});
    assert!(read(ChangeSource::GitHub, Some("deployment_status"), &failed).is_empty());
    assert!(read(ChangeSource::GitHub, Some("ping"), &json!({"zen": "x"})).is_empty());
    let branch =
        json!({"ref": "refs/heads/try", "repository": {"name": "checkout", "default_branch": "main"}});
    assert!(read(ChangeSource::GitHub, Some("push"), &branch).is_empty());
    let running = json!({"object_kind": "deployment", "status": "running", "project": {"name": "checkout"}});
    assert!(read(ChangeSource::GitLab, None, &running).is_empty());
    let broken = json!({"involvedObject": {"kind": "HelmRelease", "name": "checkout"}, "severity": "error", "message": "no"});
    assert!(read(ChangeSource::Flux, None, &broken).is_empty());
}

#[test]
fn texts_are_bounded_and_only_web_addresses_are_links() {
    let body = json!({"service": "s".repeat(9_000), "title": "t\n".repeat(9_000), "by": "b".repeat(9_000), "url": "javascript:alert(1)"});
    let changes = read(ChangeSource::Generic, None, &body);
    let change = changes.first().unwrap();
    assert!(format!("{change:?}").len() < 1_500, "{change:?}");
    assert_eq!(change.link, None);
    let many: Vec<Value> = (0..500).map(|n| json!({"title": n.to_string()})).collect();
    assert_eq!(read(ChangeSource::Generic, None, &json!(many)).len(), 50);
}

#[test]
fn a_sender_that_knows_no_service_is_given_one_in_its_address() {
    let body = json!({"kind": "flag", "name": "f"}).to_string();
    let read = read_changes(
        ChangeSource::LaunchDarkly,
        &HeaderMap::new(),
        body.as_bytes(),
        Some("checkout"),
        now(),
    );
    let changes = read.unwrap().changes;
    assert_eq!(
        changes[0].service.as_ref().map(|service| service.as_str()),
        Some("checkout")
    );
    assert_eq!(changes[0].kind, ChangeKind::Flag);
}

#[test]
fn what_is_not_understood_is_told_by_name() {
    for (sender, body) in [
        (ChangeSource::GitHub, "{}"),
        (ChangeSource::GitLab, "{}"),
        (ChangeSource::Flux, "{}"),
        (ChangeSource::ArgoCd, "{}"),
        (ChangeSource::PagerDuty, "{}"),
        (ChangeSource::LaunchDarkly, "[]"),
        (ChangeSource::Generic, "{}"),
        (ChangeSource::Generic, "7"),
        (ChangeSource::Generic, "nonsense"),
    ] {
        let read = read_changes(sender, &HeaderMap::new(), body.as_bytes(), None, now());
        assert!(read.is_err(), "{} {body}", sender.name());
    }
}
