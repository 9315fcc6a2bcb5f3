//! A hundred people click on a thousand cards at once: one outcome for each card, an answer for each click, and no step
//! that starts twice. The real engine on its own thread with a real journal; the executor here asks for every start twice,
//! at the same time. Each card is clicked by twenty of the hundred, half of them yes, half of them no.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use interlock::app::SystemClock;
use interlock::domain::command::{Answer, Command, Drive, Intent, PlanRef, Reply, StartStep};
use interlock::domain::event::{Event, Outcome, Refusal};
use interlock::domain::freeze::FreezeFile;
use interlock::domain::ids::{DeliveryKey, IncidentId, PersonId, Source};
use interlock::domain::plan::PlannedStep;
use interlock::domain::runbook::Catalog;
use interlock::engine::{self, EngineParts, Handle, Knowledge};
use interlock::ingress::{Mapping, parse_alertmanager};
use interlock::ports::{Clock, Output, Person, Standing, Survey, TargetState};
use interlock::store::Store;
use tokio::sync::mpsc::UnboundedReceiver;

const TEAM: &str = "T0ACME0001";
const CARDS: u64 = 1_000;
const PEOPLE: u64 = 100;
/// Every fifth person clicks on a card.
const EVERY: u64 = 5;

const CONFIG: &str = r##"
execution = { mode = "live" }
environments = [{ name = "production", cluster = "prod" }]
approvers = [{ tiers = [0, 1], environments = ["production"], groups = ["@sre"], approvals = 2 }]
slack = { channel = "#incidents" }
kubernetes = { clusters = { prod = { kubeconfig = "/nowhere" } } }
"##;

const RUNBOOK: &str = r#"# Runbook: A pod hangs
## Trigger Conditions
- Alert contains: "hangs"
## Parameters
- pod: name, from label pod
## Blast Radius
- max_pod_restarts: 1
## Steps
### Step 1: Delete it
```bash
kubectl delete pod {{ pod }} -n payments
```
"#;

fn hangs(card: u64) -> Command {
    let body = serde_json::json!({
        "receiver": "interlock", "status": "firing", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com", "version": "4", "groupKey": format!("{{}}:{{n=\"{card}\"}}"),
        "truncatedAlerts": 0,
        "alerts": [{
            "status": "firing", "annotations": {"summary": "a pod hangs"},
            "labels": {
                "alertname": "PodHangs", "cluster": "prod", "namespace": "payments", "severity": "low",
                "pod": format!("checkout-{card}"),
            },
            "startsAt": "2026-11-21T02:26:15.451Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "", "fingerprint": format!("{card:016x}"),
        }],
    });
    let alerts = parse_alertmanager(body.to_string().as_bytes(), &Mapping::default()).unwrap();
    Command::Alerts {
        source: Source::new("alertmanager"),
        key: None,
        alerts,
    }
}

fn person(number: u64) -> Person {
    Person {
        id: PersonId {
            team: TEAM.to_owned(),
            user: format!("U{number:04}"),
        },
        name: format!("person {number}"),
        standing: Standing::Member,
        groups: vec!["@sre".to_owned()],
    }
}

fn look(step: &PlannedStep) -> Survey {
    let target = step.action.names_target().map(|object| TargetState {
        uid: object.name.clone(),
        object,
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
        taken_at: SystemClock.now(),
    }
}

/// Surveys at once; asks for each start twice at the same time, and counts the permits.
async fn executor(engine: Handle, mut drives: UnboundedReceiver<Drive>) -> BTreeMap<IncidentId, u32> {
    let mut permits = BTreeMap::new();
    while let Some(drive) = drives.recv().await {
        match drive {
            Drive::Survey { incident, sketch, .. } => {
                let results = sketch.steps.iter().map(|step| Ok(look(step))).collect();
                let command = Command::Surveyed {
                    incident,
                    sketch,
                    results,
                    findings: Vec::new(),
                };
                engine.submit(command).await.unwrap();
            }
            Drive::Recheck { .. } | Drive::Advise { .. } | Drive::Fill { .. } => {}
            Drive::Start {
                incident,
                plan,
                step,
                attempt,
                ..
            } => {
                let known = engine.incident(incident).await.unwrap().unwrap();
                let track = known.plan(plan).unwrap();
                let people = track.approval.votes().iter().map(|vote| {
                    let number = vote.by.user.trim_start_matches('U').parse().unwrap();
                    person(number)
                });
                let request = StartStep {
                    incident,
                    plan,
                    step,
                    attempt,
                    survey: Ok(look(track.plan.step(step).unwrap())),
                    beside: Vec::new(),
                    voters: people.collect(),
                    freeze_file: FreezeFile::Absent,
                };
                let start = || engine.submit(Command::StartStep(Box::new(request.clone())));
                let (one, other) = tokio::join!(start(), start());
                for reply in [one.unwrap(), other.unwrap()] {
                    if let Reply::Permit(order) = reply {
                        *permits.entry(incident).or_default() += 1;
                        let ended = Command::StepEnded {
                            attempt: order.attempt,
                            outcome: Outcome::Succeeded,
                            output: Output::default(),
                            took_ms: 1,
                        };
                        engine.submit(ended).await.unwrap();
                    }
                }
            }
        }
    }
    permits
}

async fn proposed(engine: &Handle) -> Vec<PlanRef> {
    let mut cards = Vec::new();
    for card in 1..=CARDS {
        engine.submit(hangs(card)).await.unwrap();
    }
    for card in 1..=CARDS {
        let id = IncidentId(card);
        let track = loop {
            let incident = engine.incident(id).await.unwrap().unwrap();
            if let Some(track) = incident.current() {
                break track.clone();
            }
            tokio::task::yield_now().await;
        };
        cards.push(PlanRef {
            incident: id,
            plan: track.plan.no,
            digest: track.digest.short().to_owned(),
        });
    }
    cards
}

/// Clicks on every card that is this person's, and counts the answers by kind.
async fn clicks(engine: Handle, number: u64, cards: Arc<Vec<PlanRef>>) -> BTreeMap<&'static str, u64> {
    let mut answers = BTreeMap::new();
    let mine = cards
        .iter()
        .filter(|at| (at.incident.0 + number).is_multiple_of(EVERY));
    for at in mine {
        // Two in a row say the same, so that some cards get their quorum before a no.
        let yes = (at.incident.0 / EVERY + number / (2 * EVERY)).is_multiple_of(2);
        let intent = match yes {
            true => Intent::Approve(at.clone()),
            false => Intent::Reject {
                at: at.clone(),
                reason: "no".to_owned(),
            },
        };
        let command = Command::Act {
            key: Some(DeliveryKey::new(format!("click:{}.{number}", at.incident))),
            person: person(number),
            channel: None,
            intent,
        };
        let kind = match engine.submit(command).await.unwrap() {
            Reply::Answer(Answer::Approved { .. }) => "approved",
            Reply::Answer(Answer::Rejected) => "rejected",
            Reply::Answer(Answer::Refused(Refusal::Approval { .. } | Refusal::NotWaiting)) => {
                "already decided"
            }
            other => panic!("an answer that tells nothing: {other:?}"),
        };
        *answers.entry(kind).or_default() += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_people_on_a_thousand_cards_get_one_outcome_each_and_everyone_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let settings = toml::from_str(CONFIG).unwrap();
    let catalog = Catalog::build(
        vec![("hangs.md".to_owned(), RUNBOOK.as_bytes().to_vec())],
        &interlock::app::check,
    );
    assert_eq!(catalog.len(), 1, "{:?}", catalog.refused().first());
    let knowledge = Knowledge {
        rules: Arc::new(interlock::app::rules(&settings, TEAM)),
        catalog: Arc::new(catalog),
    };
    let store = Store::open(&path).unwrap();
    let knowledge = Arc::new(ArcSwap::from_pointee(knowledge));
    let EngineParts {
        handle,
        lanes: _lanes,
        drives,
        ..
    } = engine::start(store, knowledge, Arc::new(SystemClock), None).unwrap();
    let executor = tokio::spawn(executor(handle.clone(), drives));

    let cards = Arc::new(proposed(&handle).await);
    let crowd: Vec<_> = (0..PEOPLE)
        .map(|number| tokio::spawn(clicks(handle.clone(), number, cards.clone())))
        .collect();
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    for one in crowd {
        for (kind, count) in one.await.unwrap() {
            *answers.entry(kind).or_default() += count;
        }
    }
    assert_eq!(
        answers.values().sum::<u64>(),
        CARDS * PEOPLE / EVERY,
        "everyone is answered"
    );

    // What was approved has run by then: a start is asked for before the next click is answered, or soon after.
    let all = loop {
        let mut all = Vec::new();
        for at in cards.iter() {
            all.push(handle.incident(at.incident).await.unwrap().unwrap());
        }
        let waits = |incident: &interlock::domain::incident::Incident| {
            matches!(incident.phase, interlock::domain::incident::Phase::Running)
        };
        if !all.iter().any(|incident| waits(incident)) {
            break all;
        }
        tokio::task::yield_now().await;
    };
    handle.stop().await.unwrap();
    drop(handle);
    let permits = executor.await.unwrap();

    let mut outcomes: BTreeMap<&str, BTreeSet<IncidentId>> = BTreeMap::new();
    Store::open(&path)
        .unwrap()
        .read_after(0, |entry| {
            let (kind, incident) = match entry.event {
                Event::StepStarted { incident, .. } => ("started", incident),
                Event::Rejected { incident, .. } => ("rejected", incident),
                _ => return,
            };
            assert!(
                outcomes.entry(kind).or_default().insert(incident),
                "{incident} {kind} twice"
            );
        })
        .unwrap();
    let (started, rejected) = (&outcomes["started"], &outcomes["rejected"]);
    assert!(started.is_disjoint(rejected), "one outcome for each card");
    assert_eq!(started.len() + rejected.len(), all.len(), "none is left open");
    assert!(
        permits.values().all(|permits| *permits == 1),
        "one permit for each start"
    );
    assert_eq!(permits.keys().copied().collect::<BTreeSet<_>>(), *started);
    assert_eq!(
        answers["rejected"],
        rejected.len() as u64,
        "one rejection ends it"
    );
}
