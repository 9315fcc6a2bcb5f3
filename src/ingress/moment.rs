//! Times as senders write them: RFC 3339 with any number of decimals, offsets without a colon, dates with points, numbers
//! of seconds to nanoseconds, also as text. What a product's own sender writes that can't be read is no time, and never a reason to
//! lose an alert; where a team writes the body itself (`told`), it is refused, so that the team sees it when it sets that up.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::error::ParseError;
use super::json::quoted;

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

/// The moment at the first of these places where there is anything. What template languages write for nothing is nothing.
///
/// # Errors
/// `NoTime` when what is there is no time.
pub(super) fn told(body: &Value, pointers: &[&str]) -> Result<Option<Timestamp>, ParseError> {
    let mut places = pointers.iter().filter_map(|at| Some((at, body.pointer(at)?)));
    let Some((at, value)) = places.find(|(_, value)| !is_nothing(value)) else {
        return Ok(None);
    };
    match moment(value) {
        Some(moment) => Ok(Some(moment)),
        None => Err(ParseError::NoTime {
            at: at.trim_start_matches('/').replace('/', "."),
            given: quoted(value),
        }),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            let text = text.trim();
            let unset = ["", "0", "null", "None", "<nil>", "<no value>"].contains(&text);
            // Year 1 is how Go writes "none"; a template that was not filled in is nothing either.
            unset || text.starts_with("0001-") || text.starts_with("{{")
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
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
    use serde_json::{Value, json};

    use super::{moment, told};

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

    #[test]
    fn nothing_is_no_time_and_nonsense_is_refused_by_name() {
        let read = |value: Value| {
            let body = json!({"a": {"at": value}, "from": "2026-11-20T22:26:15Z"});
            let at = told(&body, &["/a/at", "/from"]);
            at.map(|at| at.map(|at| at.to_string()))
                .map_err(|error| error.to_string())
        };
        for nothing in [
            json!(null),
            json!(""),
            json!(0),
            json!("<no value>"),
            json!("{{.at}}"),
            json!("0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(nothing), Ok(Some("2026-11-20T22:26:15Z".to_owned())));
        }
        let refused = read(json!("yesterday")).unwrap_err();
        assert_eq!(
            refused,
            "`a.at` is \"yesterday\", which is no time: write it like 2026-11-20T22:26:15Z, or as seconds since 1970"
        );
        let long = read(json!("yesterday\n".repeat(50))).unwrap_err();
        assert!(long.len() < 160 && !long.contains('\n'), "{long}");
        for wrong in [
            json!(true),
            json!([1]),
            json!({"t": 1}),
            json!(-1.5),
            json!("soon"),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
