//! Single stories of defects that the schedules or a reader found; each failed before it was mended.
//! Longer than other files, since each story is told from beginning to end.

use std::sync::Arc;

use interlock::domain::alert::{AlertStatus, Severity};
use interlock::domain::approval::Vote;
use interlock::domain::command::{Intent, PlanRef};
use interlock::domain::event::{Entry, Event, Judgement, Mode, Outcome};
use interlock::domain::ids::{GroupKey, IncidentId, PlanNo, StepNo};
use interlock::domain::incident::{HandoffReason, Phase};
use interlock::store::Store;
use jiff::SignedDuration;

use super::sim::After;
use super::stage::{ANA, BO, CY, DI, alert, at, end, fired, go_on, phase, send, world};

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
fn the_rest_of_a_plan_is_not_asked_for_once_its_alert_is_gone() {
    let mut sim = world();
    let alert = fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    sim.by(
        ANA,
        Intent::ApprovePart {
            at: plan,
            upto: StepNo(1),
        },
    )
    .unwrap();
    go_on(&mut sim);
    end(
        &mut sim,
        Outcome::Failed {
            reason: "no".to_owned(),
        },
    );
    send(&mut sim, &alert, AlertStatus::Resolved);
    // Its second attempt is not wanted any more, and behind it lies what nobody has approved.
    sim.now += SignedDuration::from_mins(1);
    go_on(&mut sim);
    assert!(
        matches!(phase(&sim, 1), Phase::Closed { .. }),
        "{:?}",
        phase(&sim, 1)
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
        ceremony: None,
        reason: None,
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
            failed_before: None,
        },
        Event::Voted {
            incident,
            plan: PlanNo(2),
            vote,
            needed: 1,
            execute_by: by,
            upto: None,
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

#[test]
fn what_was_approved_too_long_ago_does_not_start_even_before_the_clock_is_looked_at() {
    let mut sim = world();
    fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    sim.by(ANA, Intent::Approve(plan)).unwrap();
    sim.now = sim.now.checked_add(jiff::SignedDuration::from_mins(10)).unwrap();
    go_on(&mut sim);
    assert!(
        sim.story
            .iter()
            .any(|line| line.contains("not started: [Expired]")),
        "{:?}",
        sim.story
    );
    assert!(sim.attempts.is_empty());
    // Somebody did decide, so nobody is told that nobody did.
    let phase = phase(&sim, 1);
    let Phase::Handed { reason, .. } = &phase else {
        panic!("{phase:?}")
    };
    assert!(
        reason.words().contains("it was approved, but it did not start"),
        "{reason:?}"
    );
}

#[test]
fn what_was_approved_before_the_clock_jumped_back_does_not_start() {
    let mut sim = world();
    fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    sim.by(ANA, Intent::Approve(plan)).unwrap();
    sim.now = sim.now.checked_sub(jiff::SignedDuration::from_mins(10)).unwrap();
    go_on(&mut sim);
    assert!(
        sim.story
            .iter()
            .any(|line| line.contains("not started") && line.contains("ClockWentBack")),
        "{:?}",
        sim.story
    );
    assert!(sim.attempts.is_empty());
}

#[test]
fn nobody_approves_what_is_proposed_in_the_future() {
    let mut sim = world();
    fired(&mut sim, "slow");
    let plan = at(&sim, 1);
    let then = sim.now;
    sim.now = then.checked_sub(jiff::SignedDuration::from_hours(2)).unwrap();
    sim.by(ANA, Intent::Approve(plan.clone())).unwrap();
    let reply = sim.last_reply.clone().unwrap();
    assert!(reply.contains("ClockWentBack"), "{reply}");
    // Whatever the clock does next: how long it waited, nobody can say, so a fresh plan takes its place.
    sim.now = then;
    sim.by(ANA, Intent::Approve(plan)).unwrap();
    let reply = sim.last_reply.clone().unwrap();
    assert!(reply.contains("Refused"), "{reply}");
    assert_ne!(phase(&sim, 1), Phase::Running);
    assert!(sim.attempts.is_empty());
}

/// What was said after an upgrade that put the mode back: "this was a dry run; nothing was executed", about a step that
/// may have happened.
#[test]
fn what_ran_before_the_mode_was_changed_is_judged_and_the_rest_is_not_run() {
    let mut sim = world();
    fired(&mut sim, "deploy");
    let plan = at(&sim, 1);
    sim.by(CY, Intent::Approve(plan.clone())).unwrap();
    go_on(&mut sim);
    assert_eq!(sim.attempts.len(), 1);
    let mut rules = (*sim.knowledge.rules).clone();
    rules.mode = Mode::DryRun;
    sim.knowledge.rules = Arc::new(rules);
    sim.crash().unwrap();
    sim.pass(1).unwrap();
    assert_eq!(
        phase(&sim, 1),
        Phase::Running,
        "somebody has to say what became of it"
    );
    sim.by(
        CY,
        Intent::Judge {
            at: plan,
            step: StepNo(1),
            judgement: Judgement::Worked,
        },
    )
    .unwrap();
    let Phase::Handed { reason, .. } = phase(&sim, 1) else {
        panic!("{:?}", phase(&sim, 1));
    };
    let HandoffReason::StepStopped { step, why } = reason else {
        panic!("{reason:?}");
    };
    assert_eq!(step, StepNo(2));
    assert!(why.contains("the mode is dry-run now"), "{why}");
}
