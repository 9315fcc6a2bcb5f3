//! Logs as evidence: what Loki has stands on the card with its number of lines, what it counts is held against a limit and
//! chooses among the steps, and what it refuses is named.

use std::sync::Arc;

use interlock::playground::cluster::Scenario;
use interlock::playground::loki::{LokiDouble, LokiOptions, Stream};
use jiff::{SignedDuration, Timestamp};

use crate::world::{Alert, Setup, TestWorld};

const TOKEN: &str = "logs-of-payments";
const TENANT: &str = "payments";
const RUNBOOK: &str = r#"# Runbook: Time-outs

## Owner
platform

## Trigger Conditions
- Alert contains: "time-outs"

## Evidence
- Last words: logql `{app="api-gateway"} |= "timeout"`
- Time-outs: logql `sum(count_over_time({app="api-gateway"} |= "timeout" [5m]))`, limit 1
- Slow queries: logql `{app="api-gateway"} | json`
- Words of nobody: logql `{app="nobody"}`

## Steps
### Step 1: Ask the gateway
When: Time-outs beyond limit
```bash
kubectl exec -n production deploy/api-gateway -- curl -s localhost:8080/health
```
Expected output: contains "redis"
### Step 2: Look at its pods
When: Time-outs within limit
```bash
kubectl get pods -n production
```
Expected output: contains "api-gateway"
"#;

fn said() -> Vec<Stream> {
    let ago = |seconds| Timestamp::now() - SignedDuration::from_secs(seconds);
    let labels = |pod: &str| {
        [("app", "api-gateway"), ("pod", pod)].map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let line = |seconds, text: &str| (ago(seconds), text.to_owned());
    vec![
        Stream {
            labels: labels("gateway-1").into(),
            lines: vec![
                line(3_000, "timeout of yesterday"),
                line(90, "GET /cart"),
                line(80, "timeout of redis"),
            ],
        },
        Stream {
            labels: labels("gateway-2").into(),
            lines: vec![line(70, "timeout of redis again, token logs-of-payments")],
        },
    ]
}

async fn loki() -> LokiDouble {
    let options = LokiOptions {
        bearer_token: Some(TOKEN.to_owned()),
        tenant: Some(TENANT.to_owned()),
        streams: Arc::new(said),
        ..LokiOptions::default()
    };
    LokiDouble::start(options).await.unwrap()
}

fn setup(loki: &LokiDouble, tenant: &str, token: &str) -> Setup {
    let section = format!(
        "[loki]\nurl = \"{}\"\nbearer_token = \"{token}\"\ntenant = \"{tenant}\"\n",
        loki.base()
    );
    Setup::default()
        .clocks_agree()
        .no_runbooks()
        .runbook(("time-outs.md", RUNBOOK))
        .table(&section)
}

fn alert() -> Alert {
    Alert::new("GatewayTimeouts", "api-gateway", "time-outs at api-gateway")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_loki_has_stands_on_the_card_and_its_count_chooses_the_step() {
    let loki = loki().await;
    let world = TestWorld::start(setup(&loki, TENANT, TOKEN)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains("• *Time-outs: 2 (limit 1)*"), "{card}");
    // In the order of their time, with the pod, and without our own secret.
    let words = "• Last words: 2 lines, the last: gateway-2: timeout of redis again, token ";
    assert!(card.contains(words) && !card.contains(TOKEN), "{card}");
    assert!(card.contains("• Words of nobody: no lines"), "{card}");
    let refused = "Could not be read: Slow queries (Loki refused the query: parse error at line 1, col 21: syntax error: unexpected |)";
    assert!(card.contains(refused), "{card}");
    assert!(
        card.contains("*1. Ask the gateway*") && card.contains("step 2 (Look at its pods)"),
        "{card}"
    );
    assert_eq!(loki.queries().len(), 4);
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_lines_it_counts_none() {
    let loki = loki().await;
    let world = TestWorld::start(setup(&loki, "somebody-else", TOKEN)).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("*2. Look at its pods*").await;
    assert!(card.contains("• Time-outs: 0 (limit 1)"), "{card}");
    assert!(card.contains("• Last words: no lines"), "{card}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

/// Looks once more behind its steps; green as long as the cluster answers.
const AND_A_CHECK: &str = "## Prechecks\n### Check: Pods are there\n```bash\nkubectl get pods -n production\n```\n\
    Expected output: contains \"api-gateway\"\n\
    ## Verification\n```bash\nkubectl get pods -n production\n```\nExpected output: contains \"api-gateway\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn where_the_evidence_leaves_out_every_remedy_a_green_check_is_no_plan() {
    let loki = loki().await;
    let (before, _) = RUNBOOK.split_once("### Step 2").unwrap();
    let text = format!("{before}{AND_A_CHECK}");
    let setup = setup(&loki, "somebody-else", TOKEN)
        .no_runbooks()
        .runbook(("time-outs.md", &text));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    let card = world.card("no plan could be made").await;
    let why =
        "step 1 (Ask the gateway) is left out: Time-outs was 0 (limit 1), and it runs only beyond its limit";
    assert!(card.contains(why) && !card.contains("[Approve"), "{card}");
    world.a_human_is_paged("time-outs at api-gateway").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_evidence_can_be_read_no_step_is_left_and_a_human_has_it() {
    let loki = loki().await;
    let world = TestWorld::start(setup(&loki, TENANT, "another-token")).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert()).await;
    // Nothing is proposed, and nobody is told that something ran.
    let card = world.card("• step 1 (Ask the gateway) is left out: ").await;
    assert!(!card.contains("the steps ran"), "{card}");
    assert!(
        card.contains("Time-outs could not be read: Loki refused the query: HTTP 401"),
        "{card}"
    );
    world.a_human_is_paged("time-outs at api-gateway").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}
