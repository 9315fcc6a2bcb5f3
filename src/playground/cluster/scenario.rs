//! The states that a story can begin with. Each is set with the same setters that anybody can use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sim::ImageBehaviour;
use super::world::{ConnectionPool, FlushEffect};
use super::world_handle::World;

/// A state of the cluster. Applying one first takes away what another had set inside the containers; objects stay as they are.
/// Pods follow on the model's clock: a bad deploy crashes about half a second of model time later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Everything works.
    Calm,
    /// Clients of the cache time out until its database is flushed.
    RedisTimeout,
    /// They time out, and a flush does not help.
    RedisTimeoutStays,
    /// `checkout` has a new revision whose pods crash; undoing it mends it.
    BadDeploy,
    /// The pods of `user-service` crash on every start until they are replaced (restart or deletion).
    CrashLoop,
    /// The queue `orders` grows; more replicas of `orders-worker` empty it.
    StuckQueue,
    /// The volume of `log-collector` is nearly full; `logrotate` empties it.
    DiskPressure,
    /// The certificate expires in two days; the Job of CronJob `cert-renewal` renews it.
    CertificateExpiring,
    /// Node `node-b` is not ready.
    NodeNotReady,
    /// The pods of `user-service` fail requests until they are replaced, and the gateway passes that on.
    UpstreamFails,
}

/// The image whose pods crash.
pub(super) const BAD_IMAGE: &str = "registry.example/checkout:2.15.0";

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Calm,
        Self::RedisTimeout,
        Self::RedisTimeoutStays,
        Self::BadDeploy,
        Self::CrashLoop,
        Self::StuckQueue,
        Self::DiskPressure,
        Self::CertificateExpiring,
        Self::NodeNotReady,
        Self::UpstreamFails,
    ];

    pub(super) fn set_up(self, world: &World) {
        world.reset();
        match self {
            Self::Calm => {}
            Self::RedisTimeout => {
                world.update(|state| state.redis.pool = ConnectionPool::Exhausted);
                world.print_to(
                    "production",
                    "api-gateway",
                    "error redis: connection pool timeout after 5000 ms",
                );
            }
            Self::RedisTimeoutStays => {
                world.update(|state| {
                    state.redis.pool = ConnectionPool::Exhausted;
                    state.redis.flush = FlushEffect::DoesNotHelp;
                });
                world.print_to(
                    "production",
                    "api-gateway",
                    "error redis: connection pool timeout after 5000 ms",
                );
            }
            Self::BadDeploy => {
                let log = vec!["FATAL config: PAYMENT_URL is not set".to_owned()];
                let crashes = ImageBehaviour::Crashes {
                    after: Duration::from_millis(200),
                    exit_code: 1,
                    log,
                };
                world.set_image(BAD_IMAGE, crashes);
                world.deploy("production", "checkout", BAD_IMAGE, "release 2.15.0");
            }
            Self::CrashLoop => world.poison("production", "user-service"),
            Self::StuckQueue => world.update(|state| {
                state.queue.depth = 4_800.0;
                state.queue.arrivals = 40.0;
                state.queue.per_worker = 12.0;
            }),
            Self::DiskPressure => world.update(|state| state.disk.log_mib = 17_300),
            Self::CertificateExpiring => world.update(|state| state.certificate.days_left = 2),
            Self::NodeNotReady => world.set_node_ready("node-b", false),
            Self::UpstreamFails => {
                let pods = world.pods_of("production", "user-service");
                world
                    .update(|state| state.upstream.sick_pods = pods.into_iter().map(|pod| pod.uid).collect());
                world.print_to(
                    "production",
                    "api-gateway",
                    "error upstream user-service: 502 bad gateway",
                );
            }
        }
    }
}
