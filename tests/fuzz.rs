//! The fuzz targets of `fuzz/` as plain functions: each over its corpus, and over edits of it that are the same in every run.
//! `cargo fuzz` runs the same functions for longer and looks where it goes.
#![cfg(feature = "playground")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Edits for one target; `INTERLOCK_FUZZ_EDITS` says another number.
const EDITS: u64 = 2_000;
/// A body longer than this is cut: what is read in time is measured elsewhere.
const LONGEST: usize = 8 * 1024;

/// Words that parsers look for.
const WORDS: [&[u8]; 16] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"\\",
    b"'",
    b"\0",
    b"{{ x }}",
    b"```",
    b"## Steps",
    b"%7B",
    b"=",
    b"--",
    b"$(id)",
    b"\xf0\x9f\x92\xa9",
    b"\xe2\x80\xae",
];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    names.iter().map(|name| std::fs::read(name).unwrap()).collect()
}

fn edited(rng: &mut SmallRng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut data = corpus[rng.random_range(0..corpus.len())].clone();
    for _ in 0..rng.random_range(1..8) {
        let at = rng.random_range(0..=data.len());
        match rng.random_range(0..6) {
            0 if at < data.len() => data[at] = rng.random(),
            1 if at < data.len() => data[at] ^= 1 << rng.random_range(0..8),
            2 => data.truncate(at.max(1)),
            3 => {
                let other = &corpus[rng.random_range(0..corpus.len())];
                let from = rng.random_range(0..=other.len());
                data.splice(at..at, other[from..].iter().copied());
            }
            4 => {
                let until = rng.random_range(at..=data.len());
                data.drain(at..until);
            }
            _ => {
                let word = WORDS[rng.random_range(0..WORDS.len())];
                data.splice(at..at, word.iter().copied());
            }
        }
    }
    data.truncate(LONGEST);
    data
}

fn drive(target: &str, run: fn(&[u8])) {
    drive_from(target, run, corpus(target));
}

fn drive_from(target: &str, run: fn(&[u8]), corpus: Vec<Vec<u8>>) {
    assert!(corpus.len() >= 2, "{target} has no corpus");
    corpus.iter().for_each(|data| run(data));
    let edits = std::env::var("INTERLOCK_FUZZ_EDITS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(EDITS);
    for seed in 0..edits {
        let mut rng = SmallRng::seed_from_u64(seed);
        let data = edited(&mut rng, &corpus);
        let ended = std::panic::catch_unwind(|| run(&data));
        assert!(
            ended.is_ok(),
            "{target}, edit {seed}: {:?}",
            String::from_utf8_lossy(&data)
        );
    }
}

#[test]
fn requests_of_slack() {
    drive("slack_http", targets::slack_http);
}

#[test]
fn envelopes_of_slack() {
    drive("slack_socket", targets::slack_socket);
}

/// The recorded deliveries of all sources are a corpus as well, each read as two of them.
#[test]
fn bodies_of_webhooks() {
    let sources = interlock::config::SourceKind::ALL.len();
    let alerts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/alerts");
    let mut bodies = Vec::new();
    for folder in std::fs::read_dir(alerts).unwrap() {
        let path = folder.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(path).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            // Notes on where a recording is from stand beside some.
            let recorded: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let body = recorded["request"]["body_raw"].as_str().unwrap_or(&text);
            bodies.push(body.as_bytes().to_vec());
        }
    }
    bodies.sort();
    let with_source = bodies.iter().enumerate().flat_map(|(index, body)| {
        let chosen = [index % sources, (index / sources) % sources];
        chosen.map(|source| [&[u8::try_from(source).unwrap()], body.as_slice()].concat())
    });
    let recorded: Vec<Vec<u8>> = with_source.collect();
    drive_from(
        "webhook",
        targets::webhook,
        [corpus("webhook"), recorded].concat(),
    );
}

#[test]
fn what_auditors_are_handed() {
    drive("audit", targets::audit);
}

#[test]
fn files_of_runbooks() {
    drive("runbook", targets::runbook);
}

#[test]
fn command_lines() {
    drive("command_line", targets::command_line);
}

#[test]
fn configurations() {
    drive("config", targets::config);
}

#[test]
fn what_cards_show() {
    drive("card", targets::card);
}

#[test]
fn texts_with_secrets() {
    drive("redaction", targets::redaction);
}

/// Each target of the folder is driven here, and each function has one.
#[test]
fn every_target_is_driven() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> = std::fs::read_dir(root.join("fuzz/fuzz_targets"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    let source = include_str!("../fuzz/src/lib.rs");
    let mut functions: Vec<String> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub fn ")?.split('(').next().map(str::to_owned))
        .collect();
    functions.sort();
    assert_eq!(files, functions);
    let here = include_str!("fuzz.rs");
    for name in &functions {
        assert!(
            here.contains(&format!("targets::{name})")) || here.contains(&format!("targets::{name},")),
            "{name}"
        );
    }
}
