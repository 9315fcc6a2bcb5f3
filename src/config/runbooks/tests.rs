//! Reading a folder of runbooks, and following its changes.

use std::sync::mpsc;

use super::*;
use crate::domain::runbook::NotFound;

const GOOD: &str = "# Good\n## Owner\nus\n## Steps\n### Look\n```\nkubectl get pods -n production\n```\nExpected output: contains \"x\"\n";

fn check() -> Check {
    Arc::new(|_, _| Vec::new())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn names(catalog: &Catalog) -> Vec<&str> {
    catalog
        .loaded()
        .iter()
        .map(|entry| entry.runbook.name.as_str())
        .collect()
}

#[test]
fn every_markdown_file_below_the_folder_is_a_runbook() {
    let folder = folder(&[
        ("one.md", GOOD),
        ("team/two.md", GOOD),
        ("README.md", "# About"),
        ("team/readme.md", "# About"),
        (".hidden.md", GOOD),
        (".git/three.md", GOOD),
        ("notes.txt", "x"),
    ]);
    let runbooks = Runbooks::open(folder.path(), check()).unwrap();
    assert_eq!(names(&runbooks.current()), ["one", "two"]);
    assert!(runbooks.current().refused().is_empty());
}

#[test]
fn a_broken_file_is_refused_alone_and_named() {
    let folder = folder(&[("good.md", GOOD), ("bad.md", "# Bad\n## Stpes\n```\nx\n```\n")]);
    fs::write(folder.path().join("binary.md"), [0xff, 0xfe, 0]).unwrap();
    fs::write(folder.path().join("huge.md"), vec![b'x'; MAX_FILE_BYTES + 1]).unwrap();
    let runbooks = Runbooks::open(folder.path(), check()).unwrap();
    let catalog = runbooks.current();
    assert_eq!(names(&catalog), ["good"]);
    let error = |refused: &crate::domain::runbook::Refused| {
        refused
            .diagnostics
            .iter()
            .find(|found| found.is_error())
            .map(|found| found.code)
    };
    let refused: Vec<_> = catalog
        .refused()
        .iter()
        .map(|it| (it.file.as_str(), error(it).unwrap()))
        .collect();
    assert_eq!(
        refused,
        [
            ("bad.md", Code::UnknownSection),
            ("binary.md", Code::NotUtf8),
            ("huge.md", Code::TooLarge)
        ]
    );
    assert!(matches!(catalog.find("bad"), Err(NotFound::Refused { .. })));
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_and_links_to_nothing_end() {
    let folder = folder(&[("good.md", GOOD), ("team/two.md", GOOD)]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("team/back")).unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("lost.md")).unwrap();
    let runbooks = Runbooks::open(folder.path(), check()).unwrap();
    assert_eq!(names(&runbooks.current()), ["good", "two"]);
    let files: Vec<_> = runbooks
        .current()
        .refused()
        .iter()
        .map(|refused| refused.file.clone())
        .collect();
    assert_eq!(files, ["lost.md"]);
}

#[test]
fn a_missing_folder_is_an_error_that_says_what_to_set() {
    let Err(error) = Runbooks::open("/nowhere/runbooks", check()) else {
        panic!("it opened")
    };
    assert!(error.to_string().contains("set `runbooks.path`"), "{error}");
}

#[test]
fn a_reload_tells_what_changed() {
    let folder = folder(&[("one.md", GOOD), ("two.md", GOOD), ("three.md", GOOD)]);
    let runbooks = Runbooks::open(folder.path(), check()).unwrap();
    assert!(!runbooks.reload().unwrap().different);
    fs::write(folder.path().join("one.md"), format!("{GOOD}\n")).unwrap();
    fs::write(
        folder.path().join("three.md"),
        "# Three\n## Steps\n### Nothing\nAttempts: 9\n",
    )
    .unwrap();
    fs::remove_file(folder.path().join("two.md")).unwrap();
    fs::write(folder.path().join("four.md"), GOOD).unwrap();
    let reload = runbooks.reload().unwrap();
    assert_eq!(
        (reload.added, reload.changed),
        (vec!["four".to_owned()], vec!["one".to_owned()])
    );
    assert_eq!(reload.removed, ["three", "two"]);
    assert_eq!(reload.refused.len(), 1);
    assert!(
        reload.refused[0].starts_with("three.md:3:5: error[step-without-command]"),
        "{:?}",
        reload.refused
    );
}

#[test]
fn when_the_folder_vanishes_the_runbooks_of_before_stay() {
    let parent = folder(&[("runbooks/one.md", GOOD)]);
    let path = parent.path().join("runbooks");
    let runbooks = Runbooks::open(&path, check()).unwrap();
    fs::rename(&path, parent.path().join("elsewhere")).unwrap();
    assert!(runbooks.reload().is_err());
    assert_eq!(names(&runbooks.current()), ["one"]);
}

#[test]
fn a_changed_file_is_in_use_without_a_restart() {
    let folder = folder(&[("one.md", GOOD)]);
    let runbooks = Arc::new(Runbooks::open(folder.path(), check()).unwrap());
    let (sender, receiver) = mpsc::channel();
    let watch = runbooks
        .watch(move |result| {
            let _ = sender.send(
                result
                    .as_ref()
                    .map(|reload| reload.added.clone())
                    .unwrap_or_default(),
            );
        })
        .unwrap();
    fs::write(folder.path().join("two.md"), GOOD).unwrap();
    let added = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(added, ["two"]);
    assert_eq!(names(&runbooks.current()), ["one", "two"]);
    drop(watch);
}
