//! What was shown is what runs: the container, the size, the turn, and what our own changes leave behind.

use std::time::Duration;

use interlock::playground::cluster::{ClusterUser, FaultKind, Scenario};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const SCALED: &str = "scale deployments/scale.apps/checkout";
const HEALTH: &str = "exec curl -s localhost:8080/health";

fn runbook(budget: &str, steps: &str) -> String {
    format!(
        "# Runbook: Tape library\n## Trigger Conditions\n- Alert contains: \"tape\"\n## Blast Radius\n{budget}\n## Steps\n{steps}"
    )
}

async fn tape_jams(text: &str) -> TestWorld {
    let setup = Setup::default()
        .no_runbooks()
        .no_approvers()
        .approver("tiers = [0, 1, 2]\ngroups = [\"@sre\"]")
        .runbook(("tape.md", text));
    let world = TestWorld::start(setup).await;
    world.fires(&Alert::tape_jam()).await;
    world
}

const IN_A_CONTAINER: &str = r#"### Step 1: Look
```bash
kubectl exec -n staging deploy/busybox -- hostname
```
Expected output: contains "busybox"
"#;

/// Somebody says which container of the pod is meant when none is named.
async fn default_container(world: &TestWorld, name: &str) -> String {
    let text = world.doubles.cluster.kubeconfig(ClusterUser::Admin);
    let file = kube::config::Kubeconfig::from_yaml(&text).unwrap();
    let config = kube::Config::from_custom_kubeconfig(file, &Default::default())
        .await
        .unwrap();
    let pods: Api<Pod> = Api::namespaced(kube::Client::try_from(config).unwrap(), "staging");
    let pod = world
        .doubles
        .cluster
        .world()
        .pods_of("staging", "busybox")
        .remove(0);
    let note = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": name}}});
    let params = PatchParams::default();
    pods.patch(&pod.name, &params, &Patch::Merge(note)).await.unwrap();
    format!("patch pods/{}", pod.name)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_container_of_several_is_shown_and_it_is_the_one_that_runs() {
    let world = tape_jams(&runbook("- max_commands: 0", IN_A_CONTAINER)).await;
    let card = world.card("Waits for 1 approval").await;
    assert!(
        card.contains("In container main (the pod has sidecar as well)."),
        "{card}"
    );
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world.cluster_did(&["exec hostname"]).await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_became_another_one_is_proposed_afresh() {
    let world = tape_jams(&runbook("- max_commands: 0", IN_A_CONTAINER)).await;
    world.card("In container main").await;
    let by_somebody = default_container(&world, "sidecar").await;
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world
        .thread()
        .says("it would now run in container sidecar, the card showed main")
        .await;
    let fresh = world.card("In container sidecar").await;
    assert!(fresh.contains("*Changed since plan 1*"), "{fresh}");
    assert!(fresh.contains("Waits for 1 approval"), "{fresh}");
    world.thread().ends_with("plan 2 proposed").await;
    world.cluster_did(&[&by_somebody]).await;
    world.ends().await;
}

const TWO_CHANGES: &str = r#"### Step 1: More of it
```bash
kubectl scale deploy/checkout -n production --replicas 4
```
### Step 2: And anew
```bash
kubectl rollout restart deploy/checkout -n production
```
Wait: 60s
## Verification
### It serves
```bash
kubectl rollout status deploy/checkout -n production
```
Expected output: contains "successfully rolled out"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_of_one_workload_follow_each_other() {
    let budget = "- max_replica_changes: 1\n- max_pod_restarts: 4";
    let world = tape_jams(&runbook(budget, TWO_CHANGES)).await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 succeeded").await;
    world.clock_moves(Duration::from_secs(61)).await;
    world.thread().says("step 2 succeeded").await;
    world.card("Fixed and verified.").await;
    world
        .cluster_did(&[SCALED, "patch deployments.apps/checkout"])
        .await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_between_two_of_our_changes_stops_the_plan() {
    let budget = "- max_replica_changes: 1\n- max_pod_restarts: 4";
    let world = tape_jams(&runbook(budget, TWO_CHANGES)).await;
    world.ana().presses("Approve 3 steps").await;
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 succeeded").await;
    let cluster = world.doubles.cluster.world();
    cluster.deploy(
        "production",
        "checkout",
        "registry.example/checkout:2.13.0",
        "release 2.13.0",
    );
    world.clock_moves(Duration::from_secs(61)).await;
    let refused = world
        .thread()
        .says("step 2 was not started: the world moved")
        .await;
    assert!(
        refused.contains("runs registry.example/checkout:2.13.0, our own change left it at registry.example/checkout:2.14.0"),
        "{refused}"
    );
    world.a_human_is_paged("INC-1").await;
    world.card("This needs a human").await;
    world.cluster_did(&[SCALED]).await;
    world.thread().ends_with("the pager took the page").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_larger_than_the_budget_is_refused_before_anybody_may_approve_it() {
    let restart = "### Step 1: Anew\n```bash\nkubectl rollout restart deploy/checkout -n production\n```\n";
    let world = TestWorld::with_only(("tape.md", &runbook("- max_pod_restarts: 2", restart))).await;
    world.fires(&Alert::tape_jam()).await;
    let card = world.card("This needs a human").await;
    assert!(
        card.contains(
            "step 1 restarts 3 of 3 pods: that is 3 of 'max_pod_restarts', and the runbook allows 2"
        ),
        "{card}"
    );
    assert!(!world.ana().has_button("Approve"));
    world.a_human_is_paged("INC-1").await;
    world.thread().ends_with("the pager took the page").await;
    world.nothing_ran();
    world.ends().await;
}

/// What Interlock froze when nobody knew what became of a flush: a person lifts it, and the target is busy all the same.
async fn redis_is_not_frozen(world: &TestWorld) {
    let redis = "target demo/production/deployment/redis-primary";
    world
        .ben()
        .types(&format!("unfreeze {redis} we look at it"))
        .await;
    world
        .ben()
        .is_told(&format!("The freeze of {redis} is lifted."))
        .await;
}

/// Nobody knows what became of the flush of INC-1, so nobody else gets at Redis; INC-2 is approved all the same.
async fn two_want_redis() -> TestWorld {
    let world = TestWorld::redis_times_out().await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    let second = Alert::new(
        "RedisTimeoutOfUsers",
        "user-service",
        "Redis connection timeout on user-service",
    );
    world.fires(&second).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    redis_is_not_frozen(&world).await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    let waits = world
        .thread_of("INC-2")
        .says("step 1 waits: its target is busy with INC-1 (its step 1)")
        .await;
    assert!(waits.contains("a human is called"), "{waits}");
    world
        .card_shows(
            "INC-2",
            "Step 1 waits: its target is busy with INC-1 (its step 1).",
        )
        .await;
    world.cluster_did(&[FLUSH]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_target_is_told_for_whom_and_goes_on_when_it_is_free() {
    let world = two_want_redis().await;
    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked.").await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world.card_shows("INC-2", "Fixed and verified.").await;
    let mut ran = world.effects();
    ran.sort();
    assert_eq!(ran, [HEALTH, HEALTH, FLUSH, FLUSH]);
    let in_order: Vec<String> = world.effects();
    world
        .cluster_did(&in_order.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    world.thread().ends_with("all steps are done and verified").await;
    world
        .thread_of("INC-2")
        .ends_with("all steps are done and verified")
        .await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_waits_for_work_on_the_deployment_that_it_belongs_to() {
    let world = TestWorld::without_bot(Setup::default()).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let pods = world
        .doubles
        .cluster
        .world()
        .pods_of("production", "redis-primary");
    let pod = &pods.first().expect("redis runs").name;
    let steps = format!(
        "### Step 1: Anew\n```bash\nkubectl delete pod {pod} -n production\n```\n\
         ### Step 2: Look\n```bash\nkubectl get deploy redis-primary -n production\n```\nExpected output: contains \"redis\"\n"
    );
    let text = runbook("- max_pod_restarts: 1", &steps);
    std::fs::write(world.folder.path().join("runbooks/tape.md"), text).unwrap();
    world.bot_starts().await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world.fires(&Alert::tape_jam()).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    redis_is_not_frozen(&world).await;
    world.ben().presses("Approve 2 steps").await;
    world.ben().is_told("Approved.").await;
    world
        .thread_of("INC-2")
        .says("step 1 waits: its target is busy with INC-1 (its step 1)")
        .await;
    world.cluster_did(&[FLUSH]).await;

    world.ana().presses("It worked, go on").await;
    world.ana().is_told("Noted: it worked.").await;
    world.card_shows("INC-1", "Fixed and verified.").await;
    world.card_shows("INC-2", "Fixed and verified.").await;
    let gone = format!("delete pods/{pod}");
    assert!(world.effects().contains(&gone), "{:?}", world.effects());
    let all: Vec<String> = world.effects();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    world.cluster_did(&all).await;
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_for_a_target_is_handed_over() {
    let world = two_want_redis().await;
    world.minutes_pass(11).await;
    world.card_shows("INC-2", "This needs a human").await;
    world.a_human_is_paged("INC-2").await;
    world
        .thread_of("INC-2")
        .says("it waited too long for its target, which INC-1")
        .await;
    world
        .thread_of("INC-2")
        .ends_with("the pager took the page")
        .await;
    world.thread().is_uninteresting();
    world.cluster_did(&[FLUSH]).await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_taken_back_is_not_tried_again_when_it_is_judged_to_have_failed() {
    let (name, text) = shipped!("redis-connection-timeout");
    // Two attempts, and the budget for both: only that nobody knows what the first one did stands against the second.
    let text = text
        .replace("max_cache_operations: 1", "max_cache_operations: 2")
        .replace("Failure action: continue", "Failure action: escalate");
    let setup = Setup::default().no_runbooks().runbook((name, &text));
    let world = TestWorld::start(setup).await;
    world.next_exec(FaultKind::CutBeforeStatus);
    world.fires(&Alert::redis_timeout()).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("nobody knows whether step 1 happened").await;
    world.a_human_is_paged("INC-1").await;
    world.ana().presses("It failed").await;
    world.ana().is_told("Noted: it did not work.").await;
    world.card("This needs a human").await;
    world
        .thread()
        .says("stopped at step 1: it failed once: ana looked")
        .await;
    world.thread().is_uninteresting();
    world.cluster_did(&[FLUSH]).await;
    world.ends().await;
}
