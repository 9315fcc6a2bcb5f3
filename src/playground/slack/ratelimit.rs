//! Slack's rate limits as token buckets, one per method (per channel for posting).
//!
//! Slack publishes the rates and not the burst sizes (docs.slack.dev /apis/web-api/rate-limits), so bursts are settings.

use std::collections::HashMap;
use std::time::Duration;

use super::clock::Moment;

/// A bucket that holds `burst` calls and refills at `per_minute`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub burst: u32,
    pub per_minute: u32,
}

/// The rate class of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tier {
    Two,
    Three,
    Four,
    /// `chat.postMessage`: per channel, and a ceiling for the workspace.
    Posting,
    /// Posts to a `response_url`.
    Responding,
    /// Methods with their own generous limit (`auth.test`, `chat.getPermalink`).
    Special,
}

/// The limits of one workspace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimits {
    /// When false nothing is ever refused (storms are still recorded as violations).
    pub enforced: bool,
    pub tier2: Bucket,
    pub tier3: Bucket,
    pub tier4: Bucket,
    pub special: Bucket,
    /// `chat.postMessage` in one channel.
    pub post_per_channel: Bucket,
    /// `chat.postMessage` in the whole workspace.
    pub post_per_workspace: Bucket,
    /// Posts to response addresses.
    pub respond: Bucket,
}

impl Default for RateLimits {
    fn default() -> Self {
        let even = |rate| Bucket {
            burst: rate,
            per_minute: rate,
        };
        Self {
            enforced: true,
            tier2: even(20),
            tier3: even(50),
            tier4: even(100),
            special: even(600),
            post_per_channel: Bucket {
                burst: 5,
                per_minute: 60,
            },
            post_per_workspace: even(300),
            respond: Bucket {
                burst: 10,
                per_minute: 60,
            },
        }
    }
}

impl RateLimits {
    /// Limits that never refuse.
    #[must_use]
    pub fn off() -> Self {
        Self {
            enforced: false,
            ..Self::default()
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Level {
    tokens: f64,
    at: Moment,
}

/// The fill levels.
#[derive(Debug, Default)]
pub(super) struct Levels {
    levels: HashMap<String, Level>,
}

impl Levels {
    /// Takes a call from each bucket that applies.
    ///
    /// # Errors
    /// The time until the fullest-blocked bucket has a call again; nothing is taken then.
    pub(super) fn take(
        &mut self,
        limits: &RateLimits,
        tier: Tier,
        method: &str,
        channel: Option<&str>,
        now: Moment,
    ) -> Result<(), Duration> {
        if !limits.enforced {
            return Ok(());
        }
        let wanted = wanted(limits, tier, method, channel);
        let wait = wanted
            .iter()
            .map(|(key, bucket)| self.wait(key, *bucket, now))
            .max()
            .unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        for (key, bucket) in wanted {
            let tokens = self.tokens(&key, bucket, now);
            self.levels.insert(
                key,
                Level {
                    tokens: tokens - 1.0,
                    at: now,
                },
            );
        }
        Ok(())
    }

    fn tokens(&self, key: &str, bucket: Bucket, now: Moment) -> f64 {
        let full = f64::from(bucket.burst);
        self.levels.get(key).map_or(full, |level| {
            let refill = now.since(level.at).as_secs_f64() * f64::from(bucket.per_minute) / 60.0;
            (level.tokens + refill).min(full)
        })
    }

    fn wait(&self, key: &str, bucket: Bucket, now: Moment) -> Duration {
        let missing = 1.0 - self.tokens(key, bucket, now);
        if missing <= 0.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(missing * 60.0 / f64::from(bucket.per_minute.max(1)))
    }
}

fn wanted(limits: &RateLimits, tier: Tier, method: &str, channel: Option<&str>) -> Vec<(String, Bucket)> {
    let one = |bucket| vec![(method.to_owned(), bucket)];
    match tier {
        Tier::Two => one(limits.tier2),
        Tier::Three => one(limits.tier3),
        Tier::Four => one(limits.tier4),
        Tier::Special => one(limits.special),
        Tier::Responding => one(limits.respond),
        Tier::Posting => vec![
            (
                format!("{method}#{}", channel.unwrap_or_default()),
                limits.post_per_channel,
            ),
            (method.to_owned(), limits.post_per_workspace),
        ],
    }
}

/// `Retry-After` in whole seconds, never zero.
pub(super) fn retry_after(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u64::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posting_is_limited_per_channel_after_the_burst() {
        let (limits, mut levels) = (RateLimits::default(), Levels::default());
        let now = Moment::from_micros(1_000_000_000);
        for _ in 0..5 {
            assert_eq!(
                levels.take(&limits, Tier::Posting, "chat.postMessage", Some("C1"), now),
                Ok(())
            );
        }
        let wait = levels
            .take(&limits, Tier::Posting, "chat.postMessage", Some("C1"), now)
            .unwrap_err();
        assert_eq!(retry_after(wait), 1);
        assert_eq!(
            levels.take(&limits, Tier::Posting, "chat.postMessage", Some("C2"), now),
            Ok(())
        );
        let later = now.plus(Duration::from_secs(1));
        assert_eq!(
            levels.take(&limits, Tier::Posting, "chat.postMessage", Some("C1"), later),
            Ok(())
        );
    }

    #[test]
    fn switched_off_nothing_is_refused() {
        let (limits, mut levels) = (RateLimits::off(), Levels::default());
        let now = Moment::from_micros(0);
        for _ in 0..500 {
            assert_eq!(levels.take(&limits, Tier::Two, "m", None, now), Ok(()));
        }
    }
}
