//! Accepts connections, within a bound. Every connection has timers (`axum::serve` has none, and keeps a silent client for
//! ever). When there is no seat left, the connection that has proved nothing for the longest gives up its own; where all
//! have proved themselves, the newest is told 503 and closed. Senders of alerts keep a share of the seats at most, so that
//! clicks find one however many alerts come. On shutdown nothing new is accepted, requests that are
//! being served are finished, and what then still hangs is cut.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::drive;
use super::seats::Seats;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at once.
    pub connections: usize,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// Silence between requests, and before the first.
    pub idle: Duration,
    /// For requests that are being served when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Why the server can't listen.
#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub enum BindError {
    #[error("port {} on {} is in use: stop the program that has it (is Interlock running already?), or set `server.listen` to another port", .0.port(), .0.ip())]
    InUse(SocketAddr),
    #[error("port {} needs rights that this user doesn't have: set `server.listen` to a port from 1024 on, or grant CAP_NET_BIND_SERVICE", .0.port())]
    Forbidden(SocketAddr),
    #[error("{} is no address of this machine: set `server.listen` to one that is, or to 127.0.0.1 or 0.0.0.0", .0.ip())]
    NotHere(SocketAddr),
    #[error("can't listen on {0} ({1}): check `server.listen`")]
    Other(SocketAddr, io::Error),
}

/// Opens the port.
///
/// # Errors
/// The port is taken, forbidden or not of this machine.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(listen)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(listen),
            io::ErrorKind::PermissionDenied => BindError::Forbidden(listen),
            io::ErrorKind::AddrNotAvailable => BindError::NotHere(listen),
            _ => BindError::Other(listen, error),
        })
}

/// Serves until `shutdown` is ready, then drains; returns when the last connection is closed or `limits.drain` is over.
pub async fn serve<S>(listener: TcpListener, router: Router, limits: Limits, shutdown: S)
where
    S: Future<Output = ()>,
{
    let seats = Seats::new(limits.connections);
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let (close, closing) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        while tasks.try_join_next().is_some() {}
        // Answers are one small write each; waiting for more would only add 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection was gone at once");
            continue;
        }
        if let Some(seat) = seats.take() {
            tasks.spawn(drive(stream, router.clone(), limits, closing.clone(), seat));
        } else {
            metrics::counter!("interlock_http_connections_refused_total").increment(1);
            if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                tasks.spawn(async move {
                    refuse(stream).await;
                    drop(permit);
                });
            }
        }
    }
    drop(listener);
    close.send_replace(true);
    let drained = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        tracing::warn!(
            open = tasks.len(),
            "connections were still busy after the drain time and are cut"
        );
    }
}

/// Connections that are being told that there is no room; beyond these, the connection is closed without a word.
const REFUSALS: usize = 64;
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
Content-Type: text/plain; charset=utf-8\r\nContent-Length: 48\r\n\r\ntoo many connections are open: try again in 1 s\n";

/// Says 503, then reads a little of what the client is sending: closing on unread bytes would reset the connection and
/// take the answer with it.
async fn refuse(mut stream: TcpStream) {
    let polite = async {
        stream.write_all(REFUSAL).await?;
        stream.shutdown().await?;
        let mut sink = [0; 4096];
        for _ in 0..16 {
            if stream.read(&mut sink).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(1), polite).await {
        tracing::debug!(%error, "a refused connection was gone at once");
    }
}

/// A connection that died in the queue is nothing; being out of descriptors is, and asking again at once won't help.
async fn pause_after(error: &io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        return;
    }
    tracing::warn!(%error, "can't accept connections for the moment: check the limit of open files");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
