//! Runbooks, rules, alerts and the cluster of the simulation.

use std::collections::BTreeMap;
use std::sync::Arc;

use interlock::domain::action::{Action, CommandPattern, ObjectPattern, Tier};
use interlock::domain::alert::{Alert, AlertStatus, Severity, Told};
use interlock::domain::event::Mode;
use interlock::domain::evidence::{Finding, Found};
use interlock::domain::glass::GlassRule;
use interlock::domain::ids::{
    Channel, ClusterName, Environment, EpisodeKey, Fingerprint, GroupId, GroupKey, Namespace, Revision,
    RunbookName, Service, Source,
};
use interlock::domain::policy::{
    Alone, ApproverRow, AutonomyLimit, Calendar, CalendarFreeze, Cover, Guards, NamePattern, Policy,
};
use interlock::domain::rules::{EnvironmentRow, PageAfter, Rules, StayRule};
use interlock::domain::runbook::{Autonomy, Catalog};
use interlock::engine::Knowledge;
use interlock::ports::{Survey, TargetState};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::cast;
use super::rng::Rng;

const RUNBOOKS: &[(&str, &str)] = &[
    (
        "flush.md",
        "# Runbook: Flush\n## Trigger Conditions\n- Alert contains: \"redis\"\n## Blast Radius\n- max_cache_operations: 1\n- requires_human_approval: false\n## Steps\n### Step 1: Flush\n```bash\nkubectl exec -n production deploy/redis -- redis-cli FLUSHDB\n```\nExpected output: \"OK\"\nFailure action: continue\n### Step 2: Look\n```bash\nkubectl get deploy api -n production\n```\nExpected output: contains \"api\"\nFailure action: escalate\n",
    ),
    (
        "restart.md",
        "# Runbook: Restart\n## Trigger Conditions\n- Alert contains: \"slow\"\n## Blast Radius\n- max_pod_restarts: 4\n- requires_human_approval: true\n## Evidence\n- Errors: promql `errors`, limit 7\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nFailure action: escalate\nAttempts: 3\n### Step 2: Restart the cache too\n```bash\nkubectl rollout restart deploy/redis -n production\n```\nFailure action: continue\nWhen: previous failed\n## Verification\n### It answers\n```bash\nkubectl get deploy api -n production\n```\nExpected output: contains \"api\"\nWait: 30s\n",
    ),
    (
        "undo.md",
        "# Runbook: Undo\n## Trigger Conditions\n- Alert contains: \"deploy\"\n## Parameters\n- count: integer, 1 to 9, default 2\n## Blast Radius\n- max_rollbacks: 1\n- max_pod_restarts: 9\n- max_replica_changes: 9\n- requires_human_approval: true\n## Steps\n### Step 1: Undo\n```bash\nkubectl rollout undo deploy/api -n production\n```\nFailure action: escalate\nAttempts: 2\n### Step 2: Scale\n```bash\nkubectl scale deploy/api -n production --replicas {{ count }}\n```\nFailure action: stop\n### Step 3: Look\n```bash\nkubectl get deploy api -n production\n```\nExpected output: contains \"api\"\nFailure action: escalate\n",
    ),
    (
        "prose.md",
        "# Node\n## Trigger Conditions\n- Alert contains: \"node\"\n## Meaning\nA node is away.\n## Diagnosis\n- Look at it.\n- Look again.\n## Mitigation\n1. Turn it on.\n",
    ),
    (
        "one.md",
        "# Runbook: One\n## Trigger Conditions\n- Alert contains: \"twins\"\n## Blast Radius\n- max_pod_restarts: 2\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nTier: 0\nFailure action: stop\n",
    ),
    (
        "two.md",
        "# Runbook: Two\n## Trigger Conditions\n- Alert contains: \"twins\"\n## Blast Radius\n- max_pod_restarts: 2\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nFailure action: stop\n",
    ),
    (
        "both.md",
        "# Runbook: Both\n## Trigger Conditions\n- Alert contains: \"both\"\n## Blast Radius\n- max_pod_restarts: 4\n- max_rollbacks: 2\n- requires_human_approval: true\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nFailure action: continue\nAttempts: 2\n### Step 2: Restart the cache\n```bash\nkubectl rollout restart deploy/redis -n production\n```\nFailure action: continue\n### Step 3: Undo\n```bash\nkubectl rollout undo deploy/redis -n production\n```\nFailure action: escalate\n",
    ),
    (
        "quick.md",
        "# Runbook: Quick\n## Trigger Conditions\n- Alert contains: \"quick\"\n## Blast Radius\n- max_pod_restarts: 8\n- requires_human_approval: false\n## Evidence\n- Errors: promql `errors`, limit 5\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nFailure action: continue\n### Step 2: Restart the cache\n```bash\nkubectl rollout restart deploy/redis -n production\n```\nFailure action: stop\n",
    ),
    (
        "odd.md",
        "# Runbook: Odd\n## Trigger Conditions\n- Alert contains: \"odd\"\n## Blast Radius\n- max_pod_restarts: 2\n- requires_human_approval: true\n## Evidence\n- Errors: promql `errors`, limit 5\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nWhen: Errors beyond limit\nFailure action: stop\n## Verification\n### It answers\n```bash\nkubectl get deploy api -n production\n```\nExpected output: contains \"api\"\n",
    ),
];

/// Would match what `quick` matches, if it could be read.
const REFUSED: (&str, &str) = (
    "refused.md",
    "# Runbook: Refused\n## Trigger Conditions\n- Alert contains: \"quick\"\n## Blast Radius\n- max_pod_restarts: many\n## Steps\n### Step 1: What\n```bash\nkubectl rollout restart deploy/api -n production\n```\nFailure action: stop\n",
);

/// What alerts are about; the last matches no runbook.
const TOPICS: &[&str] = &[
    "redis", "slow", "deploy", "node", "twins", "both", "quick", "odd", "nothing",
];

pub fn runbook_names() -> Vec<&'static str> {
    vec![
        "flush", "restart", "undo", "prose", "one", "two", "both", "quick", "odd", "gone",
    ]
}

fn row(tiers: &[Tier], groups: &[&str], approvals: u8, requester_may: Option<bool>) -> ApproverRow {
    ApproverRow {
        tiers: tiers.to_vec(),
        environments: vec![Environment::new("production")],
        users: vec!["U6".to_owned(), "U7".to_owned()],
        groups: groups.iter().map(|group| GroupId::new(*group)).collect(),
        approvals,
        requester_may,
        reason: false,
    }
}

/// On call may do Tier 1; Tier 2 takes one lead, or two of those on call.
pub fn policy(revision: &str) -> Policy {
    Policy {
        rows: vec![
            row(&[Tier::Zero, Tier::One], &["S-oncall", "S-leads"], 1, None),
            row(&[Tier::Two], &["S-leads"], 1, None),
            row(&[Tier::Two], &["S-oncall"], 2, None),
        ],
        guards: Guards::default(),
        alone: Alone::default(),
        revision: Revision::new(revision),
    }
}

/// What people may do beside, in some worlds: say why, approve tier 3, break the glass.
fn people_may(policy: &mut Policy, rng: &mut Rng) {
    if rng.chance(20) {
        for row in &mut policy.rows {
            row.reason = true;
        }
    }
    if rng.chance(15) {
        policy.rows.push(row(&[Tier::Three], &["S-leads"], 1, None));
        policy.guards.protected.push(NamePattern("prod*".to_owned()));
    }
    if rng.chance(20) {
        policy.guards.glass = Some(glass());
    }
    if rng.chance(20) {
        policy.alone.limits.push(AutonomyLimit {
            environments: Vec::new(),
            services: Vec::new(),
            runbooks: vec![RunbookName::new(KEPT)],
            at_most: Autonomy::Suggest,
        });
    }
}

/// Who leads may break it.
pub fn glass() -> GlassRule {
    GlassRule {
        users: Vec::new(),
        groups: vec![GroupId::new("S-leads")],
        minutes: 10,
    }
}

/// The runbook that some worlds keep from running alone.
const KEPT: &str = "flush";

/// Whether a row says that this runs with people only.
pub fn is_kept_from(policy: &Policy, runbook: &str) -> bool {
    !policy.alone.limits.is_empty() && runbook == KEPT
}

/// Whether another one was meant as well that can't be read.
pub fn is_refused_beside(catalog: &Catalog, runbook: &str) -> bool {
    !catalog.refused().is_empty() && runbook == "quick"
}

/// Everything here is in the namespace that some worlds protect.
pub fn is_protected(policy: &Policy) -> bool {
    !policy.guards.protected.is_empty()
}

/// Numbers that were found, and what they are held against: 7 for the restart, 5 elsewhere.
fn numbers(runbook: &RunbookName, findings: &[Finding]) -> (Vec<u32>, u32) {
    let limit = if runbook.as_str() == "restart" { 7 } else { 5 };
    let numbers = findings.iter().filter_map(|finding| match &finding.found {
        Found::Read { number, .. } => number.as_ref()?.parse::<u32>().ok(),
        Found::Missing { .. } => None,
    });
    (numbers.collect(), limit)
}

/// Whether every number that was found is within its limit.
pub fn speaks_against(runbook: &RunbookName, findings: &[Finding]) -> bool {
    let (numbers, limit) = numbers(runbook, findings);
    !numbers.is_empty() && numbers.iter().all(|number| *number <= limit)
}

/// How many of them are not.
pub fn beyond(runbook: &RunbookName, findings: &[Finding]) -> usize {
    let (numbers, limit) = numbers(runbook, findings);
    numbers.iter().filter(|number| **number > limit).count()
}

/// What forbids more than people do, in some worlds and not in others.
fn guard(policy: &mut Policy, rng: &mut Rng) {
    policy.guards.limits.per_hour = rng.chance(15).then_some(3);
    if rng.chance(15) {
        policy.guards.freezes.push(CalendarFreeze {
            name: "backups".to_owned(),
            reason: "backups run".to_owned(),
            cover: Cover::default(),
            during: Calendar {
                zone: TimeZone::UTC,
                spans: CLOSED.parse().into_iter().collect(),
            },
        });
    }
    if rng.chance(10) {
        policy
            .guards
            .irreversible
            .push(CommandPattern("redis-cli FLUSHDB".to_owned()));
    }
    if rng.chance(20) {
        policy.alone.most = [Some(1); 3];
    }
}

/// When the calendar is closed, where it is.
const CLOSED: &str = "01:00-01:30";

/// Whether the policy's calendar is closed then; `CLOSED` in other words.
pub fn is_closed(policy: &Policy, at: Timestamp) -> bool {
    let here = TimeZone::UTC.to_datetime(at);
    !policy.guards.freezes.is_empty() && here.hour() == 1 && here.minute() < 30
}

pub fn is_irreversible(policy: &Policy, command: &str) -> bool {
    !policy.guards.irreversible.is_empty() && command.contains("FLUSHDB")
}

/// Changes that a plan may make without a person.
pub fn alone_at_most(policy: &Policy) -> Option<usize> {
    let most = policy.alone.most.iter().flatten().min()?;
    usize::try_from(*most).ok()
}

/// Every alert has to stay resolved for this long before a fix counts.
fn stays() -> StayRule {
    StayRule {
        alerts: Vec::new(),
        services: Vec::new(),
        labels: BTreeMap::new(),
        stays: SignedDuration::from_mins(5),
    }
}

/// The runbooks by their names, in some worlds with one that can't be read.
pub fn files(refused: bool) -> Vec<(String, String)> {
    let refused = refused.then_some(&REFUSED);
    let files = RUNBOOKS.iter().chain(refused);
    files
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

pub fn knowledge(rng: &mut Rng) -> Knowledge {
    let refused = rng.chance(15);
    let files = files(refused).into_iter();
    let files = files.map(|(name, text)| (name, text.into_bytes())).collect();
    let catalog = Catalog::build(files, &|_, _| Vec::new());
    assert_eq!(catalog.len(), RUNBOOKS.len(), "{:?}", catalog.refused());
    assert_eq!(catalog.refused().len(), usize::from(refused));
    let mut policy = policy("policy-1");
    guard(&mut policy, rng);
    people_may(&mut policy, rng);
    let rules = Rules {
        mode: if rng.chance(5) { Mode::DryRun } else { Mode::Live },
        autonomy: *rng
            .pick(&[Autonomy::Auto, Autonomy::Suggest, Autonomy::Suggest])
            .unwrap_or(&Autonomy::Suggest),
        team: cast::TEAM.to_owned(),
        policy,
        environments: vec![EnvironmentRow {
            name: Environment::new("production"),
            cluster: None,
            hosts: Vec::new(),
            namespaces: Vec::new(),
        }],
        caches: vec![ObjectPattern {
            cluster: None,
            namespace: Namespace::new("production"),
            kind: None,
            name: "redis".to_owned(),
        }],
        clusters: vec![ClusterName::new("main")],
        default_cluster: Some(ClusterName::new("main")),
        routes: Vec::new(),
        channel: Channel::new("C1"),
        approve_by: SignedDuration::from_mins(30),
        evidence_for: SignedDuration::from_mins(15),
        execute_by: SignedDuration::from_mins(10),
        settle: SignedDuration::from_mins(5),
        stays: if rng.chance(25) { vec![stays()] } else { Vec::new() },
        page_after: PageAfter::default(),
        pagers: vec![Source::new("pagerduty")],
        resolvable: vec![Source::new("pagerduty")],
        noted: Vec::new(),
        services: Vec::new(),
        silences: None,
        related_within: None,
        same_rule_within: None,
        storm_from: None,
        asks_advisor: false,
    };
    Knowledge {
        rules: Arc::new(rules),
        catalog: Arc::new(catalog),
    }
}

/// A new alert, of a group that others may share.
pub fn alert(rng: &mut Rng, number: u64, now: Timestamp) -> Alert {
    let topic = *rng.pick(TOPICS).unwrap_or(&"nothing");
    let pager = rng.chance(20);
    let source = if pager { "pagerduty" } else { "alertmanager" };
    let severity = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
        Severity::Unknown,
    ];
    let group = if pager {
        Some(format!("P{number}"))
    } else {
        rng.chance(40).then(|| format!("{topic}-group"))
    };
    Alert {
        source: Source::new(source),
        episode: EpisodeKey::new(format!("e{number}")),
        fingerprint: Fingerprint::new(format!("f{number}")),
        group: group.map(GroupKey::new),
        status: AlertStatus::Firing,
        name: topic.to_owned(),
        title: format!("{topic} is in trouble ({number})"),
        description: String::new(),
        severity: *rng.pick(&severity).unwrap_or(&Severity::High),
        severity_word: String::new(),
        service: Some(Service::new("api")),
        labels: BTreeMap::from([("namespace".to_owned(), "production".to_owned())]),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: Some(now),
        ends_at: None,
        source_ref: None,
        dedup_key: (pager && rng.chance(10)).then(|| format!("interlock/{number}")),
        told: voiced(rng, pager, now),
    }
}

/// Some alerts come from a pair, whose word that they fire holds for some minutes.
fn voiced(rng: &mut Rng, pager: bool, now: Timestamp) -> Told {
    if pager || !rng.chance(25) {
        return Told::default();
    }
    let voice = if rng.chance(50) { "a" } else { "b" };
    Told {
        voice: Some(voice.to_owned()),
        at: now.checked_add(SignedDuration::from_mins(4)).ok(),
        ..Told::default()
    }
}

/// The objects of the cluster, made when first looked at.
#[derive(Default)]
pub struct Cluster {
    objects: BTreeMap<String, TargetState>,
}

impl Cluster {
    pub fn survey(&mut self, action: &Action, now: Timestamp) -> Survey {
        let target = action.names_target().map(|object| {
            let fresh = TargetState {
                object: object.clone(),
                uid: "uid-1".to_owned(),
                generation: 1,
                images: vec!["image:1".to_owned()],
                replicas: 2,
                ready: 2,
                container: None,
                workload: None,
                disruption: None,
            };
            self.objects.entry(object.key()).or_insert(fresh).clone()
        });
        Survey {
            target,
            taken_at: now,
        }
    }

    pub fn keys(&self) -> Vec<String> {
        self.objects.keys().cloned().collect()
    }

    /// Somebody else changes an object.
    pub fn disturb(&mut self, rng: &mut Rng) -> Option<String> {
        let keys = self.keys();
        let key = rng.pick(&keys)?;
        let object = self.objects.get_mut(key)?;
        match rng.below(3) {
            0 => object.uid.push('x'),
            1 => object.generation += 1,
            _ => object.replicas += 1,
        }
        Some(key.clone())
    }
}
