//! Taking the Lease before anything else is opened, and shutting out whoever had it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::fence::Fence;
use super::keep::{Standby, held_until};
use super::turn::Watched;
use crate::actions::Mark;
use crate::actions::kubernetes::clusters::Clusters;
use crate::actions::kubernetes::epoch::{self, Bound};
use crate::actions::kubernetes::failure::Failure;
use crate::actions::kubernetes::lease::{Claim, Leases, ReadLease};
use crate::app::StartError;
use crate::app::wiring::clusters;
use crate::config::{Settings, StandbyLease};
use crate::ports::Clock;

/// Between two looks at a Lease that another holds, or at a cluster that does not answer.
const LOOK: Duration = Duration::from_secs(1);
/// A token that is bound to a Secret that is gone is refused within ten seconds, for which an API server remembers whom it
/// knew (the cache of ServiceAccount tokens); half as much again is waited for.
const TOKENS_DIE: Duration = Duration::from_secs(15);

/// Waits until the Lease is ours and nobody who had it before can act; `None` when no standby is configured.
///
/// # Errors
/// The cluster that it is in can't be reached as it is configured. One that does not answer is waited for.
pub async fn take(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Option<Arc<Standby>>, StartError> {
    let Some(wanted) = settings.standby_lease() else {
        return Ok(None);
    };
    let clusters = clusters(settings);
    let client = clusters.client(&wanted.cluster, &Mark::own("lease")).await;
    let client = client.map_err(|error| StartError::Setup(format!("standby.lease: {error}")))?;
    let leases = Leases::new(client, &wanted.namespace, &wanted.name);
    let identity = identity();
    let claim = |transitions, now: Timestamp| Claim {
        holder: identity.clone(),
        seconds: wanted.seconds,
        transitions,
        acquired: now,
        renewed: now,
    };
    let taken = won(&leases, &wanted, |transitions| claim(transitions, clock.now())).await;
    let transitions = taken.read.transitions();
    let standby = Arc::new(Standby::new(
        Fence::new(wanted.to_string(), held_until(taken.at, wanted.seconds)),
        leases,
        taken.read,
        claim(transitions, clock.now()),
        clock,
        wanted,
    ));
    // Others are shut out while it is renewed: that may take longer than it lasts.
    let shut_out = shut_out(settings, &clusters, &standby, taken.from);
    tokio::select! {
        bound = shut_out => standby.bind(bound),
        why = standby.renew() => {
            return Err(StartError::Setup(format!("{why} before anybody else was shut out: start again")));
        }
    }
    Ok(Some(standby))
}

/// Whom it was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// It was not there.
    Nobody,
    /// Whoever had it had ended, and gave it back.
    Ended,
    /// Nobody knows whether that one still runs.
    Silent,
}

struct Taken {
    read: ReadLease,
    /// When the claim was sent.
    at: Instant,
    from: From,
}

async fn won(leases: &Leases, wanted: &StandbyLease, claim: impl Fn(u64) -> Claim) -> Taken {
    let mut watched = Watched::default();
    let mut told = None;
    loop {
        match tried(leases, &mut watched, &claim).await {
            Ok(Ok(taken)) => return taken,
            Ok(Err(holder)) => {
                if told.as_ref() != Some(&holder) {
                    tracing::info!(lease = %wanted, holder, "another Interlock has the Lease; this one waits for it");
                    told = Some(holder);
                }
            }
            // Somebody was faster.
            Err(Failure::Conflict(_)) => {}
            Err(error) => {
                tracing::error!(lease = %wanted, %error, "nobody can say who has the Lease, so this Interlock waits; no alert is taken meanwhile");
            }
        }
        sleep(LOOK).await;
    }
}

/// The inner error is who has it.
async fn tried(
    leases: &Leases,
    watched: &mut Watched,
    claim: impl Fn(u64) -> Claim,
) -> Result<Result<Taken, String>, Failure> {
    let there = leases.read().await?;
    let from = match &there {
        None => From::Nobody,
        Some(lease) => match lease.holder() {
            None => From::Ended,
            Some(holder) => {
                let holder_is = Some(holder);
                if !watched.may_take(holder_is, lease.version(), lease.lasts(), Instant::now()) {
                    return Ok(Err(holder.to_owned()));
                }
                From::Silent
            }
        },
    };
    let before = there.as_ref().map_or(0, ReadLease::transitions);
    let at = Instant::now();
    let read = leases
        .write(there.as_ref(), &claim(before.saturating_add(1)))
        .await?;
    Ok(Ok(Taken { read, at, from }))
}

/// Puts a new Secret into every namespace with accounts of ours, and waits until the tokens of the old ones are dead.
async fn shut_out(
    settings: &Settings,
    clusters: &Clusters,
    standby: &Standby,
    from: From,
) -> BTreeMap<String, Bound> {
    let configured = settings.kubernetes.clusters.get(standby.cluster());
    let accounts = configured
        .into_iter()
        .flat_map(|one| one.tier_service_accounts.values());
    let homes: BTreeSet<&str> = accounts
        .filter_map(|account| account.split_once('/'))
        .map(|(home, _)| home)
        .collect();
    if homes.is_empty() {
        tracing::warn!(
            "tier_service_accounts is not set, so steps run with a token that is bound to nothing: an Interlock that was \
             taken for dead can act until it notices"
        );
    }
    let mut bound = BTreeMap::new();
    let mut older = false;
    for home in homes {
        loop {
            let renewed = match clusters.client(standby.cluster(), &Mark::own("epoch")).await {
                Ok(client) => epoch::renew(client, home, standby.transitions()).await,
                Err(error) => Err(error.into()),
            };
            match renewed {
                Ok((secret, was_there)) => {
                    older |= was_there;
                    bound.insert(home.to_owned(), secret);
                    break;
                }
                Err(error) => {
                    tracing::error!(namespace = home, %error, "the Secret of the epoch before can't be replaced, so this Interlock waits; no alert is taken meanwhile");
                    sleep(LOOK).await;
                }
            }
        }
    }
    let may_act = match from {
        From::Nobody => older,
        From::Ended => false,
        From::Silent => !bound.is_empty(),
    };
    if may_act {
        tracing::info!(
            seconds = TOKENS_DIE.as_secs(),
            "waiting until no token of the Interlock before is good any more"
        );
        sleep(TOKENS_DIE).await;
    }
    bound
}

/// Who we are: the host, for people, and something that no other process has.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "interlock".to_owned());
    let random: u64 = rand::random();
    format!("{host}-{random:016x}")
}
