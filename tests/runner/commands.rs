//! Exec: only the Status frame tells how it ended.

use std::time::Duration;

use interlock::domain::action::{Action, Exec, Filter, Kind};
use interlock::playground::cluster::{ClusterOptions, ClusterUser, FaultKind, Output, ServerFlavour};
use interlock::ports::{Ended, Order};

use crate::common::{done, failed, object, unknown};
use crate::yard::Yard;

fn exec(kind: Kind, name: &str, argv: &[&str]) -> Action {
    let argv = argv.iter().map(|part| (*part).to_owned()).collect();
    Action::Exec(Exec {
        target: object(kind, name),
        container: None,
        argv,
    })
}

pub fn redis(argv: &[&str]) -> Action {
    exec(Kind::Deployment, "redis-primary", argv)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_redis_runbooks_command_runs_once_and_is_done() {
    for flavour in [
        ServerFlavour::V136,
        ServerFlavour::V130,
        ServerFlavour::V129,
        ServerFlavour::V120,
    ] {
        let yard = Yard::of(
            ClusterOptions {
                flavour,
                ..Default::default()
            },
            ClusterUser::Interlock,
        )
        .await;
        let flushed = yard.run(redis(&["redis-cli", "FLUSHDB"])).await;
        assert_eq!(done(&flushed), "OK\n", "{flavour:?}");
        assert_eq!(yard.effects("exec"), 1);
        let effect = yard
            .cluster
            .effects()
            .into_iter()
            .find(|effect| effect.verb == "exec")
            .expect("an exec");
        assert_eq!(
            effect.audit_id, "0123456789abcdef.INC-7.p1.s1.a1",
            "the attempt can be found in the server's audit log"
        );
        let missing = yard.run(redis(&["nosuchcmd"])).await;
        assert!(
            failed(&missing).starts_with("the command was not started"),
            "{flavour:?}: {missing:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_code_is_a_failure_with_both_streams_kept() {
    let yard = Yard::new().await;
    let output = Output {
        stdout: b"out\n".to_vec(),
        stderr: b"oops\n".to_vec(),
        exit_code: 3,
        ..Output::default()
    };
    yard.script("redis-primary", &["check"], output);
    let ended = yard.run(redis(&["check"])).await;
    let Ended::Failed { reason, output } = &ended else {
        panic!("{ended:?}")
    };
    assert_eq!(reason, "exit code 3");
    assert_eq!(
        (output.text.as_str(), output.errors.as_str()),
        ("out\n", "oops\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_at_any_frame_is_unknown_and_keeps_what_came() {
    let yard = Yard::new().await;
    let output = Output {
        stdout: b"out\n".to_vec(),
        stderr: b"err\n".to_vec(),
        ..Output::default()
    };
    yard.script("redis-primary", &["work"], output);
    for frames in 1..=3 {
        yard.fault("get", "pods/exec", FaultKind::CutAfterFrames(frames));
        let ended = yard.run(redis(&["work"])).await;
        assert!(
            unknown(&ended).contains("may still be running"),
            "{frames}: {ended:?}"
        );
        let Ended::Unknown { output, .. } = &ended else {
            panic!("{ended:?}")
        };
        assert_eq!(output.text == "out\n", frames >= 2, "{frames}: {output:?}");
        assert_eq!(output.errors == "err\n", frames >= 3, "{frames}: {output:?}");
    }
    assert_eq!(yard.effects("exec"), 3, "each was run once and none was repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_status_in_time_is_unknown_whether_the_server_is_silent_or_the_command_slow() {
    let yard = Yard::new().await;
    yard.script("redis-primary", &["work"], Output::stdout("begin\n"));
    for fault in [
        FaultKind::HangAfterFrames(2),
        FaultKind::HangAfterApply,
        FaultKind::Hang,
    ] {
        yard.fault("get", "pods/exec", fault.clone());
        let started = std::time::Instant::now();
        let ended = yard.run_for(redis(&["work"]), 1).await;
        assert!(unknown(&ended).contains("may"), "{fault:?}: {ended:?}");
        assert!(
            started.elapsed().as_secs_f32() < 15.0,
            "{fault:?}: its second ended it"
        );
        if matches!(fault, FaultKind::HangAfterFrames(_)) {
            let Ended::Unknown { output, .. } = &ended else {
                panic!("{ended:?}")
            };
            assert_eq!(output.text, "begin\n");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_error_before_the_command_is_unknown_and_a_refusal_is_a_failure() {
    let yard = Yard::new().await;
    yard.fault(
        "get",
        "pods/exec",
        FaultKind::Refuse {
            code: 503,
            message: "overloaded".into(),
        },
    );
    let ended = yard.run(redis(&["redis-cli", "PING"])).await;
    assert!(unknown(&ended).contains("overloaded"), "{ended:?}");
    yard.fault(
        "get",
        "pods/exec",
        FaultKind::Refuse {
            code: 429,
            message: "too many".into(),
        },
    );
    let ended = yard.run(redis(&["redis-cli", "PING"])).await;
    assert!(failed(&ended).contains("too many"), "{ended:?}");
    assert_eq!(yard.effects("exec"), 0, "neither was tried again");
    yard.cluster.faults().api_down();
    let ended = yard.run(redis(&["redis-cli", "PING"])).await;
    // A connection that was kept may be used once more for the look before the command, and break.
    let reason = failed(&ended);
    assert!(
        reason.contains("nothing was sent") || reason.contains("the reply was lost"),
        "{ended:?}"
    );
    assert_eq!(yard.effects("exec"), 0, "the command was never sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_exec_the_server_is_quoted() {
    let yard = Yard::of(ClusterOptions::default(), ClusterUser::NoExec).await;
    let ended = yard.run(redis(&["redis-cli", "PING"])).await;
    assert!(
        failed(&ended).contains("cannot get resource \"pods/exec\""),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statefulset_is_followed_to_the_same_pod_each_time() {
    let yard = Yard::new().await;
    for _ in 0..3 {
        yard.run(exec(Kind::StatefulSet, "session-store", &["true"]))
            .await;
    }
    let effects = yard.cluster.effects();
    let pods: Vec<&str> = effects
        .iter()
        .filter(|one| one.verb == "exec")
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(pods, ["session-store-0"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_replaced_since_it_was_approved_is_left_alone() {
    let yard = Yard::new().await;
    let action = redis(&["redis-cli", "FLUSHDB"]);
    let mut approved = yard
        .survey(&action)
        .await
        .expect("a look")
        .target
        .expect("a target");
    approved.uid = "11111111-2222-3333-4444-555555555555".into();
    let ended = yard.run_on(action, &approved, 30).await;
    assert!(
        failed(&ended).starts_with("the target was replaced since it was approved"),
        "{ended:?}"
    );
    assert_eq!(yard.effects("exec"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_in_the_output_are_taken_out_before_anything_else_sees_them() {
    let yard = Yard::new().await;
    let text = "password=hunter2 token=our-own-secret done\n";
    yard.script(
        "redis-primary",
        &["env"],
        Output {
            stderr: text.into(),
            ..Output::stdout(text)
        },
    );
    let ended = yard.run(redis(&["env"])).await;
    let Ended::Done { output } = &ended else {
        panic!("{ended:?}")
    };
    for part in [&output.text, &output.whole, &output.errors] {
        assert!(
            !part.contains("hunter2") && !part.contains("our-own-secret") && part.contains("done"),
            "{part}"
        );
    }
}

/// Whoever prints a Secret has told us its values: they come out of nothing that any command says later.
#[tokio::test(flavor = "multi_thread")]
async fn the_values_of_a_secret_that_was_printed_are_taken_out_then_and_later() {
    let yard = Yard::new().await;
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  dsn: a1Y5LWNhbmFyeS1ob3JzZS03Nw==\n  stage: cHJvZHVjdGlvbg==\n";
    let later = "in production it is kV9-canary-horse-77, as a1Y5LWNhbmFyeS1ob3JzZS03Nw== says\n";
    yard.script("redis-primary", &["before"], Output::stdout(later));
    yard.script("redis-primary", &["print"], Output::stdout(secret));
    yard.script("redis-primary", &["after"], Output::stdout(later));
    assert_eq!(
        done(&yard.run(redis(&["before"])).await),
        later,
        "nobody knows it yet"
    );
    let printed = yard.run(redis(&["print"])).await;
    assert_eq!(
        done(&printed),
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  dsn: [redacted: Kubernetes secret]\n  stage: [redacted: Kubernetes secret]\n"
    );
    let after = yard.run(redis(&["after"])).await;
    assert_eq!(
        done(&after),
        "in production it is [redacted: Kubernetes secret], as [redacted: Kubernetes secret] says\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_mebibyte_of_output_does_not_hold_the_command_up() {
    let yard = Yard::new().await;
    yard.script(
        "redis-primary",
        &["dump"],
        Output::stdout(format!("the beginning\n{}the end\n", "between\n".repeat(400_000))),
    );
    let ended = yard.run(redis(&["dump"])).await;
    let Ended::Done { output } = &ended else {
        panic!("{ended:?}")
    };
    let whole = &output.whole;
    assert!(whole.starts_with("the beginning\n") && whole.ends_with("\nthe end\n"));
    assert!(whole.contains(" bytes dropped: only the first and the last of 1 MiB are kept]\n"));
    assert!(output.text.starts_with("the beginning\n") && output.text.ends_with("\nthe end\n"));
    assert!(output.text.len() <= 16 * 1024 && output.cut_bytes > 900_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_cluster_fails_and_says_which_there_are() {
    let yard = Yard::new().await;
    let mut target = object(Kind::Deployment, "redis-primary");
    target.cluster = "staging".into();
    let action = Action::Exec(Exec {
        target,
        container: None,
        argv: vec!["true".into()],
    });
    let order = yard.order(action, None, 5);
    let ended = yard.perform(order).await;
    assert!(
        failed(&ended).contains("cluster `staging` is not configured; configured are `main`"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_fail_and_the_next_attempt_reads_them_anew() {
    let yard = Yard::new().await;
    let good = yard.kubeconfig();
    yard.write_kubeconfig(&good.replace("token: ", "token: x"));
    let ended = yard.run(redis(&["redis-cli", "PING"])).await;
    assert!(
        failed(&ended).contains("does not accept our credentials"),
        "{ended:?}"
    );
    yard.write_kubeconfig(&good);
    assert_eq!(done(&yard.run(redis(&["redis-cli", "PING"])).await), "PONG\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_output_is_filtered_and_compared_as_the_runbook_says() {
    let yard = Yard::new().await;
    yard.script(
        "redis-primary",
        &["health"],
        Output::stdout("redis: connected\nqueue: down\n"),
    );
    let grep = |pattern: &str| Filter::Grep {
        pattern: pattern.into(),
        fixed: true,
        extended: false,
        ignore_case: false,
        invert: false,
        count: false,
    };
    let order = yard.order(redis(&["health"]), None, 10);
    let ended = yard
        .perform(Order {
            filters: vec![grep("redis")],
            ..order.clone()
        })
        .await;
    assert!(
        matches!(&ended, Ended::Done { output } if output.text == "redis: connected\n"),
        "{ended:?}"
    );
    let ended = yard
        .perform(Order {
            filters: vec![grep("refused")],
            ..order
        })
        .await;
    assert!(
        matches!(ended, Ended::Failed { .. }),
        "a grep that finds nothing fails: {ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suspended_after_the_start_was_recorded_does_nothing_when_it_wakes() {
    const HOURS: Duration = Duration::from_secs(3 * 3_600);
    let yard = Yard::new().await;
    let old = yard.order(redis(&["redis-cli", "FLUSHDB"]), None, 10);
    yard.later(HOURS);
    let why = yard.perform(old).await;
    assert!(
        failed(&why).starts_with(
            "the command was not started: nothing was sent: Interlock was held up for 10800 s after"
        ),
        "{why:?}"
    );
    // At the last moment: the target was looked at, and the command had not left.
    for action in [
        redis(&["redis-cli", "FLUSHDB"]),
        Action::RolloutRestart {
            target: object(Kind::Deployment, "redis-primary"),
        },
    ] {
        yard.fault("get", "deployments", FaultKind::Latency(1_000));
        let order = yard.order(action, None, 10);
        let sleeps = async {
            while !yard.cluster.faults().list().is_empty() {
                tokio::task::yield_now().await;
            }
            yard.later(HOURS);
        };
        let (why, ()) = tokio::join!(yard.perform(order), sleeps);
        assert!(failed(&why).contains("Interlock was held up for 108"), "{why:?}");
    }
    assert_eq!((yard.effects("exec"), yard.effects("patch")), (0, 0));
    // A start that is recorded now is a fresh one.
    let flushed = yard.run(redis(&["redis-cli", "FLUSHDB"])).await;
    assert_eq!(done(&flushed), "OK\n");
}
