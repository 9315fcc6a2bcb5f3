//! The action runner against a real cluster: runs when `INTERLOCK_TEST_KUBECONFIG` names a kubeconfig of one that has,
//! in the namespace `production`, the deployments `redis-primary` (redis), `api-gateway` (answers `/health` on 8080,
//! has curl) and `busybox` (containers `main` and `sidecar`). Pods are restarted and deleted there.
//!
//! With `tests/cluster/sets.yaml` applied as well, restart and undo of a StatefulSet and a DaemonSet are tried too.
//!
//! Everything happens in one test, in order: the steps change the same objects. With `INTERLOCK_TEST_ADMIN_KUBECONFIG`, an
//! administrator's, the same test then grants what `interlock rbac` prints and tries what may and what must not be done.

#[path = "common/admin.rs"]
mod admin;
mod common;
#[path = "cluster/power.rs"]
mod power;
#[path = "common/rights.rs"]
mod rights;

use std::io::Write as _;

use common::{Bench, done, failed, get, object};
use interlock::domain::action::{Action, Exec, Kind, Logs};
use interlock::ports::{Ended, SurveyError};
use serde_json::{Value, json};

const VARIABLE: &str = "INTERLOCK_TEST_KUBECONFIG";
const ADMIN: &str = "INTERLOCK_TEST_ADMIN_KUBECONFIG";

fn exec(name: &str, container: Option<&str>, argv: &[&str]) -> Action {
    Action::Exec(Exec {
        target: object(Kind::Deployment, name),
        container: container.map(str::to_owned),
        argv: argv.iter().map(|part| (*part).to_owned()).collect(),
    })
}

fn logs(name: &str, container: &str) -> Action {
    Action::Logs(Logs {
        target: object(Kind::Deployment, name),
        container: Some(container.to_owned()),
        tail: 3,
        since_seconds: None,
        previous: false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_cluster_does_what_the_steps_say() {
    let Ok(kubeconfig) = std::env::var(VARIABLE) else {
        // Straight to the stream: what a passing test prints is not shown otherwise.
        drop(writeln!(
            std::io::stderr(),
            "skipped the suite on a real cluster: set {VARIABLE} to the kubeconfig of one with the test workload"
        ));
        return;
    };
    let bench = Bench::new(kubeconfig.into());
    commands(&bench).await;
    looks(&bench).await;
    what_is_not_there(&bench).await;
    if let Ok(admin) = std::env::var(ADMIN) {
        let admin = std::fs::read_to_string(admin).expect("a kubeconfig");
        let granted = budgets_may_be_listed();
        admin::Admin::with(&admin).await.grant(&granted).await;
    }
    if !sees_budgets(&bench).await {
        drop(writeln!(
            std::io::stderr(),
            "skipped what changes workloads: the account may not list PodDisruptionBudgets; apply tests/cluster/sets.yaml or set {ADMIN}"
        ));
        return;
    }
    restart_and_undo(&bench).await;
    scale(&bench).await;
    delete_pod(&bench).await;
    stateful_and_daemon_sets(&bench).await;
    match std::env::var(ADMIN) {
        Ok(admin) => power::the_printed_roles_are_enough_and_no_more(admin.as_ref()).await,
        Err(_) => drop(writeln!(
            std::io::stderr(),
            "skipped the printed roles on a real cluster: set {ADMIN} to the kubeconfig of its administrator"
        )),
    }
}

/// The right without which nothing is changed.
fn budgets_may_be_listed() -> [Value; 2] {
    let (kind, name) = ("rbac.authorization.k8s.io/v1", "interlock-budgets");
    let metadata = json!({"name": name, "namespace": "production"});
    let rule = json!({"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": ["list"]});
    let account = json!({"kind": "ServiceAccount", "name": "interlock", "namespace": "production"});
    let of = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
    [
        json!({"apiVersion": kind, "kind": "Role", "metadata": metadata, "rules": [rule]}),
        json!({"apiVersion": kind, "kind": "RoleBinding", "metadata": metadata, "roleRef": of, "subjects": [account]}),
    ]
}

/// Whether a change can be looked at before it is made.
async fn sees_budgets(bench: &Bench) -> bool {
    let restart = Action::RolloutRestart {
        target: object(Kind::Deployment, "busybox"),
    };
    let survey = bench.survey(&restart).await;
    !matches!(survey, Err(SurveyError::Forbidden(text)) if text.contains("poddisruptionbudgets"))
}

async fn commands(bench: &Bench) {
    let flush = bench
        .run(exec("redis-primary", None, &["redis-cli", "FLUSHDB"]))
        .await;
    assert_eq!(done(&flush), "OK\n");
    let health = bench
        .run(exec(
            "api-gateway",
            None,
            &["curl", "-s", "localhost:8080/health"],
        ))
        .await;
    assert!(
        done(&health).contains("\"redis\":\"connected\"")
            || done(&health).contains("\"redis\": \"connected\"")
    );
    let three = bench
        .run(exec(
            "busybox",
            Some("main"),
            &["sh", "-c", "echo out; echo err >&2; exit 3"],
        ))
        .await;
    let Ended::Failed { reason, output } = &three else {
        panic!("{three:?}")
    };
    assert_eq!(
        (reason.as_str(), output.text.as_str(), output.errors.as_str()),
        ("exit code 3", "out\n", "err\n")
    );
    let missing = bench.run(exec("busybox", Some("main"), &["nosuchcmd"])).await;
    assert!(failed(&missing).contains("not started"), "{missing:?}");
    let large = bench
        .run(exec(
            "busybox",
            Some("main"),
            &["sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x"],
        ))
        .await;
    let Ended::Done { output } = &large else {
        panic!("{large:?}")
    };
    assert_eq!(output.whole.len(), 200_000);
    assert!(output.cut_bytes > 0 && output.text.len() <= 16 * 1024);
    let slow = bench
        .run_for(
            exec("busybox", Some("main"), &["sh", "-c", "echo begin; sleep 20"]),
            2,
        )
        .await;
    let Ended::Unknown { reason, output } = &slow else {
        panic!("{slow:?}")
    };
    assert!(reason.contains("may still be running"), "{reason}");
    assert_eq!(output.text, "begin\n");
}

async fn looks(bench: &Bench) {
    let table = bench.run(get(Kind::Pod, None, false)).await;
    assert!(
        done(&table).starts_with("NAME ") && done(&table).contains("redis-primary-"),
        "{table:?}"
    );
    let json = bench
        .run(get(Kind::Deployment, Some("redis-primary"), true))
        .await;
    let json: serde_json::Value = serde_json::from_str(done(&json)).expect("whole JSON");
    assert_eq!(json["metadata"]["name"], "redis-primary");
    let ticks = bench.run(logs("busybox", "sidecar")).await;
    assert!(done(&ticks).contains("tick "), "{ticks:?}");
    let described = bench
        .run(Action::Describe {
            target: object(Kind::Deployment, "api-gateway"),
        })
        .await;
    assert!(
        done(&described).contains("Replicas:     2 desired"),
        "{described:?}"
    );
    let through = bench
        .run(Action::RolloutStatus {
            target: object(Kind::Deployment, "api-gateway"),
        })
        .await;
    assert!(done(&through).contains("successfully rolled out"), "{through:?}");
}

async fn what_is_not_there(bench: &Bench) {
    let wrong = bench
        .survey(&exec("redis-primay", None, &["redis-cli", "PING"]))
        .await
        .expect_err("a typo");
    let SurveyError::NotThere(text) = &wrong else {
        panic!("{wrong:?}")
    };
    assert!(
        text.starts_with("namespace `production` has no deployment `redis-primay`; it has redis-primary"),
        "{text}"
    );
    let several = bench
        .survey(&exec("busybox", None, &["true"]))
        .await
        .expect("the first of two containers");
    let container = several
        .target
        .and_then(|target| target.container)
        .expect("a container");
    assert_eq!(
        (container.name.as_str(), container.beside),
        ("main", vec!["sidecar".to_owned()]),
        "the one that kubectl takes, with what stands beside it"
    );
    let secret_place = Action::Describe {
        target: object(Kind::Ingress, "x"),
    };
    let refused = bench
        .survey(&secret_place)
        .await
        .expect_err("no right to ingresses");
    assert!(
        matches!(&refused, SurveyError::Forbidden(text) if text.contains("ingresses")),
        "{refused:?}"
    );
}

async fn restart_and_undo(bench: &Bench) {
    let target = object(Kind::Deployment, "busybox");
    let restart = Action::RolloutRestart {
        target: target.clone(),
    };
    let survey = bench.survey(&restart).await.expect("a look");
    let approved = survey.target.expect("a target");
    assert_eq!(approved.replicas, 1);
    let restarted = bench.run_on(restart.clone(), &approved, 30).await;
    assert_eq!(done(&restarted), "deployment.apps/busybox restarted\n");
    let again = bench.run_on(restart, &approved, 30).await;
    assert!(failed(&again).starts_with("409: "), "{again:?}");
    let waited = bench
        .run_for(
            Action::RolloutStatus {
                target: target.clone(),
            },
            60,
        )
        .await;
    assert!(done(&waited).contains("successfully rolled out"), "{waited:?}");
    let undone = bench
        .run(Action::RolloutUndo {
            target: target.clone(),
            to_revision: None,
        })
        .await;
    assert!(
        done(&undone).starts_with("deployment.apps/busybox rolled back to revision"),
        "{undone:?}"
    );
    let waited = bench.run_for(Action::RolloutStatus { target }, 60).await;
    assert!(done(&waited).contains("successfully rolled out"), "{waited:?}");
}

async fn scale(bench: &Bench) {
    let target = object(Kind::Deployment, "api-gateway");
    for replicas in [3, 2] {
        let action = Action::Scale {
            target: target.clone(),
            replicas,
        };
        let approved = bench
            .survey(&action)
            .await
            .expect("a look")
            .target
            .expect("a target");
        let scaled = bench.run_on(action, &approved, 30).await;
        assert_eq!(
            done(&scaled),
            format!("deployment.apps/api-gateway scaled to {replicas}\n")
        );
        let waited = bench
            .run_for(
                Action::RolloutStatus {
                    target: target.clone(),
                },
                60,
            )
            .await;
        assert!(done(&waited).contains("successfully rolled out"), "{waited:?}");
    }
}

async fn delete_pod(bench: &Bench) {
    let pods = bench.run(get(Kind::Pod, None, true)).await;
    let pods: serde_json::Value = serde_json::from_str(done(&pods)).expect("whole JSON");
    let names = pods["items"].as_array().expect("items").iter();
    let names: Vec<&str> = names.filter_map(|pod| pod["metadata"]["name"].as_str()).collect();
    let name = names
        .iter()
        .find(|name| name.starts_with("api-gateway"))
        .expect("a pod of the gateway");
    let action = Action::DeletePod {
        target: object(Kind::Pod, name),
    };
    let mut approved = bench
        .survey(&action)
        .await
        .expect("a look")
        .target
        .expect("a target");
    let uid = std::mem::replace(&mut approved.uid, "another".to_owned());
    let refused = bench.run_on(action.clone(), &approved, 30).await;
    assert!(
        failed(&refused).contains("replaced since it was approved"),
        "{refused:?}"
    );
    approved.uid = uid;
    let deleted = bench.run_on(action, &approved, 30).await;
    assert_eq!(done(&deleted), format!("pod \"{name}\" deleted\n"));
    let waiting = Action::RolloutStatus {
        target: object(Kind::Deployment, "api-gateway"),
    };
    assert!(done(&bench.run_for(waiting, 60).await).contains("successfully rolled out"));
}

async fn stateful_and_daemon_sets(bench: &Bench) {
    for (kind, name) in [(Kind::StatefulSet, "store"), (Kind::DaemonSet, "agent")] {
        let target = object(kind, name);
        let restart = Action::RolloutRestart {
            target: target.clone(),
        };
        let approved = match bench.survey(&restart).await {
            Ok(survey) => survey.target.expect("a target"),
            Err(why) => {
                eprintln!("skipped: {why}: apply tests/cluster/sets.yaml to try it");
                continue;
            }
        };
        let waiting = || Action::RolloutStatus {
            target: target.clone(),
        };
        assert!(approved.replicas >= 1, "{approved:?}");
        assert!(done(&bench.run_on(restart, &approved, 30).await).ends_with(" restarted\n"));
        assert!(done(&bench.run_for(waiting(), 60).await).contains("roll"));
        let undone = bench
            .run(Action::RolloutUndo {
                target: target.clone(),
                to_revision: None,
            })
            .await;
        assert!(done(&undone).contains(" rolled back to revision"), "{undone:?}");
        assert!(done(&bench.run_for(waiting(), 60).await).contains("roll"));
        let live = bench.run(get(kind, Some(name), true)).await;
        let live: serde_json::Value = serde_json::from_str(done(&live)).expect("whole JSON");
        let annotations = &live["spec"]["template"]["metadata"]["annotations"];
        assert!(
            annotations["kubectl.kubernetes.io/restartedAt"].is_null(),
            "{annotations}"
        );
        let ran = Exec {
            target: target.clone(),
            container: None,
            argv: vec!["echo".into(), "here".into()],
        };
        assert_eq!(done(&bench.run(Action::Exec(ran)).await), "here\n");
    }
}
