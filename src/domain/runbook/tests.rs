//! What a reader of runbook files relies on: the shipped ones load, mistakes are told with their place.

use super::*;
use crate::domain::action::{BudgetKey, Tier};
use crate::domain::alert::Severity;
use crate::domain::ids::StepNo;

const REDIS: &str = include_str!("../../../runbooks/redis-connection-timeout.md");

fn no_check(_: &CommandLine, _: &[ParamSpec]) -> Vec<CommandIssue> {
    Vec::new()
}

pub(super) fn parse(text: &str) -> Parsed {
    Runbook::parse("test.md", text, &no_check)
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
