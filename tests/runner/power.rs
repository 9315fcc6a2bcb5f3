//! With the roles that `interlock rbac` prints and nothing else, every shipped runbook runs; and nothing else can be done.

use std::collections::BTreeMap;
use std::path::Path;

use interlock::actions::http::HttpSettings;
use interlock::actions::kubernetes::clusters::ClusterSettings;
use interlock::actions::kubernetes::tokens::Account;
use interlock::actions::rights::{LABEL, Role};
use interlock::app::{self, Power};
use interlock::config::Settings;
use interlock::domain::action::{Action, Defaults, Tier};
use interlock::domain::runbook::{EvidenceQuery, Runbook, resolve_parameters, substitute};
use interlock::playground::cluster::{ClusterDouble, ClusterOptions, Speed};
use interlock::ports::Ended;
use kube::Client;
use serde_json::{Value, json};

use crate::admin::{Admin, client_of, send};
use crate::common::Bench;

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
        let admin = Admin::of(&cluster).await;
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

    /// The tiers in which a command of a runbook may run.
    fn tiers(&self, runbook: &Runbook, what: &str) -> Vec<Tier> {
        let of = self
            .power
            .needs()
            .filter(|need| need.of.runbook == runbook.name && need.of.what == what);
        let mut tiers: Vec<Tier> = of
            .filter_map(|need| match need.role {
                Role::Looks => None,
                Role::Runs(tier) => Some(tier),
            })
            .collect();
        tiers.sort();
        tiers.dedup();
        tiers
    }
}

/// Every command of a runbook, with what `rbac` calls it.
fn actions(runbook: &Runbook) -> Vec<(String, Action)> {
    let values =
        resolve_parameters(&runbook.parameters, &BTreeMap::new(), &BTreeMap::new()).expect("defaults");
    let numbered = |word: &str, steps: &[interlock::domain::runbook::Step]| -> Vec<_> {
        let each = steps.iter().enumerate();
        each.map(|(index, step)| (format!("{word} {}", index + 1), step.command.clone()))
            .collect()
    };
    let evidence = runbook.evidence.iter().filter_map(|one| match &one.query {
        EvidenceQuery::Command(line) => Some((format!("evidence \"{}\"", one.name), line.clone())),
        EvidenceQuery::Promql(_) | EvidenceQuery::Logql(_) => None,
    });
    let lines = numbered("precheck", &runbook.prechecks)
        .into_iter()
        .chain(evidence)
        .chain(numbered("step", &runbook.steps))
        .chain(numbered("verification", &runbook.verification));
    let defaults = Defaults {
        default_cluster: "main".into(),
    };
    lines
        .map(|(what, line)| {
            let stages = substitute(&line, &values).expect("values");
            (what, Action::parse(&stages[0], &defaults).expect("an action"))
        })
        .collect()
}

fn is_forbidden(ended: &Ended) -> bool {
    let text = format!("{ended:?}");
    text.contains("forbidden") || text.contains("cannot") || text.contains("gives no token")
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
            let tiers = granted.tiers(&loaded.runbook, &what);
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
    let tried = [
        ("GET", "/api/v1/namespaces/production/secrets".to_owned()),
        ("GET", "/api/v1/namespaces/kube-system/pods".to_owned()),
        ("GET", "/api/v1/pods".to_owned()),
        ("GET", "/api/v1/nodes".to_owned()),
        ("DELETE", format!("/api/v1/namespaces/production/pods/{pod}")),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/production/deployments/checkout".to_owned(),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/production/deployments/redis-primary".to_owned(),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/production/deployments/checkout/scale".to_owned(),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/staging/deployments/api-gateway".to_owned(),
        ),
        ("POST", "/api/v1/namespaces/production/pods".to_owned()),
        ("POST", "/apis/batch/v1/namespaces/staging/jobs".to_owned()),
        (
            "POST",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/production/rolebindings".to_owned(),
        ),
        (
            "POST",
            "/api/v1/namespaces/production/serviceaccounts/default/token".to_owned(),
        ),
        (
            "GET",
            format!("/api/v1/namespaces/staging/pods/{pod}/exec?command=id"),
        ),
    ];
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
