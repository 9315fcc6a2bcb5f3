//! What can be seen of a TraceQL query before Tempo sees it: that it is a search, and that what it opens is closed. The language
//! itself is Tempo's to judge (<https://grafana.com/docs/tempo/latest/traceql/>).

use super::jaeger::QueryMistake;

/// Functions that make a metric of traces: Tempo refuses them in a search.
const METRICS: [&str; 11] = [
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
    "topk",
    "bottomk",
];

/// The first thing that is wrong.
pub(super) fn mistake(text: &str) -> Option<QueryMistake> {
    if !text.is_empty() && !text.starts_with(['{', '(']) {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some(QueryMistake::new(
            0..end,
            "a search in TraceQL begins with `{`",
            "write `{ resource.service.name = \"checkout\" && status = error }`",
        ));
    }
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut before = ' ';
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        let here = at..at.saturating_add(c.len_utf8());
        match c {
            '"' | '`' if !closes(&mut characters, c) => {
                return Some(QueryMistake::new(
                    here,
                    "this text is not closed",
                    format!("close it with `{c}`"),
                ));
            }
            '{' | '(' => open.push((c, at)),
            '}' | ')' => {
                let opened = open.pop().map(|(sign, _)| sign);
                if opened != Some(if c == '}' { '{' } else { '(' }) {
                    return Some(QueryMistake::new(
                        here,
                        format!("`{c}` closes nothing"),
                        "leave it out, or open it before",
                    ));
                }
            }
            '|' if open.is_empty() && before != '|' => {
                if let Some(found) = metric(text, at) {
                    return Some(found);
                }
            }
            _ => {}
        }
        before = c;
    }
    let (sign, at) = open.pop()?;
    let closing = if sign == '{' { '}' } else { ')' };
    Some(QueryMistake::new(
        at..at.saturating_add(1),
        format!("`{sign}` is not closed"),
        format!("close it with `{closing}`"),
    ))
}

/// Goes on behind the end of a text; whether it has one.
fn closes(characters: &mut std::str::CharIndices<'_>, quote: char) -> bool {
    while let Some((_, c)) = characters.next() {
        if c == '\\' && quote == '"' {
            characters.next();
        } else if c == quote {
            return true;
        }
    }
    false
}

/// A function behind the bar at this byte that makes a metric.
fn metric(text: &str, bar: usize) -> Option<QueryMistake> {
    let behind = text.get(bar..)?.strip_prefix('|')?;
    let word = behind.trim_start();
    let from = text.len().saturating_sub(word.len());
    let end = word
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(word.len());
    let word = METRICS.into_iter().find(|name| word.get(..end) == Some(*name))?;
    Some(QueryMistake::new(
        from..from.saturating_add(word.len()),
        format!("`{word}` makes a metric of traces, and a search finds traces"),
        "leave it out: a limit counts the traces; or ask Prometheus for the metrics that Tempo writes there",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Option<(&str, String)> {
        let mistake = mistake(text)?;
        Some((
            text.get(mistake.at).expect("a place"),
            format!("{}; {}", mistake.message, mistake.help),
        ))
    }

    #[test]
    fn searches_pass() {
        for text in [
            "{ }",
            "{ resource.service.name = \"a}\" && status = error }",
            "({ .a = `}\\` } >> { status = error }) | count() > 2 | select(span.x)",
            "{ .a = \"\\\"}\" } || { .rate = 1 }",
        ] {
            assert_eq!(wrong(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_search_is_named_where_it_stands() {
        for (text, at, says) in [
            ("status = error", "status", "begins with `{`"),
            ("{ status = error", "{", "`{` is not closed"),
            ("{ status = error }}", "}", "closes nothing"),
            ("{ (status = error }", "}", "closes nothing"),
            ("{ name = \"x }", "\"", "not closed"),
            ("{ } | rate()", "rate", "a search finds traces"),
            (
                "{ } |  quantile_over_time(duration, .9)",
                "quantile_over_time",
                "a limit counts",
            ),
        ] {
            let (place, words) = wrong(text).expect(text);
            assert_eq!(place, at, "{text}");
            assert!(words.contains(says), "{text}: {words}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[{}()|\"`\\\\ a-zé]{0,40}") {
            if let Some(mistake) = mistake(&text) {
                proptest::prop_assert!(text.get(mistake.at).is_some());
            }
        }
    }
}
