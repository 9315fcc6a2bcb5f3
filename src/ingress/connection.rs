//! Drives one connection and ends it when the client keeps it without using it: a head that doesn't arrive, a connection
//! that stays silent. (The body's time is `body::Timed`'s business, the answer's that of the handler.)
//!
//! hyper has one timer for both the head and the silence before it; here a client may be silent for long between two
//! requests, as keep-alive clients are, and must be quick once it has begun one.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::Service;

use super::body::Timed;
use super::seats::{Proved, Seat};
use super::server::Limits;

/// What the client is doing, in milliseconds since the connection was opened; 0 in `head_began` means no head has begun.
#[derive(Debug)]
struct Activity {
    opened: Instant,
    in_flight: AtomicUsize,
    quiet_since: AtomicU64,
    head_began: AtomicU64,
}

impl Activity {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            in_flight: AtomicUsize::new(0),
            quiet_since: AtomicU64::new(0),
            head_began: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn received_bytes(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0 && self.head_began.load(Ordering::Relaxed) == 0 {
            self.head_began.store(self.now().max(1), Ordering::Relaxed);
        }
    }

    fn request_began(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.head_began.store(0, Ordering::Relaxed);
    }

    fn request_ended(&self) {
        self.quiet_since.store(self.now(), Ordering::Relaxed);
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// When the connection is to be closed unless something happens; `None` while a request is being served.
    fn deadline(&self, limits: &Limits) -> Option<Instant> {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let (since, allowed) = match self.head_began.load(Ordering::Relaxed) {
            0 => (self.quiet_since.load(Ordering::Relaxed), limits.idle),
            began => (began, limits.head),
        };
        Some(self.opened + Duration::from_millis(since) + allowed)
    }
}

/// Counts a request as being served until its answer has been handed to the connection whole.
struct Serving(Arc<Activity>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.request_ended();
    }
}

/// Serves one connection until it is closed, by either side.
pub(super) async fn drive(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut closing: watch::Receiver<bool>,
    seat: Seat,
) {
    let seat = Arc::new(seat);
    let activity = Arc::new(Activity::new());
    let io = Noticing {
        inner: TokioIo::new(stream),
        activity: Arc::clone(&activity),
    };
    let (seen, proving) = (Arc::clone(&activity), Arc::clone(&seat));
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        seen.request_began();
        let serving = Serving(Arc::clone(&seen));
        let whole = proving.whole();
        let request = request.map(|body| Body::new(Timed::new(body, limits.body, whole)));
        let (router, seat) = (router.clone(), Arc::clone(&proving));
        async move {
            let answer = answered(router, request, &seat).await?;
            Ok::<_, Infallible>(answer.map(|body| Answer {
                body,
                _serving: serving,
            }))
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle + limits.head)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .serve_connection(io, service)
        .with_upgrades();
    tokio::pin!(connection);
    let mut asked = false;
    loop {
        let wake = activity
            .deadline(&limits)
            .unwrap_or_else(|| Instant::now() + limits.head);
        // Silence is looked into as often as a head may take, so that one that begins late is not given the time of both.
        let wake = wake.min(Instant::now() + limits.head);
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            _ = closing.wait_for(|closing| *closing), if !asked => {
                asked = true;
                connection.as_mut().graceful_shutdown();
            }
            () = seat.wanted() => {
                metrics::counter!("interlock_http_connections_given_up_total").increment(1);
                return;
            }
            () = tokio::time::sleep_until(wake) => {
                if activity.deadline(&limits).is_some_and(|deadline| deadline <= Instant::now()) {
                    metrics::counter!("interlock_http_connections_timed_out_total").increment(1);
                    return;
                }
            }
        }
    }
}

/// The answer of the routes; it ends a connection that has proved itself and for which there is no seat all the same.
async fn answered(
    mut router: Router,
    request: Request<Body>,
    seat: &Seat,
) -> Result<Response<Body>, Infallible> {
    let mut answer = router.call(request).await?;
    if let Some(sender) = answer.extensions_mut().remove::<Proved>()
        && !seat.prove(sender)
    {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
    }
    // Only now: between the answer and its proof nobody takes the seat.
    seat.answered();
    Ok(answer)
}

/// A stream that notices when bytes arrive.
struct Noticing {
    inner: TokioIo<TcpStream>,
    activity: Arc<Activity>,
}

impl Read for Noticing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        self.activity.received_bytes();
        Poll::Ready(Ok(()))
    }
}

impl Write for Noticing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }
}

/// An answer's body, which holds its request as served until it is through.
struct Answer {
    body: Body,
    _serving: Serving,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
