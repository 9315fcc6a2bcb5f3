//! The Loki of the playground: log queries over a handful of streams that somebody else keeps.
//!
//! It speaks `/loki/api/v1/query` and `query_range` as the real one does (`limit`, `direction`, the envelope, refusals as plain
//! text, tenants) and evaluates the part of LogQL that runbooks use ([`logql`]); anything else is refused as a parse error,
//! never answered wrongly.
//!
//! Absent: pushing, tailing, label endpoints, metric queries over a range, parsers and formatters behind `|`.

mod double;
pub mod logql;

pub use double::{LokiDouble, LokiOptions};
pub use logql::Stream;
