//! What is true inside the containers: the cache, the queue, the disk, the certificate. Programs read and change it, scenarios set it,
//! tests look at it. It is plain data; time is an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

/// The shared truth behind the programs of the default world.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorldState {
    /// The cache behind `api-gateway` and `user-service`.
    pub redis: RedisState,
    /// The queue that `orders-worker` empties.
    pub queue: QueueState,
    /// The log volume of `log-collector`.
    pub disk: DiskState,
    /// The sick service behind `api-gateway`.
    pub upstream: UpstreamState,
    /// The certificate that the CronJob `cert-renewal` renews.
    pub certificate: CertificateState,
    /// Anything a test or scenario of one's own wants to keep between execs.
    pub custom: BTreeMap<String, String>,
}

/// Whether clients of the cache get a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionPool {
    /// `/health` says `{"redis":"connected"}`.
    Healthy,
    /// `/health` says `{"redis":"timeout"}`.
    Exhausted,
}

/// What `redis-cli FLUSHDB` does for an exhausted pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlushEffect {
    /// The pool is healthy afterwards.
    Helps,
    /// It answers `OK`, and nothing gets better.
    DoesNotHelp,
}

/// The cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedisState {
    /// State of the clients' pool.
    pub pool: ConnectionPool,
    /// Whether a flush mends it.
    pub flush: FlushEffect,
    /// Keys in database 0.
    pub keys: u64,
    /// How often database 0 was flushed.
    pub flushes: u32,
}

/// The queue `orders`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueState {
    /// Messages waiting.
    pub depth: f64,
    /// Messages arriving, per second of model time.
    pub arrivals: f64,
    /// Messages one ready worker takes, per second of model time.
    pub per_worker: f64,
}

/// The volume `/var/log` of `log-collector`, in MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiskState {
    /// Size of the volume.
    pub total_mib: u64,
    /// Used by what rotation does not touch.
    pub base_mib: u64,
    /// Used by the log that `logrotate` cuts.
    pub log_mib: u64,
    /// How often logs were rotated.
    pub rotations: u32,
}

/// What is wrong with `user-service`, as its callers see it: its pods look healthy and fail requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpstreamState {
    /// uids of the pods that fail until they are replaced.
    pub sick_pods: BTreeSet<String>,
}

/// The serving certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateState {
    /// Days until it expires.
    pub days_left: u32,
    /// How often a renewal job finished.
    pub renewals: u32,
}

impl Default for WorldState {
    fn default() -> Self {
        Self {
            redis: RedisState {
                pool: ConnectionPool::Healthy,
                flush: FlushEffect::Helps,
                keys: 48_213,
                flushes: 0,
            },
            queue: QueueState {
                depth: 40.0,
                arrivals: 20.0,
                per_worker: 12.0,
            },
            disk: DiskState {
                total_mib: 20_480,
                base_mib: 2_100,
                log_mib: 3_900,
                rotations: 0,
            },
            upstream: UpstreamState::default(),
            certificate: CertificateState {
                days_left: 61,
                renewals: 0,
            },
            custom: BTreeMap::new(),
        }
    }
}

impl RedisState {
    /// What `FLUSHDB` does.
    pub fn flush(&mut self) {
        self.keys = 0;
        self.flushes += 1;
        match self.flush {
            FlushEffect::Helps => self.pool = ConnectionPool::Healthy,
            FlushEffect::DoesNotHelp => {}
        }
    }
}

impl QueueState {
    /// Moves the queue on by `elapsed` with so many ready workers.
    pub fn pass(&mut self, elapsed: Duration, workers: u32) {
        let change = (self.arrivals - self.per_worker * f64::from(workers)) * elapsed.as_secs_f64();
        self.depth = (self.depth + change).max(0.0);
    }
}

impl DiskState {
    /// Used space in percent, rounded down.
    pub fn used_percent(&self) -> u64 {
        (self.base_mib + self.log_mib) * 100 / self.total_mib.max(1)
    }

    /// What `logrotate` does: a fifth of the log stays, compressed.
    pub fn rotate(&mut self) {
        self.log_mib /= 5;
        self.rotations += 1;
    }
}
