//! Every refusal that somebody can meet, as it is said. A new kind of refusal does not compile here until it is listed.
//! Longer than other files, since every kind has its example.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{reason, refusal, terminal};
use crate::domain::action::{BudgetKey, Tier};
use crate::domain::approval::ApprovalRefusal;
use crate::domain::ceremony::Problem;
use crate::domain::command::{Answer, NotTaken};
use crate::domain::event::{AstrayCard, Judgement, Refusal, Unfit};
use crate::domain::freeze::{FileSays, FileSeen, FreezeRefusal, Scope};
use crate::domain::glass::GlassRefusal;
use crate::domain::ids::{ClusterName, Environment, IncidentId, Namespace, PersonId, StepNo};
use crate::domain::policy::{LimitOf, Reason};
use crate::domain::prechecks::Precheck;
use crate::domain::runbook::{NotFound, ParamProblem};
use crate::render::explain;

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
    let tripped = |scope| Reason::Frozen {
        by: text("Interlock"),
        reason: text("2 changes were started, and the policy allows no more"),
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
        tripped(Scope::Breaker { cluster: None }),
        tripped(Scope::RunbookBreaker {
            runbook: "restart".into(),
        }),
        tripped(Scope::IncidentBreaker {
            incident: IncidentId(7),
        }),
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
        limit(
            LimitOf::Runbook {
                runbook: "restart".into(),
                key: BudgetKey::MaxPodRestarts,
            },
            None,
        ),
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
        Reason::OnlyWatches,
    ]
}

fn refusals() -> Vec<Refusal> {
    let of = |refusal| Refusal::Approval { refusal };
    let frozen = |refusal| Refusal::Freeze { refusal };
    let held = || vec![Scope::Everything];
    let glass = |refusal| Refusal::Glass { refusal };
    let ceremony = |problems| Refusal::Ceremony { problems };
    let unfit = |why| Refusal::Unfit { why };
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
        frozen(FreezeRefusal::ByFile {
            file: FileSeen {
                path: text("/var/lib/interlock/freeze"),
                at: Timestamp::UNIX_EPOCH,
                said: FileSays::Reason {
                    reason: text("audit of the year"),
                },
            },
        }),
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
        unfit(Unfit::MergeIntoItself {
            incident: IncidentId(1),
        }),
        unfit(Unfit::MergeIntoManual {
            from: IncidentId(1),
            into: IncidentId(2),
        }),
        unfit(Unfit::MergeManuals {
            from: IncidentId(1),
            into: IncidentId(2),
        }),
        unfit(Unfit::MergeIntoOver { into: IncidentId(2) }),
        unfit(Unfit::MergeIntoNone { into: IncidentId(2) }),
        unfit(Unfit::MergeWhileTripped {
            from: IncidentId(1),
            into: IncidentId(2),
        }),
        unfit(Unfit::NowhereToSilence),
        unfit(Unfit::SilencedAlready),
        unfit(Unfit::NothingToSilence),
        unfit(Unfit::SilenceWithoutReason),
        unfit(Unfit::SilenceOfOtherLength),
        unfit(Unfit::AlertsChanged),
        unfit(Unfit::EveryStepLeftOut),
        unfit(Unfit::NothingChanged),
        Refusal::AlreadyTaken { by: text("ana") },
        Refusal::NotWithHuman,
        Refusal::ChangeDenied {
            reasons: vec![Reason::NobodyFor {
                tier: Tier::Three,
                environment: Environment::new("production"),
            }],
        },
        Refusal::LooseEnd,
        Refusal::Judged {
            by: text("ben"),
            step: StepNo(2),
            judgement: Judgement::Failed,
        },
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
        | Reason::ClockWentBack
        | Reason::OnlyWatches => 35,
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
        | Refusal::Unfit { .. }
        | Refusal::AlreadyTaken { .. }
        | Refusal::NotWithHuman
        | Refusal::Astray { .. }
        | Refusal::StillRuns
        | Refusal::Judged { .. }
        | Refusal::ChangeDenied { .. }
        | Refusal::LooseEnd => 21,
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

/// What is refused before it is decided: names and values that can't be, what can't be stored, what nobody understands.
#[test]
fn every_other_no_says_why_and_what_next() {
    let name = || text("count");
    let values = [
        ParamProblem::Missing { name: name() },
        ParamProblem::Wrong {
            name: name(),
            given: text("11"),
            why: text("write a number from 3 to 10"),
        },
        ParamProblem::Unknown {
            name: text("cuont"),
            suggestion: text("; did you mean `count`?"),
        },
    ];
    let names = [
        NotFound::Unknown {
            name: text("redis"),
            suggestion: text("; did you mean `redis-connection-timeout`?"),
        },
        NotFound::Refused {
            name: text("redis"),
            file: text("redis.md"),
            line: 3,
            column: 1,
            why: text("there is no step"),
        },
    ];
    let not_understood = |line: &str, problem: Option<&str>| Answer::NotUnderstood {
        text: text(line),
        problem: problem.map(text),
    };
    let reason = text("the disk is full");
    let answers = [
        Answer::NotTaken(NotTaken::Journal { reason }),
        Answer::NotTaken(NotTaken::Stopping),
        Answer::NotTaken(NotTaken::Busy),
        Answer::FormNotOpened,
        not_understood("run", Some("say which runbook; `/runbook list` has them")),
        not_understood("show", None),
        not_understood(
            "close INC-1",
            Some("say what ended it; that stands in the summary"),
        ),
        not_understood("merge INC-1", None),
        not_understood("break-glass", None),
        not_understood("reviewed", None),
        not_understood("who", None),
        not_understood("why", None),
        not_understood("status of it", None),
        not_understood("touched by whom", None),
        not_understood("oversight of it", None),
    ];
    let bad = |why: String| Refusal::BadInput {
        problems: vec![(name(), why)],
    };
    let values = values.iter().map(|problem| refusal(&bad(problem.to_string())));
    let names = names.iter().map(|error| {
        refusal(&Refusal::NoSuchRunbook {
            why: error.to_string(),
        })
    });
    let answers = answers.iter().map(explain::answer);
    let said: Vec<String> = values.chain(names).chain(answers).collect();
    for sentence in &said {
        assert!(sentence.ends_with(['.', '?']), "{sentence}");
    }
    insta::assert_snapshot!(said.join("\n"));
}

/// Who reads it at the machine is not told what can't be done in Slack.
#[test]
fn the_freeze_file_is_refused_in_the_words_of_where_it_is_read() {
    let refused = Refusal::Freeze {
        refusal: FreezeRefusal::ByFile {
            file: FileSeen {
                path: "/var/lib/interlock/freeze".to_owned(),
                at: Timestamp::UNIX_EPOCH,
                said: FileSays::Reason {
                    reason: "audit of the year".to_owned(),
                },
            },
        },
    };
    assert!(refusal(&refused).starts_with("Nobody lifts this freeze in Slack"));
    assert_eq!(
        terminal(&refused),
        "Nothing was lifted: no person froze anything, the freeze file does (audit of the year). It has a command of its own: `interlock unfreeze --file REASON`, which removes /var/lib/interlock/freeze."
    );
}
