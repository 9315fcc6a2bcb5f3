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
            name: "",
            title: self.title,
            description: "",
            severity: self.severity,
            service: self.service.as_ref(),
            environment: self.environment.as_ref(),
            labels: &self.labels,
        };
        rank(catalog, &facts)
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
    let matches = quiet.against(&catalog);
    // What is offered is not ruled out beside it.
    assert_eq!(names(&matches), ["redis-connection-timeout"]);
    assert_eq!(matches.near_misses, []);
    let why = matches.candidates[0].why.join("; ");
    assert!(
        why.ends_with("but its trigger does not hold: it wants \"timeout\" in the alert, which is not there"),
        "{why}"
    );
    insta::assert_snapshot!(matches.explanation().join("\n"), @r#"
no trigger matches, and no text is sure enough: the best is `redis-connection-timeout` (70 %); a human chooses
its trigger did not match because it wants "timeout" in the alert, which is not there
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

/// Pages that people wrote for people.
const PAGES: [(&str, &str); 3] = [
    (
        "disk-full",
        "# NodeFilesystemAlmostOutOfSpace\n## Meaning\nA filesystem of a node is almost out of space.\n## Mitigation\n- Delete old logs\n",
    ),
    (
        "inodes",
        "# NodeFilesystemAlmostOutOfFiles\n## Meaning\nA filesystem of a node is almost out of inodes.\n## Mitigation\n- Delete small files\n",
    ),
    (
        "etcd-leader",
        "# etcdNoLeader\n## Meaning\nThe etcd cluster has no leader and can't take writes.\n## Mitigation\n- Look at the members\n",
    ),
];

fn said(name: &str, title: &str, description: &str) -> Matches {
    let labels = BTreeMap::from([("instance".to_owned(), "10.0.3.17:9100".to_owned())]);
    let facts = AlertFacts {
        name,
        title,
        description,
        severity: Severity::High,
        service: None,
        environment: None,
        labels: &labels,
    };
    rank(&catalog(&PAGES), &facts)
}

#[test]
fn a_page_is_found_by_the_alert_s_name() {
    let matches = said(
        "NodeFilesystemAlmostOutOfFiles",
        "Filesystem has less than 5% inodes left.",
        "",
    );
    assert_eq!(matches.verdict, Verdict::One);
    assert_eq!(matches.by, By::Search);
    assert_eq!(names(&matches)[0], "inodes");
    insta::assert_snapshot!(matches.explanation().join("\n"), @r#"
no trigger matches; found by its text, 99 % sure: its title is the alert's name; it says "files", "inodes", "filesystem" and "almost", as the alert does
next best is `disk-full` (0 %), which does not say "files" and "inodes"
"#);
}

#[test]
fn a_page_is_found_by_what_the_alert_says_without_a_trigger_or_a_name() {
    let matches = said(
        "",
        "etcd has no leader",
        "The etcd cluster on 10.0.3.17:9100 can't elect a leader.",
    );
    assert_eq!(names(&matches)[0], "etcd-leader");
    assert!(matches.candidates[0].confidence > Confidence::of(0.5));
}

#[test]
fn an_alert_about_something_else_is_for_a_human() {
    let matches = said(
        "CassandraViewWriteLatency",
        "Cassandra view write latency is high",
        "",
    );
    assert_ne!(matches.verdict, Verdict::One);
    assert!(matches.chosen().is_none());
}

#[test]
fn a_trigger_goes_over_every_likeness() {
    let by_trigger = acting("- Alert contains: leader");
    let mut files = PAGES.to_vec();
    files.push(("by-trigger", &by_trigger));
    let labels = BTreeMap::new();
    let facts = AlertFacts {
        name: "etcdNoLeader",
        title: "etcdNoLeader",
        description: "",
        severity: Severity::High,
        service: None,
        environment: None,
        labels: &labels,
    };
    let matches = rank(&catalog(&files), &facts);
    assert_eq!((matches.by, names(&matches)[0]), (By::Trigger, "by-trigger"));
}

#[test]
fn a_refused_runbook_that_would_have_matched_is_named_and_never_chosen() {
    let broken = REDIS.replace("Failure action: escalate", "Failure action: explode");
    let files = |others: &[(&str, &str)]| {
        let all = others.iter().copied().chain([("redis", broken.as_str())]);
        Catalog::build(
            all.map(|(name, text)| (format!("{name}.md"), text.as_bytes().to_vec()))
                .collect(),
            &accept,
        )
    };
    let alone = Given::redis().against(&files(&[]));
    assert_eq!(alone.verdict, Verdict::None);
    assert_eq!(alone.refused_as, RefusedAs::Meant);
    let said = alone.explanation().join("\n");
    assert!(said.contains("`redis` (redis.md:22:17: "), "{said}");
    assert!(said.contains("would have matched, but was refused"), "{said}");

    let another = acting("- Alert contains: redis");
    let both = Given::redis().against(&files(&[("other", &another)]));
    assert_eq!(both.chosen().unwrap().runbook.name.as_str(), "other");
    assert_eq!(both.refused_as, RefusedAs::Meant);

    // Its trigger can be read and says that it is meant for something else.
    let other = Given {
        service: Some(Service::from("billing")),
        ..Given::redis()
    };
    let other = other.against(&files(&[]));
    assert_eq!(other.refused_as, RefusedAs::Unlike);
    assert_eq!(other.refused.len(), 1, "none of them was searched");
    let said = other.explanation().join("\n");
    assert!(
        said.contains(") was refused; its trigger is for something else"),
        "{said}"
    );
    let other = Given {
        service: Some(Service::from("billing")),
        ..Given::redis()
    };
    assert!(other.against(&files(&[("other", &another)])).refused.is_empty());
}

#[test]
fn a_refused_runbook_of_whose_trigger_nothing_can_be_read_is_named_beside_the_one_that_matches() {
    let another = acting("- Alert contains: redis");
    let catalog = Catalog::build(
        vec![
            ("latin.md".to_owned(), b"# Runbook: Redis\n\xff\xfe".to_vec()),
            ("other.md".to_owned(), another.into_bytes()),
        ],
        &accept,
    );
    let found = Given::redis().against(&catalog);
    assert_eq!(found.chosen().unwrap().runbook.name.as_str(), "other");
    assert_eq!(found.refused_as, RefusedAs::Unread);
    let said = found.explanation().join("\n");
    assert!(
        said.contains("was refused, and nobody can tell whether it was meant"),
        "{said}"
    );
}
