//! A real Alertmanager fires into Interlock: over the network, with its own grouping, repeats and retries.
//!
//! Needs Debian's `prometheus-alertmanager`. At home the tests say in one line that they were skipped; with
//! INTERLOCK_REQUIRE_ALL=1 a missing Alertmanager fails.

#[path = "alertmanager/bot.rs"]
mod bot;
mod optional;
#[path = "alertmanager/sender.rs"]
mod sender;

use bot::Bot;
use sender::Alertmanager;

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
    let port = optional::free_port();
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
    let port = optional::free_port();
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
