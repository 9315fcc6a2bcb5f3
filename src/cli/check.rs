//! `interlock check`: what is wrong with runbooks, with the lines it is about; and with a configuration, what of the places
//! that they name it lacks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Format, FormatArg};
use super::outcome::{Ended, Failure};
use super::screen::{Paint, Screen};
use super::setup::Setup;
use crate::app;
use crate::app::misplaced;
use crate::config::runbooks::{Files, read_folder};
use crate::config::{Backstage, Problem, Settings};
use crate::domain::rules::Rules;
use crate::domain::runbook::{Catalog, Diagnostic};
use crate::render::words;

/// Look for mistakes in runbooks: exit code 1 when one has errors
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock check runbooks/ && git commit -am \"Add a runbook\"")]
pub(super) struct Check {
    /// Runbook files or folders of them. Without any: runbooks.path of the configuration. With a configuration the clusters
    /// and environments that they name are looked up in it.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Checked<'a> {
    runbooks: usize,
    errors: usize,
    warnings: usize,
    files: Vec<CheckedFile<'a>>,
    /// What is wrong with the service catalogue, where a configuration names one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    catalogue: Vec<CatalogueProblem>,
}

#[derive(Serialize)]
struct CatalogueProblem {
    /// Whether what it is about is not used.
    error: bool,
    #[serde(flatten)]
    problem: Problem,
}

#[derive(Serialize)]
struct CheckedFile<'a> {
    file: &'a str,
    /// Whether it would be loaded.
    usable: bool,
    diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    text: &'a str,
}

impl Check {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let paths = if self.paths.is_empty() {
            vec![setup.settings()?.runbooks.path]
        } else {
            self.paths.clone()
        };
        let mut files = Files::default();
        for path in &paths {
            read(path, &mut files)?;
        }
        if files.files.is_empty() && files.unreadable.is_empty() {
            let named: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
            return Err(Failure::Refused(format!(
                "there is nothing to check: no runbook, which is a file that ends in .md, is in {}",
                words::listed(&named)
            )));
        }
        let catalog = Catalog::build_with(files.files, files.unreadable, &app::check);
        let settings = self.settings(setup, screen)?;
        let rules = settings.as_ref().map(|settings| app::rules(settings, ""));
        let backstage = settings.map(|settings| settings.backstage).unwrap_or_default();
        let checked = checked(&catalog, rules.as_ref(), backstage);
        match self.format.format {
            Format::Json => screen.json(&checked)?,
            Format::Human => say(&checked, screen)?,
        }
        Ok(if checked.errors == 0 {
            Ended::Fine
        } else {
            Ended::Found
        })
    }
}

impl Check {
    /// What the configuration says of clusters, environments and services. Runbooks can be checked without one, so one that was only
    /// found and can't be read is no reason not to; one that was named is.
    fn settings(&self, setup: &Setup, screen: &mut Screen) -> Result<Option<Settings>, Failure> {
        if !setup.is_configured() {
            return Ok(None);
        }
        match setup.settings() {
            Ok(settings) => Ok(Some(settings)),
            Err(failure) if setup.is_named() || self.paths.is_empty() => Err(failure),
            Err(failure) => {
                if self.format.format == Format::Human {
                    let why = format!("{failure}");
                    screen.say_painted(Paint::Faint, "Clusters and environments are not checked: ", &why)?;
                }
                Ok(None)
            }
        }
    }
}

fn read(path: &Path, into: &mut Files) -> Result<(), Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        let found = read_folder(path)?;
        let named = |file: &str| path.join(file).display().to_string();
        into.files
            .extend(found.files.into_iter().map(|(file, bytes)| (named(&file), bytes)));
        into.unreadable.extend(
            found
                .unreadable
                .into_iter()
                .map(|(file, problem)| (named(&file), problem)),
        );
    } else {
        let bytes = std::fs::read(path).map_err(unreadable)?;
        into.files.push((path.display().to_string(), bytes));
    }
    Ok(())
}

/// In the order of the files.
fn checked<'c>(catalog: &'c Catalog, rules: Option<&Rules>, backstage: Backstage) -> Checked<'c> {
    let places = |runbook| rules.map(|rules| misplaced(runbook, rules)).unwrap_or_default();
    let loaded = catalog.loaded().iter().map(|entry| CheckedFile {
        file: &entry.file,
        usable: true,
        diagnostics: [entry.diagnostics.clone(), places(&entry.runbook)].concat(),
        text: &entry.runbook.source,
    });
    let refused = catalog.refused().iter().map(|entry| CheckedFile {
        file: &entry.file,
        usable: false,
        diagnostics: entry.diagnostics.clone(),
        text: &entry.text,
    });
    let files: BTreeMap<&str, CheckedFile<'_>> =
        loaded.chain(refused).map(|file| (file.file, file)).collect();
    let files: Vec<CheckedFile<'_>> = files.into_values().collect();
    let all: usize = files.iter().map(|file| file.diagnostics.len()).sum();
    let errors = files
        .iter()
        .flat_map(|file| &file.diagnostics)
        .filter(|found| found.is_error())
        .count();
    let (wrong, unsure) = (backstage.errors.len(), backstage.warnings.len());
    let problem = |error| move |problem| CatalogueProblem { error, problem };
    let catalogue = backstage.errors.into_iter().map(problem(true));
    Checked {
        runbooks: files.len(),
        errors: errors + wrong,
        warnings: all - errors + unsure,
        files,
        catalogue: catalogue
            .chain(backstage.warnings.into_iter().map(problem(false)))
            .collect(),
    }
}

fn say(checked: &Checked<'_>, screen: &mut Screen) -> Result<(), Failure> {
    for file in &checked.files {
        for found in &file.diagnostics {
            let text = found.render(file.file, file.text, screen.style());
            screen.put(&text)?;
            screen.put("\n")?;
        }
    }
    for found in &checked.catalogue {
        let (paint, word) = match found.error {
            true => (Paint::Bad, "error: "),
            false => (Paint::Faint, "warning: "),
        };
        screen.say_painted(paint, word, &found.problem.to_string())?;
    }
    let count = |number: usize, word: &str| words::counted(number, word);
    let summary = format!(
        "{}, {}, {}",
        count(checked.runbooks, "runbook"),
        count(checked.errors, "error"),
        count(checked.warnings, "warning")
    );
    screen.say_painted(
        if checked.errors == 0 {
            Paint::Good
        } else {
            Paint::Bad
        },
        &summary,
        "",
    )
}
