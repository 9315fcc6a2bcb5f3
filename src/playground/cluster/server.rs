//! The listener: loopback, TLS, HTTP/1.1 and HTTP/2, with a time limit on handshakes and headers. When the API is said to be down the
//! port is closed and every connection cut; when it is up again the same port is opened.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::api;
use super::shared::Shared;

/// For the TLS handshake, and for the headers of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between attempts to get the port back.
const REBIND: Duration = Duration::from_millis(20);

/// Serves until told to stop.
pub(super) async fn run(
    shared: Arc<Shared>,
    listener: TcpListener,
    address: SocketAddr,
    tls: Arc<ServerConfig>,
    stop: CancellationToken,
) {
    let mut up = shared.faults.watch_up();
    let mut listener = Some(listener);
    loop {
        let Some(open) = reopen(listener.take(), address, &stop).await else {
            return;
        };
        let connections = stop.child_token();
        tokio::select! {
            () = stop.cancelled() => return,
            () = accept(&shared, open, &tls, &connections) => {}
            _ = up.wait_for(|up| !up) => {}
        }
        connections.cancel();
        tokio::select! {
            () = stop.cancelled() => return,
            _ = up.wait_for(|up| *up) => {}
        }
    }
}

async fn reopen(
    listener: Option<TcpListener>,
    address: SocketAddr,
    stop: &CancellationToken,
) -> Option<TcpListener> {
    if listener.is_some() {
        return listener;
    }
    loop {
        if let Ok(listener) = TcpListener::bind(address).await {
            return Some(listener);
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(REBIND) => {}
        }
    }
}

async fn accept(
    shared: &Arc<Shared>,
    listener: TcpListener,
    tls: &Arc<ServerConfig>,
    stop: &CancellationToken,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (shared, tls, stop) = (shared.clone(), tls.clone(), stop.child_token());
                tokio::spawn(async move {
                    let token = stop.clone();
                    tokio::select! {
                        () = token.cancelled() => {}
                        () = connection(shared, stream, tls, stop) => {}
                    }
                });
            }
            // Out of file descriptors, mostly: wait a little instead of spinning.
            Err(error) => {
                tracing::warn!(%error, "the cluster double could not accept a connection");
                tokio::time::sleep(REBIND).await;
            }
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, tls: Arc<ServerConfig>, stop: CancellationToken) {
    // Small frames must not wait for each other.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, TlsAcceptor::from(tls).accept(stream)).await else {
        return;
    };
    let service = service_fn(move |request| api::handle(shared.clone(), request, stop.clone()));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    if let Err(error) = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(%error, "a connection to the cluster double ended early");
    }
}
