//! Checks a command line of a runbook before any value is known: each placeholder is tried with values that its
//! parameter allows, and where a value could choose what is run or where, the placeholder itself is refused.

use crate::domain::ids::ClusterName;
use crate::domain::runbook::{CommandLine, ParamKind, ParamSpec, Word};

use super::argv::ArgvError;
use super::classify::{base, is_shell};
use super::parse::Defaults;
use super::programs::INTERPRETERS;
use super::types::{Action, Filter};

/// One thing that is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandIssue {
    /// Index of the stage, from 0.
    pub stage: usize,
    /// Index of the word in its stage; may be their number when something is missing at the end.
    pub word: usize,
    /// What is wrong.
    pub message: String,
    /// What to do instead; may be empty.
    pub help: String,
}

/// Everything that is wrong with a command line; empty when it can become an action whatever the parameters are.
/// Of each stage it reports every placeholder that stands in a wrong place, and the first word that isn't understood.
#[must_use]
pub fn check_command(line: &CommandLine, parameters: &[ParamSpec]) -> Vec<CommandIssue> {
    if line.stages.is_empty() {
        let (message, help) = (
            "the command is empty".to_owned(),
            "write a `kubectl` or `curl` command".to_owned(),
        );
        return vec![CommandIssue {
            stage: 0,
            word: 0,
            message,
            help,
        }];
    }
    let mut issues = Vec::new();
    for (stage, words) in line.stages.iter().enumerate() {
        let mut found = misplaced(stage, words, parameters);
        found.extend(unreadable(stage, words, parameters));
        for error in found {
            let issue = CommandIssue {
                stage,
                word: error.word,
                message: error.message,
                help: error.help,
            };
            // One problem of one word is told once, however many sample values show it.
            if !issues
                .iter()
                .any(|known: &CommandIssue| known.stage == stage && known.word == issue.word)
            {
                issues.push(issue);
            }
        }
    }
    issues
}

/// Puts values in the place of placeholders; the name of the first one without a value otherwise.
///
/// # Errors
/// The placeholder's name.
pub fn fill<'a>(words: &'a [Word], value: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, &'a str> {
    words
        .iter()
        .map(|word| match word {
            Word::Literal(text) => Ok(text.clone()),
            Word::Placeholder(name) => value(name).ok_or(name.as_str()),
        })
        .collect()
}

fn misplaced(stage: usize, words: &[Word], parameters: &[ParamSpec]) -> Vec<ArgvError> {
    let program = literal(words, 0).unwrap_or_default();
    let dashes = words
        .iter()
        .position(|word| *word == Word::Literal("--".to_owned()));
    let in_pod = dashes
        .filter(|_| stage == 0 && program == "kubectl")
        .map(|at| at.saturating_add(1));
    let placeholders = words.iter().enumerate().filter_map(|(at, word)| match word {
        Word::Placeholder(name) => Some((at, name.as_str())),
        Word::Literal(_) => None,
    });
    placeholders
        .filter_map(|(at, name)| {
            let spec = parameters.iter().find(|spec| spec.name == name);
            let reason = match (spec, in_pod) {
                (None, _) => Some((
                    format!("`{{{{ {name} }}}}` is not a declared parameter"),
                    "declare it under `## Parameters`",
                )),
                (Some(_), _) if at == 0 => Some((wrong_place(name, "the program"), "write the program")),
                (Some(_), Some(from)) if at >= from => in_exec(words, from, at, name),
                (Some(spec), _) => in_command(&program, stage, words, at, spec),
            };
            reason.map(|(message, help)| ArgvError::new(at, message, help))
        })
        .collect()
}

fn wrong_place(name: &str, what: &str) -> String {
    format!("`{{{{ {name} }}}}` would choose {what}")
}

/// Behind `--`: the program is fixed, and no value becomes a script.
fn in_exec(words: &[Word], from: usize, at: usize, name: &str) -> Option<(String, &'static str)> {
    if at == from {
        return Some((
            wrong_place(name, "the program"),
            "write the program; a parameter may be one of its arguments",
        ));
    }
    let inner: Vec<&str> = words
        .iter()
        .skip(from)
        .map(|word| match word {
            Word::Literal(text) => text.as_str(),
            Word::Placeholder(_) => "",
        })
        .collect();
    if inner.iter().any(|word| is_shell(word)) {
        return Some((
            format!("`{{{{ {name} }}}}` stands in a command that a shell reads"),
            "leave the shell out and write the program with its arguments: each is one word, whatever it contains",
        ));
    }
    let before = literal(words, at.saturating_sub(1)).unwrap_or_default();
    let is_code = matches!(
        before.as_str(),
        "-c" | "-e" | "-E" | "-r" | "--eval" | "--command" | "--execute" | "-exec" | "EVAL" | "eval"
    );
    let interpreter = inner
        .iter()
        .find(|word| INTERPRETERS.contains(&base(word).as_str()));
    match interpreter {
        Some(program) if is_code || inner.first() == Some(program) && at == from.saturating_add(1) => Some((
            wrong_place(name, &format!("what `{program}` does")),
            "write the script or command; a parameter may be one of its arguments",
        )),
        Some(_) | None => None,
    }
}

/// In kubectl's own words, in curl's and in a filter's.
fn in_command(
    program: &str,
    stage: usize,
    words: &[Word],
    at: usize,
    spec: &ParamSpec,
) -> Option<(String, &'static str)> {
    let name = spec.name.as_str();
    let before = literal(words, at.saturating_sub(1)).unwrap_or_default();
    let written_in_file = matches!(spec.kind, ParamKind::Choice { .. });
    match (program, stage) {
        ("kubectl", 0) if !written_in_file && matches!(before.as_str(), "-n" | "--namespace") => Some((
            wrong_place(name, "the namespace"),
            "write the namespace, or make the parameter a choice: a runbook acts in no namespace that its text does not name",
        )),
        ("kubectl", 0) if !written_in_file && before == "--context" => Some((
            wrong_place(name, "the cluster"),
            "write the cluster, or make the parameter a choice",
        )),
        ("curl", 0) if !written_in_file => {
            let data = [
                "-d",
                "--data",
                "--data-raw",
                "--data-ascii",
                "--data-binary",
                "--json",
                "-m",
                "--max-time",
            ];
            (!data.contains(&before.as_str())).then(|| {
                (
                    wrong_place(name, "where the request goes or what it is"),
                    "a parameter may be the data: `--data-raw {{ … }}`; or make it a choice",
                )
            })
        }
        ("jq", 1..) if !written_in_file => Some((wrong_place(name, "the jq program"), "write the program")),
        _ => None,
    }
}

fn literal(words: &[Word], at: usize) -> Option<String> {
    match words.get(at) {
        Some(Word::Literal(text)) => Some(text.clone()),
        Some(Word::Placeholder(_)) | None => None,
    }
}

/// Parses the stage with sample values, one parameter varied at a time.
fn unreadable(stage: usize, words: &[Word], parameters: &[ParamSpec]) -> Vec<ArgvError> {
    let samples: Vec<(&str, Vec<String>)> = parameters
        .iter()
        .map(|spec| (spec.name.as_str(), samples(&spec.kind)))
        .collect();
    let used = |name: &str| words.contains(&Word::Placeholder(name.to_owned()));
    let mut tries: Vec<(&str, &str)> = vec![("", "")];
    for (name, values) in samples.iter().filter(|(name, _)| used(name)) {
        tries.extend(values.iter().skip(1).map(|value| (*name, value.as_str())));
    }
    tries
        .into_iter()
        .filter_map(|(varied, with)| {
            let value = |name: &str| {
                let first = samples
                    .iter()
                    .find(|(known, _)| *known == name)
                    .and_then(|(_, values)| values.first());
                Some(if name == varied {
                    with.to_owned()
                } else {
                    first.cloned().unwrap_or_else(|| "sample".to_owned())
                })
            };
            let argv = fill(words, &value).unwrap_or_default();
            read(stage, &argv).err()
        })
        .filter(|error| !is_patterned(words.get(error.word), parameters))
        .collect()
}

fn read(stage: usize, argv: &[String]) -> Result<(), ArgvError> {
    if stage == 0 {
        let defaults = Defaults {
            default_cluster: ClusterName::new("default"),
        };
        Action::parse(argv, &defaults).map(|_| ())
    } else {
        Filter::parse(argv).map(|_| ())
    }
}

/// A text with a pattern may have no value that we can think of; its values are checked when they are known.
fn is_patterned(word: Option<&Word>, parameters: &[ParamSpec]) -> bool {
    let Some(Word::Placeholder(name)) = word else {
        return false;
    };
    parameters
        .iter()
        .any(|spec| spec.name == *name && matches!(spec.kind, ParamKind::Text { pattern: Some(_), .. }))
}

/// Values at the edges of what a parameter allows; never empty.
fn samples(kind: &ParamKind) -> Vec<String> {
    match kind {
        ParamKind::Integer { min, max } => {
            let low = min.unwrap_or_else(|| max.unwrap_or(1).min(1));
            let high = max.unwrap_or(low);
            vec![low.to_string(), high.to_string()]
        }
        ParamKind::Name => vec!["sample".to_owned(), "sample-1.example".to_owned()],
        ParamKind::Text { .. } => vec!["sample".to_owned()],
        ParamKind::Choice { of } if of.is_empty() => vec!["sample".to_owned()],
        ParamKind::Choice { of } => of.clone(),
        ParamKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
    }
}
