//! What Interlock holds in a cluster against what its runbooks need there: asked of the cluster itself, with each account
//! that Interlock would use. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::actions::Mark;
use crate::actions::kubernetes::clusters::{ClusterError, Clusters};
use crate::actions::rights::{self, Excess, Held, HeldError, Need, Needs, Reviewer, Right, Role};
use crate::config::Cluster;
use crate::domain::action::Tier;
use crate::domain::ids::ClusterName;

/// Looked at beside the namespaces of the runbooks: what is held there is most often held everywhere.
const ELSEWHERE: [&str; 2] = ["default", "kube-system"];

/// Namespaces that are looked at, at most, where the whole cluster is.
pub const NAMESPACES: u32 = 100;

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub needs: &'a Needs,
    /// What the cluster's own account needs beside them.
    pub beside: &'a [Right],
    /// What it may hold as well: without it no step is denied.
    pub reads: &'a [Right],
    /// Where to look for too much.
    pub breadth: Breadth<'a>,
}

/// Where too much is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Breadth<'a> {
    /// Where the runbooks act, and in two namespaces more.
    Near,
    /// In these as well, and in every namespace that can be listed, up to [`NAMESPACES`].
    Wide(&'a [String]),
}

/// How far a look in the whole cluster came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    #[default]
    NotAsked,
    Whole,
    /// There are more than [`NAMESPACES`].
    Begun,
    /// Interlock may not list namespaces.
    Refused,
}

/// An account by what it is for; tiers without an account of their own run with the cluster's.
type Accounts = BTreeMap<Option<Tier>, BTreeSet<Role>>;

/// A step that the cluster would refuse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    pub account: String,
    #[serde(flatten)]
    pub need: Need,
}

/// Something held that no runbook needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TooMuch {
    pub account: String,
    #[serde(flatten)]
    pub excess: Excess,
    /// The same is needed in another namespace.
    pub needed_elsewhere: bool,
}

/// One cluster, looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Review {
    pub missing: BTreeSet<Missing>,
    pub too_much: BTreeSet<TooMuch>,
    /// What the cluster did not say, or can't.
    pub unclear: BTreeSet<String>,
    /// Rights that are needed, and how many of them are held.
    pub needed: usize,
    pub held: usize,
    /// Where too much was looked for, beside what holds in the whole cluster.
    pub looked_in: BTreeSet<String>,
    pub listed: Listed,
    /// Those of them that change something, or run it.
    pub acts: usize,
    pub acts_held: usize,
}

/// Why a cluster could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Held(#[from] HeldError),
}

impl Review {
    /// What no runbook could ever need and nobody has allowed by name.
    fn refused<'a>(&'a self, allowed: &'a [String]) -> impl Iterator<Item = &'a TooMuch> {
        self.too_much
            .iter()
            .filter(|one| one.excess.dangerous && !allowed.contains(&one.excess.what))
    }

    /// Power that no step could ever need, in words; `None` when all of it is allowed by name.
    #[must_use]
    pub fn refusal(&self, cluster: &ClusterName, allowed: &[String]) -> Option<String> {
        let refused: Vec<&TooMuch> = self.refused(allowed).collect();
        let first = refused.first()?;
        let names: BTreeSet<&str> = refused.iter().map(|one| one.excess.what.as_str()).collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let names: Vec<&str> = names.into_iter().collect();
        Some(format!(
            "in cluster `{cluster}` {} holds power that no step could ever need ({}): use the accounts that `interlock rbac` \
             prints, or allow it by name with kubernetes.clusters.{cluster}.allow_power = [{}]",
            first.account,
            names.join(", "),
            quoted.join(", ")
        ))
    }

    /// What of the runbooks would be denied: one sentence for each step and account.
    #[must_use]
    pub fn denied(&self) -> Vec<String> {
        let mut steps: BTreeMap<(&str, String, String), BTreeSet<String>> = BTreeMap::new();
        for missing in &self.missing {
            let right = &missing.need.right;
            let key = (
                missing.account.as_str(),
                missing.need.of.to_string(),
                right.place(),
            );
            steps.entry(key).or_default().insert(right.to_string());
        }
        let sentence = |((account, of, place), rights): (_, BTreeSet<String>)| {
            let rights: Vec<String> = rights.into_iter().collect();
            format!(
                "{of} would be denied {place}: {account} may not {}",
                rights.join(", ")
            )
        };
        steps.into_iter().map(sentence).collect()
    }

    /// Needed, and nothing is held that changes anything, or nothing at all: somebody took it all away. Rights to look may come
    /// from bindings that are not ours.
    #[must_use]
    pub fn is_stripped(&self) -> bool {
        match self.acts {
            0 => self.needed > 0 && self.held == 0,
            _ => self.acts_held == 0,
        }
    }
}

/// Asks the cluster.
///
/// # Errors
/// The cluster can't be asked with Interlock's own account.
pub async fn review(
    clusters: &Clusters,
    name: &ClusterName,
    configured: &Cluster,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<Review, ReviewError> {
    let mut found = Review::default();
    let needs = wanted.needs;
    let further = match wanted.breadth {
        Breadth::Near => BTreeSet::new(),
        Breadth::Wide(known) => {
            let own = Reviewer::new(clusters.client(name, &LOOK).await?);
            further(&own, known, &mut found).await?
        }
    };
    for (tier, roles) in accounts(configured, needs) {
        let (account, client) = match tier {
            None => ("its own account".to_owned(), clusters.client(name, &LOOK).await?),
            Some(tier) => {
                let account = configured
                    .tier_service_accounts
                    .get(&tier)
                    .cloned()
                    .unwrap_or_default();
                match clusters.client_for(name, &LOOK, tier, now).await {
                    Ok(client) => (account, client),
                    Err(error) => {
                        found.unclear.insert(error.to_string());
                        continue;
                    }
                }
            }
        };
        let one = One {
            account,
            reviewer: Reviewer::new(client),
            needs: needs
                .needs
                .iter()
                .filter(|need| roles.contains(&need.role))
                .collect(),
            own: match tier {
                None => {
                    let mut own = rights::tokens(configured.tier_service_accounts.values());
                    own.extend_from_slice(wanted.beside);
                    own
                }
                Some(_) => Vec::new(),
            },
            reads: match tier {
                None => wanted.reads,
                Some(_) => &[],
            },
            further: &further,
        };
        match one.look(&mut found).await {
            Ok(()) => {}
            Err(error) if tier.is_some() => {
                found.unclear.insert(format!("{}: {error}", one.account));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

async fn further(
    own: &Reviewer,
    known: &[String],
    found: &mut Review,
) -> Result<BTreeSet<String>, HeldError> {
    let listed = own.namespaces(NAMESPACES).await?;
    found.listed = match &listed {
        None => Listed::Refused,
        Some((_, false)) => Listed::Whole,
        Some((_, true)) => Listed::Begun,
    };
    let listed = listed.into_iter().flat_map(|(names, _)| names);
    Ok(listed.chain(known.iter().cloned()).collect())
}

/// It is no attempt of a plan and belongs to no database.
const LOOK: Mark = Mark::own("review");

/// As `Clusters::client_for` chooses.
fn accounts(configured: &Cluster, needs: &Needs) -> Accounts {
    let mut all = Accounts::from([(None, BTreeSet::from([Role::Looks]))]);
    for tier in needs.tiers() {
        let own = configured.tier_service_accounts.is_empty()
            || (tier == Tier::Zero && !configured.tier_service_accounts.contains_key(&tier));
        let account = if own { None } else { Some(tier) };
        all.entry(account).or_default().insert(Role::Runs(tier));
    }
    all
}

struct One<'a> {
    account: String,
    reviewer: Reviewer,
    needs: Vec<&'a Need>,
    /// What no step needs and Interlock does: tokens of the tiers, its Lease.
    own: Vec<Right>,
    reads: &'a [Right],
    further: &'a BTreeSet<String>,
}

impl One<'_> {
    async fn look(&self, found: &mut Review) -> Result<(), HeldError> {
        let rights: BTreeSet<&Right> = self
            .needs
            .iter()
            .map(|need| &need.right)
            .chain(&self.own)
            .collect();
        let namespaces: BTreeSet<&str> = rights
            .iter()
            .filter_map(|right| right.namespace.as_deref())
            .chain(ELSEWHERE)
            .chain(self.further.iter().map(String::as_str))
            .collect();
        let mut held: BTreeMap<&str, Held> = BTreeMap::new();
        for namespace in namespaces {
            held.insert(namespace, self.reviewer.held(namespace).await?);
        }
        for right in &rights {
            let acts = usize::from(right.acts());
            found.needed += 1;
            found.acts += acts;
            if self.has(&held, right).await? {
                found.held += 1;
                found.acts_held += acts;
                continue;
            }
            let needing = self.needs.iter().filter(|need| need.right == **right);
            found.missing.extend(needing.map(|need| Missing {
                account: self.account.clone(),
                need: (*need).clone(),
            }));
            if self.own.contains(right) {
                found
                    .unclear
                    .insert(format!("{} may not {right} {}", self.account, right.place()));
            }
        }
        let allowed: BTreeSet<&Right> = rights.iter().copied().chain(self.reads).collect();
        for (namespace, held) in &held {
            found.looked_in.insert((*namespace).to_owned());
            if held.incomplete {
                found.unclear.insert(format!(
                    "the cluster can't list everything that {} holds in namespace {namespace}",
                    self.account
                ));
            }
            found.too_much.extend(self.too_much(namespace, held, &allowed));
        }
        Ok(())
    }

    /// Of rights that belong to no namespace no list says anything, and a list may be incomplete.
    async fn has(&self, held: &BTreeMap<&str, Held>, right: &Right) -> Result<bool, HeldError> {
        let listed = right
            .namespace
            .as_deref()
            .and_then(|namespace| held.get(namespace));
        match listed {
            Some(held) if held.covers(right) => Ok(true),
            Some(held) if !held.incomplete => Ok(false),
            Some(_) | None => self.reviewer.has(right).await,
        }
    }

    fn too_much(&self, namespace: &str, held: &Held, rights: &BTreeSet<&Right>) -> Vec<TooMuch> {
        let here = |right: &&&Right| right.namespace.as_deref().is_none_or(|home| home == namespace);
        let needed: BTreeSet<&Right> = rights.iter().filter(here).copied().collect();
        let found = rights::excess(namespace, held, &needed);
        let made = found.into_iter().map(|excess| TooMuch {
            account: self.account.clone(),
            needed_elsewhere: rights.iter().any(|right| right.kind() == excess.what),
            excess,
        });
        made.collect()
    }
}
