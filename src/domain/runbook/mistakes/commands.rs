//! Mistakes in command lines, and what their author reads.

use super::{Case, case, command, told};
use crate::domain::runbook::Code;

pub(super) fn cases() -> Vec<Case> {
    let pods = "kubectl get pods -n production";
    vec![
        case(Code::SeveralLines, command(&format!("{pods}\n{pods}"))),
        case(Code::EmptyCommand, command(&format!("{pods} |"))),
        case(Code::CommandSeparator, command(&format!("{pods}; reboot"))),
        case(Code::CommandSeparator, command(&format!("{pods} && reboot"))),
        case(Code::CommandSeparator, command(&format!("{pods} || reboot"))),
        case(
            Code::CommandSubstitution,
            command("kubectl logs -n production $(cat pod)"),
        ),
        case(
            Code::CommandSubstitution,
            command("kubectl logs -n production \"`cat pod`\""),
        ),
        case(Code::ShellVariable, command("kubectl logs -n $NAMESPACE pod")),
        case(
            Code::ShellVariable,
            command("KUBECONFIG=/tmp/x kubectl get pods -n production"),
        ),
        case(Code::ShellSyntax, command(&format!("$ {pods}"))),
        case(Code::ShellSyntax, command(&format!("({pods})"))),
        case(Code::Redirect, command(&format!("{pods} 2>/dev/null"))),
        case(Code::Glob, command("kubectl logs -n production api-*")),
        case(Code::Glob, command("kubectl logs -n production pod-{a,b}")),
        case(Code::Background, command(&format!("{pods} &"))),
        case(Code::Comment, command(&format!("{pods} # all of them"))),
        case(
            Code::UnclosedQuote,
            command("kubectl get pods -n production -l 'app=x"),
        ),
        case(
            Code::InvisibleCharacter,
            command("kubectl get pods -n produc\u{202e}tion"),
        ),
        case(
            Code::TypographicCharacter,
            command("kubectl get pods –n production"),
        ),
        case(Code::BadCommand, command("forbidden -n production")),
    ]
}

#[test]
fn are_told_with_their_place() {
    insta::assert_snapshot!(told(&cases()), @r#"
several-lines

  × a step runs one command, and here is a second line
    ╭─[test.md:10:1]
  9 │ kubectl get pods -n production
 10 │ kubectl get pods -n production
    · ──────────────────────────────
 11 │ ```
    ╰────
  help: make each command a step of its own, or end the line with `\` when it goes on

empty-command

  × one side of `|` is empty
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl get pods -n production |
    ·                                ─
 10 │ ```
    ╰────
  help: write a command on both sides of `|`, or leave it out

command-separator

  × `;` chains commands, which needs a shell
    ╭─[test.md:9:31]
  8 │ ```bash
  9 │ kubectl get pods -n production; reboot
    ·                               ─
 10 │ ```
    ╰────
  help: make each command a step of its own

command-separator

  × `&&` chains commands, which needs a shell
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl get pods -n production && reboot
    ·                                ──
 10 │ ```
    ╰────
  help: make each command a step of its own; a step that fails stops the ones after it

command-separator

  × `||` chains commands, which needs a shell
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl get pods -n production || reboot
    ·                                ──
 10 │ ```
    ╰────
  help: make it a step of its own with `When: previous failed`

command-substitution

  × a command inside a command needs a shell
    ╭─[test.md:9:28]
  8 │ ```bash
  9 │ kubectl logs -n production $(cat pod)
    ·                            ──
 10 │ ```
    ╰────
  help: make it a step or an evidence query of its own, and its result a parameter

command-substitution

  × a command inside a command needs a shell
    ╭─[test.md:9:29]
  8 │ ```bash
  9 │ kubectl logs -n production "`cat pod`"
    ·                             ─
 10 │ ```
    ╰────
  help: make it a step or an evidence query of its own, and its result a parameter

shell-variable

  × a shell variable is not filled in here
    ╭─[test.md:9:17]
  8 │ ```bash
  9 │ kubectl logs -n $NAMESPACE pod
    ·                 ──
 10 │ ```
    ╰────
  help: declare a parameter and write `{{ name }}`, or use single quotes

shell-variable

  × a variable in front of the command needs a shell
    ╭─[test.md:9:1]
  8 │ ```bash
  9 │ KUBECONFIG=/tmp/x kubectl get pods -n production
    · ─────────────────
 10 │ ```
    ╰────
  help: leave it out; a program in a pod gets its environment from the pod

shell-syntax

  × this line starts with a shell prompt
    ╭─[test.md:9:1]
  8 │ ```bash
  9 │ $ kubectl get pods -n production
    · ──
 10 │ ```
    ╰────
  help: leave out the prompt: `kubectl get pods -n production`

shell-syntax

  × parentheses start a sub-shell
    ╭─[test.md:9:1]
  8 │ ```bash
  9 │ (kubectl get pods -n production)
    · ─
 10 │ ```
    ╰────
  help: put the word in single quotes when it is meant as it stands

redirect

  × a redirect needs a shell
    ╭─[test.md:9:33]
  8 │ ```bash
  9 │ kubectl get pods -n production 2>/dev/null
    ·                                 ─
 10 │ ```
    ╰────
  help: leave it out: output and errors are kept and shown; nothing is written to files

glob

  × a shell would expand `*` to file names
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl logs -n production api-*
    ·                                ─
 10 │ ```
    ╰────
  help: put the word in single quotes when it is meant as it stands

glob

  × a shell would expand these braces to several words
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl logs -n production pod-{a,b}
    ·                                ─
 10 │ ```
    ╰────
  help: put the word in single quotes when it is meant as it stands

background

  × `&` starts a command in the background
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl get pods -n production &
    ·                                ─
 10 │ ```
    ╰────
  help: leave it out (a step runs to its end or its `Timeout`), or quote the word

comment

  × a comment is not part of a command
    ╭─[test.md:9:32]
  8 │ ```bash
  9 │ kubectl get pods -n production # all of them
    ·                                ─────────────
 10 │ ```
    ╰────
  help: write the remark as a line of text outside the code block

unclosed-quote

  × this quote is never closed
    ╭─[test.md:9:35]
  8 │ ```bash
  9 │ kubectl get pods -n production -l 'app=x
    ·                                   ─
 10 │ ```
    ╰────
  help: close it with `'`

invisible-character

  × this command line holds an invisible character (U+202E)
    ╭─[test.md:9:27]
  8 │ ```bash
  9 │ kubectl get pods -n produc   tion
    ·                           ───
 10 │ ```
    ╰────
  help: delete it and type the line again by hand

typographic-character

  × `–` is a typographic character, as word processors put it in
    ╭─[test.md:9:18]
  8 │ ```bash
  9 │ kubectl get pods –n production
    ·                  ─
 10 │ ```
    ╰────
  help: type plain quotes and hyphens: " ' -

bad-command

  × `forbidden` is not a program that Interlock runs
    ╭─[test.md:9:1]
  8 │ ```bash
  9 │ forbidden -n production
    · ─────────
 10 │ ```
    ╰────
  help: write `kubectl` or `curl`
"#);
}
