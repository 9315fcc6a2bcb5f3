//! What a query is now: selectors, `rate` and `increase`, aggregations, arithmetic, comparisons and set operators over the
//! series of this moment.

use std::collections::BTreeMap;

use super::parse::{Aggregate, Expr, Function, Grouping, Op, Selector, Test, parse};

/// One series at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
    /// How fast it grows, for counters; 0 for gauges.
    pub per_second: f64,
}

impl Series {
    #[must_use]
    pub fn gauge(name: &str, labels: &[(&str, &str)], value: f64) -> Self {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            name: name.to_owned(),
            labels: labels.collect(),
            value,
            per_second: 0.0,
        }
    }

    /// A counter that has run at this pace for a day.
    #[must_use]
    pub fn counter(name: &str, labels: &[(&str, &str)], per_second: f64) -> Self {
        Self {
            per_second,
            ..Self::gauge(name, labels, (per_second * 86_400.0).round())
        }
    }
}

pub type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Scalar(f64),
    Vector(Vec<(Labels, f64)>),
}

const NAME: &str = "__name__";

/// Reads and evaluates a query.
///
/// # Errors
/// A parse error, as Prometheus words it; or what this double does not do.
pub fn query(text: &str, series: &[Series]) -> Result<Value, String> {
    eval(&parse(text)?, series)
}

fn eval(expr: &Expr, series: &[Series]) -> Result<Value, String> {
    Ok(match expr {
        Expr::Number(number) => Value::Scalar(*number),
        Expr::Select(selector) => Value::Vector(
            select(selector, series)
                .map(|one| {
                    let mut labels = one.labels.clone();
                    labels.insert(NAME.to_owned(), one.name.clone());
                    (labels, one.value)
                })
                .collect(),
        ),
        Expr::Range(..) => {
            return Err(
                "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"
                    .to_owned(),
            );
        }
        Expr::Call(function, of) => call(*function, of, series)?,
        Expr::Aggregate { how, count, of, by } => {
            let Value::Vector(of) = eval(of, series)? else {
                return Err(
                    "parse error: expected type instant vector in aggregation expression, got scalar"
                        .to_owned(),
                );
            };
            let count = match count {
                Some(count) => match eval(count, series)? {
                    Value::Scalar(count) => count,
                    Value::Vector(_) => {
                        return Err("parse error: expected type scalar in aggregation parameter".to_owned());
                    }
                },
                None => 0.0,
            };
            Value::Vector(aggregate(*how, count, of, by.as_ref()))
        }
        Expr::Binary(left, op, right) => binary(eval(left, series)?, *op, eval(right, series)?)?,
    })
}

fn select<'a>(selector: &'a Selector, series: &'a [Series]) -> impl Iterator<Item = &'a Series> {
    series.iter().filter(|one| {
        let named = selector.name.as_ref().is_none_or(|name| *name == one.name);
        named
            && selector.matchers.iter().all(|matcher| {
                let value = match matcher.label.as_str() {
                    NAME => one.name.as_str(),
                    label => one.labels.get(label).map_or("", String::as_str),
                };
                match &matcher.test {
                    Test::Is(wanted) => value == wanted,
                    Test::IsNot(wanted) => value != wanted,
                    Test::Like(pattern) => pattern.is_match(value),
                    Test::NotLike(pattern) => !pattern.is_match(value),
                }
            })
    })
}

fn call(function: Function, of: &Expr, series: &[Series]) -> Result<Value, String> {
    let over = |factor: f64, selector: &Selector| {
        let found = select(selector, series).map(|one| (one.labels.clone(), one.per_second * factor));
        Value::Vector(found.collect())
    };
    Ok(match (function, of) {
        (Function::Rate, Expr::Range(selector, _)) => over(1.0, selector),
        (Function::Increase, Expr::Range(selector, seconds)) => over(*seconds, selector),
        (Function::Rate | Function::Increase, _) => {
            return Err("parse error: expected type range vector".to_owned());
        }
        (Function::Vector, of) => match eval(of, series)? {
            Value::Scalar(number) => Value::Vector(vec![(Labels::new(), number)]),
            Value::Vector(_) => {
                return Err("parse error: expected type scalar in call to function \"vector\"".to_owned());
            }
        },
        (Function::Abs, of) => match eval(of, series)? {
            Value::Vector(all) => Value::Vector(
                all.into_iter()
                    .map(|(labels, value)| (unnamed(labels), value.abs()))
                    .collect(),
            ),
            Value::Scalar(_) => {
                return Err(
                    "parse error: expected type instant vector in call to function \"abs\"".to_owned(),
                );
            }
        },
    })
}

fn unnamed(mut labels: Labels) -> Labels {
    labels.remove(NAME);
    labels
}

fn aggregate(
    how: Aggregate,
    count: f64,
    of: Vec<(Labels, f64)>,
    by: Option<&Grouping>,
) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<(Labels, f64)>> = BTreeMap::new();
    for (labels, value) in of {
        let group = match by {
            None => Labels::new(),
            Some(by) => unnamed(labels.clone())
                .into_iter()
                .filter(|(name, _)| by.labels.contains(name) != by.without)
                .collect(),
        };
        groups.entry(group).or_default().push((labels, value));
    }
    let mut made = Vec::new();
    for (group, mut members) in groups {
        let values = members.iter().map(|(_, value)| *value);
        #[expect(clippy::cast_precision_loss, reason = "far fewer series than 2^52")]
        let number = members.len() as f64;
        let one = match how {
            Aggregate::Sum => values.sum(),
            Aggregate::Avg => values.sum::<f64>() / number,
            Aggregate::Min => values.fold(f64::INFINITY, f64::min),
            Aggregate::Max => values.fold(f64::NEG_INFINITY, f64::max),
            Aggregate::Count => number,
            Aggregate::TopK | Aggregate::BottomK => {
                members.sort_by(|one, other| other.1.total_cmp(&one.1));
                if how == Aggregate::BottomK {
                    members.reverse();
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a negative count is none, and a cast saturates"
                )]
                members.truncate(count.max(0.0) as usize);
                made.extend(members);
                continue;
            }
        };
        made.push((group, one));
    }
    made
}

fn binary(left: Value, op: Op, right: Value) -> Result<Value, String> {
    if matches!(op, Op::Or | Op::And | Op::Unless) {
        let (Value::Vector(left), Value::Vector(right)) = (left, right) else {
            return Err("parse error: set operator not allowed in binary scalar expression".to_owned());
        };
        return Ok(Value::Vector(sets(left, op, right)));
    }
    Ok(match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => match apply(left, op, right) {
            Some(value) if !compares(op) => Value::Scalar(value),
            Some(_) | None => {
                return Err("parse error: comparisons between scalars must use BOOL modifier".to_owned());
            }
        },
        (Value::Vector(all), Value::Scalar(right)) => keep(
            all.into_iter()
                .map(|(labels, value)| (labels, apply(value, op, right))),
            op,
        ),
        (Value::Scalar(left), Value::Vector(all)) => {
            let made = all.into_iter().map(|(labels, value)| {
                // A comparison keeps the value of the vector.
                let kept = apply(left, op, value).map(|made| if compares(op) { value } else { made });
                (labels, kept)
            });
            keep(made, op)
        }
        (Value::Vector(left), Value::Vector(right)) => {
            let right: BTreeMap<Labels, f64> = right
                .into_iter()
                .map(|(labels, value)| (unnamed(labels), value))
                .collect();
            let made = left.into_iter().filter_map(|(labels, value)| {
                let other = right.get(&unnamed(labels.clone()))?;
                Some((labels, apply(value, op, *other)))
            });
            keep(made, op)
        }
    })
}

fn compares(op: Op) -> bool {
    matches!(
        op,
        Op::Equal | Op::NotEqual | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual
    )
}

/// Arithmetic takes the metric's name away, a comparison keeps it.
fn keep(made: impl Iterator<Item = (Labels, Option<f64>)>, op: Op) -> Value {
    let named = |labels| if compares(op) { labels } else { unnamed(labels) };
    Value::Vector(
        made.filter_map(|(labels, value)| Some((named(labels), value?)))
            .collect(),
    )
}

/// `None` where a comparison does not hold.
fn apply(left: f64, op: Op, right: f64) -> Option<f64> {
    let holds = |holds: bool| holds.then_some(left);
    match op {
        Op::Add => Some(left + right),
        Op::Subtract => Some(left - right),
        Op::Multiply => Some(left * right),
        Op::Divide => Some(left / right),
        #[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
        Op::Equal => holds(left == right),
        #[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
        Op::NotEqual => holds(left != right),
        Op::Less => holds(left < right),
        Op::LessOrEqual => holds(left <= right),
        Op::Greater => holds(left > right),
        Op::GreaterOrEqual => holds(left >= right),
        Op::Or | Op::And | Op::Unless => None,
    }
}

fn sets(left: Vec<(Labels, f64)>, op: Op, right: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let has = |all: &[(Labels, f64)], labels: &Labels| {
        let wanted = unnamed(labels.clone());
        all.iter().any(|(other, _)| unnamed(other.clone()) == wanted)
    };
    if op == Op::Or {
        let new: Vec<_> = right
            .into_iter()
            .filter(|(labels, _)| !has(&left, labels))
            .collect();
        return left.into_iter().chain(new).collect();
    }
    let wanted = op == Op::And;
    left.into_iter()
        .filter(|(labels, _)| has(&right, labels) == wanted)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> Vec<Series> {
        let http = |code: &str, route: &str, rate| {
            Series::counter(
                "http_requests_total",
                &[("app", "api"), ("code", code), ("route", route)],
                rate,
            )
        };
        vec![
            http("200", "/cart", 40.0),
            http("200", "/checkout", 40.0),
            http("500", "/cart", 2.0),
            http("503", "/checkout", 18.0),
            Series::gauge("up", &[("job", "api")], 1.0),
        ]
    }

    fn told(text: &str) -> String {
        match query(text, &world()) {
            Ok(Value::Scalar(number)) => number.to_string(),
            Ok(Value::Vector(all)) => all
                .iter()
                .map(|(labels, value)| {
                    let labels: Vec<_> = labels.values().cloned().collect();
                    format!("{}={value}", labels.join("/"))
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error,
        }
    }

    #[test]
    fn what_runbooks_ask_is_answered_as_prometheus_would() {
        for (query, answer) in [
            (
                "sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))",
                "=0.2",
            ),
            (
                "sum by (route) (rate(http_requests_total{code=~\"5..\"}[5m]))",
                "/cart=2 /checkout=18",
            ),
            (
                "sum(rate(http_requests_total{code!~\"2..\"}[5m])) by (route) > 5",
                "/checkout=18",
            ),
            (
                "topk(1, sum by (route) (rate(http_requests_total{code=~\"5..\"}[5m])))",
                "/checkout=18",
            ),
            (
                "increase(http_requests_total{code=\"500\"}[1m])",
                "api/500//cart=120",
            ),
            ("sum(rate(nothing_total[5m])) or vector(0)", "=0"),
            ("count(http_requests_total{app=\"api\"}) * 2", "=8"),
            ("up", "up/api=1"),
            ("up == 0", ""),
            ("1 + 2 * 3", "7"),
            ("-(4 - 2)", "-2"),
        ] {
            assert_eq!(told(query), answer, "{query}");
        }
    }

    #[test]
    fn what_is_no_promql_is_refused_and_never_guessed() {
        for (query, says) in [
            ("", "no expression found"),
            ("sum(", "unexpected end of input"),
            ("up{job=}", "expected string"),
            ("rate(up)", "expected type range vector"),
            ("predict(up[5m])", "unknown function"),
            ("up[5m]", "must be Scalar or instant Vector"),
            ("up offset 5m", "unexpected identifier \"offset\""),
            ("up{job=~\"(\"}", "error parsing regexp"),
            ("up $ 1", "unexpected character"),
            ("1 > 2", "must use BOOL"),
        ] {
            let said = told(query);
            assert!(said.contains(says), "{query}: {said}");
        }
        assert!(told(&"(".repeat(500)).contains("nested too deeply"));
    }
}
