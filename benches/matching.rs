//! A match against 10,000 runbooks: how long one takes, what the index holds, how long loading takes. The runbooks are made up of
//! words that operators use, by a fixed sequence; no two are the same. And what each new alert pays for memory: a comparison with
//! the 500 closed incidents that are at hand; and what `incidents similar` pays for 10,000.
//!
//! Targets: a match under 1 ms at the median, the index under 100 MiB, loading under 2 s, memory under a tenth of a match.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock::app;
use interlock::domain::alert::{Alert, AlertStatus, Severity, Told};
use interlock::domain::event::{Entry, Event};
use interlock::domain::ids::{Channel, EpisodeKey, Fingerprint, IncidentId, Service, Source};
use interlock::domain::incident::ClosedAs;
use interlock::domain::matching::{AlertFacts, rank};
use interlock::domain::memory::{Signature, similar};
use interlock::domain::runbook::Catalog;
use interlock::domain::state::State;
use jiff::Timestamp;

const RUNBOOKS: usize = 10_000;
const WORDS: &str = "disk memory queue latency replication certificate node pod deployment leader quorum backup restore timeout \
    connection pool shard index compaction scrape target rule evaluation quota namespace volume inode filesystem network packet \
    interface bond dns query cache eviction request error rate throttling cpu load broker topic partition consumer lag offset \
    primary replica standby failover snapshot retention ingest sample series label cardinality token permission webhook rollout";
const PRODUCTS: &str =
    "kafka redis postgresql mysql etcd ceph prometheus thanos loki tempo nginx haproxy rabbitmq vault consul";

struct Draw(u64);

impl Draw {
    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        list[(self.0 % list.len() as u64) as usize]
    }

    fn sentence(&mut self, words: &[&str], count: usize) -> String {
        (0..count).map(|_| self.of(words)).collect::<Vec<_>>().join(" ")
    }
}

fn runbooks() -> Vec<(String, Vec<u8>)> {
    let (words, products): (Vec<&str>, Vec<&str>) = (
        WORDS.split_whitespace().collect(),
        PRODUCTS.split_whitespace().collect(),
    );
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    let page = |number: usize| {
        let title = format!("{} {}", draw.of(&products), draw.sentence(&words, 3));
        let mut text = format!(
            "# {title}\n\n## Meaning\n\n{}.\n\n## Impact\n\n{}.\n\n## Mitigation\n\n",
            draw.sentence(&words, 25),
            draw.sentence(&words, 15)
        );
        for _ in 0..8 {
            let _ = writeln!(text, "- {}", draw.sentence(&words, 20));
        }
        (format!("runbook-{number:05}.md"), text.into_bytes())
    };
    (0..common::size(RUNBOOKS, 20)).map(page).collect()
}

fn matching(criterion: &mut Criterion) {
    let files = runbooks();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let start = Instant::now();
    let catalog = Catalog::build(files, &app::check);
    let read = start.elapsed();
    let held = catalog.index().bytes();
    println!(
        "{} runbooks of {} KiB: read in {read:?}, with the index {:?}; the index holds {:.1} MiB",
        catalog.len(),
        bytes / 1024,
        start.elapsed(),
        held as f64 / 1_048_576.0
    );
    let labels = BTreeMap::from([("instance".to_owned(), "10.0.3.17:9100".to_owned())]);
    let facts = AlertFacts {
        name: "KafkaConsumerLagHigh",
        title: "Kafka consumer lag is high on a topic",
        description: "The consumer group on 10.0.3.17:9100 is behind the offset of its partition by more than 10000 messages, \
            and the broker's request latency has exceeded its timeout for 5 minutes.",
        severity: Severity::High,
        service: None,
        environment: None,
        labels: &labels,
    };
    criterion.bench_function("match/10,000 runbooks", |bencher| {
        bencher.iter(|| rank(&catalog, black_box(&facts)));
    });
}

/// Closed incidents at hand, as many as are kept, and a new one that is like some of them.
fn remembered(count: usize) -> (State, Vec<Signature>, Signature) {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let products: Vec<&str> = PRODUCTS.split_whitespace().collect();
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    let mut state = State::default();
    let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let tell = |state: &mut State, event: Event| {
        let seq = state.seq + 1;
        state.apply(&Entry {
            seq,
            at,
            key: None,
            event,
        });
    };
    let count = count as u64;
    let mut closed = Vec::new();
    for number in 1..=count + 1 {
        let incident = IncidentId(number);
        let product = draw.of(&products);
        let alert = Alert {
            source: Source::new("alertmanager"),
            episode: EpisodeKey::new(format!("e{number}")),
            fingerprint: Fingerprint::new(format!("f{number}")),
            group: None,
            status: AlertStatus::Firing,
            name: format!("{product}{}", draw.of(&words)),
            title: format!("{product} {}", draw.sentence(&words, 6)),
            description: draw.sentence(&words, 30),
            severity: Severity::High,
            severity_word: String::new(),
            service: Some(Service::new(product)),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            links: Vec::new(),
            starts_at: Some(at),
            ends_at: None,
            source_ref: None,
            dedup_key: None,
            told: Told::default(),
        };
        let opened = Event::Opened {
            incident,
            title: alert.title.clone(),
            severity: alert.severity,
            alert: Arc::new(alert),
            channel: Channel::new("#incidents"),
            by: None,
            ask_instead: None,
        };
        tell(&mut state, opened);
        if number <= count {
            let result = ClosedAs::AlertCleared;
            tell(&mut state, Event::Closed { incident, result });
            closed.extend(Signature::of(state.incident(incident).unwrap()));
        }
    }
    let newest = state.incident(IncidentId(count + 1)).unwrap();
    let signature = Signature::of(newest).unwrap();
    (state, closed, signature)
}

fn memory(criterion: &mut Criterion) {
    let (state, _, new) = remembered(common::size(500, 20));
    criterion.bench_function("similar/500 closed incidents", |bencher| {
        bencher.iter(|| state.memory.similar(black_box(&new), 2));
    });
    // What `interlock incidents similar` compares: all that the journal has.
    let (_, closed, new) = remembered(common::size(10_000, 20));
    criterion.bench_function("similar/10,000 closed incidents", |bencher| {
        bencher.iter(|| similar(&closed, black_box(&new), 10));
    });
}

criterion_group!(benches, matching, memory);
criterion_main!(benches);
