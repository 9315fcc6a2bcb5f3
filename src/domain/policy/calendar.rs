//! When a rule of the calendar holds, by the wall clock of one zone: on which dates, which days of the week, between
//! which times. What the clock shows counts: an hour that a change to summer time leaves out never comes, one that
//! comes twice counts twice. Not here: what a rule means (`guards`), and reading zones (`config`).

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

const MINUTES_A_DAY: u16 = 24 * 60;
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// `2026-12-20..2027-01-02 mon-fri 09:00-17:00`: dates, days and times, each of which may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First and last, both included.
    dates: Option<(Date, Date)>,
    /// Monday first.
    days: [bool; 7],
    /// Minutes of the day. `to` is not included, at most 1,440; when it is not after `from` it is of the next day.
    from: u16,
    to: u16,
}

/// Why a text is no span, or one that never comes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    #[error(
        "`{0}` is no date, day or time: write dates like 2026-12-20..2027-01-02, days like mon-fri or sat,sun, times like 09:00-17:00"
    )]
    Word(String),
    #[error("it says {0} twice: keep one")]
    Twice(&'static str),
    #[error("it is empty: write at least days or times, like mon-fri 09:00-17:00")]
    Empty,
    #[error("it never comes, since {0}: mend it or take it out")]
    Never(String),
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (mut dates, mut days, mut times) = (None, None, None);
        for word in text.split_whitespace() {
            let lower = word.to_ascii_lowercase();
            let (slot, what) = if let Some(read) = read_times(&lower) {
                (times.replace(read).is_some(), "times")
            } else if let Some(read) = read_dates(&lower) {
                (dates.replace(read).is_some(), "dates")
            } else if let Some(read) = read_days(&lower) {
                (days.replace(read).is_some(), "days")
            } else {
                return Err(SpanError::Word(word.to_owned()));
            };
            if slot {
                return Err(SpanError::Twice(what));
            }
        }
        if dates.is_none() && days.is_none() && times.is_none() {
            return Err(SpanError::Empty);
        }
        let (from, to) = times.unwrap_or((0, MINUTES_A_DAY));
        let span = Self {
            dates,
            days: days.unwrap_or([true; 7]),
            from,
            to,
        };
        span.comes().map(|()| span)
    }
}

fn read_times(word: &str) -> Option<(u16, u16)> {
    let (from, to) = word.split_once('-')?;
    let minutes = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let two = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        let all = hours.saturating_mul(60).saturating_add(minutes);
        (minutes < 60 && all <= MINUTES_A_DAY).then_some(all)
    };
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < MINUTES_A_DAY).then_some((from, to))
}

fn read_dates(word: &str) -> Option<(Date, Date)> {
    let read = |text: &str| (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    match word.split_once("..") {
        Some((first, last)) => Some((read(first)?, read(last)?)),
        None => read(word).map(|date| (date, date)),
    }
}

fn read_days(word: &str) -> Option<[bool; 7]> {
    if word == "daily" {
        return Some([true; 7]);
    }
    let index = |text: &str| DAYS.iter().position(|(name, _)| *name == text);
    let mut days = [false; 7];
    for part in word.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (index(first)?, index(last)?);
        *days.get_mut(day)? = true;
        // `sat-mon` goes round the end of the week.
        while day != last {
            day = day.saturating_add(1) % 7;
            *days.get_mut(day)? = true;
        }
    }
    Some(days)
}

impl Span {
    fn comes(&self) -> Result<(), SpanError> {
        if self.from == self.to {
            let why = format!("it ends at {}, when it begins", clock(self.from));
            return Err(SpanError::Never(why));
        }
        let Some((first, last)) = self.dates else {
            return Ok(());
        };
        if last < first {
            return Err(SpanError::Never(format!("{last} is before {first}")));
        }
        let mut date = first;
        // A week has every day there is.
        for _ in 0..7 {
            if self.on(date) {
                return Ok(());
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        Err(SpanError::Never(format!(
            "none of its days lies between {first} and {last}"
        )))
    }

    /// Whether it begins on this date.
    fn on(&self, date: Date) -> bool {
        let within = self
            .dates
            .is_none_or(|(first, last)| first <= date && date <= last);
        let day = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        within && self.days.get(day).is_some_and(|on| *on)
    }

    fn holds(&self, date: Date, minute: u16) -> bool {
        if self.from < self.to {
            return self.on(date) && (self.from..self.to).contains(&minute);
        }
        (minute >= self.from && self.on(date))
            || (minute < self.to && date.yesterday().is_ok_and(|before| self.on(before)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        match self.dates {
            Some((first, last)) if first == last => words.push(first.to_string()),
            Some((first, last)) => words.push(format!("{first} to {last}")),
            None => {}
        }
        if self.days != [true; 7] {
            let named = DAYS.iter().zip(self.days).filter(|(_, on)| *on);
            words.push(named.map(|((name, _), _)| *name).collect::<Vec<_>>().join(","));
        } else if self.dates.is_none() {
            words.push("daily".to_owned());
        }
        if (self.from, self.to) != (0, MINUTES_A_DAY) {
            words.push(format!("{}-{}", clock(self.from), clock(self.to)));
        }
        f.write_str(&words.join(" "))
    }
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Spans of one zone; it holds while any of them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub zone: TimeZone,
    /// Never empty.
    pub spans: Vec<Span>,
}

impl Calendar {
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        let here = self.zone.to_datetime(at);
        let minute = u16::from(here.hour().unsigned_abs())
            .saturating_mul(60)
            .saturating_add(u16::from(here.minute().unsigned_abs()));
        self.spans.iter().any(|span| span.holds(here.date(), minute))
    }

    /// The zone's name, like `Europe/Berlin`.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Every moment of this date at which it may begin or end to hold, in no order.
    pub(super) fn turns(&self, date: Date, out: &mut Vec<Timestamp>) {
        let midnight = DateTime::from(date);
        for minutes in self.spans.iter().flat_map(|span| [span.from, span.to]) {
            let after = jiff::SignedDuration::from_mins(i64::from(minutes));
            let Ok(wall) = midnight.checked_add(after) else {
                continue;
            };
            let exact = self.zone.to_ambiguous_timestamp(wall);
            out.extend([exact.earlier(), exact.later()].into_iter().flatten());
        }
        // Where the clock is put forward a span begins at the jump itself.
        let Ok(start) = self.zone.to_timestamp(midnight) else {
            return;
        };
        let next = self.zone.following(start).next().map(|turn| turn.timestamp());
        out.extend(next.filter(|at| at.duration_since(start) < jiff::SignedDuration::from_hours(25)));
    }

    /// The first date that it names, when it names any.
    #[must_use]
    pub fn first_date(&self) -> Option<Date> {
        self.spans
            .iter()
            .filter_map(|span| span.dates.map(|(first, _)| first))
            .min()
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans: Vec<String> = self.spans.iter().map(ToString::to_string).collect();
        write!(f, "{} ({})", spans.join("; "), self.zone_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str, spans: &[&str]) -> Calendar {
        Calendar {
            zone: TimeZone::get(zone).unwrap(),
            spans: spans.iter().map(|span| span.parse().unwrap()).collect(),
        }
    }

    fn holds(calendar: &Calendar, at: &str) -> bool {
        calendar.holds(at.parse().unwrap())
    }

    #[test]
    fn office_hours_are_those_of_the_office() {
        let berlin = calendar("Europe/Berlin", &["mon-fri 09:00-17:00"]);
        assert!(!holds(&berlin, "2026-11-20T07:59:59Z"));
        assert!(holds(&berlin, "2026-11-20T08:00:00Z"));
        assert!(holds(&berlin, "2026-11-20T15:59:59Z"));
        assert!(
            !holds(&berlin, "2026-11-20T16:00:00Z"),
            "the end is not part of it"
        );
        assert!(!holds(&berlin, "2026-11-21T10:00:00Z"), "Saturday");
        assert!(
            holds(&berlin, "2026-07-20T07:00:00Z"),
            "an hour earlier in summer"
        );
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = calendar("UTC", &["fri 22:00-02:00"]);
        assert!(holds(&night, "2026-11-20T23:00:00Z"));
        assert!(holds(&night, "2026-11-21T01:59:00Z"));
        assert!(!holds(&night, "2026-11-21T23:00:00Z"));
        assert!(!holds(&night, "2026-11-20T01:00:00Z"));
    }

    #[test]
    fn an_hour_that_the_clock_leaves_out_never_comes_and_one_that_comes_twice_counts_twice() {
        let night = calendar("Europe/Berlin", &["sun 02:00-03:00"]);
        for minute in 0..180 {
            let spring: Timestamp = "2026-03-29T00:00:00Z".parse().unwrap();
            assert!(!night.holds(spring + jiff::SignedDuration::from_mins(minute)));
        }
        assert!(holds(&night, "2026-10-25T00:30:00Z"), "02:30 in summer time");
        assert!(holds(&night, "2026-10-25T01:30:00Z"), "02:30 in winter time");
        assert!(!holds(&night, "2026-10-25T02:30:00Z"));
    }

    #[test]
    fn dates_days_and_times_are_read_and_written_the_same() {
        for (text, shown) in [
            ("MON-FRI 09:00-17:00", "mon,tue,wed,thu,fri 09:00-17:00"),
            ("sat-mon", "mon,sat,sun"),
            ("2026-12-24", "2026-12-24"),
            ("2026-12-20..2027-01-02", "2026-12-20 to 2027-01-02"),
            ("22:00-24:00", "daily 22:00-24:00"),
            ("daily 22:00-02:00", "daily 22:00-02:00"),
        ] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_never_comes_is_refused_with_the_reason() {
        let says = |text: &str| text.parse::<Span>().unwrap_err().to_string();
        for text in [
            "",
            "someday",
            "9-17",
            "25:00-26:00",
            "24:00-24:00",
            "2026-13-01",
            "mon 09:00-10:00 tue",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        assert!(says("09:00-09:00").contains("it ends at 09:00, when it begins"));
        assert!(says("2026-12-24..2026-12-20").contains("2026-12-20 is before 2026-12-24"));
        assert!(says("2026-11-21 mon-fri").contains("none of its days lies between"));
    }
}
