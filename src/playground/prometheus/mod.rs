//! The Prometheus of the playground: instant and range queries over a handful of series that somebody else keeps.
//!
//! It speaks `/api/v1/query` and `query_range` as the real one does (GET and POST, `time`, `timeout`, the error envelope) and evaluates the
//! part of PromQL that runbooks use ([`eval`]); anything else is refused as a parse error, never answered wrongly. Where
//! the series come from is the caller's: the demo reads them off the cluster.
//!
//! Absent: storage, range selectors of its own, subqueries, `offset`, joins with `on` and `group_left`, and every other endpoint.

pub mod double;
pub mod eval;
mod parse;

pub use double::{PrometheusDouble, PrometheusFaults, PrometheusOptions, Source};
pub use eval::Series;
