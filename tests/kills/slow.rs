//! Thousands of clients that say half a sentence and wait, against the real program: it holds as many as it has seats and
//! no more, and whoever is authentic is answered all the while. Those that send large parts of large bodies take no more memory
//! than there is for bodies.
//!
//! `INTERLOCK_SLOW=5000 cargo test --test kills slow` opens as many.

use std::time::Duration;

use interlock::ingress::BODIES_MOST;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::lane::Lane;
use super::people;
use super::place::{TOKEN, alert};
use super::process::Process;

const MANY: usize = 1_500;
/// Seats of the program, and what may be on its way out.
const SEATS: usize = 512 + 16;
const PATIENCE: Duration = Duration::from_secs(60);

/// As many as were asked for, or as this machine lets one process open.
fn many() -> usize {
    let asked = std::env::var("INTERLOCK_SLOW").ok();
    let asked = asked.and_then(|text| text.parse().ok()).unwrap_or(MANY);
    let most = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    assert!(
        asked + 1_000 < most,
        "{most} files may be open here: raise the limit"
    );
    asked
}

/// Half a head, or half a body; and then nothing.
async fn slow(address: &str, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it is let in");
    let half: &[u8] = match number % 3 {
        0 => b"",
        1 => b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        _ => b"POST /slack/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\nhalf",
    };
    // It may be sent away meanwhile.
    let _ = stream.write_all(half).await;
    stream
}

fn still_open(held: &[TcpStream]) -> usize {
    let mut buffer = [0; 512];
    let open = |stream: &&TcpStream| {
        let read = stream.try_read(&mut buffer);
        matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    held.iter().filter(open).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousands_of_slow_connections_hold_as_much_as_there_are_seats_and_nobody_else_waits() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let many = many();
    let lane = Lane::open(1, 7).await;
    let process = lane.start(Vec::new()).await.expect("it starts");
    let base = format!("http://{}", process.address);
    // Each alert comes over a connection that has proved nothing yet.
    let http = http();
    let ana = lane.slack.user_id("ana").expect("ana works here");
    let view = lane.slack.view_as(&ana);
    let channel = view.channels.iter().find(|channel| channel.name == "incidents");
    let channel = channel.expect("a channel").id.clone();

    let address = process.address.clone();
    let slow = tokio::spawn(async move {
        let mut held = Vec::new();
        for number in 0..many {
            held.push(slow(&address, number).await);
        }
        held
    });
    let mut answered = 0_u64;
    while !slow.is_finished() || answered < 10 {
        answered += 1;
        let taken = http
            .post(format!("{base}/webhooks/alertmanager"))
            .bearer_auth(TOKEN)
            .json(&alert(answered, "firing"))
            .send()
            .await
            .expect("an alert is answered");
        assert_eq!(taken.status().as_u16(), 200, "after {answered}");
        let asked = lane.slack.slash(&ana, &channel, "/runbook", "status").await;
        assert!(asked.unwrap().acked, "a command is answered, after {answered}");
        if let Some((at, _)) = people::cards(&lane.slack).first()
            && people::offers(&lane.slack, "approve")
        {
            let place = interlock::playground::slack::Place::Message(at.clone());
            if let Ok(pressed) = lane.slack.press(&ana, place, "approve").await {
                assert!(pressed.acked, "a click is answered, after {answered}");
            }
        }
    }
    let held = slow.await.expect("all of them were opened");
    assert_eq!(held.len(), many);
    let end = Instant::now() + PATIENCE;
    loop {
        let (seen, told) = (still_open(&held), open(&http, &base).await);
        if seen <= SEATS && told <= SEATS {
            eprintln!(
                "{many} slow connections, {seen} of them held; {answered} alerts and commands answered"
            );
            return;
        }
        assert!(Instant::now() < end, "{seen} are held, {told} by its own figures");
        sleep(Duration::from_millis(20)).await;
    }
}

fn http() -> reqwest::Client {
    let client = reqwest::Client::builder();
    client.no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

/// Clients that send large parts of large bodies.
const LARGE: usize = 240;
/// What may come on top of the bodies: what is read of a connection at once, and the alerts and cards of the story.
const BESIDE: usize = 64 << 20;

/// Most of a body that nobody has proved yet, as its route takes it; and then nothing.
async fn large(address: String, number: usize) -> Option<TcpStream> {
    let (path, announced, sent) = match number % 3 {
        0 => ("/slack/interactions", 1_000_000, 900_000),
        1 => ("/webhooks/changes/github", 1_000_000, 900_000),
        _ => ("/webhooks/grafana", 5_000_000, 4_500_000),
    };
    let mut stream = TcpStream::connect(address).await.ok()?;
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    // It may be sent away meanwhile, and comes again.
    stream.write_all(&vec![b'x'; sent]).await.ok()?;
    Some(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn large_bodies_that_nobody_has_proved_take_no_more_memory_than_there_is_for_bodies() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lane = Lane::open(1, 9).await;
    let process = lane.start(Vec::new()).await.expect("it starts");
    let base = format!("http://{}", process.address);
    let http = http();
    let ana = lane.slack.user_id("ana").expect("ana works here");
    let view = lane.slack.view_as(&ana);
    let channel = view.channels.iter().find(|channel| channel.name == "incidents");
    let channel = channel.expect("a channel").id.clone();
    let before = memory(&process, "VmRSS:");

    let address = process.address.clone();
    let flood = tokio::spawn(async move {
        let mut clients = tokio::task::JoinSet::new();
        let mut held = Vec::new();
        for number in 0..LARGE {
            clients.spawn(large(address.clone(), number));
            if clients.len() >= 48 {
                held.extend(clients.join_next().await);
            }
        }
        held.extend(clients.join_all().await.into_iter().map(Ok));
        held
    });
    let mut answered = 0_u64;
    while !flood.is_finished() || answered < 5 {
        answered += 1;
        let taken = http
            .post(format!("{base}/webhooks/alertmanager"))
            .bearer_auth(TOKEN)
            .json(&alert(answered, "firing"))
            .send()
            .await
            .expect("an alert is answered");
        assert_eq!(taken.status().as_u16(), 200, "after {answered}");
        let asked = lane.slack.slash(&ana, &channel, "/runbook", "status").await;
        assert!(asked.unwrap().acked, "a command is answered, after {answered}");
    }
    let held = flood.await.expect("all of them came");
    let took = memory(&process, "VmHWM:").saturating_sub(before);
    eprintln!(
        "{} of {LARGE} large bodies were sent to their last part; {} MiB at most for them and {answered} alerts and commands",
        held.iter().flatten().flatten().count(),
        took >> 20
    );
    assert!(took < BODIES_MOST + BESIDE, "{took} bytes");
}

/// Bytes, by the kernel's figures.
fn memory(process: &Process, what: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid())).expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .expect("it is counted")
        .parse::<usize>()
        .expect("a number")
        << 10
}

/// Connections that are open, by the program's own figures.
async fn open(http: &reqwest::Client, base: &str) -> usize {
    let figures = http
        .get(format!("{base}/metrics"))
        .send()
        .await
        .expect("an answer");
    let figures = figures.text().await.expect("text");
    let open = figures
        .lines()
        .find_map(|line| line.strip_prefix("interlock_http_connections_open "));
    open.expect("it is counted").parse().expect("a number")
}
