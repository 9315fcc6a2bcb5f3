//! A match against 10,000 runbooks: how long one takes, what the index holds, how long loading takes. The runbooks are made up of
//! words that operators use, by a fixed sequence; no two are the same.
//!
//! Targets: a match under 1 ms at the median, the index under 100 MiB, loading under 2 s.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock::app;
use interlock::domain::alert::Severity;
use interlock::domain::matching::{AlertFacts, rank};
use interlock::domain::runbook::Catalog;

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
    (0..RUNBOOKS).map(page).collect()
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

criterion_group!(benches, matching);
criterion_main!(benches);
