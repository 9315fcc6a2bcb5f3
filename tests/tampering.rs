//! Whoever can write the database can change what stands in it and chain it anew. Held against a checkpoint that was kept
//! elsewhere, every such change before the checkpoint is found: 20,000 random ones, all of them.
//!
//! `INTERLOCK_EDITS=1000000 cargo test --test tampering` tries more.

use interlock::domain::event::{Event, Mode};
use interlock::domain::ids::Revision;
use interlock::store::{
    Chain, Checkpoint, ExportLine, Follower, GENESIS, PublicKey, Signer, StoredEntry, Tree, Verdict, Wanted,
    link,
};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const ENTRIES: u64 = 24;
/// The last checkpoint that was kept covers so many of them.
const ANCHORED: u64 = 20;
const EDITS: u64 = 20_000;

fn entry(seq: u64) -> StoredEntry {
    let event = Event::Started {
        version: format!("0.1.{seq}"),
        mode: Mode::Live,
        autonomy: None,
        policy: Revision::new("policy"),
        database: None,
    };
    StoredEntry {
        seq,
        at_ms: 1_795_000_000_000 + i64::try_from(seq).unwrap() * 1_000,
        kind: event.kind().to_owned(),
        incident: seq.is_multiple_of(3).then_some(seq),
        payload: serde_json::json!({ "event": event }).to_string(),
        salt: [u8::try_from(seq).unwrap(); 16],
        hash: GENESIS,
    }
}

/// Chains the entries as the store does, whatever was chained before.
fn chained(mut entries: Vec<StoredEntry>) -> Vec<ExportLine> {
    let mut head = GENESIS;
    for entry in &mut entries {
        entry.hash = link(entry, &head);
        head = entry.hash;
    }
    let mut chain = Chain::default();
    entries.into_iter().map(|entry| chain.export(entry)).collect()
}

struct Audit {
    lines: Vec<ExportLine>,
    anchors: Vec<Checkpoint>,
    key: PublicKey,
}

fn audit() -> Audit {
    let lines = chained((1..=ENTRIES).map(entry).collect());
    let signer = Signer::parse(&Signer::generate("interlock.example").unwrap()).unwrap();
    let mut tree = Tree::default();
    let mut anchors = Vec::new();
    for line in &lines {
        tree.push(&line.entry.hash);
        if [7, ANCHORED].contains(&tree.size()) {
            let note = Checkpoint {
                origin: "interlock.example".to_owned(),
                size: tree.size(),
                root: tree.root(),
            }
            .sign(&signer);
            anchors.push(Checkpoint::open(&note, &signer.public()).unwrap());
        }
    }
    Audit {
        lines,
        anchors,
        key: signer.public(),
    }
}

fn verdict(audit: &Audit, lines: &[ExportLine]) -> Verdict {
    let mut follower = Follower::new(Wanted {
        head: None,
        anchors: audit.anchors.clone(),
        keys: vec![audit.key.clone()],
    });
    lines.iter().for_each(|line| follower.take(line));
    follower.end()
}

/// One change that an attacker might make, within what the last checkpoint covers.
fn edit(rng: &mut SmallRng, entries: &mut Vec<StoredEntry>) -> String {
    let covered = usize::try_from(ANCHORED).unwrap();
    let at = rng.random_range(0..covered);
    let mut other = rng.random_range(0..covered);
    if other == at {
        other = (at + 1) % covered;
    }
    let target = &mut entries[at];
    match rng.random_range(0..12) {
        0 => target.payload.push(' '),
        1 => {
            let mut bytes = target.payload.clone().into_bytes();
            let byte = rng.random_range(0..bytes.len());
            bytes[byte] ^= 1 << rng.random_range(0..7);
            match String::from_utf8(bytes) {
                Ok(text) => target.payload = text,
                Err(_) => target.payload.clear(),
            }
        }
        2 => target.at_ms += rng.random_range(1..100_000),
        3 => target.kind = "frozen".to_owned(),
        4 => target.incident = Some(target.incident.unwrap_or(0) + 1),
        5 => target.salt[rng.random_range(0..16)] ^= 1 << rng.random_range(0..8),
        6 => drop(entries.remove(at)),
        7 => entries.swap(at, other),
        8 => entries.insert(at, entry(ENTRIES + 1)),
        9 => entries.truncate(at),
        10 => {
            let copy = entries[at].clone();
            entries[other].payload = format!("{} ", copy.payload);
        }
        _ => {
            let moved = entries.remove(at);
            entries.insert(other, moved);
        }
    }
    format!("edit at entry {}", at + 1)
}

#[test]
fn what_was_not_touched_is_whole() {
    let audit = audit();
    let verdict = verdict(&audit, &audit.lines);
    assert!(verdict.whole, "{verdict:?}");
    assert_eq!((verdict.entries, verdict.anchored), (ENTRIES, Some(ANCHORED)));
}

#[test]
fn every_edit_before_the_last_anchor_is_found() {
    let audit = audit();
    let original: Vec<StoredEntry> = audit.lines.iter().map(|line| line.entry.clone()).collect();
    let edits = std::env::var("INTERLOCK_EDITS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(EDITS);
    for seed in 0..edits {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut entries = original.clone();
        let what = edit(&mut rng, &mut entries);
        let lines: Vec<ExportLine> = if rng.random_bool(0.7) {
            // The one who knows how it is made numbers and chains everything anew.
            if rng.random_bool(0.8) {
                for (seq, entry) in (1..).zip(&mut entries) {
                    entry.seq = seq;
                }
            }
            chained(entries)
        } else {
            let mut chain = Chain::default();
            entries.into_iter().map(|entry| chain.export(entry)).collect()
        };
        let verdict = verdict(&audit, &lines);
        assert!(!verdict.whole, "seed {seed}: {what} was not found: {verdict:?}");
        assert!(verdict.problem.is_some());
    }
    eprintln!("{edits} edits, all of them found");
}

#[test]
fn without_an_anchor_a_journal_written_anew_looks_whole() {
    let audit = audit();
    let mut entries: Vec<StoredEntry> = audit.lines.iter().map(|line| line.entry.clone()).collect();
    entries[3].payload = entries[3].payload.replace("0.1.4", "6.6.6");
    let mut follower = Follower::new(Wanted::default());
    chained(entries).iter().for_each(|line| follower.take(line));
    assert!(follower.end().whole, "this is what checkpoints are for");
}
