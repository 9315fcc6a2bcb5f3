//! A journal in which the Redis story has happened, written as the engine writes it.

use std::sync::Arc;

use interlock::app;
use interlock::config::Settings;
use interlock::domain::alert::{Alert, AlertStatus, Severity, Told};
use interlock::domain::approval::Vote;
use interlock::domain::event::{Entry, Event, Mode, Outcome, Who};
use interlock::domain::evidence::Finding;
use interlock::domain::freeze::Scope;
use interlock::domain::ids::{
    AttemptId, Channel, DeliveryKey, EpisodeKey, Fingerprint, IncidentId, PersonId, PlanNo, Revision,
    RunbookName, Service, Source, StepNo,
};
use interlock::domain::incident::{ClosedAs, MatchRecord, PlanRequest};
use interlock::domain::matching::{AlertFacts, rank};
use interlock::domain::plan::{Plan, PlanDigest, Requester};
use interlock::domain::planning;
use interlock::domain::policy::Decision;
use interlock::domain::run::RunResult;
use interlock::domain::runbook::Autonomy;
use interlock::domain::runbook::Catalog;
use interlock::domain::state::State;
use interlock::ports::Output;
use interlock::store::Store;
use jiff::{SignedDuration, Timestamp};

use crate::place::{Place, REDIS};

/// The title holds a terminal sequence: whoever sends alerts must not own our terminal.
pub const TITLE: &str = "Redis connection timeout on api-gateway \u{1b}[2J";
pub const INCIDENT: IncidentId = IncidentId(1);

struct Writer {
    state: State,
    at: Timestamp,
    entries: Vec<Entry>,
}

impl Writer {
    /// `after` seconds later, this happened.
    fn then(&mut self, after: i64, event: Event) {
        self.at += SignedDuration::from_secs(after);
        let seq = self.state.seq + 1;
        let entry = Entry {
            seq,
            at: self.at,
            key: Some(DeliveryKey::new(format!("delivery-{seq}"))),
            event,
        };
        self.state.apply(&entry);
        self.entries.push(entry);
    }
}

pub fn ana() -> Who {
    Who {
        id: PersonId {
            team: "T1".to_owned(),
            user: "U1".to_owned(),
        },
        name: "ana".to_owned(),
    }
}

/// Writes it into the place's database.
pub fn write(place: &Place) {
    write_at(place, "2026-11-20T03:14:07Z");
}

/// As [`write`], begun at this moment.
pub fn write_at(place: &Place, begun: &str) {
    let mut story = Writer {
        state: State::default(),
        at: begun.parse().unwrap(),
        entries: vec![],
    };
    let settings = Settings::load(Some(&place.path("interlock.toml")), []).unwrap();
    let rules = app::rules(&settings, "T1");
    let file = (
        "redis-connection-timeout.md".to_owned(),
        REDIS.as_bytes().to_vec(),
    );
    let catalog = Catalog::build(vec![file], &app::check);
    open(&mut story, &catalog);
    let request = PlanRequest {
        runbook: RunbookName::new("redis-connection-timeout"),
        requester: Requester::Interlock,
        parameters: [].into(),
        advised: [].into(),
        skip: vec![],
        modified_from: None,
        asked_before: std::collections::BTreeSet::new(),
        takes_back: None,
    };
    let plan = planning::sketch(
        &catalog,
        &rules,
        story.state.incident(INCIDENT).unwrap(),
        &request,
    )
    .unwrap();
    story.then(
        0,
        Event::Planning {
            incident: INCIDENT,
            request,
        },
    );
    approve(&mut story, &plan);
    run(&mut story, &plan);
    let mut store = Store::open(&place.path("interlock.db")).unwrap();
    store.commit(&story.entries, &[], &[], story.at).unwrap();
}

/// Adds to what [`write`] wrote that its evidence was looked at.
pub fn look(place: &Place, findings: Vec<Finding>) {
    let mut store = Store::open(&place.path("interlock.db")).unwrap();
    let mut story = Writer {
        state: store.load().unwrap(),
        at: findings[0].at,
        entries: vec![],
    };
    let gathered = Event::Gathered {
        incident: INCIDENT,
        runbook: RunbookName::new("redis-connection-timeout"),
        findings,
    };
    story.then(0, gathered);
    store.commit(&story.entries, &[], &[], story.at).unwrap();
}

/// Adds to what [`write`] wrote that ana froze this, too.
pub fn freeze(place: &Place, scope: Scope) {
    let mut store = Store::open(&place.path("interlock.db")).unwrap();
    let mut story = Writer {
        state: store.load().unwrap(),
        at: "2026-11-20T04:00:00Z".parse().unwrap(),
        entries: vec![],
    };
    let frozen = Event::Frozen {
        by: ana(),
        reason: "we move it".to_owned(),
        scope,
        over: None,
    };
    story.then(0, frozen);
    store.commit(&story.entries, &[], &[], story.at).unwrap();
}

/// A journal in which ana approved the same runbook so often, each time four seconds after its card.
pub fn write_habit(place: &Place, times: u64) {
    let settings = Settings::load(Some(&place.path("interlock.toml")), []).unwrap();
    let file = (
        "redis-connection-timeout.md".to_owned(),
        REDIS.as_bytes().to_vec(),
    );
    let catalog = Catalog::build(vec![file], &app::check);
    let mut story = Writer {
        state: State::default(),
        at: "2026-11-20T03:14:07Z".parse().unwrap(),
        entries: vec![],
    };
    open(&mut story, &catalog);
    let request = PlanRequest {
        runbook: RunbookName::new("redis-connection-timeout"),
        requester: Requester::Interlock,
        parameters: [].into(),
        advised: [].into(),
        skip: vec![],
        modified_from: None,
        asked_before: std::collections::BTreeSet::new(),
        takes_back: None,
    };
    let incident = story.state.incident(INCIDENT).unwrap();
    let plan = planning::sketch(&catalog, &app::rules(&settings, "T1"), incident, &request).unwrap();
    for number in 2..times + 2 {
        let incident = IncidentId(number);
        story.then(
            60,
            Event::Opened {
                incident,
                alert: Arc::new(alert()),
                channel: Channel::new("#incidents"),
                title: TITLE.to_owned(),
                severity: Severity::Critical,
                by: None,
                ask_instead: None,
            },
        );
        let execute_by = story.at + SignedDuration::from_mins(40);
        story.then(
            1,
            Event::Proposed {
                incident,
                plan: Arc::new(plan.clone()),
                digest: digest(&plan),
                decision: Decision::RequireApproval { approvals: 1 },
                approve_by: execute_by,
                failed_before: None,
            },
        );
        let vote = Vote {
            by: ana().id,
            name: ana().name,
            at: story.at + SignedDuration::from_secs(4),
            groups: Vec::new(),
            ceremony: None,
            reason: None,
        };
        story.then(
            4,
            Event::Voted {
                incident,
                plan: PlanNo(1),
                vote,
                needed: 1,
                execute_by,
                upto: None,
            },
        );
    }
    let mut store = Store::open(&place.path("interlock.db")).unwrap();
    store.commit(&story.entries, &[], &[], story.at).unwrap();
}

fn open(story: &mut Writer, catalog: &Catalog) {
    let policy = Revision::new("sha256:0123456789abcdef");
    story.then(
        0,
        Event::Started {
            version: "0.1.0".to_owned(),
            mode: Mode::Live,
            policy,
            autonomy: Some(Autonomy::Suggest),
            database: None,
        },
    );
    let alert = alert();
    let matched = MatchRecord::of(&rank(catalog, &AlertFacts::of(&alert, None)), catalog);
    story.then(
        3,
        Event::Opened {
            incident: INCIDENT,
            alert: Arc::new(alert),
            channel: Channel::new("#incidents"),
            title: TITLE.to_owned(),
            severity: Severity::Critical,
            by: None,
            ask_instead: None,
        },
    );
    story.then(
        0,
        Event::Matched {
            incident: INCIDENT,
            matched,
        },
    );
}

fn approve(story: &mut Writer, plan: &Plan) {
    let deadline = |minutes| story.at + SignedDuration::from_mins(minutes);
    let (approve_by, execute_by) = (deadline(30), deadline(40));
    story.then(
        1,
        Event::Proposed {
            incident: INCIDENT,
            plan: Arc::new(plan.clone()),
            digest: digest(plan),
            decision: Decision::RequireApproval { approvals: 1 },
            approve_by,
            failed_before: None,
        },
    );
    let vote = Vote {
        by: ana().id,
        name: ana().name,
        at: story.at,
        groups: Vec::new(),
        ceremony: None,
        reason: None,
    };
    story.then(
        20,
        Event::Voted {
            incident: INCIDENT,
            plan: PlanNo(1),
            vote,
            needed: 1,
            execute_by,
            upto: None,
        },
    );
}

fn run(story: &mut Writer, plan: &Plan) {
    for (step, text) in [(1, "OK\n"), (2, "\"connected\"\n")] {
        let attempt = AttemptId {
            incident: INCIDENT,
            plan: PlanNo(1),
            step: StepNo(step),
            attempt: 1,
        };
        let approved_by = vec![ana()];
        story.then(
            1,
            Event::StepStarted {
                cost: Default::default(),
                incident: INCIDENT,
                attempt,
                digest: digest(plan),
                approved_by,
            },
        );
        let output = Output {
            text: text.to_owned(),
            ..Output::default()
        };
        let outcome = Outcome::Succeeded;
        story.then(
            2,
            Event::StepEnded {
                incident: INCIDENT,
                attempt,
                outcome,
                output,
                took_ms: 1_840,
            },
        );
    }
    story.then(
        0,
        Event::RunEnded {
            incident: INCIDENT,
            plan: PlanNo(1),
            result: RunResult::Verified,
        },
    );
    story.then(
        9,
        Event::Closed {
            incident: INCIDENT,
            result: ClosedAs::Resolved,
        },
    );
    story.then(
        60,
        Event::Frozen {
            by: ana(),
            reason: "we look at the cause".to_owned(),
            scope: Scope::Everything,
            over: None,
        },
    );
}

fn digest(plan: &Plan) -> PlanDigest {
    plan.digest().unwrap()
}

fn alert() -> Alert {
    Alert {
        source: Source::new("alertmanager"),
        episode: EpisodeKey::new("f00d@2026-11-20T03:14:00Z"),
        fingerprint: Fingerprint::new("f00d"),
        group: None,
        status: AlertStatus::Firing,
        name: "RedisConnectionTimeout".to_owned(),
        title: TITLE.to_owned(),
        description: String::new(),
        severity: Severity::Critical,
        severity_word: "critical".to_owned(),
        service: Some(Service::new("api-gateway")),
        labels: [("namespace".to_owned(), "production".to_owned())].into(),
        annotations: [].into(),
        links: vec![],
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}
