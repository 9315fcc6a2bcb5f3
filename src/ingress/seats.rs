//! Who may keep a connection open. A seat is unproved until something authentic came over it; when all are taken, the one
//! that has been unproved for the longest is asked to leave, but for one whose request is all here and is being answered: a flood
//! of connections must not cut a click off before its signature is looked at. Of those that have proved themselves, senders of alerts keep
//! three in four at most: a click must never wait for a storm of alerts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::middleware::{from_fn_with_state, map_response};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Room;
use super::room::{Reading, read_first};

/// What an answer says of its request, as an extension: it was authentic, and from such a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proved {
    Alerts,
    Clicks,
}

/// Marks the answers of routes that only say yes to what is authentic.
pub fn proved<B>(sender: Proved, mut answer: Response<B>) -> Response<B> {
    if answer.status().is_success() {
        answer.extensions_mut().insert(sender);
    }
    answer
}

/// Routes that only say yes to what people did. Their bodies, of at most `limit` bytes, are read in the clicks' share of the room.
pub fn clicks(routes: Router, room: Room, limit: usize) -> Router {
    let reading = Reading { room, limit };
    routes
        .layer(from_fn_with_state(reading, read_first))
        .layer(map_response(async |answer: Response<Body>| {
            proved(Proved::Clicks, answer)
        }))
}

/// Connections that are open, those that were just asked to leave among them.
const OPEN: &str = "interlock_http_connections_open";

const UNPROVED: u8 = 0;
const ALERTS: u8 = 1;
const CLICKS: u8 = 2;

#[derive(Debug, Default)]
struct Place {
    proved: AtomicU8,
    /// A whole request came over it and is not answered yet.
    whole: Arc<AtomicBool>,
    leave: Notify,
}

#[derive(Debug)]
struct Table {
    most: usize,
    taken: AtomicUsize,
    alerts: AtomicUsize,
    /// Unproved ones, those that came first in front.
    unproved: Mutex<VecDeque<Arc<Place>>>,
}

/// All seats; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Seats(Arc<Table>);

/// One seat, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    table: Arc<Table>,
    place: Arc<Place>,
}

impl Seats {
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Table {
            most: most.max(1),
            taken: AtomicUsize::new(0),
            alerts: AtomicUsize::new(0),
            unproved: Mutex::default(),
        }))
    }

    /// A seat, if need be that of somebody who has proved nothing; `None` when all have. Called by one task only.
    pub fn take(&self) -> Option<Seat> {
        let table = &self.0;
        let mut unproved = table.unproved.lock();
        if table.taken.load(Ordering::Acquire) >= table.most {
            // It leaves at its next turn; for that moment there is one more than the bound.
            let idle = unproved
                .iter()
                .position(|place| !place.whole.load(Ordering::Acquire))?;
            unproved.remove(idle)?.leave.notify_one();
        }
        table.taken.fetch_add(1, Ordering::AcqRel);
        metrics::gauge!(OPEN).increment(1);
        let place = Arc::new(Place::default());
        unproved.push_back(place.clone());
        Some(Seat {
            table: table.clone(),
            place,
        })
    }
}

impl Seat {
    /// Ready when the seat is wanted for somebody else.
    pub async fn wanted(&self) {
        self.place.leave.notified().await;
    }

    /// To be set while a whole request of it waits for its answer.
    pub fn whole(&self) -> Arc<AtomicBool> {
        self.place.whole.clone()
    }

    /// Its request is answered.
    pub fn answered(&self) {
        self.place.whole.store(false, Ordering::Release);
    }

    /// Something authentic came over it. Says whether the connection may stay open: senders of alerts that come after their
    /// share is taken are answered, and open another one for the next delivery.
    pub fn prove(&self, sender: Proved) -> bool {
        let table = &self.table;
        let was = self.place.proved.load(Ordering::Acquire);
        match sender {
            Proved::Clicks if was == CLICKS => return true,
            Proved::Clicks => {
                self.place.proved.store(CLICKS, Ordering::Release);
                if was == ALERTS {
                    table.alerts.fetch_sub(1, Ordering::AcqRel);
                }
            }
            Proved::Alerts if was != UNPROVED => return true,
            Proved::Alerts => {
                let share = (table.most.saturating_mul(3) / 4).max(1);
                if table.alerts.fetch_add(1, Ordering::AcqRel) >= share {
                    table.alerts.fetch_sub(1, Ordering::AcqRel);
                    return false;
                }
                self.place.proved.store(ALERTS, Ordering::Release);
            }
        }
        table
            .unproved
            .lock()
            .retain(|place| !Arc::ptr_eq(place, &self.place));
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        match self.place.proved.load(Ordering::Acquire) {
            ALERTS => {
                self.table.alerts.fetch_sub(1, Ordering::AcqRel);
            }
            CLICKS => {}
            _unproved => self
                .table
                .unproved
                .lock()
                .retain(|place| !Arc::ptr_eq(place, &self.place)),
        }
        self.table.taken.fetch_sub(1, Ordering::AcqRel);
        metrics::gauge!(OPEN).decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn who_proves_nothing_gives_way_and_who_has_does_not() {
        let seats = Seats::new(4);
        let silent: Vec<Seat> = (0..4).map(|_| seats.take().unwrap()).collect();
        let slack = seats.take().expect("the first silent one gives way");
        assert!(silent[0].wanted().now_or_never().is_some());
        assert!(silent[1].wanted().now_or_never().is_none());
        assert!(slack.prove(Proved::Clicks));
        for _ in 0..3 {
            seats.take().unwrap().prove(Proved::Clicks);
        }
        assert!(slack.wanted().now_or_never().is_none(), "it has proved itself");
    }

    #[test]
    fn who_waits_for_an_answer_gives_way_to_nobody() {
        let seats = Seats::new(2);
        let click = seats.take().unwrap();
        click.whole().store(true, Ordering::Release);
        let silent = seats.take().unwrap();
        let newest = seats.take().expect("the silent one gives way");
        assert!(silent.wanted().now_or_never().is_some());
        assert!(click.wanted().now_or_never().is_none());
        newest.whole().store(true, Ordering::Release);
        assert!(seats.take().is_none(), "all are being answered");
        click.answered();
        assert!(seats.take().is_some());
        assert!(click.wanted().now_or_never().is_some(), "it proved nothing");
    }

    #[test]
    fn alerts_keep_three_seats_in_four_and_are_answered_beyond() {
        let seats = Seats::new(8);
        let senders: Vec<Seat> = (0..7).map(|_| seats.take().unwrap()).collect();
        let stay = senders.iter().filter(|seat| seat.prove(Proved::Alerts)).count();
        assert_eq!(stay, 6);
        assert!(seats.take().unwrap().prove(Proved::Clicks));
        drop(senders);
        let again: Vec<Seat> = (0..6).map(|_| seats.take().unwrap()).collect();
        assert!(
            again.iter().all(|seat| seat.prove(Proved::Alerts)),
            "seats come back"
        );
    }

    #[test]
    fn when_all_have_proved_themselves_the_newest_is_refused() {
        let seats = Seats::new(2);
        let both: Vec<Seat> = (0..2).map(|_| seats.take().unwrap()).collect();
        assert!(both.iter().all(|seat| seat.prove(Proved::Clicks)));
        assert!(seats.take().is_none());
        drop(both);
        assert!(seats.take().is_some());
    }
}
