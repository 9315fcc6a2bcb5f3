//! Somebody with the database in hand: another command under an approval that was given for this one. Every hash is made
//! anew, so the chain holds; what was approved is not what stands there, and so nothing of it runs.

use interlock::store::{Content, GENESIS, StoredEntry, link};
use rusqlite::{Connection, params};

use crate::world::{Alert, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// Writes `after` for `before` wherever it stands in an entry of `kind`, and chains all entries anew; the cache goes.
fn rewrites(world: &TestWorld, kind: &str, before: &str, after: &str) {
    let journal = Connection::open(world.database()).unwrap();
    let guards =
        "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_master WHERE type = 'trigger'";
    let drop: String = journal.query_row(guards, [], |row| row.get(0)).unwrap();
    journal
        .execute_batch(&format!("{drop}; DELETE FROM snapshot"))
        .unwrap();
    let mut all = journal.prepare("SELECT * FROM journal ORDER BY seq").unwrap();
    let entries = all.query_map([], |row| {
        Ok(StoredEntry {
            seq: row.get("seq")?,
            at_ms: row.get("at_ms")?,
            kind: row.get("kind")?,
            incident: row.get("incident")?,
            content: Content::Kept {
                payload: row.get("payload")?,
                salt: row.get("salt")?,
            },
            hash: row.get("hash")?,
        })
    });
    let mut entries: Vec<StoredEntry> = entries.unwrap().map(Result::unwrap).collect();
    let (mut head, mut changed) = (GENESIS, 0);
    for entry in &mut entries {
        if let Content::Kept { payload, .. } = &mut entry.content
            && entry.kind == kind
            && payload.contains(before)
        {
            *payload = payload.replace(before, after);
            changed += 1;
        }
        entry.hash = link(entry, &head);
        head = entry.hash;
        let update = "UPDATE journal SET payload = ?1, hash = ?2 WHERE seq = ?3";
        let row = params![entry.payload(), entry.hash, entry.seq];
        journal.execute(update, row).unwrap();
    }
    assert_eq!(changed, 1, "there is one such entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_put_under_an_approval_in_the_database_never_runs() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    let file = world.folder.path().join("freeze");
    std::fs::write(&file, "an audit\n").unwrap();
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.thread().says("step 1 waits: everything is frozen").await;

    world.bot_stops().await;
    rewrites(&world, "proposed", "FLUSHDB", "FLUSHALL");
    std::fs::remove_file(&file).unwrap();
    world.bot_starts().await;
    world
        .card("step 1 was not started: what would run is not what was shown, so nothing runs")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.nothing_ran();

    // What the runbook says is proposed again, and needs a person again.
    world.ben().presses("Propose again").await;
    world.ben().is_told("The plan is being made again").await;
    let card = world.card("plan 2 (").await;
    assert!(card.contains("FLUSHDB") && !card.contains("FLUSHALL"), "{card}");
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.thread().is_uninteresting();
    world.ends().await;
}
