//! What decisions look at beside the state: the runbooks and the rules, swapped as a whole when files change.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::Backstage;
use crate::config::runbooks::{Check, LoadError, Reload, Runbooks, Watch, WatchError};
use crate::domain::action;
use crate::domain::runbook::{CommandIssue, CommandLine, ParamSpec};
use crate::engine::Knowledge;

/// Opens a folder of runbooks. A file with errors is refused alone.
///
/// # Errors
/// When the folder can't be read.
pub fn open_runbooks(path: &Path) -> Result<Arc<Runbooks>, LoadError> {
    let check: Check = Arc::new(check);
    Ok(Arc::new(Runbooks::open(path, check)?))
}

/// Says in the log what of the service catalogue can't be used, and why.
pub fn log_catalogue(backstage: &Backstage) {
    for problem in backstage.errors.iter().chain(&backstage.warnings) {
        tracing::warn!("service catalogue: {problem}");
    }
    if backstage.files > 0 {
        tracing::info!(
            files = backstage.files,
            services = backstage.services.len(),
            "service catalogue loaded"
        );
    }
}

/// What the action language says of a command line, in the linter's words.
#[must_use]
pub fn check(line: &CommandLine, parameters: &[ParamSpec]) -> Vec<CommandIssue> {
    action::check_command(line, parameters)
        .into_iter()
        .map(|issue| CommandIssue {
            stage: issue.stage,
            word: issue.word,
            message: issue.message,
            help: issue.help,
        })
        .collect()
}

/// Says in the log which files are refused, and why.
pub fn log_refused(runbooks: &Runbooks) {
    let catalog = runbooks.current();
    for refused in catalog.refused() {
        for diagnostic in refused
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
        {
            tracing::warn!(
                file = refused.file,
                line = diagnostic.line,
                column = diagnostic.column,
                "runbook refused: {}; `interlock check` says more",
                diagnostic.message
            );
        }
    }
    tracing::info!(
        runbooks = catalog.len(),
        refused = catalog.refused().len(),
        "runbooks loaded"
    );
}

/// Loads the runbooks again whenever their files change. A running plan keeps its own copy.
///
/// # Errors
/// When nothing can be watched; the runbooks that are loaded stay.
pub fn watch_runbooks(
    runbooks: &Arc<Runbooks>,
    knowledge: Arc<ArcSwap<Knowledge>>,
) -> Result<Watch, WatchError> {
    let kept = runbooks.clone();
    runbooks.watch(move |result: &Result<Reload, LoadError>| match result {
        Ok(_) => {
            log_refused(&kept);
            let catalog = kept.current();
            knowledge.rcu(|now| Knowledge {
                rules: now.rules.clone(),
                catalog: catalog.clone(),
            });
        }
        Err(error) => {
            tracing::warn!(%error, "the runbooks could not be read again; those that are loaded stay")
        }
    })
}
