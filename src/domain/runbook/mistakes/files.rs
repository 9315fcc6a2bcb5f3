//! Mistakes of the file as a whole, and what their author reads.

use super::{Case, case, command, told};
use crate::domain::runbook::Code;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(Code::Empty, ""),
        case(Code::NoTitle, "## Mitigation\n- Look\n"),
        case(
            Code::FrontMatter,
            "---\ntitle: x\n---\n# X\n## Mitigation\n- Look\n",
        ),
        case(
            Code::UnclosedFence,
            "# X\n## Steps\n### Look\n```bash\nkubectl get pods -n production\n",
        ),
        case(
            Code::UnclosedComment,
            "# X\n## Mitigation\n- Look\n<!-- later\n## Steps\n",
        ),
        case(Code::NoOwner, "# X\n## Mitigation\n- Look\n"),
        case(
            Code::NoTrigger,
            "# X\n## Steps\n### Look\n```bash\nkubectl get pods -n production\n```\n",
        ),
        case(Code::NoSteps, "# X\n## Meaning\nIt is broken.\n"),
        case(
            Code::UnknownSection,
            "# X\n## Stpes\n### Look\n```bash\nkubectl get pods -n production\n```\n",
        ),
        case(
            Code::DuplicateSection,
            format!("{}## Owner\nothers\n", command("kubectl get pods -n production")),
        ),
    ]
}

#[test]
fn are_told_with_their_place() {
    insta::assert_snapshot!(told(&cases()), @r#"
empty

  × the file is empty
   ╭─[test.md:1:1]
   ╰────
  help: write a runbook, or delete the file; `runbooks/redis-connection-timeout.md` is an example

no-title

  ⚠ the runbook has no title
   ╭─[test.md:1:1]
 1 │ ## Mitigation
   · ▲
 2 │ - Look
   ╰────
  help: begin with `# Runbook: test`

front-matter

  ⚠ the front matter is not read
   ╭─[test.md:1:1]
 1 │ ---
   · ───
 2 │ title: x
   ╰────
  help: say the same with the title and sections such as `## Owner` and `## Trigger Conditions`

unclosed-fence

  × this code block is never closed
   ╭─[test.md:4:1]
 3 │ ### Look
 4 │ ```bash
   · ───────
 5 │ kubectl get pods -n production
   ╰────
  help: end it with a line of ```

unclosed-comment

  ⚠ this comment is never closed, so the rest of the file says nothing
   ╭─[test.md:4:1]
 3 │ - Look
 4 │ <!-- later
   · ──────────
 5 │ ## Steps
   ╰────
  help: end it with `-->`

no-owner

  ⚠ nobody owns this runbook
   ╭─[test.md:1:3]
 1 │ # X
   ·   ─
 2 │ ## Mitigation
   ╰────
  help: add `## Owner` with a team or a channel: they are asked when it fails

no-trigger

  ⚠ no alert asks for this runbook by itself
   ╭─[test.md:1:3]
 1 │ # X
   ·   ─
 2 │ ## Steps
   ╰────
  help: add `## Trigger Conditions` with `- Alert contains: "…"`; `/runbook run` works without

no-steps

  ⚠ this runbook asks for nothing to be done
   ╭─[test.md:1:3]
 1 │ # X
   ·   ─
 2 │ ## Meaning
   ╰────
  help: add `## Steps` with commands, or a list of what people do below `## Diagnosis` and `##
        Mitigation`

unknown-section

  × unknown section `Stpes`
   ╭─[test.md:2:4]
 1 │ # X
 2 │ ## Stpes
   ·    ─────
 3 │ ### Look
   ╰────
  help: did you mean `Steps`?

duplicate-section

  × the section `Owner` stands twice
    ╭─[test.md:11:4]
 10 │ ```
 11 │ ## Owner
    ·    ─────
 12 │ others
    ╰────
  help: put both into one section
"#);
}
