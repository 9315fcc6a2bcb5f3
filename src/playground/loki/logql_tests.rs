//! LogQL over two streams.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a moment")
}

fn streams() -> Vec<Stream> {
    let stream = |pod: &str, lines: &[(i64, &str)]| Stream {
        labels: [("app", "gateway"), ("pod", pod)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        lines: lines
            .iter()
            .map(|(second, line)| (at(*second), (*line).to_owned()))
            .collect(),
    };
    vec![
        stream(
            "gateway-1",
            &[
                (10, "listening"),
                (100, "timeout of redis"),
                (200, "timeout of redis"),
            ],
        ),
        stream("gateway-2", &[(150, "timeout of users")]),
    ]
}

fn counted(query: &str) -> Vec<(Labels, f64)> {
    match parse(query).expect("a query") {
        Query::Count(count) => count.of(&streams(), at(300)),
        Query::Lines(_) => panic!("a count was asked for"),
    }
}

#[test]
fn lines_are_selected_and_filtered() {
    let Query::Lines(lines) =
        parse(r#"{app="gateway", pod=~"gateway-.+"} |= "timeout" !~ "users$""#).unwrap()
    else {
        panic!("lines were asked for");
    };
    let found = lines.among(&streams(), at(50), at(200));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].lines,
        [(at(100), "timeout of redis".to_owned())],
        "the end is not among them"
    );
}

#[test]
fn lines_are_counted_by_stream_or_summed_up() {
    let all = counted(r#"count_over_time({app="gateway"} |= "timeout" [5m])"#);
    assert_eq!(
        all.iter().map(|(_, count)| *count).collect::<Vec<_>>(),
        [2.0, 1.0]
    );
    assert_eq!(
        counted(r#"sum(count_over_time({app="gateway"} |= "timeout" [5m]))"#),
        [(Labels::new(), 3.0)]
    );
    let by = counted(r#"sum by (pod) (rate({app="gateway"} |= "timeout" [200s]))"#);
    assert_eq!(by[0].1, 0.01);
    assert_eq!(by[1].0["pod"], "gateway-2");
}

#[test]
fn what_loki_refuses_or_this_does_not_know_is_refused() {
    let refused = |query: &str| parse(query).expect_err("refused");
    assert!(refused("{app=~\".*\"}").contains("at least one regexp or equality matcher"));
    assert_eq!(
        refused("sum(count_over_time({app=\"x\"}[5m])"),
        "parse error at line 1, col 35: syntax error: unexpected $end"
    );
    assert!(refused("{app=\"x\"} | json").contains("unexpected |"));
    assert!(refused("quantile_over_time(0.9, {app=\"x\"}[5m])").contains("unexpected IDENTIFIER"));
    assert!(refused("{app=\"x").contains("unterminated quoted string"));
}
