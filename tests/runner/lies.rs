//! Between Interlock and a cluster stand balancers, proxies and runtimes that say more than they know. What they say counts for what it
//! is: no answer about something else proves that a change was made, and nothing that has printed a word was never started.

use interlock::domain::action::{Action, Kind};
use interlock::playground::cluster::{FaultKind, Output};
use interlock::ports::Ended;

use crate::commands::redis;
use crate::common::{done, failed, get, object, unknown};
use crate::yard::Yard;

/// What is no answer to any change.
const NO_ANSWERS: [&str; 3] = [
    "{}",
    r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}"#,
    r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"another","uid":"0"},"spec":{}}"#,
];

fn says(applied: bool, body: &str) -> FaultKind {
    FaultKind::Answer {
        applied,
        code: 200,
        body: body.to_owned(),
    }
}

fn restart() -> Action {
    Action::RolloutRestart {
        target: object(Kind::Deployment, "checkout"),
    }
}

fn scale(replicas: u32) -> Action {
    Action::Scale {
        target: object(Kind::Deployment, "checkout"),
        replicas,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_printed_something_has_run_whatever_is_said_of_it_afterwards() {
    let yard = Yard::new().await;
    yard.script("redis-primary", &["prune"], Output::stdout("deleted 100 keys\n"));
    for words in [
        "dial unix /run/containerd/containerd.sock: connect: connection refused",
        "container not found (\"redis\")",
        "OCI runtime exec failed: exec failed: unable to start container process",
    ] {
        yard.fault("get", "pods/exec", FaultKind::EndWithFailure(words.to_owned()));
        let ended = yard.run(redis(&["prune"])).await;
        assert!(
            unknown(&ended).contains("may still be running"),
            "{words}: {ended:?}"
        );
        let Ended::Unknown { output, .. } = &ended else {
            panic!("{ended:?}")
        };
        assert_eq!(output.text, "deleted 100 keys\n");
    }
    // It printed nothing, and the runtime's socket says nothing of whether it ran.
    yard.script("redis-primary", &["quiet"], Output::stdout(""));
    let socket = "containerd.sock: connect: connection refused".to_owned();
    yard.fault("get", "pods/exec", FaultKind::EndWithFailure(socket));
    unknown(&yard.run(redis(&["quiet"])).await);
    // Nor does who gave up waiting, whatever it quotes.
    let late = FaultKind::Refuse {
        code: 504,
        message: "timed out; last: executable file not found".to_owned(),
    };
    yard.fault("get", "pods/exec", late);
    unknown(&yard.run(redis(&["quiet"])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_something_else_is_no_proof_of_a_change() {
    let yard = Yard::new().await;
    for body in NO_ANSWERS {
        for (action, resource) in [(restart(), "deployments"), (scale(9), "deployments/scale")] {
            yard.fault("patch", resource, says(false, body));
            let ended = yard.run(action).await;
            assert!(
                unknown(&ended).contains("does not show the change yet"),
                "{body}: {ended:?}"
            );
        }
        yard.fault("patch", "deployments", says(true, body));
        let ended = yard.run(restart()).await;
        assert!(done(&ended).contains("read back"), "{body}: {ended:?}");
    }
    assert_eq!((yard.effects("patch"), yard.effects("scale")), (3, 0));
    let two = r#"{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"checkout"},"spec":{"replicas":2}}"#;
    yard.fault("patch", "deployments/scale", says(false, two));
    let ended = yard.run(scale(9)).await;
    assert!(
        unknown(&ended).contains("does not show the change yet"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_and_no_pod_that_goes_is_taken_from_an_answer_about_something_else() {
    let yard = Yard::new().await;
    let job = Action::CreateJob {
        from: object(Kind::CronJob, "cert-renewal"),
        name: "renew-now".to_owned(),
    };
    yard.fault("create", "jobs", says(false, "{}"));
    unknown(&yard.run(job).await);
    let pods = yard.cluster.world().pods_of("production", "checkout");
    yard.fault("delete", "pods", says(false, "{}"));
    let target = object(Kind::Pod, &pods[0].name);
    unknown(&yard.run(Action::DeletePod { target }).await);
    assert_eq!((yard.effects("create"), yard.effects("delete")), (0, 0));
}

/// A balancer that sends a write twice has the second one refused for the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_with_our_own_change_is_that_change() {
    let yard = Yard::new().await;
    let conflict = FaultKind::Answer {
        applied: true,
        code: 409,
        body: r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Conflict","code":409,"message":"the object has been modified"}"#.to_owned(),
    };
    yard.fault("patch", "deployments", conflict);
    let ended = yard.run(restart()).await;
    assert!(done(&ended).contains("read back"), "{ended:?}");
    assert_eq!(yard.effects("patch"), 1);
}

/// What counts the items of an answer finds none in one that has no items.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_what_was_asked_for_does_not_say_that_there_is_none() {
    let yard = Yard::new().await;
    for body in NO_ANSWERS
        .into_iter()
        .chain([r#"{"kind":"PodList","apiVersion":"v1"}"#])
    {
        for json in [true, false] {
            yard.fault("list", "pods", says(false, body));
            let ended = yard.run(get(Kind::Pod, None, json)).await;
            assert!(
                failed(&ended).contains("the answer is not about the pods"),
                "{body}: {ended:?}"
            );
        }
    }
    for body in NO_ANSWERS {
        yard.fault("get", "deployments", says(false, body));
        let ended = yard.run(get(Kind::Deployment, Some("checkout"), true)).await;
        assert!(
            failed(&ended).contains("the answer is not about"),
            "{body}: {ended:?}"
        );
    }
    // An old server's empty list.
    yard.fault(
        "list",
        "pods",
        says(
            false,
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":null}"#,
        ),
    );
    assert!(done(&yard.run(get(Kind::Pod, None, true)).await).contains("\"items\": []"));
}
