//! A runbook: one Markdown file of the team. `types` is what a file means; `parse` reads it and says with file, line and
//! column what is wrong; `command` reads command lines; `catalog` holds the loaded ones.

mod types;

pub use types::{
    Autonomy, ChecklistItem, CommandLine, Evidence, EvidenceQuery, Expectation, FailureAction, NumberOp,
    ParamKind, ParamSpec, ParamValue, Runbook, Step, Term, Trigger, When, Word,
};
