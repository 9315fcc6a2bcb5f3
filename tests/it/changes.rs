//! What changed shortly before, on the card: told by webhooks, or seen in the cluster.

use interlock::playground::cluster::ClusterUser;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const TOKEN: &str = "changes-of-the-tests";
const SECTION: &str = "Changed in the half hour before";

fn setup() -> Setup {
    Setup::default().table(&format!("[webhooks.changes.generic]\nbearer_token = \"{TOKEN}\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_before_the_alert_stands_on_its_card_and_others_do_not() {
    let world = TestWorld::start(setup()).await;
    let told = json!([
        {"service": "archive", "title": "2.15.0 <!channel>", "by": "cy", "url": "https://ci.example.test/7"},
        {"service": "payments", "title": "9.9.9"},
        {"service": "archive", "title": "0.0.1", "at": "2026-01-01T00:00:00Z"},
    ]);
    assert_eq!(world.sends("changes/generic", TOKEN, &told).await, 200);
    world.fires(&Alert::tape_jam()).await;
    let card = world.card(SECTION).await;
    assert!(
        card.contains("deploy of archive: 2.15.0") && card.contains("(by cy)"),
        "{card}"
    );
    assert!(!card.contains("9.9.9") && !card.contains("0.0.1"), "{card}");
    world.thread().ends_with("no runbook matches").await;
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_under_way_is_said_as_that_until_it_is_known_how_it_ended() {
    let argo = format!("[webhooks.changes.argocd]\nbearer_token = \"{TOKEN}\"");
    let world = TestWorld::start(setup().table(&argo)).await;
    let started = (Timestamp::now() - SignedDuration::from_mins(5)).to_string();
    let sync = |phase: &str, finished: Value| {
        json!({"app": "archive", "namespace": "production", "phase": phase, "revision": "f95f852bd8fca8fc",
            "startedAt": started, "finishedAt": finished})
    };
    let sends = async |body: &Value| assert_eq!(world.sends("changes/argocd", TOKEN, body).await, 200);
    sends(&sync("Running", Value::Null)).await;
    world.fires(&Alert::tape_jam()).await;
    let card = world
        .card("deploy of archive in production: sync of f95f852bd8fc")
        .await;
    assert!(card.contains("in progress"), "{card}");
    sends(&sync("Failed", json!(started))).await;
    let card = world.card("which FAILED").await;
    assert_eq!(card.matches("f95f852bd8fc").count(), 1, "{card}");
    assert!(!card.contains("in progress"), "{card}");
    // It comes late: how it ended is known.
    sends(&sync("Running", Value::Null)).await;
    world.outbox_is_empty().await;
    assert!(!world.card(SECTION).await.contains("in progress"));
    let told = world.answers("/webhooks/changes/argo").await;
    assert!(
        told.contains("Changes go to /webhooks/changes/ and one of github, gitlab, flux, argocd"),
        "{told}"
    );
    assert!(!told.contains("zabbix"), "{told}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_after_an_alert_began_explains_nothing_however_late_the_alert_came() {
    let world = TestWorld::start(setup()).await;
    let ago = |minutes| (Timestamp::now() - SignedDuration::from_mins(minutes)).to_string();
    let told = json!([
        {"service": "archive", "title": "2.15.0", "at": ago(30)},
        {"service": "archive", "title": "2.15.1, which mends it", "at": ago(10)},
    ]);
    assert_eq!(world.sends("changes/generic", TOKEN, &told).await, 200);
    world
        .fires(&Alert::tape_jam().again(-SignedDuration::from_mins(25)))
        .await;
    let card = world.card(SECTION).await;
    assert!(card.contains("2.15.0") && !card.contains("2.15.1"), "{card}");
    let late = json!({"service": "archive", "title": "2.15.2", "at": ago(5)});
    assert_eq!(world.sends("changes/generic", TOKEN, &late).await, 200);
    world.outbox_is_empty().await;
    let card = world.card(SECTION).await;
    assert!(!card.contains("2.15.2"), "{card}");
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_is_told_after_the_alert_comes_on_its_card_too() {
    let world = TestWorld::start(setup()).await;
    world.fires(&Alert::tape_jam()).await;
    world.card("Tape library 3 is jammed").await;
    let before = Timestamp::now() - SignedDuration::from_mins(1);
    let told = json!({"service": "archive", "title": "2.15.0", "at": before.to_string()});
    for _ in 0..2 {
        assert_eq!(world.sends("changes/generic", TOKEN, &told).await, 200);
    }
    let card = world.card(SECTION).await;
    assert_eq!(card.matches("2.15.0").count(), 1, "{card}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_the_service_needs_counts_and_the_card_says_whose_it_is() {
    let catalogue =
        "[[services]]\nname = \"archive\"\nowner = \"storage team\"\ndepends_on = [\"tape-driver\"]";
    let world = TestWorld::start(setup().table(catalogue)).await;
    let told = json!({"service": "tape-driver", "title": "token ghp_0123456789abcdefghijklmnopqrstuvwxyzAB", "kind": "config"});
    assert_eq!(world.sends("changes/generic", TOKEN, &told).await, 200);
    world.fires(&Alert::tape_jam()).await;
    let card = world.card(SECTION).await;
    assert!(
        card.contains("configuration of tape-driver") && card.contains("belongs to storage team"),
        "{card}"
    );
    assert!(!card.contains("ghp_0123456789"), "{card}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_may_be_what_a_team_has_for_backstage_already() {
    let descriptors = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/backstage");
    let world =
        TestWorld::start(setup().table(&format!("[catalogue]\nbackstage = [\"{descriptors}\"]"))).await;
    let told = json!({"service": "tape-driver", "title": "9.1.0"});
    assert_eq!(world.sends("changes/generic", TOKEN, &told).await, 200);
    world.fires(&Alert::tape_jam()).await;
    let card = world.card(SECTION).await;
    assert!(
        card.contains("deploy of tape-driver: 9.1.0")
            && card.contains("belongs to Storage team, storage@example.test"),
        "{card}"
    );
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_tells_nothing() {
    let world = TestWorld::start(setup()).await;
    let told = json!({"service": "archive", "title": "2.15.0"});
    assert_eq!(world.sends("changes/generic", "wrong", &told).await, 401);
    assert_eq!(world.sends("changes/gitlab", TOKEN, &told).await, 404);
    assert_eq!(
        world
            .sends("changes/generic", TOKEN, &json!({"service": "archive"}))
            .await,
        400
    );
    world.fires(&Alert::tape_jam()).await;
    let card = world.card("Tape library 3 is jammed").await;
    assert!(!card.contains(SECTION), "{card}");
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_in_the_cluster_is_seen_without_anybody_telling_it() {
    let setup = Setup::default()
        .clocks_agree()
        .table("[kubernetes]\nfollow_rollouts = true");
    let world = TestWorld::start(setup).await;
    let cluster = world.doubles.cluster.world();
    let before = cluster.revision_of("production", "checkout");
    cluster.deploy(
        "production",
        "checkout",
        "registry.example/checkout:2.16.0",
        "release 2.16.0",
    );
    world
        .until("the controller has rolled it out", || {
            (cluster.revision_of("production", "checkout") > before).then_some(())
        })
        .await;
    // The first look comes with the start; the alert comes after it.
    world.bot_stops().await;
    world.bot_starts().await;
    world.fires(&Alert::bad_deploy()).await;
    // What is seen after the alert comes on its card as well, as long as it was before.
    let card = world.card(SECTION).await;
    assert!(
        card.contains("deploy of checkout in production: revision") && card.contains("release 2.16.0"),
        "{card}"
    );
    // Kubernetes keeps the tool that wrote it, and no person.
    assert!(
        card.contains("(by field manager kubectl-client-side-apply)"),
        "{card}"
    );
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_map_that_was_written_before_the_alert_is_named_with_its_manager_and_never_with_a_value() {
    let setup = Setup::default()
        .clocks_agree()
        .table("[kubernetes]\nfollow_rollouts = true");
    let world = TestWorld::without_bot(setup).await;
    let admin = Admin::with(&world.doubles.cluster.kubeconfig(ClusterUser::Admin)).await;
    let config_maps = "/api/v1/namespaces/production/configmaps";
    let value = "a-value-that-stays-in-the-cluster";
    for name in ["checkout-settings", "used-by-nobody"] {
        let applied = json!({"data": {"greeting": value}}).to_string();
        let object = json!({"metadata": {"name": name,
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}}, "data": {"greeting": value}});
        let (code, answer) = admin
            .send("POST", &format!("{config_maps}?fieldManager=helm"), &object)
            .await;
        assert_eq!(code, 201, "{answer}");
    }
    let uses = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "checkout", "image": "registry.example/checkout:2.14.0",
         "envFrom": [{"configMapRef": {"name": "checkout-settings"}}]}]}}}});
    let checkout = "/apis/apps/v1/namespaces/production/deployments/checkout";
    let mut object = admin.send("GET", checkout, &Value::Null).await.1;
    object["spec"]["template"]["spec"] = uses["spec"]["template"]["spec"].clone();
    let (code, answer) = admin
        .send(
            "PUT",
            &format!("{checkout}?fieldManager=argocd-controller"),
            &object,
        )
        .await;
    assert_eq!(code, 200, "{answer}");
    let by_hand = world.effects();
    let by_hand: Vec<&str> = by_hand.iter().map(String::as_str).collect();
    world.cluster_did(&by_hand).await;
    world.bot_starts().await;
    world.fires(&Alert::bad_deploy()).await;
    let card = world.card("config map checkout-settings").await;
    assert!(
        card.contains(
            "configuration of checkout in production: config map checkout-settings made (read when a pod starts) (by field manager helm)"
        ),
        "{card}"
    );
    assert!(card.contains("(by field manager argocd-controller)"), "{card}");
    assert!(
        !card.contains("used-by-nobody") && !card.contains("not known"),
        "{card}"
    );
    let kept = std::fs::read(world.database()).unwrap();
    let log = std::fs::read(world.database().with_extension("db-wal")).unwrap_or_default();
    for bytes in [kept, log] {
        assert!(
            !bytes
                .windows(value.len())
                .any(|window| window == value.as_bytes())
        );
    }
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_text_is_sure_enough_a_person_chooses_among_the_best() {
    let setup = Setup::default()
        .approver("tiers = [2]\ngroups = [\"@sre\"]")
        .runbook(shipped!("disk-pressure-log-rotation"))
        .runbook(shipped!("stuck-queue-scale"))
        .runbook(shipped!("node-not-ready"));
    let world = TestWorld::start(setup).await;
    let alert = Alert::new(
        "LogsFillUp",
        "log-collector",
        "/var/log of log-collector is nearly full, rotation is behind",
    );
    world.fires(&alert).await;
    let card = world.card("[Choose]").await;
    assert!(card.contains("Log volume fills up"), "{card}");
    world.nothing_ran();
    world.ana().presses("Choose").await;
    world.ana().is_told("it is. Its plan is being made.").await;
    let card = world.card("Waits for 1 approval").await;
    assert!(card.contains("Log volume fills up"), "{card}");
    // Its evidence was read for the plan.
    let looks = world.effects();
    let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
    assert!(looks.iter().all(|look| look.starts_with("exec d")), "{looks:?}");
    world.cluster_did(&looks).await;
    world.thread().is_uninteresting();
    world.ends().await;
}
