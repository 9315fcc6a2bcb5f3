//! The card of one plan as Slack gets it, and what a person can read back from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use interlock::domain::action::{Action, EffectClass, Exec, Kind, ObjectRef, Tier};
use interlock::domain::alert::{Alert, AlertStatus, Severity, Told};
use interlock::domain::event::{Entry, Event, Mode};
use interlock::domain::ids::{Channel, IncidentId, PlanNo, StepNo};
use interlock::domain::plan::{Plan, PlannedStep, Requester, Role};
use interlock::domain::policy::Decision;
use interlock::domain::runbook::{Autonomy, FailureAction, When};
use interlock::domain::state::State;
use interlock::render::{explain, freezing, summary, thread};
use interlock::slack::cards::{CardContext, render};
use interlock::slack::{Origin, Words};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const INCIDENT: IncidentId = IncidentId(1);

/// What can be read and pressed on a card.
pub struct Card {
    /// The texts that are shown as code, each whole.
    pub code: Vec<String>,
    /// A click on it approves the plan.
    pub approves: bool,
}

/// Each argv is one step of the plan, run in one pod.
pub fn card(argvs: &[Vec<String>]) -> (Vec<Action>, Card) {
    let steps: Vec<PlannedStep> = (1..).zip(argvs).map(|(no, argv)| step(no, argv)).collect();
    let actions = steps.iter().map(|step| step.action.clone()).collect();
    let state = proposed(plan(steps));
    let incident = state.incident(INCIDENT).expect("it was opened");
    let drawn = render(incident, &context(), &WORDS);
    let blocks = Value::from(drawn.blocks);
    let code = blocks.as_array().into_iter().flatten().filter_map(code);
    let card = Card {
        code: code.collect(),
        approves: blocks.to_string().contains("\"action_id\":\"approve\""),
    };
    (actions, card)
}

fn code(block: &Value) -> Option<String> {
    let part = block["elements"]
        .get(0)
        .filter(|_| block["type"] == "rich_text")?;
    assert_eq!(part["type"], "rich_text_preformatted", "shown as something else");
    let texts = part["elements"].as_array()?;
    Some(texts.iter().filter_map(|text| text["text"].as_str()).collect())
}

fn step(no: u16, argv: &[String]) -> PlannedStep {
    let action = Action::Exec(Exec {
        target: ObjectRef {
            cluster: "main".into(),
            namespace: "production".into(),
            kind: Kind::Deployment,
            name: "redis-primary".to_owned(),
        },
        container: None,
        argv: argv.to_vec(),
    });
    PlannedStep {
        no: StepNo(no),
        title: "A step".to_owned(),
        // As planning writes it.
        command: action.command_line(),
        action,
        filters: Vec::new(),
        expected: None,
        on_failure: FailureAction::Stop,
        attempts: 1,
        timeout_seconds: 30,
        wait_seconds: 0,
        when: When::Always,
        condition: None,
        role: Role::Remedy,
        tier: Tier::Two,
        tier_at_least: None,
        tier_reason: String::new(),
        tier_unlisted: None,
        effect: EffectClass::Opaque,
        environment: Some("production".into()),
        plain: String::new(),
        cost: BTreeMap::new(),
        blast: String::new(),
        target: None,
        skip: false,
        rollback: None,
    }
}

fn plan(steps: Vec<PlannedStep>) -> Plan {
    Plan {
        no: PlanNo(1),
        runbook: "fuzzed".into(),
        title: "Fuzzed".to_owned(),
        runbook_revision: "sha256:0123456789abcdef".into(),
        policy_revision: "sha256:fedcba9876543210".into(),
        requester: Requester::Interlock,
        modified_from: None,
        asked_before: std::collections::BTreeSet::new(),
        takes_back: None,
        parameters: BTreeMap::new(),
        advised: BTreeMap::new(),
        budget: BTreeMap::new(),
        requires_human_approval: true,
        autonomy: Autonomy::Suggest,
        steps,
        escalation: None,
        owner: None,
        checks: Vec::new(),
        questions: Vec::new(),
    }
}

/// An incident whose plan waits for an approval.
fn proposed(plan: Plan) -> State {
    let at = Timestamp::UNIX_EPOCH;
    let soon = at + SignedDuration::from_mins(30);
    let opened = Event::Opened {
        incident: INCIDENT,
        alert: Arc::new(alert()),
        channel: Channel::from("C1"),
        title: "Something is wrong".to_owned(),
        severity: Severity::High,
        by: None,
        ask_instead: None,
    };
    let proposed = Event::Proposed {
        incident: INCIDENT,
        digest: plan.digest().expect("it can be written"),
        plan: Arc::new(plan),
        decision: Decision::RequireApproval { approvals: 1 },
        approve_by: soon,
        failed_before: None,
    };
    let mut state = State::default();
    for (seq, event) in (1..).zip([opened, proposed]) {
        state.apply(&Entry {
            seq,
            at,
            key: None,
            event,
        });
    }
    state
}

fn alert() -> Alert {
    Alert {
        source: "alertmanager".into(),
        episode: "e1".into(),
        fingerprint: "f1".into(),
        group: None,
        status: AlertStatus::Firing,
        name: "SomethingIsWrong".to_owned(),
        title: "Something is wrong".to_owned(),
        description: String::new(),
        severity: Severity::High,
        severity_word: "error".to_owned(),
        service: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}

const WORDS: Words = Words {
    answer: explain::slack_answer,
    line: thread::line,
    crowd: thread::crowd,
    summary: summary::slack,
    notice: freezing::notice,
};

fn context() -> CardContext {
    CardContext {
        origin: Origin::of("9f86d081884c7d65"),
        now: Timestamp::UNIX_EPOCH,
        mode: Mode::Live,
        autonomy: Autonomy::Suggest,
        who_may: vec![vec!["@sre".to_owned()]],
        frozen: None,
        not_now: Vec::new(),
        broken: None,
        owner: None,
        fits_now: false,
        silences: false,
        silence_may: Vec::new(),
        checklist: Vec::new(),
    }
}
