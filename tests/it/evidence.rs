//! Evidence: what Prometheus and the cluster say stands on the card before anybody approves, it chooses among the steps, and
//! what could not be read is named and holds nothing up.

use std::time::Duration;

use interlock::playground::cluster::Scenario;
use interlock::playground::prometheus::PrometheusFaults;
use interlock::playground::slack::Input;

use crate::shipped;
use crate::world::{ALERT_TOKEN, Alert, Setup, TestWorld};

const HEALTH: &str = "exec curl -s localhost:8080/health";

fn setup() -> Setup {
    Setup::default()
        .with_prometheus()
        .no_runbooks()
        .runbook(shipped!("high-error-rate"))
}

fn errors() -> Alert {
    Alert::new(
        "GatewayErrorRate",
        "api-gateway",
        "5xx error rate of api-gateway is above 5 %",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_stands_on_the_card_and_chooses_the_step() {
    let world = TestWorld::start(setup()).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    let alert = errors();
    world.fires(&alert).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains(EVIDENCE), "{card}");
    assert!(card.contains(CHOSEN) && card.contains(LEFT_OUT), "{card}");
    assert!(!card.contains("deployment/api-gateway -n production\n"), "{card}");
    world.cluster_did(&[HEALTH]).await;

    world.ben().presses("Approve 4 steps").await;
    world.ben().is_told("Approved.").await;
    world
        .cluster_did(&[HEALTH, HEALTH, "patch deployments.apps/user-service", HEALTH])
        .await;
    world
        .thread()
        .says("evidence read: 6 looks; beyond its limit: Error ratio")
        .await;
    world
        .thread()
        .says("step 4 skipped: Errors from user-service was 24 (limit 1), and it runs only within its limit")
        .await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

/// The beginning of what stands beside the chart.
const CHART: &str = "Error ratio, ";

#[tokio::test(flavor = "multi_thread")]
async fn the_thread_gets_a_chart_with_its_numbers_in_words() {
    let world = TestWorld::start(setup()).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    world.fires(&errors()).await;
    world.card("Waits for 1 approval").await;
    world.cluster_did(&[HEALTH]).await;
    world.thread().says("plan 1 proposed").await;
    let beside = world.thread().ends_with(CHART).await;
    let numbers = "lowest 20.2 %, highest 20.2 %, last 20.2 %, at the alert";
    assert!(
        beside.contains(numbers) && beside.contains("; limit 5 %"),
        "{beside}"
    );
    let (_, card) = world.card_of("INC-1").unwrap();
    let files: Vec<_> = card.replies.iter().flat_map(|reply| &reply.files).collect();
    assert_eq!(files.len(), 1, "{files:#?}");
    assert_eq!(files[0].mimetype, "image/png");
    assert!(files[0].alt.contains(numbers), "{}", files[0].alt);
    let picture = world.thread().has_file().await;
    assert!(picture.starts_with(b"\x89PNG"));
    // A crash leaves no second one behind.
    world.bot_crashes_and_restarts().await;
    world.outbox_is_empty().await;
    let (_, card) = world.card_of("INC-1").unwrap();
    assert_eq!(card.replies.iter().flat_map(|reply| &reply.files).count(), 1);
    world.ends().await;
}

const EVIDENCE: &str = "*Evidence*, HH:MM
• *Error ratio: 20.2 % (limit 5 %)*
• *Errors from user-service: 24 (limit 1)*
• Errors by route: /login 10, /checkout 8.08, /cart 6.12
• Health as the gateway sees it: {\"redis\":\"connected\"}
";
const CHOSEN: &str = "only when Errors from user-service is beyond its limit: it was 24 (limit 1)";
const LEFT_OUT: &str = "*Left out by the evidence* (Modify brings a step back)
step 4 (Restart the gateway itself): Errors from user-service was 24 (limit 1), and it runs only within its limit";

#[tokio::test(flavor = "multi_thread")]
async fn where_it_could_not_be_read_and_only_checks_were_approved_a_green_one_verifies_nothing() {
    let world = TestWorld::start(setup()).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    world.doubles.prometheus.set_faults(PrometheusFaults {
        unavailable: true,
        ..PrometheusFaults::default()
    });
    world.fires(&errors()).await;
    world.card("Waits for 1 approval").await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world
        .card(
            "nothing verified that they helped: the evidence left out every step that was to mend something",
        )
        .await;
    world.a_human_is_paged("5xx error rate of api-gateway").await;
    world.thread().is_uninteresting();
    world.cluster_did(&[HEALTH, HEALTH, HEALTH]).await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_that_is_down_is_named_and_a_person_chooses() {
    let world = TestWorld::start(setup()).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    world.doubles.prometheus.set_faults(PrometheusFaults {
        unavailable: true,
        ..PrometheusFaults::default()
    });
    world.fires(&errors()).await;
    let card = world.card("Waits for 1 approval").await;
    let named = "• Could not be read: Error ratio, Errors from user-service, Errors by route (Prometheus refused the query: HTTP 503";
    assert!(card.contains(named), "{card}");
    assert!(card.contains("step 2 (Restart user-service, which the errors come from): Errors from user-service could not be read"), "{card}");
    assert!(
        card.contains("Health as the gateway sees it: {\"redis\":\"connected\"}"),
        "{card}"
    );

    world.ana().presses("Modify").await;
    world.ana().sees_modal("Leave out these steps").await;
    let gateway = Input::Options(vec!["4".to_owned(), "5".to_owned()]);
    world.ana().submits(&[("Leave out these steps", gateway)]).await;
    world.ana().sees_modal("step 2 is back").await;
    world.ana().submits(&[]).await;
    world
        .ana()
        .is_told("Plan 2 is being made from your changes.")
        .await;
    world.card("it could not be read, chosen by hand").await;
    world.ben().presses("Approve 4 steps").await;
    world.ben().is_told("Approved.").await;
    let restart = "patch deployments.apps/user-service";
    world
        .cluster_did(&[HEALTH, HEALTH, HEALTH, restart, HEALTH])
        .await;
    world.card("Fixed and verified.").await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_evidence_is_gathered_loses_nothing() {
    let world = TestWorld::start(setup()).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    world.doubles.prometheus.set_faults(PrometheusFaults {
        latency: Some(Duration::from_secs(60)),
        ..PrometheusFaults::default()
    });
    world.fires(&errors()).await;
    world.cluster_did(&[HEALTH]).await;
    world.bot_crashes().await;
    world.doubles.prometheus.set_faults(PrometheusFaults::default());
    world.bot_starts().await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains("*Error ratio: 20.2 % (limit 5 %)*"), "{card}");
    world.cluster_did(&[HEALTH, HEALTH]).await;
    assert_eq!(world.channel("incidents").cards(), 1);
    world.thread().says("evidence read: 6 looks").await;
    world.thread().says("plan 1 proposed").await;
    world.thread().ends_with(CHART).await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_evidence_is_neither_shown_nor_stored() {
    let (_, shipped) = shipped!("high-error-rate");
    let sessions = format!("## Evidence\n- Sessions: promql `sessions{{token=\"{ALERT_TOKEN}\"}}`");
    let nosy = shipped.replace("## Evidence", &sessions);
    let setup = setup().no_runbooks().runbook(("errors.md", nosy.as_str()));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    let cluster = world.doubles.cluster.world();
    cluster.print_to(
        "production",
        "api-gateway",
        &format!("retry with token={ALERT_TOKEN}"),
    );
    world.fires(&errors()).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains("• Sessions: ") && card.contains(" 3\n"), "{card}");
    world.cluster_did(&[HEALTH]).await;
    world.thread().says("retry with token=").await;
    world.thread().says("plan 1 proposed").await;
    world.thread().ends_with(CHART).await;
    assert!(!world.log().contains(ALERT_TOKEN), "{}", world.log());
    for name in ["interlock.db", "interlock.db-wal"] {
        let bytes = std::fs::read(world.folder.path().join(name)).unwrap_or_default();
        let found = bytes
            .windows(ALERT_TOKEN.len())
            .any(|part| part == ALERT_TOKEN.as_bytes());
        assert!(!found, "the token is in {name}");
    }
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_required_evidence_a_human_has_it_and_not_a_plan() {
    let (_, shipped) = shipped!("high-error-rate");
    let required = shipped.replace(", limit 5 %", ", limit 5 %, required");
    let setup = Setup::default()
        .no_runbooks()
        .runbook(("errors.md", required.as_str()));
    let world = TestWorld::start(setup).await;
    world.fires(&errors()).await;
    let why = "the runbook requires the evidence 'Error ratio', which could not be read (no Prometheus is configured";
    let card = world.card(why).await;
    // What could be read stands there all the same.
    assert!(card.contains("• Health as the gateway sees it: "), "{card}");
    assert!(card.contains("Could not be read: Error ratio"), "{card}");
    let page = world.a_human_is_paged("INC-1").await;
    assert!(page.title.contains("Error ratio"), "{}", page.title);
    assert!(!world.ana().has_button("Approve"));
    world.cluster_did(&[HEALTH]).await;
    world.thread().says("could not be read: Error ratio").await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_looks_at_evidence_and_runs_no_program_for_it() {
    let world = TestWorld::start(setup().mode("dry-run")).await;
    world.in_the_cluster(Scenario::UpstreamFails);
    world.fires(&errors()).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains("*Error ratio: 20.2 % (limit 5 %)*"), "{card}");
    let named = "Health as the gateway sees it (no program is run inside a pod in a dry run)";
    assert!(card.contains(named), "{card}");
    world.ends_and_nothing_ran().await;
}

/// The Redis runbook, which looks at the gateway's errors first.
fn looks_first() -> Setup {
    let (name, redis) = shipped!("redis-connection-timeout");
    let evidence = "## Evidence\n- Error ratio: promql `sum(rate(http_requests_total{app=\"api-gateway\",code=~\"5..\"}[5m])) / sum(rate(http_requests_total{app=\"api-gateway\"}[5m]))`, limit 5 %\n\n## Steps";
    let text = redis.replacen("## Steps", evidence, 1);
    Setup::default()
        .with_prometheus()
        .autonomy("auto")
        .no_runbooks()
        .runbook((name, text.as_str()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_against_the_alert_is_for_a_person_to_weigh_even_where_it_might_run_alone() {
    let world = TestWorld::start(looks_first()).await;
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("*It does not show what the alert says*").await;
    assert!(card.contains("Waits for 1 approval"), "{card}");
    world.nothing_ran();
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bears_the_alert_out_keeps_nobody_waiting_where_it_may_run_alone() {
    let world = TestWorld::start(looks_first()).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.cluster_did(&["exec redis-cli FLUSHDB", HEALTH]).await;
    world.card("Fixed and verified.").await;
    world
        .thread()
        .says("the policy lets it run without a person")
        .await;
    world.thread().is_uninteresting();
    world.nobody_was_paged();
    world.ends().await;
}
