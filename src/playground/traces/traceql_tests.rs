//! TraceQL over two traces.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;

fn span(service: &str, name: &str, milliseconds: i64, error: bool) -> Span {
    Span {
        id: name.to_owned(),
        parent: None,
        service: service.to_owned(),
        name: name.to_owned(),
        starts_at: Timestamp::UNIX_EPOCH,
        took: SignedDuration::from_millis(milliseconds),
        error,
        attributes: [
            (
                "http.status_code".to_owned(),
                json!(if error { 502 } else { 200 }),
            ),
            ("cached".to_owned(), json!(!error)),
        ]
        .into(),
    }
}

fn found(query: &str) -> Vec<String> {
    let trace = |id: &str, spans| Trace {
        id: id.to_owned(),
        spans,
    };
    let traces = [
        trace(
            "slow",
            vec![
                span("gateway", "GET /cart", 2_100, true),
                span("users", "SELECT", 2_000, true),
            ],
        ),
        trace(
            "fast",
            vec![
                span("gateway", "GET /cart", 12, false),
                span("users", "SELECT", 9, false),
            ],
        ),
    ];
    let query = parse(query).expect(query);
    let found = traces.iter().filter(|trace| query.finds(trace));
    found.map(|trace| trace.id.clone()).collect()
}

fn refused(query: &str) -> String {
    parse(query).expect_err(query)
}

#[test]
fn spans_are_compared_one_by_one() {
    assert_eq!(found("{ }"), ["slow", "fast"]);
    assert_eq!(found("{ status = error }"), ["slow"]);
    assert_eq!(
        found("{ resource.service.name = \"users\" && duration > 1.5s }"),
        ["slow"]
    );
    // Of one span, not of two.
    assert!(found("{ resource.service.name = \"users\" && name = \"GET /cart\" }").is_empty());
    assert_eq!(
        found("{ resource.service.name = `users` } && { name = \"GET /cart\" }").len(),
        2
    );
    assert_eq!(
        found("{ span.http.status_code >= 500 || duration < 10ms }").len(),
        2
    );
    assert_eq!(found("{ .cached = true && name =~ \"GET.*\" }"), ["fast"]);
    assert!(found("{ name =~ \"GET\" }").is_empty(), "patterns are anchored");
    assert_eq!(
        found("{ rootServiceName = \"gateway\" && traceDuration > 2s }"),
        ["slow"]
    );
    // What a span does not have is not compared.
    assert!(found("{ span.nothing != \"x\" }").is_empty());
    assert!(found("{ span.http.status_code = \"502\" }").is_empty());
}

#[test]
fn what_is_not_known_here_is_refused_as_tempo_words_it() {
    assert_eq!(
        refused("{ .foo=\"bar\" "),
        "parse error at line 1, col 14: syntax error: unexpected $end"
    );
    assert_eq!(
        refused("{"),
        "parse error at line 1, col 2: syntax error: unexpected $end"
    );
    assert_eq!(
        refused("{ user.id = \"u\" }"),
        "parse error at line 1, col 3: syntax error: unexpected IDENTIFIER"
    );
    assert!(refused("{ status = \"error\" }").contains("must operate on the same type"));
    assert!(refused("{ duration > 5 }").contains("must operate on the same type"));
    assert!(refused("{ name =~ \"(\" }").contains("invalid regex"));
    assert!(refused("{ } | count() > 2").contains("unexpected |"));
    assert!(refused("{ } >> { }").contains("unexpected >>"));
    assert!(refused("").contains("unexpected $end"));
}
