//! One database, its doubles, and the processes that live and die on it one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use interlock::playground::cluster::{
    ClusterDouble, ClusterOptions, ClusterUser, FaultKind, FaultMatch, Scenario, Speed,
};
use interlock::playground::pager::{PagerDouble, PagerOptions};
use interlock::playground::slack::{RateLimits, RequestUrls, SlackDouble, SlackOptions};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::moments::Moment;
use super::people;
use super::process::Process;
use super::promises;

const TOKEN: &str = "alerts-of-the-kills";
/// A process lives at most this long in one round.
const ROUND: Duration = Duration::from_millis(1_200);
/// At the end everything must have come to rest within this time.
const REST: Duration = Duration::from_secs(90);
/// Between looks at what has nobody to tell about a change.
const LOOK: Duration = Duration::from_millis(15);

/// Random choices that are the same on every machine: splitmix64.
pub struct Rng(u64);

impl Rng {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % most.max(1)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub kills: u32,
    pub alerts: u64,
    pub entries: u64,
    pub starts: u64,
    pub effects: u64,
    pub unknown: u64,
    /// How often the moment that was wanted really came.
    pub moments: BTreeMap<&'static str, u64>,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.alerts += other.alerts;
        self.entries += other.entries;
        self.starts += other.starts;
        self.effects += other.effects;
        self.unknown += other.unknown;
        for (moment, count) in &other.moments {
            *self.moments.entry(moment).or_default() += count;
        }
    }

    pub fn shows_everything(&self) -> bool {
        self.moments.len() == 6 && self.unknown > 0 && self.effects > 0
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kills,
            alerts,
            entries,
            starts,
            effects,
            unknown,
            moments,
        } = self;
        write!(
            f,
            "{kills} kills: {alerts} alerts taken, {entries} entries, {starts} starts, {effects} changes seen from \
             outside, {unknown} ended Unknown; killed {moments:?}"
        )
    }
}

pub struct Lane {
    slack: SlackDouble,
    cluster: ClusterDouble,
    _pager: PagerDouble,
    folder: TempDir,
    http: reqwest::Client,
    over_http: bool,
    rng: Rng,
    /// Alerts so far; they count from 1.
    fired: u64,
    /// Sent, and not answered with 200 yet.
    unanswered: BTreeSet<u64>,
    /// Answered with 200.
    taken: BTreeSet<u64>,
    figures: Figures,
}

impl Lane {
    pub async fn open(number: u32, seed: u64) -> Self {
        let options = SlackOptions {
            limits: RateLimits::off(),
            ..SlackOptions::default()
        };
        let slack = SlackDouble::start(options).await.unwrap();
        let cluster = ClusterOptions {
            speed: Speed::Running(4.0),
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(cluster).await.unwrap();
        cluster.world().apply(Scenario::RedisTimeout);
        let pager = PagerDouble::start(PagerOptions::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let over_http = number % 2 == 1;
        let lane = Self {
            slack,
            cluster,
            _pager: pager,
            folder,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            over_http,
            rng: Rng(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number))),
            fired: 0,
            unanswered: BTreeSet::new(),
            taken: BTreeSet::new(),
            figures: Figures::default(),
        };
        lane.write_settings();
        lane
    }

    fn write_settings(&self) {
        let folder = self.folder.path();
        std::fs::create_dir_all(folder.join("runbooks")).unwrap();
        let redis = include_str!("../../runbooks/redis-connection-timeout.md");
        std::fs::write(folder.join("runbooks/redis-connection-timeout.md"), redis).unwrap();
        std::fs::write(
            folder.join("kubeconfig"),
            self.cluster.kubeconfig(ClusterUser::Interlock),
        )
        .unwrap();
        let slack = self.slack.addresses();
        let text = format!(
            r##"settle_seconds = 3600
server.listen = "127.0.0.1:0"
store.path = "interlock.db"
runbooks.path = "runbooks"
execution.mode = "live"
[slack]
transport = "{transport}"
api_base = "{api}"
bot_token = "{bot}"
app_token = "{app}"
signing_secret = "{secret}"
channel = "#incidents"
[kubernetes.clusters.demo]
kubeconfig = "kubeconfig"
[webhooks.alertmanager]
bearer_token = "{TOKEN}"
[[environments]]
name = "production"
cluster = "demo"
namespaces = ["production"]
[[caches]]
cluster = "demo"
namespace = "production"
name = "redis-primary"
[[approvers]]
tiers = [0, 1]
environments = ["production"]
groups = ["@sre"]
"##,
            transport = if self.over_http { "http" } else { "socket" },
            api = slack.api_base,
            bot = slack.bot_token,
            app = slack.app_token,
            secret = slack.signing_secret,
        );
        std::fs::write(folder.join("interlock.toml"), text).unwrap();
    }

    /// So many processes live and die, then one is left in peace.
    pub async fn live(mut self, kills: u32) -> Figures {
        for _ in 0..kills {
            self.round().await;
        }
        self.rest().await;
        self.figures
    }

    async fn start(&self) -> Process {
        let process = Process::start(self.folder.path()).await;
        if self.over_http {
            let base = format!("http://{}/slack", process.address);
            let urls = RequestUrls {
                events: format!("{base}/events"),
                interactions: format!("{base}/interactions"),
                commands: format!("{base}/commands"),
            };
            // The address is asked for its challenge; who does not answer in time gets no clicks in this round.
            let _ = timeout(ROUND, self.slack.use_http(urls)).await;
        }
        process
    }

    async fn round(&mut self) {
        let moment = Moment::choose(&mut self.rng);
        let process = self.start().await;
        let came = timeout(ROUND, self.until(moment, &process))
            .await
            .unwrap_or(false);
        process.kill();
        if came {
            *self.figures.moments.entry(moment.name()).or_default() += 1;
        }
        self.figures.kills += 1;
        let record = promises::record(&self.folder.path().join("interlock.db"));
        promises::at_most_once(&record, &self.cluster.effects());
    }

    /// Lives on until the moment has come: an alert is fired, people press what they can.
    async fn until(&mut self, moment: Moment, process: &Process) -> bool {
        if let Moment::After(span) = moment {
            let end = Instant::now() + span;
            let _ = timeout_at(end, self.work(process, || false)).await;
            return true;
        }
        if moment == Moment::CommandHangs {
            let exec = FaultMatch {
                resource: Some("pods/exec".to_owned()),
                ..FaultMatch::default()
            };
            self.cluster.faults().once(exec, FaultKind::HangAfterFrames(1));
        }
        let (slack, cluster) = (self.slack.clone(), self.cluster.clone());
        let effects = cluster.effects().len();
        let shown = *slack.changes().borrow();
        let taken = self.taken.len();
        if moment == Moment::AlertTaken {
            self.fire(process).await;
            return self.taken.len() > taken;
        }
        if moment == Moment::Clicked {
            self.fire(process).await;
            loop {
                if people::press_all(&slack, "approve") > 0 {
                    // Somewhere between the click, its commit and its answer.
                    sleep(Duration::from_millis(self.rng.below(40))).await;
                    return true;
                }
                sleep(LOOK).await;
            }
        }
        self.work(process, move || match moment {
            Moment::CardShown => *slack.changes().borrow() != shown,
            Moment::CommandRuns | Moment::CommandHangs => cluster.effects().len() > effects,
            Moment::After(_) | Moment::AlertTaken | Moment::Clicked => false,
        })
        .await
    }

    async fn work(&mut self, process: &Process, come: impl Fn() -> bool) -> bool {
        self.fire(process).await;
        loop {
            people::press_all(&self.slack, "worked");
            people::press_all(&self.slack, "approve");
            for _ in 0..4 {
                if come() {
                    return true;
                }
                sleep(LOOK).await;
            }
        }
    }

    /// A new alert, and those again that nobody answered; an old one resolves.
    async fn fire(&mut self, process: &Process) {
        self.fired += 1;
        self.unanswered.insert(self.fired);
        for number in self.unanswered.clone() {
            if self.post(process, number, "firing").await {
                self.unanswered.remove(&number);
                self.taken.insert(number);
            }
        }
        let old: Vec<u64> = self
            .taken
            .iter()
            .copied()
            .filter(|number| number + 4 <= self.fired)
            .collect();
        for number in old.into_iter().rev().take(3) {
            self.post(process, number, "resolved").await;
        }
    }

    async fn post(&self, process: &Process, number: u64, status: &str) -> bool {
        let url = format!("http://{}/webhooks/alertmanager", process.address);
        let request = self
            .http
            .post(url)
            .bearer_auth(TOKEN)
            .json(&alert(number, status));
        let answer = request.timeout(Duration::from_secs(2)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// The last process lives until there is nothing left to do.
    async fn rest(&mut self) {
        self.cluster.faults().clear();
        let database = self.folder.path().join("interlock.db");
        let process = self.start().await;
        let end = Instant::now() + REST;
        loop {
            for number in self.unanswered.clone() {
                if self.post(&process, number, "firing").await {
                    self.unanswered.remove(&number);
                    self.taken.insert(number);
                }
            }
            people::press_all(&self.slack, "worked");
            for number in self.taken.clone() {
                self.post(&process, number, "resolved").await;
            }
            let left = match promises::at_rest(&database) {
                Ok(()) if self.unanswered.is_empty() => break,
                Ok(()) => "an alert is not taken".to_owned(),
                Err(left) => left,
            };
            assert!(Instant::now() < end, "it does not come to rest: {left}");
            sleep(Duration::from_millis(300)).await;
        }
        process.kill();
        self.nothing_is_lost(&promises::record(&database));
    }

    fn nothing_is_lost(&mut self, record: &promises::Record) {
        let effects = self.cluster.effects();
        promises::at_most_once(record, &effects);
        for number in &self.taken {
            let name = name(*number);
            let opened = record.opened.iter().filter(|opened| **opened == name).count();
            assert_eq!(
                opened, 1,
                "{name} was answered with 200 and has {opened} incidents"
            );
        }
        assert_eq!(record.opened.len(), self.taken.len());
        let mut of_incident: BTreeMap<String, usize> = BTreeMap::new();
        for (_, card) in people::cards(&self.slack) {
            let incident = card.text.split(' ').next().unwrap_or_default().to_owned();
            *of_incident.entry(incident).or_default() += 1;
        }
        let twice: Vec<_> = of_incident.iter().filter(|(_, cards)| **cards > 1).collect();
        assert!(twice.is_empty(), "more than one card: {twice:?}");
        assert_eq!(of_incident.len(), self.taken.len(), "an incident has no card");
        self.figures.alerts = u64::try_from(self.taken.len()).unwrap();
        self.figures.entries = record.entries;
        self.figures.starts = u64::try_from(record.started.len()).unwrap();
        self.figures.effects = u64::try_from(effects.len()).unwrap();
        self.figures.unknown = record.unknown;
    }
}

fn name(number: u64) -> String {
    format!("RedisConnectionTimeout{number}")
}

fn alert(number: u64, status: &str) -> Value {
    let name = name(number);
    let starts = Timestamp::from_second(1_795_000_000 + i64::try_from(number).unwrap()).unwrap();
    let ends = match status {
        "resolved" => "2026-12-31T00:00:00Z",
        _ => "0001-01-01T00:00:00Z",
    };
    json!({
        "version": "4", "groupKey": format!("{{}}:{{alertname=\"{name}\"}}"), "truncatedAlerts": 0,
        "status": status, "receiver": "interlock", "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name}, "commonAnnotations": {}, "externalURL": "http://alertmanager.example",
        "alerts": [{
            "status": status,
            "labels": {
                "alertname": name, "severity": "high", "service": "api-gateway", "namespace": "production", "cluster": "demo",
            },
            "annotations": {"summary": format!("Redis connection timeout on api-gateway, case {number}")},
            "startsAt": starts.to_string(), "endsAt": ends,
            "generatorURL": "http://prometheus.example/graph", "fingerprint": format!("{number:016x}"),
        }],
    })
}
