//! The look before a step: what it would touch, and clear words when it can't be told.

use interlock::domain::action::{Action, Exec, Kind, ObjectRef};
use interlock::playground::cluster::FaultKind;
use interlock::ports::SurveyError;

use crate::common::{get, object};
use crate::yard::Yard;

#[tokio::test(flavor = "multi_thread")]
async fn a_look_tells_the_pods_that_are_there_now() {
    let yard = Yard::new().await;
    let survey = yard
        .survey(&Action::RolloutRestart {
            target: object(Kind::Deployment, "checkout"),
        })
        .await;
    let survey = survey.expect("a look");
    let target = survey.target.expect("a target");
    assert_eq!((target.replicas, target.ready), (3, 3));
    assert_eq!(target.images, ["registry.example/checkout:2.14.0"]);
    assert!(!target.uid.is_empty() && target.generation > 0);
    assert!(yard.cluster.effects().is_empty(), "a look changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_with_what_is() {
    let yard = Yard::new().await;
    let target = object(Kind::Deployment, "redis-primay");
    let error = yard
        .survey(&Action::Describe { target })
        .await
        .expect_err("a typo");
    let SurveyError::NotThere(text) = &error else {
        panic!("{error:?}")
    };
    assert!(
        text.starts_with("namespace `production` has no deployment `redis-primay`; it has redis-primary, "),
        "{text}"
    );
    let target = ObjectRef {
        cluster: "staging".into(),
        ..object(Kind::Deployment, "x")
    };
    let error = yard
        .survey(&Action::Describe { target })
        .await
        .expect_err("no such cluster");
    assert_eq!(
        error,
        SurveyError::NotThere("cluster `staging` is not configured; configured are `main`".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_container_is_chosen_as_kubectl_chooses_it() {
    let yard = Yard::new().await;
    let target = ObjectRef {
        namespace: "staging".into(),
        ..object(Kind::Deployment, "busybox")
    };
    let exec = |container: Option<&str>| {
        Action::Exec(Exec {
            target: target.clone(),
            container: container.map(str::to_owned),
            argv: vec!["true".into()],
        })
    };
    let first = yard.survey(&exec(None)).await.expect("the first of two");
    let container = first.target.expect("a target").container.expect("a container");
    assert_eq!(
        (container.name.as_str(), container.beside),
        ("main", vec!["sidecar".to_owned()])
    );
    let error = yard
        .survey(&exec(Some("nope")))
        .await
        .expect_err("no such container")
        .to_string();
    assert!(
        error.contains("no container `nope`; it has main, sidecar"),
        "{error}"
    );
    assert!(yard.survey(&exec(Some("sidecar"))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_name_verb_resource_and_namespace() {
    let yard = Yard::new().await;
    let target = ObjectRef {
        namespace: "kube-system".into(),
        ..object(Kind::Deployment, "coredns")
    };
    let error = yard
        .survey(&Action::RolloutRestart { target })
        .await
        .expect_err("no right");
    let SurveyError::Forbidden(text) = &error else {
        panic!("{error:?}")
    };
    for part in [
        "cannot get",
        "\"deployments\"",
        "\"kube-system\"",
        "cluster `main`",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_does_not_answer_is_unreachable_within_five_seconds() {
    let yard = Yard::new().await;
    let action = get(Kind::Deployment, Some("checkout"), true);
    yard.fault("get", "deployments", FaultKind::Hang);
    let started = std::time::Instant::now();
    let error = yard.survey(&action).await.expect_err("no answer");
    assert!(matches!(error, SurveyError::Unreachable(_)), "{error:?}");
    // Five on a machine with nothing else to do; the client's own patience is far longer.
    assert!(started.elapsed().as_secs_f32() < 20.0);
    yard.cluster.faults().api_down();
    let error = yard.survey(&action).await.expect_err("nobody listens");
    assert!(matches!(error, SurveyError::Unreachable(_)), "{error:?}");
    yard.cluster.faults().api_up();
    assert!(yard.survey(&action).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_credentials_are_read_after_the_old_ones_were_refused() {
    let yard = Yard::new().await;
    let action = get(Kind::Deployment, Some("checkout"), true);
    let good = yard.kubeconfig();
    yard.write_kubeconfig(&good.replace("token: ", "token: x"));
    let error = yard.survey(&action).await.expect_err("a token that nobody has");
    assert!(
        matches!(&error, SurveyError::Forbidden(text) if text.contains("credentials")),
        "{error:?}"
    );
    yard.write_kubeconfig(&good);
    assert!(yard.survey(&action).await.is_ok());
}
