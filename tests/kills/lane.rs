//! One database, its doubles, and the processes that live and die on it one after another.
//! Longer than other files, since a life is told from its start to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use interlock::playground::cluster::{ClusterDouble, ClusterOptions, FaultKind, Scenario, Speed};
use interlock::playground::pager::{PagerDouble, PagerOptions};
use interlock::playground::slack::{
    DeliveryFault, DeliveryKind, RateLimits, RequestUrls, SlackDouble, SlackOptions, Times,
};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::changes::{self, Change, Done};
use super::disk::Disk;
use super::figures::Figures;
use super::forged;
use super::hook::{Hook, HookFault};
use super::moments::{Harm, Moment};
use super::people;
use super::place::{self, TOKEN, alert, name};
use super::process::Process;
use super::promises;
use super::troubles::{self, Trouble};

/// A process lives at most this long in one round, on a machine that has nothing else to do. Where starting it alone took long,
/// it lives so many times as long: nothing would come of it before its end otherwise.
const ROUND: Duration = Duration::from_millis(1_200);
const OF_STARTS: u32 = 4;
const LONGEST_ROUND: Duration = Duration::from_secs(15);
/// At the end everything must have come to rest within this time.
/// Slack allows 50 edits a minute, and every card wants several.
const REST: Duration = Duration::from_secs(240);
/// How long the last one may answer nobody before it is started anew.
const UNREACHED: Duration = Duration::from_secs(60);
/// One database of so many has a life, this one, in which its process is suspended for longer than a permit is good: half a minute
/// of waiting, while others are killed.
const OF_SUSPENDED: u32 = 32;
const SUSPENDED: u32 = 4;
/// Between looks at what has nobody to tell about a change.
const LOOK: Duration = Duration::from_millis(15);

/// Random choices that are the same on every machine: splitmix64.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % most.max(1)
    }
}

/// Kills of this process, in all lanes.
static KILLS: AtomicU32 = AtomicU32::new(0);

/// What is broken says when, so that one knows how many kills it takes to notice.
impl Drop for Lane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("broken after {} kills", KILLS.load(Ordering::Relaxed));
        }
    }
}

pub struct Lane {
    pub slack: SlackDouble,
    pub cluster: ClusterDouble,
    pub pager: PagerDouble,
    pub hook: Arc<Hook>,
    pub folder: TempDir,
    http: reqwest::Client,
    over_http: bool,
    rng: Rng,
    /// Alerts so far; they count from 1.
    fired: u64,
    /// Sent, and not answered with 200 yet.
    unanswered: BTreeSet<u64>,
    /// Answered with 200.
    taken: BTreeSet<u64>,
    /// Marks of attempts whose command never said how it ended.
    cut: BTreeSet<String>,
    figures: Figures,
    /// Between the database and the file system, when one was put there.
    pub disk: Option<Disk>,
    number: u32,
    pub seen: Arc<Mutex<Seen>>,
}

/// What was seen from outside, and when, in nanoseconds since 1970.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Names of alerts, once they were answered with 200.
    pub taken: Vec<(String, u64)>,
    /// Marks of the attempts that changed something.
    pub effects: BTreeMap<String, u64>,
}

fn now_ns() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
    u64::try_from(since.as_nanos()).unwrap()
}

impl Lane {
    pub async fn open(number: u32, seed: u64) -> Self {
        let options = SlackOptions {
            limits: RateLimits::off(),
            app: crate::manifest::installed(),
            ..SlackOptions::default()
        };
        let slack = SlackDouble::start(options).await.unwrap();
        let cluster = ClusterOptions {
            speed: Speed::Running(4.0),
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(cluster).await.unwrap();
        cluster.world().apply(Scenario::RedisTimeout);
        changes::plant(&cluster);
        let hook = Arc::new(Hook::start().await);
        let pager = PagerDouble::start(PagerOptions::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let over_http = number % 2 == 1;
        place::furnish(folder.path(), &slack, &cluster, &pager, &hook, over_http);
        Self {
            slack,
            cluster,
            pager,
            hook,
            folder,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            over_http,
            rng: Rng(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number))),
            fired: 0,
            unanswered: BTreeSet::new(),
            taken: BTreeSet::new(),
            cut: BTreeSet::new(),
            figures: Figures::default(),
            disk: None,
            number,
            seen: Arc::default(),
        }
    }

    /// On a disk that takes notes and fails when it is told to.
    pub async fn open_on_disk(number: u32, seed: u64) -> Self {
        let mut lane = Self::open(number, seed).await;
        lane.disk = Some(Disk::new(lane.folder.path()));
        let (cluster, hook) = (lane.cluster.clone(), lane.hook.clone());
        let seen = Arc::downgrade(&lane.seen);
        tokio::spawn(async move {
            while let Some(seen) = seen.upgrade() {
                let done = changes::done(&cluster.effects(), &hook.posts());
                let at = now_ns();
                {
                    let mut seen = seen.lock();
                    for Done { attempt, .. } in done {
                        seen.effects.entry(attempt).or_insert(at);
                    }
                }
                sleep(Duration::from_millis(2)).await;
            }
        });
        lane
    }

    /// So many processes live and die.
    pub async fn die(&mut self, kills: u32) {
        for kill in 0..kills {
            if self.number % OF_SUSPENDED == 1 && kill == SUSPENDED {
                self.suspend().await;
            } else {
                self.round().await;
            }
        }
    }

    /// The last one is left in peace.
    pub async fn end(mut self) -> Figures {
        self.rest().await;
        std::mem::take(&mut self.figures)
    }

    pub async fn start(&self, mut environment: Vec<(String, OsString)>) -> Result<Process, String> {
        if let Some(disk) = &self.disk {
            environment.extend(
                disk.environment()
                    .into_iter()
                    .map(|(name, path)| (name, path.into())),
            );
        }
        let process = Process::start(self.folder.path(), environment).await?;
        // Who does not answer in time gets no clicks in this round.
        self.clicks_reach(&process).await;
        Ok(process)
    }

    /// Whether Slack sends its clicks there now: over HTTP the address is asked for its challenge first.
    async fn clicks_reach(&self, process: &Process) -> bool {
        if !self.over_http {
            return true;
        }
        let base = format!("http://{}/slack", process.address);
        let urls = RequestUrls {
            events: format!("{base}/events"),
            interactions: format!("{base}/interactions"),
            commands: format!("{base}/commands"),
        };
        matches!(timeout(ROUND, self.slack.use_http(urls)).await, Ok(Ok(())))
    }

    pub fn is_over_http(&self) -> bool {
        self.over_http
    }

    async fn round(&mut self) {
        let moment = Moment::choose(&mut self.rng);
        let environment = moment.environment().map(|(name, value)| (name, value.into()));
        let asked = self.asked_next();
        // What says nothing is asked for in one life of eight alone.
        let often = if asked == Change::Rotate { 2 } else { 4 };
        let troubled = moment == Moment::TroubleMet || self.rng.below(often) == 0;
        let mut trouble = troubled.then(|| Trouble::choose(&mut self.rng, asked, self.over_http));
        let of_slack = matches!(trouble, Some(Trouble::Slack(_)));
        if let Some(trouble) = trouble.as_ref().filter(|_| !of_slack) {
            trouble.begin(self);
        }
        let before = self.done().len();
        let begun = Instant::now();
        let came = match self.start(environment.into_iter().collect()).await {
            Ok(process) => {
                if of_slack {
                    trouble = trouble.filter(|trouble| trouble.begin(self));
                } else {
                    self.clicks_come_twice();
                }
                let round = (begun.elapsed() * OF_STARTS).clamp(ROUND, LONGEST_ROUND);
                let came = timeout(round, self.until(moment, &process, round, trouble.as_ref())).await;
                process.kill();
                came.unwrap_or(false)
            }
            // It may have died before it said where it listens; without being asked to it may not.
            Err(why) => {
                let asked = matches!(
                    moment,
                    Moment::Inside {
                        harm: Harm::Abort,
                        ..
                    }
                );
                assert!(asked, "{moment:?}: {why}");
                true
            }
        };
        if came {
            self.count(moment.name());
        }
        if trouble.as_ref().is_some_and(|trouble| trouble.cuts_all(self)) {
            let done = self.done().into_iter().skip(before);
            let cut = done.filter(|done| matches!(done.change, Change::Flush | Change::Rotate));
            self.cut.extend(cut.map(|done| done.attempt));
        }
        if let Some(trouble) = trouble.filter(|trouble| trouble.was_met(self)) {
            *self.figures.troubles.entry(trouble.name()).or_default() += 1;
        }
        troubles::end(self);
        self.killed();
    }

    /// A life is over.
    pub fn killed(&mut self) {
        self.figures.kills += 1;
        KILLS.fetch_add(1, Ordering::Relaxed);
        self.at_most_once();
    }

    /// That a moment has come.
    pub fn count(&mut self, moment: &'static str) {
        *self.figures.moments.entry(moment).or_default() += 1;
    }

    /// In every second life: Slack delivers at least once.
    fn clicks_come_twice(&mut self) {
        if self.rng.below(2) == 0 {
            let clicks = Some(DeliveryKind::BlockActions);
            let faults = self.slack.faults();
            faults.on_delivery(clicks, DeliveryFault::Duplicate, Times::Always);
        }
    }

    /// What the next alert will ask for.
    pub fn asked_next(&self) -> Change {
        Change::of_alert(self.fired + 1)
    }

    /// What was changed outside so far.
    pub fn done(&self) -> Vec<Done> {
        changes::done(&self.cluster.effects(), &self.hook.posts())
    }

    /// The next change is made, and its answer never comes.
    fn hang_next(&self) {
        let change = self.asked_next();
        let kind = match change {
            Change::Post => return self.hook.fail(HookFault::HangAfter),
            Change::Flush => FaultKind::HangAfterFrames(1),
            Change::Restart
            | Change::Scale
            | Change::Delete
            | Change::Job
            | Change::Undo
            | Change::Rotate => FaultKind::HangAfterApply,
        };
        self.cluster.faults().once(change.requests(), kind);
    }

    /// What was done outside is on record, and nothing of it twice.
    pub fn at_most_once(&self) {
        // What was done is counted before the journal is read: a program that lives on may start more in between, and what
        // counts is that whatever is seen outside stood on record by then.
        let done = self.done();
        let record = promises::record(&self.folder.path().join("interlock.db"));
        promises::at_most_once(&record, &done);
        let strange = record.opened.iter().find(|name| !self.has_sent(name));
        assert_eq!(strange, None, "nobody sent this alert");
        let lies: Vec<_> = record.succeeded.intersection(&self.cut).collect();
        assert!(lies.is_empty(), "these never said how they ended: {lies:?}");
    }

    /// Lives on until the moment has come: an alert is fired, people press what they can.
    async fn until(
        &mut self,
        moment: Moment,
        process: &Process,
        round: Duration,
        trouble: Option<&Trouble>,
    ) -> bool {
        if let Moment::After(span) = moment {
            let end = Instant::now() + span;
            let _ = timeout_at(end, self.work(process, |_| false)).await;
            return true;
        }
        if let Moment::Stopping(span) = moment {
            let _ = timeout(Duration::from_millis(300), self.work(process, |_| false)).await;
            process.ask_to_stop();
            sleep(span).await;
            return true;
        }
        if let Moment::Inside { harm, .. } = moment {
            let patience = Duration::from_millis(self.rng.below(1_100));
            if harm == Harm::Abort {
                return self.until_it_dies(process, round).await;
            }
            let _ = timeout(patience, self.work(process, |_| false)).await;
            return false;
        }
        if moment == Moment::CommandHangs {
            self.hang_next();
        }
        if moment == Moment::TroubleMet {
            return self.until_met(process, trouble).await;
        }
        let before = self.done().len();
        let shown = *self.slack.changes().borrow();
        let taken = self.taken.len();
        if moment == Moment::AlertTaken {
            self.fire(process).await;
            return self.taken.len() > taken;
        }
        if moment == Moment::Clicked {
            return self.until_clicked(process).await;
        }
        self.work(process, move |lane| match moment {
            Moment::CardShown => *lane.slack.changes().borrow() != shown,
            Moment::CommandRuns | Moment::CommandHangs => lane.done().len() > before,
            Moment::After(_)
            | Moment::AlertTaken
            | Moment::Clicked
            | Moment::Stopping(_)
            | Moment::TroubleMet
            | Moment::Inside { .. } => false,
        })
        .await
    }

    async fn until_met(&mut self, process: &Process, trouble: Option<&Trouble>) -> bool {
        let met = |lane: &Self| trouble.is_some_and(|trouble| trouble.was_met(lane));
        let met = self.work(process, met).await;
        // Somewhere in what is made of it.
        sleep(Duration::from_millis(self.rng.below(250))).await;
        met
    }

    async fn until_clicked(&mut self, process: &Process) -> bool {
        self.fire(process).await;
        loop {
            if people::press_all(&self.slack, &["approve", "review"]) > 0 {
                // Somewhere between the click, its commit and its answer.
                sleep(Duration::from_millis(self.rng.below(40))).await;
                return true;
            }
            sleep(LOOK).await;
        }
    }

    /// Whether it dies where it was told to; some of that is passed only when it stops.
    async fn until_it_dies(&mut self, process: &Process, round: Duration) -> bool {
        let _ = timeout(round / 2, self.work(process, |_| process.has_ended())).await;
        if !process.has_ended() {
            process.ask_to_stop();
            while !process.has_ended() {
                sleep(LOOK).await;
            }
        }
        process.has_aborted()
    }

    /// Fires an alert, and has everybody press until this has come.
    pub async fn work(&mut self, process: &Process, come: impl Fn(&Self) -> bool) -> bool {
        self.fire(process).await;
        let others = self.rng.below(4) == 0;
        loop {
            if others {
                people::others_press(&self.slack);
            }
            people::press_all(&self.slack, &["worked", "approve", "review"]);
            people::decide_review(&self.slack).await;
            people::nothing_is_hidden(&self.slack);
            for _ in 0..4 {
                if come(self) {
                    return true;
                }
                sleep(LOOK).await;
            }
        }
    }

    fn has_sent(&self, alert: &str) -> bool {
        (1..=self.fired).any(|number| name(number) == alert)
    }

    /// A new alert, and those again that nobody answered; an old one resolves.
    pub async fn fire(&mut self, process: &Process) {
        self.fired += 1;
        if self.fired.is_multiple_of(4) {
            forged::forge(&self.http, &process.address, self.fired).await;
        }
        self.unanswered.insert(self.fired);
        for number in self.unanswered.clone() {
            if self.post(process, number, "firing").await {
                self.unanswered.remove(&number);
                self.taken.insert(number);
                self.seen.lock().taken.push((name(number), now_ns()));
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

    pub async fn post(&self, process: &Process, number: u64, status: &str) -> bool {
        let url = format!("http://{}/webhooks/alertmanager", process.address);
        let request = self
            .http
            .post(url)
            .bearer_auth(TOKEN)
            .json(&alert(number, status));
        let answer = request.timeout(Duration::from_secs(2)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// Whether it answers 200 there.
    pub async fn answers_well(&self, url: &str) -> bool {
        let request = self.http.get(url).timeout(Duration::from_secs(2));
        let answer = request.send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// The last process lives until there is nothing left to do.
    async fn rest(&mut self) {
        troubles::end(self);
        let database = self.folder.path().join("interlock.db");
        let mut process = self.start(Vec::new()).await.expect("it starts");
        let end = Instant::now() + REST;
        let mut patience = Instant::now() + UNREACHED;
        // On a busy machine the challenge may be too slow, and nobody could judge anything then. Whoever watches over it
        // would start one anew that answers nobody for a minute; that is said, with what it wrote last.
        while !self.clicks_reach(&process).await {
            assert!(
                Instant::now() < end,
                "Slack can't reach it: {:#?}",
                self.last_words()
            );
            if Instant::now() > patience || process.has_ended() {
                eprintln!(
                    "NOT REACHED, ended: {}: {:#?}",
                    process.has_ended(),
                    self.last_words()
                );
                process.kill();
                process = self.start(Vec::new()).await.expect("it starts");
                patience = Instant::now() + UNREACHED;
            }
        }
        let mut over = BTreeSet::new();
        loop {
            for number in self.unanswered.clone() {
                if self.post(&process, number, "firing").await {
                    self.unanswered.remove(&number);
                    self.taken.insert(number);
                }
            }
            people::press_all(&self.slack, &["worked"]);
            for number in self.taken.clone() {
                if !over.contains(&number) && self.post(&process, number, "resolved").await {
                    over.insert(number);
                }
            }
            let left = match promises::at_rest(&database) {
                Ok(()) if self.unanswered.is_empty() => break,
                Ok(()) => "an alert is not taken".to_owned(),
                Err(left) => left,
            };
            assert!(
                Instant::now() < end,
                "it does not come to rest: {left}; its last words: {:#?}",
                self.last_words()
            );
            sleep(Duration::from_millis(500)).await;
        }
        process.kill();
        self.nothing_is_lost(&promises::record(&database));
    }

    /// The end of its log, newest first.
    fn last_words(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().rev().take(20).map(str::to_owned).collect()
    }

    fn nothing_is_lost(&mut self, record: &promises::Record) {
        let done = self.done();
        promises::at_most_once(record, &done);
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
            // What is said of a freeze stands in the channel as well.
            if !incident.starts_with("INC-") {
                continue;
            }
            *of_incident.entry(incident).or_default() += 1;
        }
        let twice: Vec<_> = of_incident.iter().filter(|(_, cards)| **cards > 1).collect();
        assert!(twice.is_empty(), "more than one card: {twice:?}");
        assert_eq!(of_incident.len(), self.taken.len(), "an incident has no card");
        self.figures.alerts = u64::try_from(self.taken.len()).unwrap();
        self.figures.entries = record.entries;
        self.figures.starts = u64::try_from(record.started.len()).unwrap();
        self.figures.count(&done);
        self.figures.unknown = record.unknown;
    }
}
