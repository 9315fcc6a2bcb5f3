//! A Lease (`coordination.k8s.io/v1`): read, and written under the version that was read, so that of two who write at once
//! the server refuses one. Who may take it, and when, is not said here.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::Instant;

use super::attempt::within;
use super::failure::Failure;

/// How long the server may take to answer: well under the shortest Lease.
const PATIENCE: Duration = Duration::from_secs(2);

/// One Lease by its name.
pub struct Leases {
    api: Api<Lease>,
    name: String,
}

/// A Lease as it was read.
#[derive(Clone, Debug)]
pub struct ReadLease(Lease);

/// What is written into it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Empty gives it back.
    pub holder: String,
    pub seconds: u32,
    /// How often it has been taken.
    pub transitions: u64,
    pub acquired: Timestamp,
    pub renewed: Timestamp,
}

impl ReadLease {
    fn spec(&self) -> Option<&LeaseSpec> {
        self.0.spec.as_ref()
    }

    /// Who has it; `None` when nobody has, or it was given back.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        let holder = self.spec()?.holder_identity.as_deref()?;
        (!holder.is_empty()).then_some(holder)
    }

    /// Changes whenever anybody writes it.
    #[must_use]
    pub fn version(&self) -> &str {
        self.0.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// How long after its holder's last sign of life another may take it.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        let seconds = self.spec().and_then(|spec| spec.lease_duration_seconds);
        Duration::from_secs(seconds.and_then(|seconds| seconds.try_into().ok()).unwrap_or(0))
    }

    /// How often it has been taken.
    #[must_use]
    pub fn transitions(&self) -> u64 {
        let transitions = self.spec().and_then(|spec| spec.lease_transitions);
        transitions.and_then(|many| many.try_into().ok()).unwrap_or(0)
    }
}

impl Leases {
    #[must_use]
    pub fn new(client: Client, namespace: &str, name: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            name: name.to_owned(),
        }
    }

    /// `None` when it is not there yet.
    ///
    /// # Errors
    /// What the server said, or that it said nothing in time.
    pub async fn read(&self) -> Result<Option<ReadLease>, Failure> {
        match within(Instant::now() + PATIENCE, self.api.get(&self.name)).await {
            Ok(lease) => Ok(Some(ReadLease(lease))),
            Err(Failure::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Writes a claim over what was read; over `None` it makes the Lease.
    ///
    /// # Errors
    /// `Conflict` when somebody else wrote meanwhile. After another error it may have been written all the same: read it.
    pub async fn write(&self, over: Option<&ReadLease>, claim: &Claim) -> Result<ReadLease, Failure> {
        let spec = LeaseSpec {
            holder_identity: Some(claim.holder.clone()),
            lease_duration_seconds: claim.seconds.try_into().ok(),
            lease_transitions: Some(claim.transitions.try_into().unwrap_or(i32::MAX)),
            acquire_time: Some(MicroTime(claim.acquired)),
            renew_time: Some(MicroTime(claim.renewed)),
            ..LeaseSpec::default()
        };
        let params = PostParams::default();
        let deadline = Instant::now() + PATIENCE;
        let written = match over {
            Some(read) => {
                let mut lease = read.0.clone();
                lease.spec = Some(spec);
                within(deadline, self.api.replace(&self.name, &params, &lease)).await
            }
            None => {
                let lease = Lease {
                    metadata: ObjectMeta {
                        name: Some(self.name.clone()),
                        ..ObjectMeta::default()
                    },
                    spec: Some(spec),
                };
                within(deadline, self.api.create(&params, &lease)).await
            }
        };
        written.map(ReadLease)
    }
}
