//! Read-only looks at the world, for the card and the hand-over: what Prometheus, Loki and Tempo or Jaeger say, shaped into
//! findings and drawn as charts; what changed lately in Kubernetes; and, where one is configured, what a model says to candidates and open parameters. Every look is bounded in time and size, and one that fails is shown as
//! failed, never as "nothing".
//! What comes back is text of others: it is redacted and escaped by whoever stores or shows it.

pub mod advisor;
pub mod chart;
mod embeddings;
pub mod filling;
mod ink;
pub mod jaeger;
pub mod kubernetes;
pub mod loki;
pub mod prometheus;
pub mod range;
mod server;
pub mod shape;
pub mod tempo;
pub mod traces;
pub mod unique;
