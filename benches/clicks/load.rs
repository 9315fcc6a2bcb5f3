//! The load: blocking connections, each request signed afresh with ids of its own, so that nothing is a repeat. The
//! open-loop shape counts from the intended time, so that a stall is charged to every request that it delays.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::process::SECRET;

/// Alerts in one webhook.
pub const ALERTS: usize = 20;
/// Different webhooks of the storm of known alerts.
const WEBHOOKS: u64 = 50;
/// Webhooks of which the card is waited for, and channels that they go to.
const CARDS: u64 = 60;
pub const LANES: u64 = 20;
/// Connections of the open-loop run; more than are ever busy at once.
const SENDERS: u32 = 16;

#[derive(Clone, Copy)]
pub enum Shape {
    Open { per_second: u32 },
    Closed { connections: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storm {
    Known,
    FirstSeen,
}

enum What {
    Click,
    Alerts(Storm),
    Cards { first: u64 },
}

pub struct Load {
    port: u16,
    path: &'static str,
    what: What,
    count: AtomicU64,
}

/// Milliseconds from sending a webhook to its card at Slack, ascending: alerts of their own, in channels of their own, so
/// that no rate limit binds. `first` tells the rounds apart.
pub fn cards(port: u16, path: &'static str, first: u64) -> Vec<f64> {
    const EVERY: Duration = Duration::from_millis(20);
    let load = Load::new(port, path, What::Cards { first });
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let mut buffer = Vec::new();
    let sent: Vec<(u64, Instant)> = (first..first + CARDS)
        .map(|number| {
            std::thread::sleep(EVERY);
            let at = Instant::now();
            load.ask(&mut stream, &mut buffer).expect("an answer");
            (number, at)
        })
        .collect();
    let patience = Instant::now() + Duration::from_secs(10);
    while super::slack::posted(first + CARDS - 1).is_none() && Instant::now() < patience {
        std::thread::sleep(EVERY);
    }
    std::thread::sleep(Duration::from_millis(300));
    let mut waits: Vec<f64> = sent
        .into_iter()
        .map(|(number, at)| {
            let posted = super::slack::posted(number).expect("every card is posted");
            posted.saturating_duration_since(at).as_secs_f64() * 1000.0
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    waits
}

/// What came of it.
pub struct Run {
    /// Seconds, ascending.
    latencies: Vec<f64>,
    window: Duration,
}

impl Run {
    pub fn answered(&self) -> usize {
        self.latencies.len()
    }

    pub fn per_second(&self) -> f64 {
        self.answered() as f64 / self.window.as_secs_f64()
    }

    pub fn quantile_ms(&self, q: f64) -> f64 {
        let at = (self.latencies.len() as f64 * q) as usize;
        self.latencies
            .get(at)
            .map_or(f64::NAN, |seconds| seconds * 1000.0)
    }
}

impl Load {
    pub fn clicks(port: u16, path: &'static str) -> Self {
        Self::new(port, path, What::Click)
    }

    pub fn alerts(port: u16, path: &'static str, storm: Storm) -> Self {
        Self::new(port, path, What::Alerts(storm))
    }

    fn new(port: u16, path: &'static str, what: What) -> Self {
        Self {
            port,
            path,
            what,
            count: AtomicU64::new(0),
        }
    }

    /// One request on a connection of its own. False when nobody listens yet.
    pub fn one(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port))
            .is_ok_and(|mut stream| self.ask(&mut stream, &mut Vec::new()).is_some())
    }

    pub fn run(&self, shape: Shape, window: Duration) -> Run {
        let start = Instant::now();
        let (threads, every) = match shape {
            Shape::Open { per_second } => (SENDERS as usize, Some(Duration::from_secs(1) / per_second)),
            Shape::Closed { connections } => (connections, None),
        };
        let mut latencies: Vec<f64> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..threads)
                .map(|number| scope.spawn(move || self.sender(number as u32, every, start, window)))
                .collect();
            senders
                .into_iter()
                .flat_map(|sender| sender.join().expect("a sender"))
                .collect()
        });
        latencies.sort_by(f64::total_cmp);
        Run {
            latencies,
            window: start.elapsed(),
        }
    }

    fn sender(&self, number: u32, every: Option<Duration>, start: Instant, window: Duration) -> Vec<f64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_nodelay(true).expect("no delay");
        let (mut latencies, mut buffer) = (Vec::new(), Vec::new());
        let mut intended = start + every.unwrap_or_default() * number;
        while intended.saturating_duration_since(start) < window && start.elapsed() < window * 3 {
            match every {
                Some(every) => {
                    std::thread::sleep(intended.saturating_duration_since(Instant::now()));
                    self.ask(&mut stream, &mut buffer).expect("an answer");
                    latencies.push(intended.elapsed().as_secs_f64());
                    intended += every * SENDERS;
                }
                None => {
                    intended = Instant::now();
                    self.ask(&mut stream, &mut buffer).expect("an answer");
                    latencies.push(intended.elapsed().as_secs_f64());
                }
            }
        }
        latencies
    }

    /// Sends one and waits for its 2xx.
    fn ask(&self, stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let body = match self.what {
            What::Click => click(number),
            What::Alerts(Storm::Known) => webhook(number % WEBHOOKS, "known"),
            What::Alerts(Storm::FirstSeen) => webhook(number, "new"),
            What::Cards { first } => card(first + number),
        };
        let (kind, signed) = match self.what {
            What::Click => ("application/x-www-form-urlencoded", signed(&body)),
            What::Alerts(_) | What::Cards { .. } => ("application/json", String::new()),
        };
        buffer.clear();
        let length = body.len();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\n{signed}content-length: {length}\r\n\r\n",
            self.path
        );
        buffer.extend_from_slice(head.as_bytes());
        buffer.extend_from_slice(body.as_bytes());
        stream.write_all(buffer).ok()?;
        answer(stream, buffer)
    }
}

fn signed(body: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    mac.update(format!("v0:{now}:").as_bytes());
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("x-slack-request-timestamp: {now}\r\nx-slack-signature: v0={signature}\r\n")
}

/// Reads one answer whole. `None` when it is no 2xx.
fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    buffer.clear();
    let mut chunk = [0; 2048];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        buffer.extend_from_slice(&chunk[..read]);
        let text = std::str::from_utf8(buffer).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return head.starts_with("HTTP/1.1 2").then_some(());
        }
    }
}

/// A click as Slack sends it, card and all: some 3 KB. By one of fifty people in one of twenty channels.
fn click(number: u64) -> String {
    const SECTION: &str = "%7B%22type%22%3A%22section%22%2C%22block_id%22%3A%22b%22%2C%22text%22%3A%7B%22type%22%3A%22mrkdwn%22%2C%22text%22%3A%22%2AStep+1%2A+Flush+the+connection+pool%5CnDeletes+every+key+in+database+0+of+redis-primary.%22%2C%22verbatim%22%3Atrue%7D%7D";
    let blocks = [SECTION; 8].join("%2C");
    let (user, channel) = (number % 50, number % 20);
    format!(
        "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U0{user:08}%22%2C%22team_id%22%3A%22T0ACME0001%22%7D%2C\
        %22trigger_id%22%3A%221.2.{number:016x}%22%2C%22container%22%3A%7B%22type%22%3A%22message%22%2C%22message_ts%22%3A%221763690000.000100%22%2C\
        %22channel_id%22%3A%22C0INC{channel:05}%22%7D%2C%22team%22%3A%7B%22id%22%3A%22T0ACME0001%22%7D%2C%22channel%22%3A%7B%22id%22%3A%22C0INC{channel:05}%22%7D%2C\
        %22message%22%3A%7B%22type%22%3A%22message%22%2C%22ts%22%3A%221763690000.000100%22%2C%22blocks%22%3A%5B{blocks}%5D%7D%2C\
        %22state%22%3A%7B%22values%22%3A%7B%7D%7D%2C%22response_url%22%3A%22https%3A%2F%2Fhooks.slack.com%2Factions%2FT%2F1%2Fx%22%2C\
        %22actions%22%3A%5B%7B%22action_id%22%3A%22approve%22%2C%22block_id%22%3A%22a%22%2C%22value%22%3A%221.1.0123456789ab%22%2C\
        %22type%22%3A%22button%22%2C%22action_ts%22%3A%221763690001.1%22%7D%5D%7D"
    )
}

/// One alert of a rule of its own, so that it joins no other's card, with a title that is found again in the card.
fn card(number: u64) -> String {
    let lane = number % LANES;
    format!(
        "{{\"version\":\"4\",\"groupKey\":\"card{number}\",\"status\":\"firing\",\"receiver\":\"bot\",\"alerts\":[{{\"status\":\"firing\",\
        \"labels\":{{\"alertname\":\"Slow{number}\",\"severity\":\"warning\",\"lane\":\"{lane}\"}},\
        \"annotations\":{{\"summary\":\"card-{number} is slow\"}},\"startsAt\":\"2026-11-21T00:00:00Z\",\
        \"fingerprint\":\"card{number}\"}}]}}"
    )
}

/// A webhook of Alertmanager: one group, twenty alerts.
fn webhook(number: u64, kind: &str) -> String {
    let alert = |i: usize| {
        format!(
            "{{\"status\":\"firing\",\"labels\":{{\"alertname\":\"KubePodCrashLooping\",\"severity\":\"critical\",\"namespace\":\"payments\",\
            \"pod\":\"checkout-api-{number}-{i}\",\"service\":\"checkout\",\"cluster\":\"prod\",\"instance\":\"10.1.2.7:9100\"}},\
            \"annotations\":{{\"summary\":\"Pod payments/checkout-api-{number}-{i} is crash looping\",\"description\":\"Pod has restarted 7 \
            times in the last 10 minutes.\",\"runbook_url\":\"https://runbooks.example.com/KubePodCrashLooping\"}},\
            \"startsAt\":\"2026-11-21T00:00:00Z\",\"endsAt\":\"0001-01-01T00:00:00Z\",\
            \"generatorURL\":\"http://prometheus.example.com:9090/graph?g0.expr=up\",\"fingerprint\":\"{kind}-{number:x}-{i}\"}}"
        )
    };
    let alerts = (0..ALERTS).map(alert).collect::<Vec<_>>().join(",");
    format!(
        "{{\"version\":\"4\",\"groupKey\":\"{{}}:{{n=\\\"{kind}{number}\\\"}}\",\"truncatedAlerts\":0,\"status\":\"firing\",\"receiver\":\"bot\",\
        \"groupLabels\":{{}},\"commonLabels\":{{}},\"commonAnnotations\":{{}},\"externalURL\":\"http://alertmanager.example.com:9093\",\
        \"alerts\":[{alerts}]}}"
    )
}
