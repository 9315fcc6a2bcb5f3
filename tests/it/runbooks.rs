//! The runbooks that ship, from their alert to their end, with nothing of their text changed but an address. The ninth,
//! high error rate, chooses by its evidence: `evidence`.

use std::time::Duration;

use interlock::playground::cluster::{Kind, Scenario};
use interlock::playground::flags::FlagsDouble;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const LENGTH: &str = "exec redis-cli LLEN orders";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// A world with this runbook alone, in which `@sre` approves everything up to Tier 2.
async fn world(runbook: (&str, &str), scenario: Scenario) -> TestWorld {
    let setup = Setup::default()
        .no_runbooks()
        .no_approvers()
        .approver("tiers = [0, 1, 2]\ngroups = [\"@sre\"]")
        .runbook(runbook);
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(scenario);
    world
}

/// The alert fires, the card names the runbook, nothing runs, and one person approves.
async fn fires_and_is_approved(world: &TestWorld, alert: &Alert, title: &str) {
    fires_is_looked_at_and_approved(world, alert, title, &[]).await;
}

/// The same for a runbook whose evidence is read inside of pods, in any order.
async fn fires_is_looked_at_and_approved(world: &TestWorld, alert: &Alert, title: &str, looks: &[&str]) {
    world.fires(alert).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains(title), "{card}");
    let mut looked = world.effects();
    looked.sort();
    assert_eq!(looked, looks);
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
}

/// After its first `looks` the cluster did this, and no more.
async fn then_did(world: &TestWorld, looks: usize, expected: &[&str]) {
    let before = world.effects();
    let looked = before.iter().take(looks).map(String::as_str);
    let all: Vec<&str> = looked.chain(expected.iter().copied()).collect();
    world.cluster_did(&all).await;
}

/// It helped, the source agrees, and the thread ends with the summary.
async fn is_over(world: TestWorld, alert: &Alert) {
    world.card("Fixed and verified.").await;
    world.resolves(alert).await;
    world.card("Resolved").await;
    let summary = world.thread().ends_with("Summary of INC-1").await;
    assert!(summary.contains("closed: resolved"), "{summary}");
    world.nobody_was_paged();
    world.ends().await;
}

async fn seconds_pass(world: &TestWorld, seconds: u64) {
    world.clock_moves(Duration::from_secs(seconds)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_connection_timeout() {
    let world = world(shipped!("redis-connection-timeout"), Scenario::RedisTimeout).await;
    let alert = Alert::redis_timeout();
    fires_and_is_approved(&world, &alert, "Redis Connection Timeout").await;
    world.cluster_did(&["exec redis-cli FLUSHDB", HEALTH]).await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_deploy_rollback() {
    let world = world(shipped!("bad-deploy-rollback"), Scenario::BadDeploy).await;
    let cluster = world.doubles.cluster.world();
    world
        .until("pods of the new version are down", || {
            let checkout = cluster.object(Kind::Deployment, "production", "checkout")?;
            let down = checkout.pointer("/status/unavailableReplicas")?.as_i64()?;
            let pods = cluster.pods_of("production", "checkout");
            let mut new = pods.iter().filter(|pod| pod.image.ends_with(":2.15.0"));
            let crashed = new.all(|pod| pod.state == "CrashLoopBackOff");
            (down > 0 && crashed).then_some(())
        })
        .await;
    let alert = Alert::bad_deploy();
    let newest = cluster
        .pods_of("production", "checkout")
        .into_iter()
        .filter(|pod| pod.image.ends_with(":2.15.0"))
        .map(|pod| pod.name);
    let newest: Vec<String> = newest.collect();
    fires_and_is_approved(&world, &alert, "Checkout fails after a deploy").await;
    let said = world
        .thread()
        .says(" of deployment.apps/checkout, container ")
        .await;
    let last_words = said
        .lines()
        .find(|line| line.contains(" of deployment.apps/checkout, container "));
    let told = last_words.is_some_and(|line| newest.iter().any(|pod| line.contains(pod.as_str())));
    assert!(told, "the log is not that of one of {newest:?}:\n{said}");
    world.cluster_did(&["patch deployments.apps/checkout"]).await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_looping_pods() {
    let world = world(shipped!("crash-looping-pods"), Scenario::CrashLoop).await;
    let alert = Alert::new("PodCrashLooping", "user-service", "user-service is crash looping");
    fires_and_is_approved(&world, &alert, "Pods of user-service crash in a loop").await;
    world.cluster_did(&["patch deployments.apps/user-service"]).await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stuck_queue_scale() {
    let world = world(shipped!("stuck-queue-scale"), Scenario::StuckQueue).await;
    let alert = Alert::new(
        "QueueBacklog",
        "fulfilment",
        "The queue orders has a backlog of 4800",
    );
    fires_is_looked_at_and_approved(&world, &alert, "Orders pile up in the queue", &[LENGTH]).await;
    world.thread().says("step 3 succeeded").await;
    // Six workers need a while; the verification waits a minute before it looks.
    seconds_pass(&world, 240).await;
    then_did(&world, 1, &["scale deployments/scale.apps/orders-worker", LENGTH]).await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_waits_does_so_before_every_attempt() {
    let world = world(shipped!("stuck-queue-scale"), Scenario::StuckQueue).await;
    let alert = Alert::new(
        "QueueBacklog",
        "fulfilment",
        "The queue orders has a backlog of 4800",
    );
    fires_is_looked_at_and_approved(&world, &alert, "Orders pile up in the queue", &[LENGTH]).await;
    world.thread().says("step 3 succeeded").await;
    seconds_pass(&world, 61).await;
    world.thread().says("step 4 failed, attempt 1").await;
    // The second attempt is a minute away: it has not been made, and would have failed as well.
    seconds_pass(&world, 240).await;
    world.thread().says("step 4 succeeded").await;
    then_did(
        &world,
        1,
        &["scale deployments/scale.apps/orders-worker", LENGTH, LENGTH],
    )
    .await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_pressure_log_rotation() {
    let world = world(shipped!("disk-pressure-log-rotation"), Scenario::DiskPressure).await;
    let alert = Alert::new("VolumeFull", "log-collector", "The log volume is 96 % full");
    let looks = ["exec df -m /var/log", "exec du -m /var/log"];
    fires_is_looked_at_and_approved(&world, &alert, "Log volume fills up", &looks).await;
    then_did(
        &world,
        looks.len(),
        &[
            "exec logrotate --force /etc/logrotate.conf",
            "exec df -m /var/log",
        ],
    )
    .await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_renewal() {
    let world = world(shipped!("certificate-renewal"), Scenario::CertificateExpiring).await;
    let alert = Alert::new(
        "CertificateExpiry",
        "edge",
        "The certificate of shop.example expires soon",
    );
    fires_and_is_approved(&world, &alert, "Certificate is about to expire").await;
    world.thread().says("step 1 succeeded").await;
    seconds_pass(&world, 21).await;
    world.card("Fixed and verified.").await;
    let effects = world.effects();
    assert!(
        matches!(effects.as_slice(), [one] if one.starts_with("create jobs.batch/cert-renewal-now")),
        "{effects:?}"
    );
    world.cluster_did(&[effects[0].as_str()]).await;
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feature_flag_off() {
    let flags = FlagsDouble::start(&["new-checkout-flow"]).await.unwrap();
    let (name, text) = shipped!("feature-flag-off");
    let text = text.replace("feature-flags.production.svc:8080", &flags.host());
    let host = flags.host();
    let setup = Setup::default()
        .no_runbooks()
        .no_approvers()
        .approver("tiers = [0, 1, 2]\ngroups = [\"@sre\"]")
        .table(&format!(
            "[http]\nallowed_hosts = [\"{host}\"]\n[[environments]]\nname = \"production\"\ncluster = \"demo\"\nnamespaces = [\"flags\"]\nhosts = [\"{host}\"]"
        ))
        .runbook((name, &text));
    let world = TestWorld::start(setup).await;
    let alert = Alert::new(
        "ConversionDrops",
        "checkout",
        "Conversion drops in the new checkout flow",
    );
    fires_and_is_approved(&world, &alert, "Switch off the new checkout flow").await;
    world.card("Fixed and verified.").await;
    let flag = flags.flag("new-checkout-flow").unwrap();
    assert_eq!(
        (flag.enabled, flag.reason.as_str(), flag.changes),
        (false, "incident", 1)
    );
    world.nothing_ran();
    is_over(world, &alert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_not_ready() {
    let world = world(shipped!("node-not-ready"), Scenario::NodeNotReady).await;
    let alert = Alert::new("NodeNotReady", "platform", "Node node-b is not ready");
    world.fires(&alert).await;
    world.card("Cordon the node").await;
    world.ana().presses("Done").await;
    world.ana().is_told("Noted.").await;
    world.card("Done by @ana").await;
    world.nothing_ran();
    world.resolves(&alert).await;
    world.card("The alert cleared").await;
    world.thread().ends_with("Summary of INC-1").await;
    world.nobody_was_paged();
    world.ends().await;
}
