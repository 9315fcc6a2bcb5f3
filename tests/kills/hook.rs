//! A service of the house that takes a POST and does something: it counts what it did, and for whom.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What it did once.
#[derive(Clone, Debug)]
pub struct Post {
    /// The mark of the attempt that asked for it.
    pub attempt: String,
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookFault {
    /// 503, and nothing is done.
    Refuse,
    /// It is done, and the answer is a 500.
    FailAfter,
    /// It is done, and no answer ever comes.
    HangAfter,
}

#[derive(Default)]
struct Seen {
    posts: Vec<Post>,
    faults: VecDeque<HookFault>,
}

/// Dropping it stops it.
pub struct Hook {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _tasks: JoinSet<()>,
}

impl Hook {
    pub async fn start() -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let router = Router::new()
            .route("/flush", post(flush))
            .with_state(seen.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            seen,
            _tasks: tasks,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn posts(&self) -> Vec<Post> {
        self.seen.lock().posts.clone()
    }

    /// For the next request.
    pub fn fail(&self, fault: HookFault) {
        self.seen.lock().faults.push_back(fault);
    }

    /// Faults that have met nobody yet.
    pub fn faults(&self) -> usize {
        self.seen.lock().faults.len()
    }

    pub fn mend(&self) {
        self.seen.lock().faults.clear();
    }
}

/// The attempt stands in brackets behind the program's name.
async fn flush(State(seen): State<Arc<Mutex<Seen>>>, headers: HeaderMap) -> StatusCode {
    let agent = headers.get("user-agent").and_then(|agent| agent.to_str().ok());
    let attempt = agent.and_then(|agent| agent.split_once('(')?.1.strip_suffix(')'));
    let fault = {
        let mut seen = seen.lock();
        let fault = seen.faults.pop_front();
        if fault != Some(HookFault::Refuse) {
            let attempt = attempt.unwrap_or("nobody knows for whom").to_owned();
            seen.posts.push(Post { attempt });
        }
        fault
    };
    match fault {
        None => StatusCode::OK,
        Some(HookFault::Refuse) => StatusCode::SERVICE_UNAVAILABLE,
        Some(HookFault::FailAfter) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(HookFault::HangAfter) => std::future::pending().await,
    }
}
