//! What people did with their cards, written entry by entry, and what the figures make of it.

use std::sync::Arc;

use super::*;
use crate::domain::alert::{Alert, Severity};
use crate::domain::approval::Vote;
use crate::domain::ids::Channel;
use crate::domain::incident::MessageRef;
use crate::domain::plan::{Plan, PlanDigest};
use crate::domain::samples;

/// A journal, written entry by entry.
struct Journal {
    oversight: Oversight,
    seq: u64,
    now: Timestamp,
    incident: IncidentId,
}

impl Journal {
    fn new() -> Self {
        let mut journal = Self {
            oversight: Oversight::default(),
            seq: 0,
            now: "2026-11-01T00:00:00Z".parse().unwrap(),
            incident: IncidentId(0),
        };
        journal.starts(Mode::Live);
        journal
    }

    fn starts(&mut self, mode: Mode) {
        self.then(
            0,
            Event::Started {
                version: "1".to_owned(),
                mode,
                policy: "p".into(),
                autonomy: None,
                database: None,
            },
        );
    }

    fn then(&mut self, after_ms: i64, event: Event) {
        self.seq += 1;
        self.now += SignedDuration::from_millis(after_ms);
        self.oversight.note(&Entry {
            seq: self.seq,
            at: self.now,
            key: None,
            event,
        });
    }

    fn opens(&mut self) {
        self.incident = IncidentId(self.incident.0 + 1);
        let alert = Arc::new(Alert {
            name: "A".to_owned(),
            title: "A".to_owned(),
            ..samples::alert()
        });
        self.then(
            60_000,
            Event::Opened {
                incident: self.incident,
                alert,
                channel: Channel::new("#i"),
                title: "A".to_owned(),
                severity: Severity::High,
                by: None,
                ask_instead: None,
            },
        );
    }

    /// A plan of the runbook is proposed; its steps are of this tier.
    fn proposes(&mut self, no: u32, runbook: &str, tier: Tier) {
        let mut step = samples::step(1);
        step.tier = tier;
        let plan = Plan {
            no: PlanNo(no),
            runbook: runbook.into(),
            ..samples::plan(vec![step])
        };
        let digest: PlanDigest = plan.digest().unwrap();
        self.then(
            1_000,
            Event::Proposed {
                incident: self.incident,
                plan: Arc::new(plan),
                digest,
                decision: Decision::RequireApproval { approvals: 1 },
                approve_by: self.now,
                failed_before: None,
            },
        );
    }

    fn posts(&mut self, after_ms: i64) {
        let message = MessageRef {
            channel: "C".to_owned(),
            ts: "1".to_owned(),
        };
        let incident = self.incident;
        self.then(after_ms, Event::CardPosted { incident, message });
    }

    fn approves(&mut self, after_ms: i64, who: &str, plan: u32, needed: u8) {
        let at = self.now + SignedDuration::from_millis(after_ms);
        let vote = Vote {
            by: samples::person(who),
            name: who.to_lowercase(),
            at,
            groups: Vec::new(),
            ceremony: None,
            reason: None,
        };
        let event = Event::Voted {
            incident: self.incident,
            plan: PlanNo(plan),
            vote,
            needed,
            execute_by: at,
            upto: None,
        };
        self.then(after_ms, event);
    }

    fn rejects(&mut self, who: &str) {
        let event = Event::Rejected {
            incident: self.incident,
            plan: PlanNo(1),
            by: whom(who),
            reason: String::new(),
        };
        self.then(5_000, event);
    }

    fn changes(&mut self, who: &str, plan: u32) {
        let incident = self.incident;
        self.then(
            5_000,
            Event::Asked {
                incident: Some(incident),
                by: whom(who),
                deed: Deed::Modify,
            },
        );
        let request = PlanRequest {
            runbook: "redis".into(),
            requester: Requester::Person(samples::person(who)),
            parameters: BTreeMap::new(),
            advised: BTreeMap::new(),
            skip: Vec::new(),
            modified_from: Some(PlanNo(plan)),
            asked_before: std::collections::BTreeSet::new(),
            takes_back: None,
        };
        self.then(5_000, Event::Planning { incident, request });
    }

    fn report(&self) -> Report {
        self.oversight.report(None)
    }

    /// So many cards of a runbook, each approved after so long.
    fn habit(&mut self, runbook: &str, times: u32, after_ms: i64) {
        for _ in 0..times {
            self.opens();
            self.proposes(1, runbook, Tier::One);
            self.posts(200);
            self.approves(after_ms, "ANA", 1, 1);
        }
    }
}

fn whom(who: &str) -> Who {
    Who {
        id: samples::person(who),
        name: who.to_lowercase(),
    }
}

fn of<'r>(report: &'r Report, runbook: &str) -> &'r OfRunbook {
    let found = report.runbooks.iter().find(|one| one.runbook.as_str() == runbook);
    found.unwrap_or_else(|| panic!("{runbook} is not in {report:?}"))
}

#[test]
fn a_card_counts_from_when_it_was_posted_and_each_person_for_themselves() {
    let mut journal = Journal::new();
    journal.opens();
    journal.proposes(1, "redis", Tier::Two);
    // Slack was slow: nobody could have approved before.
    journal.posts(90_000);
    journal.approves(4_000, "ANA", 1, 2);
    journal.approves(36_000, "BEN", 1, 2);
    // Enough: what comes late does not count.
    journal.approves(1_000, "CLEO", 1, 2);
    let report = journal.report();
    let redis = of(&report, "redis");
    assert_eq!((redis.figures.approved, redis.tier), (2, Tier::Two));
    assert_eq!(redis.figures.median_ms, Some(22_000));
    let people: Vec<_> = report
        .people
        .iter()
        .map(|one| (one.name.as_str(), one.figures.median_ms))
        .collect();
    assert_eq!(people, [("ana", Some(4_000)), ("ben", Some(40_000))]);
}

#[test]
fn a_plan_that_took_the_place_of_another_counts_from_then() {
    let mut journal = Journal::new();
    journal.opens();
    journal.proposes(1, "redis", Tier::One);
    journal.posts(0);
    journal.changes("BEN", 1);
    journal.proposes(2, "redis", Tier::One);
    // The old message was deleted, and the card posted anew: that is no new card.
    journal.posts(7_000);
    journal.approves(1_000, "ANA", 2, 1);
    let report = journal.report();
    let figures = of(&report, "redis").figures;
    assert_eq!((figures.approved, figures.modified), (1, 1));
    assert_eq!(figures.median_ms, Some(8_000));
    assert_eq!(report.people.len(), 2);
}

#[test]
fn hasty_approvals_that_nobody_ever_rejects_are_ceremony_and_fewer_than_twenty_say_nothing() {
    let mut journal = Journal::new();
    journal.habit("redis", ENOUGH - 1, 3_000);
    assert!(!of(&journal.report(), "redis").ceremony);
    journal.habit("redis", 1, 3_000);
    journal.habit("read", ENOUGH, 30_000);
    let report = journal.report();
    assert!(of(&report, "redis").ceremony);
    assert!(!of(&report, "read").ceremony, "those were read");
    // One look is enough to show that somebody looks.
    journal.opens();
    journal.proposes(1, "redis", Tier::One);
    journal.rejects("BEN");
    assert!(!of(&journal.report(), "redis").ceremony);
    // Of more than a hundred, one says little.
    journal.habit("redis", 100, 3_000);
    assert!(of(&journal.report(), "redis").ceremony);
    journal.opens();
    journal.proposes(1, "redis", Tier::One);
    journal.changes("BEN", 1);
    assert!(!of(&journal.report(), "redis").ceremony, "somebody changed one");
}

#[test]
fn what_is_approved_in_a_dry_run_or_before_the_span_does_not_count() {
    let mut journal = Journal::new();
    journal.habit("redis", 2, 3_000);
    let since = journal.now + SignedDuration::from_secs(1);
    journal.starts(Mode::DryRun);
    journal.habit("redis", 2, 3_000);
    journal.starts(Mode::Live);
    journal.habit("redis", 1, 3_000);
    assert_eq!(of(&journal.report(), "redis").figures.approved, 3);
    let later = journal.oversight.report(Some(since));
    assert_eq!(of(&later, "redis").figures.approved, 1);
}

#[test]
fn a_span_is_read_as_people_write_it() {
    let hours = |hours| Some(SignedDuration::from_hours(hours));
    assert_eq!(span(""), hours(720));
    assert_eq!(span("12h"), hours(12));
    assert_eq!(span(" 30d "), hours(720));
    assert_eq!(span("4w"), hours(672));
    for wrong in ["401d", "0d", "-1d", "d", "soon", "30", "é"] {
        assert_eq!(span(wrong), None, "{wrong}");
    }
}
