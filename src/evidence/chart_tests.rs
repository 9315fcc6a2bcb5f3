//! What a chart says in words, and that nothing odd keeps one from being drawn.

use std::collections::BTreeMap;

use super::*;
use crate::domain::runbook::LimitSide;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_219_200 + minute * 60).unwrap()
}

/// An hour in steps of 15 s, quiet at first, then up.
fn line(labels: &[(&str, &str)], low: f64, high: f64) -> Line {
    let points = (0..=240).map(|step| {
        let seconds = at(0).as_second() as f64 + f64::from(step) * 15.0;
        let ripple = f64::from(step % 7) / 7.0 * low * 0.5;
        let value = match step {
            0..=160 => low + ripple,
            161..=180 => low + (high - low) * f64::from(step - 160) / 20.0,
            _ => high - ripple,
        };
        (seconds, value)
    });
    Line {
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        points: points.collect(),
    }
}

fn span() -> Span {
    Span {
        from: at(0),
        to: at(60),
        step: 15,
    }
}

fn five_percent() -> Limit {
    Limit {
        side: LimitSide::AtMost,
        than: "5".to_owned(),
        percent: true,
    }
}

/// Writes it where a person can look at it, when asked to.
fn show(name: &str, png: &[u8]) {
    if let Some(folder) = std::env::var_os("INTERLOCK_CHARTS") {
        std::fs::write(std::path::Path::new(&folder).join(name), png).unwrap();
    }
}

#[test]
fn the_alternative_text_has_the_numbers() {
    let lines = Lines {
        lines: vec![line(&[], 0.002, 0.202)],
        more: 0,
    };
    let limit = five_percent();
    let chart = Chart {
        name: "Error ratio",
        lines: &lines,
        span: span(),
        alert_at: at(47),
        limit: Some(&limit),
    };
    let drawn = chart.draw().unwrap().unwrap();
    show("ratio.png", &drawn.png);
    assert_eq!(
        drawn.alt,
        "Error ratio, 00:00 to 01:00 UTC: lowest 0.2 %, highest 20.2 %, last 20.2 %, at the alert (00:47) 20.1 %; limit 5 %"
    );
    assert!(drawn.png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(drawn.png.len() < 200_000, "{}", drawn.png.len());
}

#[test]
fn several_lines_are_named_and_what_is_not_drawn_is_said() {
    let lines = Lines {
        lines: vec![
            line(&[("route", "/login")], 0.5, 1_200.0),
            line(&[("route", "/checkout")], 0.5, 800.0),
            line(
                &[("route", "/a-route-with-a-name-that-no-chart-has-room-for/ever")],
                2.0,
                300.0,
            ),
        ],
        more: 4,
    };
    let chart = Chart {
        name: "Errors by route, over a name that is longer than anybody would want to read on the screen of a phone at night",
        lines: &lines,
        span: span(),
        alert_at: at(60),
        limit: None,
    };
    let drawn = chart.draw().unwrap().unwrap();
    show("routes.png", &drawn.png);
    assert!(
        drawn.alt.contains("/login: lowest 0.5, highest 1200, last"),
        "{}",
        drawn.alt
    );
    assert!(drawn.alt.ends_with("; 4 more not drawn"), "{}", drawn.alt);
}

fn odd(lines: &Lines) -> Chart<'_> {
    Chart {
        name: "Odd",
        lines,
        span: span(),
        alert_at: at(-600),
        limit: None,
    }
}

#[test]
fn odd_values_are_drawn_and_nothing_is_no_picture() {
    let nothing = Lines::default();
    assert_eq!(odd(&nothing).draw().unwrap(), None);
    let from = at(0).as_second() as f64;
    for points in [
        vec![(from, 0.0)],
        vec![(from, 1e300), (from + 15.0, -1e300)],
        vec![(from, 7.0), (from + 15.0, 7.0)],
        vec![(from, 1e-12), (from + 900.0, 2e-12)],
        vec![(from - 99.0, 5.0), (from + 1e9, -5.0)],
    ] {
        let lines = Lines {
            lines: vec![Line {
                labels: BTreeMap::new(),
                points,
            }],
            more: 0,
        };
        assert!(odd(&lines).draw().unwrap().is_some(), "{lines:?}");
    }
}
