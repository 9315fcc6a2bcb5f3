//! What a runbook asks before anything moves: prechecks that Interlock answers itself, what is not to be touched, and the
//! class of incident that the runbook is for.

use interlock::playground::cluster::Scenario;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// The Redis runbook with more sections, and the alert it is for.
async fn redis(sections: &str, alert: Alert) -> TestWorld {
    let (name, text) = shipped!("redis-connection-timeout");
    let text = text.replace("## Steps", &format!("{sections}\n## Steps"));
    let setup = Setup::default().no_runbooks().runbook((name, &text));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&alert).await;
    world
}

/// Nobody gets a chance to approve it, and a human is called.
async fn is_refused(world: TestWorld, why: &str) {
    world.card(why).await;
    assert!(!world.ana().has_button("Approve"));
    world.a_human_is_paged("INC-1").await;
    world.nothing_ran();
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signal_is_not_several() {
    let world = redis("## Prechecks\n- Several signals agree\n", Alert::redis_timeout()).await;
    let why = "the runbook's precheck 'several signals agree' does not hold: only one alert fires and no evidence is beyond its limit";
    let card = world.card(&format!("*Can't be approved now*: {why}")).await;
    assert!(
        card.contains("*Checked before every change:* several signals agree"),
        "{card}"
    );
    assert!(!world.ana().has_button("Approve"));
    world.ana().forges_an_approval().await;
    world.ana().is_told(&format!("Not allowed: {why}")).await;
    world.ana().types("who INC-1").await;
    world.ana().is_told(&format!("In the way now: {why}")).await;
    world.nothing_ran();
    world.thread().ends_with("plan 1 proposed").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_and_evidence_beyond_its_limit_are_several_signals() {
    let sections = "## Evidence\n- Requests a minute: promql `vector(7)`, limit 5\n\n## Prechecks\n- Several signals agree\n- The owner is known\n## Owner\nplatform\n";
    let (name, text) = shipped!("redis-connection-timeout");
    let text = text.replace("## Steps", &format!("{sections}\n## Steps"));
    let setup = Setup::default()
        .with_prometheus()
        .no_runbooks()
        .runbook((name, &text));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(
        card.contains("*Checked before every change:* the owner is known; several signals agree"),
        "{card}"
    );
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recent_deploys_are_looked_at_where_the_replica_sets_are_evidence() {
    let check = "## Prechecks\n- Recent deploys were looked at\n";
    let world = redis(check, Alert::redis_timeout()).await;
    let why = "replicasets -n NAMESPACE' could be read for the card; it belongs under Evidence";
    world.card(why).await;
    assert!(!world.ana().has_button("Approve"));
    world.thread().ends_with("plan 1 proposed").await;
    world.nothing_ran();
    world.ends().await;

    let evidence = "## Evidence\n- Rollouts: `kubectl get rs -n production`\n\n";
    let world = redis(&format!("{evidence}{check}"), Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_for_a_runbook_without_an_owner() {
    let world = redis("## Prechecks\n- Owner known\n", Alert::redis_timeout()).await;
    world
        .card("'the owner is known' does not hold: the runbook names no Owner")
        .await;
    assert!(!world.ana().has_button("Approve"));
    world.nothing_ran();
    world.thread().ends_with("plan 1 proposed").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_runbook_says_not_to_touch_is_not_touched() {
    let world = redis(
        "## Do Not Touch\n- Namespace production: it is the month's end\n",
        Alert::redis_timeout(),
    )
    .await;
    is_refused(
        world,
        "and the runbook says not to touch it (Namespace production: it is the month's end)",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_runbook_about_data_are_for_humans() {
    let world = redis("## Incident Class\ncustomer-data\n", Alert::redis_timeout()).await;
    is_refused(world, "nobody may approve Tier 3 in production (step 1)").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_another_class_is_not_answered_with_this_runbook() {
    let alert = Alert::redis_timeout().label("incident_class", "security-breach");
    let world = redis("## Incident Class\ncache-overload\n", alert).await;
    is_refused(
        world,
        "the alert says that its incident class is 'security-breach', and the runbook is for 'cache-overload'",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_precheck_that_is_a_command_has_a_number_of_its_own_and_step_one_stays_the_authors() {
    let check = "## Prechecks\n### Redis answers\n```bash\nkubectl get deploy redis-primary -n production\n```\n\
                 Expected output: contains \"redis-primary\"\n";
    let world = redis(check, Alert::redis_timeout()).await;
    let card = world.card("Waits for 1 approval").await;
    let (precheck, first) = (card.find("*P1. Precheck: Redis answers*"), card.find("*1. Flush"));
    assert!(precheck.is_some() && precheck < first, "{card}");
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.thread().says("step P1 succeeded").await;
    world.thread().says("step 1 succeeded").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}
