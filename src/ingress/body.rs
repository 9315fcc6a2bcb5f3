//! Reads request bodies within bounds of size and time. `Timed` puts the clock on every body that the server hands out,
//! whoever reads it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::Sleep;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum BodyError {
    #[error("the body is larger than {limit} bytes: send less in one request")]
    TooLarge { limit: usize },
    #[error("the body did not arrive in time: send it again, all at once")]
    TooSlow,
    #[error("the body ended before it was complete: send it again")]
    Broken,
}

/// Reads a whole body, holding at most `limit` bytes. A length that is announced above the limit is refused unread.
///
/// # Errors
/// `TooLarge`, `TooSlow` (the server's body time-out), `Broken`.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let announced = hyper::body::Body::size_hint(&body).lower();
    if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
        return Err(BodyError::TooLarge { limit });
    }
    Limited::new(body, limit)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                return BodyError::TooLarge { limit };
            }
            let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
            while let Some(error) = cause {
                if error.is::<Late>() {
                    return BodyError::TooSlow;
                }
                cause = error.source();
            }
            BodyError::Broken
        })
}

#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
struct Late;

#[derive(Debug, thiserror::Error)]
pub(super) enum TimedError {
    #[error(transparent)]
    Late(#[from] LateBody),
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("request body")]
pub(super) struct LateBody(#[source] Late);

/// A body that must be complete by a deadline. The clock starts when the reader first has to wait.
pub(super) struct Timed {
    inner: Incoming,
    within: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Set once all of it is here.
    whole: Arc<AtomicBool>,
}

impl Timed {
    pub(super) fn new(inner: Incoming, within: Duration, whole: Arc<AtomicBool>) -> Self {
        whole.store(hyper::body::Body::is_end_stream(&inner), Ordering::Release);
        Self {
            inner,
            within,
            deadline: None,
            whole,
        }
    }
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = TimedError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TimedError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if frame.is_none() || hyper::body::Body::is_end_stream(&this.inner) {
                this.whole.store(true, Ordering::Release);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(TimedError::Broken)));
        }
        let within = this.within;
        let deadline = this
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(LateBody(Late).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
