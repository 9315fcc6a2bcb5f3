//! One cause, one card: what has to do with each other joins, a person may split it, and a storm stays readable.
//! Longer than other files, since its stories share one catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use interlock::app;
use interlock::config::Settings;
use interlock::domain::alert::{Alert as Fired, AlertStatus, Severity, Told};
use interlock::domain::command::Command;
use interlock::domain::ids::{EpisodeKey, Fingerprint, Service, Source};
use interlock::domain::runbook::Catalog;
use interlock::engine::{Core, Knowledge};
use interlock::playground::cluster::{FaultKind, Scenario};
use interlock::store::Store;
use jiff::Timestamp;
use serde_json::json;

use crate::world::{Alert, Setup, TestWorld};

const GROUPING: &str = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"archive\"\ndepends_on = [\"tape-driver\"]\n\n\
    [[services]]\nname = \"tape-driver\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_what_the_service_needs_joins_and_can_be_split_off() {
    let world = TestWorld::start(Setup::default().table(GROUPING)).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Tape library 3 is jammed").await;
    let driver = Alert::new("TapeDriverErrors", "tape-driver", "The driver sees errors");
    world.fires(&driver).await;
    let card = world.card("Also part of it").await;
    assert!(
        card.contains("The driver sees errors (archive needs tape-driver, the likely root)"),
        "{card}"
    );
    world
        .thread()
        .says("archive needs tape-driver, the likely root")
        .await;
    world.ana().presses("Split off TapeDriverErrors").await;
    world.ana().is_told("it is INC-2 now").await;
    let own = world.card_shows("INC-2", "The driver sees errors").await;
    assert!(!own.contains("Also part of it"), "{own}");
    world
        .thread_of("INC-1")
        .ends_with("split off TapeDriverErrors")
        .await;
    world.thread_of("INC-2").is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_elsewhere_than_any_alert_of_a_card_keeps_its_own() {
    let world = TestWorld::start(Setup::default().table(GROUPING)).await;
    let fires = async |service: &str, namespace: Option<&str>| {
        let mut body = Alert::new(&format!("Odd-{service}"), service, &format!("{service} is odd")).firing();
        let labels = body["alerts"][0]["labels"].as_object_mut().unwrap();
        labels.remove("namespace");
        if let Some(namespace) = namespace {
            labels.insert("namespace".to_owned(), json!(namespace));
        }
        body["groupKey"] = json!(format!("{service} {namespace:?}"));
        body["alerts"][0]["fingerprint"] = json!(format!("{service} {namespace:?}"));
        assert_eq!(world.posts(&body).await, 200);
    };
    // The first does not say where it is, the second does.
    fires("archive", None).await;
    world.card_shows("INC-1", "archive is odd").await;
    fires("tape-driver", Some("production")).await;
    world.card_shows("INC-1", "Also part of it").await;
    fires("tape-driver", Some("staging")).await;
    world.card_shows("INC-2", "tape-driver is odd").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_asks_for_a_runbook_of_its_own_keeps_its_card() {
    let catalogue = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"api-gateway\"\n";
    let world = TestWorld::start(Setup::default().table(catalogue)).await;
    world
        .fires(&Alert::new("Odd", "api-gateway", "Something is odd"))
        .await;
    world.card_shows("INC-1", "Something is odd").await;
    world.fires(&Alert::redis_timeout()).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

/// A storm as the two of a highly available pair send it, each alert in a group of its own.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_a_channel_hears_once_a_second_and_a_crowd_is_one_line() {
    let world = TestWorld::start(Setup::default()).await;
    for number in 0..300 {
        let service = ["archive", "mail"][number % 2];
        let symptom = format!("Symptom{}", number % 7);
        let mut body = Alert::new(&symptom, service, &format!("{service} is odd")).firing();
        body["groupKey"] = json!(format!("{{}}:{{n=\"{number}\"}}"));
        body["alerts"][0]["labels"]["instance"] = json!(number.to_string());
        body["alerts"][0]["fingerprint"] = json!(format!("{number:016x}"));
        for _one_of_the_pair in 0..2 {
            world.delivers(&body).await;
        }
    }
    world.card_shows("INC-1", "a storm of alerts").await;
    world.card_shows("INC-2", "is odd").await;
    world.card_shows("INC-3", "is odd").await;
    world
        .until("the crowd is told in one line", || {
            let said = world.thread_of("INC-1").said().join("\n");
            said.contains("more alerts joined: Symptom").then_some(())
        })
        .await;
    world.outbox_is_empty().await;
    assert_eq!(world.channel("incidents").cards(), 3);
    world.slack_kept_pace("incidents");
    let posts = world.doubles.slack.calls_of("chat.postMessage");
    assert!(posts.len() < 40, "{} posts", posts.len());
    for incident in ["INC-1", "INC-2", "INC-3"] {
        world.thread_of(incident).is_uninteresting();
    }
    world.nothing_ran();
    world.ends().await;
}

/// Eight unrelated ones for which there is no runbook, and while their cards and notes go out a ninth that has a plan.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_the_card_on_which_somebody_decides_goes_before_what_only_tells() {
    let world = TestWorld::start(Setup::default()).await;
    let services = [
        "archive", "mail", "search", "billing", "media", "tape", "fax", "radio",
    ];
    for service in services {
        let name = format!("Odd{service}");
        let alert = Alert::new(&name, service, &format!("{service} is odd")).severity("critical");
        world.fires(&alert).await;
    }
    world.card_shows("INC-3", "is odd").await;
    let channel = world.doubles.slack.channel_id("incidents").unwrap();
    let posts = || -> Vec<_> {
        let all = world.doubles.slack.calls_of("chat.postMessage").into_iter();
        all.filter(|call| call.args["channel"] == json!(channel))
            .collect()
    };
    let before = posts().len();
    world.fires(&Alert::redis_timeout().severity("critical")).await;
    world.card_shows("INC-9", "Waits for 1 approval").await;
    let place = posts()
        .iter()
        .skip(before)
        .position(|call| call.args.to_string().contains("INC-9"));
    // One may be on its way, and each fourth turn is for whoever has waited longest.
    assert!(
        place.is_some_and(|place| place <= 2),
        "{place:?} others went before it"
    );

    world.ana().types("status").await;
    let status = world.ana().is_told("INC-9 (critical): ").await;
    let first = status.lines().find(|line| line.starts_with("INC-"));
    assert!(first.is_some_and(|line| line.starts_with("INC-9 ")), "{status}");
    world.outbox_is_empty().await;
    for (service, number) in services.iter().zip(1..) {
        let incident = format!("INC-{number}");
        world.card_shows(&incident, &format!("{service} is odd")).await;
        world.thread_of(&incident).is_uninteresting();
        world.a_human_is_paged(&format!("{service} is odd")).await;
    }
    world.thread_of("INC-9").is_uninteresting();
    world.a_human_is_paged("Redis").await;
    world.nothing_ran();
    world.ends().await;
}

/// One rule that watches five services, at the same second.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_one_rule_for_several_services_is_a_card_for_each() {
    let world = TestWorld::start(Setup::default()).await;
    let services = ["archive", "mail", "search", "billing", "media", "archive"];
    for (number, service) in services.into_iter().enumerate() {
        let severity = if number == 4 { "critical" } else { "high" };
        let title = format!("{service} answers slowly");
        let mut body = Alert::new("SlowAnswers", service, &title)
            .severity(severity)
            .firing();
        body["groupKey"] = json!(format!("{{}}:{{n=\"{number}\"}}"));
        body["alerts"][0]["labels"]["instance"] = json!(number.to_string());
        body["alerts"][0]["fingerprint"] = json!(format!("{number:016x}"));
        assert_eq!(world.posts(&body).await, 200);
    }
    // The sixth is of the first's service; nothing else has to do with each other.
    let card = world
        .card_shows("INC-1", "a storm of alerts, same service, archive")
        .await;
    assert!(!card.contains("media"), "{card}");
    world.card_shows("INC-2", "mail answers slowly").await;
    world.card_shows("INC-3", "search answers slowly").await;
    world.card_shows("INC-4", "billing answers slowly").await;
    world.card_shows("INC-5", "media answers slowly").await;
    world.a_human_is_paged("media answers slowly").await;
    assert_eq!(world.channel("incidents").cards(), 5);
    for incident in ["INC-1", "INC-2", "INC-3", "INC-4", "INC-5"] {
        world.thread_of(incident).is_uninteresting();
    }
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_run_by_hand_makes_no_storm_of_alerts() {
    let world = TestWorld::start(Setup::default()).await;
    for incident in ["INC-1", "INC-2", "INC-3"] {
        world.ben().types("run redis-connection-timeout").await;
        world.ben().is_told(&format!("{incident} is open")).await;
    }
    world.fires(&Alert::tape_jam()).await;
    world
        .fires(&Alert::new(
            "TapeDriverErrors",
            "archive",
            "The driver sees errors",
        ))
        .await;
    let first = world.card_shows("INC-4", "Tape library 3 is jammed").await;
    let other = world.card_shows("INC-5", "The driver sees errors").await;
    assert!(!first.contains("a storm of alerts") && !other.contains("a storm of alerts"));
    for incident in ["INC-1", "INC-2", "INC-3"] {
        world.card_shows(incident, "Waits for 1 approval").await;
    }
    for incident in ["INC-1", "INC-2", "INC-3", "INC-4", "INC-5"] {
        world.thread_of(incident).is_uninteresting();
    }
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_rejected_what_was_paged_has_it_and_nobody_is_rung_again_when_it_gets_worse() {
    let catalogue = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"api-gateway\"\n";
    let world = TestWorld::start(Setup::default().table(catalogue)).await;
    world.fires(&Alert::redis_timeout()).await;
    world.card_shows("INC-1", "Waits for 1 approval").await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("INC-1").await;
    world.card_shows("INC-1", "A human was paged at").await;
    world.ben().presses("Reject").await;
    world.ben().sees_modal("Reject").await;
    world.ben().submits(&[]).await;
    world.ben().is_told("Rejected.").await;
    world.card_shows("INC-1", "@ben has it").await;
    world
        .fires(&Alert::new("Odd", "api-gateway", "Something is odd").severity("critical"))
        .await;
    world.card_shows("INC-1", "Something is odd").await;
    world.outbox_is_empty().await;
    let calls = world.doubles.pager.calls();
    let rung = calls.iter().filter(|call| call.body["event_action"] == "trigger");
    assert_eq!(rung.count(), 1);
    world.thread_of("INC-1").is_uninteresting();
    world.ends_and_nothing_ran().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_critical_while_its_plan_runs_pages_at_once() {
    let catalogue = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"api-gateway\"\n";
    let world = TestWorld::start(Setup::default().table(catalogue)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let redis = Alert::redis_timeout();
    world.fires(&redis).await;
    world.next_exec(FaultKind::Latency(6_000));
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card_shows("INC-1", "Running step 1").await;
    world.nobody_was_paged();
    let odd = Alert::new("Odd", "api-gateway", "Something is odd").severity("critical");
    world.fires(&odd).await;
    let page = world.a_human_is_paged("INC-1").await;
    assert!(
        page.title.contains("it became critical while its plan runs"),
        "{}",
        page.title
    );
    world.card_shows("INC-1", "Something is odd").await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.resolves(&redis).await;
    world.resolves(&odd).await;
    world.card_shows("INC-1", "*Resolved*").await;
    world.pager_resolves(&page.id).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// The page that stands is told again, under its key: whoever has it sees how bad it is now, and nobody sees two.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_paged_and_becomes_critical_is_told_to_the_pager_under_the_same_key() {
    let catalogue = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"api-gateway\"\n";
    let world = TestWorld::start(Setup::default().table(catalogue)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let redis = Alert::redis_timeout();
    world.fires(&redis).await;
    world.card_shows("INC-1", "Waits for 1 approval").await;
    world.minutes_pass(3).await;
    let page = world.a_human_is_paged("INC-1").await;
    let odd = Alert::new("Odd", "api-gateway", "Something is odd").severity("critical");
    world.fires(&odd).await;
    let told = world
        .until("the pager is told how bad it is now", || {
            let calls = world.doubles.pager.calls().into_iter();
            let told: Vec<_> = calls
                .filter(|call| call.body["event_action"] == "trigger")
                .map(|call| call.body)
                .collect();
            (told.len() == 2).then_some(told)
        })
        .await;
    let severities = [&told[0]["payload"]["severity"], &told[1]["payload"]["severity"]];
    assert_eq!(severities, [&json!("error"), &json!("critical")]);
    assert_eq!(told[0]["dedup_key"], told[1]["dedup_key"]);
    assert_eq!(world.doubles.pager.incidents().len(), 1);
    world.card_shows("INC-1", "Something is odd").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.resolves(&redis).await;
    world.resolves(&odd).await;
    world.card_shows("INC-1", "*Resolved*").await;
    world.pager_resolves(&page.id).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

const CAUSES: usize = 12;
const ALERTS: usize = 10_000;

fn fired(number: usize, now: Timestamp) -> Fired {
    let cause = number % CAUSES;
    Fired {
        source: Source::new("alertmanager"),
        episode: EpisodeKey::new(format!("e{number}")),
        fingerprint: Fingerprint::new(format!("f{number}")),
        group: None,
        status: AlertStatus::Firing,
        name: format!("Symptom{}", number % 37),
        title: format!("symptom {number} of service {cause}"),
        description: String::new(),
        severity: Severity::High,
        severity_word: String::new(),
        service: Some(Service::new(format!("service-{cause}"))),
        labels: BTreeMap::from([("namespace".to_owned(), "production".to_owned())]),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: Some(now),
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}

fn catalogue() -> Settings {
    let mut settings = Settings::default();
    settings.grouping.related_within_minutes = 10;
    let rows: String = (0..CAUSES)
        .map(|cause| format!("[[services]]\nname = \"service-{cause}\"\n"))
        .collect();
    #[derive(serde::Deserialize)]
    struct Rows {
        services: Vec<interlock::config::ServiceRow>,
    }
    settings.services = toml::from_str::<Rows>(&rows).unwrap().services;
    settings
}

#[test]
fn a_storm_of_10000_alerts_of_12_causes_from_a_pair_is_12_cards_and_none_is_lost() {
    assert_eq!(storm(&catalogue()), CAUSES);
}

#[test]
fn without_a_word_about_it_in_the_configuration_it_is_15_cards_at_most() {
    let cards = storm(&Settings::default());
    assert!(cards <= 15, "{cards} cards");
}

/// Wave after wave, each within ten minutes of the one before it: it is still the same storm an hour later.
#[test]
fn a_storm_that_goes_on_for_an_hour_makes_no_cards_anew_while_the_first_ones_fire() {
    let knowledge = Knowledge {
        rules: Arc::new(app::rules(&Settings::default(), "T1")),
        catalog: Arc::new(Catalog::build(Vec::new(), &|_, _| Vec::new())),
    };
    let mut core = Core::open(Store::in_memory().unwrap()).unwrap();
    let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let mut wave = |number: usize, minutes: i64| {
        let now = start + jiff::SignedDuration::from_mins(minutes);
        let alerts = (number * 120..(number + 1) * 120).map(|number| fired(number, now));
        let command = Command::Alerts {
            source: Source::new("alertmanager"),
            key: None,
            alerts: alerts.collect(),
        };
        core.run(vec![command], &[], &knowledge, now).unwrap();
        core.state().incidents.len()
    };
    let first = wave(0, 0);
    assert!(first <= 15, "{first} cards");
    for number in 1..=7 {
        let cards = wave(number, 8 * i64::try_from(number).unwrap());
        assert_eq!(cards, first, "wave {number}");
    }
    // Nothing for longer than the window: what comes then may have another cause.
    assert!(wave(8, 56 + 11) > first);
}

/// Cards that a storm ends as; every alert of it is in one of them.
fn storm(settings: &Settings) -> usize {
    let knowledge = Knowledge {
        rules: Arc::new(app::rules(settings, "T1")),
        catalog: Arc::new(Catalog::build(Vec::new(), &|_, _| Vec::new())),
    };
    let mut core = Core::open(Store::in_memory().unwrap()).unwrap();
    let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    for batch in 0..ALERTS.div_ceil(100) {
        let now = start + jiff::SignedDuration::from_secs(i64::try_from(batch).unwrap());
        let numbers = batch * 100..((batch + 1) * 100).min(ALERTS);
        // Both of the pair send everything, the second one in another order.
        let one: Vec<Fired> = numbers.clone().map(|number| fired(number, start)).collect();
        let other: Vec<Fired> = numbers.rev().map(|number| fired(number, start)).collect();
        let commands = [one, other].map(|alerts| Command::Alerts {
            source: Source::new("alertmanager"),
            key: None,
            alerts,
        });
        core.run(commands.to_vec(), &[], &knowledge, now).unwrap();
    }
    let incidents: Vec<_> = core.state().incidents.values().collect();
    let taken: usize = incidents.iter().map(|incident| incident.episodes.len()).sum();
    let repeats: u64 = incidents.iter().map(|incident| incident.repeats).sum();
    assert_eq!((taken, repeats), (ALERTS, ALERTS as u64));
    incidents.len()
}
