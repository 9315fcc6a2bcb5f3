//! With the roles that `interlock rbac` prints and nothing else, every shipped runbook runs; and nothing else can be done.

use std::path::Path;

use interlock::actions::http::HttpSettings;
use interlock::actions::kubernetes::clusters::ClusterSettings;
use interlock::actions::kubernetes::tokens::Account;
use interlock::actions::rights::LABEL;
use interlock::app::{self, Power};
use interlock::config::Settings;
use interlock::domain::action::{Action, Tier};
use interlock::playground::cluster::{ClusterDouble, ClusterOptions, ClusterUser, Speed};
use kube::Client;
use serde_json::{Value, json};

use crate::admin::{Admin, client_of, send};
use crate::common::Bench;
use crate::rights::{actions, forbidden, is_forbidden, tiers};

const SETTINGS: &str = r#"
[kubernetes.clusters.main]
kubeconfig = "unused"
[[environments]]
name = "production"
cluster = "main"
namespaces = ["production"]
[[caches]]
cluster = "main"
namespace = "production"
name = "redis-primary"
[[approvers]]
tiers = [0, 1, 2]
environments = ["production"]
groups = ["@sre"]
"#;

/// A cluster that has granted what the shipped runbooks need.
struct Granted {
    cluster: ClusterDouble,
    admin: Admin,
    power: Power,
    bench: Bench,
    _folder: tempfile::TempDir,
}

fn settings(folder: &Path) -> Settings {
    let path = folder.join("interlock.toml");
    std::fs::write(&path, SETTINGS).expect("written");
    Settings::load(Some(&path), std::iter::empty()).expect("settings")
}

impl Granted {
    async fn new() -> Self {
        let options = ClusterOptions {
            speed: Speed::Running(100.0),
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(options).await.expect("a cluster");
        let admin = Admin::with(&cluster.kubeconfig(ClusterUser::Admin)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(folder.path());
        let power =
            app::power(&settings, Path::new("runbooks"), "main".into(), "interlock").expect("runbooks");
        let objects = power.objects();
        for object in &objects {
            assert_eq!(object["metadata"]["labels"][LABEL], "granted", "{object}");
        }
        admin.grant(&objects).await;
        let kubeconfig = admin.kubeconfig("interlock").await;
        let path = folder.path().join("kubeconfig");
        std::fs::write(&path, kubeconfig).expect("written");
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
        Self {
            bench: Bench::of(clusters, HttpSettings::default()),
            cluster,
            admin,
            power,
            _folder: folder,
        }
    }

    /// A client with the account's token.
    async fn with(&self, account: &str) -> Client {
        client_of(&self.admin.kubeconfig(account).await).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shipped_runbook_runs_with_the_printed_roles_alone() {
    let granted = Granted::new().await;
    let catalog = app::open_runbooks(Path::new("runbooks"))
        .expect("runbooks")
        .current();
    let mut ran = 0;
    for loaded in catalog.loaded() {
        for (what, action) in actions(&loaded.runbook) {
            if matches!(action, Action::Http(_)) {
                continue;
            }
            let of = format!("{what} of {}", loaded.runbook.name);
            granted
                .bench
                .survey(&action)
                .await
                .unwrap_or_else(|error| panic!("{of}: {error}"));
            let tiers = tiers(&granted.power, &loaded.runbook, &what);
            assert!(!tiers.is_empty(), "{of} has no right");
            for tier in tiers {
                let mut order = granted.bench.order(action.clone(), None, 20);
                order.tier = tier;
                let ended = granted.bench.perform(order).await;
                assert!(!is_forbidden(&ended), "{of}: {ended:?}");
                ran += 1;
            }
        }
    }
    assert!(ran > 30, "{ran}");
    assert_eq!(granted.power.left_out().collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_no_runbook_says_can_be_done() {
    let granted = Granted::new().await;
    let pods = granted.cluster.snapshot().pods;
    let gateway = pods
        .iter()
        .find(|pod| pod.namespace == "production" && pod.name.starts_with("api-gateway"))
        .expect("a pod");
    let pod = gateway.name.as_str();
    let tried = forbidden(pod);
    let granted_by_hand = granted.cluster.effects().len();
    for account in [
        "interlock",
        "interlock-tier-0",
        "interlock-tier-1",
        "interlock-tier-2",
    ] {
        let client = granted.with(account).await;
        for (method, path) in &tried {
            let body = json!({"metadata": {"name": "x"}, "spec": {"replicas": 0}});
            let (code, answer) = send(&client, method, path, &body).await;
            assert_eq!(code, 403, "{account} {method} {path}: {answer}");
        }
    }
    let own = granted.with("interlock").await;
    let exec = format!("/api/v1/namespaces/production/pods/{pod}/exec?command=id");
    assert_eq!(
        send(&own, "GET", &exec, &Value::Null).await.0,
        403,
        "the account that looks runs nothing"
    );
    assert_eq!(granted.cluster.effects().len(), granted_by_hand);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_command_takes_every_right_away() {
    let granted = Granted::new().await;
    let looks = |client: Client| async move {
        let path = "/apis/apps/v1/namespaces/production/deployments/checkout";
        send(&client, "GET", path, &Value::Null).await.0
    };
    let own = granted.with("interlock").await;
    assert_eq!(looks(own.clone()).await, 200);
    // What the printed command asks of the server.
    assert_eq!(
        granted.power.kill_switch(),
        format!("kubectl delete rolebindings,clusterrolebindings --all-namespaces -l {LABEL}=granted")
    );
    granted.admin.take_away("production").await;
    assert_eq!(looks(own).await, 403);
    let ended = granted
        .bench
        .run(crate::common::get(
            interlock::domain::action::Kind::Pod,
            None,
            false,
        ))
        .await;
    assert!(is_forbidden(&ended), "{ended:?}");
}
