//! Where a placeholder may stand in a command line of a runbook.

use super::*;
use crate::domain::runbook::{CommandLine, ParamKind, ParamSpec, Word};

fn words(line: &[&str]) -> Vec<Word> {
    line.iter()
        .map(
            |word| match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
                Some(name) => Word::Placeholder(name.to_owned()),
                None => Word::Literal((*word).to_owned()),
            },
        )
        .collect()
}

fn issues(stages: &[&[&str]], kind: ParamKind) -> Vec<(usize, usize)> {
    let spec = ParamSpec {
        name: "p".into(),
        kind,
        default: None,
        from_label: None,
        description: None,
        people_only: false,
    };
    let line = CommandLine {
        source: String::new(),
        stages: stages.iter().map(|stage| words(stage)).collect(),
    };
    check_command(&line, &[spec])
        .into_iter()
        .map(|issue| (issue.stage, issue.word))
        .collect()
}

#[test]
fn placeholders_choose_values_and_never_what_is_run() {
    let name = || ParamKind::Name;
    let text = || ParamKind::Text {
        pattern: None,
        max_length: 50,
    };
    let choice = |of: &[&str]| ParamKind::Choice {
        of: of.iter().map(|word| (*word).to_owned()).collect(),
    };
    let integer = |min, max| ParamKind::Integer { min, max };
    let none: Vec<(usize, usize)> = Vec::new();
    let scale: &[&str] = &[
        "kubectl",
        "scale",
        "deploy",
        "api",
        "-n",
        "x",
        "--replicas",
        "{p}",
    ];
    assert_eq!(issues(&[scale], integer(Some(1), Some(9))), none);
    assert_eq!(issues(&[scale], integer(Some(-1), Some(9))), vec![(0, 7)]);
    assert_eq!(issues(&[scale], integer(Some(1), Some(99_999))), vec![(0, 7)]);
    assert_eq!(issues(&[scale], text()), vec![(0, 7)]);
    assert_eq!(
        issues(&[&["kubectl", "delete", "pod", "{p}", "-n", "x"]], name()),
        none
    );
    assert_eq!(
        issues(&[&["kubectl", "{p}", "pod", "a", "-n", "x"]], name()),
        vec![(0, 1)]
    );
    assert_eq!(
        issues(&[&["kubectl", "get", "pod", "a", "-n", "{p}"]], name()),
        vec![(0, 5)]
    );
    assert_eq!(
        issues(
            &[&["kubectl", "get", "pod", "a", "-n", "{p}"]],
            choice(&["x", "y"])
        ),
        none
    );
    assert_eq!(
        issues(
            &[&["kubectl", "get", "pod", "a", "-n", "{p}"]],
            choice(&["x", "Y"])
        ),
        vec![(0, 5)]
    );
    let exec = |rest: &[&'static str]| [&["kubectl", "exec", "-n", "x", "deploy/a", "--"], rest].concat();
    assert_eq!(issues(&[&exec(&["logrotate", "{p}"])], text()), none);
    assert_eq!(issues(&[&exec(&["{p}"])], text()), vec![(0, 6)]);
    assert_eq!(issues(&[&exec(&["sh", "-c", "{p}"])], text()), vec![(0, 8)]);
    assert_eq!(
        issues(&[&exec(&["env", "bash", "-c", "echo $1", "x", "{p}"])], text()),
        vec![(0, 11)]
    );
    assert_eq!(issues(&[&exec(&["psql", "-c", "{p}"])], text()), vec![(0, 8)]);
    assert_eq!(issues(&[&exec(&["redis-cli", "{p}"])], text()), vec![(0, 7)]);
    assert_eq!(issues(&[&exec(&["redis-cli", "GET", "{p}"])], text()), none);
    assert_eq!(issues(&[&["curl", "{p}"]], text()), vec![(0, 1)]);
    assert_eq!(
        issues(&[&["curl", "-H", "{p}", "https://a/"]], text()),
        vec![(0, 2)]
    );
    assert_eq!(
        issues(&[&["curl", "--data-raw", "{p}", "https://a/"]], text()),
        none
    );
    let get: &[&str] = &["kubectl", "get", "pods", "-n", "x"];
    assert_eq!(issues(&[get, &["grep", "{p}"]], name()), none);
    assert_eq!(issues(&[get, &["jq", "{p}"]], text()), vec![(1, 1)]);
    assert_eq!(issues(&[get, &["{p}"]], text()), vec![(1, 0)]);
    assert_eq!(issues(&[get, &["grep", "{q}"]], text()), vec![(1, 1)]);
    assert_eq!(
        issues(&[get, &["awk", "x"], &["grep", "["]], text()),
        vec![(1, 0), (2, 1)]
    );
    assert_eq!(issues(&[&["jq", "."]], text()), vec![(0, 0)]);
    assert_eq!(issues(&[], text()), vec![(0, 0)]);
}
