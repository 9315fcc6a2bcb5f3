//! What is changed in a small runbook, and what of it counts as a change.

use super::*;
use crate::domain::runbook::{CommandLine, ParamSpec};

const TEXT: &str = "# Runbook: Restart
## Trigger Conditions
- Alert contains: \"slow\" or \"stuck\"
- Severity: high or critical
## Blast Radius
- max_pod_restarts: 6
## Evidence
- Ratio: promql `sum(errors)`, limit 5 %
## Steps
### Step 1: Look
```bash
kubectl get pods -n production
```
Expected output: >= 1
Failure action: stop
### Step 2: Restart
```bash
kubectl rollout restart deploy/a -n production
```
When: Ratio beyond limit
";

fn read(text: &str) -> Option<Runbook> {
    let nothing = |_: &CommandLine, _: &[ParamSpec]| Vec::new();
    Runbook::parse("restart.md", text, &nothing).runbook
}

/// `4: left out`.
fn all() -> Vec<String> {
    let told = |mutant: &Mutant| format!("{}: {}", mutant.line, mutant.change);
    mutants(TEXT).iter().map(told).collect()
}

#[test]
fn every_kind_of_slip_is_there_at_its_line() {
    let all = all();
    for wanted in [
        "3: left out",
        "3: `slow` changed to `slowx`",
        "3: `\"stuck\"` left out",
        "3: ` or ` changed to `, `",
        "4: left out",
        "4: `high` left out",
        "4: `medium` as well",
        "4: `critical` changed to `low`",
        "6: left out",
        "6: `6` changed to `5`",
        "6: `6` changed to `7`",
        "6: `6` changed to `60`",
        "8: left out",
        "8: `limit` changed to `at least`",
        "8: `5` changed to `50`",
        "8: required as well",
        "8: `limit 5 %` left out",
        "10: the whole step left out",
        "10: this step and the next one in the other order",
        "12: `production` changed to `productionx`",
        "14: `>=` changed to `>`",
        "14: `1` changed to `2`",
        "15: `stop` changed to `escalate`",
        "15: `stop` changed to `continue`",
        "18: `restart` changed to `restartx`",
        "20: `beyond` changed to `within`",
        "20: left out",
    ] {
        assert!(
            all.iter().any(|one| one == wanted),
            "{wanted} is not among {all:#?}"
        );
    }
}

#[test]
fn each_is_another_text_and_differs_in_its_place_alone() {
    let mut seen = std::collections::BTreeSet::new();
    for mutant in mutants(TEXT) {
        assert_ne!(mutant.text, TEXT);
        assert!(seen.insert(mutant.text.clone()), "{mutant:?} stands twice");
        let before: Vec<&str> = TEXT.lines().take(mutant.line - 1).collect();
        let same: Vec<&str> = mutant.text.lines().take(mutant.line - 1).collect();
        assert_eq!(before, same, "{mutant:?}");
    }
}

#[test]
fn what_is_said_in_other_words_means_the_same() {
    let one = read(TEXT).expect("a runbook");
    let same = read(&TEXT.replace("high or critical", "critical, high")).expect("a runbook");
    let other = read(&TEXT.replace("high or critical", "critical")).expect("a runbook");
    assert!(means_the_same(&one, &same));
    assert!(!means_the_same(&one, &other));
}

#[test]
fn a_step_left_out_leaves_a_runbook_whose_numbers_are_right() {
    let dropped = mutants(TEXT);
    let dropped = dropped
        .iter()
        .find(|mutant| mutant.line == 10 && mutant.change == "the whole step left out")
        .expect("it is there");
    let runbook = read(&dropped.text).expect("it loads");
    assert_eq!(runbook.steps.len(), 1);
    assert_eq!(runbook.steps[0].title, "Restart");
}
