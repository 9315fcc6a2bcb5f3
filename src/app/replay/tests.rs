//! A journal as a bot would have written it, and what a replay of it says.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Compared, Ruling, compare};
use crate::app::knowledge::open_runbooks;
use crate::app::rules::rules;
use crate::config::Settings;
use crate::domain::alert::Alert;
use crate::domain::command::{Command, Drive, Intent, PlanRef};
use crate::domain::event::Entry;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::runbook::Catalog;
use crate::engine::{Core, Knowledge};
use crate::ports::{Person, Standing, Survey, TargetState};
use crate::store::Store;

fn shipped() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks")
}

fn settings() -> Settings {
    let path = shipped().join("scenarios/interlock.toml");
    Settings::load(Some(&path), std::iter::empty()).expect("the configuration of the scenarios")
}

fn catalog() -> Arc<Catalog> {
    open_runbooks(&shipped()).expect("the shipped runbooks").current()
}

/// With one change to the Redis runbook.
fn changed(from: &str, to: &str) -> Arc<Catalog> {
    let text = std::fs::read_to_string(shipped().join("redis-connection-timeout.md")).expect("it ships");
    assert!(text.contains(from));
    let file = (
        "redis-connection-timeout.md".to_owned(),
        text.replacen(from, to, 1).into_bytes(),
    );
    Arc::new(Catalog::build(vec![file], &|_, _| Vec::new()))
}

fn alert() -> Alert {
    serde_json::from_value(serde_json::json!({
        "source": "alertmanager", "episode": "e", "fingerprint": "f", "status": "firing",
        "name": "RedisConnectionTimeout", "title": "redis connection timeout", "severity": "high",
        "service": "api-gateway",
    }))
    .expect("an alert")
}

/// Redis fires, its runbook is proposed, Ana approves.
fn recorded() -> Vec<Entry> {
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().expect("a time");
    let knowledge = Knowledge {
        rules: Arc::new(rules(&settings(), "T1")),
        catalog: catalog(),
    };
    let mut core = Core::open(Store::in_memory().expect("memory")).expect("empty");
    let fired = Command::Alerts {
        source: "alertmanager".into(),
        key: None,
        alerts: vec![alert()],
    };
    let drives = core
        .run(vec![fired], &[], &knowledge, now)
        .expect("stored")
        .drives;
    let Some(Drive::Survey { incident, sketch, .. }) = drives.into_iter().next() else {
        panic!("nothing is looked at");
    };
    let results = sketch.steps.iter().map(|step| {
        let object = step.action.names_target().expect("a target");
        Ok(Survey {
            target: Some(TargetState {
                object,
                uid: "u".to_owned(),
                generation: 1,
                images: Vec::new(),
                replicas: 3,
                ready: 3,
                container: None,
                workload: None,
                disruption: None,
            }),
            taken_at: now,
        })
    });
    let surveyed = Command::Surveyed {
        incident,
        results: results.collect(),
        sketch,
        findings: Vec::new(),
    };
    core.run(vec![surveyed], &[], &knowledge, now).expect("stored");
    let track = core
        .state()
        .incident(IncidentId(1))
        .and_then(|it| it.current())
        .expect("a plan");
    let at = PlanRef {
        incident: IncidentId(1),
        plan: track.plan.no,
        digest: track.digest.short().to_owned(),
    };
    let ana = Person {
        id: PersonId {
            team: "T1".to_owned(),
            user: "U1".to_owned(),
        },
        name: "ana".to_owned(),
        standing: Standing::Member,
        groups: vec!["@sre".to_owned()],
    };
    let approved = Command::Act {
        key: None,
        person: ana,
        channel: None,
        intent: Intent::Approve(at),
    };
    core.run(vec![approved], &[], &knowledge, now).expect("stored");
    let mut entries = Vec::new();
    core.store()
        .read_after(0, |entry| entries.push(entry))
        .expect("read");
    entries
}

fn one(catalog: &Arc<Catalog>, settings: &Settings) -> Compared {
    let mut compared = compare(&recorded(), catalog, settings).expect("played");
    assert_eq!(compared.len(), 1);
    compared.remove(0)
}

#[test]
fn the_same_runbooks_and_the_same_policy_differ_in_nothing() {
    let one = one(&catalog(), &settings());
    assert!(!one.differs, "{one:#?}");
    assert_eq!(one.now.runbook.as_deref(), Some("redis-connection-timeout"));
    assert_eq!(one.now.ruling, Ruling::Approvals { needed: 1 });
    assert!(one.votes.iter().all(|vote| vote.counts), "{one:#?}");
    assert!(
        one.people.iter().any(|line| line.contains("ana approved")),
        "{one:#?}"
    );
    assert!(one.assumed.is_empty(), "{one:#?}");
}

#[test]
fn another_command_in_the_runbook_is_shown_beside_the_one_of_then() {
    let one = one(&changed("FLUSHDB", "FLUSHALL"), &settings());
    assert!(one.differs);
    assert!(
        one.then.steps[0].contains("FLUSHDB") && one.now.steps[0].contains("FLUSHALL"),
        "{one:#?}"
    );
}

#[test]
fn a_trigger_that_no_longer_holds_sends_it_to_a_human() {
    let one = one(
        &changed("api-gateway, user-service", "somewhere-else"),
        &settings(),
    );
    assert!(one.differs);
    assert_eq!(one.now.runbook, None);
    assert_eq!(one.now.handed.as_deref(), Some("no runbook matches"));
}

#[test]
fn what_the_journal_does_not_know_is_said_to_be_assumed() {
    let one = one(
        &changed("deploy/redis-primary", "deploy/redis-other"),
        &settings(),
    );
    assert!(
        one.assumed.iter().any(|line| line.contains("redis-other")),
        "{one:#?}"
    );
}

#[test]
fn another_policy_says_whose_approval_would_not_count() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("policy.toml");
    std::fs::write(
        &path,
        "[[approvers]]\ntiers = [1, 2, 3]\nenvironments = [\"production\"]\ngroups = [\"@platform\"]\n",
    )
    .expect("written");
    let settings = settings().judged_by(&path).expect("a policy");
    let one = one(&catalog(), &settings);
    let vote = one.votes.first().expect("Ana's");
    assert!(
        vote.by == "ana" && !vote.counts && !vote.why_not.is_empty(),
        "{one:#?}"
    );
}

#[test]
fn a_policy_without_a_row_lets_nobody() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, "").expect("written");
    let one = one(&catalog(), &settings().judged_by(&path).expect("a policy"));
    assert!(matches!(one.now.ruling, Ruling::Denied { .. }), "{one:#?}");
}

#[test]
fn another_policy_is_all_of_it_and_nothing_of_the_one_before() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let one = write(
        "one.toml",
        "[[autonomy_limits]]\nat_most = \"shadow\"\n[[risks]]\nrisk = \"critical\"\n[alone]\nlow = 1\n[limits]\nactions_per_hour = 1\n",
    );
    let other = write("other.toml", "[alone]\nlow = 5\n");
    let first = settings().judged_by(&one).expect("a policy");
    assert_eq!(
        (first.autonomy_limits.len(), first.risks.len(), first.alone.low),
        (1, 1, Some(1))
    );
    let second = first.judged_by(&other).expect("a policy");
    assert_eq!(
        (second.autonomy_limits.len(), second.risks.len(), second.alone.low),
        (0, 0, Some(5))
    );
    assert_eq!(second.limits.actions_per_hour, None);
    assert_eq!(second.caches, settings().caches);
}

#[test]
fn without_a_configuration_places_are_those_of_the_journal() {
    let mut bare = Settings::default();
    bare.approvers.clone_from(&settings().approvers);
    bare.caches.clone_from(&settings().caches);
    let one = one(&catalog(), &bare);
    assert!(!one.differs, "{one:#?}");
}
