//! The same alert from two of a highly available pair, news that overtakes other news, and a sender that leaves alerts out.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::world::{Alert, Setup, TestWorld};

/// As the other Alertmanager of the pair sends it, which took it in two milliseconds later (recorded from 0.33.1).
fn from_the_other(mut body: Value) -> Value {
    body["externalURL"] = json!("http://vm:19493");
    for alert in body["alerts"].as_array_mut().unwrap() {
        let start: Timestamp = alert["startsAt"].as_str().unwrap().parse().unwrap();
        alert["startsAt"] = json!((start + SignedDuration::from_millis(2)).to_string());
    }
    body
}

/// Both Prometheus servers of a pair, told apart by an external label that nobody dropped: two alerts for Alertmanager.
fn of_replicas(body: Value, replicas: &[(&str, &str)]) -> Value {
    let alerts = replicas.iter().map(|(replica, status)| {
        let mut alert = body["alerts"][0].clone();
        alert["labels"]["prometheus_replica"] = json!(replica);
        alert["fingerprint"] = json!(format!("{replica:0>16}"));
        alert["status"] = json!(status);
        if *status == "firing" {
            alert["endsAt"] = json!("0001-01-01T00:00:00Z");
        }
        alert
    });
    let alerts: Vec<Value> = alerts.collect();
    let mut body = body;
    body["alerts"] = json!(alerts);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_of_alertmanagers_has_one_alert_and_ends_it_once() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam().severity("low");
    assert_eq!(world.posts(&alert.firing()).await, 200);
    world.card("Tape library 3 is jammed").await;
    assert_eq!(world.posts(&from_the_other(alert.firing())).await, 200);
    world.minutes_pass(1).await;
    let card = world.card("Tape library 3 is jammed").await;
    assert!(!card.contains("of 2 alerts"), "{card}");
    // One of them tells the end, with the start that it knows.
    let over = from_the_other(alert.resolved(world.now()));
    assert_eq!(world.posts(&over).await, 200);
    world.thread().says("resolved").await;
    // What was long under way opens nothing.
    assert_eq!(world.posts(&from_the_other(alert.firing())).await, 200);
    world.minutes_pass(1).await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_replicas_see_is_one_alert_and_over_when_both_say_so() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam().severity("low");
    let both = of_replicas(alert.firing(), &[("a", "firing"), ("b", "firing")]);
    assert_eq!(world.posts(&both).await, 200);
    let card = world.card("Tape library 3 is jammed").await;
    assert!(!card.contains("of 2 alerts"), "{card}");
    let over = alert.resolved(world.now());
    let one = of_replicas(over.clone(), &[("a", "resolved"), ("b", "firing")]);
    assert_eq!(world.posts(&one).await, 200);
    world
        .thread()
        .says("Of a pair, a says that TapeLibraryJammed is over; it is when all of them say so")
        .await;
    world.minutes_pass(10).await;
    world.outbox_is_empty().await;
    let said = world.thread().said();
    assert!(
        !said.iter().any(|line| line.contains("Summary of INC-1")),
        "{said:#?}"
    );
    world.card("This needs a human").await;
    assert_eq!(world.posts(&of_replicas(over, &[("b", "resolved")])).await, 200);
    world.thread().says("Summary of INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

/// As Prometheus posts to an Alertmanager: fires while its end lies ahead.
fn posted(replica: &str, start: Timestamp, end: Timestamp) -> Value {
    json!([{
        "labels": {"alertname": "TapeLibraryJammed", "service": "archive", "severity": "low", "replica": replica},
        "annotations": {"summary": "Tape library 3 is jammed"},
        "startsAt": start.to_string(), "endsAt": end.to_string(), "generatorURL": "http://prometheus.example/graph",
    }])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_of_prometheus_servers_without_alertmanager_makes_one_card() {
    let setup = Setup::default().table("[webhooks.prometheus]\nbearer_token = \"direct\"");
    let world = TestWorld::start(setup).await;
    let sends = async |body: &Value| assert_eq!(world.sends("prometheus", "direct", body).await, 200);
    let start = world.now();
    let ahead = || world.now() + SignedDuration::from_mins(4);
    let later = start + SignedDuration::from_secs(11);
    sends(&posted("a", start, ahead())).await;
    world.card("Tape library 3 is jammed").await;
    sends(&posted("b", later, ahead())).await;
    for _ in 0..5 {
        world.minutes_pass(1).await;
        sends(&posted("a", start, ahead())).await;
        sends(&posted("b", later, ahead())).await;
    }
    let ended = world.now();
    sends(&posted("a", start, ended)).await;
    world
        .thread()
        .says("Of a pair, a says that TapeLibraryJammed is over; it is when all of them say so")
        .await;
    world.minutes_pass(1).await;
    sends(&posted("b", later, ahead())).await;
    world.outbox_is_empty().await;
    let said = world.thread().said();
    assert!(
        !said.iter().any(|line| line.contains("Summary of INC-1")),
        "{said:#?}"
    );
    let card = world.card("This needs a human").await;
    assert!(!card.contains("of 2 alerts"), "{card}");
    // The other one is switched off and will never say that it is over; the first one says it for a quarter of an hour.
    world.minutes_pass(6).await;
    sends(&posted("a", start, ended)).await;
    world.thread().says("Summary of INC-1").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_comes_after_its_end_opens_no_card() {
    let setup = Setup::default()
        .table("[webhooks.better_stack]\nbearer_token = \"better\"\n[webhooks.uptime_kuma]\nbearer_token = \"kuma\"\ndefault_severity = \"low\"");
    let world = TestWorld::start(setup).await;
    let jam = Alert::tape_jam().severity("low");
    let stack = |status: &str, resolved: Option<&str>| {
        json!({"data": {"id": "25", "attributes": {
            "name": "checkout", "cause": "Status 503", "started_at": "2026-11-20T22:26:15.000Z",
            "resolved_at": resolved, "status": status,
        }}})
    };
    let beat = |status: u8, time: &str| json!({"heartbeat": {"status": status, "time": time, "msg": "x"}, "monitor": {"id": 3, "name": "checkout"}, "msg": "x"});
    world.resolves(&jam).await;
    world.fires(&jam).await;
    let over = stack("Resolved", Some("2026-11-20T22:27:00.000Z"));
    for (source, token, body) in [
        ("better_stack", "better", over),
        ("better_stack", "better", stack("Started", None)),
        ("uptime_kuma", "kuma", beat(1, "2026-11-20 22:27:00.000")),
        ("uptime_kuma", "kuma", beat(0, "2026-11-20 22:26:00.000")),
    ] {
        assert_eq!(world.sends(source, token, &body).await, 200);
    }
    world.bot_crashes_and_restarts().await;
    world.fires(&jam).await;
    world.minutes_pass(1).await;
    assert_eq!(world.channel("incidents").cards(), 0);
    // What begins after that end is something else, and so is what goes on long after it.
    let down = beat(0, "2026-11-20 22:29:00.000");
    assert_eq!(world.sends("uptime_kuma", "kuma", &down).await, 200);
    world.card("checkout").await;
    world.minutes_pass(10).await;
    world.fires(&jam).await;
    world.card_shows("INC-2", "Tape library 3 is jammed").await;
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_its_sender_cut_says_nothing_of_what_is_left_out() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam().severity("low").times(5);
    let cut = |mut body: Value| {
        body["truncatedAlerts"] = json!(7);
        body
    };
    assert_eq!(world.posts(&cut(alert.firing())).await, 200);
    world
        .card("7 alerts more left out by the sender (`max_alerts`)")
        .await;
    world
        .thread()
        .says("Alertmanager left out 7 alerts of this group")
        .await;
    let over = alert.resolved(world.now());
    assert_eq!(world.posts(&cut(over.clone())).await, 200);
    let card = world.card("whether they are over is not known").await;
    assert!(card.contains("This needs a human"), "{card}");
    // A whole list is told again: what isn't in it does not fire.
    assert_eq!(world.posts(&over).await, 200);
    world.thread().says("leaves out no alert any more").await;
    world.thread().says("Summary of INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_is_merged_is_over_when_both_say_so() {
    let world = TestWorld::start(Setup::default()).await;
    let driver = Alert::new("TapeDriverErrors", "tape-driver", "The driver sees errors").severity("low");
    let alert = Alert::tape_jam().severity("low");
    world.fires(&driver).await;
    world.card("The driver sees errors").await;
    let both = of_replicas(alert.firing(), &[("a", "firing"), ("b", "firing")]);
    assert_eq!(world.posts(&both).await, 200);
    world.card_shows("INC-2", "Tape library 3 is jammed").await;
    world.ben().types("merge INC-2 into INC-1").await;
    world.ben().is_told("its 1 alert is in INC-1 now.").await;
    world.resolves(&driver).await;
    let over = alert.resolved(world.now());
    let one = of_replicas(over.clone(), &[("a", "resolved")]);
    assert_eq!(world.posts(&one).await, 200);
    world
        .thread_of("INC-1")
        .says("Of a pair, a says that TapeLibraryJammed is over; it is when all of them say so")
        .await;
    world.card_shows("INC-1", "This needs a human").await;
    assert_eq!(world.posts(&of_replicas(over, &[("b", "resolved")])).await, 200);
    world.thread_of("INC-1").says("Summary of INC-1").await;
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_of_a_pair_ended_before_it_was_heard_of_fires_on_for_the_other() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam().severity("low");
    let over = of_replicas(alert.resolved(world.now()), &[("a", "resolved")]);
    assert_eq!(world.posts(&over).await, 200);
    // What is late of the same one opens nothing.
    let late = of_replicas(alert.firing(), &[("a", "firing")]);
    assert_eq!(world.posts(&late).await, 200);
    world.minutes_pass(1).await;
    assert_eq!(world.channel("incidents").cards(), 0);
    let other = of_replicas(alert.firing(), &[("b", "firing")]);
    assert_eq!(world.posts(&other).await, 200);
    world.card("Tape library 3 is jammed").await;
    let over = of_replicas(alert.resolved(world.now()), &[("b", "resolved")]);
    assert_eq!(world.posts(&over).await, 200);
    world.thread().says("Summary of INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fires_anew_has_ended_before_also_where_nobody_said_so() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam().severity("low");
    let again = alert.clone().again(SignedDuration::from_mins(8));
    let both = |alert: &Alert| of_replicas(alert.firing(), &[("a", "firing"), ("b", "firing")]);
    assert_eq!(world.posts(&both(&alert)).await, 200);
    world.card("Tape library 3 is jammed").await;
    world.minutes_pass(9).await;
    // Within one `group_interval` it resolved and fired again: Alertmanager tells of the newest start alone.
    assert_eq!(world.posts(&both(&again)).await, 200);
    world.thread().says("a says that TapeLibraryJammed is over").await;
    let card = world.card("fired 2 times in all").await;
    assert!(card.contains("This needs a human"), "{card}");
    let over = of_replicas(
        again.resolved(world.now()),
        &[("a", "resolved"), ("b", "resolved")],
    );
    assert_eq!(world.posts(&over).await, 200);
    world.thread().says("Summary of INC-1").await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fired_before_its_replica_label_was_known_as_one_ends_all_the_same() {
    let setup = || Setup::default().table("[webhooks.prometheus]\nbearer_token = \"direct\"");
    let before = setup().table("[grouping]\nreplica_labels = []");
    let mut world = TestWorld::start(before).await;
    let alert = Alert::tape_jam().severity("low");
    let fires = |replica| of_replicas(alert.firing(), &[(replica, "firing")]);
    assert_eq!(world.posts(&fires("a")).await, 200);
    assert_eq!(world.posts(&fires("b")).await, 200);
    world.card("of 2 alerts").await;
    let start = world.now();
    let ahead = start + SignedDuration::from_mins(4);
    let sends = async |body: &Value| world.sends("prometheus", "direct", body).await;
    assert_eq!(sends(&posted("a", start, ahead)).await, 200);
    world.card_shows("INC-2", "Tape library 3 is jammed").await;
    world.bot_crashes().await;
    world.reconfigure(setup());
    world.bot_starts().await;
    assert_eq!(world.posts(&fires("a")).await, 200);
    world.minutes_pass(1).await;
    assert_eq!(world.channel("incidents").cards(), 2);
    let over = of_replicas(
        alert.resolved(world.now()),
        &[("a", "resolved"), ("b", "resolved")],
    );
    assert_eq!(world.posts(&over).await, 200);
    world.thread_of("INC-1").says("Summary of INC-1").await;
    let over = posted("a", start, world.now());
    assert_eq!(world.sends("prometheus", "direct", &over).await, 200);
    world.thread_of("INC-2").says("Summary of INC-2").await;
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_cut_is_told_of_also_where_its_alerts_joined_another_groups_card() {
    let grouping = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"archive\"\n\
        depends_on = [\"tape-driver\"]\n\n[[services]]\nname = \"tape-driver\"\n";
    let world = TestWorld::start(Setup::default().table(grouping)).await;
    let jam = Alert::tape_jam().severity("low");
    let driver = Alert::new("TapeDriverErrors", "tape-driver", "The driver sees errors").severity("low");
    world.fires(&jam).await;
    world.card("Tape library 3 is jammed").await;
    let cut = |mut body: Value| {
        body["truncatedAlerts"] = json!(7);
        body
    };
    assert_eq!(world.posts(&cut(driver.firing())).await, 200);
    world
        .card("7 alerts more left out by the sender (`max_alerts`)")
        .await;
    world.resolves(&jam).await;
    let over = driver.resolved(world.now());
    assert_eq!(world.posts(&cut(over.clone())).await, 200);
    world.card("whether they are over is not known").await;
    assert_eq!(world.posts(&over).await, 200);
    world.thread().says("leaves out no alert any more").await;
    world.thread().says("Summary of INC-1").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_thread_says_of_a_pair_and_of_a_cut_list_is_said_once_and_with_names_as_they_are() {
    let world = TestWorld::start(Setup::default()).await;
    let alert = Alert::tape_jam();
    let cut = |mut body: Value, left_out: u64| {
        body["truncatedAlerts"] = json!(left_out);
        body
    };
    for left_out in [7, 9, 12] {
        let both = of_replicas(alert.firing(), &[("p-1", "firing"), ("p-2", "firing")]);
        assert_eq!(world.posts(&cut(both, left_out)).await, 200);
    }
    world.card("12 alerts more left out by the sender").await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library 3 is jammed").await;
    let over = of_replicas(alert.resolved(world.now()), &[("p-1", "resolved")]);
    assert_eq!(world.posts(&cut(over, 12)).await, 200);
    world
        .thread()
        .says("p-1 says that TapeLibraryJammed is over")
        .await;
    let said = world.thread().said().join("\n");
    for once in ["o runbook", "left out", "Of a pair, p-1 says"] {
        assert_eq!(said.matches(once).count(), 1, "{once}\n{said}");
    }
    world.thread().is_uninteresting();
    world.ends().await;
}
