//! Lines of the log are ours: no text of others begins one, ends one or paints a terminal, however talkative the log is.

use std::time::Duration;

use interlock::playground::cluster::{Output, Place};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::lane::Lane;
use super::people;
use super::place::{TOKEN, alert};

/// When what is forged happened, as it says.
const AT: &str = "2026-11-23T00:00:00.000000Z";
/// Ends a line, begins one that looks like ours, and paints it.
const FORGED: &str =
    "x\n2026-11-23T00:00:00.000000Z  INFO FORGED frozen lifted by ana\r\u{1b}[31mred\u{85}\u{2028}next";
const PATIENCE: Duration = Duration::from_secs(20);

/// An alert, what is no alert, what a command prints and what fails: all of them with that text.
async fn say(lane: &Lane, address: &str) {
    let redis = Place::Workload {
        namespace: "production".into(),
        name: "redis-primary".into(),
    };
    let output = Output {
        stdout: FORGED.into(),
        stderr: FORGED.into(),
        exit_code: 1,
        takes: Duration::ZERO,
    };
    lane.cluster
        .world()
        .script(redis, &["redis-cli", "FLUSHDB"], output);
    let mut body = alert(1, "firing");
    for at in ["/groupKey", "/receiver", "/externalURL", "/alerts/0/generatorURL"] {
        *body.pointer_mut(at).expect("it is there") = FORGED.into();
    }
    body["alerts"][0]["labels"]["pod"] = FORGED.into();
    body["alerts"][0]["annotations"]["description"] = FORGED.into();
    let mut unknown = body.clone();
    unknown["alerts"][0]["labels"]["alertname"] = FORGED.into();
    unknown["alerts"][0]["fingerprint"] = "00000000000000f0".into();
    let mut odd = body.clone();
    odd["alerts"][0]["status"] = Value::String(FORGED.to_owned());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for body in [
        unknown.to_string(),
        odd.to_string(),
        FORGED.to_owned(),
        body.to_string(),
    ] {
        for path in [
            "/webhooks/alertmanager",
            "/webhooks/alertmanager%0AFORGED",
            "/slack/commands",
        ] {
            let request = http.post(format!("http://{address}{path}")).bearer_auth(TOKEN);
            let request = request.header("content-type", "application/json");
            let sent = request.header("x-request-id", "FORGED").body(body.clone()).send();
            let _ = sent.await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_text_of_others_makes_a_line_of_the_log() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lane = Lane::open(0, 6).await;
    let settings = lane.folder.path().join("interlock.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("{text}\n[log]\nfilter = \"trace\"\n")).unwrap();
    let process = lane.start(Vec::new()).await.expect("it starts");
    say(&lane, &process.address).await;
    let end = Instant::now() + PATIENCE;
    while !people::offers(&lane.slack, "approve") {
        assert!(Instant::now() < end, "no card");
        sleep(Duration::from_millis(20)).await;
    }
    people::press_all(&lane.slack, &["approve"]);
    while lane.done().is_empty() {
        assert!(Instant::now() < end, "nothing was done");
        sleep(Duration::from_millis(20)).await;
    }
    process.ask_to_stop();
    while !process.has_ended() && Instant::now() < end {
        sleep(Duration::from_millis(20)).await;
    }
    let log = std::fs::read_to_string(lane.folder.path().join("log")).unwrap();
    assert!(log.lines().count() > 100, "a log with nothing in it");
    let ours = |line: &str| {
        let at = line.split_once(' ').map_or("", |(at, _)| at);
        at.starts_with("20") && at != AT && !line.contains(['\r', '\u{1b}', '\u{85}', '\u{2028}'])
    };
    let forged: Vec<&str> = log.lines().filter(|line| !ours(line)).collect();
    assert!(forged.is_empty(), "{forged:#?}");
}
