//! The loaded runbooks: those that are fit to use, and for each refused file what is wrong with it. A file is refused
//! alone. Pure: files come as bytes; reading a folder and watching it is the business of `crate::config`.
//! Invariants: names are unique whatever their case; the order is that of the names; the same files give the same revision.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::diagnostics::{Code, Diagnostic};
use super::parse::{CommandCheck, name_of};
use super::refused::Refused;
use super::types::{Runbook, Term, Trigger};
use super::words::did_you_mean;
use crate::domain::ids::{Revision, RunbookName};
use crate::domain::search::{Index, Page};

/// One runbook that may be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Path below the runbooks' folder.
    pub file: String,
    pub runbook: Arc<Runbook>,
    /// Only warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The trigger's words in lower case, made once so that matching allocates nothing for a runbook that doesn't match.
    pub(in crate::domain) lowered: Vec<Term>,
}

/// No runbook has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    #[error("there is no runbook `{name}`{suggestion}")]
    Unknown { name: String, suggestion: String },
    #[error("the runbook `{name}` was refused: {file}:{line}:{column}: {why}; `interlock check` says more")]
    Refused {
        name: String,
        file: String,
        line: u32,
        column: u32,
        why: String,
    },
}

/// All runbooks of one load. Cheap to share; a running plan keeps its own copy of its runbook.
#[derive(Clone, Debug)]
pub struct Catalog {
    loaded: Vec<Loaded>,
    refused: Vec<Refused>,
    revision: Revision,
    /// Made when it is first asked for; whoever loads runbooks asks before they are put in use.
    index: Arc<OnceLock<Index>>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::from_parts(Vec::new(), Vec::new())
    }
}

impl Catalog {
    /// Parses all files. The order in which they come does not matter.
    #[must_use]
    pub fn build(files: Vec<(String, Vec<u8>)>, check: &CommandCheck<'_>) -> Self {
        Self::build_with(files, Vec::new(), check)
    }

    /// The same, with files that could not even be read.
    #[must_use]
    pub fn build_with(
        mut files: Vec<(String, Vec<u8>)>,
        unreadable: Vec<(String, Diagnostic)>,
        check: &CommandCheck<'_>,
    ) -> Self {
        files.sort();
        files.dedup_by(|one, other| one.0 == other.0);
        let refuse = |(file, found): (String, Diagnostic)| Refused {
            name: RunbookName::new(stem(&file)),
            file,
            text: String::new(),
            diagnostics: vec![found],
            trigger: Trigger::default(),
            lowered: Vec::new(),
        };
        let mut refused: Vec<Refused> = unreadable.into_iter().map(refuse).collect();
        let mut loaded = Vec::with_capacity(files.len());
        let twice = names_given_twice(&files);
        for (file, bytes) in files {
            let mut parsed = Runbook::parse_bytes(&file, &bytes, check);
            let others = twice.get(&name_key(&file));
            if let (Some(runbook), Some(_)) = (&mut parsed.runbook, others) {
                // Pages of several libraries may have the same name: the folder tells them apart.
                runbook.name = RunbookName::new(path_name(&file));
            }
            if let Some(others) = others.filter(|others| !told_apart_by_folder(others)) {
                let others = others
                    .iter()
                    .filter(|other| **other != file)
                    .map(|other| format!("`{other}`"));
                let message = format!(
                    "another file gives a runbook of this name: {}",
                    others.collect::<Vec<_>>().join(", ")
                );
                let help =
                    "rename one of them; until then neither is used, since nobody could say which is meant";
                parsed
                    .diagnostics
                    .insert(0, Diagnostic::of_file(Code::DuplicateName, message, help));
                parsed.runbook = None;
            }
            match parsed.runbook {
                Some(runbook) => loaded.push(Loaded {
                    file,
                    lowered: lowered(&runbook.trigger),
                    runbook: Arc::new(runbook),
                    diagnostics: parsed.diagnostics,
                }),
                None => refused.push(Refused {
                    name: name_of(&file).unwrap_or_else(|| RunbookName::new(stem(&file))),
                    file,
                    text: String::from_utf8(bytes).unwrap_or_default(),
                    diagnostics: parsed.diagnostics,
                    lowered: lowered(&parsed.trigger),
                    trigger: parsed.trigger,
                }),
            }
        }
        Self::from_parts(loaded, refused)
    }

    fn from_parts(mut loaded: Vec<Loaded>, mut refused: Vec<Refused>) -> Self {
        loaded.sort_by(|one, other| one.runbook.name.cmp(&other.runbook.name));
        refused.sort_by(|one, other| one.file.cmp(&other.file));
        let mut hash = Sha256::new();
        for entry in &loaded {
            for part in [entry.runbook.name.as_str(), entry.runbook.revision.as_str()] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
        }
        let revision = Revision::new(format!("sha256:{}", hex::encode(hash.finalize())));
        Self {
            loaded,
            refused,
            revision,
            index: Arc::default(),
        }
    }

    /// These runbooks with another reading of one of them, which keeps its name; the same ones when none has that file.
    #[must_use]
    pub fn with(&self, file: &str, runbook: Runbook) -> Self {
        let mut loaded = self.loaded.clone();
        if let Some(entry) = loaded.iter_mut().find(|entry| entry.file == file) {
            let name = entry.runbook.name.clone();
            entry.lowered = lowered(&runbook.trigger);
            entry.runbook = Arc::new(Runbook { name, ..runbook });
        }
        Self::from_parts(loaded, self.refused.clone())
    }

    /// What a search looks at; its pages are numbered like `loaded`. The first call builds it: some 50 µs a runbook.
    #[must_use]
    pub fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let pages: Vec<Page> = self.loaded.iter().map(|entry| Page::of(&entry.runbook)).collect();
            Index::build(&pages)
        })
    }

    /// In the order of the names.
    #[must_use]
    pub fn loaded(&self) -> &[Loaded] {
        &self.loaded
    }

    /// In the order of the files.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Content hash over names and revisions of all runbooks that may be used.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.loaded.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loaded.is_empty()
    }

    /// The runbook of exactly this name.
    #[must_use]
    pub fn get(&self, name: &RunbookName) -> Option<&Arc<Runbook>> {
        let at = self
            .loaded
            .binary_search_by(|entry| entry.runbook.name.cmp(name))
            .ok()?;
        self.loaded.get(at).map(|entry| &entry.runbook)
    }

    /// The runbook that a person asked for, in any case, with or without `.md`.
    ///
    /// # Errors
    /// No such name, with the nearest one; or its file was refused, with the first reason.
    pub fn find(&self, name: &str) -> Result<&Arc<Runbook>, NotFound> {
        let wanted = name.trim().trim_end_matches(".md");
        let same = |other: &str| other.eq_ignore_ascii_case(wanted);
        if let Some(entry) = self.loaded.iter().find(|entry| same(entry.runbook.name.as_str())) {
            return Ok(&entry.runbook);
        }
        let refused = self.refused.iter().find(|refused| same(stem(&refused.file)));
        if let Some((refused, first)) =
            refused.and_then(|refused| refused.first().map(|first| (refused, first)))
        {
            return Err(NotFound::Refused {
                name: wanted.to_owned(),
                file: refused.file.clone(),
                line: first.line,
                column: first.column,
                why: first.message.clone(),
            });
        }
        let shown: String = wanted.chars().take(80).filter(|c| !c.is_control()).collect();
        let suggestion = match self.near(&wanted.to_ascii_lowercase()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if self.loaded.is_empty() => "; none is loaded".to_owned(),
            None => "; `/runbook list` shows all".to_owned(),
        };
        Err(NotFound::Unknown {
            name: shown,
            suggestion,
        })
    }

    fn near(&self, wanted: &str) -> Option<&str> {
        let names = || self.loaded.iter().map(|entry| entry.runbook.name.as_str());
        did_you_mean(wanted, names()).or_else(|| {
            // `redis` finds `redis-connection-timeout` when it is the only one.
            // So does `redis timeout`.
            let parts: Vec<&str> = wanted
                .split([' ', '-', '_'])
                .filter(|part| !part.is_empty())
                .collect();
            let holds = |name: &str| parts.iter().all(|part| name.to_ascii_lowercase().contains(part));
            let mut holding = names().filter(|name| wanted.len() >= 3 && holds(name));
            holding.next().filter(|_| holding.next().is_none())
        })
    }
}

fn stem(file: &str) -> &str {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    last.strip_suffix(".md").unwrap_or(last)
}

/// The path without `.md`.
fn path_name(file: &str) -> &str {
    file.strip_suffix(".md").unwrap_or(file)
}

fn told_apart_by_folder(files: &[String]) -> bool {
    let mut paths: Vec<String> = files.iter().map(|file| path_name(file).to_lowercase()).collect();
    paths.sort_unstable();
    paths.windows(2).all(|pair| pair.first() != pair.last())
}

fn name_key(file: &str) -> String {
    name_of(file).map_or_else(String::new, |name| name.as_str().to_ascii_lowercase())
}

fn names_given_twice(files: &[(String, Vec<u8>)]) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, _) in files {
        names.entry(name_key(file)).or_default().push(file.clone());
    }
    names.remove("");
    names.retain(|_, files| files.len() > 1);
    names
}

fn lowered(trigger: &Trigger) -> Vec<Term> {
    trigger.contains.iter().map(lower).collect()
}

fn lower(term: &Term) -> Term {
    match term {
        Term::Contains(text) => Term::Contains(text.to_lowercase()),
        Term::Label(label, value) => Term::Label(label.to_ascii_lowercase(), value.to_lowercase()),
        Term::Any(terms) => Term::Any(terms.iter().map(lower).collect()),
        Term::All(terms) => Term::All(terms.iter().map(lower).collect()),
    }
}
