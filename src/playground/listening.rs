//! A double behind a port of its own on loopback. The doubles of Slack and of the cluster serve by themselves: they break
//! connections on purpose.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Dropping it stops it.
#[derive(Debug)]
pub(super) struct Listening {
    pub address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Listening {
    /// Serves on this port; 0 takes a free one. `what` is for the log.
    ///
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(port: u16, what: &'static str, router: Router) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "{what} of the playground ended");
            }
        });
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}
