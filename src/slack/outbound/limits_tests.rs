//! Who posts and edits when: one channel with all who wait for it, on a clock that is moved. Longer than other files, since all of
//! it is told of the same few askers.

use super::super::bucket::LONGEST_WAIT;
use super::super::queue::Asker;
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Post,
    Edit,
}

/// One channel and all who wait for it: each asks again when it was told to come, as the worker does.
struct Shown {
    limits: Limits,
    start: Instant,
    coming: Vec<(Instant, Method, Asking)>,
    /// Who got a turn, with the seconds since the start.
    posted: Vec<(f64, Asker)>,
    edited: Vec<(f64, Asker)>,
    /// Whether each critical one has something new to show soon after it had its turn.
    restless: bool,
}

impl Shown {
    fn new() -> Self {
        Self {
            limits: Limits::default(),
            start: Instant::now(),
            coming: Vec::new(),
            posted: Vec::new(),
            edited: Vec::new(),
            restless: false,
        }
    }

    fn asks(&mut self, asking: Asking, seconds: f64) {
        self.comes(Method::Post, asking, seconds);
    }

    fn asks_to_edit(&mut self, asking: Asking, seconds: f64) {
        self.comes(Method::Edit, asking, seconds);
    }

    fn comes(&mut self, method: Method, asking: Asking, seconds: f64) {
        let at = self.start + Duration::from_secs_f64(seconds);
        self.coming.push((at, method, asking));
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
                .min_by_key(|(_, (at, _, asking))| (*at, std::cmp::Reverse(asking.urgency)));
            let Some((next, now)) = next.map(|(index, (at, ..))| (index, *at)) else {
                return;
            };
            if now > end {
                return;
            }
            let (_, method, asking) = self.coming.swap_remove(next);
            let leave = match method {
                Method::Post => self.limits.post("C1", asking, now),
                Method::Edit => self.limits.edit("C1", asking, now),
            };
            let seconds = now.duration_since(self.start).as_secs_f64();
            if leave.is_ok() && self.restless && asking.urgency < Urgency::numbered(LOW) {
                #[expect(clippy::cast_possible_truncation, reason = "a minute or two")]
                let since = seconds as i64;
                self.comes(method, Asking { since, ..asking }, seconds + 1.2);
            }
            match (leave, method) {
                (Ok(()), Method::Post) => self.posted.push((seconds, asking.asker)),
                (Ok(()), Method::Edit) => self.edited.push((seconds, asking.asker)),
                (Err(at), method) => {
                    assert!(at > now);
                    self.coming.push((at, method, asking));
                }
            }
        }
    }

    /// Most posts and edits in any stretch of this many seconds.
    fn most_within(&self, seconds: f64) -> usize {
        let mut all: Vec<f64> = self
            .posted
            .iter()
            .chain(&self.edited)
            .map(|(at, _)| *at)
            .collect();
        all.sort_by(f64::total_cmp);
        let within = |from: &f64| {
            all.iter()
                .filter(|at| (*from..*from + seconds).contains(*at))
                .count()
        };
        all.iter().map(within).max().unwrap_or_default()
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
    let mut channel = Shown::new();
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

/// A storm: twelve critical cards change and their threads grow as soon as they were shown.
fn storm(channel: &mut Shown) {
    for incident in 0..12 {
        channel.asks_to_edit(card(incident, CRITICAL), 0.0);
        channel.asks(line(incident, CRITICAL), 0.0);
    }
    channel.restless = true;
}

#[test]
fn posts_and_edits_of_a_channel_are_one_a_second_together() {
    let mut channel = Shown::new();
    storm(&mut channel);
    channel.runs_for(60);
    let (edits, posts) = (channel.edited.len(), channel.posted.len());
    assert!(edits + posts <= 60 + 5, "{edits} edits and {posts} posts in 60 s");
    assert!(
        channel.most_within(10.0) <= 10 + 5,
        "{}",
        channel.most_within(10.0)
    );
    assert!(edits >= 12 && posts >= 40, "{edits} edits and {posts} posts");
}

#[test]
fn edits_alone_are_one_a_second() {
    let mut channel = Shown::new();
    for incident in 0..12 {
        channel.asks_to_edit(card(incident, CRITICAL), 0.0);
    }
    channel.restless = true;
    channel.runs_for(30);
    let edits = channel.edited.len();
    // What the workspace takes at once is more than that, and less than that in the end.
    assert!((25..=34).contains(&edits), "{edits} edits in 30 s");
}

#[test]
fn a_storm_does_not_spend_at_once_what_a_quiet_channel_saved_up() {
    let mut channel = Shown::new();
    for number in 0..12 {
        channel.asks(card(number, CRITICAL), 0.0);
    }
    channel.runs_for(10);
    channel.asks(card(20, CRITICAL), 30.0);
    channel.runs_for(40);
    assert!(channel.most_within(1.0) <= 4, "{}", channel.most_within(1.0));
    assert!(
        channel.waited(Asker::Card(IncidentId(20))) < 30.1,
        "nobody else waited"
    );
}

#[test]
fn cards_that_nobody_has_seen_come_however_often_the_worst_change() {
    let mut channel = Shown::new();
    storm(&mut channel);
    for number in 100..105 {
        let low = Asking {
            since: 5,
            ..card(number, LOW)
        };
        channel.asks(low, 5.0);
    }
    channel.runs_for(60);
    // Three of four turns are for posts, and of those every fourth for whoever has waited longest.
    let last = channel.waited(Asker::Card(IncidentId(104))) - 5.0;
    assert!(last < 40.0, "the fifth of them waited {last} s");
}

#[test]
fn low_cards_that_nobody_has_seen_go_before_edits_of_critical_ones() {
    let mut channel = Shown::new();
    for incident in 0..12 {
        channel.asks_to_edit(card(incident, CRITICAL), 0.0);
    }
    channel.restless = true;
    for number in 100..110 {
        channel.asks(card(number, LOW), 5.0);
    }
    channel.runs_for(60);
    let last = channel.waited(Asker::Card(IncidentId(109))) - 5.0;
    assert!(last < 16.0, "the tenth of them waited {last} s");
}

#[test]
fn a_low_card_is_drawn_anew_however_often_the_worst_change() {
    let mut channel = Shown::new();
    storm(&mut channel);
    let oldest = Asking {
        since: -100,
        ..card(50, LOW)
    };
    channel.asks_to_edit(oldest, 5.0);
    channel.runs_for(60);
    let drawn = channel.edited.iter().find(|(_, asker)| *asker == oldest.asker);
    let waited = drawn.map(|(at, _)| at - 5.0);
    assert!(waited.is_some_and(|waited| waited < 20.0), "{waited:?}");
}

#[test]
fn the_edit_that_somebody_waits_for_goes_at_once_and_the_rest_waits_for_it() {
    let limits = Limits::default();
    let now = Instant::now();
    for number in 0..3 {
        assert!(limits.post("C1", card(number, CRITICAL), now).is_ok());
    }
    let clicked = Asking {
        urgency: Urgency::AWAITED,
        ..card(1, LOW)
    };
    assert!(
        limits.edit("C1", clicked, now).is_ok(),
        "somebody has just clicked"
    );
    let waits = limits.post("C1", card(3, CRITICAL), now).unwrap_err() - now;
    assert!(waits > Duration::from_millis(1900), "{waits:?}");
    assert!(
        limits.edit("C2", card(2, CRITICAL), now).is_ok(),
        "another channel has its own"
    );
}

#[test]
fn a_hundred_clicks_keep_a_new_card_waiting_for_a_few_seconds() {
    let limits = Limits::default();
    let start = Instant::now();
    let mut now = start;
    for number in 0..100 {
        let clicked = Asking {
            urgency: Urgency::AWAITED,
            ..card(number, LOW)
        };
        while let Err(at) = limits.edit("C1", clicked, now) {
            now = at;
        }
    }
    let mut at = now;
    while let Err(later) = limits.post("C1", card(500, CRITICAL), at) {
        at = later;
    }
    assert!(at - now < Duration::from_secs(6), "{:?}", at - now);
}

#[test]
fn a_channel_whose_edits_wait_keeps_no_other_waiting() {
    let limits = Limits::default();
    let now = Instant::now();
    for number in 0..10 {
        // Some of them wait to post from now on.
        let _ = limits.post("C1", card(number, CRITICAL), now);
    }
    assert!(limits.edit("C1", card(1, CRITICAL), now).is_ok());
    for number in 2..10 {
        assert!(limits.edit("C1", card(number, CRITICAL), now).is_err());
    }
    assert!(limits.edit("C2", card(20, LOW), now).is_ok());
}

#[test]
fn restless_cards_of_one_channel_keep_no_edit_of_another_waiting() {
    let limits = Limits::default();
    let start = Instant::now();
    let mut coming: Vec<(Instant, Asking)> = (0..30).map(|number| (start, card(number, CRITICAL))).collect();
    let low = card(50, LOW);
    let (mut low_at, mut edits) = (start + Duration::from_secs(5), 0);
    while edits < 2 {
        let (next, (now, asking)) = (0..).zip(&coming).min_by_key(|(_, (at, _))| *at).unwrap();
        let (now, asking) = (*now, *asking);
        if low_at <= now {
            match limits.edit("C2", low, low_at) {
                Ok(()) => (edits, low_at) = (edits + 1, low_at + Duration::from_secs(10)),
                Err(at) => low_at = at,
            }
            continue;
        }
        let again = match limits.edit("C1", asking, now) {
            Ok(()) => now + Duration::from_millis(1_200),
            Err(at) => at,
        };
        coming[next].0 = again;
    }
    let waited = (low_at - start).as_secs_f64() - 25.0;
    assert!(waited < 4.0, "two edits waited {waited} s together");
}

#[test]
fn a_critical_card_does_not_wait_behind_two_thousand_low_ones() {
    let mut channel = Shown::new();
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
    let mut channel = Shown::new();
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
    let mut channel = Shown::new();
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
    let mut channel = Shown::new();
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
    let mut channel = Shown::new();
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
    assert!(limits.edit("C1", asking, now).is_ok());
    assert!(limits.post("C1", asking, now + Duration::from_secs(7)).is_ok());
}
