//! What may be filled, and with what.

use super::*;
use crate::domain::alert::{AlertStatus, Severity, Told};
use crate::domain::ids::{EpisodeKey, Fingerprint, Source};
use crate::domain::runbook::Catalog;
use std::sync::Arc;

fn alert(labels: &[(&str, &str)]) -> Alert {
    Alert {
        source: Source::new("alertmanager"),
        episode: EpisodeKey::new("one"),
        fingerprint: Fingerprint::new("one"),
        group: None,
        status: AlertStatus::Firing,
        name: "QueueStuck".to_owned(),
        title: "The queue is stuck behind job 4711".to_owned(),
        description: "Three workers stand still".to_owned(),
        severity: Severity::High,
        severity_word: String::new(),
        service: None,
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}

/// A runbook with these parameters and these commands.
fn runbook(parameters: &str, commands: &[&str]) -> Arc<Runbook> {
    let steps = commands
        .iter()
        .map(|command| format!("### Look\n```bash\n{command}\n```\n"));
    let steps: String = steps.collect();
    let text = format!(
        "# Stuck queue\n## Trigger Conditions\n- Alert contains: \"queue\"\n## Parameters\n{parameters}\n## Steps\n{steps}"
    );
    let check = |_: &CommandLine, _: &[ParamSpec]| Vec::new();
    let catalog = Catalog::build(vec![("stuck.md".to_owned(), text.into_bytes())], &check);
    assert!(catalog.refused().is_empty(), "{:#?}", catalog.refused());
    catalog.loaded()[0].runbook.clone()
}

fn asked_for(alert: &Alert, runbook: &Runbook) -> Vec<String> {
    let blanks = Blanks::of(alert, runbook).into_iter();
    blanks
        .flat_map(|blanks| blanks.open)
        .map(|blank| blank.name)
        .collect()
}

#[test]
fn only_what_the_team_bounded_and_what_names_no_target_is_asked_for() {
    let rows = [
        (
            "- count: integer, 1 to 5",
            "kubectl scale -n p deploy/w --replicas {{ count }}",
            true,
        ),
        (
            "- count: integer, at least 1",
            "kubectl scale -n p deploy/w --replicas {{ count }}",
            false,
        ),
        (
            "- count: integer, 1 to 5, people only",
            "kubectl scale -n p deploy/w --replicas {{ count }}",
            false,
        ),
        (
            "- job: text, matches /[0-9]+/",
            "kubectl exec -n p deploy/w -- queue retry {{ job }}",
            true,
        ),
        (
            "- job: text",
            "kubectl exec -n p deploy/w -- queue retry {{ job }}",
            false,
        ),
        (
            "- host: text, matches /[a-z]+/",
            "kubectl exec -n p deploy/w -- ping {{ host }}",
            false,
        ),
        (
            "- api_token: text, matches /[a-z]+/",
            "kubectl exec -n p deploy/w -- queue {{ api_token }}",
            false,
        ),
        ("- worker: name", "kubectl get pod -n p {{ worker }}", false),
        (
            "- number: integer, 1 to 5",
            "kubectl get pod -n p {{ number }}",
            false,
        ),
        ("- place: one of eu, us", "kubectl get pods -n {{ place }}", true),
        (
            "- pin: one of a, b",
            "kubectl exec -n p deploy/w -- queue {{ pin }}",
            false,
        ),
        (
            "- word: text, matches /[a-z]+/",
            "kubectl logs -n p deploy/w | grep {{ word }}",
            false,
        ),
    ];
    for (parameter, command, open) in rows {
        let asked = asked_for(&alert(&[]), &runbook(parameter, &[command]));
        assert_eq!(!asked.is_empty(), open, "{parameter} in {command}: {asked:?}");
    }
}

#[test]
fn what_a_label_says_is_not_asked_for() {
    let runbook = runbook(
        "- count: integer, 1 to 5, from label count, default 2",
        &["kubectl scale -n p deploy/w --replicas {{ count }}"],
    );
    assert_eq!(asked_for(&alert(&[]), &runbook), ["count"]);
    assert_eq!(asked_for(&alert(&[("count", "")]), &runbook), ["count"]);
    assert!(asked_for(&alert(&[("count", "3")]), &runbook).is_empty());
    // Nor where what it says is wrong: that is a problem for people.
    assert!(asked_for(&alert(&[("count", "many")]), &runbook).is_empty());
}

#[test]
fn one_value_that_does_not_fit_makes_the_whole_answer_none() {
    let runbook = runbook(
        "- count: integer, 1 to 5, default 2\n- job: text, matches /[0-9]+/, default 1",
        &[
            "kubectl scale -n p deploy/w --replicas {{ count }}",
            "kubectl exec -n p deploy/w -- queue retry {{ job }}",
        ],
    );
    let said = |values: &[(&str, &str)]| {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fit = fitting(&alert(&[]), &runbook, &values.collect());
        let fit = fit.into_iter().map(|(name, value)| format!("{name}={}", value.0));
        fit.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said(&[("count", "4"), ("job", "4711")]), "count=4 job=4711");
    assert_eq!(said(&[("count", "2")]), "", "the default is no proposal");
    for wrong in [
        &[("count", "6"), ("job", "4711")][..],
        &[("count", "4"), ("job", "4711; rm")],
        &[("count", "4"), ("job", "4712")],
        &[("count", "4"), ("namespace", "kube-system")],
        &[("count", "-1")],
        &[("count", "4\n")],
    ] {
        assert_eq!(said(wrong), "", "{wrong:?}");
    }
}
