//! Lists in pages and who wrote what: first the cluster double, held to what the real API server does, then Interlock's own look
//! at changes, which has to read every page.

use interlock::domain::ids::Namespace;
use interlock::evidence::kubernetes::{LookError, Part, Seen, Use, look};
use interlock::playground::cluster::{
    ClusterDouble, ClusterOptions, ClusterUser, Fault, FaultKind, FaultMatch, Kind as Objects, Speed,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::admin::{self, Admin};

const CONFIG_MAPS: &str = "/api/v1/namespaces/production/configmaps";
const CHECKOUT: &str = "/apis/apps/v1/namespaces/production/deployments/checkout";

async fn cluster() -> (ClusterDouble, Admin) {
    let options = ClusterOptions {
        speed: Speed::Stepped,
        ..ClusterOptions::default()
    };
    let cluster = ClusterDouble::start(options).await.unwrap();
    let admin = Admin::with(&cluster.kubeconfig(ClusterUser::Admin)).await;
    (cluster, admin)
}

async fn makes(admin: &Admin, name: &str) {
    let object =
        json!({"metadata": {"name": name, "labels": {"of": "these-tests"}}, "data": {"key": "value"}});
    let (code, answer) = admin.send("POST", CONFIG_MAPS, &object).await;
    assert_eq!(code, 201, "{answer}");
}

async fn lists(admin: &Admin, query: &str) -> (u16, Value) {
    admin
        .send("GET", &format!("{CONFIG_MAPS}?{query}"), &Value::Null)
        .await
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

fn rest(answer: &Value) -> &str {
    answer["metadata"]["continue"].as_str().unwrap_or("")
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_a_list_show_one_version_of_it() {
    let (_cluster, admin) = cluster().await;
    for name in ["a", "b", "c"] {
        makes(&admin, name).await;
    }
    let (_, first) = lists(&admin, "limit=2").await;
    assert_eq!(
        (names(&first), &first["metadata"]["remainingItemCount"]),
        (vec!["a", "api-gateway"], &json!(2))
    );
    makes(&admin, "bb").await;
    let (code, gone) = admin
        .send("DELETE", &format!("{CONFIG_MAPS}/c"), &Value::Null)
        .await;
    assert_eq!(code, 200, "{gone}");
    let (_, second) = lists(&admin, &format!("limit=2&continue={}", rest(&first))).await;
    assert_eq!((names(&second), rest(&second)), (vec!["b", "c"], ""));
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    assert_eq!(second["metadata"].get("remainingItemCount"), None);
    let (_, chosen) = lists(&admin, "limit=1&labelSelector=of%3Dthese-tests").await;
    assert_eq!((names(&chosen), rest(&chosen).is_empty()), (vec!["a"], false));
    assert_eq!(chosen["metadata"].get("remainingItemCount"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_list_that_was_compacted_is_gone_and_says_how_to_go_on() {
    let (cluster, admin) = cluster().await;
    for name in ["a", "b", "c"] {
        makes(&admin, name).await;
    }
    let (_, first) = lists(&admin, "limit=2").await;
    makes(&admin, "bb").await;
    cluster.world().compact();
    let (code, gone) = lists(&admin, &format!("limit=2&continue={}", rest(&first))).await;
    assert_eq!(
        (code, &gone["reason"], &gone["code"]),
        (410, &json!("Expired"), &json!(410))
    );
    let (code, second) = lists(&admin, &format!("limit=5&continue={}", rest(&gone))).await;
    assert_eq!((code, names(&second)), (200, vec!["b", "bb", "c"]));
    for (query, why) in [
        ("limit=many", "invalid syntax"),
        ("continue=nonsense", "continue key is not valid"),
        (
            &format!("continue={}&resourceVersion=1", rest(&first)),
            "not allowed when using continue",
        ),
    ] {
        let (code, refused) = lists(&admin, query).await;
        assert!(
            code == 400 && refused["message"].as_str().unwrap().contains(why),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_noted_with_its_manager_and_its_time() {
    let (cluster, admin) = cluster().await;
    let (_, mut object) = admin.send("GET", CHECKOUT, &Value::Null).await;
    object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example/checkout:2.16.0");
    object["metadata"]["managedFields"] = json!([]);
    let (code, _) = admin
        .send("PUT", &format!("{CHECKOUT}?fieldManager=kubectl-set"), &object)
        .await;
    assert_eq!(code, 200);
    cluster.advance(std::time::Duration::from_secs(60));
    let scale = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "checkout"}, "spec": {"replicas": 4}});
    let (code, answer) = admin
        .send(
            "PUT",
            &format!("{CHECKOUT}/scale?fieldManager=autoscaler"),
            &scale,
        )
        .await;
    assert_eq!(code, 200, "{answer}");
    let (_, now) = admin.send("GET", CHECKOUT, &Value::Null).await;
    let entries = now["metadata"]["managedFields"].as_array().unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry["manager"].as_str().unwrap(),
                entry["operation"].as_str().unwrap(),
                entry.get("subresource"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("kubectl-client-side-apply", "Update", None),
            ("kubectl-set", "Update", None),
            ("autoscaler", "Update", Some(&json!("scale")))
        ]
    );
    let own = &entries[1]["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"];
    assert_eq!(own, &json!({"k:{\"name\":\"checkout\"}": {"f:image": {}}}));
    assert!(entries[1]["time"].as_str().unwrap() < entries[2]["time"].as_str().unwrap());
}

async fn sees(cluster: &ClusterDouble) -> Seen {
    let client = admin::client_of(&cluster.kubeconfig(ClusterUser::Admin)).await;
    let after = Timestamp::now() - SignedDuration::from_mins(30);
    look(&client, &Namespace::new("production"), after).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_on_the_second_page_is_seen_too() {
    let (cluster, admin) = cluster().await;
    let metadata = |number: usize| json!({"name": format!("a{number:03}"), "namespace": "production"});
    let labels = json!({"of": "nobody"});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}});
    let set = |number| {
        json!({"metadata": metadata(number),
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}})
    };
    let config_map = |number| json!({"metadata": metadata(number), "data": {"key": "value"}});
    cluster
        .world()
        .plant(Objects::ConfigMap, (0..510).map(config_map).collect());
    cluster
        .world()
        .plant(Objects::ReplicaSet, (0..510).map(set).collect());
    makes(&admin, "zz-settings").await;
    let (_, mut object) = admin.send("GET", CHECKOUT, &Value::Null).await;
    object["spec"]["template"]["spec"]["volumes"] =
        json!([{"name": "z", "configMap": {"name": "zz-settings"}}]);
    let (code, answer) = admin
        .send("PUT", &format!("{CHECKOUT}?fieldManager=kubectl-edit"), &object)
        .await;
    assert_eq!(code, 200, "{answer}");
    let seen = sees(&cluster).await;
    assert_eq!(seen.unread, []);
    let rolled_out: Vec<_> = seen
        .rollouts
        .iter()
        .filter(|rollout| rollout.by.is_some() && rollout.newest)
        .map(|rollout| {
            (
                rollout.workload.name.as_str(),
                rollout.by.as_ref().unwrap().to_string(),
            )
        })
        .collect();
    assert!(
        rolled_out.contains(&("checkout", "field manager kubectl-edit".to_owned())),
        "{rolled_out:?}"
    );
    let written: Vec<_> = seen
        .config_maps
        .iter()
        .map(|one| (one.name.as_str(), one.users[0].0.name.as_str(), one.users[0].1))
        .collect();
    assert_eq!(written, [("zz-settings", "checkout", Use::Mounted)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_forgotten_while_it_is_read_is_begun_again_once() {
    let (cluster, _admin) = cluster().await;
    let forget = |times| Fault {
        on: FaultMatch {
            verb: Some("list".to_owned()),
            resource: Some("configmaps".to_owned()),
            ..FaultMatch::default()
        },
        kind: FaultKind::Refuse {
            code: 410,
            message: "The provided continue parameter is too old to display a consistent list result."
                .to_owned(),
        },
        times: Some(times),
    };
    cluster.faults().add(forget(1));
    assert_eq!(sees(&cluster).await.unread, []);
    cluster.faults().add(forget(2));
    assert_eq!(
        sees(&cluster).await.unread,
        [(Part::ConfigMaps, LookError::Forgotten)]
    );
}
