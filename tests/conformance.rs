//! The official SDKs, unmodified, run the same small app against the Slack double, over both transports.
//!
//! Needs Node or Python and their packages. At home it says in one line what it skipped; with INTERLOCK_REQUIRE_ALL=1 it
//! installs the packages below the target folder, and a missing one fails.
#![cfg(feature = "playground")]

#[path = "conformance/app.rs"]
mod app;
#[path = "common/port.rs"]
mod port;
#[path = "conformance/story.rs"]
mod story;

use app::{Kit, Transport};

async fn run(kit: Kit, transport: Transport) {
    match app::installed(kit) {
        Ok(home) => story::tell(app::start(kit, transport, &home).await).await,
        Err(why) => app::skip(kit, &why),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_js_over_socket_mode() {
    run(Kit::BoltJs, Transport::Socket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_js_over_http() {
    run(Kit::BoltJs, Transport::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_python_over_socket_mode() {
    run(Kit::BoltPython, Transport::Socket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_python_over_http() {
    run(Kit::BoltPython, Transport::Http).await;
}
