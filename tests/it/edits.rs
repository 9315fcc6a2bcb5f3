//! Whoever is handed an export can trust it up to the last checkpoint that was kept elsewhere: the journal of a real story,
//! changes in the cluster, an erasure and checkpoints in it, exported by the program and edited as a file is edited. Every edit
//! is found, those that say the same in another spelling among them.
//!
//! `INTERLOCK_EDITS=200000 cargo test --release --test it edits` tries more. Longer than other files, since each way to edit
//! stands beside the others.

use std::path::Path;
use std::time::Duration;

use interlock::app::{self, ControlRequest, Wanted};
use interlock::playground::cluster::Scenario;
use interlock::store::{
    self, Chain, Checkpoint, Content, ExportLine, Follower, GENESIS, PublicKey, Signer, Store, link,
};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::world::{Alert, TestWorld};

const EDITS: u64 = 2_000;
/// Of these every so many go through the program itself as well.
const OF_THE_PROGRAM: u64 = 12;
const DAY: u64 = 24 * 60 * 60;

/// What an auditor holds.
struct Export {
    lines: Vec<Vec<u8>>,
    entries: Vec<ExportLine>,
    anchors: Vec<Checkpoint>,
    key: PublicKey,
    /// The last anchor covers so many lines.
    covered: usize,
}

impl Export {
    fn bytes(&self) -> Vec<u8> {
        self.lines.concat()
    }
}

/// `interlock audit …` in this folder: its exit code, and what it said.
fn audit(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_interlock"))
        .arg("audit")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    (ran.status.code(), said)
}

/// What `interlock audit verify --file` makes of these bytes: the same reader, the same follower. An error is a file that it
/// refuses to read.
fn verified(export: &Export, bytes: &[u8]) -> Result<bool, String> {
    let mut follower = Follower::new(store::Wanted {
        head: None,
        anchors: export.anchors.clone(),
        keys: vec![export.key.clone()],
        ..store::Wanted::default()
    });
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let parsed: ExportLine = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        follower.take(&parsed);
        if let Err(why) = parsed.is_written_as(line) {
            follower.misspelled(number, why);
        }
    }
    Ok(follower.end().whole)
}

/// The entries as they are read; `None` where that is refused.
fn read(bytes: &[u8]) -> Option<Vec<ExportLine>> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).ok()).collect()
}

/// As somebody does who knows how it is made: numbered and chained anew, every line as the program writes it.
fn chained_anew(entries: Vec<ExportLine>) -> Vec<u8> {
    let (mut chain, mut head) = (Chain::default(), GENESIS);
    let mut bytes = Vec::new();
    for (seq, line) in (1..).zip(entries) {
        let mut entry = line.entry;
        entry.seq = seq;
        entry.hash = link(&entry, &head);
        head = entry.hash;
        bytes.extend(chain.export(entry).write().unwrap().into_bytes());
    }
    bytes
}

/// Somewhere in a value, another value.
fn change_value(rng: &mut SmallRng, value: &mut Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let at = rng.random_range(0..fields.len());
            let inner = fields.values_mut().nth(at).unwrap();
            change_value(rng, inner);
        }
        Value::Array(items) if !items.is_empty() => {
            let at = rng.random_range(0..items.len());
            change_value(rng, &mut items[at]);
        }
        Value::Number(number) => *value = (number.as_i64().unwrap_or(0) + rng.random_range(1..9)).into(),
        Value::Bool(yes) => *yes = !*yes,
        // What is said stands as JSON in a text.
        Value::String(text) if text.starts_with('{') => {
            let mut inner: Value = serde_json::from_str(text).unwrap();
            change_value(rng, &mut inner);
            *text = inner.to_string();
        }
        Value::String(text) if text.is_empty() => *text = "x".to_owned(),
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let at = rng.random_range(0..characters.len());
            characters[at] = if characters[at] == '0' { '1' } else { '0' };
            *text = characters.into_iter().collect();
        }
        Value::Null | Value::Object(_) | Value::Array(_) => *value = 1.into(),
    }
}

/// Somewhere in a line, a key that is renamed, gone, twice there or new.
fn change_key(rng: &mut SmallRng, line: &str) -> String {
    let keys = [
        "prev",
        "seq",
        "at_ms",
        "kind",
        "incident",
        "payload",
        "salt",
        "commitment",
        "hash",
    ];
    let key = keys[rng.random_range(0..keys.len())];
    let quoted = format!("\"{key}\":");
    match rng.random_range(0..4) {
        0 => line.replacen(&quoted, &format!("\"{key}_\":"), 1),
        1 => {
            let mut fields: Value = serde_json::from_str(line).unwrap();
            fields.as_object_mut().unwrap().remove(key);
            format!("{fields}\n")
        }
        2 => line.replacen('{', &format!("{{{quoted}1,"), 1),
        _ => line.replacen('{', "{\"note\":\"all of this was approved\",", 1),
    }
}

/// A place where JSON takes white space: behind a mark of its own that stands in no text.
fn gap(rng: &mut SmallRng, line: &[u8]) -> usize {
    let (mut inside, mut escaped) = (false, false);
    let mut gaps = Vec::new();
    for (at, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => inside = !inside,
            b'{' | b':' | b',' | b'}' if !inside => gaps.push(at + 1),
            _ => {}
        }
    }
    gaps[rng.random_range(0..gaps.len())]
}

/// One of these bytes, where there is one.
fn one_of(rng: &mut SmallRng, line: &[u8], wanted: fn(&u8) -> bool) -> Option<usize> {
    let places: Vec<usize> = (0..line.len()).filter(|at| wanted(&line[*at])).collect();
    (!places.is_empty()).then(|| places[rng.random_range(0..places.len())])
}

/// One line edited as bytes.
fn edit_bytes(rng: &mut SmallRng, line: &mut Vec<u8>) -> &'static str {
    let at = rng.random_range(0..line.len());
    match rng.random_range(0..6) {
        0 => {
            line[at] ^= 1 << rng.random_range(0..8);
            "a bit flipped"
        }
        1 => {
            line[at] = rng.random();
            "a byte replaced"
        }
        2 => {
            line.insert(at, rng.random());
            "a byte put in"
        }
        3 => {
            let until = (at + rng.random_range(1..9)).min(line.len());
            line.drain(at..until);
            "bytes taken out"
        }
        4 => {
            let until = (at + rng.random_range(1..9)).min(line.len());
            let again = line[at..until].to_vec();
            line.splice(at..at, again);
            "bytes twice"
        }
        _ => {
            if let Some(at) = one_of(rng, line, u8::is_ascii_digit) {
                line[at] = b'0' + (line[at] - b'0' + rng.random_range(1..10)) % 10;
            }
            "another digit"
        }
    }
}

/// One line that says the same in another spelling.
fn respell(rng: &mut SmallRng, line: &mut Vec<u8>) -> &'static str {
    match rng.random_range(0..4) {
        0 => {
            let at = gap(rng, line);
            line.insert(at, b" \t\r"[rng.random_range(0..3)]);
            "white space"
        }
        1 => {
            line.insert(line.len() - 1, b'\r');
            "another end of line"
        }
        2 => {
            let text = String::from_utf8(line.clone()).unwrap();
            *line = text.replacen("\"kind\"", "\"k\\u0069nd\"", 1).into_bytes();
            "an escaped letter"
        }
        _ => {
            let from = line.len() - 68;
            let hash = &mut line[from..];
            if let Some(at) = one_of(rng, hash, |byte| (b'a'..=b'f').contains(byte)) {
                hash[at] = hash[at].to_ascii_uppercase();
            }
            "a capital in a hash"
        }
    }
}

/// One edit before the last anchor.
fn edit(rng: &mut SmallRng, export: &Export) -> (&'static str, Vec<u8>) {
    let mut lines = export.lines.clone();
    let at = rng.random_range(0..export.covered);
    let other = (at + rng.random_range(1..export.covered)) % export.covered;
    let text = String::from_utf8(lines[at].clone()).unwrap();
    let what = match rng.random_range(0..12) {
        0..5 => edit_bytes(rng, &mut lines[at]),
        5 => respell(rng, &mut lines[at]),
        6 => {
            let mut value: Value = serde_json::from_str(&text).unwrap();
            change_value(rng, &mut value);
            lines[at] = format!("{value}\n").into_bytes();
            "a value changed"
        }
        7 => {
            lines[at] = change_key(rng, &text).into_bytes();
            "a key changed"
        }
        8 => {
            let again = lines[at].clone();
            lines.insert(at, again);
            "a line twice"
        }
        9 => {
            drop(lines.remove(at));
            "a line gone"
        }
        10 => {
            lines.swap(at, other);
            "two lines swapped"
        }
        _ => {
            let mut line = export.entries[at].clone();
            line.entry.content = match line.entry.content {
                // Its hash stands: only that nothing on record took it out tells.
                content @ Content::Kept { .. } => Content::Erased {
                    commitment: content.commitment(),
                },
                Content::Erased { .. } => export.entries[other].entry.content.clone(),
            };
            lines[at] = line.write().unwrap().into_bytes();
            "a text taken out"
        }
    };
    (what, lines.concat())
}

/// How many edits there were, and what became of them.
#[derive(Debug, Default)]
struct Figures {
    found: u64,
    /// Not readable at all any more.
    unreadable: u64,
    /// Say what they said, in another spelling.
    respelled: u64,
    /// Chained anew, so that the anchors alone tell.
    chained: u64,
    /// By the program itself.
    by_program: u64,
    /// What was done changed nothing before the anchor.
    nothing: u64,
}

fn try_edit(export: &Export, seed: u64, desk: &Path, figures: &mut Figures) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let (what, mut bytes) = edit(&mut rng, export);
    let entries = read(&bytes);
    if let Some(entries) = entries.clone().filter(|_| rng.random_bool(0.5)) {
        let anew = chained_anew(entries);
        // A copy of the last line that is covered stands behind the anchor, and nothing is proved of what does.
        if read(&anew)
            .is_some_and(|entries| entries.get(..export.covered) == export.entries.get(..export.covered))
        {
            figures.nothing += 1;
            return;
        }
        if anew != bytes {
            figures.chained += 1;
            bytes = anew;
        }
    }
    if bytes == export.bytes() {
        figures.nothing += 1;
        return;
    }
    let verdict = verified(export, &bytes);
    figures.unreadable += u64::from(verdict.is_err());
    figures.respelled += u64::from(read(&bytes).is_some_and(|entries| entries == export.entries));
    assert_ne!(
        verdict,
        Ok(true),
        "edit {seed}, {what}, was not found:\n{}",
        String::from_utf8_lossy(&bytes)
    );
    figures.found += 1;
    if seed.is_multiple_of(EDITS / OF_THE_PROGRAM) && figures.by_program < OF_THE_PROGRAM {
        std::fs::write(desk.join("export"), &bytes).unwrap();
        let (code, said) = verify(desk, &export.key);
        let expected = if verdict.is_ok() { 1 } else { 2 };
        assert_eq!(code, Some(expected), "edit {seed}, {what}: {said}");
        figures.by_program += 1;
    }
}

fn verify(desk: &Path, key: &PublicKey) -> (Option<i32>, String) {
    let key = key.to_string();
    audit(
        desk,
        &[
            "verify",
            "--file",
            "export",
            "--key",
            &key,
            "--anchors",
            "anchors",
        ],
    )
}

/// What the auditor is handed: an export by the program; the anchors lie on the desk already.
fn handed_over(world: &TestWorld, desk: &Path, key: PublicKey) -> Export {
    let (code, text) = audit(world.folder.path(), &["export"]);
    assert_eq!(code, Some(0), "{text}");
    std::fs::write(desk.join("export"), &text).unwrap();
    let anchors = anchors(&desk.join("anchors"), &key);
    let lines: Vec<Vec<u8>> = text
        .split_inclusive('\n')
        .map(|line| line.as_bytes().to_vec())
        .collect();
    Export {
        entries: read(text.as_bytes()).unwrap(),
        covered: usize::try_from(anchors.last().unwrap().size).unwrap(),
        lines,
        anchors,
        key,
    }
}

/// What the bot appended to this file so far.
fn anchors(kept: &Path, key: &PublicKey) -> Vec<Checkpoint> {
    let text = std::fs::read_to_string(kept).unwrap_or_default();
    let notes = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    notes
        .map(|line| Checkpoint::open(line["note"].as_str().unwrap(), key).unwrap())
        .collect()
}

/// Waits until a checkpoint that is kept elsewhere covers so many entries.
async fn signed_up_to(world: &TestWorld, kept: &Path, key: &PublicKey, entries: u64) {
    for _ in 0..600 {
        if anchors(kept, key).last().is_some_and(|last| last.size >= entries) {
            return;
        }
        // None of the doubles hears of a file.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no checkpoint covers {entries} entries\n{}", world.log());
}

async fn erases(world: &TestWorld) {
    let request = ControlRequest::Erase {
        wanted: Wanted::Incident(1),
        dry_run: false,
    };
    let reply = app::ask_bot(&world.database(), &request).await.unwrap();
    assert!(
        reply.done && reply.text.starts_with("Erased for good: INC-1, "),
        "{}",
        reply.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edit_of_an_export_before_the_last_anchor_is_found() {
    let key = Signer::generate("interlock.test/edits").unwrap();
    let public = Signer::parse(&key).unwrap().public();
    let desk = tempfile::tempdir().unwrap();
    let kept = desk.path().join("anchors");
    let setup = crate::retention::setup().table(&format!(
        "[checkpoints]\nkey = \"{key}\"\nfile = {:?}",
        kept.display().to_string()
    ));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    crate::retention::closed_by_ana(&world, &Alert::tape_jam()).await;
    world.clock_moves(Duration::from_secs(40 * DAY)).await;
    let redis = Alert::redis_timeout();
    world.fires(&redis).await;
    world.card_shows("INC-2", "Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card_shows("INC-2", "Fixed and verified.").await;
    world.resolves(&redis).await;
    world.card_shows("INC-2", "Resolved").await;
    world.outbox_is_empty().await;
    erases(&world).await;
    let store = Store::open_to_read(&world.database()).unwrap();
    let erased = store.verify().unwrap().entries;
    // The last entry is the checkpoint over the erasure, which is signed for when the journal has been idle for an hour.
    world.clock_moves(Duration::from_secs(2 * 60 * 60)).await;
    signed_up_to(&world, &kept, &public, erased).await;

    let export = handed_over(&world, desk.path(), public);
    let (code, said) = verify(desk.path(), &export.key);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(verified(&export, &export.bytes()), Ok(true));
    let kinds: std::collections::BTreeSet<&str> = export
        .entries
        .iter()
        .map(|line| line.entry.kind.as_str())
        .collect();
    for kind in [
        "opened",
        "voted",
        "step_started",
        "step_ended",
        "closed",
        "erased",
        "checkpointed",
    ] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    assert!(
        export.entries.iter().any(|line| line.entry.payload().is_none()),
        "nothing is erased"
    );

    let edits = std::env::var("INTERLOCK_EDITS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(EDITS);
    let mut figures = Figures::default();
    for seed in 0.. {
        if figures.found == edits {
            break;
        }
        try_edit(&export, seed, desk.path(), &mut figures);
    }
    eprintln!(
        "{edits} edits of {} lines of {} kinds: {figures:?}",
        export.covered,
        kinds.len()
    );
    assert!(
        figures.respelled > 0 && figures.chained > 0 && figures.unreadable > 0,
        "{figures:?}"
    );
    world.channel("incidents").threads_are_uninteresting();
    world.ends().await;
}
