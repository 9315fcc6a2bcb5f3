//! What the loaded runbooks, and the configuration beside them, need of one cluster, and the objects that grant it: for
//! `rbac`, and for whoever compares it with what is held.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::review::{self, Breadth, Review, ReviewError, Wanted};
use super::{knowledge, rules};
use crate::actions::kubernetes::clusters::Clusters;
use crate::actions::rights::{self, Accounts, Needs};
pub use crate::actions::rights::{Need, Right, Role as RightOf};
use crate::config::runbooks::LoadError;
use crate::config::{Cluster, Settings};
use crate::domain::ids::ClusterName;
use crate::domain::runbook::{Catalog, Refused, RefusedLine};

/// The power that one cluster has to give.
#[derive(Debug)]
pub struct Power {
    pub cluster: ClusterName,
    /// Of which so many runbooks.
    pub runbooks: usize,
    /// Those that have errors, so that what they need is not known.
    pub refused: Vec<RefusedLine>,
    pub(super) needs: Needs,
    pub(super) accounts: Accounts,
    /// What the cluster's own account needs to be a standby, or to have one.
    pub(super) standby: Vec<Right>,
}

/// Where the accounts live that the configuration does not name, if nobody says otherwise.
pub(super) const HOME: &str = "interlock";

/// Reads the runbooks and says what they need in a cluster. `namespace` is where the accounts live that the configuration
/// does not name.
///
/// # Errors
/// The runbooks can't be read.
pub fn power(
    settings: &Settings,
    runbooks: &Path,
    cluster: ClusterName,
    namespace: &str,
) -> Result<Power, LoadError> {
    let catalog = knowledge::open_runbooks(runbooks)?.current();
    Ok(Power::of(settings, &catalog, cluster, namespace))
}

impl Power {
    /// Of runbooks that are loaded already.
    #[must_use]
    pub fn of(settings: &Settings, catalog: &Catalog, cluster: ClusterName, namespace: &str) -> Self {
        let mut needs = rights::needs(catalog, &rules::rules(settings, ""), &cluster);
        if settings.kubernetes.follow_rollouts {
            let rows = settings.environments.iter();
            let followed = rows.filter(|row| row.cluster == cluster);
            followed
                .flat_map(|row| &row.namespaces)
                .for_each(|namespace| needs.follow_rollouts(namespace));
        }
        let configured = settings.kubernetes.clusters.get(&cluster);
        let tiers = configured.map(|cluster| cluster.tier_service_accounts.clone());
        let accounts = Accounts::new(namespace, &needs, &tiers.unwrap_or_default());
        let lease = settings.standby_lease().filter(|lease| lease.cluster == cluster);
        let standby = lease.map(|lease| {
            let tiers = configured
                .into_iter()
                .flat_map(|one| one.tier_service_accounts.values());
            let homes = tiers
                .filter_map(|account| account.split_once('/'))
                .map(|(home, _)| home);
            rights::standby((&lease.namespace, &lease.name), homes)
        });
        Self {
            cluster,
            runbooks: catalog.len(),
            refused: catalog.refused().iter().map(Refused::line).collect(),
            needs,
            accounts,
            standby: standby.unwrap_or_default(),
        }
    }

    /// Accounts, admission policies, roles and bindings, in an order in which they can be applied.
    #[must_use]
    pub fn objects(&self) -> Vec<Value> {
        rights::objects(&self.needs, &self.accounts, &self.standby)
    }

    /// The admission policies among them, each with its binding.
    #[must_use]
    pub fn policies(&self) -> Vec<Value> {
        rights::policies(&self.needs, &self.accounts, &self.standby)
    }

    /// Why nothing of it can be granted, for people: what an API server can't be told, and what to write instead.
    #[must_use]
    pub fn unsaid(&self) -> BTreeSet<String> {
        rights::unsaid(&self.needs, &self.policies())
    }

    /// What is held of it, and what beyond. Changes nothing.
    ///
    /// # Errors
    /// The cluster is not configured, or can't be asked with Interlock's own account.
    pub async fn review(
        &self,
        clusters: &Clusters,
        settings: &Settings,
        breadth: Breadth<'_>,
        now: Timestamp,
    ) -> Result<Review, ReviewError> {
        let none = Cluster::default();
        let configured = settings.kubernetes.clusters.get(&self.cluster).unwrap_or(&none);
        let wanted = Wanted {
            needs: &self.needs,
            beside: &self.standby,
            reads: &rights::reads(&self.policies()),
            breadth,
        };
        review::review(clusters, &self.cluster, configured, wanted, now).await
    }

    /// Each right, whose it is, and what for.
    pub fn needs(&self) -> impl Iterator<Item = &Need> {
        self.needs.needs.iter()
    }

    /// Commands that get no right, and why.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        self.needs.left_out.iter().map(String::as_str)
    }

    /// `"1" = "interlock/interlock-tier-1"`: for `kubernetes.clusters.NAME.tier_service_accounts`.
    pub fn tier_accounts(&self) -> impl Iterator<Item = (u8, String)> {
        let tiers = self.accounts.tiers.iter();
        tiers.map(|(tier, (namespace, name))| (u8::from(*tier), format!("{namespace}/{name}")))
    }

    /// The account that Interlock itself runs with, `NAMESPACE/NAME`.
    #[must_use]
    pub fn own_account(&self) -> String {
        let (namespace, name) = &self.accounts.own;
        format!("{namespace}/{name}")
    }

    /// Takes every right away.
    #[must_use]
    pub fn kill_switch(&self) -> &'static str {
        rights::KILL_SWITCH
    }
}
