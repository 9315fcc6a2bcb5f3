//! Holding the Lease: renewed all the time, given back at an orderly end, and lost for good once another has it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::fence::{Fence, Fenced};
use crate::actions::kubernetes::clusters::Clusters;
use crate::actions::kubernetes::epoch::Bound;
use crate::actions::kubernetes::failure::Failure;
use crate::actions::kubernetes::lease::{Claim, Leases, ReadLease};
use crate::config::StandbyLease;
use crate::domain::ids::ClusterName;
use crate::ports::{ActionRunner, Clock, Reader};

/// So many renewals in the time that a Lease lasts.
const RENEWALS: u32 = 5;

/// Until when a Lease that was written at `at` is relied on: two thirds of its time, so that whoever takes it afterwards finds
/// nothing of ours under way that was just begun.
pub(super) fn held_until(at: Instant, seconds: u32) -> Instant {
    at + Duration::from_secs(u64::from(seconds)) * 2 / 3
}

/// The Lease that this process holds.
pub struct Standby {
    fence: Arc<Fence>,
    leases: Leases,
    held: Mutex<ReadLease>,
    claim: Claim,
    clock: Arc<dyn Clock>,
    lease: StandbyLease,
    bound: Mutex<BTreeMap<String, Bound>>,
    lost: watch::Sender<Option<String>>,
}

impl Standby {
    pub(super) fn new(
        fence: Fence,
        leases: Leases,
        held: ReadLease,
        claim: Claim,
        clock: Arc<dyn Clock>,
        lease: StandbyLease,
    ) -> Self {
        Self {
            fence: Arc::new(fence),
            leases,
            held: Mutex::new(held),
            claim,
            clock,
            lease,
            bound: Mutex::default(),
            lost: watch::Sender::new(None),
        }
    }

    /// How often the Lease was taken, this time included: the least number that the epoch may have.
    #[must_use]
    pub fn transitions(&self) -> u64 {
        self.claim.transitions
    }

    pub(super) fn cluster(&self) -> &ClusterName {
        &self.lease.cluster
    }

    pub(super) fn bind(&self, bound: BTreeMap<String, Bound>) {
        *self.bound.lock() = bound;
    }

    /// The same clusters, with tokens that die with this epoch.
    #[must_use]
    pub fn binds(&self, clusters: Clusters) -> Clusters {
        clusters.bound_to(self.lease.cluster.clone(), self.bound.lock().clone())
    }

    /// The same runner, which sends nothing without the Lease.
    #[must_use]
    pub fn fences(&self, runner: Arc<dyn ActionRunner>) -> Arc<dyn ActionRunner> {
        Arc::new(Fenced {
            inner: runner,
            fence: self.fence.clone(),
        })
    }

    /// The same reader, which looks at nothing for a start without the Lease.
    #[must_use]
    pub fn fences_reader(&self, reader: Arc<dyn Reader>) -> Arc<dyn Reader> {
        Arc::new(Fenced {
            inner: reader,
            fence: self.fence.clone(),
        })
    }

    /// Renews it until another has it, and says then who that is.
    pub async fn renew(&self) -> String {
        let pause = Duration::from_secs(u64::from(self.lease.seconds)) / RENEWALS;
        loop {
            sleep(pause).await;
            let at = Instant::now();
            match self.renewed().await {
                Ok(None) => self.fence.extend(held_until(at, self.lease.seconds)),
                Ok(Some(holder)) => {
                    let why = format!(
                        "the Lease {} is held by {holder} now, so this Interlock ends",
                        self.lease
                    );
                    tracing::error!(why, "nothing is sent any more");
                    self.fence.lose(why.clone());
                    self.lost.send_replace(Some(why.clone()));
                    return why;
                }
                Err(error) => {
                    tracing::warn!(lease = %self.lease, %error, "the Lease could not be renewed; trying again");
                }
            }
        }
    }

    /// Somebody else who has it, if somebody has.
    async fn renewed(&self) -> Result<Option<String>, Failure> {
        let claim = Claim {
            renewed: self.clock.now(),
            ..self.claim.clone()
        };
        self.write(&claim).await
    }

    /// Writes a claim of ours. Gives who has it where that is not us any more.
    async fn write(&self, claim: &Claim) -> Result<Option<String>, Failure> {
        let held = self.held.lock().clone();
        match self.leases.write(Some(&held), claim).await {
            Ok(read) => {
                *self.held.lock() = read;
                Ok(None)
            }
            // Somebody wrote it, or our own reply was lost: who has it now is what counts.
            Err(_) => match self.leases.read().await? {
                Some(lease) if lease.holder() == Some(self.claim.holder.as_str()) => {
                    let read = self.leases.write(Some(&lease), claim).await?;
                    *self.held.lock() = read;
                    Ok(None)
                }
                Some(lease) => Ok(Some(lease.holder().unwrap_or("nobody").to_owned())),
                None => Ok(Some("nobody: it was deleted".to_owned())),
            },
        }
    }

    /// Waits until another has the Lease, and says so in words.
    pub async fn lost(&self) -> String {
        let mut lost = self.lost.subscribe();
        match lost.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The sender is ours, and lives as long as we do.
            Err(_) => std::future::pending().await,
        }
    }

    /// Gives it back, so that whoever comes next need not wait. For who has ended everything else.
    pub async fn release(&self) {
        if self.lost.borrow().is_some() {
            return;
        }
        self.fence
            .lose(format!("the Lease {} was given back", self.lease));
        let claim = Claim {
            holder: String::new(),
            renewed: self.clock.now(),
            ..self.claim.clone()
        };
        // A renewal that was broken off may have been written all the same, and stands between.
        if let Err(error) = self.write(&claim).await {
            tracing::warn!(lease = %self.lease, %error, "the Lease could not be given back; it runs out by itself");
        }
    }
}
