//! A real Prometheus is asked for the evidence of a runbook, and its own rules reach Interlock: straight, and through a
//! real Alertmanager.
//!
//! Needs Debian's `prometheus` and `prometheus-alertmanager`. At home the tests say in one line that they were skipped;
//! with INTERLOCK_REQUIRE_ALL=1 a missing program fails.

#[path = "alertmanager/bot.rs"]
mod bot;
mod optional;
#[path = "common/port.rs"]
mod port;
#[path = "alertmanager/sender.rs"]
mod sender;
#[path = "prometheus/server.rs"]
mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bot::Bot;
use interlock::domain::evidence::Found;
use interlock::evidence::chart::Chart;
use interlock::evidence::prometheus::{Prometheus as Client, QueryError, SERIES};
use interlock::evidence::range::Span;
use interlock::evidence::shape;
use sender::Alertmanager;
use server::{Exporter, Prometheus, Tells};

const FIRED: &str = "GatewayErrorRatio fired: 5xx error ratio of api-gateway is above 5 %";
const RESOLVED: &str = "GatewayErrorRatio resolved";

/// The programs, or nothing where one is missing.
fn programs() -> Option<[PathBuf; 2]> {
    optional::programs(
        "the tests with a real Prometheus",
        ["prometheus", "prometheus-alertmanager"],
        "prometheus prometheus-alertmanager",
    )
}

/// Evidence that a Prometheus of the real world answers, has nothing for, and refuses.
fn runbook(exporter: &Exporter) -> String {
    format!(
        "# Runbook: Gateway errors\n\n## Trigger Conditions\n- Alert contains: \"error ratio\"\n\n\
         ## Blast Radius\n- max_pod_restarts: 0\n\n## Evidence\n\
         - Error ratio: promql `gateway_errors / gateway_requests`, limit 5 %\n\
         - Errors by route: promql `topk(2, sum by (route) (gateway_route_errors))`\n\
         - Queue: promql `gateway_queue_length`, limit 100\n\
         - Typo: promql `sum(gateway_errors`\n\n## Steps\n### Step 1: Look at it\n\
         ```bash\ncurl -s {}/metrics\n```\nExpected output: contains \"gateway\"\n",
        exporter.base()
    )
}

fn client(prometheus: &Prometheus, within: Duration) -> Client {
    Client::new(&prometheus.base(), None, within).expect("an address")
}

fn short(found: Found) -> String {
    match found {
        Found::Read { short, .. } => short,
        Found::Missing { why } => format!("missing: {why}"),
    }
}

#[tokio::test]
async fn queries_are_answered_within_bounds_and_what_is_missing_or_wrong_is_said() {
    let Some([prometheus, _]) = programs() else { return };
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::start(&prometheus, &exporter, &Tells::Nobody).await;
    let patient = client(&prometheus, Duration::from_secs(4));

    let ratio = patient
        .query("gateway_errors / gateway_requests")
        .await
        .expect("an answer");
    assert_eq!(
        short(shape::of_answer(&ratio, None, true)),
        "instance=gateway job=gateway 0.2"
    );
    let routes = "topk(2, sum by (route) (gateway_route_errors))";
    let routes = patient.query(routes).await.expect("an answer");
    assert_eq!(
        short(shape::of_answer(&routes, None, false)),
        "/login 12, /cart 5"
    );

    let nothing = patient.query("gateway_queue_length").await.expect("an answer");
    assert_eq!(
        short(shape::of_answer(&nothing, None, true)),
        "missing: Prometheus has no such series now"
    );
    match patient.query("sum(gateway_errors").await {
        Err(QueryError::Refused { why, .. }) => assert!(why.contains("parse error"), "{why}"),
        other => panic!("{other:?}"),
    }
    // Prometheus has hundreds about itself; what is kept is bounded, and how many there were is told.
    let all = patient.query("{__name__=~\".+\"}").await.expect("an answer");
    assert_eq!(all.samples.len(), SERIES);
    assert!(all.more > 100, "{}", all.more);

    let hurried = client(&prometheus, Duration::from_secs(1));
    let begun = Instant::now();
    let heavy = "sum_over_time((sum_over_time(vector(1)[1d:1s]))[1d:1s])";
    let error = hurried.query(heavy).await.expect_err("nobody can compute that");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let said = error.to_string();
    assert!(
        ["no answer within 1 s", "timed out", "too many samples"]
            .iter()
            .any(|part| said.contains(part)),
        "{said}"
    );
}

/// The picture that a thread gets, from what a real Prometheus says about a while.
#[tokio::test]
async fn a_chart_is_drawn_from_its_range_queries() {
    let Some([prometheus, _]) = programs() else { return };
    let exporter = Exporter::start().await;
    let prometheus = Prometheus::start(&prometheus, &exporter, &Tells::Nobody).await;
    let client = client(&prometheus, Duration::from_secs(4));
    let now = jiff::Timestamp::now();
    // The last point asked for lies behind what was scraped this second.
    let to = now
        .checked_add(jiff::SignedDuration::from_secs(15))
        .expect("a time");
    let span = Span {
        from: to
            .checked_sub(jiff::SignedDuration::from_hours(1))
            .expect("a time"),
        to,
        step: 15,
    };
    // It has scraped for a second or two: most of the hour is a gap.
    let lines = client
        .range("gateway_errors / gateway_requests", span)
        .await
        .expect("an answer");
    let chart = Chart {
        name: "Error ratio",
        lines: &lines,
        span,
        alert_at: now,
        limit: None,
    };
    let drawn = chart.draw().expect("a picture").expect("something to draw");
    assert!(
        drawn.alt.contains("lowest 0.2, highest 0.2, last 0.2"),
        "{}",
        drawn.alt
    );
    let nothing = client
        .range("gateway_queue_length", span)
        .await
        .expect("an answer");
    assert!(nothing.lines.is_empty());
    match client.range("sum(gateway_errors", span).await {
        Err(QueryError::Refused { why, .. }) => assert!(why.contains("parse error"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rule_of_prometheus_reaches_interlock_and_its_runbook_looks_at_the_same_prometheus() {
    let Some([program, _]) = programs() else { return };
    let exporter = Exporter::start().await;
    let port = port::free();
    let prometheus = Prometheus::start(&program, &exporter, &Tells::Interlock { port }).await;
    let evidence = format!(
        "prometheus.url = \"{}\"\nhttp.allowed_hosts = [\"{}\"]\n",
        prometheus.base(),
        exporter.base()
    );
    let bot = Bot::start_with(port, &evidence, Some(("gateway.md", &runbook(&exporter)))).await;

    bot.journal_shows(&["INC-1", FIRED]).await;
    bot.journal_shows(&[
        "evidence read: 2 of 4 looks; beyond its limit: Error ratio instance=gateway job=gateway 20 % (limit 5 %)",
        "could not be read: Queue, Typo",
    ])
    .await;
    let entries = bot.entries().await;
    for said in [
        "Prometheus has no such series now",
        "Prometheus refused the query: invalid parameter",
        "parse error",
        "/login 12, /cart 5",
    ] {
        assert!(entries.contains(said), "`{said}` is not in\n{entries}");
    }

    exporter.heals();
    bot.journal_shows(&[RESOLVED, "closed: "]).await;
    assert!(
        !bot.journal().await.contains("INC-2"),
        "sent again, it opened another incident"
    );
}

#[tokio::test]
async fn a_rule_of_prometheus_reaches_interlock_through_alertmanager() {
    let Some([program, alertmanager]) = programs() else {
        return;
    };
    let exporter = Exporter::start().await;
    let port = port::free();
    let alertmanager = Alertmanager::start(&alertmanager, port).await;
    let tells = Tells::Alertmanager {
        address: alertmanager.address().to_owned(),
    };
    let _prometheus = Prometheus::start(&program, &exporter, &tells).await;
    let bot = Bot::start(port).await;

    bot.journal_shows(&["INC-1", FIRED]).await;
    exporter.heals();
    bot.journal_shows(&[RESOLVED, "closed: "]).await;
}
