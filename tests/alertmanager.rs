//! A real Alertmanager fires into Interlock: over the network, with its own grouping, repeats and retries.
//!
//! Needs Debian's `prometheus-alertmanager`. At home the tests say in one line that they were skipped; with
//! INTERLOCK_REQUIRE_ALL=1 a missing Alertmanager fails.

#[path = "alertmanager/bot.rs"]
mod bot;
#[path = "common/manifest.rs"]
mod manifest;
mod optional;
#[path = "common/port.rs"]
mod port;
#[path = "alertmanager/sender.rs"]
mod sender;
#[path = "alertmanager/storm.rs"]
mod storm;

use bot::Bot;
use sender::Alertmanager;

use interlock::domain::silence::Matcher;
use interlock::paging::alertmanager::{Alertmanager as Client, Wanted};
use jiff::{SignedDuration, Timestamp};

const FIRED: &str = "RedisConnectionTimeout fired: Redis connection timeout on api-gateway";

/// An Alertmanager that sends to this port, or nothing where there is none.
async fn alertmanager(to: u16) -> Option<Alertmanager> {
    let [program] = optional::programs(
        "the tests with a real Alertmanager",
        ["prometheus-alertmanager"],
        "prometheus-alertmanager",
    )?;
    Some(Alertmanager::start(&program, to).await)
}

#[tokio::test]
async fn an_alert_opens_one_incident_however_often_it_is_sent() {
    let port = port::free();
    let Some(alertmanager) = alertmanager(port).await else {
        return;
    };
    let bot = Bot::start(port).await;

    alertmanager.fires("api-gateway-0").await;
    bot.journal_shows(&["INC-1", FIRED]).await;

    // Another member of the group, and repeats of both.
    alertmanager.fires("api-gateway-1").await;
    alertmanager.delivers(3).await;
    let journal = bot.journal().await;
    assert!(
        !journal.contains("INC-2"),
        "a repeat opened another incident:\n{journal}"
    );

    alertmanager.resolves("api-gateway-0").await;
    alertmanager.resolves("api-gateway-1").await;
    bot.journal_shows(&["RedisConnectionTimeout resolved", "closed: "])
        .await;
    assert_eq!(alertmanager.failed().await, 0, "a delivery was refused");
}

#[tokio::test]
async fn an_alert_that_fires_while_interlock_is_down_is_heard_once() {
    let port = port::free();
    let Some(alertmanager) = alertmanager(port).await else {
        return;
    };
    alertmanager.fires("api-gateway-0").await;
    alertmanager.fails().await;

    let bot = Bot::start(port).await;
    bot.journal_shows(&["INC-1", FIRED]).await;
    alertmanager.delivers(2).await;
    let journal = bot.journal().await;
    assert_eq!(journal.matches(FIRED).count(), 1, "{journal}");
}

/// The client that makes what people approved, against the real thing: once, seen while it holds and when it has ended.
#[tokio::test]
async fn a_silence_is_made_once_and_seen_to_its_end() {
    let Some(alertmanager) = alertmanager(port::free()).await else {
        return;
    };
    let client = Client::new(&alertmanager.base(), None).expect("an address");
    let matcher = |name: &str, value: &str| Matcher {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let matchers = [
        matcher("alertname", "RedisConnectionTimeout"),
        matcher("namespace", "production"),
        matcher("service", "api-gateway"),
    ];
    alertmanager.fires("api-gateway-0").await;
    alertmanager.fires("api-gateway-1").await;
    sender::until("it knows of both alerts", async || {
        (client.firing(&matchers).await.ok()? == 2).then_some(())
    })
    .await;

    let now = Timestamp::now();
    let mark = "[interlock test/INC-1/1]";
    let wanted = Wanted {
        matchers: &matchers,
        from: now,
        until: now.checked_add(SignedDuration::from_mins(120)).expect("a time"),
        created_by: "ana",
        comment: "the pool is being resized (approved by cleo) [interlock test/INC-1/1]",
        mark,
    };
    let made = client.make(&wanted).await.expect("made");
    let again = client.make(&wanted).await.expect("found");
    assert_eq!(made.id, again.id, "it is there already");
    let seen = client
        .look(&made.id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert!(seen.holds);
    assert_eq!(seen.ends_at.as_second(), wanted.until.as_second());
    sender::until("nothing is heard of them", async || {
        (client.firing(&matchers).await.ok()? == 0).then_some(())
    })
    .await;

    alertmanager.expires(&made.id).await;
    let seen = client
        .look(&made.id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert!(!seen.holds);
    sender::until("they are heard again", async || {
        (client.firing(&matchers).await.ok()? == 2).then_some(())
    })
    .await;
    let ended = client.make(&wanted).await.expect("found");
    assert_eq!(ended.id, made.id, "what somebody has ended is not made again");

    // What has no matcher is refused by it, in its words.
    let all = Wanted {
        matchers: &[],
        mark: "[interlock test/INC-1/2]",
        ..wanted
    };
    let error = client.make(&all).await.expect_err("it would match everything");
    assert!(
        error.to_string().starts_with("Alertmanager refused: HTTP 4"),
        "{error}"
    );
}
