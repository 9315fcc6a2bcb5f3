//! Whether the places that a runbook names are there: its clusters are configured, what it acts on belongs to an environment,
//! and its trigger asks for environments that somebody declared. A runbook is right or wrong in this only together with a
//! configuration, so the catalogue does not ask; `interlock check` does.

use std::collections::BTreeSet;

use super::needs::{As, commands, tries};
use crate::domain::action::{Action, Defaults};
use crate::domain::ids::ClusterName;
use crate::domain::planning;
use crate::domain::rules::Rules;
use crate::domain::runbook::{Code, Diagnostic, Level, Runbook};

/// What is wrong with the places that `runbook` names, under this configuration. A cluster that is not there is an error:
/// no plan can be made. Where nobody can approve, or nothing ever matches, is a warning.
#[must_use]
pub fn misplaced(runbook: &Runbook, rules: &Rules) -> Vec<Diagnostic> {
    let mut found = BTreeSet::new();
    for written in commands(runbook) {
        let words = written.line.stages.first();
        let argvs = words.and_then(|words| tries(runbook, words)).unwrap_or_default();
        let defaults = Defaults {
            default_cluster: rules
                .default_cluster
                .clone()
                .unwrap_or_else(|| ClusterName::new("")),
        };
        for argv in argvs {
            // What is no action at all is told by the check of the command itself.
            if let Ok(action) = Action::parse(&argv, &defaults) {
                let problem = of_action(&action, written.as_what, rules);
                found.extend(problem.map(|problem| (written.line.source.clone(), problem)));
            }
        }
    }
    let commands = found.into_iter().map(|(line, problem)| {
        let part = Some(line.as_str());
        problem.diagnostic(&runbook.source, part)
    });
    commands.chain(environments(runbook, rules)).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    level: Level,
    code: Code,
    message: String,
    help: String,
}

impl Problem {
    fn diagnostic(self, text: &str, part: Option<&str>) -> Diagnostic {
        let Self {
            level,
            code,
            message,
            help,
        } = self;
        Diagnostic::about(text, part.unwrap_or_default(), (level, code), &message, &help)
    }
}

fn of_action(action: &Action, as_what: As, rules: &Rules) -> Option<Problem> {
    if let Some(cluster) = action.cluster().filter(|name| !rules.clusters.contains(name)) {
        return (!rules.clusters.is_empty()).then(|| Problem {
            level: Level::Error,
            code: Code::UnknownCluster,
            message: planning::no_such_cluster(rules, &cluster).to_string(),
            help: "name a configured one, or add [kubernetes.clusters.NAME] to the configuration".to_owned(),
        });
    }
    // Evidence is approved by nobody.
    if matches!(as_what, As::Evidence) || planning::environment(rules, action).is_some() {
        return None;
    }
    let place = match (action.host(), action.cluster(), action.namespace()) {
        (Some((host, port)), ..) => format!("the host {host}:{port}"),
        (None, Some(cluster), Some(namespace)) => format!("namespace {namespace} of cluster {cluster}"),
        (None, Some(cluster), None) => format!("cluster {cluster} as a whole"),
        (None, None, _) => "what this acts on".to_owned(),
    };
    let key = if action.host().is_some() {
        "hosts"
    } else {
        "namespaces"
    };
    (!rules.environments.is_empty()).then(|| Problem {
        level: Level::Warning,
        code: Code::NoEnvironment,
        message: format!("no [[environments]] row covers {place}, so nobody may approve this"),
        help: format!("add it to the `{key}` of a row of [[environments]]"),
    })
}

fn environments(runbook: &Runbook, rules: &Rules) -> Vec<Diagnostic> {
    let declared: BTreeSet<&str> = rules.environments.iter().map(|row| row.name.as_str()).collect();
    let known = declared.iter().copied().collect::<Vec<_>>().join(", ");
    let wanted = runbook.trigger.environments.iter();
    wanted
        .filter(|name| {
            !declared.is_empty()
                && !declared
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name.as_str()))
        })
        .map(|name| {
            Problem {
                level: Level::Warning,
                code: Code::UnknownEnvironment,
                message: format!("no [[environments]] row is called `{name}`, so this never matches"),
                help: format!("there are: {known}"),
            }
            .diagnostic(&runbook.source, Some(name.as_str()))
        })
        .collect()
}
