//! The service catalogue as Backstage has it: `catalog-info.yaml` files become rows like `[[services]]`. Outside facts: Backstage's
//! "Descriptor Format of Catalog Entities" and "Entity References" (backstage.io/docs/features/software-catalog).
//!
//! `entity` reads one document, `reference` a `[kind:][namespace/]name`, `rows` makes services of what was read. A document
//! with a mistake is refused alone; what it says is lost and that is said, the rest counts. A path that can't be read is a mistake of
//! the configuration. Nothing is fetched: a `Location` leads nowhere, and `$text` and its like stay as they are.

mod entity;
mod reference;
mod rows;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::rows::ServiceRow;
use crate::files;
use entity::Entity;

/// Bytes of one file that are read, files, and folders below the one that is named.
const LARGEST: u64 = 1_048_576;
const FILES: usize = 5_000;
const DEEPEST: usize = 8;
/// What a file in a folder is called; one that is named itself may have any name.
const NAMES: [&str; 2] = ["catalog-info.yaml", "catalog-info.yml"];

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backstage {
    pub files: usize,
    pub services: Vec<ServiceRow>,
    /// Documents that are not used, and files.
    pub errors: Vec<Problem>,
    /// What is used and does not lead where it should.
    pub warnings: Vec<Problem>,
}

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub file: PathBuf,
    /// The first is 1; `None` when the whole file is meant.
    pub document: Option<usize>,
    /// `spec.dependsOn[1]`.
    pub key: Option<String>,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(document) = self.document {
            write!(f, ", document {document}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", `{key}`")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Where a document stands.
#[derive(Clone, Copy, Debug)]
struct At<'a> {
    file: &'a Path,
    document: usize,
}

impl At<'_> {
    fn problem(self, key: impl Into<String>, what: impl Into<String>) -> Problem {
        let key = key.into();
        Problem {
            file: self.file.to_owned(),
            document: Some(self.document),
            key: (!key.is_empty()).then_some(key),
            what: what.into(),
        }
    }
}

/// Reads files, and folders with everything in them that is called `catalog-info.yaml` or ends so.
///
/// # Errors
/// The path that can't be read, and why.
pub(super) fn read(paths: &[PathBuf]) -> Result<Backstage, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    for path in paths {
        let at = |source| (path.clone(), source);
        if fs::metadata(path).map_err(at)?.is_dir() {
            walk(path, 0, &mut files).map_err(at)?;
        } else {
            files.push(path.clone());
        }
    }
    let mut found = Backstage {
        files: files.len(),
        ..Backstage::default()
    };
    if files.len() > FILES {
        found.errors.push(whole(
            paths.first().map_or(Path::new(""), PathBuf::as_path),
            format!(
                "there are {} files, and {FILES} are read at most: name the folders that matter here",
                files.len()
            ),
        ));
        files.truncate(FILES);
    }
    let mut entities = Vec::new();
    for file in &files {
        match text(file) {
            Ok(text) => entities.extend(documents(file, &text, &mut found.errors)),
            Err(source) if paths.contains(file) => return Err((file.clone(), source)),
            Err(source) => found
                .errors
                .push(whole(file, format!("it can't be read ({source})"))),
        }
    }
    found.services = rows::services(&entities, &mut found.warnings);
    Ok(found)
}

fn whole(file: &Path, what: String) -> Problem {
    Problem {
        file: file.to_owned(),
        document: None,
        key: None,
        what,
    }
}

/// In the order of their names. Hidden folders are passed over: one of them holds the files of a mounted config map once more.
fn walk(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut inside: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    inside.sort();
    for path in inside {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            // A link that leads back up ends here as well.
            if depth < DEEPEST && !path.is_symlink() {
                walk(&path, depth.saturating_add(1), into)?;
            }
        } else if NAMES.iter().any(|end| name.ends_with(end)) {
            into.push(path);
        }
    }
    Ok(())
}

fn text(file: &Path) -> io::Result<String> {
    files::regular(file)?;
    let size = fs::metadata(file)?.len();
    if size > LARGEST {
        let text = format!("it has {size} bytes, and {LARGEST} are read at most");
        return Err(io::Error::other(text));
    }
    files::text_within(file, LARGEST)
}

fn documents(file: &Path, text: &str, errors: &mut Vec<Problem>) -> Vec<Entity> {
    let values: Vec<serde_json::Value> = match serde_saphyr::from_multiple(text) {
        Ok(values) => values,
        Err(error) => {
            let line = error.location().map(|place| format!(" in line {}", place.line()));
            let what = error.without_snippet().to_string();
            let what = what.lines().next().unwrap_or_default();
            errors.push(whole(
                file,
                format!("it is no YAML{}: {what}", line.unwrap_or_default()),
            ));
            return Vec::new();
        }
    };
    let mut entities = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        let at = At {
            file,
            document: index.saturating_add(1),
        };
        match Entity::read(at, value) {
            Ok(found) => entities.extend(found),
            Err(problem) => errors.push(problem),
        }
    }
    entities
}

#[cfg(test)]
mod tests;
