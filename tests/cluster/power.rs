//! The roles that `interlock rbac` prints, on a real API server: enough for the runbook beside this file, and for nothing else.

use std::path::Path;

use interlock::actions::http::HttpSettings;
use interlock::actions::kubernetes::clusters::ClusterSettings;
use interlock::actions::kubernetes::tokens::Account;
use interlock::app;
use interlock::config::Settings;
use interlock::domain::action::Tier;
use serde_json::{Value, json};

use crate::admin::{Admin, client_of, send};
use crate::common::Bench;
use crate::rights::{actions, forbidden, is_forbidden, tiers};

const RUNBOOKS: &str = "tests/cluster/runbooks";
const SETTINGS: &str = r#"
[kubernetes.clusters.main]
kubeconfig = "unused"
[[environments]]
name = "production"
cluster = "main"
namespaces = ["production"]
[[approvers]]
tiers = [0, 1, 2]
environments = ["production"]
groups = ["@sre"]
"#;

pub async fn the_printed_roles_are_enough_and_no_more(kubeconfig: &Path) {
    let admin = Admin::with(&std::fs::read_to_string(kubeconfig).expect("a kubeconfig")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("interlock.toml");
    std::fs::write(&file, SETTINGS).expect("written");
    let settings = Settings::load(Some(&file), std::iter::empty()).expect("settings");
    let power = app::power(&settings, Path::new(RUNBOOKS), "main".into(), "interlock").expect("runbooks");
    // The cluster's own account has a role of the same name, which the rest of the test and the next run need.
    let before = admin.kept(&power.objects()).await;
    let policies = admin.grant(&power.objects()).await;
    println!(
        "{} objects granted, {policies} of them admission policies",
        power.objects().len()
    );

    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, admin.kubeconfig("interlock").await).expect("written");
    let account = |(tier, account): (u8, String)| {
        let (namespace, name) = account.split_once('/').expect("an account");
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        (Tier::try_from(tier).expect("a tier"), Account { namespace, name })
    };
    let clusters = ClusterSettings {
        kubeconfig: Some(path),
        tier_accounts: power.tier_accounts().map(account).collect(),
        ..ClusterSettings::default()
    };
    let bench = Bench::of(clusters, HttpSettings::default());
    let catalog = app::open_runbooks(Path::new(RUNBOOKS))
        .expect("runbooks")
        .current();
    let mut ran = 0;
    for loaded in catalog.loaded() {
        for (what, action) in actions(&loaded.runbook) {
            bench
                .survey(&action)
                .await
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let tiers = tiers(&power, &loaded.runbook, &what);
            assert!(!tiers.is_empty(), "{what} has no right");
            for tier in tiers {
                let mut order = bench.order(action.clone(), None, 120);
                order.tier = tier;
                let ended = bench.perform(order).await;
                assert!(!is_forbidden(&ended), "{what}: {ended:?}");
                ran += 1;
            }
        }
    }
    let tried = refused(&admin, policies > 0).await;
    admin.take_away("production").await;
    let own = client_of(&admin.kubeconfig("interlock").await).await;
    let look = "/apis/apps/v1/namespaces/production/deployments/api-gateway";
    assert_eq!(
        send(&own, "GET", look, &Value::Null).await.0,
        403,
        "the kill switch"
    );
    admin.grant(&before).await;
    println!("{ran} commands of the runbook ran, {tried} other requests were refused");
}

/// How many requests were tried that no runbook needs.
async fn refused(admin: &Admin, with_policies: bool) -> usize {
    let pods = "/api/v1/namespaces/production/pods";
    let (_, list) = admin.send("GET", pods, &Value::Null).await;
    let names = list["items"].as_array().expect("pods").iter();
    let pod = names
        .filter_map(|pod| pod["metadata"]["name"].as_str())
        .find(|name| name.starts_with("api-gateway-"))
        .expect("a pod of the gateway");
    let mut tried = 0;
    for account in [
        "interlock",
        "interlock-tier-0",
        "interlock-tier-1",
        "interlock-tier-2",
    ] {
        let client = client_of(&admin.kubeconfig(account).await).await;
        for (method, path) in forbidden(pod) {
            let body = json!({"metadata": {"name": "x"}, "spec": {"replicas": 0}});
            let (code, answer) = send(&client, method, &path, &body).await;
            assert_eq!(code, 403, "{account} {method} {path}: {answer}");
            tried += 1;
        }
        // A command that no runbook has: without admission policies, only who runs commands at all is told apart.
        if with_policies {
            let exec = format!("{pods}/{pod}/exec?command=id&stdout=true");
            let (code, answer) = send(&client, "GET", &exec, &Value::Null).await;
            assert_eq!(code, 403, "{account} runs `id`: {answer}");
            tried += 1;
        }
    }
    tried
}
