//! Single stories of defects that the schedules or a reader found; each failed before it was mended.

use std::sync::Arc;

use interlock::domain::alert::{Alert, AlertStatus, Severity};
use interlock::domain::approval::Vote;
use interlock::domain::command::{Command, Intent, PlanRef};
use interlock::domain::event::{Entry, Event, Mode, Outcome};
use interlock::domain::ids::{GroupKey, IncidentId, PlanNo, StepNo};
use interlock::domain::incident::Phase;
use interlock::domain::runbook::Autonomy;
use interlock::ports::Output;
use interlock::store::Store;

use super::notes::{From, Sent};
use super::scenery;
use super::sim::{After, Sim};

const ANA: usize = 0;
const BO: usize = 1;
const CY: usize = 2;
const DI: usize = 3;

/// A world in which nothing goes wrong by itself, live, with people who approve.
fn world() -> Sim {
    let mut sim = Sim::new(1);
    sim.kind_world = true;
    let mut rules = (*sim.knowledge.rules).clone();
    rules.mode = Mode::Live;
    rules.autonomy = Autonomy::Suggest;
    sim.knowledge.rules = Arc::new(rules);
    sim
}

fn alert(sim: &mut Sim, topic: &str, severity: Severity) -> Alert {
    let number = u64::try_from(sim.alerts.len()).unwrap();
    let now = sim.now;
    let mut alert = scenery::alert(&mut sim.rng, number, now);
    alert.source = "alertmanager".into();
    alert.title = format!("{topic} is in trouble");
    alert.name = topic.to_owned();
    alert.group = None;
    alert.severity = severity;
    sim.alerts.push(alert.clone());
    alert
}

fn send(sim: &mut Sim, alert: &Alert, status: AlertStatus) {
    let alert = Alert {
        status,
        ..alert.clone()
    };
    let command = Command::Alerts {
        source: alert.source.clone(),
        key: None,
        alerts: vec![alert],
    };
    sim.submit(
        vec![Sent {
            command,
            from: From::Outside,
            line: "an alert".to_owned(),
        }],
        After::GoOn,
    )
    .unwrap();
}

/// The newest drive is driven.
fn go_on(sim: &mut Sim) {
    let drive = sim.drives.pop().unwrap();
    let sent = sim.drive_now(drive).unwrap();
    sim.submit(vec![sent], After::GoOn).unwrap();
}

fn end(sim: &mut Sim, outcome: Outcome) {
    let id = sim.attempts.first().unwrap().id;
    let command = Command::StepEnded {
        attempt: id,
        outcome,
        output: Output::default(),
        took_ms: 1,
    };
    sim.submit(
        vec![Sent {
            command,
            from: From::Report(id),
            line: "an end".to_owned(),
        }],
        After::GoOn,
    )
    .unwrap();
}

fn at(sim: &Sim, id: u64) -> PlanRef {
    let track = sim
        .core()
        .state()
        .incident(IncidentId(id))
        .unwrap()
        .current()
        .unwrap();
    PlanRef {
        incident: IncidentId(id),
        plan: track.plan.no,
        digest: track.digest.short().to_owned(),
    }
}

fn phase(sim: &Sim, id: u64) -> Phase {
    sim.core().state().incident(IncidentId(id)).unwrap().phase.clone()
}

fn fired(sim: &mut Sim, topic: &str) -> Alert {
    let alert = alert(sim, topic, Severity::High);
    send(sim, &alert, AlertStatus::Firing);
    go_on(sim);
    alert
}

#[test]
fn two_people_of_one_row_or_one_of_the_other_are_a_quorum() {
    let mut sim = world();
    fired(&mut sim, "deploy");
    let plan = at(&sim, 1);
    sim.by(ANA, Intent::Approve(plan.clone())).unwrap();
    assert_eq!(sim.last_reply.as_deref(), Some("Approved { have: 1, need: 2 }"));
    assert_eq!(phase(&sim, 1), Phase::Proposed);
    sim.by(BO, Intent::Approve(plan)).unwrap();
    assert_eq!(phase(&sim, 1), Phase::Running);

    fired(&mut sim, "deploy");
    let plan = at(&sim, 2);
    sim.by(CY, Intent::Approve(plan)).unwrap();
    assert_eq!(phase(&sim, 2), Phase::Running);
}

#[test]
fn who_asked_does_not_approve_after_somebody_else_modified_it() {
    let mut sim = world();
    sim.by(
        CY,
        Intent::RunRunbook {
            name: "undo".to_owned(),
            parameters: Default::default(),
        },
    )
    .unwrap();
    go_on(&mut sim);
    let first = at(&sim, 1);
    let skip = vec![StepNo(2)];
    sim.by(
        DI,
        Intent::Modify {
            at: first,
            parameters: Default::default(),
            skip,
            confirmed: true,
        },
    )
    .unwrap();
    go_on(&mut sim);
    let second = at(&sim, 1);
    assert_eq!(second.plan, PlanNo(2));
    for own in [CY, DI] {
        sim.by(own, Intent::Approve(second.clone())).unwrap();
        let reply = sim.last_reply.clone().unwrap();
        assert!(reply.contains("OwnRequest"), "{reply}");
    }
    sim.by(ANA, Intent::Approve(second.clone())).unwrap();
    sim.by(BO, Intent::Approve(second)).unwrap();
    assert_eq!(phase(&sim, 1), Phase::Running);
}

#[test]
fn a_reopened_alert_of_a_closed_incident_opens_another_and_a_late_duplicate_does_not() {
    let mut sim = world();
    let alert = fired(&mut sim, "slow");
    send(&mut sim, &alert, AlertStatus::Resolved);
    assert!(matches!(phase(&sim, 1), Phase::Closed { .. }));
    send(&mut sim, &alert, AlertStatus::Firing);
    assert_eq!(
        sim.core().state().last_incident,
        1,
        "a duplicate that was under way opens nothing"
    );
    send(&mut sim, &alert, AlertStatus::Reopened);
    assert_eq!(sim.core().state().last_incident, 2);
    send(&mut sim, &alert, AlertStatus::Reopened);
    assert_eq!(sim.core().state().last_incident, 2, "the same again is a repeat");
    send(&mut sim, &alert, AlertStatus::Resolved);
    assert!(matches!(phase(&sim, 2), Phase::Closed { .. }));
    sim.pass(10 * 60).unwrap();
    send(&mut sim, &alert, AlertStatus::Firing);
    assert_eq!(
        sim.core().state().last_incident,
        3,
        "so long after its end, firing means that it is back"
    );
}

#[test]
fn a_step_that_ends_after_a_take_over_and_the_end_of_the_alert_closes_the_incident() {
    let mut sim = world();
    let alert = fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    sim.by(ANA, Intent::Approve(plan)).unwrap();
    go_on(&mut sim);
    sim.by(BO, Intent::TakeOver(IncidentId(1))).unwrap();
    send(&mut sim, &alert, AlertStatus::Resolved);
    assert!(
        matches!(phase(&sim, 1), Phase::Handed { .. }),
        "a step still runs"
    );
    let target = "main/production/deployment/api";
    assert!(sim.core().state().holder(target).is_some());
    end(&mut sim, Outcome::Succeeded);
    assert!(matches!(phase(&sim, 1), Phase::Closed { .. }));
    assert_eq!(sim.core().state().holder(target), None);
}

#[test]
fn a_run_that_stops_after_the_alert_is_gone_does_not_stay_open_or_page() {
    let mut sim = world();
    let alert = fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    sim.by(CY, Intent::Approve(plan)).unwrap();
    go_on(&mut sim);
    // The budget of four restarts allows two attempts; both fail, and the runbook says to escalate.
    end(
        &mut sim,
        Outcome::Failed {
            reason: "no".to_owned(),
        },
    );
    go_on(&mut sim);
    send(&mut sim, &alert, AlertStatus::Resolved);
    end(
        &mut sim,
        Outcome::Failed {
            reason: "no".to_owned(),
        },
    );
    assert!(
        matches!(phase(&sim, 1), Phase::Closed { .. }),
        "{:?}",
        phase(&sim, 1)
    );
    assert_eq!(
        sim.core()
            .state()
            .incident(IncidentId(1))
            .unwrap()
            .paging
            .asked_at,
        None
    );
}

#[test]
fn a_critical_alert_that_joins_a_quiet_incident_pages_at_once() {
    let mut sim = world();
    let mut quiet = alert(&mut sim, "nothing", Severity::Low);
    quiet.group = Some(GroupKey::new("g"));
    send(&mut sim, &quiet, AlertStatus::Firing);
    assert_eq!(
        sim.core()
            .state()
            .incident(IncidentId(1))
            .unwrap()
            .paging
            .asked_at,
        None
    );
    let mut loud = alert(&mut sim, "nothing", Severity::Critical);
    loud.group = Some(GroupKey::new("g"));
    send(&mut sim, &loud, AlertStatus::Firing);
    assert_eq!(sim.core().state().last_incident, 1);
    assert!(
        sim.core()
            .state()
            .incident(IncidentId(1))
            .unwrap()
            .paging
            .asked_at
            .is_some()
    );
}

#[test]
fn who_escalates_what_somebody_took_over_gets_a_page() {
    let mut sim = world();
    fired(&mut sim, "slow");
    sim.by(ANA, Intent::TakeOver(IncidentId(1))).unwrap();
    assert_eq!(
        sim.core()
            .state()
            .incident(IncidentId(1))
            .unwrap()
            .paging
            .asked_at,
        None
    );
    sim.by(BO, Intent::Escalate(IncidentId(1))).unwrap();
    assert!(
        sim.core()
            .state()
            .incident(IncidentId(1))
            .unwrap()
            .paging
            .asked_at
            .is_some()
    );
}

#[test]
fn what_could_not_be_stored_is_not_in_the_state() {
    let mut sim = world();
    fired(&mut sim, "slow");
    let before = sim.core().state().clone();
    let other = rusqlite::Connection::open(&sim.path).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'no space'); END",
        )
        .unwrap();
    let plan = at(&sim, 1);
    sim.by(ANA, Intent::Approve(plan.clone())).unwrap();
    assert!(
        sim.last_error
            .take()
            .is_some_and(|error| error.contains("no space"))
    );
    assert_eq!(*sim.core().state(), before);
    other.execute_batch("DROP TRIGGER refuse").unwrap();
    sim.by(ANA, Intent::Approve(plan)).unwrap();
    assert_eq!(phase(&sim, 1), Phase::Running);
}

#[test]
fn a_button_of_another_plan_decides_nothing() {
    let mut sim = world();
    fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    let forged = PlanRef {
        digest: "0".repeat(12),
        ..plan.clone()
    };
    let other = PlanRef {
        plan: PlanNo(2),
        ..plan
    };
    for wrong in [forged, other] {
        sim.by(ANA, Intent::Approve(wrong)).unwrap();
        assert_eq!(sim.last_reply.as_deref(), Some("Refused(PlanChanged)"));
        assert_eq!(phase(&sim, 1), Phase::Proposed);
    }
}

#[test]
fn a_plan_that_is_not_the_one_of_its_digest_never_starts() {
    let mut sim = world();
    fired(&mut sim, "slow");
    let at = sim.now;
    let track = sim
        .core()
        .state()
        .incident(IncidentId(1))
        .unwrap()
        .current()
        .unwrap()
        .clone();
    let mut plan = (*track.plan).clone();
    plan.no = PlanNo(2);
    let digest = plan.digest().unwrap();
    plan.steps[0].timeout_seconds += 1;
    let by = at.checked_add(jiff::SignedDuration::from_mins(5)).unwrap();
    let vote = Vote {
        by: sim.people[ANA].id.clone(),
        name: "ana".to_owned(),
        at,
        groups: vec!["S-oncall".to_owned()],
    };
    let incident = IncidentId(1);
    let decision = track.decision.clone();
    let events = [
        Event::Proposed {
            incident,
            plan: Arc::new(plan),
            digest,
            decision,
            approve_by: by,
        },
        Event::Voted {
            incident,
            plan: PlanNo(2),
            vote,
            needed: 1,
            execute_by: by,
        },
    ];
    sim.core = None;
    let mut store = Store::open(&sim.path).unwrap();
    let seq = store.seq();
    let entries: Vec<Entry> = (seq + 1..)
        .zip(events)
        .map(|(seq, event)| Entry {
            seq,
            at,
            key: None,
            event,
        })
        .collect();
    store.commit(&entries, &[], &[], at).unwrap();
    drop(store);
    sim.crash().unwrap();
    sim.submit(Vec::new(), After::GoOn).unwrap();
    go_on(&mut sim);
    let reply = sim.last_reply.clone().unwrap();
    assert!(reply.contains("DigestDiffers"), "{reply}");
    assert!(sim.attempts.is_empty());
}
