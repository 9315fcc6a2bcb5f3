//! Mistakes in steps, and what their author reads.

use super::{Case, case, command, key, told};
use crate::domain::runbook::Code;
use crate::domain::runbook::tests::with_steps;

pub(super) fn cases() -> Vec<Case> {
    let get = "```bash\nkubectl get pods -n production\n```\n";
    let restart = "```bash\nkubectl rollout restart deploy/x -n production\n```\n";
    vec![
        case(
            Code::StepNumbering,
            with_steps(&format!("### Step 1: A\n{get}### Step 3: B\n{get}")),
        ),
        case(
            Code::StepWithoutCommand,
            with_steps(&format!("### A\n{get}### B\nLook around.\n")),
        ),
        case(Code::SeveralCommands, with_steps(&format!("### A\n{get}{get}"))),
        case(
            Code::DuplicateStep,
            with_steps(&format!("### A\n{get}### A\n{get}")),
        ),
        case(Code::FenceOutsideStep, with_steps(get)),
        case(Code::FenceOutsideStep, format!("{}## Cleanup\n{get}", key(""))),
        case(Code::FirstStepWhen, key("When: previous failed")),
        case(
            Code::TooManySteps,
            with_steps(&(0..51).map(|at| format!("### S{at}\n{get}")).collect::<String>()),
        ),
        case(Code::NoVerification, key("")),
        case(Code::NoNamespace, command("kubectl get pods")),
        case(Code::UnboundedNamespace, {
            let text = command("kubectl get pods -n {{ place }}");
            format!("{text}## Parameters\n- place: name\n")
        }),
        case(Code::NoBudget, with_steps(&format!("### A\n{restart}"))),
        case(
            Code::UnusedBudget,
            format!("{}## Blast Radius\n- max_jobs: 1\n", key("")),
        ),
        case(
            Code::NotReadOnly,
            format!("{}## Verification\n{restart}", key("")),
        ),
    ]
}

#[test]
fn are_told_with_their_place() {
    insta::assert_snapshot!(told(&cases()), @r#"
step-numbering

  × this is step 2 in order, but its heading says 3
    ╭─[test.md:11:13]
 10 │ ```
 11 │ ### Step 3: B
    ·             ─
 12 │ ```bash
    ╰────
  help: number the steps 1, 2, 3 in the order in which they run

step-without-command

  × step 2 has no command
    ╭─[test.md:11:5]
 10 │ ```
 11 │ ### B
    ·     ─
 12 │ Look around.
    ╰────
  help: put one command below it in a code block (```bash), or make the runbook a checklist
        without commands

several-commands

  × step 1 has a second command
    ╭─[test.md:12:1]
 11 │ ```bash
 12 │ kubectl get pods -n production
    · ──────────────────────────────
 13 │ ```
    ╰────
  help: make each command a step of its own, so that each can be approved, checked and stopped

duplicate-step

  ⚠ two steps are called `A`
    ╭─[test.md:11:5]
 10 │ ```
 11 │ ### A
    ·     ─
 12 │ ```bash
    ╰────
  help: give each a title of its own, so that the card and the log can be told apart

fence-outside-step

  × this command stands before the first step
   ╭─[test.md:8:1]
 7 │ ```bash
 8 │ kubectl get pods -n production
   · ──────────────────────────────
 9 │ ```
   ╰────
  help: put a heading above it: `### Step 1: what it does`

fence-outside-step

  ⚠ commands in `Cleanup` are shown to people and never run
    ╭─[test.md:14:1]
 13 │ ```bash
 14 │ kubectl get pods -n production
    · ──────────────────────────────
 15 │ ```
    ╰────
  help: to have it run, make it a step, or the `Rollback:` of one

first-step-when

  × nothing stands before the first step, so its `When` never holds
   ╭─[test.md:7:5]
 6 │ ## Steps
 7 │ ### Look
   ·     ────
 8 │ ```bash
   ╰────
  help: leave out `When`, or put the step it depends on first

too-many-steps

  × `Steps` has 51 steps, and at most 50 are read
     ╭─[test.md:207:5]
 206 │ ```
 207 │ ### S50
     ·     ───
 208 │ ```bash
     ╰────
  help: split the runbook: nobody can approve so many at a glance

no-verification

  ⚠ nothing says whether the fix has worked, so the incident always goes to a human
   ╭─[test.md:6:4]
 5 │ - Alert contains: "x"
 6 │ ## Steps
   ·    ─────
 7 │ ### Look
   ╰────
  help: add `## Verification` with a command, or `Expected output:` to the last step

no-namespace

  × this command does not say in which namespace it acts
    ╭─[test.md:9:1]
  8 │ ```bash
  9 │ kubectl get pods
    · ───────
 10 │ ```
    ╰────
  help: add `-n NAMESPACE`, such as `-n production`: there is no default to fall into

unbounded-namespace

  × `place` could be any namespace
    ╭─[test.md:9:21]
  8 │ ```bash
  9 │ kubectl get pods -n {{ place }}
    ·                     ───────────
 10 │ ```
    ╰────
  help: name those that are meant: `- place: one of production, staging`

no-budget

  ⚠ step 1 will be refused: the blast radius has no `max_pod_restarts`
   ╭─[test.md:7:5]
 6 │ ## Steps
 7 │ ### A
   ·     ─
 8 │ ```bash
   ╰────
  help: add `- max_pod_restarts: 1` to `## Blast Radius`; a missing key is 0

unused-budget

  ⚠ no step needs `max_jobs`
    ╭─[test.md:13:3]
 12 │ ## Blast Radius
 13 │ - max_jobs: 1
    ·   ────────
    ╰────
  help: leave it out, so that a later edit can't use it unseen

not-read-only

  × a verification only looks, and this command changes something
    ╭─[test.md:14:1]
 13 │ ```bash
 14 │ kubectl rollout restart deploy/x -n production
    · ──────────────────────────────────────────────
 15 │ ```
    ╰────
  help: make it a step, so that it is approved
"#);
}
