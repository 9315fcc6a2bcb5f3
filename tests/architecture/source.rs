//! Source files as text: without comments and tests, and the names in them.

use std::collections::BTreeSet;
use std::path::Path;

/// What starts a test module in a file; the house puts it last.
const TESTS: &str = "#[cfg(test)]\nmod tests {";

/// One file below `src`, `tests` or `benches`.
#[derive(Clone, Debug)]
pub struct Source {
    /// From the root of the package, with `/`.
    pub path: String,
    /// Of the whole file.
    pub lines: usize,
    /// Without comments and without its test module.
    pub text: String,
    raw: String,
    of_tests: bool,
}

impl Source {
    /// Every file of ours.
    pub fn all() -> Vec<Self> {
        let mut found = Vec::new();
        for folder in ["src", "tests", "benches"] {
            read(folder, &mut found);
        }
        let tests: BTreeSet<String> = found.iter().flat_map(Self::test_modules).collect();
        for source in &mut found {
            let stem = source.path.trim_end_matches(".rs");
            let under = |module: &String| stem == module || stem.starts_with(&format!("{module}/"));
            source.of_tests = !source.path.starts_with("src/") || tests.iter().any(under);
        }
        assert!(found.len() > 300, "only {} files were read", found.len());
        found
    }

    /// The files that are built into the program.
    pub fn product() -> Vec<Self> {
        Self::all().into_iter().filter(Self::is_product).collect()
    }

    pub fn is_product(&self) -> bool {
        !self.of_tests
    }

    /// The top level module it belongs to: `domain`, `slack`, `lib`.
    pub fn module(&self) -> &str {
        let rest = self.path.strip_prefix("src/").unwrap_or(&self.path);
        rest.split(['/', '.']).next().unwrap_or_default()
    }

    /// The `//!` lines at the top.
    pub fn header_lines(&self) -> Vec<&str> {
        let lines = self.raw.lines();
        lines.take_while(|line| line.starts_with("//!")).collect()
    }

    pub fn header(&self) -> String {
        self.header_lines().concat()
    }

    /// What follows this prefix, name by name, also in groups: `crate::{a::B, c}` names `a` and `c`.
    pub fn named(&self, prefix: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (at, _) in self.text.match_indices(prefix) {
            let before = self.text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &self.text[at + prefix.len()..];
            match rest.strip_prefix('{') {
                Some(group) => names.extend(members(group)),
                None => names.extend(first_name(rest)),
            }
        }
        names
    }

    /// Whether a library is named: at the start of a path, not within one or within a text.
    pub fn names_library(&self, library: &str) -> bool {
        self.text.match_indices(library).any(|(at, _)| {
            let before = self.text[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '"' | '.' | '-'))
        })
    }

    /// Modules that exist in tests alone, without `.rs`.
    fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.rsplit_once('/') {
            Some((folder, "mod.rs" | "lib.rs")) => folder.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        };
        let mut found = Vec::new();
        let mut lines = self.raw.lines();
        while let Some(line) = lines.next() {
            if line != "#[cfg(test)]" {
                continue;
            }
            let mut path = None;
            for next in lines.by_ref() {
                if let Some(named) = next.strip_prefix("#[path = \"") {
                    path = Some(named.trim_end_matches("\"]").trim_end_matches(".rs").to_owned());
                } else if let Some(module) = next.split_once("mod ").map(|(_, module)| module) {
                    // A path attribute counts from the file's own folder.
                    let beside = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    found.push(match path.take() {
                        Some(path) => format!("{beside}/{path}"),
                        None => format!("{folder}/{}", module.trim_end_matches(';')),
                    });
                    break;
                } else if !next.starts_with("#[") {
                    break;
                }
            }
        }
        found
    }
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

/// The first names of the members of a group, up to its closing brace.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0_usize, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if c.is_whitespace() => {}
            _ if start => {
                start = false;
                names.extend(first_name(&group[at..]));
            }
            _ => {}
        }
    }
    names
}

fn read(folder: &str, into: &mut Vec<Source>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(root.join(folder)).expect("a folder");
    for entry in entries {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&path, into);
        } else if path.ends_with(".rs") {
            let raw = std::fs::read_to_string(entry.path()).expect("text");
            into.push(Source {
                lines: raw.lines().count(),
                text: product_text(&raw),
                of_tests: false,
                path,
                raw,
            });
        }
    }
}

fn product_text(raw: &str) -> String {
    let product = raw.split(TESTS).next().unwrap_or_default();
    product
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn names_are_read_from_paths_and_groups() {
    let source = Source {
        path: "src/x/y.rs".into(),
        lines: 0,
        text: "use crate::{a::{B, C}, d};\nuse crate::e::F;\nlet x = other_crate::g();".into(),
        raw: String::new(),
        of_tests: false,
    };
    assert_eq!(
        source.named("crate::"),
        BTreeSet::from(["a", "d", "e"].map(str::to_owned))
    );
    assert!(!source.names_library("crate::g"));
}
