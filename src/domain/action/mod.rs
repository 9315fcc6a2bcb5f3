//! What a step can do, as data: the typed form of one command line. `parse`, `kubectl` and `curl` read argv into an
//! `Action`, `filter` what stands behind `|`, `check` a whole line of a runbook before any value is known. `tier` says
//! how dangerous an action is (`classify` for programs in pods), `effect` what a lost reply means, `cost` what it takes
//! from the budget, `plain` in one line what it does, `show` how it is written. Running it is the business of
//! `crate::actions`.

mod argv;
mod check;
mod classify;
mod cost;
mod curl;
mod curl_flags;
mod effect;
mod filter;
mod kinds;
mod kubectl;
mod kubectl_change;
mod kubectl_flags;
mod kubectl_verbs;
mod parse;
mod plain;
mod programs;
mod programs_http;
mod redis;
mod show;
mod target;
mod tier;
mod types;
mod undo;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_check;
#[cfg(test)]
mod tests_generated;

pub use argv::ArgvError;
pub use check::{CommandIssue, check_command, fill};
pub use classify::{ExecClass, classify};
pub use cost::LiveFacts;
pub use parse::Defaults;
pub use show::{display_argv, is_deceptive, read_argv, reveal, reveal_lines, visible};
pub use tier::{CommandPattern, ObjectPattern, TierFacts};
pub use types::{
    Action, Budget, BudgetKey, Columns, Cost, EffectClass, Exec, Filter, Get, HttpMethod, HttpRequest, Kind,
    Logs, ObjectRef, Tier, WcUnit,
};
pub use undo::Undo;
