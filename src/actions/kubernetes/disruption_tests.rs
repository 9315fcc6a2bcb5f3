//! Budgets as servers of different ages write them, and rollouts as their strategies do.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use kube::client::Body;
use serde_json::json;

use super::*;

/// A server that has only this version of the API, or none.
fn server(version: Option<&'static str>, list: Value) -> Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let served = version.is_some_and(|version| {
            request.uri().path()
                == format!("/apis/policy/{version}/namespaces/production/poddisruptionbudgets")
        });
        let (status, body) = if served {
            (StatusCode::OK, list.to_string())
        } else {
            (StatusCode::NOT_FOUND, "404 page not found\n".to_owned())
        };
        let mut response = Response::new(Body::from(body.into_bytes()));
        *response.status_mut() = status;
        std::future::ready(Ok::<_, Infallible>(response))
    });
    Client::new(service, "production")
}

fn list(selector: Value) -> Value {
    let budget = json!({"metadata": {"name": "api", "generation": 1}, "spec": {"minAvailable": "50%", "selector": selector},
        "status": {"observedGeneration": 1, "currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1, "expectedPods": 2}});
    json!({"kind": "PodDisruptionBudgetList", "apiVersion": "policy/v1", "metadata": {}, "items": [budget]})
}

async fn names(version: Option<&'static str>, selector: Value) -> Vec<String> {
    let object = ObjectRef {
        cluster: "main".into(),
        namespace: "production".into(),
        kind: Kind::Pod,
        name: "api-1".to_owned(),
    };
    let live: DynamicObject =
        serde_json::from_value(json!({"metadata": {"labels": {"app": "api"}}})).unwrap();
    let client = server(version, list(selector));
    let deadline = Instant::now() + Duration::from_secs(5);
    let found = budgets(&client, &object, &live, deadline).await.unwrap();
    let counted = Counted {
        healthy: 2,
        desired: 1,
        allowed: 1,
        expected: 2,
    };
    for one in &found {
        assert_eq!(one.keeps, Keeps::AtLeast(Portion::Percent(50)));
        assert_eq!(one.counted, Some(counted));
    }
    found.into_iter().map(|one| one.name).collect()
}

#[tokio::test]
async fn an_old_server_is_asked_in_its_own_version_and_one_without_the_api_has_none() {
    let mine = json!({"matchLabels": {"app": "api"}});
    assert_eq!(names(Some("v1"), mine.clone()).await, ["api"]);
    assert_eq!(names(Some("v1beta1"), mine.clone()).await, ["api"]);
    assert_eq!(names(None, mine).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_selector_covers_what_kubernetes_says_it_does_and_an_unreadable_one_everything() {
    let none = Vec::<String>::new();
    assert_eq!(
        names(Some("v1"), json!({"matchLabels": {"app": "web"}})).await,
        none
    );
    assert_eq!(names(Some("v1"), json!({})).await, ["api"]);
    assert_eq!(names(Some("v1beta1"), json!({})).await, none);
    assert_eq!(names(Some("v1"), Value::Null).await, none);
    let among = |operator: &str| json!({"matchExpressions": [{"key": "app", "operator": operator, "values": ["api"]}]});
    assert_eq!(names(Some("v1"), among("In")).await, ["api"]);
    assert_eq!(names(Some("v1"), among("NotIn")).await, none);
    assert_eq!(names(Some("v1"), among("Like")).await, ["api"]);
}

#[test]
fn what_the_controller_has_not_counted_is_not_counted() {
    let mut one: DynamicObject = serde_json::from_value(list(json!({}))["items"][0].clone()).unwrap();
    one.metadata.generation = Some(2);
    assert_eq!(budget(&one).counted, None);
    one.data = json!({"spec": {"maxUnavailable": "many"}});
    let read = budget(&one);
    assert_eq!((read.keeps, read.counted), (Keeps::All, None));
}

#[test]
fn a_rollout_takes_away_what_its_strategy_says() {
    let deployment = |strategy: Value| {
        at_once(
            Kind::Deployment,
            &json!({"spec": {"replicas": 5, "strategy": strategy}}),
        )
    };
    assert_eq!(deployment(json!({"type": "Recreate"})), Some(5));
    assert_eq!(deployment(json!({})), Some(1), "a quarter of five, rounded down");
    assert_eq!(
        deployment(json!({"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}})),
        Some(0)
    );
    assert_eq!(
        deployment(json!({"rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 0}})),
        Some(1)
    );
    assert_eq!(
        deployment(json!({"rollingUpdate": {"maxUnavailable": "lots"}})),
        None
    );
    let set = |strategy: Value| {
        at_once(
            Kind::StatefulSet,
            &json!({"spec": {"replicas": 5, "updateStrategy": strategy}}),
        )
    };
    assert_eq!(set(json!({"type": "OnDelete"})), Some(0));
    assert_eq!(set(json!({"type": "RollingUpdate"})), Some(1));
    let daemons = json!({"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "50%"}}}, "status": {"desiredNumberScheduled": 5}});
    assert_eq!(
        at_once(Kind::DaemonSet, &daemons),
        Some(3),
        "half of five, rounded up"
    );
}
