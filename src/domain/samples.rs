//! A plan for the tests of the machines, with every field set to something, and an alert with as little as there can be.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, BudgetKey, Defaults, EffectClass, Kind, ObjectRef, Tier};
use super::alert::{Alert, AlertStatus, Severity, Told};
use super::ceremony::Ceremony;
use super::ids::{
    ClusterName, Environment, EpisodeKey, Fingerprint, Namespace, PersonId, PlanNo, Revision, RunbookName,
    Source, StepNo,
};
use super::plan::{Plan, PlannedStep, Requester, Role};
use super::runbook::{Autonomy, Expectation, FailureAction, ParamValue, When};
use crate::ports::TargetState;

pub fn person(user: &str) -> PersonId {
    PersonId {
        team: "T1".to_owned(),
        user: user.to_owned(),
    }
}

/// A restart of `api` in production.
pub fn step(no: u16) -> PlannedStep {
    let words = ["kubectl", "rollout", "restart", "deploy/api", "-n", "production"];
    let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let action = Action::parse(
        &argv,
        &Defaults {
            default_cluster: ClusterName::new("main"),
        },
    )
    .expect("a command");
    PlannedStep {
        no: StepNo(no),
        title: format!("step {no}"),
        command: action.command_line(),
        action,
        filters: Vec::new(),
        expected: Some(Expectation::Contains("ok".to_owned())),
        on_failure: FailureAction::Escalate,
        attempts: 2,
        timeout_seconds: 30,
        wait_seconds: 0,
        when: When::Always,
        condition: None,
        role: Role::Remedy,
        tier: Tier::One,
        tier_at_least: Some(Tier::One),
        tier_reason: "small".to_owned(),
        tier_unlisted: None,
        effect: EffectClass::Marked,
        environment: Some(Environment::new("production")),
        plain: "restarts api".to_owned(),
        cost: BTreeMap::from([(BudgetKey::MaxPodRestarts, 2)]),
        blast: "restarts 2 of 2 pods".to_owned(),
        target: Some(TargetState {
            object: ObjectRef {
                cluster: ClusterName::new("main"),
                namespace: Namespace::new("production"),
                kind: Kind::Deployment,
                name: "api".to_owned(),
            },
            uid: "u".to_owned(),
            generation: 3,
            images: vec!["api:1".to_owned()],
            replicas: 2,
            ready: 2,
            container: None,
            workload: None,
            disruption: None,
        }),
        skip: false,
        rollback: Some("kubectl rollout undo deploy/api -n production".to_owned()),
    }
}

pub fn plan(steps: Vec<PlannedStep>) -> Plan {
    Plan {
        no: PlanNo(2),
        runbook: RunbookName::new("restart"),
        title: "Restart".to_owned(),
        runbook_revision: Revision::new("sha256:1"),
        policy_revision: Revision::new("sha256:2"),
        requester: Requester::Person(person("U1")),
        modified_from: Some(PlanNo(1)),
        asked_before: BTreeSet::new(),
        takes_back: None,
        parameters: BTreeMap::from([("count".to_owned(), ParamValue("3".to_owned()))]),
        advised: BTreeMap::new(),
        budget: BTreeMap::from([(BudgetKey::MaxPodRestarts, 4)]),
        requires_human_approval: true,
        autonomy: Autonomy::Suggest,
        steps,
        escalation: Some("call us".to_owned()),
        owner: Some("payments".to_owned()),
        checks: vec![super::prechecks::Precheck::NobodyInCommand],
        questions: vec!["nobody deploys just now".to_owned()],
    }
}

/// What made a Tier 3 vote count.
pub fn ceremony() -> Ceremony {
    Ceremony {
        target: "production/api".to_owned(),
        reason: "it has to go".to_owned(),
        step: 1,
        digest: plan(Vec::new()).digest().expect("a digest"),
    }
}

/// It fires, and says nothing more of itself.
pub fn alert() -> Alert {
    Alert {
        source: Source::new("alertmanager"),
        dedup_key: None,
        told: Told::default(),
        fingerprint: Fingerprint::new("f"),
        episode: EpisodeKey::new("e"),
        group: None,
        status: AlertStatus::Firing,
        name: String::new(),
        title: String::new(),
        description: String::new(),
        severity: Severity::High,
        service: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        starts_at: None,
        ends_at: None,
        links: Vec::new(),
        severity_word: String::new(),
        source_ref: None,
    }
}
