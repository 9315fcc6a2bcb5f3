//! The cluster of the playground: a Kubernetes API server in this process, on a loopback port, over TLS, that kubectl and kube-rs can
//! use unmodified. It holds a model of objects with small controllers, runs scripted programs for exec over WebSocket, fails on demand,
//! and says what really happened.
//!
//! Absent on purpose: SPDY (kubectl before 1.31 can't exec), conflicts of server-side apply, schedules of CronJobs, networks, volumes.

mod admission;
mod api;
mod authorizer;
mod controller;
mod double;
mod exec;
mod faults;
mod ids;
mod journal;
mod json;
mod kinds;
mod kubeconfig;
mod managed;
mod model;
mod patch;
mod programs;
mod scenario;
mod seed;
mod selector;
mod server;
mod shared;
mod sim;
mod status;
mod store;
mod tls;
mod users;
mod view;
mod world;
mod world_handle;

pub use double::{ClusterDouble, ClusterError, ClusterOptions, ServerFlavour, Speed};
pub use faults::{Fault, FaultKind, FaultMatch, Faults};
pub use journal::{Effect, RequestRecord};
pub use kinds::Kind;
pub use programs::{ExecCall, Output, Place, Program, ProgramRun, UnknownPlace};
pub use scenario::Scenario;
pub use shared::ClusterChange;
pub use sim::{ImageBehaviour, Timings};
pub use tls::TlsError;
pub use users::ClusterUser;
pub use view::{ClusterView, EventView, NodeView, PodView, RequestView, WorkloadView};
pub use world::{
    CertificateState, ConnectionPool, DiskState, FlushEffect, QueueState, RedisState, UpstreamState,
    WorldState,
};
pub use world_handle::World;
