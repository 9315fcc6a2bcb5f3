//! Cold standby: one Interlock has the Lease and works; who takes it over shuts out whoever had it; who can't renew it, or has
//! lost it, sends nothing.

use std::time::Duration;

use interlock::app;
use interlock::config::Settings;
use interlock::playground::cluster::{ClusterUser, Fault, FaultKind, FaultMatch, Scenario};
use interlock::store::Store;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::admin::{self, Admin, HOME};
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/interlock/leases/interlock";
const SECRET: &str = "/api/v1/namespaces/interlock/secrets/interlock-epoch";
const SETTINGS: &str = "[kubernetes.clusters.demo.tier_service_accounts]\n0 = \"interlock/interlock-tier-0\"\n\
     1 = \"interlock/interlock-tier-1\"\n[standby]\nlease = \"interlock/interlock\"\nlease_seconds = 5\n";

/// Redis times out, the bot has the rights that are printed and no others, and does not run yet.
async fn world() -> (TestWorld, Admin) {
    let world = TestWorld::without_bot(Setup::default().table(SETTINGS)).await;
    let admin = Admin::with(&world.doubles.cluster.kubeconfig(ClusterUser::Admin)).await;
    let path = world.folder.path().join("interlock.toml");
    let settings = Settings::load(Some(&path), std::iter::empty()).unwrap();
    let power = app::power(&settings, &settings.runbooks.path, "demo".into(), HOME).unwrap();
    admin.grant(&power.objects()).await;
    let kubeconfig = admin.kubeconfig("interlock").await;
    std::fs::write(world.folder.path().join("kubeconfig"), kubeconfig).unwrap();
    world.in_the_cluster(Scenario::RedisTimeout);
    (world, admin)
}

async fn read(admin: &Admin, path: &str) -> Value {
    let (code, object) = admin.send("GET", path, &Value::Null).await;
    assert_eq!(code, 200, "{object}");
    object
}

/// The epochs that the journal's entries carry, as they follow each other.
fn epochs(world: &TestWorld) -> Vec<Option<u64>> {
    let mut epochs = Vec::new();
    let store = Store::open_to_read(&world.database()).unwrap();
    store
        .export(|entry| {
            let payload: Value = serde_json::from_str(entry.payload().unwrap()).unwrap();
            epochs.push(payload["epoch"].as_u64());
            Ok(())
        })
        .unwrap();
    epochs.dedup();
    epochs
}

/// The administrator's own deeds, and those of the bot that nobody approved; the story has read them then.
async fn beside(world: &TestWorld, then: &[&str]) {
    let mut all = world.effects();
    all.retain(|one| !then.contains(&one.as_str()));
    let all: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .chain(then.iter().copied())
        .collect();
    world.cluster_did(&all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_the_lease_begins_an_epoch_and_shuts_out_whoever_had_it() {
    let (world, admin) = world().await;
    world.bot_starts().await;
    let secret = read(&admin, SECRET).await;
    // As the bot asks for its own.
    let asked = json!({"spec": {"boundObjectRef": {
        "apiVersion": "v1", "kind": "Secret", "name": "interlock-epoch", "uid": secret["metadata"]["uid"]}}});
    let path = "/api/v1/namespaces/interlock/serviceaccounts/interlock-tier-1/token";
    let (code, answer) = admin.send("POST", path, &asked).await;
    assert_eq!(code, 201, "{answer}");
    let token = answer["status"]["token"].as_str().unwrap();
    let mut zombie: Value =
        serde_json::from_str(&std::fs::read_to_string(world.folder.path().join("kubeconfig")).unwrap())
            .unwrap();
    zombie["users"][0]["user"] = json!({ "token": token });
    let zombie = admin::client_of(&zombie.to_string()).await;
    let pods = "/apis/apps/v1/namespaces/production/deployments/redis-primary";
    assert_eq!(admin::send(&zombie, "GET", pods, &Value::Null).await.0, 200);
    let first = read(&admin, LEASE).await;

    world.bot_crashes().await;
    let begun = Instant::now();
    world.bot_starts().await;
    // What the Lease lasts, and what tokens live on.
    assert!(
        begun.elapsed() >= Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let second = read(&admin, LEASE).await;
    assert_eq!(first["spec"]["leaseTransitions"], 1);
    assert_eq!(second["spec"]["leaseTransitions"], 2);
    assert_ne!(first["spec"]["holderIdentity"], second["spec"]["holderIdentity"]);
    assert_ne!(
        read(&admin, SECRET).await["metadata"]["uid"],
        secret["metadata"]["uid"]
    );
    assert_eq!(admin::send(&zombie, "GET", pods, &Value::Null).await.0, 401);

    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    beside(&world, &[FLUSH, HEALTH]).await;
    assert_eq!(epochs(&world), [Some(1), Some(2)]);

    // Who ends in good order gives it back, and nobody waits.
    world.bot_stops().await;
    assert_eq!(read(&admin, LEASE).await["spec"]["holderIdentity"], "");
    let begun = Instant::now();
    world.bot_starts().await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(epochs(&world), [Some(1), Some(2), Some(3)]);
    world
        .cluster_did(&world.effects().iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_another_has_the_lease_nothing_is_sent() {
    let (world, admin) = world().await;
    world.bot_starts().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    // Whoever writes last is refused when the bot renewed meanwhile, as any other client is.
    loop {
        let mut lease = read(&admin, LEASE).await;
        lease["spec"]["holderIdentity"] = json!("interlock-of-another-node");
        match admin.send("PUT", LEASE, &lease).await {
            (200, _) => break,
            (409, _) => {}
            other => panic!("{other:?}"),
        }
    }
    let why = world.bot_is_superseded().await;
    assert_eq!(
        why,
        "the Lease interlock/interlock is held by interlock-of-another-node now, so this Interlock ends"
    );
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .thread()
        .says("is held by interlock-of-another-node now")
        .await;
    world.a_human_is_paged("INC-1").await;
    beside(&world, &[]).await;
    assert!(!world.effects().iter().any(|one| one.starts_with("exec")));
    world.thread().is_uninteresting();
    // It stops for that.
    world.outbox_is_empty().await;
    assert_eq!(
        read(&admin, LEASE).await["spec"]["holderIdentity"],
        "interlock-of-another-node"
    );
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_can_not_be_renewed_stops_what_acts_until_it_can() {
    let (world, admin) = world().await;
    world.bot_starts().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let renewed = read(&admin, LEASE).await["spec"]["renewTime"].clone();
    world.doubles.cluster.faults().add(Fault {
        on: FaultMatch {
            verb: Some("update".to_owned()),
            resource: Some("leases".to_owned()),
            ..FaultMatch::default()
        },
        kind: FaultKind::Refuse {
            code: 500,
            message: "etcdserver: request timed out".to_owned(),
        },
        times: None,
    });
    // Two thirds of its five seconds, and a renewal that may just have been through.
    tokio::time::sleep(Duration::from_millis(4_600)).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .thread()
        .says("could not renew its Lease interlock/interlock in time")
        .await;
    world.a_human_is_paged("INC-1").await;
    assert!(!world.effects().iter().any(|one| one.starts_with("exec")));

    world.doubles.cluster.faults().clear();
    let patience = Instant::now() + Duration::from_secs(10);
    while read(&admin, LEASE).await["spec"]["renewTime"] == renewed {
        assert!(Instant::now() < patience, "it is never renewed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.ana().presses("Propose again").await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.card("Fixed and verified.").await;
    beside(&world, &[FLUSH, HEALTH]).await;
    world.thread().is_uninteresting();
    world.ana().ignores_answers();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_renewal_was_broken_off_by_the_end_is_given_back_all_the_same() {
    let (world, admin) = world().await;
    world.bot_starts().await;
    let renewed = read(&admin, LEASE).await["spec"]["renewTime"].clone();
    // Written, and the bot never hears of it.
    let faults = world.doubles.cluster.faults();
    let on = FaultMatch {
        verb: Some("update".to_owned()),
        resource: Some("leases".to_owned()),
        ..FaultMatch::default()
    };
    faults.once(on, FaultKind::HangAfterApply);
    let patience = Instant::now() + Duration::from_secs(10);
    while !faults.list().is_empty() || read(&admin, LEASE).await["spec"]["renewTime"] == renewed {
        assert!(Instant::now() < patience, "it is never renewed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.bot_stops().await;
    assert_eq!(read(&admin, LEASE).await["spec"]["holderIdentity"], "");
    world.bot_starts().await;
    beside(&world, &[]).await;
    world.ends().await;
}
