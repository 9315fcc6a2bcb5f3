//! The cluster double, used as Interlock uses a real cluster: through the kube crate.
//! Longer than other files, since its stories share one cluster and its client.

#[path = "common/admin.rs"]
mod admin;
#[path = "cluster_double/lists.rs"]
mod lists;

use std::time::Duration;

use interlock::playground::cluster::{
    ClusterDouble, ClusterOptions, ClusterUser, FaultKind, FaultMatch, Output, Place, Scenario, Speed,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams, DeleteParams, ListParams, LogParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;
use tokio::io::AsyncReadExt;

async fn cluster() -> ClusterDouble {
    let options = ClusterOptions {
        speed: Speed::Stepped,
        ..ClusterOptions::default()
    };
    ClusterDouble::start(options).await.unwrap()
}

async fn client(cluster: &ClusterDouble, user: ClusterUser) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig(user)).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

async fn interlock(cluster: &ClusterDouble) -> Client {
    client(cluster, ClusterUser::Interlock).await
}

struct Ran {
    stdout: String,
    stderr: String,
    /// `None`: the server never said how it ended.
    ended: Option<Result<(), String>>,
    code: Option<String>,
}

async fn exec(client: &Client, pod: &str, argv: &[&str]) -> Result<Ran, kube::Error> {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let mut process = pods
        .exec(pod, argv.iter().copied(), &AttachParams::default().stdin(false))
        .await?;
    let (mut out, mut err) = (process.stdout().unwrap(), process.stderr().unwrap());
    let status = process.take_status().unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = {
        let mut read =
            Box::pin(async { tokio::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr)) });
        tokio::pin!(status);
        // A lost connection never ends the readers, so the status decides when to stop.
        tokio::select! {
            status = &mut status => {
                let _ = tokio::time::timeout(Duration::from_millis(200), read).await;
                status
            }
            _ = &mut read => status.await,
        }
    };
    let code = status.as_ref().and_then(|status| {
        let causes = status.details.as_ref()?.causes.as_ref()?;
        causes
            .iter()
            .find(|cause| cause.reason.as_deref() == Some("ExitCode"))?
            .message
            .clone()
    });
    let ended = status.map(|status| match status.status.as_deref() {
        Some("Success") => Ok(()),
        _ => Err(status.reason.unwrap_or_default()),
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok(Ran {
        stdout: text(stdout),
        stderr: text(stderr),
        ended,
        code,
    })
}

fn pod_of(cluster: &ClusterDouble, workload: &str) -> String {
    cluster.world().pods_of("production", workload)[0].name.clone()
}

#[tokio::test]
async fn the_redis_story_is_told_by_two_execs() {
    let cluster = cluster().await;
    cluster.world().apply(Scenario::RedisTimeout);
    let client = interlock(&cluster).await;
    let (redis, gateway) = (pod_of(&cluster, "redis-primary"), pod_of(&cluster, "api-gateway"));
    let health = ["curl", "-s", "localhost:8080/health"];
    assert_eq!(
        exec(&client, &gateway, &health).await.unwrap().stdout,
        "{\"redis\":\"timeout\"}"
    );
    let flushed = exec(&client, &redis, &["redis-cli", "FLUSHDB"]).await.unwrap();
    assert_eq!((flushed.stdout.as_str(), flushed.ended), ("OK\n", Some(Ok(()))));
    assert_eq!(
        exec(&client, &gateway, &health).await.unwrap().stdout,
        "{\"redis\":\"connected\"}"
    );
    let execs: Vec<String> = cluster
        .effects()
        .iter()
        .map(|effect| effect.argv.join(" "))
        .collect();
    assert_eq!(
        execs,
        [
            "curl -s localhost:8080/health",
            "redis-cli FLUSHDB",
            "curl -s localhost:8080/health"
        ]
    );
}

#[tokio::test]
async fn a_flush_can_be_made_not_to_help() {
    let cluster = cluster().await;
    cluster.world().apply(Scenario::RedisTimeoutStays);
    let client = interlock(&cluster).await;
    let flushed = exec(
        &client,
        &pod_of(&cluster, "redis-primary"),
        &["redis-cli", "FLUSHDB"],
    )
    .await
    .unwrap();
    assert_eq!(flushed.stdout, "OK\n");
    let health = exec(
        &client,
        &pod_of(&cluster, "api-gateway"),
        &["curl", "-s", "localhost:8080/health"],
    )
    .await
    .unwrap();
    assert_eq!(health.stdout, "{\"redis\":\"timeout\"}");
}

#[tokio::test]
async fn an_exit_code_and_a_missing_program_are_told_apart() {
    let cluster = cluster().await;
    let output = Output {
        stdout: b"out\n".to_vec(),
        stderr: b"err\n".to_vec(),
        exit_code: 3,
        takes: Duration::ZERO,
    };
    cluster.world().script(
        "production/checkout".parse::<Place>().unwrap(),
        &["check", "--all"],
        output,
    );
    let client = interlock(&cluster).await;
    let pod = pod_of(&cluster, "checkout");
    let failed = exec(&client, &pod, &["check", "--all"]).await.unwrap();
    assert_eq!(
        (failed.stdout.as_str(), failed.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(
        (failed.ended, failed.code.as_deref()),
        (Some(Err("NonZeroExitCode".into())), Some("3"))
    );
    let missing = exec(&client, &pod, &["sh", "-c", "echo hi"]).await.unwrap();
    assert_eq!(
        (missing.ended, missing.code),
        (Some(Err("InternalError".into())), None)
    );
    assert_eq!(
        cluster.effects().len(),
        1,
        "what could not be started took no effect"
    );
}

#[tokio::test]
async fn a_connection_cut_before_the_status_leaves_the_outcome_unknown_and_the_effect_real() {
    let cluster = cluster().await;
    let client = interlock(&cluster).await;
    let on = FaultMatch {
        resource: Some("pods/exec".into()),
        ..FaultMatch::default()
    };
    cluster.faults().once(on, FaultKind::CutBeforeStatus);
    let ran = exec(
        &client,
        &pod_of(&cluster, "redis-primary"),
        &["redis-cli", "FLUSHDB"],
    )
    .await
    .unwrap();
    assert_eq!(ran.ended, None);
    assert_eq!(cluster.world().state().redis.flushes, 1);
    assert_eq!(cluster.effects().len(), 1);
}

#[tokio::test]
async fn a_restart_replaces_pods_step_by_step() {
    let cluster = cluster().await;
    let deployments: Api<Deployment> = Api::default_namespaced(interlock(&cluster).await);
    let before = cluster.world().pods_of("production", "api-gateway");
    deployments.restart("api-gateway").await.unwrap();
    assert_eq!(cluster.world().revision_of("production", "api-gateway"), Some(2));
    let status = deployments.get("api-gateway").await.unwrap().status.unwrap();
    assert_eq!(
        (
            status.replicas,
            status.updated_replicas,
            status.available_replicas
        ),
        (Some(3), Some(1), Some(2))
    );
    cluster.advance(Duration::from_secs(10));
    let status = deployments.get("api-gateway").await.unwrap().status.unwrap();
    assert_eq!(
        (
            status.replicas,
            status.updated_replicas,
            status.available_replicas
        ),
        (Some(2), Some(2), Some(2))
    );
    let after = cluster.world().pods_of("production", "api-gateway");
    assert!(
        after
            .iter()
            .all(|pod| pod.ready && before.iter().all(|old| old.uid != pod.uid))
    );
}

#[tokio::test]
async fn a_bad_deploy_crashes_until_it_is_undone() {
    let cluster = cluster().await;
    cluster.world().apply(Scenario::BadDeploy);
    cluster.advance(Duration::from_secs(60));
    let pods = cluster.world().pods_of("production", "checkout");
    assert!(
        pods.iter()
            .any(|pod| pod.state == "CrashLoopBackOff" && pod.restarts > 0),
        "{pods:?}"
    );
    assert_eq!(cluster.world().revision_of("production", "checkout"), Some(3));
    let client = interlock(&cluster).await;
    let sets: Api<k8s_openapi::api::apps::v1::ReplicaSet> = Api::default_namespaced(client.clone());
    let sets = sets
        .list(&ListParams::default().labels("app=checkout"))
        .await
        .unwrap();
    let revision = |set: &k8s_openapi::api::apps::v1::ReplicaSet| {
        set.metadata.annotations.clone().unwrap()["deployment.kubernetes.io/revision"].clone()
    };
    let mut template = sets
        .items
        .iter()
        .find(|set| revision(set) == "2")
        .unwrap()
        .spec
        .template
        .clone()
        .unwrap();
    template
        .metadata
        .as_mut()
        .unwrap()
        .labels
        .as_mut()
        .unwrap()
        .remove("pod-template-hash");
    let mut template = serde_json::to_value(template).unwrap();
    template["$patch"] = json!("replace");
    let undo = Patch::Strategic(json!({"spec": {"template": template}}));
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    deployments
        .patch("checkout", &PatchParams::default(), &undo)
        .await
        .unwrap();
    cluster.advance(Duration::from_secs(30));
    let pods = cluster.world().pods_of("production", "checkout");
    assert!(pods.len() == 3 && pods.iter().all(|pod| pod.ready), "{pods:?}");
    assert_eq!(cluster.world().revision_of("production", "checkout"), Some(4));
    assert_eq!(sets.items.len(), 3, "the undo made no new replica set");
}

#[tokio::test]
async fn scaling_adds_pods_and_more_workers_empty_the_queue() {
    let cluster = cluster().await;
    cluster.world().apply(Scenario::StuckQueue);
    cluster.advance(Duration::from_secs(10));
    let stuck = cluster.world().state().queue.depth;
    assert!(
        stuck > 4_800.0,
        "the queue grows while there are too few workers: {stuck}"
    );
    let deployments: Api<Deployment> = Api::default_namespaced(interlock(&cluster).await);
    let patch = Patch::Merge(json!({"spec": {"replicas": 6}}));
    deployments
        .patch_scale("orders-worker", &PatchParams::default(), &patch)
        .await
        .unwrap();
    cluster.advance(Duration::from_secs(60));
    assert_eq!(cluster.world().pods_of("production", "orders-worker").len(), 6);
    assert!(cluster.world().state().queue.depth < stuck);
    assert_eq!(cluster.effects()[0].resource, "deployments/scale.apps");
}

#[tokio::test]
async fn a_deleted_pod_is_replaced_and_a_wrong_precondition_deletes_nothing() {
    let cluster = cluster().await;
    let pods: Api<Pod> = Api::default_namespaced(interlock(&cluster).await);
    let name = pod_of(&cluster, "redis-primary");
    let wrong = kube::api::Preconditions {
        uid: Some("another".into()),
        resource_version: None,
    };
    let refused = pods
        .delete(
            &name,
            &DeleteParams {
                preconditions: Some(wrong),
                ..DeleteParams::default()
            },
        )
        .await;
    let refused = refused.map(|_| ()).unwrap_err().to_string();
    assert!(
        refused.contains("Precondition failed: UID in precondition: another"),
        "{refused}"
    );
    assert!(cluster.effects().is_empty());
    pods.delete(&name, &DeleteParams::default()).await.unwrap();
    let states: Vec<String> = cluster
        .world()
        .pods_of("production", "redis-primary")
        .into_iter()
        .map(|pod| pod.state)
        .collect();
    assert!(
        states.contains(&"Terminating".to_owned()) && states.len() == 2,
        "{states:?}"
    );
    cluster.advance(Duration::from_secs(5));
    let pods = cluster.world().pods_of("production", "redis-primary");
    assert!(pods.len() == 1 && pods[0].name != name && pods[0].ready);
}

#[tokio::test]
async fn logs_are_cut_to_what_is_asked_for() {
    let cluster = cluster().await;
    cluster.world().print_to("production", "checkout", "one");
    cluster.advance(Duration::from_secs(60));
    cluster.world().print_to("production", "checkout", "two");
    let pods: Api<Pod> = Api::default_namespaced(interlock(&cluster).await);
    let pod = pod_of(&cluster, "checkout");
    let tail = LogParams {
        tail_lines: Some(2),
        ..LogParams::default()
    };
    assert_eq!(pods.logs(&pod, &tail).await.unwrap(), "one\ntwo\n");
    let recent = LogParams {
        since_seconds: Some(30),
        ..LogParams::default()
    };
    assert_eq!(pods.logs(&pod, &recent).await.unwrap(), "two\n");
    let before = LogParams {
        previous: true,
        ..LogParams::default()
    };
    let refused = pods.logs(&pod, &before).await.unwrap_err().to_string();
    assert!(
        refused.contains("previous terminated container \"checkout\""),
        "{refused}"
    );
}

#[tokio::test]
async fn rights_are_those_of_the_role() {
    let cluster = cluster().await;
    let noexec = client(&cluster, ClusterUser::NoExec).await;
    let pod = pod_of(&cluster, "redis-primary");
    let refused = exec(&noexec, &pod, &["redis-cli", "ping"])
        .await
        .map(|_| ())
        .unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}")
    };
    assert_eq!(status.code, 403);
    let message = format!(
        "pods \"{pod}\" is forbidden: User \"system:serviceaccount:production:noexec\" cannot get resource \"pods/exec\" \
         in API group \"\" in the namespace \"production\""
    );
    assert_eq!(status.message, message);
    let elsewhere: Api<Pod> = Api::namespaced(interlock(&cluster).await, "kube-system");
    let kube::Error::Api(status) = elsewhere.list(&ListParams::default()).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(status.code, 403);
}

#[tokio::test]
async fn a_cut_after_the_patch_leaves_the_patch_in_place_and_counted_once() {
    let cluster = cluster().await;
    let on = FaultMatch {
        verb: Some("patch".into()),
        ..FaultMatch::default()
    };
    cluster.faults().once(on, FaultKind::FailAfterApply);
    let deployments: Api<Deployment> = Api::default_namespaced(interlock(&cluster).await);
    let patch =
        Patch::Strategic(json!({"metadata": {"annotations": {"interlock.dev/attempt": "run-1.step-1.1"}}}));
    let told = deployments
        .patch("checkout", &PatchParams::default(), &patch)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(told, kube::Error::Api(status) if status.code == 500));
    let effects = cluster.effects();
    assert_eq!(effects.len(), 1);
    assert_eq!(effects[0].attempt.as_deref(), Some("run-1.step-1.1"));
    assert!(
        deployments
            .get("checkout")
            .await
            .unwrap()
            .metadata
            .annotations
            .unwrap()
            .contains_key("interlock.dev/attempt")
    );
}

#[tokio::test]
async fn an_api_that_is_down_refuses_and_comes_back_at_the_same_address() {
    let cluster = cluster().await;
    let client = interlock(&cluster).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.list(&ListParams::default()).await.unwrap();
    cluster.faults().api_down();
    assert!(pods.list(&ListParams::default()).await.is_err());
    cluster.faults().api_up();
    let back = async {
        while pods.list(&ListParams::default()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
}

#[tokio::test]
async fn a_group_that_the_cluster_lacks_is_not_found() {
    let without_groups = vec!["policy".to_owned()];
    let options = ClusterOptions {
        speed: Speed::Stepped,
        without_groups,
        ..ClusterOptions::default()
    };
    let cluster = ClusterDouble::start(options).await.unwrap();
    let budgets: Api<k8s_openapi::api::policy::v1::PodDisruptionBudget> =
        Api::default_namespaced(interlock(&cluster).await);
    let kube::Error::Api(status) = budgets.list(&ListParams::default()).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(status.code, 404);
}

#[tokio::test]
async fn a_sleep_lasts_on_the_clock_of_the_model() {
    let cluster = cluster().await;
    let client = interlock(&cluster).await;
    let pod = pod_of(&cluster, "checkout");
    let sleeping = exec(&client, &pod, &["sleep", "30"]);
    tokio::pin!(sleeping);
    let woken = async {
        while cluster.effects().is_empty() {
            tokio::task::yield_now().await;
        }
        cluster.advance(Duration::from_secs(31));
    };
    let (slept, ()) = tokio::join!(sleeping, woken);
    assert_eq!(slept.unwrap().ended, Some(Ok(())));
}
