//! Whoever can write the database can change what stands in it and chain it anew. Held against a checkpoint that was kept
//! elsewhere, every such change before the checkpoint is found: 20,000 random ones, all of them.
//!
//! `INTERLOCK_EDITS=1000000 cargo test --test tampering` tries more.

use interlock::domain::erasure::Erasure;
use interlock::domain::event::{Event, Mode};
use interlock::domain::ids::{IncidentId, Revision};
use interlock::store::{
    Chain, Checkpoint, Content, ExportLine, Follower, GENESIS, PublicKey, Signer, StoredEntry, Tree, Verdict,
    Wanted, link,
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
        at_ms: BEGUN + i64::try_from(seq).unwrap() * 1_000,
        kind: event.kind().to_owned(),
        incident: seq.is_multiple_of(3).then_some(seq),
        content: Content::Kept {
            payload: serde_json::json!({ "event": event }).to_string(),
            salt: [u8::try_from(seq).unwrap(); 16],
        },
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
        ..Wanted::default()
    });
    lines.iter().for_each(|line| follower.take(line));
    follower.end()
}

fn said(entry: &StoredEntry) -> (String, [u8; 16]) {
    match &entry.content {
        Content::Kept { payload, salt } => (payload.clone(), *salt),
        Content::Erased { .. } => unreachable!("nothing is erased"),
    }
}

const DAY: i64 = 86_400_000;
/// Everything that [`entry`] makes is from before this, in milliseconds since the first.
const OLD: i64 = 5 * DAY;
const BEGUN: i64 = 1_795_000_000_000;

/// Takes out the payload of an entry: its hash stands.
fn take_out(entries: &mut [StoredEntry], seq: usize) {
    let commitment = entries[seq - 1].content.commitment();
    entries[seq - 1].content = Content::Erased { commitment };
}

/// An entry that records the erasure of what these incidents have from before a moment; both times in milliseconds since the
/// first entry.
fn erasure(incidents: &[u64], before: i64, at: i64, seq: u64) -> StoredEntry {
    let before = jiff::Timestamp::from_millisecond(BEGUN + before).unwrap();
    let incidents = incidents.iter().copied().map(IncidentId).collect();
    let event = Event::Erased {
        by: None,
        erasure: Erasure::of(incidents, before, false),
    };
    StoredEntry {
        seq,
        at_ms: BEGUN + at,
        kind: event.kind().to_owned(),
        incident: None,
        content: Content::Kept {
            payload: serde_json::json!({ "event": event }).to_string(),
            salt: [9; 16],
        },
        hash: GENESIS,
    }
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
    let (mut payload, mut salt) = said(target);
    match rng.random_range(0..16) {
        0 => {
            payload.push(' ');
            target.content = Content::Kept { payload, salt };
        }
        1 => {
            let mut bytes = payload.into_bytes();
            let byte = rng.random_range(0..bytes.len());
            bytes[byte] ^= 1 << rng.random_range(0..7);
            let payload = String::from_utf8(bytes).unwrap_or_default();
            target.content = Content::Kept { payload, salt };
        }
        2 => target.at_ms += rng.random_range(1..100_000),
        3 => target.kind = "frozen".to_owned(),
        4 => target.incident = Some(target.incident.unwrap_or(0) + 1),
        5 => {
            salt[rng.random_range(0..16)] ^= 1 << rng.random_range(0..8);
            target.content = Content::Kept { payload, salt };
        }
        6 => drop(entries.remove(at)),
        7 => entries.swap(at, other),
        8 => entries.insert(at, entry(ENTRIES + 1)),
        9 => entries.truncate(at),
        10 => {
            let (payload, _) = said(&entries[at]);
            let (_, salt) = said(&entries[other]);
            let payload = format!("{payload} ");
            entries[other].content = Content::Kept { payload, salt };
        }
        // Its hash stands, so no checkpoint tells; that nothing on record took it out does.
        11 => {
            let commitment = target.content.commitment();
            target.content = Content::Erased { commitment };
        }
        12 => {
            let moved = entries.remove(at);
            entries.insert(other, moved);
        }
        // The same with an entry that says it was to be: behind the last checkpoint, where anybody can append one.
        13 => {
            let of = at / 3 * 3;
            let of = of.max(3);
            take_out(entries, of);
            let last = entries.len();
            entries.insert(last, erasure(&[of as u64], OLD, 40 * DAY, last as u64 + 1));
        }
        // In the place of an entry behind it.
        14 => {
            take_out(entries, 3);
            let place = rng.random_range(covered..entries.len());
            entries[place] = erasure(&[3], OLD, 40 * DAY, place as u64 + 1);
        }
        // Before it.
        _ => {
            take_out(entries, 3);
            entries[at.max(3)] = erasure(&[3], OLD, 40 * DAY, at.max(3) as u64 + 1);
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

/// The journal with an entry at its end that records the erasure of some incidents' entries from before a moment.
fn with_an_erasure(incidents: &[u64], before_seq: u64) -> Vec<StoredEntry> {
    let mut entries: Vec<StoredEntry> = (1..ENTRIES).map(entry).collect();
    let before = entry(before_seq).at_ms - BEGUN;
    entries.push(erasure(incidents, before, 40 * DAY, ENTRIES));
    entries
}

/// Held against a checkpoint over so many of the entries, where there is one.
fn judged(lines: &[ExportLine], anchored: Option<u64>) -> Verdict {
    let mut tree = Tree::default();
    let mut anchors = Vec::new();
    for line in lines {
        tree.push(&line.entry.hash);
        if Some(tree.size()) == anchored {
            anchors.push(Checkpoint {
                origin: "interlock.example".to_owned(),
                size: tree.size(),
                root: tree.root(),
            });
        }
    }
    let mut follower = Follower::new(Wanted {
        anchors,
        ..Wanted::default()
    });
    // As it is written and read again.
    for line in lines {
        let text = serde_json::to_string(line).unwrap();
        follower.take(&serde_json::from_str(&text).unwrap());
    }
    follower.end()
}

#[test]
fn a_record_of_an_erasure_counts_only_before_the_last_checkpoint_and_for_what_was_old_enough() {
    let mut entries = with_an_erasure(&[3, 9], 12);
    take_out(&mut entries, 3);
    entries.push(entry(ENTRIES + 1));
    entries[24].at_ms = BEGUN + 40 * DAY;
    let lines = chained(entries.clone());
    assert!(judged(&lines, Some(ENTRIES)).whole, "both stand before it");
    assert!(
        judged(&lines, Some(2)).whole,
        "neither does, and nothing is proved of them"
    );
    let forged = judged(&lines, Some(ENTRIES - 1));
    assert!(!forged.whole, "{forged:?}");
    assert_eq!((forged.broken_at, forged.anchored), (Some(3), Some(ENTRIES - 1)));
    let problem = forged.problem.unwrap();
    assert!(
        problem.contains("entry 24, which says that it was to be, stands behind the last checkpoint"),
        "{problem}"
    );

    // Recorded too soon: Interlock does no such thing, whoever signs for it afterwards.
    let mut young = entries.clone();
    young[23] = erasure(&[3, 9], 11_000, 30 * DAY, ENTRIES);
    let verdict = judged(&chained(young), Some(ENTRIES + 1));
    assert_eq!(
        (verdict.whole, verdict.broken_at),
        (false, Some(ENTRIES)),
        "{verdict:?}"
    );

    // Dated later than it was written, so that what it takes looks old enough.
    let mut dated = entries.clone();
    dated[24].at_ms = BEGUN + 2 * DAY;
    let verdict = judged(&chained(dated.clone()), Some(ENTRIES + 1));
    assert_eq!(
        (verdict.whole, verdict.broken_at),
        (false, Some(ENTRIES + 1)),
        "{verdict:?}"
    );
    // Unless the journal says that the clock went back.
    let went_back = Event::ClockWentBack {
        from: jiff::Timestamp::from_millisecond(BEGUN + 40 * DAY).unwrap(),
    };
    let mut back = entry(ENTRIES + 2);
    back.at_ms = dated[24].at_ms;
    back.kind = went_back.kind().to_owned();
    back.content = Content::Kept {
        payload: serde_json::json!({ "event": went_back }).to_string(),
        salt: [8; 16],
    };
    dated.push(back);
    let verdict = judged(&chained(dated), Some(ENTRIES + 1));
    assert!(verdict.whole, "{verdict:?}");
}

#[test]
fn an_erased_payload_proves_what_it_did_and_counts_only_where_it_is_on_record() {
    let mut entries = with_an_erasure(&[3, 9], 8);
    let whole = chained(entries.clone());
    take_out(&mut entries, 3);
    let erased = chained(entries.clone());
    assert_eq!(
        whole.last().unwrap().entry.hash,
        erased.last().unwrap().entry.hash,
        "no hash changes"
    );
    let verdict = judged(&erased, None);
    assert!(verdict.whole, "{verdict:?}");
    assert_eq!((verdict.entries, verdict.erased), (ENTRIES, 1));
    // Another incident; younger than was asked for; of no incident.
    for seq in [6, 9, 4] {
        let mut entries = entries.clone();
        take_out(&mut entries, seq);
        let verdict = judged(&chained(entries), None);
        assert!(!verdict.whole, "entry {seq}: {verdict:?}");
        assert_eq!(verdict.broken_at, Some(u64::try_from(seq).unwrap()));
    }
    let mut forged = erased;
    forged[2].entry.content = Content::Erased { commitment: [7; 32] };
    assert_eq!(judged(&forged, None).broken_at, Some(3));
}

#[test]
fn without_an_anchor_a_journal_written_anew_looks_whole() {
    let audit = audit();
    let mut entries: Vec<StoredEntry> = audit.lines.iter().map(|line| line.entry.clone()).collect();
    let (payload, salt) = said(&entries[3]);
    entries[3].content = Content::Kept {
        payload: payload.replace("0.1.4", "6.6.6"),
        salt,
    };
    let mut follower = Follower::new(Wanted::default());
    chained(entries).iter().for_each(|line| follower.take(line));
    assert!(follower.end().whole, "this is what checkpoints are for");
}
