//! Secrets in everything that the real program writes of itself: its log at its most talkative, its figures, what it answers
//! to those who try, and every file that it leaves. (What it shows and stores is looked at in `tests/it/canary.rs`.)

use std::fmt::Write as _;
use std::time::Duration;

use interlock::playground::cluster::{ClusterUser, Output, Place};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::lane::Lane;
use super::people;
use super::place::{TOKEN, alert};
use super::process::Process;

/// Of somebody else, in shapes that everybody knows.
const FOREIGN: [&str; 6] = [
    "ghp_c4naryC4naryC4naryC4naryC4naryC4nary",
    "AKIAC4NARYC4NARYC4NA",
    "glpat-c4nary_C4nary-C4nary",
    "hvs.C4naryC4naryC4naryC4naryC4nary",
    "SG.C4naryC4naryC4naryC4na.C4naryC4naryC4naryC4naryC4naryC4naryC4nary1",
    PASSWORD,
];
/// What only the name before it gives away.
const PASSWORD: &str = "hunter2hunter2canary";
/// Of a Secret that the command prints; an alert has it too, later, and nothing gives it away there.
const SEEN: &str = "kV9-canary-horse-77";
const SECRET: &str = "kind: Secret\ndata:\n  dsn: a1Y5LWNhbmFyeS1ob3JzZS03Nw==\n";
/// What somebody tries to come in with.
const TRIED: &str = "a-guess-that-may-be-nearly-right";
const PATIENCE: Duration = Duration::from_secs(20);

fn own(lane: &Lane) -> Vec<String> {
    let slack = lane.slack.addresses();
    let settings = std::fs::read_to_string(lane.folder.path().join("interlock.toml")).unwrap();
    let key = settings.lines().find_map(|line| line.strip_prefix("key = \""));
    let key = key
        .expect("a key for checkpoints")
        .trim_end_matches('"')
        .to_owned();
    vec![
        slack.bot_token,
        slack.app_token,
        slack.signing_secret,
        lane.pager.routing_key(),
        lane.cluster.token(ClusterUser::Interlock).to_owned(),
        TOKEN.to_owned(),
        key,
    ]
}

/// Everything with a secret in it comes in: an alert, a command's output, forged requests, what somebody types.
async fn storm(lane: &Lane, process: &Process) -> String {
    let mut text = format!("password={PASSWORD}");
    for secret in own(lane)
        .iter()
        .map(String::as_str)
        .chain(FOREIGN.into_iter().filter(|one| *one != PASSWORD))
    {
        let _ = write!(text, " and {secret}");
    }
    let redis = Place::Workload {
        namespace: "production".into(),
        name: "redis-primary".into(),
    };
    let output = Output {
        stdout: format!("{text}\n{SECRET}").into_bytes(),
        stderr: text.clone().into_bytes(),
        exit_code: 1,
        takes: Duration::ZERO,
    };
    lane.cluster
        .world()
        .script(redis, &["redis-cli", "FLUSHDB"], output);
    let base = format!("http://{}", process.address);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut body = alert(1, "firing");
    body["alerts"][0]["annotations"]["description"] = Value::String(text.clone());
    let mut answers = String::new();
    for (path, token, body) in [
        ("/webhooks/alertmanager", TOKEN, body.to_string()),
        ("/webhooks/alertmanager", TRIED, body.to_string()),
        ("/webhooks/alertmanager", TOKEN, text.clone()),
        ("/slack/interactions", TRIED, text.clone()),
        ("/slack/commands", TRIED, text.clone()),
    ] {
        let request = http.post(format!("{base}{path}")).bearer_auth(token).body(body);
        let request = request
            .header("x-slack-signature", TRIED)
            .header("content-type", "application/json");
        let answer = request.send().await.expect("it answers");
        answers += &answer.text().await.unwrap_or_default();
    }
    let end = Instant::now() + PATIENCE;
    while !people::offers(&lane.slack, "approve") {
        assert!(Instant::now() < end, "no card");
        sleep(Duration::from_millis(20)).await;
    }
    people::press_all(&lane.slack, &["approve"]);
    while !format!("{:?}", lane.pager.incidents()).contains("Redis") {
        assert!(Instant::now() < end, "nobody is paged");
        sleep(Duration::from_millis(20)).await;
    }
    // Now that the command said it, it is a secret wherever it comes.
    let mut body = alert(2, "firing");
    body["alerts"][0]["annotations"]["description"] = Value::String(format!("it is {SEEN}"));
    let request = http
        .post(format!("{base}/webhooks/alertmanager"))
        .bearer_auth(TOKEN);
    let request = request
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.expect("it answers");
    answers += &answer.text().await.unwrap_or_default();
    for path in ["/metrics", "/readyz", "/healthz"] {
        let answer = http
            .get(format!("{base}{path}"))
            .send()
            .await
            .expect("it answers");
        answers += &answer.text().await.unwrap_or_default();
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn secrets_come_out_of_nothing_that_the_program_writes_of_itself() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for number in 0..2 {
        let lane = Lane::open(number, 5).await;
        let settings = lane.folder.path().join("interlock.toml");
        let text = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(&settings, format!("{text}\n[log]\nfilter = \"trace\"\n")).unwrap();
        let process = lane.start(Vec::new()).await.expect("it starts");
        let answers = storm(&lane, &process).await;
        process.ask_to_stop();
        let end = Instant::now() + PATIENCE;
        while !process.has_ended() && Instant::now() < end {
            sleep(Duration::from_millis(20)).await;
        }
        let mut written = vec![("what it answered".to_owned(), answers)];
        for file in std::fs::read_dir(lane.folder.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && !["interlock.toml", "kubeconfig"].contains(&name.as_str()) {
                written.push((
                    name,
                    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned(),
                ));
            }
        }
        let log = written.iter().find(|(name, _)| name == "log").expect("a log");
        assert!(log.1.lines().count() > 100, "a log with nothing in it");
        let mut found = Vec::new();
        for secret in own(&lane)
            .iter()
            .map(String::as_str)
            .chain(FOREIGN)
            .chain([TRIED, SEEN])
        {
            for (place, text) in &written {
                if let Some(at) = text.find(secret) {
                    let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
                    let line: String = text[from..].chars().take(300).collect();
                    found.push(format!("{secret} in {place}: {line}"));
                }
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
