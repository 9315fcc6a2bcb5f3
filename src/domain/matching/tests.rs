//! Which runbook an alert gets, and what is said of the others.

use std::collections::BTreeMap;

use super::*;
use crate::domain::runbook::{CommandIssue, CommandLine, ParamSpec};

const REDIS: &str = include_str!("../../../runbooks/redis-connection-timeout.md");

fn accept(_: &CommandLine, _: &[ParamSpec]) -> Vec<CommandIssue> {
    Vec::new()
}

/// A runbook with these trigger lines and one step.
fn acting(trigger: &str) -> String {
    format!(
        "# T\n## Trigger Conditions\n{trigger}\n## Steps\n### Look\n```\nkubectl get pods -n production\n```\n"
    )
}

fn catalog(files: &[(&str, &str)]) -> Catalog {
    let files = files
        .iter()
        .map(|(name, text)| (format!("{name}.md"), text.as_bytes().to_vec()));
    let catalog = Catalog::build(files.collect(), &accept);
    assert!(catalog.refused().is_empty(), "{:#?}", catalog.refused());
    catalog
}

struct Given {
    title: &'static str,
    severity: Severity,
    service: Option<Service>,
    environment: Option<Environment>,
    labels: BTreeMap<String, String>,
}

impl Given {
    fn redis() -> Self {
        Self {
            title: "RedisConnectionTimeout: connections to redis-primary time out",
            severity: Severity::High,
            service: Some(Service::from("api-gateway")),
            environment: None,
            labels: BTreeMap::from([("alertname".to_owned(), "RedisConnectionTimeout".to_owned())]),
        }
    }

    fn against(&self, catalog: &Catalog) -> Matches {
        let facts = AlertFacts {
            title: self.title,
            description: "",
            severity: self.severity,
            service: self.service.as_ref(),
            environment: self.environment.as_ref(),
            labels: &self.labels,
        };
        rank(catalog, &facts, None)
    }
}

fn names(matches: &Matches) -> Vec<&str> {
    matches
        .candidates
        .iter()
        .map(|candidate| candidate.runbook.name.as_str())
        .collect()
}

#[test]
fn the_redis_alert_finds_the_redis_runbook_and_says_why_not_the_other() {
    let other = acting("- Alert contains: redis\n- Severity: critical");
    let catalog = catalog(&[("redis-connection-timeout", REDIS), ("redis-failover", &other)]);
    let matches = Given::redis().against(&catalog);
    assert_eq!(matches.verdict, Verdict::One);
    insta::assert_snapshot!(matches.explanation().join("\n"), @r#"
matched because its title contains "redis", "connection" and "timeout"; severity is high; service is api-gateway
next best `redis-failover` did not match because severity is high, it wants critical
"#);
}

#[test]
fn every_trigger_line_must_hold() {
    let catalog = catalog(&[("redis-connection-timeout", REDIS)]);
    let medium = Given {
        severity: Severity::Medium,
        ..Given::redis()
    }
    .against(&catalog);
    assert_eq!(medium.verdict, Verdict::None);
    insta::assert_snapshot!(medium.explanation().join("\n"), @"
no runbook's trigger matches
nearest is `redis-connection-timeout`, which did not match because severity is medium, it wants high or critical
");
    let elsewhere = Given {
        service: Some(Service::from("billing")),
        ..Given::redis()
    }
    .against(&catalog);
    insta::assert_snapshot!(elsewhere.explanation().join("\n"), @"
no runbook's trigger matches
nearest is `redis-connection-timeout`, which did not match because service is billing, it wants api-gateway or user-service
");
    let quiet = Given {
        title: "redis connection refused",
        labels: BTreeMap::new(),
        ..Given::redis()
    };
    insta::assert_snapshot!(quiet.against(&catalog).explanation().join("\n"), @r#"
no runbook's trigger matches
nearest is `redis-connection-timeout`, which did not match because it wants "timeout" in the alert, which is not there
"#);
}

#[test]
fn a_field_that_the_alert_lacks_does_not_match() {
    let catalog = catalog(&[("redis-connection-timeout", REDIS)]);
    let nameless = Given {
        service: None,
        ..Given::redis()
    }
    .against(&catalog);
    assert_eq!(nameless.verdict, Verdict::None);
    assert_eq!(
        nameless.near_misses[0].why_not,
        "service is not known, it wants api-gateway or user-service"
    );
    let unknown = Given {
        severity: Severity::Unknown,
        ..Given::redis()
    }
    .against(&catalog);
    assert_eq!(unknown.verdict, Verdict::None);
}

#[test]
fn two_equally_specific_runbooks_are_for_a_human() {
    let one = acting("- Alert contains: redis\n- Severity: high");
    let catalog = catalog(&[("one", &one), ("two", &one)]);
    let matches = Given::redis().against(&catalog);
    assert_eq!(matches.verdict, Verdict::Several);
    assert!(matches.chosen().is_none());
    insta::assert_snapshot!(matches.explanation().join("\n"), @"`one` and `two` match equally well; a human chooses");
}

#[test]
fn the_more_specific_runbook_wins_and_a_checklist_yields_to_steps() {
    let broad = acting("- Alert contains: redis");
    let narrow = acting("- Alert contains: redis, timeout");
    let prose = "# P\n## Trigger Conditions\n- Alert contains: redis, timeout\n## Mitigation\n- Ask the database team\n";
    let catalog = catalog(&[("broad", &broad), ("narrow", &narrow), ("a-checklist", prose)]);
    let matches = Given::redis().against(&catalog);
    assert_eq!(matches.verdict, Verdict::One);
    assert_eq!(names(&matches), ["narrow", "a-checklist", "broad"]);
}

#[test]
fn a_runbook_without_a_trigger_never_matches() {
    let silent = acting("");
    let matches = Given::redis().against(&catalog(&[("silent", &silent)]));
    assert_eq!(matches.verdict, Verdict::None);
    assert!(matches.near_misses.is_empty());
}

#[test]
fn words_or_labels_and_lists_work_as_people_write_them() {
    let cases = [
        ("- Alert contains: \"valkey\" or \"redis\"", true),
        ("- Alert contains: valkey or memcached", false),
        ("- Alert contains: redis AND timeout", true),
        ("- Alert contains: redis, valkey", false),
        ("- Alert contains: service:api-gateway", true),
        ("- Alert contains: service:checkout", false),
        ("- Alert contains: alertname:redisconnectiontimeout", true),
        ("- Alert contains: REDIS\n- Alert contains: Timeout", true),
        ("- Severity: medium and above", true),
        ("- Severity: critical", false),
        ("- Service: `checkout`, `api-gateway`", true),
        ("- Environment: production", false),
        // No word reaches from the title into a label.
        ("- Alert contains: \"out Redis\"", false),
    ];
    for (trigger, expected) in cases {
        let text = acting(trigger);
        let matches = Given::redis().against(&catalog(&[("it", &text)]));
        assert_eq!(matches.verdict == Verdict::One, expected, "{trigger}");
    }
}

#[test]
fn the_environment_comes_from_the_configuration() {
    let text = acting("- Environment: production or staging");
    let given = Given {
        environment: Some(Environment::from("Production")),
        ..Given::redis()
    };
    assert_eq!(given.against(&catalog(&[("it", &text)])).verdict, Verdict::One);
}

#[test]
fn what_a_search_finds_is_offered_and_never_chosen() {
    let catalog = catalog(&[("redis-connection-timeout", REDIS)]);
    let labels = BTreeMap::new();
    let facts = AlertFacts {
        title: "cache is slow",
        description: "",
        severity: Severity::High,
        service: None,
        environment: None,
        labels: &labels,
    };
    let found = |name: &str| Found {
        runbook: name.into(),
        similarity: 900,
        why: "cache".to_owned(),
    };
    let matches = rank(
        &catalog,
        &facts,
        Some(vec![found("redis-connection-timeout"), found("gone")]),
    );
    assert_eq!(matches.verdict, Verdict::None);
    assert!(matches.chosen().is_none());
    assert_eq!(matches.suggestions, [found("redis-connection-timeout")]);
}
