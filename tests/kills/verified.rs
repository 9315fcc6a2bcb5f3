//! Nothing runs on entries that nobody has looked at: after a start the whole journal is verified first, however long that takes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::lane::Lane;
use super::people;

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
/// A step that has its approval runs within a fraction of it.
const MEANWHILE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_runs_before_the_whole_journal_was_verified() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut lane = Lane::open_on_disk(0, 17).await;
    // The first time it can't be read; ten seconds later it can.
    let asked = vec![("INTERLOCK_POINT".to_owned(), "verified=refuse@1".into())];
    let process = lane.start(asked).await.expect("it starts");
    lane.fire(&process).await;
    until("a card can be approved", || {
        people::offers(&lane.slack, "approve")
    })
    .await;
    people::press_all(&lane.slack, &["approve"]);
    until("the approval counts", || !people::offers(&lane.slack, "approve")).await;
    sleep(MEANWHILE).await;
    assert!(
        lane.seen.lock().effects.is_empty(),
        "nobody had verified the journal"
    );
    assert!(log(&lane).contains("the journal can't be verified"));
    until("the step runs", || !lane.seen.lock().effects.is_empty()).await;
    assert!(log(&lane).contains("the whole journal was verified"));
    process.kill();
    lane.at_most_once();
    lane.end().await;
}

fn log(lane: &Lane) -> String {
    std::fs::read_to_string(lane.folder.path().join("log")).unwrap_or_default()
}

async fn until(what: &str, mut come: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !come() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(LOOK).await;
    }
}
