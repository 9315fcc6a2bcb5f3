//! Moments on the page. The server writes UTC and the pattern; the script rewrites it in the reader's own
//! zone.
//!
//! Patterns are those of Slack's date formatting (`<!date^unix^pattern^link|fallback>`): `{date_num}`,
//! `{date}`, `{date_short}`, `{date_long}`, their `_pretty` forms, `{time}`, `{time_secs}` and `{ago}`. The
//! server has no "today" of the reader, so it writes the plain forms where a pretty one was asked for.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::html::Html;

/// The moment that a message `ts` (`1732143600.000200`) names.
pub fn of_ts(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.').unwrap_or((ts, "0"));
    let micros: i64 = micros.parse().ok().filter(|m| (0..1_000_000).contains(m))?;
    Timestamp::from_microsecond(
        seconds
            .parse::<i64>()
            .ok()?
            .checked_mul(1_000_000)?
            .checked_add(micros)?,
    )
    .ok()
}

/// A moment in a pattern of Slack's.
pub fn write(h: &mut Html, at: Timestamp, pattern: &str) {
    let unix = at.as_second().to_string();
    let iso = at.to_string();
    h.tag(
        "time",
        &[
            ("datetime", &iso),
            ("data-unix", &unix),
            ("data-pattern", pattern),
        ],
        &in_utc(at, pattern),
    );
}

/// The day of a moment in UTC, for dividers.
pub fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%A, %-d %B").to_string()
}

fn in_utc(at: Timestamp, pattern: &str) -> String {
    let zoned = at.to_zoned(TimeZone::UTC);
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some(length) = rest.find('}') else { break };
        let token = &rest[1..length];
        match strftime_of(token) {
            Some(format) => out.push_str(&zoned.strftime(format).to_string()),
            None => out.push_str(&rest[..=length]),
        }
        rest = &rest[length + 1..];
    }
    out.push_str(rest);
    out
}

fn strftime_of(token: &str) -> Option<&'static str> {
    Some(match token {
        "date_num" => "%Y-%m-%d",
        "date" | "date_pretty" => "%B %-d, %Y",
        "date_short" | "date_short_pretty" => "%b %-d, %Y",
        "date_long" | "date_long_pretty" => "%A, %B %-d, %Y",
        "date_slash" => "%m/%d/%Y",
        "day_divider_pretty" => "%A, %-d %B",
        "time" => "%H:%M",
        "time_secs" => "%H:%M:%S",
        "ago" => "%b %-d, %H:%M",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ts_names_a_moment() {
        let at = of_ts("1795212000.000200").map(|t| t.to_string());
        assert_eq!(at.as_deref(), Some("2026-11-20T22:00:00.0002Z"));
        for bad in ["", "x", "1.x", "1.-5", "99999999999999999999.0"] {
            assert_eq!(of_ts(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn patterns_are_filled_and_unknown_tokens_stay() {
        let at: Timestamp = "2026-11-20T22:05:09Z".parse().expect("a timestamp");
        assert_eq!(
            in_utc(at, "since {time_secs} on {date_num}, {what}"),
            "since 22:05:09 on 2026-11-20, {what}"
        );
        assert_eq!(in_utc(at, "open {brace"), "open {brace");
    }
}
