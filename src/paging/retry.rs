//! When a call that failed is made again, and when it is given up: by how often and since when it has failed, which are
//! arguments. Bounded, so that what can't be done is said and not tried for ever; but for a page, which is tried for as
//! long as somebody needs it.

use std::time::Duration;

use super::reply::PageError;

/// The first pause; it doubles with every try.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// A pager that has been away for this long is not waited for with anything but a page: people have been told.
const GIVE_UP: Duration = Duration::from_secs(60 * 60);
/// From the fourth failure on, after some seven seconds, people are told that it is not through yet.
const TELL_FROM: u32 = 4;

/// What follows a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// After this pause.
    Again(Duration),
    GiveUp,
}

/// `tries` have failed, this one included, and the first of them `since` ago.
#[must_use]
pub fn next(error: &PageError, tries: u32, since: Duration) -> Next {
    let hint = match error {
        PageError::Refused { .. } => return Next::GiveUp,
        PageError::Retry { after, .. } => *after,
        PageError::Unreachable { .. } => Duration::ZERO,
    };
    if since >= GIVE_UP {
        return Next::GiveUp;
    }
    let doubled = FIRST * (1 << tries.saturating_sub(1).min(6));
    Next::Again(doubled.max(hint).min(LONGEST))
}

/// The same for a page: a pager that is away is asked once a minute for as long as it takes, because nobody may be
/// looking. Only a refusal ends it.
#[must_use]
pub fn next_page(error: &PageError, tries: u32) -> Next {
    next(error, tries, Duration::ZERO)
}

/// Whether people should hear of it although it is tried again.
#[must_use]
pub fn worth_telling(tries: u32) -> bool {
    tries >= TELL_FROM
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable() -> PageError {
        PageError::Unreachable {
            reason: "no connection".to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_final() {
        let refused = PageError::Refused {
            reason: "400".to_owned(),
        };
        assert_eq!(next(&refused, 1, Duration::ZERO), Next::GiveUp);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_end_after_an_hour() {
        let mut since = Duration::ZERO;
        let mut pauses = Vec::new();
        for tries in 1..=1_000 {
            match next(&unreachable(), tries, since) {
                Next::Again(pause) => {
                    pauses.push(pause.as_secs());
                    since += pause;
                }
                Next::GiveUp => break,
            }
        }
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(pauses.iter().all(|pause| *pause <= 60));
        assert!((3_600..3_700).contains(&since.as_secs()), "{since:?}");
    }

    #[test]
    fn a_page_is_tried_for_as_long_as_it_takes() {
        for tries in 1..=100_000 {
            assert!(
                matches!(next_page(&unreachable(), tries), Next::Again(pause) if pause <= LONGEST),
                "{tries}"
            );
        }
    }

    #[test]
    fn the_pager_s_own_hint_counts_up_to_a_minute() {
        let asked = |seconds| PageError::Retry {
            after: Duration::from_secs(seconds),
            reason: "429".to_owned(),
        };
        assert_eq!(
            next(&asked(30), 1, Duration::ZERO),
            Next::Again(Duration::from_secs(30))
        );
        assert_eq!(
            next(&asked(600), 1, Duration::ZERO),
            Next::Again(Duration::from_secs(60))
        );
    }
}
