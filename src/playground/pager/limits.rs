//! Requests per minute: 120 events per routing key, 960 REST requests per key (PagerDuty's documentation).

use std::collections::HashMap;

use jiff::Timestamp;

use super::events::PER_MINUTE;

/// REST requests per minute.
pub const REST_PER_MINUTE: usize = 960;

/// Counts within the current minute.
#[derive(Debug, Default)]
pub struct Window {
    minute: i64,
    events: HashMap<String, usize>,
    rest: usize,
}

/// How one request stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub is_over: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until the window begins anew.
    pub reset: u32,
}

impl Window {
    /// Counts a request: of the Events API with its routing key, of the REST API without.
    pub fn hit(&mut self, routing_key: Option<String>, now: Timestamp) -> Hit {
        let minute = now.as_second().div_euclid(60);
        if minute != self.minute {
            *self = Self {
                minute,
                ..Self::default()
            };
        }
        let (count, limit) = match routing_key {
            Some(key) => (self.events.entry(key).or_default(), PER_MINUTE),
            None => (&mut self.rest, REST_PER_MINUTE),
        };
        *count += 1;
        let whole = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Hit {
            is_over: *count > limit,
            limit: whole(limit),
            remaining: whole(limit.saturating_sub(*count)),
            reset: u32::try_from(60 - now.as_second().rem_euclid(60)).unwrap_or(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_throttled_alone_and_only_for_its_minute() {
        let mut window = Window::default();
        let start = Timestamp::UNIX_EPOCH;
        let hits: Vec<bool> = (0..=PER_MINUTE)
            .map(|_| window.hit(Some("a".into()), start).is_over)
            .collect();
        assert_eq!(hits.iter().filter(|over| **over).count(), 1);
        assert!(!window.hit(Some("b".into()), start).is_over);
        assert_eq!(window.hit(None, start).remaining, 959);
        let later = Timestamp::from_second(60).expect("a minute later");
        assert!(!window.hit(Some("a".into()), later).is_over);
    }
}
