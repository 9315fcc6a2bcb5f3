//! Mistakes in keys and their values, and what their author reads.

use super::{Case, case, key, told};
use crate::domain::runbook::Code;

pub(super) fn cases() -> Vec<Case> {
    let trigger = |line: &str| format!("# X\n## Trigger Conditions\n{line}\n## Mitigation\n- Look\n");
    let radius = |line: &str| format!("# X\n## Blast Radius\n{line}\n## Mitigation\n- Look\n");
    vec![
        case(Code::UnknownKey, trigger("- Severty: high")),
        case(Code::UnknownKey, trigger("- Colour: red")),
        case(Code::UnknownKey, radius("- max_pod_restart: 1")),
        case(Code::UnknownKey, key("Failure acton: stop")),
        case(Code::UnknownKey, key("Retries: 3")),
        case(Code::UnknownKey, key("Colour: red")),
        case(Code::UnknownKey, "# X\nSeverity: high\n## Mitigation\n- Look\n"),
        case(
            Code::DuplicateKey,
            trigger("- Severity: high\n- Severity: critical"),
        ),
        case(Code::DuplicateKey, key("Attempts: 2\nAttempts: 3")),
        case(Code::NotAKey, trigger("- when it hurts")),
        case(Code::MissingValue, trigger("- Severity:")),
        case(Code::MissingValue, key("Expected output:")),
        case(
            Code::MixedAndOr,
            trigger("- Alert contains: \"redis\", \"valkey\" or \"keydb\""),
        ),
        case(Code::BadValue, trigger("- Alert contains: \"redis\", \"\"")),
        case(Code::BadValue, trigger("- Severity: hgh")),
        case(Code::BadValue, radius("- max_jobs: many")),
        case(Code::BadValue, radius("- requires_human_approval: maybe")),
        case(Code::BadValue, key("Failure action: retry")),
        case(Code::BadValue, key("Failure action: abort")),
        case(Code::BadValue, key("Expected output: all pods are running")),
        case(Code::BadValue, key("Expected output: matches /(/")),
        case(Code::BadValue, key("Expected output: < many")),
        case(Code::BadValue, key("Timeout: 2 hours")),
        case(Code::BadValue, key("Attempts: 9")),
        case(Code::BadValue, key("Tier: 4")),
        case(Code::BadValue, key("When: it rains")),
        case(Code::BadValue, key("\n## Autonomy\nfull")),
        case(Code::BadValue, key("\n## Evidence\n- Errors: sql `select 1`")),
        case(
            Code::BadValue,
            key("\n## Evidence\n- Errors: jaeger `service=a limit=5`"),
        ),
        case(
            Code::BadValue,
            key("\n## Evidence\n- Errors: traceql `{ } | rate()`"),
        ),
    ]
}

#[test]
fn are_told_with_their_place() {
    insta::assert_snapshot!(told(&cases()), @r#"
unknown-key

  × unknown key `Severty`
   ╭─[test.md:3:3]
 2 │ ## Trigger Conditions
 3 │ - Severty: high
   ·   ───────
 4 │ ## Mitigation
   ╰────
  help: did you mean `severity`?

unknown-key

  × unknown key `Colour`
   ╭─[test.md:3:3]
 2 │ ## Trigger Conditions
 3 │ - Colour: red
   ·   ──────
 4 │ ## Mitigation
   ╰────
  help: the keys here are `alert contains`, `severity`, `service` and `environment`

unknown-key

  × unknown key `max_pod_restart`
   ╭─[test.md:3:3]
 2 │ ## Blast Radius
 3 │ - max_pod_restart: 1
   ·   ───────────────
 4 │ ## Mitigation
   ╰────
  help: did you mean `max_pod_restarts`?

unknown-key

  × unknown key `Failure acton`
    ╭─[test.md:11:1]
 10 │ ```
 11 │ Failure acton: stop
    · ─────────────
    ╰────
  help: did you mean `Failure action`?

unknown-key

  × unknown key `Retries`
    ╭─[test.md:11:1]
 10 │ ```
 11 │ Retries: 3
    · ───────
    ╰────
  help: did you mean `Attempts`?

unknown-key

  × unknown key `Colour`
    ╭─[test.md:11:1]
 10 │ ```
 11 │ Colour: red
    · ──────
    ╰────
  help: the keys of a step are `Expected output`, `Failure action`, `Tier`, `Rollback`, `Timeout`,
        `Attempts`, `Repeatable`, `When` and `Wait`; a remark starts with `Note:`

unknown-key

  ⚠ `Severity` says nothing before the first section
   ╭─[test.md:2:1]
 1 │ # X
 2 │ Severity: high
   · ────────
 3 │ ## Mitigation
   ╰────
  help: put the line below `## Trigger Conditions`

duplicate-key

  × `Severity` stands twice
   ╭─[test.md:4:3]
 3 │ - Severity: high
 4 │ - Severity: critical
   ·   ────────
 5 │ ## Mitigation
   ╰────
  help: every line must hold, so write all values in one line: any of them is enough there

duplicate-key

  × `Attempts` stands twice in this step
    ╭─[test.md:12:1]
 11 │ Attempts: 2
 12 │ Attempts: 3
    · ────────
    ╰────
  help: leave one of them

not-a-key

  × this line has no key
   ╭─[test.md:3:3]
 2 │ ## Trigger Conditions
 3 │ - when it hurts
   ·   ─────────────
 4 │ ## Mitigation
   ╰────
  help: write it as `key: value`, such as `- Severity: high or critical`

missing-value

  × `Severity` has no value
   ╭─[test.md:3:3]
 2 │ ## Trigger Conditions
 3 │ - Severity:
   ·   ────────
 4 │ ## Mitigation
   ╰────
  help: write the value behind the colon, or leave out the line

missing-value

  × `Expected output` has no value
    ╭─[test.md:11:1]
 10 │ ```
 11 │ Expected output:
    · ───────────────
    ╰────
  help: write the value behind the colon

mixed-and-or

  × a comma or `and` asks for all words and `or` for any, and this line has both
   ╭─[test.md:3:19]
 2 │ ## Trigger Conditions
 3 │ - Alert contains: "redis", "valkey" or "keydb"
   ·                   ────────────────────────────
 4 │ ## Mitigation
   ╰────
  help: write one `Alert contains` line for each group: every line must hold

bad-value

  × an empty word is in every alert
   ╭─[test.md:3:28]
 2 │ ## Trigger Conditions
 3 │ - Alert contains: "redis", ""
   ·                            ──
 4 │ ## Mitigation
   ╰────
  help: write the words in quotes with commas between them: `"redis", "timeout"`

bad-value

  × `hgh` is not a severity
   ╭─[test.md:3:13]
 2 │ ## Trigger Conditions
 3 │ - Severity: hgh
   ·             ───
 4 │ ## Mitigation
   ╰────
  help: did you mean `high`?

bad-value

  × `many` is not a number from 0 to 4294967295
   ╭─[test.md:3:13]
 2 │ ## Blast Radius
 3 │ - max_jobs: many
   ·             ────
 4 │ ## Mitigation
   ╰────
  help: write `max_jobs: 1`

bad-value

  × `maybe` is neither true nor false
   ╭─[test.md:3:28]
 2 │ ## Blast Radius
 3 │ - requires_human_approval: maybe
   ·                            ─────
 4 │ ## Mitigation
   ╰────
  help: write `true` or `false`

bad-value

  × `retry` is not a failure action
    ╭─[test.md:11:17]
 10 │ ```
 11 │ Failure action: retry
    ·                 ─────
    ╰────
  help: write `Attempts: 3`, and here what happens when all have failed

bad-value

  × `abort` is not a failure action
    ╭─[test.md:11:17]
 10 │ ```
 11 │ Failure action: abort
    ·                 ─────
    ╰────
  help: did you mean `stop`?

bad-value

  × `all pods are running` could be the output itself or a description of it
    ╭─[test.md:11:18]
 10 │ ```
 11 │ Expected output: all pods are running
    ·                  ────────────────────
    ╰────
  help: write `"text"`, `contains "text"`, `matches /pattern/`, `jq .program` or `< 10`

bad-value

  × `matches /(/` is not a pattern: unclosed group
    ╭─[test.md:11:18]
 10 │ ```
 11 │ Expected output: matches /(/
    ·                  ───────────
    ╰────
  help: see https://docs.rs/regex for what a pattern may hold

bad-value

  × `many` is not a number
    ╭─[test.md:11:18]
 10 │ ```
 11 │ Expected output: < many
    ·                  ──────
    ╰────
  help: write a decimal behind the operator, such as `< 10` or `>= 0.5`

bad-value

  × `2 hours` is not a time that fits here
    ╭─[test.md:11:10]
 10 │ ```
 11 │ Timeout: 2 hours
    ·          ───────
    ╰────
  help: write `Timeout: 30s` or `2m`; from 1 to 600 seconds

bad-value

  × `9` is not a number of attempts
    ╭─[test.md:11:11]
 10 │ ```
 11 │ Attempts: 9
    ·           ─
    ╰────
  help: write a number from 1 to 5

bad-value

  × `4` is not a tier
    ╭─[test.md:11:7]
 10 │ ```
 11 │ Tier: 4
    ·       ─
    ╰────
  help: write 0, 1, 2 or 3; it can raise the tier of the command, never lower it

bad-value

  × `it rains` is not a condition
    ╭─[test.md:11:7]
 10 │ ```
 11 │ When: it rains
    ·       ────────
    ╰────
  help: write `always`, `previous succeeded`, `previous failed`, or the name of evidence and
        `beyond limit` or `within limit`

bad-value

  × `full` is not an autonomy
    ╭─[test.md:13:1]
 12 │ ## Autonomy
 13 │ full
    · ────
    ╰────
  help: write `shadow`, `suggest` or `auto`: the most that this runbook may ever do alone

bad-value

  × this is no query
    ╭─[test.md:13:11]
 12 │ ## Evidence
 13 │ - Errors: sql `select 1`
    ·           ──────────────
    ╰────
  help: write ``Errors: promql `up` ``, or logql, traceql, jaeger, or a command in backticks

bad-value

  × Jaeger's search has no `limit` here
    ╭─[test.md:13:29]
 12 │ ## Evidence
 13 │ - Errors: jaeger `service=a limit=5`
    ·                             ─────
    ╰────
  help: leave it out: how far back is `jaeger.minutes` of the configuration, and how many are
        counted is fixed

bad-value

  × `rate` makes a metric of traces, and a search finds traces
    ╭─[test.md:13:26]
 12 │ ## Evidence
 13 │ - Errors: traceql `{ } | rate()`
    ·                          ────
    ╰────
  help: leave it out: a limit counts the traces; or ask Prometheus for the metrics that Tempo
        writes there
"#);
}
