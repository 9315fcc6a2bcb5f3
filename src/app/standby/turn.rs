//! When a Lease that another holds may be taken: once it has not changed for as long as it lasts, by our own clock.

use std::time::Duration;

use tokio::time::Instant;

/// What was seen of a Lease, and since when.
#[derive(Debug, Default)]
pub struct Watched {
    seen: Option<(String, Instant)>,
}

impl Watched {
    /// Whether it may be taken: nobody has it, or its holder has given no sign of life for as long as it `lasts`.
    pub fn may_take(&mut self, holder: Option<&str>, version: &str, lasts: Duration, now: Instant) -> bool {
        if holder.is_none() {
            return true;
        }
        match &self.seen {
            Some((seen, since)) if seen == version => now.duration_since(*since) >= lasts,
            Some(_) | None => {
                self.seen = Some((version.to_owned(), now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASTS: Duration = Duration::from_secs(15);

    #[test]
    fn it_is_taken_from_whoever_gives_no_sign_of_life_and_from_nobody_else() {
        let begin = Instant::now();
        let mut watched = Watched::default();
        let mut may = |holder, version, after| {
            watched.may_take(holder, version, LASTS, begin + Duration::from_secs(after))
        };
        assert!(may(None, "1", 0), "nobody has it");
        assert!(!may(Some("a"), "2", 100), "it may have been renewed a moment ago");
        assert!(!may(Some("a"), "2", 114));
        assert!(!may(Some("a"), "3", 115), "that is a sign of life");
        assert!(!may(Some("a"), "3", 129));
        assert!(may(Some("a"), "3", 130));
        assert!(may(None, "4", 131), "it was given back");
    }
}
