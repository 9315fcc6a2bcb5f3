//! What the engine costs: commands decided by the rules and committed to a journal on disk, fsync included, in batches
//! as they form under load. One commit costs one fsync however much it holds, so the batch of one is mostly the disk.

mod common;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use interlock::domain::action::Action;
use interlock::domain::alert::Alert;
use interlock::domain::command::{Command, Drive, Intent, PlanRef};
use interlock::domain::freeze::{Freeze, FreezeFile};
use interlock::domain::ids::{DeliveryKey, IncidentId, PersonId, Source};
use interlock::domain::matching::{AlertFacts, rank};
use interlock::domain::policy::{Asking, Circumstances, Counts, Question, Who};
use interlock::domain::rules::Rules;
use interlock::domain::runbook::{Catalog, CommandIssue, CommandLine, ParamSpec};
use interlock::engine::{Core, Knowledge};
use interlock::ingress::{Mapping, parse_alertmanager};
use interlock::ports::{Person, Standing, Survey, TargetState};
use interlock::store::Store;
use jiff::Timestamp;

const TEAM: &str = "T0ACME0001";
/// Deliveries of alerts in one commit.
const DELIVERIES: usize = 64;
/// Alerts in one delivery.
const ALERTS: usize = 20;

const CONFIG: &str = r##"
environments = [{ name = "production", cluster = "prod" }]
approvers = [{ tiers = [1, 2], environments = ["production"], users = ["U0ANA00001"] }]
windows = [{ name = "office", zone = "Europe/Berlin", open = ["mon-sun 00:00-24:00"] }]
freezes = [{ name = "launch", reason = "launch", zone = "UTC", during = ["2026-12-24"] }]
limits = { actions_per_hour = 100, actions_per_incident = 10, actions_per_hour_and_cluster = 50 }
protected = { namespaces = ["kube-*"] }
irreversible = ["rollout undo deployment/billing"]
slack = { channel = "#incidents" }
caches = [{ cluster = "prod", namespace = "production", name = "redis-primary" }]
grouping = { storm_alerts_per_minute = 0, same_rule_within_minutes = 0 }
kubernetes = { clusters = { prod = { kubeconfig = "/nowhere" } } }
"##;

fn rules() -> Rules {
    let settings = toml::from_str(CONFIG).expect("the configuration above");
    interlock::app::rules(&settings, TEAM)
}

fn check(line: &CommandLine, parameters: &[ParamSpec]) -> Vec<CommandIssue> {
    interlock::app::check(line, parameters)
}

/// The shipped Redis runbook, and as many more that are about something else.
fn catalog(runbooks: usize) -> Catalog {
    let redis = include_str!("../runbooks/redis-connection-timeout.md").to_owned();
    let others = (1..runbooks).map(|n| {
        let text = redis
            .replace(
                "\"redis\", \"connection\", \"timeout\"",
                &format!("\"queue-{n}\", \"depth\""),
            )
            .replace("Redis Connection Timeout", &format!("Queue {n}"));
        (format!("queue-{n}.md"), text.into_bytes())
    });
    let first = (
        "redis-connection-timeout.md".to_owned(),
        redis.clone().into_bytes(),
    );
    let catalog = Catalog::build(std::iter::once(first).chain(others).collect(), &check);
    assert_eq!(catalog.len(), runbooks, "{:?}", catalog.refused().first());
    catalog
}

struct World {
    core: Core,
    knowledge: Knowledge,
    now: Timestamp,
    count: u64,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("journal.db")).expect("a journal");
        Self {
            core: Core::open(store).expect("an empty journal"),
            knowledge: Knowledge {
                rules: Arc::new(rules()),
                catalog: Arc::new(catalog(9)),
            },
            now: "2026-11-21T02:26:15Z".parse().expect("a time"),
            count: 0,
            _folder: folder,
        }
    }

    fn run(&mut self, commands: Vec<Command>) -> Vec<Drive> {
        let committed = self.core.run(commands, &[], &self.knowledge, self.now);
        committed.expect("committed").drives
    }

    /// An incident whose plan waits for people.
    fn proposed(&mut self) -> PlanRef {
        let drives = self.run(vec![alerts(&redis(1))]);
        let Some(Drive::Survey { incident, sketch, .. }) = drives.into_iter().next() else {
            panic!("the Redis alert has a plan");
        };
        let results = sketch
            .steps
            .iter()
            .map(|step| Ok(self.look(&step.action)))
            .collect();
        self.run(vec![Command::Surveyed {
            incident,
            sketch,
            results,
            findings: Vec::new(),
        }]);
        let incident = self.core.state().incident(incident).expect("it is open");
        let track = incident.current().expect("it has a plan");
        PlanRef {
            incident: incident.id,
            plan: track.plan.no,
            digest: track.digest.short().to_owned(),
        }
    }

    /// What a survey finds: a workload of one pod.
    fn look(&self, action: &Action) -> Survey {
        let target = action.names_target().map(|object| TargetState {
            object,
            uid: "6f1c".to_owned(),
            generation: 1,
            images: vec!["example/image:1".to_owned()],
            replicas: 1,
            ready: 1,
            container: None,
            workload: None,
            disruption: None,
        });
        Survey {
            target,
            taken_at: self.now,
        }
    }

    /// A click of somebody who may not approve: everything is checked, the refusal is on record.
    fn click(&mut self, at: &PlanRef) -> Command {
        self.count += 1;
        Command::Act {
            key: Some(DeliveryKey::new(format!(
                "click:{}.{TEAM}.0123456789abcdef",
                self.count
            ))),
            person: Person {
                id: PersonId {
                    team: TEAM.to_owned(),
                    user: "U0BEN00001".to_owned(),
                },
                name: "ben".to_owned(),
                standing: Standing::Member,
                groups: Vec::new(),
            },
            channel: Some("C0INCIDENT".into()),
            intent: Intent::Approve(at.clone()),
        }
    }
}

fn alerts(body: &[u8]) -> Command {
    Command::Alerts {
        source: Source::new("alertmanager"),
        key: None,
        alerts: parsed(body),
    }
}

fn parsed(body: &[u8]) -> Vec<Alert> {
    parse_alertmanager(body, &Mapping::default()).expect("a delivery")
}

fn redis(number: u64) -> Vec<u8> {
    delivery(
        number,
        1,
        "RedisConnectionTimeout",
        "Redis connection timeout",
        "api-gateway",
    )
}

fn storm(number: u64) -> Vec<u8> {
    delivery(
        number,
        ALERTS,
        "KubePodCrashLooping",
        "Pod is crash looping",
        "checkout",
    )
}

/// One alert for which there is no runbook.
fn lonely(number: u64) -> Vec<u8> {
    delivery(
        1_000_000 + number,
        1,
        "TapeLibraryJammed",
        "Tape library jammed",
        "archive",
    )
}

/// One group of alerts, every one of its own.
fn delivery(number: u64, alerts: usize, name: &str, summary: &str, service: &str) -> Vec<u8> {
    let alerts: Vec<_> = (0..alerts)
        .map(|i| {
            serde_json::json!({
                "status": "firing",
                "labels": {
                    "alertname": name, "cluster": "prod", "namespace": "payments", "service": service, "severity": "critical",
                    "pod": format!("checkout-api-{number}-{i}"), "instance": "10.1.2.3:9100",
                },
                "annotations": {
                    "summary": summary, "description": "Pod has restarted 7 times in the last 10 minutes on prod.",
                    "runbook_url": "https://runbooks.example.com/KubePodCrashLooping",
                },
                "startsAt": "2026-11-21T02:26:15.451Z", "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=up",
                "fingerprint": format!("{:016x}", number * 1000 + i as u64),
            })
        })
        .collect();
    serde_json::json!({
        "receiver": "interlock", "status": "firing", "alerts": alerts, "groupLabels": {}, "commonLabels": {},
        "commonAnnotations": {}, "externalURL": "http://alertmanager.example.com:9093", "version": "4",
        "groupKey": format!("{{}}:{{n=\"{number}\"}}"), "truncatedAlerts": 0,
    })
    .to_string()
    .into_bytes()
}

fn clicks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("click: decide and commit");
    for most in [1_usize, 64, 512] {
        let batch = common::size(most, 1);
        let mut world = World::new();
        let at = world.proposed();
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(format!("batch of {most}"), |bencher| {
            bencher.iter(|| {
                let commands = (0..batch).map(|_| world.click(&at)).collect();
                world.run(commands)
            });
        });
    }
    group.finish();
}

/// A click costs the same however many other incidents are open: what it looks at is found by key.
fn crowded(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("click: decide and commit 64, by open incidents");
    group.throughput(Throughput::Elements(64));
    for most in [10, 1_000, 10_000] {
        let open = common::size(most, 10) as u64;
        let mut world = World::new();
        let at = world.proposed();
        for first in (1..open).step_by(500) {
            let last = open.min(first + 500);
            let deliveries = (first..last).map(|number| alerts(&lonely(number))).collect();
            world.run(deliveries);
        }
        let found = world.core.state().open().count() as u64;
        assert_eq!(found, open, "each alert opened an incident of its own");
        group.bench_function(format!("{most} open"), |bencher| {
            bencher.iter(|| {
                let commands = (0..64).map(|_| world.click(&at)).collect();
                world.run(commands)
            });
        });
    }
    group.finish();
}

fn storms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alerts: parse, decide and commit");
    let deliveries = common::size(DELIVERIES, 2) as u64;
    group.throughput(Throughput::Elements(deliveries * ALERTS as u64));
    let mut world = World::new();
    let known: Vec<Vec<u8>> = (0..deliveries).map(storm).collect();
    world.run(known.iter().map(|body| alerts(body)).collect());
    group.bench_function("known, 64 deliveries of 20", |bencher| {
        bencher.iter(|| world.run(known.iter().map(|body| alerts(black_box(body))).collect()));
    });
    let mut world = World::new();
    let mut number = 0;
    group.bench_function("first seen, 64 deliveries of 20", |bencher| {
        bencher.iter_batched(
            || {
                number += deliveries;
                (0..deliveries).map(|n| storm(number + n)).collect::<Vec<_>>()
            },
            |bodies| world.run(bodies.iter().map(|body| alerts(body)).collect()),
            BatchSize::PerIteration,
        );
    });
    group.throughput(Throughput::Elements(deliveries));
    let mut world = World::new();
    let mut number = 0;
    group.bench_function("first seen, 64 incidents with a plan to make", |bencher| {
        bencher.iter_batched(
            || {
                number += deliveries;
                (0..deliveries).map(|n| redis(number + n)).collect::<Vec<_>>()
            },
            |bodies| world.run(bodies.iter().map(|body| alerts(body)).collect()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matching");
    let body = redis(1);
    let alert = parsed(&body).remove(0);
    for runbooks in [1_000, 10_000] {
        let catalog = catalog(common::size(runbooks, 20));
        group.bench_function(format!("{runbooks} runbooks"), |bencher| {
            bencher.iter(|| rank(&catalog, &AlertFacts::of(black_box(&alert), None)));
        });
    }
    group.finish();
}

fn policy(criterion: &mut Criterion) {
    let mut world = World::new();
    let at = world.proposed();
    let Command::Act { person, .. } = world.click(&at) else {
        return;
    };
    let rules = world.knowledge.rules.clone();
    let plan = world
        .core
        .state()
        .incident(IncidentId(at.incident.0))
        .and_then(|incident| incident.current())
        .map(|track| track.plan.clone())
        .expect("a plan");
    let behind = std::collections::BTreeSet::new();
    let (freeze, counts) = (Freeze::default(), Counts::default());
    criterion.bench_function("policy: the decision on a click", |bencher| {
        bencher.iter(|| {
            rules.policy.answer(&Question {
                who: Who::Person(black_box(&person)),
                asking: Asking::Approve,
                plan: &plan,
                circumstances: Circumstances {
                    now: world.now,
                    team: TEAM,
                    behind: &behind,
                    votes: &[],
                    expires: None,
                    freeze: &freeze,
                    freeze_file: &FreezeFile::Absent,
                    counts: &counts,
                    glass: None,
                },
            })
        });
    });
    criterion.bench_function("policy: what approving this plan takes", |bencher| {
        bencher.iter(|| rules.policy.decide(black_box(&plan).live_steps()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = clicks, crowded, storms, matching, policy
}
criterion_main!(benches);
