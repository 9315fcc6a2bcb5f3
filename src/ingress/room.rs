//! Memory for request bodies, in bytes, however many connections send them: a body takes its room as it arrives, from the first
//! byte until its request is answered. There are three shares, so that none of them can starve another: clicks, senders of alerts
//! whose token stood in the head, and whoever has still to prove itself by its body.
//!
//! Where a share is full, the body that holds the most of it and is not complete is given up and told to come again: who sends
//! a large part of a large body and waits is the first to go, and a click, which is small and comes at once, is the last. What
//! is announced takes nothing, only what has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::body::{BodyError, broken};

/// Bytes of all bodies together: [`CLICKS`], [`KNOWN`] and [`UNPROVED`].
pub const MOST: usize = CLICKS + KNOWN + UNPROVED;
/// Requests of Slack have some 20 KB.
const CLICKS: usize = 8 << 20;
/// Three of the largest deliveries and a thousand usual ones.
const KNOWN: usize = 16 << 20;
/// Holds the largest delivery.
const UNPROVED: usize = 8 << 20;
/// Who wants no more than this finds room wherever somebody has not said all yet: a click is here whole within milliseconds, so
/// that what has been coming for longer is none.
const SMALL: usize = 64 << 10;
/// A body begins with this much, so that one that comes in crumbs does not cost a hundred times what it brings.
const FIRST: usize = 4 << 10;

/// Who takes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Slack's requests, signed over their bodies.
    Clicks,
    /// Something in the head has shown whose it is.
    Known,
    /// Only the body can show whose it is.
    Unproved,
}

/// The room of one server; cheap to clone.
#[derive(Clone)]
pub struct Room {
    clicks: Arc<Share>,
    known: Arc<Share>,
    unproved: Arc<Share>,
}

struct Share {
    most: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    held: usize,
    last: u64,
    bodies: BTreeMap<u64, Place>,
}

/// A body that has room.
struct Place {
    held: usize,
    whole: bool,
    leave: Arc<Notify>,
}

/// What a body has taken, given back when it is dropped.
struct Held {
    share: Arc<Share>,
    number: u64,
    leave: Arc<Notify>,
}

/// A body that is all here. It keeps its room until this is dropped: after the answer.
pub struct Whole {
    pub bytes: Bytes,
    _held: Held,
}

impl Default for Room {
    fn default() -> Self {
        let share = |most| {
            Arc::new(Share {
                most,
                table: Mutex::default(),
            })
        };
        Self {
            clicks: share(CLICKS),
            known: share(KNOWN),
            unproved: share(UNPROVED),
        }
    }
}

impl Room {
    /// Reads a whole body of at most `limit` bytes. A length that is announced above the limit is refused unread.
    ///
    /// # Errors
    /// `TooLarge`, `TooSlow` (the server's body time-out), `Broken`, `NoRoom`.
    pub async fn read(&self, from: From, mut body: Body, limit: usize) -> Result<Whole, BodyError> {
        let announced = hyper::body::Body::size_hint(&body).lower();
        if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
            return Err(BodyError::TooLarge { limit });
        }
        let share = match from {
            From::Clicks => &self.clicks,
            From::Known => &self.known,
            From::Unproved => &self.unproved,
        };
        let held = share.begin();
        let mut bytes = Vec::new();
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = held.leave.notified() => return Err(BodyError::NoRoom),
            };
            let Some(frame) = frame else { break };
            // Trailers say nothing to us.
            let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else {
                continue;
            };
            let length = bytes.len().saturating_add(data.len());
            if length > limit {
                return Err(BodyError::TooLarge { limit });
            }
            if length > bytes.capacity() {
                let room = bytes
                    .capacity()
                    .saturating_mul(2)
                    .max(FIRST)
                    .min(limit)
                    .max(length);
                held.grow(room)?;
                bytes.reserve_exact(room.saturating_sub(bytes.len()));
            }
            bytes.extend_from_slice(&data);
        }
        held.complete();
        Ok(Whole {
            bytes: Bytes::from(bytes),
            _held: held,
        })
    }
}

impl Share {
    fn begin(self: &Arc<Self>) -> Held {
        let leave = Arc::new(Notify::new());
        let mut table = self.table.lock();
        table.last = table.last.wrapping_add(1);
        let number = table.last;
        let place = Place {
            held: 0,
            whole: false,
            leave: leave.clone(),
        };
        table.bodies.insert(number, place);
        Held {
            share: self.clone(),
            number,
            leave,
        }
    }
}

impl Table {
    /// Takes a body out, with what it holds. Its memory is free at its next turn.
    fn give_up(&mut self, number: u64) -> Option<Place> {
        let place = self.bodies.remove(&number)?;
        self.held = self.held.saturating_sub(place.held);
        Some(place)
    }

    /// The body that holds the most and is not complete, when that is more than `than`.
    fn largest(&self, than: usize) -> Option<u64> {
        let open = self.bodies.iter().filter(|(_, place)| !place.whole);
        let (number, place) = open.max_by_key(|(_, place)| place.held)?;
        (place.held > than).then_some(*number)
    }

    /// The body that has been coming for the longest and is not complete.
    fn oldest(&self, besides: u64) -> Option<u64> {
        let mut open = self
            .bodies
            .iter()
            .filter(|(number, place)| !place.whole && **number != besides && place.held > 0);
        open.next().map(|(number, _)| *number)
    }
}

impl Held {
    /// From here on it holds so many bytes.
    fn grow(&self, bytes: usize) -> Result<(), BodyError> {
        let mut table = self.share.table.lock();
        let has = table.bodies.get(&self.number).ok_or(BodyError::NoRoom)?.held;
        let more = bytes.saturating_sub(has);
        while table.held.saturating_add(more) > self.share.most {
            // Of two that ask for as much, the one that asks now has to come again.
            let other = table.largest(bytes).or_else(|| {
                let small = bytes <= SMALL;
                small.then(|| table.oldest(self.number)).flatten()
            });
            let Some(place) = other.and_then(|other| table.give_up(other)) else {
                metrics::counter!("interlock_http_bodies_given_up_total").increment(1);
                return Err(BodyError::NoRoom);
            };
            metrics::counter!("interlock_http_bodies_given_up_total").increment(1);
            place.leave.notify_one();
        }
        table.held = table.held.saturating_add(more);
        if let Some(place) = table.bodies.get_mut(&self.number) {
            place.held = bytes;
        }
        Ok(())
    }

    /// All of it is here: it is about to be proved and answered.
    fn complete(&self) {
        if let Some(place) = self.share.table.lock().bodies.get_mut(&self.number) {
            place.whole = true;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.share.table.lock().give_up(self.number);
    }
}

/// Reads bodies of at most so many bytes for routes that would read them whole by themselves, within the clicks' share.
#[derive(Clone)]
pub(super) struct Reading {
    pub room: Room,
    pub limit: usize,
}

pub(super) async fn read_first(
    State(reading): State<Reading>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match reading.room.read(From::Clicks, body, reading.limit).await {
        Ok(Whole { bytes, _held }) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(error) => refusal(&error),
    }
}

/// What a sender is told whose body was not read.
pub(super) fn refusal(error: &BodyError) -> Response<Body> {
    let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut answer = (status(error), plain, format!("{error}\n")).into_response();
    if *error == BodyError::NoRoom {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

pub(super) fn status(error: &BodyError) -> StatusCode {
    match error {
        BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
        BodyError::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(most: usize) -> Arc<Share> {
        Arc::new(Share {
            most,
            table: Mutex::default(),
        })
    }

    fn is_asked(held: &Held) -> bool {
        use futures::FutureExt;
        held.leave.notified().now_or_never().is_some()
    }

    #[test]
    fn who_holds_the_most_and_is_not_done_gives_way() {
        let share = share(100);
        let [done, large, small, click] = [(); 4].map(|()| share.begin());
        done.grow(40).unwrap();
        done.complete();
        large.grow(30).unwrap();
        small.grow(20).unwrap();
        click.grow(15).unwrap();
        assert!(is_asked(&large));
        assert!(!is_asked(&done), "it is being answered");
        assert!(!is_asked(&small));
        assert_eq!(large.grow(31), Err(BodyError::NoRoom), "it was given up");
    }

    #[test]
    fn who_asks_for_the_most_is_told_to_come_again() {
        let share = share(100 << 20);
        let (one, other) = (share.begin(), share.begin());
        one.grow(60 << 20).unwrap();
        assert_eq!(other.grow(60 << 20), Err(BodyError::NoRoom));
        assert!(!is_asked(&one));
        drop(one);
        assert_eq!(other.grow(60 << 20), Ok(()), "room comes back");
        drop(other);
        assert_eq!(share.table.lock().held, 0);
    }

    #[test]
    fn a_click_finds_room_wherever_somebody_has_not_said_all() {
        let share = share(100);
        let bodies = [(); 5].map(|()| share.begin());
        for body in &bodies {
            body.grow(20).unwrap();
        }
        let click = share.begin();
        click.grow(20).unwrap();
        assert!(is_asked(&bodies[0]), "it has been coming for the longest");
        assert!(!is_asked(&bodies[1]) && !is_asked(&click));
    }

    #[test]
    fn what_is_complete_is_answered_however_little_room_is_left() {
        let share = share(100);
        let whole = share.begin();
        whole.grow(100).unwrap();
        whole.complete();
        assert_eq!(share.begin().grow(1), Err(BodyError::NoRoom));
        assert!(!is_asked(&whole));
    }

    #[tokio::test]
    async fn a_body_in_crumbs_is_put_together_within_its_limit() {
        let crumbs = |count: usize| {
            let crumbs = (0..count).map(|_| Ok::<_, std::convert::Infallible>("x"));
            Body::from_stream(futures::stream::iter(crumbs))
        };
        let room = Room::default();
        let whole = room.read(From::Clicks, crumbs(10_000), 10_000).await.unwrap();
        assert_eq!(whole.bytes.len(), 10_000);
        assert!(whole.bytes.iter().all(|byte| *byte == b'x'));
        assert_eq!(
            room.clicks.table.lock().held,
            10_000,
            "as much as it takes, until it is answered"
        );
        let more = room.read(From::Clicks, crumbs(10_001), 10_000).await.err();
        assert_eq!(more, Some(BodyError::TooLarge { limit: 10_000 }));
        drop(whole);
        assert_eq!(room.clicks.table.lock().held, 0);
    }
}
