//! Restart, undo, scale, delete pod and jobs: only to what was approved, once, and read back after a lost reply.

use interlock::domain::action::{Action, Columns, Get, Kind, ObjectRef};
use interlock::playground::cluster::{ClusterOptions, ClusterUser, FaultKind, Kind as Objects};
use interlock::ports::TargetState;

use crate::admin::Admin;
use crate::common::{done, failed, get, object, unknown};
use crate::yard::Yard;

async fn approved(yard: &Yard, action: &Action) -> TargetState {
    yard.survey(action)
        .await
        .expect("a look")
        .target
        .expect("a target")
}

fn restart(name: &str) -> Action {
    Action::RolloutRestart {
        target: object(Kind::Deployment, name),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_marked_and_a_second_one_of_the_same_approval_is_refused() {
    let yard = Yard::new().await;
    let action = restart("api-gateway");
    let target = approved(&yard, &action).await;
    let ended = yard.run_on(action.clone(), &target, 30).await;
    assert_eq!(done(&ended), "deployment.apps/api-gateway restarted\n");
    let live = yard.live(Objects::Deployment, "api-gateway");
    assert_eq!(
        live["metadata"]["annotations"]["interlock.dev/attempt"],
        "0123456789abcdef.INC-7.p1.s1.a1"
    );
    let stamp = &live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"];
    assert!(
        stamp.as_str().is_some_and(|stamp| stamp.ends_with('Z')),
        "{stamp}"
    );
    let again = yard.run_on(action, &target, 30).await;
    assert!(
        failed(&again).starts_with("409: the target changed since it was approved"),
        "{again:?}"
    );
    assert_eq!(yard.effects("patch"), 1);
    let through = yard
        .run(Action::RolloutStatus {
            target: object(Kind::Deployment, "api-gateway"),
        })
        .await;
    assert!(
        done(&through).ends_with("deployment \"api-gateway\" successfully rolled out\n"),
        "{through:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_read_back() {
    let yard = Yard::new().await;
    for fault in [FaultKind::CutAfterApply, FaultKind::FailAfterApply] {
        yard.fault("patch", "deployments", fault.clone());
        let ended = yard.run(restart("checkout")).await;
        assert!(done(&ended).contains("read back"), "{fault:?}: {ended:?}");
    }
    yard.fault("patch", "deployments", FaultKind::HangAfterApply);
    let ended = yard.run_for(restart("checkout"), 5).await;
    assert!(done(&ended).contains("read back"), "{ended:?}");
    assert_eq!(yard.effects("patch"), 3, "none was repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_without_evidence_stays_unknown() {
    let yard = Yard::new().await;
    yard.fault("patch", "deployments", FaultKind::CutBefore);
    let ended = yard.run(restart("checkout")).await;
    assert!(unknown(&ended).contains("may still come"), "{ended:?}");
    yard.fault(
        "patch",
        "deployments",
        FaultKind::Refuse {
            code: 504,
            message: "took too long".into(),
        },
    );
    let ended = yard.run(restart("checkout")).await;
    assert!(unknown(&ended).contains("took too long"), "{ended:?}");
    assert_eq!(yard.effects("patch"), 0, "a gateway's error is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_goes_back_to_the_template_before() {
    let yard = Yard::new().await;
    let image = |yard: &Yard| {
        let live = yard.live(Objects::Deployment, "checkout");
        live["spec"]["template"]["spec"]["containers"][0]["image"]
            .as_str()
            .expect("an image")
            .to_owned()
    };
    let before = image(&yard);
    yard.cluster.world().deploy(
        "production",
        "checkout",
        "registry.example/checkout:9.9.9",
        "a bad release",
    );
    let waiting = Action::RolloutStatus {
        target: object(Kind::Deployment, "checkout"),
    };
    done(&yard.run(waiting).await);
    let action = Action::RolloutUndo {
        target: object(Kind::Deployment, "checkout"),
        to_revision: None,
    };
    let target = approved(&yard, &action).await;
    let ended = yard.run_on(action.clone(), &target, 30).await;
    assert!(
        done(&ended).starts_with("deployment.apps/checkout rolled back to revision"),
        "{ended:?}"
    );
    assert_eq!(image(&yard), before);
    let live = yard.live(Objects::Deployment, "checkout");
    assert_eq!(
        live["metadata"]["annotations"]["interlock.dev/attempt"],
        "0123456789abcdef.INC-7.p1.s1.a2"
    );
    let again = yard.run_on(action, &target, 30).await;
    assert!(failed(&again).starts_with("409: "), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_to_a_revision_that_is_not_there_names_those_that_are() {
    let yard = Yard::new().await;
    let target = object(Kind::Deployment, "checkout");
    let ended = yard
        .run(Action::RolloutUndo {
            target,
            to_revision: Some(77),
        })
        .await;
    assert!(
        failed(&ended).contains("has no revision 77; it has "),
        "{ended:?}"
    );
    let target = object(Kind::Deployment, "redis-primary");
    let ended = yard
        .run(Action::RolloutUndo {
            target,
            to_revision: None,
        })
        .await;
    assert!(failed(&ended).contains("no earlier revision"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statefulset_is_undone_from_its_controller_revisions() {
    let yard = Yard::new().await;
    let target = object(Kind::StatefulSet, "session-store");
    done(
        &yard
            .run(Action::RolloutRestart {
                target: target.clone(),
            })
            .await,
    );
    done(
        &yard
            .run(Action::RolloutStatus {
                target: target.clone(),
            })
            .await,
    );
    let ended = yard
        .run(Action::RolloutUndo {
            target,
            to_revision: None,
        })
        .await;
    assert!(
        done(&ended).starts_with("statefulset.apps/session-store rolled back to revision"),
        "{ended:?}"
    );
    let live = yard.live(Objects::StatefulSet, "session-store");
    assert!(
        live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_null()
    );
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"][0]["image"],
        "registry.example/valkey:8.0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn scaling_sets_the_count_once_and_not_on_a_changed_object() {
    let yard = Yard::new().await;
    let action = Action::Scale {
        target: object(Kind::Deployment, "orders-worker"),
        replicas: 4,
    };
    let survey = yard.survey(&action).await.expect("a look");
    let target = survey.target.expect("a target");
    let ended = yard.run_on(action.clone(), &target, 30).await;
    assert_eq!(done(&ended), "deployment.apps/orders-worker scaled to 4\n");
    assert_eq!(
        yard.cluster.world().replicas_of("production", "orders-worker"),
        Some(4)
    );
    assert!(failed(&yard.run_on(action, &target, 30).await).starts_with("409: "));
    yard.fault("patch", "deployments/scale", FaultKind::CutAfterApply);
    let action = Action::Scale {
        target: object(Kind::Deployment, "orders-worker"),
        replicas: 2,
    };
    assert!(done(&yard.run(action).await).contains("read back"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_approved_pod_is_deleted_and_a_lost_reply_is_never_read_as_done() {
    let yard = Yard::new().await;
    let name = yard.cluster.world().pods_of("production", "api-gateway")[0]
        .name
        .clone();
    let action = Action::DeletePod {
        target: object(Kind::Pod, &name),
    };
    let target = approved(&yard, &action).await;
    let other = TargetState {
        uid: "another".into(),
        ..target.clone()
    };
    assert!(failed(&yard.run_on(action.clone(), &other, 30).await).contains("replaced"));
    assert_eq!(yard.effects("delete"), 0);
    let ended = yard.run_on(action, &target, 30).await;
    assert_eq!(done(&ended), format!("pod \"{name}\" deleted\n"));
    assert_eq!(yard.effects("delete"), 1);
    let name = yard.cluster.world().pods_of("production", "checkout")[0]
        .name
        .clone();
    yard.fault("delete", "pods", FaultKind::CutAfterApply);
    let ended = yard
        .run(Action::DeletePod {
            target: object(Kind::Pod, &name),
        })
        .await;
    assert!(unknown(&ended).contains("may be gone"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_created_once_for_an_attempt() {
    let yard = Yard::new().await;
    let from = object(Kind::CronJob, "cert-renewal");
    let action = Action::CreateJob {
        from: from.clone(),
        name: "renew-now".into(),
    };
    let order = yard.order(action, None, 10);
    let ended = yard.perform(order.clone()).await;
    assert_eq!(done(&ended), "job.batch/renew-now-i7p1s1a1-012345 created\n");
    let job = yard.live(Objects::Job, "renew-now-i7p1s1a1-012345");
    assert_eq!(
        job["metadata"]["annotations"]["interlock.dev/attempt"],
        "0123456789abcdef.INC-7.p1.s1.a1"
    );
    assert_eq!(
        job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"],
        "manual"
    );
    assert_eq!(job["metadata"]["ownerReferences"][0]["name"], "cert-renewal");
    let again = yard.perform(order).await;
    assert!(done(&again).contains("already"), "{again:?}");
    assert_eq!(yard.effects("create"), 1);
    yard.fault("create", "jobs", FaultKind::CutAfterApply);
    let ended = yard
        .run(Action::CreateJob {
            from,
            name: "renew-now".into(),
        })
        .await;
    assert!(done(&ended).contains("read back"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_read_as_kubectl_prints() {
    let yard = Yard::new().await;
    let table = yard
        .run(get(Kind::Deployment, Some("redis-primary"), false))
        .await;
    assert!(
        done(&table).starts_with("NAME            READY   UP-TO-DATE   AVAILABLE"),
        "{table:?}"
    );
    let Action::Get(named) = get(Kind::Deployment, None, false) else {
        panic!("a get")
    };
    let names = yard
        .run(Action::Get(Get {
            columns: Columns::Name,
            ..named
        }))
        .await;
    assert!(
        done(&names).contains("deployment.apps/redis-primary\n"),
        "{names:?}"
    );
    let json = yard.run(get(Kind::Pod, None, true)).await;
    let json: serde_json::Value = serde_json::from_str(done(&json)).expect("whole JSON");
    assert_eq!(
        (&json["kind"], &json["items"][0]["kind"]),
        (&"List".into(), &"Pod".into())
    );
    let described = yard
        .run(Action::Describe {
            target: object(Kind::Deployment, "checkout"),
        })
        .await;
    assert!(
        done(&described).contains("Replicas:     3 desired"),
        "{described:?}"
    );
    let admin = Admin::with(&yard.cluster.kubeconfig(ClusterUser::Admin)).await;
    let checkout = yard
        .cluster
        .world()
        .object(Objects::Deployment, "production", "checkout")
        .expect("it is there");
    for number in 0..230 {
        // The server gives them by name: the latest stands on the second page.
        let event = serde_json::json!({"metadata": {"name": format!("checkout.{number:03}")}, "reason": "Often", "type": "Normal",
            "involvedObject": {"kind": "Deployment", "name": "checkout", "uid": checkout["metadata"]["uid"]},
            "message": format!("for the {number}. time"), "count": 1, "lastTimestamp": format!("2126-01-01T00:{:02}:{:02}Z", number / 60, number % 60)});
        let (code, answer) = admin
            .send("POST", "/api/v1/namespaces/production/events", &event)
            .await;
        assert_eq!(code, 201, "{answer}");
    }
    let described = yard
        .run(Action::Describe {
            target: object(Kind::Deployment, "checkout"),
        })
        .await;
    assert!(
        done(&described).trim_end().ends_with("for the 229. time"),
        "{described:?}"
    );
    let missing = yard.run(get(Kind::Deployment, Some("nope"), false)).await;
    assert!(failed(&missing).contains("\"nope\" not found"), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_the_cluster_lacks_has_no_objects_and_an_error_is_no_empty_list() {
    let options = ClusterOptions {
        without_groups: vec!["policy".into()],
        ..Default::default()
    };
    let yard = Yard::of(options, ClusterUser::Interlock).await;
    let none = yard.run(get(Kind::PodDisruptionBudget, None, true)).await;
    let none: serde_json::Value = serde_json::from_str(done(&none)).expect("JSON");
    assert_eq!(none["items"], serde_json::json!([]));
    yard.fault(
        "list",
        "pods",
        FaultKind::Refuse {
            code: 500,
            message: "etcd is away".into(),
        },
    );
    let ended = yard.run(get(Kind::Pod, None, true)).await;
    assert!(failed(&ended).contains("etcd is away"), "{ended:?}");
    let elsewhere = ObjectRef {
        namespace: "kube-system".into(),
        ..object(Kind::Deployment, "coredns")
    };
    let ended = yard.run(Action::RolloutRestart { target: elsewhere }).await;
    assert!(failed(&ended).contains("forbidden"), "{ended:?}");
}
