//! A runbook: one Markdown file of the team. `types` is what a file means; `parse` reads it and says with file, line and
//! column what is wrong (`diagnostics`); `command` reads command lines; `resolve` gives parameters their values;
//! `catalog` holds the loaded ones.
//!
//! On the way of a file: `markdown` cuts lines into blocks, `sections` cuts blocks at headings, `trigger`, `blast_radius`, `params`,
//! `evidence` with `jaeger` and `traceql`, `steps` with `step_keys` and `prose` read the sections, `lints` looks at the whole. Back to
//! front, `mutants` are a file with one thing changed.

mod blast_radius;
mod catalog;
mod command;
mod costs;
mod diagnostics;
mod evidence;
#[cfg(test)]
mod forms;
mod head;
mod jaeger;
mod lexemes;
mod lints;
mod markdown;
#[cfg(test)]
mod mistakes;
mod mutants;
#[cfg(test)]
mod never_panics;
mod on_evidence;
mod param_clauses;
mod params;
mod parse;
mod prose;
mod reach;
mod refused;
mod resolve;
mod sections;
mod step_cut;
mod step_keys;
mod steps;
#[cfg(test)]
mod tests;
mod traceql;
mod trigger;
mod types;
mod words;

pub use catalog::{Catalog, Loaded, NotFound};
pub use command::CommandError;
pub use diagnostics::{Code, Diagnostic, Level, Span, Style};
pub use evidence::{JAEGER_TRACES, TEMPO_TRACES};
pub use jaeger::{JaegerSearch, QueryMistake};
pub use mutants::{Mutant, means_the_same, mutants};
pub use parse::{CommandCheck, CommandIssue, MAX_FILE_BYTES, Parsed};
pub use refused::{Refused, RefusedLine};
pub use resolve::{ParamProblem, SubstituteError, check as check_parameter, resolve_parameters, substitute};
pub use steps::{ATTEMPTS, TIMEOUT_SECONDS};
pub use types::{
    Autonomy, ChecklistItem, CommandLine, Evidence, EvidenceQuery, Expectation, FailureAction, Limit,
    LimitSide, NumberOp, OnEvidence, OnEvidenceIs, ParamKind, ParamSpec, ParamValue, Runbook, Step, Term,
    Trigger, When, Word,
};
