//! Traces as evidence: what a search of Tempo or Jaeger finds stands on the card with its number and its slowest, the number is
//! held against a limit and chooses among the steps, people get a link to the same search, and what was not read is named.

use std::sync::Arc;

use interlock::playground::cluster::Scenario;
use interlock::playground::traces::{JaegerDouble, JaegerOptions, Span, TempoDouble, TempoOptions, Trace};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;

use crate::world::{ALERT_TOKEN, Alert, Setup, TestWorld};

const TOKEN: &str = "traces-of-payments";
const TENANT: &str = "payments";

const TEMPO: &str = r#"
- Failed requests: traceql `{ resource.service.name = "api-gateway" && status = error }`, limit 1
- Slow requests: traceql `{ rootServiceName = "api-gateway" && traceDuration > 2s }`
- Requests of nobody: traceql `{ resource.service.name = "nobody" }`
- Not understood: traceql `{ } | count() > 2`
"#;

const JAEGER: &str = r#"
- Failed requests: jaeger `service=api-gateway tag=error:true`, limit 1
- Slow carts: jaeger `service=api-gateway operation="GET /cart" minDuration=1s`
- Requests of nobody: jaeger `service=nobody`
"#;

/// A runbook that chooses by its evidence.
fn runbook(evidence: &str) -> String {
    format!(
        r#"# Runbook: Failing requests

## Owner
platform

## Trigger Conditions
- Alert contains: "requests fail"

## Evidence
{evidence}
## Steps
### Step 1: Ask the gateway
When: Failed requests beyond limit
```bash
kubectl exec -n production deploy/api-gateway -- curl -s localhost:8080/health
```
Expected output: contains "redis"
### Step 2: Look at its pods
When: Failed requests within limit
```bash
kubectl get pods -n production
```
Expected output: contains "api-gateway"
"#
    )
}

fn span(service: &str, name: &str, (ago, milliseconds): (i64, i64), error: bool) -> Span {
    Span {
        id: format!("{service:-<16}"),
        parent: None,
        service: service.to_owned(),
        name: name.to_owned(),
        starts_at: Timestamp::now() - SignedDuration::from_secs(ago),
        took: SignedDuration::from_millis(milliseconds),
        error,
        attributes: [(
            "http.status_code".to_owned(),
            json!(if error { 502 } else { 200 }),
        )]
        .into(),
    }
}

fn taken() -> Vec<Trace> {
    let trace = |id: &str, spans| Trace {
        id: format!("{id:0<32}"),
        spans,
    };
    vec![
        trace("a1", vec![span("api-gateway", "GET /cart", (80, 2_100), true)]),
        trace(
            "b2",
            vec![span(
                "api-gateway",
                "POST /pay traces-of-payments",
                (60, 5_000),
                true,
            )],
        ),
        trace("c3", vec![span("api-gateway", "GET /cart", (50, 12), false)]),
        // Longer ago than is looked.
        trace("d4", vec![span("api-gateway", "GET /cart", (3_000, 9_000), true)]),
        trace("e5", vec![span("user-service", "SELECT", (40, 9_000), true)]),
    ]
}

async fn tempo() -> TempoDouble {
    let options = TempoOptions {
        bearer_token: Some(TOKEN.to_owned()),
        tenant: Some(TENANT.to_owned()),
        traces: Arc::new(taken),
        ..TempoOptions::default()
    };
    TempoDouble::start(options).await.unwrap()
}

fn with_tempo(tempo: &TempoDouble, tenant: &str, token: &str, evidence: &str) -> Setup {
    let section = format!(
        "[tempo]\nurl = \"{}\"\nbearer_token = \"{token}\"\ntenant = \"{tenant}\"\ngrafana_url = \"https://grafana.example.com/g\"\ngrafana_datasource = \"tempo-1\"\n",
        tempo.base()
    );
    setup(&section, evidence)
}

fn setup(section: &str, evidence: &str) -> Setup {
    let text = runbook(evidence);
    Setup::default()
        .clocks_agree()
        .no_runbooks()
        .runbook(("failing-requests.md", &text))
        .table(section)
}

fn alert() -> Alert {
    Alert::new("GatewayErrors", "api-gateway", "requests fail at api-gateway")
}

/// The address of the link in this line.
fn link_in(line: &str) -> Url {
    let (_, behind) = line.split_once("<https://").unwrap();
    let (address, _) = behind.split_once('|').unwrap();
    Url::parse(&format!("https://{}", address.replace("&amp;", "&"))).unwrap()
}

fn line_of<'a>(card: &'a str, name: &str) -> &'a str {
    let found = card.lines().find(|line| line.contains(name));
    found.unwrap_or_else(|| panic!("no {name} in {card}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tempo_finds_stands_on_the_card_with_a_link_and_its_number_chooses_the_step() {
    let tempo = tempo().await;
    let world = TestWorld::start(with_tempo(&tempo, TENANT, TOKEN, TEMPO)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("Waits for 1 approval").await;
    let failed = line_of(&card, "Failed requests");
    let slowest = format!(", b2{} (limit 1)*", "0".repeat(30));
    assert!(
        failed.starts_with("• *Failed requests: 2 traces, the slowest: api-gateway POST /pay "),
        "{card}"
    );
    assert!(failed.contains(" 5.0 s") && failed.contains(&slowest), "{failed}");
    // Our own secret is taken out of what somebody called a span.
    assert!(!card.contains(TOKEN), "{card}");
    assert!(
        card.contains("• Slow requests: 2 traces, the slowest: api-gateway POST /pay"),
        "{card}"
    );
    assert!(
        card.contains("• Requests of nobody: no traces (<https://grafana"),
        "{card}"
    );
    let refused = "Could not be read: Not understood (Tempo refused the query: invalid TraceQL query: parse error at line 1, col 5: syntax error: unexpected |)";
    assert!(card.contains(refused), "{card}");
    assert!(
        card.contains("*1. Ask the gateway*") && card.contains("step 2 (Look at its pods)"),
        "{card}"
    );

    let link = link_in(failed);
    assert!(failed.ends_with("|grafana.example.com>)"), "{failed}");
    assert_eq!(
        (link.host_str(), link.path()),
        (Some("grafana.example.com"), "/g/explore")
    );
    let (_, panes) = link.query_pairs().find(|(name, _)| name == "panes").unwrap();
    let panes: Value = serde_json::from_str(&panes).unwrap();
    let asked = &panes["traces"]["queries"][0]["query"];
    assert_eq!(
        asked,
        "{ resource.service.name = \"api-gateway\" && status = error }"
    );

    // The thread has the whole, and a link also for what was refused.
    world.thread().says("evidence read: 3 of 4 looks").await;
    let open = world.thread().says("Open *Failed requests* at <https://").await;
    assert_eq!(link_in(&open), link);
    world.thread().says("Open *Not understood* at <https://").await;
    assert_eq!(tempo.searches().len(), 4);
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jaeger_finds_is_shown_and_counted_as_well() {
    let options = JaegerOptions {
        traces: Arc::new(taken),
        ..JaegerOptions::default()
    };
    let jaeger = JaegerDouble::start(options).await.unwrap();
    let section = format!(
        "[jaeger]\nurl = \"{}\"\nui_url = \"https://jaeger.example.com\"\n",
        jaeger.base()
    );
    let world = TestWorld::start(setup(&section, JAEGER)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("*1. Ask the gateway*").await;
    let failed = line_of(&card, "Failed requests");
    assert!(
        failed.starts_with("• *Failed requests: 2 traces, the slowest: api-gateway POST /pay"),
        "{card}"
    );
    assert!(
        card.contains("• Slow carts: 1 trace: api-gateway GET /cart 2.1 s, a1"),
        "{card}"
    );
    assert!(card.contains("• Requests of nobody: no traces"), "{card}");
    let link = link_in(failed);
    assert_eq!(
        (link.host_str(), link.path()),
        (Some("jaeger.example.com"), "/search")
    );
    let tags = link.query_pairs().find(|(name, _)| name == "tags").unwrap();
    assert_eq!(tags.1, "{\"error\":\"true\"}");
    assert_eq!(jaeger.searches().len(), 3);
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_traces_it_counts_none() {
    let tempo = tempo().await;
    let world = TestWorld::start(with_tempo(&tempo, "somebody-else", TOKEN, TEMPO)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("*2. Look at its pods*").await;
    assert!(card.contains("• Failed requests: no traces (limit 1)"), "{card}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tempo_that_did_not_look_everywhere_has_not_said_that_there_is_nothing() {
    let tempo = tempo().await;
    tempo.loses_parts(3);
    let world = TestWorld::start(with_tempo(&tempo, "somebody-else", TOKEN, TEMPO)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("• step 1 (Ask the gateway) is left out: ").await;
    let why = "Failed requests could not be read: only 1 of 4 parts of Tempo's search answered";
    assert!(card.contains(why), "{card}");
    world.a_human_is_paged("requests fail at api-gateway").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_traces_can_be_read_a_human_has_it_and_the_link() {
    let tempo = tempo().await;
    let world = TestWorld::start(with_tempo(&tempo, TENANT, "another-token", TEMPO)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("• step 1 (Ask the gateway) is left out: ").await;
    assert!(
        card.contains("Failed requests could not be read: Tempo refused the query: HTTP 401"),
        "{card}"
    );
    world
        .thread()
        .says("Open *Failed requests* at <https://grafana.example.com/g/explore?")
        .await;
    world.a_human_is_paged("requests fail at api-gateway").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_with_a_secret_in_it_has_no_link_that_would_tell_it() {
    let evidence = format!(
        "- Failed requests: traceql `{{ span.token = \"{ALERT_TOKEN}\" }}`, limit 1\n- Gateway: jaeger `service=api-gateway`\n"
    );
    let tempo = tempo().await;
    let world = TestWorld::start(with_tempo(&tempo, TENANT, TOKEN, &evidence)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("*2. Look at its pods*").await;
    assert!(
        card.contains("• Failed requests: no traces (limit 1)\n"),
        "{card}"
    );
    assert!(
        card.contains("Gateway (no Jaeger is configured; set jaeger.url)"),
        "{card}"
    );
    world.thread().says("plan 1 proposed").await;
    let said = world.thread().said().join("\n");
    assert!(!said.contains("grafana") && !said.contains(ALERT_TOKEN), "{said}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

/// As somebody tries it in the playground, whose Tempo has the requests of the last minutes.
const OF_THE_DEMO: &str = r#"
- Failed requests: traceql `{ resource.service.name = "user-service" && status = error }`, limit 1
- Failed carts: traceql `{ rootServiceName = "api-gateway" && name = "GET /cart" && status = error }`, limit 1
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_tempo_of_the_playground_tells_the_story_of_its_cluster() {
    let cluster: Arc<std::sync::OnceLock<_>> = Arc::default();
    let asked = cluster.clone();
    let options = TempoOptions {
        traces: Arc::new(move || {
            let cluster = asked.get().expect("a cluster");
            interlock::app::demo::traces(cluster, Timestamp::now())
        }),
        ..TempoOptions::default()
    };
    let tempo = TempoDouble::start(options).await.unwrap();
    let section = format!("[tempo]\nurl = \"{}\"\n", tempo.base());
    let world = TestWorld::start(setup(&section, OF_THE_DEMO)).await;
    assert!(cluster.set(world.doubles.cluster.world()).is_ok());
    world.in_the_cluster(Scenario::UpstreamFails);
    world.fires(&alert()).await;
    let card = world.card("*1. Ask the gateway*").await;
    let failed = line_of(&card, "Failed requests");
    assert!(
        failed.contains(" traces, the slowest: api-gateway ") && failed.contains(" 5.0 s, "),
        "{card}"
    );
    // Nothing links where nothing is configured to link to.
    assert!(!failed.contains("http"), "{card}");
    assert!(card.contains("• Failed carts: no traces (limit 1)"), "{card}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}
