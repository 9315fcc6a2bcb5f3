//! What goes wrong with Slack, said in the log once and not for each of hundreds of incidents: while Slack is down every one of
//! them fails every few seconds in the same words. Pure; time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// The same is said again after this long, with how often it was left unsaid.
const AGAIN: Duration = Duration::from_secs(60);
/// Different complaints that are remembered: Slack's own errors are fewer, and what is forgotten is only said again.
const KEPT: usize = 64;

/// When something is due to be said.
#[derive(Debug, Default)]
pub struct Complaints {
    said: HashMap<String, Said>,
}

#[derive(Debug)]
struct Said {
    at: Instant,
    unsaid: u64,
}

impl Complaints {
    /// How often this went unsaid since it was last said, when it is due now; `None` when it is not due.
    pub fn due(&mut self, complaint: &str, now: Instant) -> Option<u64> {
        if let Some(said) = self.said.get_mut(complaint) {
            if now < said.at + AGAIN {
                said.unsaid = said.unsaid.saturating_add(1);
                return None;
            }
            said.at = now;
            return Some(std::mem::take(&mut said.unsaid));
        }
        if self.said.len() >= KEPT {
            self.said.clear();
        }
        let said = Said { at: now, unsaid: 0 };
        self.said.insert(complaint.to_owned(), said);
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_a_minute_with_how_often_it_was_not() {
        let mut complaints = Complaints::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(complaints.due("HTTP 503", at(0)), Some(0));
        assert_eq!(complaints.due("HTTP 503", at(1)), None);
        assert_eq!(complaints.due("HTTP 429", at(1)), Some(0));
        assert_eq!(complaints.due("HTTP 503", at(59)), None);
        assert_eq!(complaints.due("HTTP 503", at(60)), Some(2));
        assert_eq!(complaints.due("HTTP 503", at(61)), None);
    }

    #[test]
    fn it_does_not_grow_with_ever_new_words() {
        let mut complaints = Complaints::default();
        let now = Instant::now();
        for number in 0..1_000 {
            assert_eq!(complaints.due(&number.to_string(), now), Some(0));
        }
        assert!(complaints.said.len() <= KEPT);
    }
}
