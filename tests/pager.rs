//! The paging client and the webhook intake against the playground's pager, which enforces the real one's limits: what is
//! paged arrives, what people do there comes back, and our own pages open nothing here.
#![cfg(feature = "playground")]

mod pager_world {
    use interlock::config::Settings;
    use interlock::domain::alert::Severity;
    use interlock::domain::ids::IncidentId;
    use interlock::paging::{Page, PagerDuty};
    use interlock::playground::pager::PagerDouble;
    use serde_json::Value;

    pub fn client(double: &PagerDouble) -> PagerDuty {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("interlock.toml");
        let config = format!(
            "[pagerduty]\nevents_base = \"{}\"\napi_base = \"{}\"\nrouting_key = \"{}\"\napi_token = \"{}\"\nfrom = \"ana@acme.example\"",
            double.events_base(),
            double.api_base(),
            double.routing_key(),
            double.api_token()
        );
        std::fs::write(&path, config).unwrap();
        PagerDuty::new(&Settings::load(Some(&path), std::iter::empty()).unwrap().pagerduty).unwrap()
    }

    pub fn page(details: Value) -> Page {
        Page {
            about: IncidentId(7).into(),
            before: 0,
            summary: "redis-primary times out: step 2 failed twice".to_owned(),
            source: "api-gateway".to_owned(),
            severity: Severity::Critical,
            component: Some("redis-primary".to_owned()),
            group: Some("production".to_owned()),
            class: Some("RedisConnectionTimeout".to_owned()),
            at: "2026-11-21T02:30:00Z".parse().unwrap(),
            details,
            links: vec![],
            thread_url: Some("https://example.slack.com/archives/C1/p1".to_owned()),
        }
    }
}

use std::sync::Arc;
use std::time::Duration;

use interlock::config::{Secret, Secrets, Settings};
use interlock::domain::alert::AlertStatus;
use interlock::domain::ids::IncidentId;
use interlock::ingress::{
    ANSWER_WITHIN, Accepted, Delivery, Intake, Limits, Mapping, Refused, SnsUrl, SnsWeb, WebhookSettings,
    bind, serve, webhooks,
};
use interlock::paging::PageError;
use interlock::playground::pager::{PagerDouble, PagerFaults, PagerOptions, Trigger};
use interlock::ports::{Clock, Pending};
use pager_world::{client, page};
use serde_json::json;

async fn double() -> PagerDouble {
    PagerDouble::start(PagerOptions::default()).await.unwrap()
}

#[tokio::test]
async fn a_page_told_twice_is_one_incident_and_is_resolved_by_its_key() {
    let double = double().await;
    let pager = client(&double);
    for _ in 0..2 {
        pager
            .trigger(&page(json!({"tried": ["step 1: failed"]})))
            .await
            .unwrap();
    }
    let view = double.snapshot();
    assert_eq!(view.incidents.len(), 1);
    assert_eq!(
        (
            view.incidents[0].dedup_key.as_str(),
            view.incidents[0].status.as_str()
        ),
        ("interlock/INC-7", "triggered")
    );
    assert!(!view.pages.is_empty(), "somebody's phone rang");
    pager.resolve(IncidentId(7).into(), 0).await.unwrap();
    assert_eq!(double.snapshot().incidents[0].status, "resolved");
}

#[tokio::test]
async fn a_handoff_of_a_megabyte_still_arrives() {
    let double = double().await;
    let mut big = page(json!({"log": "x".repeat(1_000_000), "tried": ["step 1"]}));
    big.summary = "y".repeat(5_000);
    client(&double).trigger(&big).await.unwrap();
    assert_eq!(double.snapshot().incidents.len(), 1);
}

#[tokio::test]
async fn the_pagers_troubles_are_told_apart() {
    let double = double().await;
    let pager = client(&double);
    double.set_faults(PagerFaults {
        throttle: 1,
        fail: 1,
        drop_reply: 1,
        ..PagerFaults::default()
    });
    let details = || page(json!({}));
    assert!(
        matches!(pager.trigger(&details()).await, Err(PageError::Retry { .. })),
        "429"
    );
    match pager.trigger(&details()).await {
        Err(PageError::Retry { after, .. }) => assert_eq!(after, Duration::from_secs(5), "500"),
        other => panic!("{other:?}"),
    }
    let lost = pager.trigger(&details()).await;
    assert!(matches!(lost, Err(PageError::Unreachable { .. })), "{lost:?}");
    pager.trigger(&details()).await.unwrap();
    assert_eq!(
        double.snapshot().incidents.len(),
        1,
        "the lost reply did not make a second incident"
    );
}

#[tokio::test]
async fn an_incident_of_the_teams_own_is_noted_and_resolved_at_the_source() {
    let double = double().await;
    let pager = client(&double);
    pager.trigger(&page(json!({}))).await.unwrap();
    let id = double.snapshot().incidents[0].id.clone();
    pager.note(&id, "step 1 done").await.unwrap();
    pager
        .resolve_at_source(&id, "fixed by redis-connection-timeout")
        .await
        .unwrap();
    pager
        .resolve_at_source(&id, "fixed by redis-connection-timeout")
        .await
        .unwrap();
    let view = double.snapshot();
    assert_eq!(view.incidents[0].status, "resolved");
    assert!(
        view.incidents[0]
            .notes
            .iter()
            .any(|note| note.contains("step 1 done")),
        "{:?}",
        view.incidents[0].notes
    );
    let told = pager.note("Q0NOTTHERE", "x").await.unwrap_err();
    assert!(matches!(told, PageError::Refused { .. }), "{told:?}");
}

#[tokio::test]
async fn people_on_call_are_found() {
    let people = client(&double().await).on_calls().await.unwrap();
    let names: Vec<(&str, u32)> = people
        .iter()
        .map(|person| (person.name.as_str(), person.level))
        .collect();
    assert_eq!(names, [("Ana Ferreira", 1), ("Ben Okafor", 2)]);
}

/// Passes on what is submitted.
struct Listening(tokio::sync::mpsc::UnboundedSender<Delivery>);

impl Intake for Listening {
    fn submit(&self, delivery: Delivery) -> Pending<'_, Result<Accepted, Refused>> {
        let told = self.0.send(delivery);
        Box::pin(async move {
            told.map(|()| Accepted).map_err(|_| Refused::NotStored {
                reason: "the test is over".to_owned(),
            })
        })
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

struct NoSns;

impl SnsWeb for NoSns {
    fn get<'a>(&'a self, _: &'a SnsUrl) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async { Err("nobody asks it here".to_owned()) })
    }
}

#[tokio::test]
async fn the_teams_incidents_come_in_signed_and_our_own_pages_do_not_come_back() {
    let mut settings = Settings::default();
    settings.webhooks.pagerduty.secret = Secrets::new(vec![Secret::new("new-secret").unwrap()]);
    let (sender, mut deliveries) = tokio::sync::mpsc::unbounded_channel();
    let router = webhooks(WebhookSettings {
        webhooks: &settings.webhooks,
        mapping: Mapping::new(&settings),
        intake: Arc::new(Listening(sender)),
        room: interlock::ingress::Room::default(),
        clock: Arc::new(SystemClock),
        sns: Arc::new(NoSns),
        on_loopback: true,
        answer_within: ANSWER_WITHIN,
    });
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("http://{}/webhooks/pagerduty", listener.local_addr().unwrap());
    tokio::spawn(serve(
        listener,
        router,
        Limits::default(),
        std::future::pending::<()>(),
    ));
    let double = PagerDouble::start(PagerOptions {
        webhook_url: Some(url.parse().unwrap()),
        // In the middle of a rotation: two signatures on each delivery, of which Interlock knows one secret.
        webhook_secrets: vec!["old-secret".to_owned(), "new-secret".to_owned()],
        ..PagerOptions::default()
    })
    .await
    .unwrap();

    client(&double).trigger(&page(json!({}))).await.unwrap();
    double.trigger_incident(Trigger {
        service: String::new(),
        dedup_key: "team-1".to_owned(),
        summary: "Checkout is failing".to_owned(),
        severity: "critical".to_owned(),
        source: "checkout".to_owned(),
        custom_details: json!({}),
    });

    let delivery = deliveries.recv().await.unwrap();
    assert!(delivery.delivery_key.is_some());
    let alert = &delivery.alerts[0];
    assert_eq!(
        alert.title, "Checkout is failing",
        "the page of our own came first and opened nothing"
    );
    assert_eq!(alert.dedup_key.as_deref(), Some("team-1"));
    let id = alert.source_ref.clone().unwrap();

    client(&double).resolve_at_source(&id, "fixed").await.unwrap();
    let resolved = deliveries.recv().await.unwrap();
    assert_eq!(resolved.alerts[0].status, AlertStatus::Resolved);
    assert_eq!(resolved.alerts[0].episode, alert.episode);
}
