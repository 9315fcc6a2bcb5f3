//! Mistakes in parameters, and what their author reads.

use super::{Case, case, command, key, told};
use crate::domain::runbook::Code;

pub(super) fn cases() -> Vec<Case> {
    let with = |line: &str| {
        let text = command("kubectl logs -n production {{ pod }}");
        format!("{text}## Parameters\n- pod: name\n{line}\n")
    };
    vec![
        case(Code::BadParameter, with("- Pod2: name")),
        case(Code::BadParameter, with("- count: intger")),
        case(Code::BadParameter, with("- count: default 3")),
        case(Code::BadParameter, with("- count: integer, 9 to 3")),
        case(Code::BadParameter, with("- count: integer, 1 to 3, default 7")),
        case(Code::BadParameter, with("- mode: one of -a, -b")),
        case(Code::DuplicateParameter, with("- pod: text")),
        case(Code::UnusedParameter, with("- region: one of eu, us")),
        case(
            Code::UnknownParameter,
            command("kubectl logs -n production {{ pod }}"),
        ),
        case(
            Code::PlaceholderInsideWord,
            with("").replace("{{ pod }}", "pod/{{ pod }}"),
        ),
        case(
            Code::BadPlaceholder,
            with("").replace("{{ pod }}", "{{ Pod-Name }}"),
        ),
        case(
            Code::PlaceholderOutsideCommand,
            key("Expected output: \"{{ pod }}\""),
        ),
    ]
}

#[test]
fn are_told_with_their_place() {
    insta::assert_snapshot!(told(&cases()), @r#"
bad-parameter

  × `Pod2` can't be the name of a parameter
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - Pod2: name
    ·   ────
    ╰────
  help: use lower-case letters, digits and `_`, starting with a letter, such as `- replicas:
        integer`

bad-parameter

  × this parameter has no type
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - count: intger
    ·   ─────
    ╰────
  help: write `integer`, `name`, `text`, `boolean` or `one of a, b`

bad-parameter

  × this parameter has no type
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - count: default 3
    ·   ─────
    ╰────
  help: write `integer`, `name`, `text`, `boolean` or `one of a, b`

bad-parameter

  × the lower bound is above the upper
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - count: integer, 9 to 3
    ·   ─────
    ╰────
  help: swap them

bad-parameter

  × the default of `count` can't be: it must be from 1 to 3
    ╭─[test.md:13:35]
 12 │ - pod: name
 13 │ - count: integer, 1 to 3, default 7
    ·                                   ─
    ╰────
  help: give a default that fits its type and bounds, or none

bad-parameter

  × `-a` could be taken for a flag
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - mode: one of -a, -b
    ·   ────
    ╰────
  help: leave out the hyphen in front

duplicate-parameter

  × the parameter `pod` stands twice
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - pod: text
    ·   ───
    ╰────
  help: leave one of them

unused-parameter

  ⚠ no command uses the parameter `region`
    ╭─[test.md:13:3]
 12 │ - pod: name
 13 │ - region: one of eu, us
    ·   ──────
    ╰────
  help: write `{{ region }}` where its value belongs, or leave it out

unknown-parameter

  × the parameter `pod` is not declared
    ╭─[test.md:9:28]
  8 │ ```bash
  9 │ kubectl logs -n production {{ pod }}
    ·                            ─────────
 10 │ ```
    ╰────
  help: declare it: `## Parameters` with `- pod: name`

placeholder-inside-word

  × a placeholder stands for one whole word
    ╭─[test.md:9:28]
  8 │ ```bash
  9 │ kubectl logs -n production pod/{{ pod }}
    ·                            ──────
 10 │ ```
    ╰────
  help: make it a word of its own: `--replicas {{ replicas }}`, not `--replicas={{ replicas }}`

bad-placeholder

  × `Pod-Name` can't be the name of a parameter
    ╭─[test.md:9:28]
  8 │ ```bash
  9 │ kubectl logs -n production {{ Pod-Name }}
    ·                            ──────────────
 10 │ ```
    ╰────
  help: use lower-case letters, digits and `_`, starting with a letter

placeholder-outside-command

  × a placeholder is filled in only in commands
    ╭─[test.md:11:18]
 10 │ ```
 11 │ Expected output: "{{ pod }}"
    ·                  ───────────
    ╰────
  help: write the text out, or compare with jq inside the command
"#);
}
