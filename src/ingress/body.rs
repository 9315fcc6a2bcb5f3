//! Why a request body was not read, and the clock on every body that the server hands out, whoever reads it. Their room is
//! `room`'s.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
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
    #[error("too much is being sent at once: send it again in 1 s")]
    NoRoom,
}

/// What kept the rest of a body from coming.
pub(super) fn broken(error: &(dyn std::error::Error + 'static)) -> BodyError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Late>() {
            return BodyError::TooSlow;
        }
        cause = error.source();
    }
    BodyError::Broken
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
