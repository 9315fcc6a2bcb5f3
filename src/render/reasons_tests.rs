//! Every refusal that somebody can meet, as it is said. A new kind of refusal does not compile here until it is listed.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{reason, refusal};
use crate::domain::action::Tier;
use crate::domain::approval::ApprovalRefusal;
use crate::domain::ceremony::Problem;
use crate::domain::event::{AstrayCard, Refusal};
use crate::domain::freeze::{FreezeRefusal, Scope};
use crate::domain::glass::GlassRefusal;
use crate::domain::ids::{ClusterName, Environment, Namespace, PersonId};
use crate::domain::policy::{LimitOf, Reason};
use crate::domain::prechecks::Precheck;

fn text(words: &str) -> String {
    words.to_owned()
}

fn reasons() -> Vec<Reason> {
    let opens: Option<Timestamp> = "2026-11-23T08:00:00Z".parse().ok();
    let environment = Environment::new("production");
    let limit = |limit, opens| Reason::LimitReached {
        limit,
        allowed: 2,
        have: 2,
        wanted: 1,
        opens,
    };
    let frozen = |scope| Reason::Frozen {
        by: text("ben"),
        reason: text("an audit"),
        scope,
    };
    let namespace = Namespace::new("production");
    let cluster = ClusterName::new("main");
    vec![
        Reason::NoEnvironment { step: 1 },
        Reason::NoRow {
            step: 1,
            tier: Tier::Three,
            environment: environment.clone(),
        },
        Reason::NotApprover {
            step: 1,
            tier: Tier::Two,
            environment,
        },
        Reason::NobodyFor {
            tier: Tier::Two,
            environment: Environment::new("production"),
        },
        Reason::NotFor {
            tier: Tier::Two,
            environment: Environment::new("production"),
        },
        Reason::NoPlace,
        Reason::NotResponder,
        Reason::OwnRequest,
        Reason::OwnProposal,
        Reason::Guest,
        Reason::Bot,
        Reason::Stranger,
        Reason::Deactivated,
        Reason::DirectoryUnreadable,
        Reason::Quorum { have: 1, need: 2 },
        frozen(Scope::Everything),
        frozen(Scope::Namespace { namespace }),
        Reason::CalendarFreeze {
            name: text("launch"),
            reason: text("we launch"),
            opens,
            zone: text("Europe/Berlin"),
        },
        Reason::WindowClosed {
            window: text("office hours"),
            opens,
            zone: text("Europe/Berlin"),
        },
        Reason::WindowClosed {
            window: text("never"),
            opens: None,
            zone: text("UTC"),
        },
        limit(LimitOf::Incident, None),
        limit(LimitOf::Hour, opens),
        limit(LimitOf::ClusterHour { cluster }, opens),
        Reason::FreezeFileUnreadable,
        Reason::DigestDiffers,
        Reason::PolicyChanged,
        Reason::AlertResolved,
        Reason::DisruptionBudget {
            budget: "api-gateway".to_owned(),
            takes: 2,
            allowed: 1,
        },
        Reason::TargetMoved {
            what: text("deployment production/api runs api:2, the card showed api:1"),
        },
        Reason::SurveyStale { seconds: 9 },
        Reason::EvidenceOld {
            minutes: 16,
            allowed: 15,
        },
        Reason::OverBudget {
            what: text("it needs 3 of `max_pod_restarts` and 2 are left"),
        },
        Reason::Precheck {
            check: Precheck::SignalsAgree,
            why: text("only one alert fires"),
        },
        Reason::TargetBusy {
            with: text("INC-1.p1.s1.a1"),
        },
        Reason::SurveyFailed {
            why: text("the cluster does not answer"),
        },
        Reason::NotItsTurn,
        Reason::Expired,
        Reason::ClockWentBack,
    ]
}

fn refusals() -> Vec<Refusal> {
    let of = |refusal| Refusal::Approval { refusal };
    let frozen = |refusal| Refusal::Freeze { refusal };
    let held = || vec![Scope::Everything];
    let glass = |refusal| Refusal::Glass { refusal };
    let ceremony = |problems| Refusal::Ceremony { problems };
    vec![
        Refusal::NotAllowed {
            reasons: vec![Reason::Guest, Reason::OwnRequest],
        },
        Refusal::NotAllowed {
            reasons: vec![Reason::PolicyChanged],
        },
        of(ApprovalRefusal::AlreadyApproved { by: text("ana") }),
        of(ApprovalRefusal::AlreadyApproved { by: text("") }),
        of(ApprovalRefusal::AlreadyRejected { by: text("ana") }),
        of(ApprovalRefusal::Expired),
        of(ApprovalRefusal::Withdrawn {
            why: text("the alert resolved"),
        }),
        of(ApprovalRefusal::Superseded),
        of(ApprovalRefusal::VotedBefore),
        of(ApprovalRefusal::NotDue),
        frozen(FreezeRefusal::AlreadyFrozen { by: text("ben") }),
        frozen(FreezeRefusal::NotFrozen),
        frozen(FreezeRefusal::SamePerson),
        frozen(FreezeRefusal::NoReason),
        frozen(FreezeRefusal::Which { held: held() }),
        frozen(FreezeRefusal::OthersHeld { held: held() }),
        ceremony(vec![
            Problem::Target {
                wanted: text("production/redis-primary"),
            },
            Problem::NoReason,
            Problem::WrongCode { left: 4 },
        ]),
        ceremony(vec![Problem::WrongCode { left: 0 }]),
        ceremony(vec![Problem::UsedCode]),
        ceremony(vec![Problem::Locked {
            until: "2026-11-23T08:00:00Z".parse().unwrap_or_default(),
        }]),
        ceremony(vec![Problem::NotEnrolled {
            person: PersonId {
                team: text("T0123"),
                user: text("U0456"),
            },
        }]),
        ceremony(vec![Problem::Unreadable]),
        glass(GlassRefusal::NoRule),
        glass(GlassRefusal::NotListed),
        glass(GlassRefusal::NoReason),
        glass(GlassRefusal::Open {
            by: text("ana"),
            until: "2026-11-23T08:00:00Z".parse().unwrap_or_default(),
        }),
        glass(GlassRefusal::NothingToReview),
        glass(GlassRefusal::SamePerson),
        glass(GlassRefusal::NoWords),
        Refusal::PlanChanged,
        Refusal::NoSuchIncident,
        Refusal::Over,
        Refusal::NotWaiting,
        Refusal::NoSuchRunbook {
            why: text("there is no runbook `redis`; did you mean `redis-connection-timeout`?"),
        },
        Refusal::PartlyRun,
        Refusal::NoRunbook,
        Refusal::BadInput {
            problems: vec![(text("count"), text("count is 11: write a number from 3 to 10"))],
        },
        Refusal::AlreadyTaken { by: text("ana") },
        Refusal::NotWithHuman,
        Refusal::LooseEnd,
        Refusal::StillRuns,
        Refusal::Astray {
            card: AstrayCard::OfAnother,
        },
        Refusal::Astray {
            card: AstrayCard::Unmarked,
        },
    ]
}

/// How many kinds there are; a new one breaks the match until it is counted, and then the list until it is in it.
fn reason_kinds(of: &Reason) -> usize {
    match of {
        Reason::NoEnvironment { .. }
        | Reason::NoRow { .. }
        | Reason::NotApprover { .. }
        | Reason::NobodyFor { .. }
        | Reason::NotFor { .. }
        | Reason::NoPlace
        | Reason::NotResponder
        | Reason::OwnRequest
        | Reason::OwnProposal
        | Reason::Guest
        | Reason::Bot
        | Reason::Stranger
        | Reason::Deactivated
        | Reason::DirectoryUnreadable
        | Reason::Quorum { .. }
        | Reason::Frozen { .. }
        | Reason::CalendarFreeze { .. }
        | Reason::WindowClosed { .. }
        | Reason::LimitReached { .. }
        | Reason::FreezeFileUnreadable
        | Reason::DigestDiffers
        | Reason::PolicyChanged
        | Reason::AlertResolved
        | Reason::TargetMoved { .. }
        | Reason::DisruptionBudget { .. }
        | Reason::SurveyStale { .. }
        | Reason::EvidenceOld { .. }
        | Reason::OverBudget { .. }
        | Reason::Precheck { .. }
        | Reason::TargetBusy { .. }
        | Reason::SurveyFailed { .. }
        | Reason::NotItsTurn
        | Reason::Expired
        | Reason::ClockWentBack => 34,
    }
}

fn refusal_kinds(of: &Refusal) -> usize {
    match of {
        Refusal::NotAllowed { .. }
        | Refusal::Approval { .. }
        | Refusal::Freeze { .. }
        | Refusal::Ceremony { .. }
        | Refusal::Glass { .. }
        | Refusal::PlanChanged
        | Refusal::NoSuchIncident
        | Refusal::Over
        | Refusal::NotWaiting
        | Refusal::NoSuchRunbook { .. }
        | Refusal::PartlyRun
        | Refusal::NoRunbook
        | Refusal::BadInput { .. }
        | Refusal::AlreadyTaken { .. }
        | Refusal::NotWithHuman
        | Refusal::Astray { .. }
        | Refusal::StillRuns
        | Refusal::LooseEnd => 18,
    }
}

#[test]
fn every_reason_and_every_refusal_is_listed() {
    let (reasons, refusals) = (reasons(), refusals());
    let kinds: BTreeSet<_> = reasons
        .iter()
        .map(std::mem::discriminant)
        .map(|d| format!("{d:?}"))
        .collect();
    assert_eq!(kinds.len(), reason_kinds(&Reason::Guest));
    let kinds: BTreeSet<_> = refusals
        .iter()
        .map(std::mem::discriminant)
        .map(|d| format!("{d:?}"))
        .collect();
    assert_eq!(kinds.len(), refusal_kinds(&Refusal::Over));
}

#[test]
fn every_refusal_says_why_and_what_next() {
    let said = reasons().iter().map(reason).collect::<Vec<_>>();
    for sentence in &said {
        let first = sentence.chars().next();
        assert!(
            first.is_some_and(|c| !c.is_uppercase() || sentence.starts_with("Slack"))
                && !sentence.ends_with('.'),
            "{sentence}"
        );
    }
    let answers = refusals().iter().map(refusal).collect::<Vec<_>>();
    for answer in &answers {
        assert!(answer.ends_with(['.', '?']), "{answer}");
    }
    insta::assert_snapshot!(format!("{}\n\n{}", said.join("\n"), answers.join("\n")));
}
