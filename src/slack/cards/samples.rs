//! Incidents for tests: a plain one, and the worst that can come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::CardContext;
use crate::domain::action::{Action, EffectClass, Exec, Kind, ObjectRef, Tier};
use crate::domain::alert::{Alert, AlertStatus, Link, Severity, Told};
use crate::domain::approval::Approval;
use crate::domain::event::Mode;
use crate::domain::ids::{Channel, IncidentId, PlanNo, StepNo};
use crate::domain::incident::{Episode, Incident, MatchLine, MatchRecord, Paging, Phase, PlanTrack, Verdict};
use crate::domain::matching::{By, RefusedAs};
use crate::domain::plan::{Plan, PlannedStep, Requester, Role};
use crate::domain::policy::Decision;
use crate::domain::run::Run;
use crate::domain::runbook::{Autonomy, ChecklistItem, Expectation, FailureAction, When};
use crate::slack::inbound::origin::Origin;
use crate::slack::settings::Words;

/// Text that tries everything: mentions, links, markup, direction marks.
pub(crate) const HOSTILE: &str =
    "<!channel> <@U1> <https://evil.example|Approve here> *b* `c` ~d~ & \u{202e}txt\u{200b} ``` \n> quote";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_690_000 + second).unwrap()
}

pub(crate) fn context() -> CardContext {
    CardContext {
        origin: Origin::of("9f86d081884c7d65"),
        now: at(60),
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
        checklist: (0..40)
            .map(|n| ChecklistItem {
                section: "Diagnosis".to_owned(),
                text: format!("{n} {HOSTILE}"),
            })
            .collect(),
    }
}

pub(crate) const WORDS: Words = Words {
    crowd: |_| "A crowd".to_owned(),
    answer: |answer, _, _| crate::render::escape::Mrkdwn::escape(&format!("{answer:?}")).to_string(),
    line: |entry, _| Some(format!("entry {}", entry.seq)),
    summary: |entries, incident| format!("{} entries of {}", entries.len(), incident.id),
    notice: |notice, _| format!("{notice:?}"),
};

pub(crate) fn step(no: u16, tier: Tier, title: &str, command: &str, plain: &str) -> PlannedStep {
    let target = ObjectRef {
        cluster: "main".into(),
        namespace: "production".into(),
        kind: Kind::Deployment,
        name: "redis-primary".to_owned(),
    };
    PlannedStep {
        no: StepNo(no),
        title: title.to_owned(),
        command: command.to_owned(),
        action: Action::Exec(Exec {
            target,
            container: None,
            argv: vec!["redis-cli".to_owned()],
        }),
        filters: Vec::new(),
        expected: Some(Expectation::Exact("OK".to_owned())),
        on_failure: FailureAction::Continue,
        attempts: 2,
        timeout_seconds: 30,
        wait_seconds: 0,
        when: When::Always,
        condition: None,
        role: Role::Remedy,
        tier,
        tier_at_least: None,
        tier_reason: "exec of a command that is not known to only look".to_owned(),
        tier_unlisted: None,
        effect: EffectClass::Opaque,
        environment: Some("production".into()),
        plain: plain.to_owned(),
        cost: BTreeMap::new(),
        blast: "1 cache operation".to_owned(),
        target: None,
        skip: false,
        rollback: None,
    }
}

pub(crate) fn redis_steps() -> Vec<PlannedStep> {
    vec![
        step(
            1,
            Tier::Two,
            "Flush the connection pool",
            "kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB",
            "Deletes every key in database 0 of redis-primary. Can't be undone.",
        ),
        step(
            2,
            Tier::Zero,
            "Verify connections restored",
            "kubectl exec -n production deploy/api-gateway -- curl -s localhost:8080/health | jq .redis",
            "Asks api-gateway for its health.",
        ),
    ]
}

pub(crate) fn track(steps: Vec<PlannedStep>) -> PlanTrack {
    let plan = Plan {
        no: PlanNo(1),
        runbook: "redis-connection-timeout".into(),
        title: "Redis Connection Timeout".to_owned(),
        runbook_revision: "sha256:0123456789abcdef".into(),
        policy_revision: "sha256:fedcba9876543210".into(),
        requester: Requester::Interlock,
        modified_from: None,
        asked_before: BTreeSet::new(),
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
    };
    let digest = plan.digest().unwrap();
    PlanTrack {
        plan: Arc::new(plan),
        digest,
        proposed_at: at(1),
        decision: Decision::RequireApproval { approvals: 2 },
        approval: Approval::Pending {
            votes: Vec::new(),
            approve_by: at(1200),
        },
        run: Run::default(),
        upto: None,
        part_waits: false,
        part_late: false,
        outdated: Vec::new(),
        reminded: false,
        waits_since: None,
        failed_before: None,
        clock_went_back: false,
    }
}

pub(crate) fn incident(title: &str, steps: Vec<PlannedStep>) -> Incident {
    let alert = Alert {
        source: "alertmanager".into(),
        episode: "e1".into(),
        fingerprint: "f1".into(),
        group: None,
        status: AlertStatus::Firing,
        name: "RedisConnectionTimeout".to_owned(),
        title: title.to_owned(),
        description: "Connections to redis-primary time out from api-gateway".to_owned(),
        severity: Severity::High,
        severity_word: "error".to_owned(),
        service: Some("api-gateway".into()),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        links: vec![Link {
            title: "Approve here".to_owned(),
            url: "https://prometheus.example/graph?a=1&b=2".to_owned(),
        }],
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    };
    Incident {
        id: IncidentId(42),
        opened_at: at(0),
        title: title.to_owned(),
        severity: Severity::High,
        service: Some("api-gateway".into()),
        environment: Some("production".to_owned()),
        source: "alertmanager".into(),
        group: None,
        channel: Channel::from("C1"),
        episodes: vec![Episode {
            alert: Arc::new(alert),
            since: 1,
            because: None,
            resolved_at: None,
            attention: None,
            voices: BTreeMap::new(),
        }],
        let_go: 0,
        repeats: 0,
        matched: Some(MatchRecord {
            candidates: vec![MatchLine {
                runbook: "redis-connection-timeout".into(),
                title: "Redis Connection Timeout".to_owned(),
                why: "the alert contains redis, connection and timeout; severity high; service api-gateway"
                    .to_owned(),
                confidence: None,
            }],
            misses: Vec::new(),
            verdict: Verdict::One {
                runbook: "redis-connection-timeout".into(),
            },
            explanation: Vec::new(),
            by: By::Trigger,
            refused: Vec::new(),
            refused_more: 0,
            refused_as: RefusedAs::Unread,
        }),
        plans: vec![track(steps)],
        phase: Phase::Proposed,
        card: None,
        paging: Paging {
            waiting: false,
            due: Some(at(120)),
            asked_at: None,
            delivered_at: None,
            key: None,
            failed: None,
            ..Paging::default()
        },
        commander: None,
        checklist: None,
        items: Vec::new(),
        requested_by: None,
        ask_instead: None,
        request: None,
        source_refused: None,
        glass: None,
        unread: Vec::new(),
        changes: Vec::new(),
        similar: Vec::new(),
        silences: Vec::new(),
        cut: Vec::new(),
        looked_at: 0,
        joined_groups: BTreeSet::new(),
        merged_groups: BTreeSet::new(),
        split_off: BTreeSet::new(),
        in_vain: BTreeSet::new(),
        frozen_around: Vec::new(),
        evidence: None,
        ticks: BTreeMap::new(),
        last_seq: 3,
    }
}
