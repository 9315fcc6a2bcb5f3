//! What each sender says, as it was understood, and who is let in.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::read_changes;
use crate::config::ChangeSource;
use crate::domain::change::{Change, ChangeKind, ChangeState};

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

/// As recorded or in the shape of what was (`reference`, alerts: changes).
#[test]
fn what_is_under_way_or_failed_is_said_as_that_and_what_only_waits_is_no_change() {
    let argocd = |phase: &str, finished: Value| {
        json!({"app": "cart", "destination": {"namespace": "shop"}, "phase": phase, "revision": "f95f852bd8fca8fc",
            "started_at": "2026-11-20T22:14:53Z", "finished_at": finished})
    };
    let github = |state: &str| {
        json!({"deployment_status": {"state": state, "created_at": "2026-11-20T22:15:55Z"},
            "deployment": {"id": 7, "ref": "v2", "sha": "f95f852bd8", "environment": "production"}, "repository": {"name": "cart"}})
    };
    let gitlab = |status: &str| {
        json!({"object_kind": "deployment", "status": status, "status_changed_at": "2026-11-20 23:15:55 +0100",
            "deployment_id": 15, "environment": "production", "project": {"name": "cart"}, "short_sha": "f95f852b", "ref": "main"})
    };
    let flux = |severity: &str, reason: &str| {
        json!({"involvedObject": {"kind": "Kustomization", "name": "cart", "namespace": "shop"}, "severity": severity, "reason": reason,
            "metadata": {"kustomize.toolkit.fluxcd.io/revision": "main@sha1:731f7eaddf"}, "message": reason,
            "timestamp": "2026-11-20T22:15:19Z"})
    };
    let deployed = Some("deployment_status");
    let (done, running, failed, unknown) = (
        Some(ChangeState::Done),
        Some(ChangeState::Running),
        Some(ChangeState::Failed),
        Some(ChangeState::Unknown),
    );
    let at = json!("2026-11-20T22:15:19Z");
    for (sender, event, body, wanted) in [
        (
            ChangeSource::ArgoCd,
            None,
            argocd("Running", json!(null)),
            running,
        ),
        (ChangeSource::ArgoCd, None, argocd("Failed", at.clone()), failed),
        (ChangeSource::ArgoCd, None, argocd("Error", at.clone()), failed),
        (ChangeSource::ArgoCd, None, argocd("Succeeded", at), done),
        (ChangeSource::ArgoCd, None, argocd("", json!(null)), unknown),
        (
            ChangeSource::ArgoCd,
            None,
            argocd("<no value>", json!("<no value>")),
            unknown,
        ),
        (ChangeSource::GitHub, deployed, github("in_progress"), running),
        (ChangeSource::GitHub, deployed, github("failure"), failed),
        (ChangeSource::GitHub, deployed, github("error"), failed),
        (ChangeSource::GitHub, deployed, github("success"), done),
        (ChangeSource::GitHub, deployed, github("queued"), None),
        (ChangeSource::GitHub, deployed, github("inactive"), None),
        (ChangeSource::GitLab, None, gitlab("running"), running),
        (ChangeSource::GitLab, None, gitlab("failed"), failed),
        (ChangeSource::GitLab, None, gitlab("success"), done),
        (ChangeSource::GitLab, None, gitlab("canceled"), None),
        (
            ChangeSource::Flux,
            None,
            flux("error", "HealthCheckFailed"),
            failed,
        ),
        (ChangeSource::Flux, None, flux("info", "Progressing"), running),
        (
            ChangeSource::Flux,
            None,
            flux("info", "ReconciliationSucceeded"),
            done,
        ),
    ] {
        let read = read(sender, event, &body);
        assert_eq!(read.first().map(|change| change.state), wanted, "{body}");
        if let Some(change) = read.first() {
            assert_eq!(
                change.service.as_ref().map(|service| service.as_str()),
                Some("cart")
            );
        }
    }
    // The same from its beginning to its end.
    let id = |body: &Value| read(ChangeSource::ArgoCd, None, body).remove(0).id;
    assert_eq!(
        id(&argocd("Running", json!(null))),
        id(&argocd("Failed", json!("2026-11-20T22:15:19Z")))
    );
    let revision = read(ChangeSource::Flux, None, &flux("info", "x")).remove(0).title;
    assert!(revision.contains("main@sha1:731f7eaddf"), "{revision}");
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
            json!({"app": "checkout", "phase": "Succeeded", "revision": "0123456789abcdef", "finishedAt": "2026-11-20T22:10:00Z",
                "namespace": "production", "author": "cy", "message": "successfully synced"}),
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
    assert!(read(ChangeSource::GitHub, Some("ping"), &json!({"zen": "x"})).is_empty());
    let branch =
        json!({"ref": "refs/heads/try", "repository": {"name": "checkout", "default_branch": "main"}});
    assert!(read(ChangeSource::GitHub, Some("push"), &branch).is_empty());
    let pulled = json!({"involvedObject": {"kind": "GitRepository", "name": "checkout"}, "severity": "info", "message": "pulled"});
    assert!(read(ChangeSource::Flux, None, &pulled).is_empty());
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

#[test]
fn what_its_sender_does_not_say_took_effect_is_said_as_that_and_explains_nothing() {
    let told = |phase: Value| {
        let body = json!({"app": "cart", "phase": phase, "revision": "f95f852b", "started_at": "2026-11-20T22:14:53Z"});
        read(ChangeSource::ArgoCd, None, &body).remove(0)
    };
    let (silent, done) = (told(json!(null)), told(json!("Succeeded")));
    assert!(!silent.took_effect() && done.took_effect());
    // What says how it ended takes its place.
    assert!(done.ends(&silent) && !silent.ends(&done));
    assert_eq!(
        crate::render::changes::line(&silent),
        "22:14:53 UTC, deploy of cart: sync of f95f852b, not known whether it took effect"
    );
}

#[test]
fn a_time_that_is_none_and_a_state_that_nobody_knows_are_refused_by_name() {
    let refused = |body: Value| {
        let read = read_changes(
            ChangeSource::Generic,
            &HeaderMap::new(),
            body.to_string().as_bytes(),
            None,
            now(),
        );
        read.map(|read| read.changes.len())
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        refused(json!({"service": "cart", "title": "v2", "at": "yesterday"})).unwrap_err(),
        "`at` is \"yesterday\", which is no time: write it like 2026-11-20T22:26:15Z, or as seconds since 1970"
    );
    let said = refused(json!([{"title": "v1"}, {"title": "v2", "state": "deployd"}])).unwrap_err();
    assert!(
        said.starts_with(
            "`state` is \"deployd\", which is none that is known: there are success, succeeded,"
        ) && said.contains("running")
            && said.contains("failed")
            && said.contains("queued"),
        "{said}"
    );
    assert_eq!(
        refused(json!({"title": "v2", "state": "Queued", "at": "2026-11-20T22:10:00Z"})),
        Ok(0)
    );
}
