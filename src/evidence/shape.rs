//! From an answer to a finding: one short line, the number that counts, and as much of the whole as is kept.

use std::collections::BTreeMap;

use super::loki::Logs;
use super::prometheus::{Answer, Sample};
use crate::domain::evidence::Found;
use crate::domain::runbook::{Limit, LimitSide};

/// Series whose values fit a short line.
const IN_SHORT: usize = 3;

/// What Loki said. Lines are told by the newest; no lines are an answer too, but a limit wants a number.
#[must_use]
pub fn of_logs(logs: &Logs, limit: Option<&Limit>, required: bool) -> Found {
    let (lines, more) = match logs {
        // Of lines that are not there it counts none.
        Logs::Values(answer) if answer.samples.is_empty() => {
            return Found::Read {
                short: "0".to_owned(),
                number: Some("0".to_owned()),
                whole: "0".to_owned(),
            };
        }
        Logs::Values(answer) => return of_answer(answer, limit, required),
        Logs::Lines { .. } if limit.is_some() => {
            return Found::Missing {
                why: "its limit wants a number, and the query gives lines: count them, as in `sum(count_over_time({…}[5m]))`"
                    .to_owned(),
            };
        }
        Logs::Lines { lines, more } => (lines, *more),
    };
    let squeezed = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match lines.as_slice() {
        [] => "no lines".to_owned(),
        [only] => squeezed(only),
        [.., newest] => {
            let over = if more { "or more " } else { "" };
            format!("{} {over}lines, the last: {}", lines.len(), squeezed(newest))
        }
    };
    Found::Read {
        short,
        number: None,
        // The newest first: what is too long is cut at its end.
        whole: lines.iter().rev().cloned().collect::<Vec<_>>().join("\n"),
    }
}

/// What Prometheus said. Without any series there is nothing to hold against a limit, so that counts as missing.
#[must_use]
pub fn of_answer(answer: &Answer, limit: Option<&Limit>, required: bool) -> Found {
    if answer.samples.is_empty() {
        let why = "Prometheus has no such series now".to_owned();
        return if limit.is_some() || required {
            Found::Missing { why }
        } else {
            Found::Read {
                short: "no series".to_owned(),
                number: None,
                whole: String::new(),
            }
        };
    }
    let mut samples: Vec<&Sample> = answer.samples.iter().collect();
    let value = |sample: &Sample| sample.value.parse::<f64>().unwrap_or(f64::NAN);
    let lowest_first = limit.is_some_and(|limit| limit.side == LimitSide::AtLeast);
    // Not a number is the worst of all: it is first, and can't be held against a limit.
    samples.sort_by(|one, other| {
        let (one, other) = (value(one), value(other));
        let order = other
            .partial_cmp(&one)
            .unwrap_or_else(|| other.is_nan().cmp(&one.is_nan()));
        if lowest_first && !one.is_nan() && !other.is_nan() {
            order.reverse()
        } else {
            order
        }
    });
    let percent = limit.is_some_and(|limit| limit.percent);
    let shown: Vec<String> = samples
        .iter()
        .map(|sample| {
            let figure = figure(&sample.value, percent);
            match named(&sample.labels) {
                name if name.is_empty() => figure,
                name => format!("{name} {figure}"),
            }
        })
        .collect();
    let more = samples.len().saturating_sub(IN_SHORT) + answer.more;
    let mut short = shown
        .iter()
        .take(IN_SHORT)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        short.push_str(&format!(", and {more} more"));
    }
    let mut whole = shown.join("\n");
    if answer.more > 0 {
        whole.push_str(&format!("\nand {} more series", answer.more));
    }
    Found::Read {
        short,
        number: samples.first().map(|sample| sample.value.clone()),
        whole,
    }
}

/// One label is told by its value, several with their names.
pub(super) fn named(labels: &BTreeMap<String, String>) -> String {
    let labels: Vec<_> = labels.iter().filter(|(name, _)| *name != "__name__").collect();
    match labels.as_slice() {
        [(_, only)] => (*only).clone(),
        all => all
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// Three digits that count; a ratio in percent when the limit is.
pub(super) fn figure(value: &str, percent: bool) -> String {
    let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return value.to_owned();
    };
    let number = if percent { number * 100.0 } else { number };
    let size = number.abs();
    let text = match size {
        _ if size >= 100.0 => format!("{number:.0}"),
        _ if size >= 10.0 => format!("{number:.1}"),
        _ if size >= 1.0 => format!("{number:.2}"),
        _ if size >= 0.001 || size == 0.0 => format!("{number:.3}"),
        _ => return format!("{number:.1e}{}", if percent { " %" } else { "" }),
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{}", if percent { " %" } else { "" })
}

/// What a command printed: its line, or how many lines there are and the first that says something.
#[must_use]
pub fn of_text(text: &str, limit: Option<&Limit>) -> Found {
    let text = text.trim_end();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let squeeze = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_head = |line: &str| line.chars().all(|c| !c.is_lowercase()) && line.contains(' ');
    let number = Some(text.trim()).filter(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
    let short = match lines.as_slice() {
        [] => "nothing".to_owned(),
        [only] => match (limit, number) {
            (Some(limit), Some(number)) => figure(number, limit.percent),
            _ => squeeze(only),
        },
        [head, rows @ ..] if is_head(head) => match rows {
            [row] => squeeze(row),
            [row, ..] => format!("{} rows: {} …", rows.len(), squeeze(row)),
            [] => "nothing".to_owned(),
        },
        [first, ..] => format!("{} lines: {} …", lines.len(), squeeze(first)),
    };
    Found::Read {
        short,
        number: number.map(str::to_owned),
        whole: text.to_owned(),
    }
}

/// The same with the pod before it, where the command left it to us which one to read: `pod-x of deployment/y, container z`.
#[must_use]
pub fn said_by(source: &str, found: Found) -> Found {
    let source = source.trim();
    match (source.split_whitespace().next(), found) {
        (Some(pod), Found::Read { short, number, whole }) => Found::Read {
            short: format!("{pod}: {short}"),
            number,
            whole: format!("{source}:\n{whole}"),
        },
        (None, found) | (Some(_), found @ Found::Missing { .. }) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(labels: &[(&str, &str)], value: &str) -> Sample {
        let labels: BTreeMap<_, _> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Sample {
            labels,
            value: value.to_owned(),
        }
    }

    fn limit(side: LimitSide, than: &str, percent: bool) -> Limit {
        Limit {
            side,
            than: than.to_owned(),
            percent,
        }
    }

    fn read(found: Found) -> (String, Option<String>) {
        match found {
            Found::Read { short, number, .. } => (short, number),
            Found::Missing { why } => (format!("missing: {why}"), None),
        }
    }

    #[test]
    fn the_worst_series_is_first_and_counts() {
        let answer = Answer {
            samples: vec![
                sample(&[("route", "/cart")], "1.2"),
                sample(&[("route", "/checkout")], "8.412"),
                sample(&[("route", "/x")], "0"),
                sample(&[("route", "/y")], "0.0004"),
            ],
            more: 2,
        };
        let (short, number) = read(of_answer(&answer, None, false));
        assert_eq!(short, "/checkout 8.41, /cart 1.2, /y 4.0e-4, and 3 more");
        assert_eq!(number.as_deref(), Some("8.412"));
        let least = limit(LimitSide::AtLeast, "1", false);
        assert_eq!(
            read(of_answer(&answer, Some(&least), false)).1.as_deref(),
            Some("0")
        );
    }

    #[test]
    fn a_ratio_is_told_in_percent_and_no_series_is_no_zero() {
        let answer = Answer {
            samples: vec![sample(&[], "0.12345")],
            more: 0,
        };
        let five = limit(LimitSide::AtMost, "5", true);
        assert_eq!(read(of_answer(&answer, Some(&five), false)).0, "12.3 %");
        assert_eq!(read(of_answer(&Answer::default(), None, false)).0, "no series");
        assert!(matches!(
            of_answer(&Answer::default(), Some(&five), false),
            Found::Missing { .. }
        ));
        assert!(matches!(
            of_answer(&Answer::default(), None, true),
            Found::Missing { .. }
        ));
    }

    #[test]
    fn a_table_is_told_by_its_rows() {
        let table = "NAME    READY   UP-TO-DATE\napi     2/2     2\nweb     1/1     1\n";
        assert_eq!(read(of_text(table, None)).0, "2 rows: api 2/2 2 …");
        assert_eq!(
            read(of_text("{\"redis\":\"connected\"}\n", None)).0,
            "{\"redis\":\"connected\"}"
        );
        assert_eq!(read(of_text("", None)).0, "nothing");
        let most = limit(LimitSide::AtMost, "1000", false);
        assert_eq!(
            read(of_text("4800\n", Some(&most))),
            ("4800".to_owned(), Some("4800".to_owned()))
        );
    }
}
