//! Who posts when: one channel with all who wait for it, on a clock that is moved.

use super::super::queue::{Asker, Urgency};
use super::*;
use crate::domain::ids::IncidentId;

/// As `Urgency::of` orders them; the incidents themselves are in the stories.
const CRITICAL: u8 = 1;
const LOW: u8 = 13;

fn card(incident: u64, severity: u8) -> Asking {
    Asking {
        asker: Asker::Card(IncidentId(incident)),
        urgency: Urgency::numbered(severity),
        since: i64::try_from(incident).unwrap(),
    }
}

fn line(incident: u64, severity: u8) -> Asking {
    Asking {
        asker: Asker::Thread(IncidentId(incident)),
        urgency: Urgency::numbered(severity + 3),
        ..card(incident, severity)
    }
}

/// One channel and all who wait for it: each asks again when it was told to come, as the worker does.
struct Channel {
    limits: Limits,
    start: Instant,
    coming: Vec<(Instant, Asking)>,
    /// Who got a turn, with the seconds since the start.
    posted: Vec<(f64, Asker)>,
}

impl Channel {
    fn new() -> Self {
        Self {
            limits: Limits::default(),
            start: Instant::now(),
            coming: Vec::new(),
            posted: Vec::new(),
        }
    }

    fn asks(&mut self, asking: Asking, seconds: f64) {
        self.coming
            .push((self.start + Duration::from_secs_f64(seconds), asking));
    }

    /// Until nobody waits any more, or this many seconds have passed.
    fn runs_for(&mut self, seconds: u64) {
        let end = self.start + Duration::from_secs(seconds);
        loop {
            // Those of the same moment come in the worst order: the least urgent first.
            let next = self
                .coming
                .iter()
                .enumerate()
                .min_by_key(|(_, (at, asking))| (*at, std::cmp::Reverse(asking.urgency)));
            let Some((next, now)) = next.map(|(index, (at, _))| (index, *at)) else {
                return;
            };
            if now > end {
                return;
            }
            let (_, asking) = self.coming.swap_remove(next);
            match self.limits.post("C1", asking, now) {
                Ok(()) => {
                    let seconds = now.duration_since(self.start).as_secs_f64();
                    self.posted.push((seconds, asking.asker));
                }
                Err(at) => {
                    assert!(at > now);
                    self.coming.push((at, asking));
                }
            }
        }
    }

    fn waited(&self, asker: Asker) -> f64 {
        self.posted
            .iter()
            .find(|(_, posted)| *posted == asker)
            .map(|(at, _)| *at)
            .unwrap()
    }
}

#[test]
fn a_channel_gets_a_burst_and_then_one_a_second() {
    let mut channel = Channel::new();
    for number in 0..100 {
        channel.asks(line(number, LOW), 0.0);
    }
    channel.runs_for(30);
    assert!(
        (32..=33).contains(&channel.posted.len()),
        "{}",
        channel.posted.len()
    );
    assert!(
        channel.limits.post("C2", line(1, LOW), channel.start).is_ok(),
        "another channel has its own"
    );
}

#[test]
fn a_critical_card_does_not_wait_behind_two_thousand_low_ones() {
    let mut channel = Channel::new();
    for number in 0..2000 {
        channel.asks(card(number, LOW), 0.0);
    }
    channel.asks(card(5000, CRITICAL), 100.0);
    channel.runs_for(110);
    let waited = channel.waited(Asker::Card(IncidentId(5000))) - 100.0;
    assert!(waited < 2.1, "{waited} s");
}

#[test]
fn what_is_equally_bad_goes_in_the_order_of_its_age_and_no_turn_is_lost() {
    let mut channel = Channel::new();
    for number in (0..200).rev() {
        channel.asks(card(number, LOW), 0.0);
    }
    channel.runs_for(400);
    let order: Vec<Asker> = channel.posted.iter().map(|(_, asker)| *asker).collect();
    assert_eq!(order.len(), 200);
    // The burst was free before the others had come.
    assert!(order[3..].is_sorted(), "{order:?}");
    let last = channel.posted.last().unwrap().0;
    assert!((196.0..210.0).contains(&last), "{last} s");
}

#[test]
fn a_low_card_is_not_starved_by_critical_ones_that_keep_coming() {
    let mut channel = Channel::new();
    channel.asks(card(1, LOW), 3.0);
    channel.asks(line(2, LOW), 3.0);
    for number in 0..300_u32 {
        // More than the channel takes, all the time.
        channel.asks(card(u64::from(number) + 100, CRITICAL), f64::from(number) * 0.4);
    }
    channel.runs_for(60);
    let waited =
        [Asker::Card(IncidentId(1)), Asker::Thread(IncidentId(2))].map(|asker| channel.waited(asker));
    assert!(waited.iter().all(|at| *at < 20.0), "{waited:?}");
}

#[test]
fn who_has_gone_away_holds_nobody_up_for_long() {
    let limits = Limits::default();
    let now = Instant::now();
    for number in 0..3 {
        assert!(limits.post("C1", card(number, LOW), now).is_ok());
    }
    for number in 10..20 {
        assert!(limits.post("C1", card(number, CRITICAL), now).is_err());
    }
    // None of them comes back.
    let mut at = limits.post("C1", card(99, LOW), now).unwrap_err();
    for _ in 0..20 {
        match limits.post("C1", card(99, LOW), at) {
            Ok(()) => break,
            Err(later) => at = later,
        }
    }
    let waited = at.duration_since(now).as_secs_f64();
    assert!(waited < 16.0, "{waited} s");
}

#[test]
fn many_that_wait_are_told_to_come_one_after_the_other() {
    let limits = Limits::default();
    let now = Instant::now();
    let told: Vec<Instant> = (0..1000)
        .filter_map(|number| limits.post("C1", card(number, LOW), now).err())
        .collect();
    assert_eq!(told.len(), 997);
    for (one, next) in told.iter().zip(&told[1..55]) {
        assert!(*next - *one >= Duration::from_millis(900));
    }
    assert!(told.iter().all(|at| *at <= now + LONGEST_WAIT));
}

#[test]
fn a_card_that_waits_goes_before_the_story_of_the_rest() {
    let mut channel = Channel::new();
    for number in 0..3 {
        channel.asks(line(number, LOW), 0.0);
    }
    channel.asks(line(10, LOW), 0.1);
    channel.asks(card(20, LOW), 0.2);
    channel.runs_for(10);
    assert!(channel.waited(Asker::Card(IncidentId(20))) < channel.waited(Asker::Thread(IncidentId(10))));
}

#[test]
fn a_person_who_waits_for_an_answer_goes_first() {
    let mut channel = Channel::new();
    for number in 0..10 {
        channel.asks(card(number, CRITICAL), 0.0);
    }
    channel.asks(Asking::ANSWER, 0.5);
    channel.runs_for(20);
    assert!(channel.waited(Asker::Person) < 2.1);
}

#[test]
fn a_429_stops_that_method_only() {
    let limits = Limits::default();
    let now = Instant::now();
    limits.block(POST_METHOD, now + Duration::from_secs(7));
    let asking = card(1, CRITICAL);
    assert_eq!(limits.post("C1", asking, now), Err(now + Duration::from_secs(7)));
    assert!(limits.edit(asking, now).is_ok());
    assert!(limits.post("C1", asking, now + Duration::from_secs(7)).is_ok());
}
