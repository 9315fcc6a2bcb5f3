//! Small words that several texts share: durations, counts, times.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::ids::AttemptId;

/// `42 s`, `3 min 5 s`, `2 h 10 min`. Negative durations read as `0 s`.
#[must_use]
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, seconds) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// `1.2 s` below ten seconds, else as [`duration`].
#[must_use]
pub fn took(milliseconds: u64) -> String {
    if milliseconds < 10_000 {
        format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
    } else {
        duration(SignedDuration::from_millis(
            i64::try_from(milliseconds).unwrap_or(i64::MAX),
        ))
    }
}

/// `03:14:07` in UTC.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `INC-7 (its step 2)`: who has a target.
#[must_use]
pub fn at_work(attempt: AttemptId) -> String {
    format!("{} (its step {})", attempt.incident, attempt.step)
}

/// `Mon 23 Nov 2026 09:00 (Europe/Berlin)`: a moment that may be days away, where the people are. In UTC when this
/// machine does not know the zone.
#[must_use]
pub fn moment(at: Timestamp, zone: &str) -> String {
    let (zone, name) = match TimeZone::get(zone) {
        Ok(known) => (known, zone),
        Err(_) => (TimeZone::UTC, "UTC"),
    };
    let here = at.to_zoned(zone);
    format!("{} ({name})", here.strftime("%a %-d %b %Y %H:%M"))
}

/// `2026-11-21 18:04 UTC`: a moment of which nobody knows who reads it where. Slack shows it to each reader in their zone.
#[must_use]
pub fn at(moment: Timestamp) -> String {
    moment.strftime(AT).to_string()
}

/// How [`at`] writes.
pub const AT: &str = "%Y-%m-%d %H:%M UTC";

/// `a, b and c`.
#[must_use]
pub fn listed(things: &[impl ToString]) -> String {
    let words: Vec<String> = things.iter().map(ToString::to_string).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `a, b or c`.
#[must_use]
pub fn any_of(things: &[String]) -> String {
    match things.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// `1 pod`, `3 pods`.
#[must_use]
pub fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

/// One sentence for a phone: a chain of causes why a cluster did not answer is left out, since the thread has it whole.
#[must_use]
pub fn without_causes(text: &str) -> String {
    match (
        text.split_once(" could not be asked: "),
        text.contains("can't be reached"),
    ) {
        (Some((place, _)), true) => format!("{place} can't be reached"),
        (Some(_) | None, _) => text.to_owned(),
    }
}

/// The same with a capital at its beginning, unless what stands there is a name of some program's or team's (`p-1`, `diskFull`).
#[must_use]
pub fn sentence(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let named = |c: char| c.is_uppercase() || c.is_ascii_digit() || c == '_' || c == '/';
    if first.contains(named) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_and_a_name_as_it_is_written() {
        for (text, said) in [
            ("ana approved", "Ana approved"),
            ("break-glass: now", "Break-glass: now"),
            ("", ""),
            ("p-1 is over", "p-1 is over"),
            ("diskFull fired", "diskFull fired"),
            ("redis_down fired", "redis_down fired"),
        ] {
            assert_eq!(sentence(text), said);
        }
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_one_sentence_on_a_phone() {
        let whole = "no plan could be made: steps 1 and 2: cluster `main` could not be asked: nothing was sent: \
                     https://10.0.0.1:6443 can't be reached: client error (Connect): tcp connect error: Connection refused";
        assert_eq!(
            without_causes(whole),
            "no plan could be made: steps 1 and 2: cluster `main` can't be reached"
        );
        let other = "step 1: cluster `main` could not be asked: the server failed: etcd is gone (500)";
        assert_eq!(without_causes(other), other);
    }
}
