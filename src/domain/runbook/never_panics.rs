//! Whatever stands in a file, reading it ends with a runbook or with errors that can be shown.

use proptest::prelude::*;

use super::tests::{SHIPPED, parse};
use super::*;
use crate::domain::runbook::parse::MAX_FILE_BYTES;

fn holds(text: &str) {
    let parsed = parse(text);
    let refused = parsed.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(parsed.runbook.is_none(), refused, "{text}");
    for found in &parsed.diagnostics {
        let end = found.span.offset + found.span.len;
        assert!(
            text.get(found.span.offset..end).is_some(),
            "{found:?} lies outside of {text:?}"
        );
        assert!(!found.help.is_empty() && !found.message.is_empty(), "{found:?}");
        let shown = found.render("test.md", text, Style::Plain);
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
    if let Some(runbook) = parsed.runbook {
        assert!(runbook.is_prose() != runbook.checklist.is_empty());
        assert!(
            runbook
                .steps
                .iter()
                .all(|step| step.command.stages.iter().all(|stage| !stage.is_empty()))
        );
        assert!(runbook.steps.iter().all(|step| !step.command.stages.is_empty()));
    }
}

/// Pieces that mean something to the reader.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "# X\n",
            "## Steps\n",
            "### Step 1: a\n",
            "```\n",
            "```bash\n",
            "~~~\n",
            "- ",
            "1. ",
            "<!--",
            "-->",
            "---\n",
            "===\n",
            "Expected output:",
            " contains ",
            "matches /",
            "jq .",
            "{{ a }}",
            "{{",
            "}}",
            "\"",
            "'",
            "`",
            "|",
            "$(",
            "\\\n",
            "kubectl get pods -n p\n",
            "## Parameters\n",
            "- a: ",
            "integer, ",
            "1 to 2",
            "default ",
            "one of ",
            "## Evidence\n",
            "promql `",
            "traceql `{",
            "jaeger `service=",
            "## Trigger Conditions\n",
            "- Alert contains: ",
            " or ",
            ", ",
            "## Blast Radius\n",
            "- max_jobs: 1\n",
            "Rollback: ",
            "Timeout: 9",
            "\u{feff}",
            "\u{0}",
            "\r\n",
            "é",
            "“",
            "–",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in prop::collection::vec(fragment(), 0..60)) {
        holds(&text.concat());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let parsed = Runbook::parse_bytes("test.md", &bytes, &|_, _| Vec::new());
        prop_assert_eq!(parsed.runbook.is_none(), parsed.diagnostics.iter().any(Diagnostic::is_error));
    }

    #[test]
    fn any_edit_of_a_shipped_runbook(
        which in 0..SHIPPED.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, fragment()), 1..5),
    ) {
        let mut text: Vec<char> = SHIPPED[which].1.chars().collect();
        for (at, cut, insert) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, insert.chars());
        }
        holds(&text.into_iter().collect::<String>());
    }

    #[test]
    fn a_value_is_one_whole_element_and_no_flag(text in "\\PC{0,20}|-\\PC{0,5}|[a-z]{1,9}\n?") {
        for kind in [
            ParamKind::Name,
            ParamKind::Text { pattern: None, max_length: 30 },
            ParamKind::Integer { min: None, max: None },
            ParamKind::Boolean,
        ] {
            let integer = matches!(kind, ParamKind::Integer { .. });
            let spec = ParamSpec { name: "a".to_owned(), kind, default: None, from_label: None, description: None, people_only: false };
            let given = [("a".to_owned(), text.clone())].into();
            let Ok(values) = resolve_parameters(&[spec], &given, &Default::default()) else { continue };
            let line = CommandLine::parse("kubectl get pod {{ a }} -n production").unwrap();
            let argv = substitute(&line, &values).unwrap();
            prop_assert_eq!(argv[0].len(), 6);
            prop_assert!(integer || !argv[0][3].starts_with('-'));
            prop_assert!(!argv[0][3].is_empty() && !argv[0][3].contains(char::is_control));
        }
    }
}

#[test]
fn long_and_deep_texts_are_read_in_time() {
    let lengths = MAX_FILE_BYTES;
    for piece in [
        "#",
        "`",
        "- a\n",
        "\"",
        "{{",
        "<!--",
        "> ",
        "a: b\n",
        "## Steps\n",
        "[",
        "or ",
        "| ",
        "\n",
        "-",
        "é",
    ] {
        let text = format!(
            "# X\n## Steps\n### A\n```\n{}",
            piece.repeat(lengths / piece.len() / 2)
        );
        holds(&text);
        let text = format!(
            "# X\n## Trigger Conditions\n- Alert contains: {}",
            piece.repeat(20_000)
        );
        assert!(parse(&text).diagnostics.len() <= 100);
    }
}
