//! Range queries to Prometheus: how an expression went over a while, for a chart. Bounded in time, points and series.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::prometheus::{Prometheus, QueryError};

/// Lines that are kept of an answer: more can't be told apart in a chart.
pub const LINES: usize = 5;

/// From when to when, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Seconds, at least 1.
    pub step: u32,
}

/// One series over a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub labels: BTreeMap<String, String>,
    /// Unix seconds and value, in order; where there was none, none. `NaN` and infinities are left out.
    pub points: Vec<(f64, f64)>,
}

/// The answer to a range query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// At most [`LINES`], the highest at their end first.
    pub lines: Vec<Line>,
    /// Series beyond those.
    pub more: usize,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Ranged {
    Matrix(Vec<Series>),
}

#[derive(Deserialize)]
pub(super) struct Series {
    metric: BTreeMap<String, String>,
    /// Left out for native histograms.
    #[serde(default)]
    values: Vec<(f64, String)>,
}

impl Prometheus {
    /// Asks how an expression went.
    ///
    /// # Errors
    /// It can't be asked in time, refuses, or answers something else than series over time.
    pub async fn range(&self, expression: &str, span: Span) -> Result<Lines, QueryError> {
        let seconds = |at: Timestamp| at.as_second().to_string();
        let more = [
            ("start", seconds(span.from)),
            ("end", seconds(span.to)),
            ("step", span.step.max(1).to_string()),
        ];
        let Ranged::Matrix(series) = self.ask("query_range", expression, &more).await?;
        Ok(kept(series))
    }
}

fn kept(series: Vec<Series>) -> Lines {
    let mut lines: Vec<Line> = series
        .into_iter()
        .map(|one| Line {
            labels: one.metric,
            points: one
                .values
                .into_iter()
                .filter_map(|(at, value)| {
                    Some((at, value.parse::<f64>().ok().filter(|value| value.is_finite())?))
                })
                .collect(),
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    let last = |line: &Line| line.points.last().map_or(f64::NEG_INFINITY, |(_, value)| *value);
    lines.sort_by(|one, other| last(other).total_cmp(&last(one)));
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    Lines { lines, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_come_first_and_what_is_no_number_is_a_gap() {
        let body = r#"{"resultType":"matrix","result":[
            {"metric":{"route":"/a"},"values":[[1,"1"],[2,"NaN"],[3,"2"]]},
            {"metric":{"route":"/b"},"values":[[1,"9"],[3,"5"]]},
            {"metric":{"route":"/c"},"values":[[1,"+Inf"]]}]}"#;
        let Ranged::Matrix(series) = serde_json::from_str(body).unwrap();
        let lines = kept(series);
        let routes: Vec<_> = lines
            .lines
            .iter()
            .map(|line| line.labels["route"].as_str())
            .collect();
        assert_eq!(routes, ["/b", "/a"]);
        assert_eq!(lines.lines[1].points, [(1.0, 1.0), (3.0, 2.0)]);
        assert_eq!(lines.more, 0);
    }
}
