//! Somebody has an alert where it comes from: nobody is reminded of it or paged for it while it waits, and nothing else is
//! decided by that. Longer than other files, since each way in which somebody may have an alert stands beside the others.

use interlock::playground::pager::Trigger;
use serde_json::{Value, json};

use crate::world::{Alert, Setup, TestWorld};

const ZABBIX: &str = "[webhooks.zabbix]\nbearer_token = \"zabbix-token\"\n";

fn problem(event: &str, update: Value) -> Value {
    let mut body = json!({
        "event_id": event, "trigger_id": format!("t{event}"), "name": "Tape library is jammed", "host": "tape-1",
        "severity": "High", "nseverity": "4", "value": "1", "tags": [{"tag": "service", "value": "archive"}],
    });
    for (key, value) in update.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn update(event: &str, action: &str, user: &str) -> Value {
    problem(event, json!({"update_action": action, "user": user}))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_at_pagerduty_is_reminded_of_nothing_until_it_is_given_back() {
    let world = TestWorld::redis_times_out().await;
    let theirs = world
        .doubles
        .pager
        .trigger_incident(Trigger {
            service: String::new(),
            dedup_key: "redis/pool".to_owned(),
            summary: "Redis connection timeout on api-gateway".to_owned(),
            severity: "critical".to_owned(),
            source: "prometheus".to_owned(),
            custom_details: json!({}),
        })
        .unwrap();
    world.a_human_is_paged("Redis connection timeout").await;
    world.card("Waits for 1 approval").await;
    world.someone_sets_at_the_pager(&theirs.id, "acknowledged").await;
    let card = world.card("Acknowledged at PagerDuty by Ana Ferreira").await;
    assert!(
        card.contains("nobody is reminded of it or paged for it"),
        "{card}"
    );
    assert!(
        card.contains("Waits for 1 approval"),
        "it approves nothing: {card}"
    );
    world
        .thread()
        .says("acknowledged at PagerDuty by Ana Ferreira")
        .await;
    world.ana().types("status").await;
    world
        .ana()
        .is_told("Acknowledged at PagerDuty by Ana Ferreira")
        .await;
    world.minutes_pass(20).await;
    world.nothing_ran();
    assert_eq!(world.pages().len(), 1);
    let said = world.thread().said();
    assert!(!said.iter().any(|line| line.contains("Reminder")), "{said:#?}");
    // Given back, it waits for whoever may approve as before.
    world.someone_sets_at_the_pager(&theirs.id, "triggered").await;
    world.thread().says("no longer acknowledged at PagerDuty").await;
    world.card_no_longer_says("Acknowledged at PagerDuty").await;
    world.thread().says("Reminder: plan 1 still waits").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_at_a_source_that_rings_nobody_is_not_paged_for_it() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    // Of what nobody here knows there is nothing to say.
    sends(&update("1", "acknowledged", "Ana")).await;
    sends(&problem("4711", json!({}))).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    sends(&update(
        "4711",
        "acknowledged, commented",
        "*Ana* <!channel>\n<@U1>",
    ))
    .await;
    let card = world.card("Acknowledged at Zabbix by").await;
    assert!(
        card.contains("&lt;!channel&gt;") || !card.contains("<!channel>"),
        "{card}"
    );
    assert!(!card.contains("If nobody decides"), "{card}");
    world.thread().says("acknowledged at Zabbix by").await;
    world.minutes_pass(30).await;
    world.nobody_was_paged();
    // A comment, and the same once more, change nothing.
    sends(&update("4711", "commented", "Ben")).await;
    sends(&update("4711", "acknowledged", "Ana")).await;
    sends(&update("4711", "unacknowledged", "Ben")).await;
    world
        .thread()
        .says("no longer acknowledged at Zabbix by Ben")
        .await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library is jammed").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_joins_what_somebody_has_is_not_had_by_them() {
    let grouping = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"archive\"\n";
    let world = TestWorld::start(Setup::default().table(ZABBIX).table(grouping)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    sends(&problem("1", json!({}))).await;
    world.card("If nobody decides").await;
    sends(&update("1", "acknowledged", "Ana")).await;
    world.card("Acknowledged at Zabbix by Ana").await;
    world.card_no_longer_says("If nobody decides").await;
    sends(&problem("2", json!({"name": "Drive 7 is jammed"}))).await;
    let card = world.card("If nobody decides, a human is paged at HH:MM").await;
    assert!(card.contains("1 of 2 alerts that fire"), "{card}");
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library is jammed").await;
    world.card("A human was paged").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_had_is_over_and_what_was_left_out_of_a_list_calls_again() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    let alert = Alert::tape_jam().severity("high");
    let cut = |mut body: Value| {
        body["truncatedAlerts"] = json!(7);
        body
    };
    assert_eq!(world.posts(&cut(alert.firing())).await, 200);
    world.card("If nobody decides").await;
    sends(&problem("2", json!({"name": "Drive 7 is jammed"}))).await;
    world.card_shows("INC-2", "Drive 7 is jammed").await;
    world.ben().types("merge INC-2 into INC-1").await;
    world.ben().is_told("its 1 alert is in INC-1 now.").await;
    assert_eq!(world.posts(&cut(alert.resolved(world.now()))).await, 200);
    sends(&update("2", "acknowledged", "Ana")).await;
    world.card_shows("INC-1", "Acknowledged at Zabbix by Ana").await;
    // Hers is over. Of the seven that were left out nobody has said anything.
    sends(&problem("2", json!({"name": "Drive 7 is jammed", "value": "0"}))).await;
    world
        .card_shows("INC-1", "whether they are over is not known")
        .await;
    world
        .card_shows("INC-1", "If nobody decides, a human is paged at HH:MM")
        .await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card_shows("INC-1", "A human was paged").await;
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_for_our_page_is_on_the_card() {
    let world = TestWorld::start(Setup::default()).await;
    world.fires(&Alert::tape_jam().severity("critical")).await;
    let page = world.a_human_is_paged("Tape library 3 is jammed").await;
    world.card("A human was paged at HH:MM").await;
    world.someone_sets_at_the_pager(&page.id, "acknowledged").await;
    world
        .card("The page was acknowledged at PagerDuty by Ana Ferreira")
        .await;
    world
        .thread()
        .says("the page was acknowledged at PagerDuty")
        .await;
    world.someone_sets_at_the_pager(&page.id, "triggered").await;
    world.card_no_longer_says("The page was acknowledged").await;
    world
        .thread()
        .ends_with("no longer acknowledged at PagerDuty")
        .await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_known_and_becomes_worse_calls_as_that() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    let severity = |word: &str| problem("4711", json!({"severity": word, "nseverity": "0"}));
    sends(&severity("Warning")).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    sends(&severity("Disaster")).await;
    world.card("CRITICAL").await;
    world
        .thread()
        .says("Tape library is jammed is critical now")
        .await;
    world.a_human_is_paged("Tape library is jammed").await;
    world.thread().says("the pager took the page").await;
    // It does not become less by being called so.
    sends(&severity("Warning")).await;
    world.outbox_is_empty().await;
    world.card("CRITICAL").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_what_is_less_is_rung_when_it_becomes_worse() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    sends(&problem("1", json!({"severity": "Warning", "nseverity": "2"}))).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    sends(&problem(
        "1",
        json!({"severity": "Warning", "nseverity": "2", "update_action": "acknowledged", "user": "Ana"}),
    ))
    .await;
    world.card("Acknowledged at Zabbix by Ana").await;
    // For one that nobody would be called for at once, nobody is called who has it.
    sends(&problem("1", json!({}))).await;
    world.thread().says("Tape library is jammed is high now").await;
    world.minutes_pass(30).await;
    world.nobody_was_paged();
    sends(&problem("1", json!({"severity": "Disaster", "nseverity": "5"}))).await;
    world.card("CRITICAL").await;
    world.a_human_is_paged("Tape library is jammed").await;
    world.card("A human was paged at HH:MM").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_somebody_has_acknowledged_is_followed_by_another_when_it_becomes_worse() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    sends(&problem("1", json!({}))).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    world.minutes_pass(3).await;
    let first = world.a_human_is_paged("Tape library is jammed").await;
    world.card("A human was paged at HH:MM").await;
    sends(&update("1", "acknowledged", "Ana")).await;
    world.pager_acknowledges(&first.id).await;
    sends(&problem("1", json!({"severity": "Disaster", "nseverity": "5"}))).await;
    let second = world.a_human_is_paged("Tape library is jammed").await;
    assert_eq!(second.dedup_key, format!("{}/2", first.dedup_key));
    world.outbox_is_empty().await;
    assert_eq!(world.pages().len(), 2);
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_it_and_calls_it_worse_in_one_update_is_not_rung_for_that() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    sends(&problem("1", json!({}))).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    let worse = json!({
        "severity": "Disaster", "nseverity": "5", "update_action": "acknowledged, changed severity", "user": "Ana",
    });
    sends(&problem("1", worse)).await;
    let card = world.card("CRITICAL").await;
    assert!(card.contains("Acknowledged at Zabbix by Ana"), "{card}");
    world.minutes_pass(30).await;
    world.nobody_was_paged();
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_joins_what_somebody_was_paged_for_and_has_pages_again() {
    let grouping = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"archive\"\n";
    let world = TestWorld::start(Setup::default().table(ZABBIX).table(grouping)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    let disaster = json!({"severity": "Disaster", "nseverity": "5"});
    sends(&problem("1", disaster)).await;
    let first = world.a_human_is_paged("Tape library is jammed").await;
    world.card("A human was paged at HH:MM").await;
    sends(&update("1", "acknowledged", "Ana")).await;
    world.pager_acknowledges(&first.id).await;
    sends(&problem("2", json!({"name": "Drive 7 is jammed"}))).await;
    world.card("1 of 2 alerts that fire").await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    world.minutes_pass(6).await;
    let second = world.a_human_is_paged("Tape library is jammed").await;
    assert_eq!(second.dedup_key, format!("{}/2", first.dedup_key));
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_from_before_it_was_given_back_silences_nothing() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    let began = jiff::Timestamp::now().as_second() - 60;
    let told = |action: &str, after: i64| {
        problem(
            "1",
            json!({
                "timestamp": began.to_string(), "update_action": action, "user": "Ana",
                "update_timestamp": (began + after).to_string(),
            }),
        )
    };
    sends(&told("", 0)).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    // Nobody was known to have it, so there is nothing to say of that.
    sends(&told("unacknowledged", 20)).await;
    sends(&told("unacknowledged", 40)).await;
    sends(&told("acknowledged", 30)).await;
    sends(&told("acknowledged", 10)).await;
    world.outbox_is_empty().await;
    let card = world.card("If nobody decides, a human is paged at HH:MM").await;
    assert!(!card.contains("Acknowledged at Zabbix"), "{card}");
    let said = world.thread().said();
    assert!(
        !said.iter().any(|line| line.contains("cknowledged at Zabbix")),
        "{said:#?}"
    );
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library is jammed").await;
    // One from after all that counts.
    sends(&told("acknowledged", 50)).await;
    world.card("Acknowledged at Zabbix by Ana").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_of_the_time_before_it_fired_silences_nothing() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    let began = jiff::Timestamp::now().as_second();
    let fires = json!({"timestamp": began.to_string()});
    sends(&problem("1", fires)).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    let late = json!({
        "timestamp": (began - 600).to_string(), "update_action": "acknowledged", "user": "Ana",
        "update_timestamp": (began - 300).to_string(),
    });
    sends(&problem("1", late)).await;
    world.outbox_is_empty().await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library is jammed").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_back_after_a_person_closed_its_card_opens_one_anew() {
    let world = TestWorld::start(Setup::default().table(ZABBIX)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    let began = jiff::Timestamp::now().as_second() - 60;
    let told = |action: &str, at: i64| {
        problem(
            "1",
            json!({
                "timestamp": began.to_string(), "update_action": action, "user": "Ana",
                "update_timestamp": at.to_string(),
            }),
        )
    };
    sends(&told("", began)).await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    sends(&told("acknowledged", began + 30)).await;
    world.card("Acknowledged at Zabbix by Ana").await;
    world.ana().types("close INC-1 it looks fine to me").await;
    world.ana().is_told("INC-1 is closed.").await;
    world.minutes_pass(10).await;
    // Delivered late: that was before.
    sends(&told("unacknowledged", began + 40)).await;
    world.outbox_is_empty().await;
    assert_eq!(world.channel("incidents").cards(), 1);
    sends(&told("unacknowledged", began + 600)).await;
    world.card_shows("INC-2", "If nobody decides").await;
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knew_how_bad_it_was_pages_on_when_it_turns_out_to_be_low() {
    let grouping = "[grouping]\nrelated_within_minutes = 10\n\n[[services]]\nname = \"archive\"\n";
    let world = TestWorld::start(Setup::default().table(ZABBIX).table(grouping)).await;
    let sends = async |body: &Value| assert_eq!(world.sends("zabbix", "zabbix-token", body).await, 200);
    sends(&problem(
        "1",
        json!({"severity": "Not classified", "nseverity": "0"}),
    ))
    .await;
    world.card("If nobody decides, a human is paged at HH:MM").await;
    let low = json!({"severity": "Information", "nseverity": "1"});
    sends(&problem("1", low.clone())).await;
    // Nor does one that joins and is low.
    sends(&problem("2", low)).await;
    world.outbox_is_empty().await;
    let said = world.thread().said();
    assert!(!said.iter().any(|line| line.contains("is low now")), "{said:#?}");
    world.card("Severity unknown").await;
    world.minutes_pass(3).await;
    world.a_human_is_paged("Tape library is jammed").await;
    world.thread().is_uninteresting();
    world.ends().await;
}
