//! What people may write and how it is understood: commands, expectations, parameters, the catalog.

use std::collections::BTreeMap;

use super::tests::{parse, with_steps};
use super::*;
use crate::domain::action::Tier;

fn good(text: &str) -> Runbook {
    let parsed = parse(text);
    parsed
        .runbook
        .unwrap_or_else(|| panic!("{text}\n{:#?}", parsed.diagnostics))
}

fn step(keys: &str) -> Step {
    let text = with_steps(&format!(
        "### Look\n```bash\nkubectl get pods -n production\n```\n{keys}\n"
    ));
    good(&text).steps.remove(0)
}

fn words(line: &str) -> Vec<Vec<String>> {
    let line = CommandLine::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    substitute(
        &line,
        &BTreeMap::from([("pod".to_owned(), ParamValue("api 1; rm".to_owned()))]),
    )
    .unwrap()
}

#[test]
fn words_are_split_as_a_shell_splits_them() {
    let cases: [(&str, &[&[&str]]); 11] = [
        ("kubectl get pods", &[&["kubectl", "get", "pods"]]),
        ("  a\t b  ", &[&["a", "b"]]),
        ("jq '.items[0] | .name'", &[&["jq", ".items[0] | .name"]]),
        ("jq .a|head -1", &[&["jq", ".a"], &["head", "-1"]]),
        ("a \"b c\"'d e'f", &[&["a", "b cd ef"]]),
        ("a '' \"\"", &[&["a", "", ""]]),
        (r#"a "x \" \$ \n" \| b\ c"#, &[&["a", r#"x " $ \n"#, "|", "b c"]]),
        ("a \\\n  b", &[&["a", "b"]]),
        (
            "a x#y {.name} a=b %{x}",
            &[&["a", "x#y", "{.name}", "a=b", "%{x}"]],
        ),
        ("a '$HOME;&&>*`'", &[&["a", "$HOME;&&>*`"]]),
        (
            "a \"costs $\" '{{range .items}}'",
            &[&["a", "costs $", "{{range .items}}"]],
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(words(line), expected, "{line}");
    }
}

#[test]
fn a_value_stays_one_word_whatever_it_holds() {
    for line in [
        "kubectl logs {{ pod }} -n p",
        "kubectl logs {{pod}} -n p",
        "kubectl logs \"{{ pod }}\" -n p",
    ] {
        assert_eq!(
            words(line),
            [["kubectl", "logs", "api 1; rm", "-n", "p"]],
            "{line}"
        );
    }
    let line = CommandLine::parse("kubectl logs {{ other }} -n p").unwrap();
    assert_eq!(
        substitute(&line, &BTreeMap::new()),
        Err(SubstituteError::NoValue("other".to_owned()))
    );
}

#[test]
fn what_a_shell_would_do_is_refused_wherever_it_hides() {
    for line in [
        "a $(b)",
        "a \"$(b)\"",
        "a `b`",
        "a \"`b`\"",
        "a ${b}",
        "a \"$b\"",
        "a $1",
        "a $'b'",
        "a > b",
        "a <<EOF",
        "a 2>&1",
        "a & b",
        "a&b",
        "a;b",
        "a\nb",
        "a || b",
        "a |& b",
        "| a",
        "a |",
        "a | | b",
        "a *",
        "a [b]",
        "a ?",
        "a ~/b",
        "(a)",
        "! a",
        "A=1 b",
        "a #b",
        "# a",
        "a 'b",
        "a \"b",
        "a \\",
        "a {1..3}",
        "a {b,c}",
        "{{ a }} b",
        "a x{{ b }}",
        "a {{ b }}x",
        "a {{ B }}",
        "a {{",
        "a '{{ b }} c'",
        "a \u{a0}b",
        "a \u{200b}b",
        "a \u{7}",
        "$ a",
        "",
    ] {
        assert!(CommandLine::parse(line).is_err(), "{line:?} was read");
    }
}

#[test]
fn every_form_of_expectation_is_read() {
    let text = |text: &str| text.to_owned();
    let number = |op, than: &str| Expectation::Number {
        op,
        than: than.to_owned(),
    };
    let cases = [
        ("\"OK\"", Expectation::Exact(text("OK"))),
        ("OK", Expectation::Exact(text("OK"))),
        ("`OK`", Expectation::Exact(text("OK"))),
        ("“all is well”", Expectation::Exact(text("all is well"))),
        ("contains \"connected\"", Expectation::Contains(text("connected"))),
        ("Contains connected", Expectation::Contains(text("connected"))),
        ("matches /^ready/", Expectation::Matches(text("^ready"))),
        ("matches /^ready/i", Expectation::Matches(text("(?i)^ready"))),
        ("jq .status == \"ok\"", Expectation::Jq(text(".status == \"ok\""))),
        ("< 10", number(NumberOp::Less, "10")),
        (">= 0.5", number(NumberOp::GreaterOrEqual, "0.5")),
        ("= 3", number(NumberOp::Equal, "3")),
        ("!= -1", number(NumberOp::NotEqual, "-1")),
    ];
    for (value, expected) in cases {
        assert_eq!(
            step(&format!("Expected output: {value}")).expected,
            Some(expected.clone()),
            "{value}"
        );
        assert_eq!(
            step(&format!("- **Expected Output** - {value}")).expected,
            Some(expected),
            "{value}"
        );
    }
    let block = step("Expected output:\n```\none\ntwo\n```");
    assert_eq!(block.expected, Some(Expectation::Exact("one\ntwo".to_owned())));
}

#[test]
fn keys_of_a_step_are_forgiving_in_case_order_and_punctuation() {
    let step = step(
        "**Timeout:** 2 minutes\n* ATTEMPTS: 3\n- failure_action: Stop.\n`tier`: 2\nWait: 5s\nRepeatable: yes\n\
         Note: this is harmless.\nRollback: `kubectl scale deploy/x -n production --replicas 3`",
    );
    assert_eq!(
        (step.timeout_seconds, step.attempts, step.wait_seconds),
        (120, 3, 5)
    );
    assert_eq!(
        (step.on_failure, step.tier_at_least),
        (FailureAction::Stop, Some(Tier::Two))
    );
    assert!(step.repeatable);
    assert_eq!(
        step.rollback.unwrap().source,
        "kubectl scale deploy/x -n production --replicas 3"
    );
}

#[test]
fn numbered_items_are_steps_too_and_sections_stand_in_any_order() {
    let text = "Runbook: X\n===\n\n### ESCALATION\nAsk.\n\n### steps:\n1. First\n   ```sh\n   kubectl get pods -n production\n   ```\n   \
                Expected output: \"a\"\n2. Second\n   ```\n   kubectl get pods \\\n     -n production\n   ```\n   Failure action: continue\n\n\
                ### Trigger conditions\n* Alert contains - 'it’s down'\n";
    let runbook = good(text);
    assert_eq!(runbook.title, "X");
    let titles: Vec<_> = runbook.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["First", "Second"]);
    assert_eq!(runbook.steps[1].on_failure, FailureAction::Continue);
    assert_eq!(runbook.trigger.contains, [Term::Contains("it’s down".to_owned())]);
    assert_eq!(runbook.escalation.as_deref(), Some("Ask."));
}

#[test]
fn windows_line_ends_mean_the_same() {
    let unix =
        with_steps("### Look\n```bash\nkubectl get pods -n production\n```\nExpected output: \"OK\"\n");
    let windows = good(&unix.replace('\n', "\r\n"));
    let unix = good(&unix);
    assert_eq!(windows.steps, unix.steps);
    assert_eq!((windows.trigger, windows.owner), (unix.trigger, unix.owner));
    assert_ne!(windows.revision, unix.revision);
}

#[test]
fn what_a_reader_of_the_page_cannot_see_does_nothing() {
    let step = "### Look\n```bash\nkubectl get pods -n production\n```\n";
    let hidden = with_steps(&format!(
        "{step}<!--\n### Gone\n```bash\nkubectl get pods -n production\n```\n-->\n"
    ));
    assert_eq!(good(&hidden).steps.len(), 1);
}

#[test]
fn a_precheck_may_be_a_sentence_for_people() {
    let step = "### Look\n```bash\nkubectl get pods -n production\n```\n";
    let text = format!(
        "{}## Prechecks\n- Tell #orders\n- Pods are there: `kubectl get pods -n production`\n",
        with_steps(step)
    );
    let prechecks = good(&text).prechecks;
    let seen: Vec<_> = prechecks
        .iter()
        .map(|it| (it.title.as_str(), it.command.stages.len()))
        .collect();
    assert_eq!(seen, [("Tell #orders", 0), ("Pods are there", 1)]);
}

fn specs(lines: &str) -> Vec<ParamSpec> {
    let uses: String = ["count", "pod", "mode", "note", "force"]
        .iter()
        .filter(|name| lines.contains(&format!("- {name}")))
        .map(|name| format!("### {name}\n```\nkubectl get pods -n production {{{{ {name} }}}}\n```\n"))
        .collect();
    good(&format!("{}## Parameters\n{lines}\n", with_steps(&uses))).parameters
}

#[test]
fn parameters_are_declared_in_one_line_or_in_several() {
    let one = specs(
        "- count: integer, 2 to 10, default 6, from label replicas, \"How many\"\n- mode: one of fast, slow; default slow",
    );
    let several = specs(
        "- count\n  - type: integer\n  - min: 2\n  - max: 10\n  - default: 6\n  - label: replicas\n  - description: How many\n\
         - name: mode\n  type: one of fast | slow\n  default: slow",
    );
    assert_eq!(one, several);
    assert_eq!(
        one[0].kind,
        ParamKind::Integer {
            min: Some(2),
            max: Some(10)
        }
    );
    assert_eq!(one[0].default, Some(ParamValue("6".to_owned())));
    assert_eq!(
        one[1].kind,
        ParamKind::Choice {
            of: vec!["fast".to_owned(), "slow".to_owned()]
        }
    );
    let text = specs("- note: text, matches /[a-z]{1,3}/, at most 3 characters");
    assert_eq!(
        text[0].kind,
        ParamKind::Text {
            pattern: Some("[a-z]{1,3}".to_owned()),
            max_length: 3
        }
    );
}

#[test]
fn a_value_comes_from_a_person_then_the_label_then_the_default() {
    let specs = specs("- count: integer, 2 to 10, default 6, from label replicas");
    let map = |value: Option<(&str, &str)>| {
        value
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect()
    };
    let value = |given, label| {
        resolve_parameters(&specs, &map(given), &map(label)).map(|values| values["count"].0.clone())
    };
    assert_eq!(
        value(Some(("count", "4")), Some(("replicas", "5"))),
        Ok("4".to_owned())
    );
    assert_eq!(value(None, Some(("replicas", "+05"))), Ok("5".to_owned()));
    assert_eq!(value(None, None), Ok("6".to_owned()));
    let wrong = value(None, Some(("replicas", "99"))).unwrap_err();
    assert_eq!(
        wrong[0].to_string(),
        "`count` can't be `99`: it must be from 2 to 10"
    );
    let unknown = value(Some(("cuont", "4")), None).unwrap_err();
    assert_eq!(
        unknown[0].to_string(),
        "the runbook has no parameter `cuont`; did you mean `count`?"
    );
}

#[test]
fn a_value_that_could_be_something_else_is_refused() {
    let refused = |line: &str, value: &str| {
        let specs = specs(line);
        let given = [(specs[0].name.clone(), value.to_owned())].into();
        resolve_parameters(&specs, &given, &BTreeMap::new()).is_err()
    };
    for value in [
        "-rf",
        "--all",
        "a b",
        "A",
        "a/b",
        "a..b",
        "",
        "-",
        "a\n",
        "\u{1b}[0m",
        "a;b",
    ] {
        assert!(refused("- pod: name", value), "{value:?}");
    }
    for value in ["-x", "", "a\nb", "toolong", "AB"] {
        assert!(
            refused("- note: text, matches /[a-z]+/, at most 5 characters", value),
            "{value:?}"
        );
    }
    assert!(refused("- note: text, matches /a|b/", "ab"));
    assert!(refused("- mode: one of fast, slow", "fas"));
    assert!(refused("- force: boolean", "maybe"));
    assert!(refused("- count: integer, at least 1", "1.5"));
    assert!(!refused("- count: integer", "-3"));
}

#[test]
fn the_catalog_refuses_alone_and_finds_what_is_meant() {
    let text = with_steps("### Look\n```\nkubectl get pods -n production\n```\n");
    let files = |names: &[&str]| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), text.clone().into_bytes()))
            .collect::<Vec<_>>()
    };
    let check = |_: &CommandLine, _: &[ParamSpec]| Vec::new();
    let mut all = files(&["redis-timeout.md", "team/disk.md", "team/Disk.md"]);
    all.push(("bad.md".to_owned(), b"# X\n## Stpes\n```\nx\n```\n".to_vec()));
    let catalog = Catalog::build(all.clone(), &check);
    all.reverse();
    assert_eq!(catalog.revision(), Catalog::build(all, &check).revision());
    assert_eq!(catalog.len(), 1);
    let refused: Vec<_> = catalog.refused().iter().map(|it| it.file.as_str()).collect();
    assert_eq!(refused, ["bad.md", "team/Disk.md", "team/disk.md"]);
    assert_eq!(catalog.refused()[1].diagnostics[0].code, Code::DuplicateName);
    let libraries = Catalog::build(files(&["one/disk.md", "two/disk.md", "redis.md"]), &check);
    let names: Vec<_> = libraries
        .loaded()
        .iter()
        .map(|it| it.runbook.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["one/disk", "redis", "two/disk"],
        "the folder tells pages of one name apart"
    );
    for name in ["redis-timeout", "Redis-Timeout.md", " redis-timeout "] {
        assert!(catalog.find(name).is_ok(), "{name}");
    }
    let told: Vec<_> = ["redis-timeuot", "redis", "bad", "zzz"]
        .map(|name| catalog.find(name).unwrap_err().to_string())
        .to_vec();
    insta::assert_snapshot!(told.join("\n"), @"
there is no runbook `redis-timeuot`; did you mean `redis-timeout`?
there is no runbook `redis`; did you mean `redis-timeout`?
the runbook `bad` was refused: bad.md:2:4: unknown section `Stpes`; `interlock check` says more
there is no runbook `zzz`; `/runbook list` shows all
");
}
