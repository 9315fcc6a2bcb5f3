//! Sources that are pagers themselves hear of it: that somebody has their alert, and that it is over.

use interlock::playground::cluster::Scenario;
use interlock::playground::oncall::{OnCallDouble, OnCallFaults, Service, State};
use interlock::playground::pager::{Incident, Status, Trigger};
use serde_json::{Value, json};

use crate::shipped;
use crate::world::{Setup, TestWorld};

const ID: &str = "70413a06-38d6-4c85-92b8-5ebc900d42e2-1795219200000";
const TOKEN: &str = "hook-of-the-tests";

/// The Redis runbook for whatever service says so, and all three sources.
fn setup(oncall: &OnCallDouble) -> Setup {
    let (name, text) = shipped!("redis-connection-timeout");
    let text = text.replace("- Service: api-gateway, user-service\n", "");
    let (base, token) = (oncall.base(), oncall.token());
    let tables = format!(
        "[webhooks.opsgenie]\nbearer_token = \"{TOKEN}\"\n[webhooks.jsm]\nbearer_token = \"{TOKEN}\"\n\
         [webhooks.better_stack]\nbearer_token = \"{TOKEN}\"\ndefault_severity = \"high\"\n\
         [opsgenie]\napi_key = \"{token}\"\napi_base = \"{base}\"\n\
         [jsm]\ncloud_id = \"{}\"\nemail = \"{}\"\napi_token = \"{token}\"\napi_base = \"{base}\"\n\
         [better_stack]\napi_token = \"{token}\"\napi_base = \"{base}\"\n\
         [webhooks.incident_io]\nbearer_token = \"{TOKEN}\"\ndefault_severity = \"high\"\n\
         [webhooks.grafana]\nbearer_token = \"{TOKEN}\"\n\
         [incident_io]\napi_token = \"{token}\"\napi_base = \"{base}\"\n\
         [grafana]\nurl = \"{base}\"\napi_token = \"{token}\"\n",
        oncall.cloud_id(),
        oncall.email(),
    );
    Setup::default()
        .no_runbooks()
        .runbook((name, text.as_str()))
        .table(&tables)
}

fn fires(service: Service) -> (&'static str, Value) {
    let opsgenie = json!({
        "action": "Create", "alert": {
            "alertId": ID, "message": "Redis connection timeout on api-gateway", "priority": "P2", "alias": "redis",
        },
    });
    let better_stack = json!({"data": {"id": ID, "type": "incident", "attributes": {
        "name": "api-gateway", "cause": "Redis connection timeout", "status": "Started",
        "started_at": "2026-11-20T03:00:00Z",
    }}});
    match service {
        Service::Opsgenie => ("opsgenie", opsgenie),
        Service::Jsm => ("jsm", opsgenie),
        Service::BetterStack => ("better_stack", better_stack),
        Service::IncidentIo => ("incident_io", incident_io()),
        Service::Grafana => ("grafana", grafana()),
    }
}

fn incident_io() -> Value {
    json!({"event_type": "public_incident.incident_created_v2", "public_incident.incident_created_v2": {
        "id": ID, "name": "Redis connection timeout on api-gateway", "reference": "INC-77",
        "severity": {"name": "Major"}, "incident_status": {"name": "Investigating", "category": "live"},
        "created_at": "2026-11-20T03:00:00Z", "updated_at": "2026-11-20T03:00:00Z",
    }})
}

fn grafana() -> Value {
    json!({"receiver": "interlock", "status": "firing", "groupKey": "{}:{}", "version": "1", "orgId": 1, "alerts": [{
        "status": "firing", "fingerprint": "c6eadffa33fcdf37", "startsAt": "2026-11-20T03:00:00Z",
        "labels": {"alertname": "RedisConnectionTimeout", "severity": "high"},
        "annotations": {"summary": "Redis connection timeout on api-gateway"},
        "dashboardURL": format!("https://grafana.example.com/d/{DASHBOARD}/redis?orgId=1"),
    }]})
}

const DASHBOARD: &str = "redis-uid_1";

/// It fires there, and here.
async fn world(service: Service) -> (TestWorld, OnCallDouble) {
    let oncall = OnCallDouble::start().await.unwrap();
    oncall.opens(service, ID);
    let world = TestWorld::start(setup(&oncall)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let (source, body) = fires(service);
    assert_eq!(world.sends(source, TOKEN, &body).await, 200);
    world.card("Waits for 1 approval").await;
    (world, oncall)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_once_that_it_is_over_although_an_answer_gets_lost() {
    for (service, name) in [
        (Service::Opsgenie, "Opsgenie"),
        (Service::Jsm, "Jira Service Management"),
        (Service::BetterStack, "Better Stack"),
    ] {
        let (world, oncall) = world(service).await;
        oncall.set_faults(OnCallFaults { lose_answers: 1 });
        world.ana().presses("Approve 2 steps").await;
        world.ana().is_told("Approved.").await;
        world
            .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
            .await;
        world
            .thread()
            .says(&format!("resolved at the source: {name} was told"))
            .await;
        world.card("Resolved").await;
        world.thread().ends_with("Summary of INC-1").await;
        assert_eq!(oncall.state(service, ID), Some(State::Closed), "{name}");
        let notes = oncall.notes(service, ID);
        assert_eq!(notes.len(), 1, "{name}: {notes:#?}");
        assert!(notes[0].starts_with("Interlock INC-1: "), "{name}: {notes:#?}");
        world.ends().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_has_it_there_too() {
    for (service, name) in [
        (Service::Opsgenie, "Opsgenie"),
        (Service::Jsm, "Jira Service Management"),
        (Service::BetterStack, "Better Stack"),
    ] {
        let (world, oncall) = world(service).await;
        world.ben().presses("Take over").await;
        world.ben().is_told("You have it.").await;
        world
            .thread()
            .says(&format!("{name} was told that ben has it"))
            .await;
        assert_eq!(oncall.state(service, ID), Some(State::Acknowledged), "{name}");
        assert_eq!(oncall.notes(service, ID), ["ben has it (Interlock INC-1)"]);
        world.card("@ben has it").await;
        world.thread().is_uninteresting();
        world.nothing_ran();
        world.ends().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_knows_nothing_of_it_says_so_in_the_thread() {
    let oncall = OnCallDouble::start().await.unwrap();
    let world = TestWorld::start(setup(&oncall)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let (source, body) = fires(Service::Opsgenie);
    assert_eq!(world.sends(source, TOKEN, &body).await, 200);
    world.ben().presses("Take over").await;
    world.ben().is_told("You have it.").await;
    world
        .thread()
        .says("Opsgenie did not take it that ben has it: the pager refused: Alert does not exist")
        .await;
    world.card("@ben has it").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_pagerduty_is_acknowledged_there_with_a_note() {
    let world = TestWorld::redis_times_out().await;
    let trigger = Trigger {
        service: String::new(),
        dedup_key: "redis/pool".to_owned(),
        summary: "Redis connection timeout on api-gateway".to_owned(),
        severity: "critical".to_owned(),
        source: "prometheus".to_owned(),
        custom_details: json!({}),
    };
    let theirs = world.doubles.pager.trigger_incident(trigger).unwrap();
    world.a_human_is_paged("Redis connection timeout").await;
    world.card("Waits for 1 approval").await;
    world.ben().presses("Take over").await;
    world.ben().is_told("You have it.").await;
    world.thread().says("PagerDuty was told that ben has it").await;
    let now = || -> Incident {
        let mut all = world.doubles.pager.incidents().into_iter();
        all.find(|incident| incident.id == theirs.id).unwrap()
    };
    assert_eq!(now().status, Status::Acknowledged);
    let notes: Vec<String> = now().notes.iter().map(|note| note.content.clone()).collect();
    assert_eq!(notes, ["ben has it (Interlock INC-1)"]);
    world.card("@ben has it").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incident_io_is_moved_to_its_review_once() {
    let (world, oncall) = world(Service::IncidentIo).await;
    oncall.set_faults(OnCallFaults { lose_answers: 1 });
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world
        .thread()
        .says("resolved at the source: incident.io was told")
        .await;
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    assert_eq!(oncall.state(Service::IncidentIo, ID), Some(State::Closed));
    assert_eq!(oncall.notes(Service::IncidentIo, ID), ["status: Documenting"]);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incident_io_has_no_call_to_say_who_has_it_and_none_is_made() {
    let (world, oncall) = world(Service::IncidentIo).await;
    world.ben().presses("Take over").await;
    world.ben().is_told("You have it.").await;
    world.card("@ben has it").await;
    world.outbox_is_empty().await;
    assert_eq!(oncall.state(Service::IncidentIo, ID), Some(State::Open));
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_stands_once_in_the_dashboard_of_grafana() {
    let (world, oncall) = world(Service::Grafana).await;
    oncall.opens(Service::Grafana, DASHBOARD);
    oncall.set_faults(OnCallFaults { lose_answers: 1 });
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().says("Grafana has a note of what was done").await;
    let notes = oncall.notes(Service::Grafana, DASHBOARD);
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert!(notes[0].starts_with("Interlock INC-1: "), "{notes:#?}");
    // It is over when its rule says so.
    let mut body = grafana();
    for place in ["/status", "/alerts/0/status"] {
        *body.pointer_mut(place).unwrap() = json!("resolved");
    }
    body["alerts"][0]["endsAt"] = json!("2026-11-20T03:20:00Z");
    assert_eq!(world.sends("grafana", TOKEN, &body).await, 200);
    world.card("Resolved").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_stands_in_the_dashboard_of_grafana() {
    let (world, oncall) = world(Service::Grafana).await;
    oncall.opens(Service::Grafana, DASHBOARD);
    world.ben().presses("Take over").await;
    world.ben().is_told("You have it.").await;
    world.thread().says("Grafana was told that ben has it").await;
    assert_eq!(
        oncall.notes(Service::Grafana, DASHBOARD),
        ["ben has it (Interlock INC-1)"]
    );
    world.card("@ben has it").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}
