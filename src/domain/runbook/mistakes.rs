//! Every mistake that a file can make, and what its author reads. A new `Code` without a case here fails a test.

use super::tests::{parse, with_steps};
use super::*;
use crate::domain::runbook::parse::MAX_FILE_BYTES;

mod commands;
mod files;
mod keys;
mod parameters;
mod steps;

type Case = (Code, String);

/// What is told about each case, one after the other.
fn told(cases: &[Case]) -> String {
    let told = cases.iter().map(|(code, text)| {
        let parsed = parse(text);
        let found = parsed.diagnostics.iter().find(|found| found.code == *code);
        let found =
            found.unwrap_or_else(|| panic!("{code} is not found in\n{text}\n{:#?}", parsed.diagnostics));
        assert_eq!(
            parsed.runbook.is_none(),
            parsed.diagnostics.iter().any(Diagnostic::is_error),
            "{text}"
        );
        found.render("test.md", text, Style::Plain)
    });
    told.collect::<Vec<_>>()
        .join("\n")
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A good runbook with one step whose command is this.
fn command(line: &str) -> String {
    with_steps(&format!("### Look\n```bash\n{line}\n```\n"))
}

/// A good runbook with this line below its step.
fn key(line: &str) -> String {
    with_steps(&format!(
        "### Look\n```bash\nkubectl get pods -n production\n```\n{line}\n"
    ))
}

fn case(code: Code, text: impl Into<String>) -> Case {
    (code, text.into())
}

#[test]
fn mistakes_of_bytes_and_names() {
    let check = |_: &CommandLine, _: &[ParamSpec]| Vec::new();
    let lines = [
        Runbook::parse_bytes("test.md", &[b'#', 0xff], &check),
        Runbook::parse_bytes("test.md", &vec![b'x'; MAX_FILE_BYTES + 1], &check),
        Runbook::parse("my runbook.md", "# X", &check),
    ]
    .map(|parsed| {
        format!(
            "{}; {}",
            parsed.diagnostics[0].one_line("test.md"),
            parsed.diagnostics[0].help
        )
    });
    insta::assert_snapshot!(lines.join("\n"), @"
test.md:1:1: error[not-utf8]: the file is not UTF-8 text: byte 2 is none; save it as UTF-8 in your editor
test.md:1:1: error[too-large]: the file has 262145 bytes, and at most 262144 are read; split it into several runbooks
test.md:1:1: error[bad-name]: `my runbook.md` can't be the name of a runbook; rename the file to letters, digits, `-`, `_` and `.`, such as `redis-connection-timeout.md`
");
}

#[test]
fn every_code_has_a_case() {
    let cases = [
        files::cases(),
        keys::cases(),
        steps::cases(),
        parameters::cases(),
        commands::cases(),
    ]
    .concat();
    // Those of bytes, names and folders have tests of their own here, in `catalog` and in `crate::config`.
    let elsewhere = [
        Code::NotUtf8,
        Code::TooLarge,
        Code::Unreadable,
        Code::BadName,
        Code::DuplicateName,
        // Of places that a configuration lacks: `tests/cli/runbooks.rs`.
        Code::UnknownCluster,
        Code::UnknownEnvironment,
        Code::NoEnvironment,
    ];
    for code in Code::ALL {
        let shown = cases.iter().any(|(other, _)| other == code) || elsewhere.contains(code);
        assert!(shown, "{code} has no case");
    }
}

#[test]
fn the_json_form_is_flat_and_stable() {
    let parsed = parse("# X\n## Trigger Conditions\n- Severty: high\n## Mitigation\n- Look\n");
    let found = parsed.diagnostics.iter().find(|found| found.is_error()).unwrap();
    insta::assert_snapshot!(serde_json::to_string(found).unwrap(), @r#"{"severity":"error","code":"unknown-key","message":"unknown key `Severty`","help":"did you mean `severity`?","offset":28,"len":7,"line":3,"column":3}"#);
}
