//! The runbooks in a list: those that are in use, and those that were refused, which would else be missed only when they
//! are needed.

use super::words;
use crate::domain::command::RunbookLine;
use crate::domain::runbook::RefusedLine;
use crate::domain::text::shortened;

/// Refused runbooks that an answer names.
const REFUSED: usize = 10;
/// Characters of what is wrong with one.
const SAID: usize = 300;

/// The answer to `/runbook list`.
pub(super) fn list(lines: &[RunbookLine], out: &[RefusedLine]) -> String {
    if lines.is_empty() && out.is_empty() {
        return "No runbook is loaded. Put Markdown files into the folder that runbooks.path names; `interlock check` says what is wrong with one.".to_owned();
    }
    let line = |runbook: &RunbookLine| {
        let kind = if runbook.prose {
            "checklist".to_owned()
        } else {
            words::counted(runbook.steps, "step")
        };
        format!("{}: {} ({kind})", runbook.name, runbook.title)
    };
    let lines: Vec<String> = lines.iter().map(line).chain(refused(out)).collect();
    lines.join("\n")
}

/// A line for each runbook that may not be used, and what that means.
#[must_use]
pub fn refused(out: &[RefusedLine]) -> Vec<String> {
    let named = out.iter().take(REFUSED);
    let mut lines: Vec<String> = named
        .map(|line| format!("REFUSED {}: {}", line.runbook, shortened(&line.said, SAID)))
        .collect();
    if out.len() > REFUSED {
        lines.push(format!("REFUSED as well: {} more", out.len() - REFUSED));
    }
    if !lines.is_empty() {
        lines.push(
            "What is refused matches no alert and can't be run until its file is mended, not even as it was before; a plan that was made already keeps its own text. `interlock check` shows what is wrong."
                .to_owned(),
        );
    }
    lines
}
