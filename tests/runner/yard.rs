//! A cluster of the playground with a runner on it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;

use interlock::actions::http::HttpSettings;
use interlock::actions::kubernetes::clusters::ClusterSettings;
use interlock::actions::kubernetes::tokens::Account;
use interlock::domain::action::Tier;
use interlock::playground::cluster::{
    ClusterDouble, ClusterOptions, ClusterUser, FaultKind, FaultMatch, Kind as Objects, Output, Place, Speed,
};
use serde_json::Value;

use crate::common::Bench;

pub struct Yard {
    pub cluster: ClusterDouble,
    bench: Bench,
    folder: tempfile::TempDir,
}

impl Deref for Yard {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

impl Yard {
    pub async fn new() -> Self {
        Self::of(ClusterOptions::default(), ClusterUser::Interlock).await
    }

    pub async fn of(options: ClusterOptions, user: ClusterUser) -> Self {
        let options = ClusterOptions {
            speed: Speed::Running(100.0),
            ..options
        };
        let cluster = ClusterDouble::start(options).await.expect("a cluster");
        Self::on(cluster, user, BTreeMap::new())
    }

    /// With accounts for tiers: `(tier, name)` in `production`.
    pub async fn with_accounts(accounts: &[(Tier, &str)]) -> Self {
        let options = ClusterOptions {
            speed: Speed::Running(100.0),
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(options).await.expect("a cluster");
        let account = |(tier, name): &(Tier, &str)| {
            let (namespace, name) = ("production".to_owned(), (*name).to_owned());
            (*tier, Account { namespace, name })
        };
        Self::on(
            cluster,
            ClusterUser::Interlock,
            accounts.iter().map(account).collect(),
        )
    }

    fn on(cluster: ClusterDouble, user: ClusterUser, tier_accounts: BTreeMap<Tier, Account>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        std::fs::write(&path, cluster.kubeconfig(user)).expect("written");
        let settings = ClusterSettings {
            kubeconfig: Some(path),
            tier_accounts,
            ..ClusterSettings::default()
        };
        Self {
            cluster,
            bench: Bench::of(settings, HttpSettings::default()),
            folder,
        }
    }

    /// The file that says how the cluster is reached.
    fn path(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    pub fn kubeconfig(&self) -> String {
        std::fs::read_to_string(self.path()).expect("a kubeconfig")
    }

    pub fn write_kubeconfig(&self, text: &str) {
        std::fs::write(self.path(), text).expect("written");
    }

    /// What a command does in the pods of a deployment in `production`.
    pub fn script(&self, workload: &str, argv: &[&str], output: Output) {
        let place = Place::Workload {
            namespace: "production".into(),
            name: workload.into(),
        };
        self.cluster.world().script(place, argv, output);
    }

    /// Makes the next request of this kind fail.
    pub fn fault(&self, verb: &str, resource: &str, kind: FaultKind) {
        let on = FaultMatch {
            verb: Some(verb.to_owned()),
            resource: Some(resource.to_owned()),
            ..FaultMatch::default()
        };
        self.cluster.faults().once(on, kind);
    }

    /// An object in `production` as it is now.
    pub fn live(&self, kind: Objects, name: &str) -> Value {
        self.cluster
            .world()
            .object(kind, "production", name)
            .expect("an object")
    }

    /// How many changes or execs of this kind took effect.
    pub fn effects(&self, verb: &str) -> usize {
        self.cluster
            .effects()
            .iter()
            .filter(|effect| effect.verb == verb)
            .count()
    }
}
