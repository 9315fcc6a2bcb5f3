//! What the series of the playground's Prometheus were: looked at once a second, and kept where they changed. A chart that
//! showed the state of now for the whole hour before would say that nothing ever happened.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::playground::prometheus::Series;

/// Changes that are kept; while pods start there is one every second.
const KEPT: usize = 2_000;

/// The series from each time on, oldest first; times are Unix seconds.
#[derive(Default)]
pub struct Past(Mutex<VecDeque<(f64, Vec<Series>)>>);

impl Past {
    /// Keeps what the series are now, when that is new. Gives them back.
    pub fn look(&self, now: f64, series: Vec<Series>) -> Vec<Series> {
        let mut kept = self.0.lock();
        if kept.back().is_none_or(|(_, last)| *last != series) {
            kept.push_back((now, series.clone()));
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
        series
    }

    /// What they were then. Before the first look they were what they were at that one.
    pub fn at(&self, then: f64) -> Option<Vec<Series>> {
        let kept = self.0.lock();
        let held = kept.iter().rev().find(|(since, _)| *since <= then);
        held.or_else(|| kept.front()).map(|(_, series)| series.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_before_a_change_stays_what_it_was() {
        let past = Past::default();
        let errors = |value| vec![Series::gauge("errors", &[], value)];
        for (now, value) in [
            (100.0, 1.0),
            (101.0, 1.0),
            (160.0, 20.0),
            (161.0, 20.0),
            (220.0, 1.0),
        ] {
            assert_eq!(past.look(now, errors(value)), errors(value));
        }
        let then = |at| past.at(at).unwrap();
        assert_eq!(
            then(40.0),
            errors(1.0),
            "the hour before the playground was there"
        );
        assert_eq!(then(159.0), errors(1.0));
        assert_eq!(then(160.0), errors(20.0));
        assert_eq!(then(219.9), errors(20.0));
        assert_eq!(then(300.0), errors(1.0));
    }
}
