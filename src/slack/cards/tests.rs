//! Cards as people see them, and cards made of the worst that can come.
//! Longer than other files, since the cards are drawn as they are seen.

use serde_json::Value;

use super::limits::problems_of_message;
use super::samples::*;
use super::{CardContext, Rendered, minimal, render};
use crate::domain::action::Tier;
use crate::domain::approval::{Approval, Vote};
use crate::domain::event::Mode;
use crate::domain::ids::{PersonId, StepNo};
use crate::domain::incident::*;
use crate::domain::policy::{Decision, Reason};
use crate::domain::run::{RunResult, StepState};
use crate::domain::runbook::{Autonomy, Expectation, FailureAction};

fn draw(incident: &Incident) -> Rendered {
    render(incident, &context(), &WORDS)
}

/// Ids of the buttons with their labels.
fn buttons(card: &Rendered) -> Vec<(String, String)> {
    let all = card.blocks.iter().flat_map(|block| {
        let own = block["elements"].as_array().cloned().unwrap_or_default();
        own.into_iter().chain(block.get("accessory").cloned())
    });
    all.filter(|element| element.get("action_id").is_some())
        .map(|element| {
            let label = element
                .pointer("/text/text")
                .and_then(Value::as_str)
                .unwrap_or_default();
            (
                element["action_id"].as_str().unwrap_or_default().to_owned(),
                label.to_owned(),
            )
        })
        .collect()
}

fn ids(card: &Rendered) -> Vec<String> {
    buttons(card).into_iter().map(|(id, _)| id).collect()
}

fn all_text(card: &Rendered) -> String {
    Value::from(card.blocks.clone()).to_string()
}

#[test]
fn the_redis_card_says_everything_and_approves_what_it_shows() {
    let card = draw(&incident("Redis connection timeout", redis_steps()));
    let text = all_text(&card);
    for said in [
        "Redis connection timeout",
        "High",
        "api-gateway",
        "production",
        "Waits for 2 approvals",
        "@sre",
        "Redis Connection Timeout",
        "contains redis",
        "Blast radius: 1 cache operation, 1 namespace",
        "Deletes every key",
        "kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB",
        "if it fails: go on",
        "a human is paged at",
        "expires at",
        "INC-42",
        "prometheus.example",
    ] {
        assert!(text.contains(said), "{said} is not on the card");
    }
    assert!(
        !text.contains("Approve here"),
        "a link's own title stands beside the buttons"
    );
    assert_eq!(ids(&card), ["approve", "reject", "modify", "more"]);
    assert_eq!(buttons(&card)[0].1, "Approve 2 steps");
    assert!(text.contains("\"confirm\""), "Tier 2 asks before it counts");
    assert_eq!(
        card.text,
        "INC-42 high: Redis connection timeout. 2 steps of Redis Connection Timeout wait for approval."
    );
    assert_eq!(problems_of_message(&card.body()), Vec::<String>::new());
    assert!(card.blocks.len() <= 12, "{} blocks", card.blocks.len());
}

#[test]
fn what_is_not_shown_whole_can_only_be_reviewed() {
    let many = (1..=50)
        .map(|no| {
            step(
                no,
                Tier::One,
                "Restart",
                "kubectl rollout restart deploy/a",
                "Restarts a.",
            )
        })
        .collect();
    let long = vec![step(
        1,
        Tier::One,
        "Long",
        &format!("kubectl exec a -- echo {}", "x".repeat(10_000)),
        "Prints x.",
    )];
    let human = vec![step(
        1,
        Tier::Three,
        "Drain",
        "kubectl drain node-1",
        "Moves every pod off node-1.",
    )];
    for steps in [many, long, human] {
        let card = draw(&incident("Title", steps));
        assert_eq!(ids(&card), ["review", "reject", "modify", "more"]);
        assert_eq!(problems_of_message(&card.body()), Vec::<String>::new());
    }
}

#[test]
fn what_an_approval_covers_is_never_cut_on_a_card_that_approves() {
    let plain = || {
        step(
            1,
            Tier::One,
            "Restart",
            "kubectl rollout restart deploy/a",
            "Restarts a.",
        )
    };
    let long = "a reason that goes on ".repeat(60);
    let changes: [fn(&mut crate::domain::plan::PlannedStep, &str); 6] = [
        |step, long| step.tier_reason = long.to_owned(),
        |step, long| step.expected = Some(Expectation::Contains(long.to_owned())),
        |step, long| step.blast = long.to_owned(),
        |step, long| step.plain = long.to_owned(),
        |step, long| step.title = long.to_owned(),
        |step, long| step.rollback = Some(long.to_owned()),
    ];
    for change in changes {
        let mut steps = vec![plain()];
        change(&mut steps[0], &long);
        let incident = incident("Title", steps);
        let card = draw(&incident);
        assert_eq!(ids(&card), ["review", "reject", "modify", "more"]);
        let whole = Value::from(super::review(&incident.plans[0].plan, true)).to_string();
        assert!(whole.contains(long.trim()), "the review shows it whole");
    }
    let mut asked = incident("Title", vec![plain()]);
    let mut plan = (*asked.plans[0].plan).clone();
    plan.questions = vec!["nobody deploys just now".to_owned()];
    asked.plans[0].plan = plan.clone().into();
    assert!(all_text(&draw(&asked)).contains("*By approving you say:* nobody deploys just now"));
    assert_eq!(ids(&draw(&asked))[0], "approve");
    plan.questions = vec![long.clone()];
    asked.plans[0].plan = plan.into();
    assert_eq!(ids(&draw(&asked))[0], "review");
}

#[test]
fn a_card_tells_what_is_not_as_everywhere_and_the_review_tells_everything() {
    let mut steps = vec![step(
        1,
        Tier::One,
        "Restart",
        "kubectl rollout restart deploy/a",
        "Restarts a.",
    )];
    steps[0].on_failure = FailureAction::Escalate;
    let usual = all_text(&draw(&incident("T", steps.clone())));
    assert!(!usual.contains("attempt") && !usual.contains("given up") && !usual.contains("if it fails"));
    let review = |steps: &[crate::domain::plan::PlannedStep]| {
        Value::from(super::review(&incident("T", steps.to_vec()).plans[0].plan, true)).to_string()
    };
    for said in [
        "up to 2 attempts",
        "given up after 30 s",
        "if it fails: stop and page a human",
    ] {
        assert!(review(&steps).contains(said), "{said}");
    }
    steps[0].attempts = 1;
    steps[0].timeout_seconds = 90;
    steps[0].on_failure = FailureAction::Stop;
    steps[0].rollback = Some("kubectl rollout undo deploy/a".to_owned());
    let unusual = all_text(&draw(&incident("T", steps.clone())));
    for said in [
        "one attempt",
        "given up after 90 s",
        "if it fails: stop and hand over",
        "to take it back: kubectl rollout undo deploy/a",
    ] {
        assert!(unusual.contains(said), "{said}");
    }
    assert!(review(&steps).contains("kubectl rollout undo deploy/a"));
}

#[test]
fn a_frozen_card_says_by_whom_and_approves_nothing() {
    let frozen = CardContext {
        frozen: Some(super::Frozen {
            scope: crate::domain::freeze::Scope::Everything,
            by: "@ana".to_owned(),
            reason: "the database is being moved".to_owned(),
            who: None,
            file: None,
            over: None,
        }),
        ..context()
    };
    let card = render(&incident("T", redis_steps()), &frozen, &WORDS);
    assert_eq!(ids(&card), ["reject", "modify", "more"]);
    assert!(all_text(&card).contains("*FROZEN by @ana*: the database is being moved"));
    assert_eq!(problems_of_message(&card.body()), Vec::<String>::new());
}

#[test]
fn a_step_that_was_left_out_is_named_and_not_approved() {
    let mut steps = redis_steps();
    steps[1].skip = true;
    let card = draw(&incident("Title", steps));
    assert_eq!(buttons(&card)[0].1, "Approve 1 step");
    assert!(all_text(&card).contains("Left out: step 2"));
    assert!(!all_text(&card).contains("jq .redis"));
}

#[test]
fn a_dry_run_does_not_promise_to_run_anything() {
    let card = render(
        &incident("T", redis_steps()),
        &CardContext {
            mode: Mode::DryRun,
            ..context()
        },
        &WORDS,
    );
    assert!(all_text(&card).contains("DRY RUN"));
    assert_eq!(buttons(&card)[0].1, "Approve dry run");
    let shadow = CardContext {
        autonomy: Autonomy::Shadow,
        ..context()
    };
    assert!(all_text(&render(&incident("T", redis_steps()), &shadow, &WORDS)).contains("SHADOW"));
}

#[test]
fn hidden_characters_in_a_command_are_visible_on_the_card() {
    let steps = vec![step(
        1,
        Tier::One,
        "t",
        "kubectl exec a -- echo \u{202e}dlrow",
        "p",
    )];
    let text = all_text(&draw(&incident("T", steps)));
    assert!(!text.contains('\u{202e}'));
    assert!(text.contains("\\\\u{202e}dlrow"));
}

/// Everything in which markup means something.
fn markup(value: &Value) -> String {
    match value {
        Value::Object(object) if object.get("type").is_some_and(|kind| kind == "mrkdwn") => {
            object["text"].to_string()
        }
        Value::Object(object) => object.values().map(markup).collect(),
        Value::Array(list) => list.iter().map(markup).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => String::new(),
    }
}

fn voted(incident: &mut Incident) {
    let vote = Vote {
        by: PersonId {
            team: "T1".to_owned(),
            user: "U1".to_owned(),
        },
        name: "ana".to_owned(),
        at: at(30),
        groups: Vec::new(),
        ceremony: None,
        reason: None,
    };
    incident.plans[0].approval = Approval::Pending {
        votes: vec![vote],
        approve_by: at(1200),
    };
}

#[test]
fn a_vote_is_counted_where_everybody_sees_it() {
    let mut incident = incident("T", redis_steps());
    voted(&mut incident);
    assert!(all_text(&draw(&incident)).contains("*1 of 2 approved* by @ana"));
}

#[test]
fn a_step_that_nobody_knows_about_asks_and_shows_what_it_was() {
    let mut incident = incident("T", redis_steps());
    incident.phase = Phase::Running;
    let run = &mut incident.plans[0].run;
    run.started_at = Some(at(10));
    run.steps.insert(
        StepNo(1),
        StepState::Unknown {
            attempt: 1,
            at: at(20),
            reason: "connection lost".to_owned(),
        },
    );
    let card = draw(&incident);
    assert_eq!(ids(&card), ["worked", "failed", "more"]);
    assert!(all_text(&card).contains("redis-cli FLUSHDB"));
    assert!(all_text(&card).contains("nobody knows"));
}

#[test]
fn decided_running_and_finished_cards_have_no_button_that_decides() {
    let approved = Approval::Approved {
        votes: Vec::new(),
        at: at(40),
        execute_by: at(400),
    };
    for approval in [
        approved,
        Approval::Expired { at: at(9) },
        Approval::Withdrawn {
            at: at(9),
            why: "w".to_owned(),
        },
    ] {
        let mut incident = incident("T", redis_steps());
        incident.plans[0].approval = approval;
        assert_eq!(ids(&draw(&incident)), ["more"]);
    }
    let mut closed = incident("T", redis_steps());
    closed.phase = Phase::Closed {
        at: at(90),
        result: ClosedAs::Resolved,
    };
    closed.plans[0].run.started_at = Some(at(50));
    closed.plans[0].run.result = Some(RunResult::Verified);
    let card = draw(&closed);
    assert!(ids(&card).is_empty());
    assert!(card.blocks.len() <= 5);
    assert!(all_text(&card).contains("fixed and verified"));
}

#[test]
fn several_runbooks_are_offered_and_a_checklist_is_ticked() {
    let mut several = incident("T", Vec::new());
    several.plans.clear();
    several.phase = Phase::Handed {
        at: at(1),
        reason: HandoffReason::SeveralMatch,
    };
    assert_eq!(ids(&draw(&several)), ["choose.0", "take_over", "more"]);
    let mut prose = several.clone();
    prose.phase = Phase::Handed {
        at: at(1),
        reason: HandoffReason::Checklist,
    };
    prose.checklist = Some("node-not-ready".into());
    prose.ticks.insert(
        0,
        Tick {
            by: HOSTILE.to_owned(),
            at: at(2),
        },
    );
    let card = draw(&prose);
    assert_eq!(buttons(&card)[0], ("tick.0".to_owned(), "Undo".to_owned()));
    assert_eq!(buttons(&card)[1], ("tick.1".to_owned(), "Done".to_owned()));
    assert_eq!(problems_of_message(&card.body()), Vec::<String>::new());
}

fn worst_phases() -> Vec<Phase> {
    let why = || HOSTILE.repeat(100);
    let handed = |reason| Phase::Handed { at: at(1), reason };
    let mut phases: Vec<Phase> = [
        HandoffReason::NoMatch,
        HandoffReason::SeveralMatch,
        HandoffReason::Flapping { times: 3 },
        HandoffReason::Checklist,
        HandoffReason::PlanBlocked {
            problems: vec![why(); 50],
        },
        HandoffReason::Denied,
        HandoffReason::Rejected {
            by: why(),
            reason: why(),
        },
        HandoffReason::NoDecision,
        HandoffReason::Void { why: why() },
        HandoffReason::StepStopped {
            step: StepNo(3),
            why: why(),
        },
        HandoffReason::SourceRefused {
            why: "the pager refused: 403".to_owned(),
        },
        HandoffReason::NotVerified { why: why() },
        HandoffReason::StillFiring,
        HandoffReason::TakenOver { by: why() },
        HandoffReason::AskedFor { by: why() },
        HandoffReason::DryRun,
        HandoffReason::Shadow,
    ]
    .map(handed)
    .into();
    phases.extend([
        Phase::Planning {
            request: PlanRequest {
                runbook: HOSTILE.into(),
                requester: crate::domain::plan::Requester::Interlock,
                parameters: Default::default(),
                advised: Default::default(),
                skip: Vec::new(),
                modified_from: None,
                asked_before: std::collections::BTreeSet::new(),
                takes_back: None,
            },
        },
        Phase::Proposed,
        Phase::Running,
        Phase::Settling {
            until: at(9),
            by: SettlesBy::Resolving,
        },
        Phase::Closed {
            at: at(9),
            result: ClosedAs::AlertCleared,
        },
    ]);
    phases
}

#[test]
fn the_worst_data_makes_a_card_that_slack_takes_and_that_forges_nothing() {
    let bad = HOSTILE.repeat(60);
    let argument = format!("kubectl exec a -- echo {}", bad.repeat(3));
    for count in [1, 2, 8, 9, 50] {
        let steps: Vec<_> = (1..=count)
            .map(|no| {
                step(
                    no,
                    Tier::Two,
                    &bad,
                    if no % 2 == 0 {
                        &argument
                    } else {
                        "kubectl get pods"
                    },
                    &bad,
                )
            })
            .collect();
        for phase in worst_phases() {
            for decision in [
                Decision::RequireApproval { approvals: 2 },
                Decision::Deny {
                    reasons: vec![Reason::TargetMoved { what: bad.clone() }; 60],
                },
            ] {
                let mut incident = incident(&bad, steps.clone());
                incident.phase = phase.clone();
                incident.service = Some(bad.as_str().into());
                incident.environment = Some(bad.clone());
                incident.checklist = Some(bad.as_str().into());
                incident.plans[0].decision = decision;
                if matches!(phase, Phase::Running) {
                    incident.plans[0].run.started_at = Some(at(3));
                    incident.plans[0].run.steps = (1..=count)
                        .map(|no| {
                            (
                                StepNo(no),
                                StepState::Unknown {
                                    attempt: 1,
                                    at: at(4),
                                    reason: bad.clone(),
                                },
                            )
                        })
                        .collect();
                }
                let many = CardContext {
                    who_may: vec![vec!["<!subteam^S0123456789>".to_owned(); 80]],
                    ..context()
                };
                let card = render(&incident, &many, &WORDS);
                let problems = problems_of_message(&card.body());
                assert_eq!(problems, Vec::<String>::new(), "{count} steps, {phase:?}");
                assert!(card.text.chars().count() <= 300);
                // A command and a dialog are plain text, in which nothing is a link.
                let text = markup(&Value::from(card.blocks.clone()));
                assert!(!text.contains("<https://evil"), "a forged link");
                assert!(!text.contains("<@U1>"), "a forged mention");
                assert!(
                    !text.contains('\u{202e}') && !text.contains('\u{200b}'),
                    "hidden characters"
                );
            }
        }
    }
    assert_eq!(
        problems_of_message(&minimal(&incident(&bad, Vec::new())).body()),
        Vec::<String>::new()
    );
}

#[test]
fn the_same_state_draws_the_same_card() {
    let incident = incident("T", redis_steps());
    assert_eq!(draw(&incident), draw(&incident));
    let later = CardContext {
        now: at(9999),
        ..context()
    };
    assert_eq!(
        draw(&incident),
        render(&incident, &later, &WORDS),
        "a card doesn't change by time alone"
    );
}
