//! The tracing of the playground: a Tempo and a Jaeger over a handful of traces that somebody else keeps.
//!
//! The Tempo answers `/api/search` as the real one does (its window, `limit`, `spss`, JSON without what is zero, refusals as plain
//! text, tenants) and evaluates the part of TraceQL that runbooks use ([`traceql`]); anything else is refused as a parse error,
//! never answered wrongly. The Jaeger answers `/api/traces` and `/api/services` with its own envelope and its own refusals.
//!
//! Absent: taking spans, traces by their id, tags and their values, metrics of traces, protobuf.

mod jaeger;
mod span;
mod tempo;
pub mod traceql;
mod words;

pub use jaeger::{JaegerDouble, JaegerOptions};
pub use span::{Span, Trace};
pub use tempo::{TempoDouble, TempoOptions};

/// A duration of Go (`1m30s`, `1.5s`, `500ms`) in nanoseconds.
fn go_duration(text: &str) -> Option<i128> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, behind) = rest.split_at(end);
        let end = behind
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let unit = match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3_600e9,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * unit;
        rest = behind;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "nanoseconds of a duration that people write"
    )]
    (!text.is_empty()).then_some(sum as i128)
}
