//! What a reader of runbook files relies on: the shipped ones load, mistakes are told with their place.

use super::*;
use crate::domain::action::{BudgetKey, Tier};
use crate::domain::alert::Severity;
use crate::domain::ids::StepNo;

const REDIS: &str = include_str!("../../../runbooks/redis-connection-timeout.md");

fn no_check(_: &CommandLine, _: &[ParamSpec]) -> Vec<CommandIssue> {
    Vec::new()
}

/// Stands for the check of actions: knows one program that it refuses.
fn check(line: &CommandLine, _: &[ParamSpec]) -> Vec<CommandIssue> {
    let refused = line
        .stages
        .iter()
        .enumerate()
        .filter(|(_, stage)| stage[0] == Word::Literal("forbidden".to_owned()));
    refused
        .map(|(stage, _)| CommandIssue {
            stage,
            word: 0,
            message: "`forbidden` is not a program that Interlock runs".to_owned(),
            help: "write `kubectl` or `curl`".to_owned(),
        })
        .collect()
}

/// A good runbook with these steps.
pub(super) fn with_steps(steps: &str) -> String {
    format!("# X\n## Owner\nus\n## Trigger Conditions\n- Alert contains: \"x\"\n## Steps\n{steps}")
}

pub(super) fn parse(text: &str) -> Parsed {
    Runbook::parse("test.md", text, &check)
}

fn words(words: &[&str]) -> Vec<Word> {
    words
        .iter()
        .map(|word| Word::Literal((*word).to_owned()))
        .collect()
}

#[test]
fn the_redis_runbook_is_read_as_its_authors_meant_it() {
    let parsed = Runbook::parse("redis-connection-timeout.md", REDIS, &no_check);
    let codes: Vec<_> = parsed.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::NoOwner], "{:#?}", parsed.diagnostics);
    let runbook = parsed.runbook.unwrap();
    assert_eq!(runbook.name.as_str(), "redis-connection-timeout");
    assert_eq!(runbook.title, "Redis Connection Timeout");
    let contains = ["redis", "connection", "timeout"].map(|word| Term::Contains(word.to_owned()));
    assert_eq!(runbook.trigger.contains, contains);
    assert_eq!(runbook.trigger.severities, [Severity::High, Severity::Critical]);
    let services: Vec<_> = runbook
        .trigger
        .services
        .iter()
        .map(|service| service.as_str())
        .collect();
    assert_eq!(services, ["api-gateway", "user-service"]);
    assert_eq!(runbook.budget.get(&BudgetKey::MaxPodRestarts), Some(&0));
    assert_eq!(runbook.budget.get(&BudgetKey::MaxCacheOperations), Some(&1));
    assert!(!runbook.requires_human_approval);
    assert_eq!(runbook.steps.len(), 2);
    let flush = &runbook.steps[0];
    assert_eq!(
        (flush.no, flush.title.as_str()),
        (StepNo(1), "Flush the connection pool")
    );
    let argv = [
        "kubectl",
        "exec",
        "-n",
        "production",
        "deploy/redis-primary",
        "--",
        "redis-cli",
        "FLUSHDB",
    ];
    assert_eq!(flush.command.stages, [words(&argv)]);
    assert_eq!(flush.expected, Some(Expectation::Exact("OK".to_owned())));
    assert_eq!((flush.on_failure, flush.attempts), (FailureAction::Continue, 2));
    let verify = &runbook.steps[1];
    assert_eq!(verify.command.stages[1], words(&["jq", ".redis"]));
    assert_eq!(
        verify.expected,
        Some(Expectation::Contains("connected".to_owned()))
    );
    assert_eq!(
        (verify.on_failure, verify.tier_at_least),
        (FailureAction::Escalate, None::<Tier>)
    );
    assert_eq!(
        runbook.escalation.as_deref(),
        Some(
            "If any step with \"failure action: escalate\" fails twice, page the on-call engineer via PagerDuty."
        )
    );
    assert!(runbook.revision.as_str().starts_with("sha256:"));
}

/// The shipped runbooks with how many steps each runs.
pub(super) const SHIPPED: [(&str, &str, usize); 9] = [
    ("redis-connection-timeout.md", REDIS, 2),
    (
        "bad-deploy-rollback.md",
        include_str!("../../../runbooks/bad-deploy-rollback.md"),
        3,
    ),
    (
        "crash-looping-pods.md",
        include_str!("../../../runbooks/crash-looping-pods.md"),
        2,
    ),
    (
        "stuck-queue-scale.md",
        include_str!("../../../runbooks/stuck-queue-scale.md"),
        3,
    ),
    (
        "disk-pressure-log-rotation.md",
        include_str!("../../../runbooks/disk-pressure-log-rotation.md"),
        2,
    ),
    (
        "certificate-renewal.md",
        include_str!("../../../runbooks/certificate-renewal.md"),
        2,
    ),
    (
        "feature-flag-off.md",
        include_str!("../../../runbooks/feature-flag-off.md"),
        2,
    ),
    (
        "node-not-ready.md",
        include_str!("../../../runbooks/node-not-ready.md"),
        0,
    ),
    (
        "high-error-rate.md",
        include_str!("../../../runbooks/high-error-rate.md"),
        5,
    ),
];

#[test]
fn every_shipped_runbook_is_read_without_a_complaint() {
    for (name, text, steps) in SHIPPED {
        let parsed = Runbook::parse(name, text, &no_check);
        let complaints: Vec<_> = parsed
            .diagnostics
            .iter()
            .filter(|found| name != "redis-connection-timeout.md" || found.is_error())
            .collect();
        assert!(complaints.is_empty(), "{name}: {complaints:#?}");
        let runbook = parsed.runbook.unwrap();
        assert_eq!(runbook.steps.len(), steps, "{name}");
        assert_eq!(runbook.is_prose(), !runbook.checklist.is_empty(), "{name}");
    }
}

#[test]
fn a_prose_runbook_becomes_a_checklist() {
    let text = include_str!("../../../runbooks/node-not-ready.md");
    let runbook = Runbook::parse("node-not-ready.md", text, &no_check)
        .runbook
        .unwrap();
    let items: Vec<_> = runbook
        .checklist
        .iter()
        .map(|item| format!("[{}] {}", item.section, item.text))
        .collect();
    insta::assert_snapshot!(items.join("\n"), @"
[Diagnosis] Which node, and since when:
```
kubectl get nodes
kubectl describe node NODE
```
[Diagnosis] Is it one node, one zone or one machine type? More than one points to the network or the cloud provider, not to the node.
[Diagnosis] Look at the conditions: `MemoryPressure`, `DiskPressure` and `PIDPressure` say that the node is overloaded rather than gone.
[Diagnosis] Ask the cloud console whether the machine runs and whether maintenance is announced.
[Mitigation] Cordon the node, so that nothing new lands there: `kubectl cordon NODE`.
[Mitigation] See that there is room for its pods on the others before you drain it.
[Mitigation] Drain it: `kubectl drain NODE --ignore-daemonsets --delete-emptydir-data`. Only with a second person: this deletes local data.
[Mitigation] Restart the machine from the cloud console and wait for `Ready`.
[Mitigation] If it comes back, uncordon it: `kubectl uncordon NODE`. If not, replace it and open a ticket with the provider.
");
}
