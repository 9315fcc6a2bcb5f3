//! Against a model that keeps who said yes, and one word for how it stands.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Approval, ApprovalEvent, ApprovalRefusal, Vote};
use crate::domain::samples::person;

const APPROVE_BY: i64 = 50;
const EXECUTE_BY: i64 = 80;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

#[derive(Clone, Debug)]
enum Happens {
    Yes(u8),
    No(u8),
    Clock,
    Withdrawn,
    Superseded,
}

fn happens() -> impl Strategy<Value = (Happens, i64)> {
    let what = prop_oneof![
        4 => (0..4_u8).prop_map(Happens::Yes),
        1 => (0..4_u8).prop_map(Happens::No),
        2 => Just(Happens::Clock),
        1 => Just(Happens::Withdrawn),
        1 => Just(Happens::Superseded),
    ];
    (what, 0..100_i64)
}

fn event(what: &Happens, at: Timestamp, needed: u8) -> ApprovalEvent {
    let (by, name) = match what {
        Happens::Yes(who) | Happens::No(who) => (person(&format!("U{who}")), format!("p{who}")),
        Happens::Clock | Happens::Withdrawn | Happens::Superseded => (person(""), String::new()),
    };
    match what {
        Happens::Yes(_) => ApprovalEvent::Approve {
            vote: Vote {
                by,
                name,
                at,
                groups: Vec::new(),
                ceremony: None,
                reason: None,
            },
            needed,
            execute_by: time(EXECUTE_BY),
        },
        Happens::No(_) => ApprovalEvent::Reject {
            by,
            name,
            at,
            reason: "no".to_owned(),
        },
        Happens::Clock => ApprovalEvent::DeadlinePassed { at },
        Happens::Withdrawn => ApprovalEvent::Withdraw {
            at,
            why: "gone".to_owned(),
        },
        Happens::Superseded => ApprovalEvent::Supersede { at },
    }
}

fn word(approval: &Approval) -> &'static str {
    match approval {
        Approval::Pending { .. } => "pending",
        Approval::Approved { .. } => "approved",
        Approval::Rejected { .. } => "rejected",
        Approval::Expired { .. } => "expired",
        Approval::Withdrawn { .. } => "withdrawn",
        Approval::Superseded { .. } => "superseded",
    }
}

proptest! {
    #[test]
    fn it_does_what_the_model_does(needed in 0..4_u8, story in proptest::collection::vec(happens(), 0..20)) {
        let mut approval = Approval::Pending { votes: Vec::new(), approve_by: time(APPROVE_BY) };
        let (mut yes, mut stands) = (BTreeSet::new(), "pending");
        for (what, second) in story {
            let late = second >= APPROVE_BY;
            let next = match (stands, &what) {
                ("pending", Happens::Yes(who)) if !late && !yes.contains(who) => {
                    yes.insert(*who);
                    if yes.len() >= usize::from(needed.max(1)) { Some("approved") } else { Some("pending") }
                }
                ("pending", Happens::No(_)) if !late => Some("rejected"),
                ("pending", Happens::Clock) if late => Some("expired"),
                ("approved", Happens::Clock) if second >= EXECUTE_BY => Some("expired"),
                ("pending" | "approved", Happens::Withdrawn) => Some("withdrawn"),
                ("pending" | "approved", Happens::Superseded) => Some("superseded"),
                _ => None,
            };
            let got = approval.transition(event(&what, time(second), needed));
            prop_assert_eq!(got.as_ref().ok().map(word), next, "{:?} at {} when {}", what, second, stands);
            if let Ok(got) = got {
                approval = got;
            }
            stands = next.unwrap_or(stands);
            let votes: BTreeSet<_> = approval.votes().iter().map(|vote| vote.by.clone()).collect();
            prop_assert_eq!(votes.len(), approval.votes().len(), "a person counts once");
        }
    }

    #[test]
    fn what_is_over_stays_as_it_is(story in proptest::collection::vec(happens(), 1..10), end in 0..4_u8) {
        let at = time(10);
        let over = match end {
            0 => Approval::Rejected { by: person("U1"), name: "ana".to_owned(), at, reason: String::new() },
            1 => Approval::Expired { at },
            2 => Approval::Withdrawn { at, why: "gone".to_owned() },
            _ => Approval::Superseded { at },
        };
        for (what, second) in story {
            prop_assert!(over.transition(event(&what, time(second), 1)).is_err());
        }
        prop_assert_eq!(over.deadline(), None);
    }
}

#[test]
fn a_vote_at_the_deadline_is_too_late() {
    let pending = Approval::Pending {
        votes: Vec::new(),
        approve_by: time(APPROVE_BY),
    };
    let vote = |second| event(&Happens::Yes(1), time(second), 1);
    assert_eq!(
        pending.transition(vote(APPROVE_BY)),
        Err(ApprovalRefusal::Expired)
    );
    assert!(pending.transition(vote(APPROVE_BY - 1)).is_ok());
}
