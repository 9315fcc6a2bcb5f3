//! Spans of time in kubectl's short form: `45s`, `3m20s`, `5h`, `12d`.

use jiff::Timestamp;

/// From a Kubernetes time until now; `<unknown>` when there is no time.
pub(super) fn since(text: &str, now: Timestamp) -> String {
    text.parse::<Timestamp>().map_or_else(
        |_| "<unknown>".to_owned(),
        |at| span(now.as_second() - at.as_second()),
    )
}

/// A number of seconds.
pub(super) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |major: i64, unit: &str, minor: i64, small: &str| {
        if minor == 0 {
            format!("{major}{unit}")
        } else {
            format!("{major}{unit}{minor}{small}")
        }
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_kubectl_writes_them() {
        for (seconds, text) in [
            (5, "5s"),
            (119, "119s"),
            (200, "3m20s"),
            (1800, "30m"),
            (18_000, "5h"),
            (172_800, "2d"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
