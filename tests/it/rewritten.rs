//! Somebody with the database in hand: another command under an approval that was given for this one. Every hash is made
//! anew, so the chain holds; what was approved is not what stands there, and so nothing of it runs. Or an approval that nobody
//! gave: where there is a key, it bears no seal.

use interlock::domain::approval::Vote;
use interlock::domain::event::{Entry, Event};
use interlock::domain::ids::{IncidentId, PersonId, PlanNo};
use interlock::domain::state::State;
use interlock::store::{Content, GENESIS, Signer, Store, StoredEntry, link};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";

/// Writes `after` for `before` wherever it stands in an entry of `kind`, and chains all entries anew; the cache goes.
fn rewrites(world: &TestWorld, kind: &str, before: &str, after: &str) {
    let journal = Connection::open(world.database()).unwrap();
    let guards =
        "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_master WHERE type = 'trigger'";
    let drop: String = journal.query_row(guards, [], |row| row.get(0)).unwrap();
    let guards = "SELECT group_concat(sql, ';') FROM sqlite_master WHERE type = 'trigger'";
    let guards: String = journal.query_row(guards, [], |row| row.get(0)).unwrap();
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
    journal.execute_batch(&guards).unwrap();
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

pub const KEYED: &str = "[checkpoints]\nkey = \"KEY\"";

/// A bot with a key that seals its database, and a plan that waits for one person.
pub async fn sealed() -> TestWorld {
    let key = Signer::generate("interlock.test/story").unwrap();
    let world = TestWorld::start(Setup::default().table(&KEYED.replace("KEY", &key))).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    world.bot_stops().await;
    world
}

/// A yes of Ana's that she never gave, as the entry that would follow.
pub fn forged(world: &TestWorld, state: &State) -> Entry {
    let at = world.now();
    // Milliseconds are what the journal stores.
    let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap();
    let ana = PersonId {
        team: "T0ACME0001".to_owned(),
        user: world.ana().id(),
    };
    Entry {
        seq: state.seq + 1,
        at,
        key: None,
        event: Event::Voted {
            incident: IncidentId(1),
            plan: PlanNo(1),
            vote: Vote {
                by: ana,
                name: "ana".to_owned(),
                at,
                groups: Vec::new(),
                ceremony: None,
                reason: None,
            },
            needed: 1,
            execute_by: at + SignedDuration::from_mins(20),
            upto: None,
        },
    }
}

/// What they see who come to a database that somebody else has written to. `why` may be one of several, with ` | ` between them.
pub async fn nothing_runs_until_a_person_looked(world: &TestWorld, why: &str) {
    world.bot_starts().await;
    world
        .a_human_is_paged("Interlock's database can't be trusted, so nothing runs")
        .await;
    world.a_human_is_paged("INC-1").await;
    world.card("no approval in it counts").await;
    world.ben().opens_home().await;
    let home = world.ben().sees_home("FROZEN by @Interlock").await;
    assert!(why.split(" | ").any(|why| home.contains(why)), "{home}");
    assert!(!world.ana().has_button("Approve"));
    world.nothing_ran();

    // From then on it is sealed again, with what was found on record.
    world.bot_stops().await;
    world.bot_starts().await;
    world.ben().types("unfreeze I looked at the audit logs").await;
    world.ben().is_told("The freeze is lifted.").await;
    world.nothing_ran();
    world.thread().is_uninteresting();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_in_a_database_that_looks_as_before_there_were_seals_starts_nothing() {
    let world = sealed().await;
    let mut store = Store::open(&world.database()).unwrap();
    let vote = forged(&world, &store.load().unwrap());
    store.commit(&[vote], &[], &[], world.now()).unwrap();
    drop(store);
    let old = "DROP TABLE seal; DELETE FROM snapshot; ALTER TABLE snapshot DROP COLUMN seal; PRAGMA user_version = 3";
    Connection::open(world.database())
        .unwrap()
        .execute_batch(old)
        .unwrap();
    nothing_runs_until_a_person_looked(&world, "entries and no seal").await;
    world.ends_with_what_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_was_put_into_the_database_starts_nothing() {
    let world = sealed().await;
    // Chained as Interlock does it, by Interlock's own code, but without its key.
    let mut store = Store::open(&world.database()).unwrap();
    let vote = forged(&world, &store.load().unwrap());
    store.commit(&[vote], &[], &[], world.now()).unwrap();
    assert!(store.verify().is_ok(), "the chain holds");
    drop(store);
    nothing_runs_until_a_person_looked(&world, "written without checkpoints.key").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_in_which_somebody_has_approved_starts_nothing() {
    let world = sealed().await;
    let mut state = Store::open_to_read(&world.database()).unwrap().load().unwrap();
    let seq = state.seq;
    state.apply(&forged(&world, &state));
    // The number and the hash that it is compared by stay.
    state.seq = seq;
    let text = serde_json::to_string(&state).unwrap();
    let journal = Connection::open(world.database()).unwrap();
    let changed = journal.execute(
        "UPDATE snapshot SET state = ?1 WHERE seq = ?2",
        params![text, seq],
    );
    assert_eq!(changed.unwrap(), 1);
    drop(journal);
    nothing_runs_until_a_person_looked(&world, "the snapshot of the state was changed from outside").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_beside_the_running_bot_stops_it_and_pages() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let world = TestWorld::start(Setup::default().table(&KEYED.replace("KEY", &key))).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.thread().says("plan 1 proposed").await;
    let mut store = Store::open(&world.database()).unwrap();
    let vote = forged(&world, &store.load().unwrap());
    store.commit(&[vote], &[], &[], world.now()).unwrap();
    drop(store);
    world.clock_moves(std::time::Duration::from_secs(70)).await;
    world.a_human_is_paged("Interlock can't write its journal").await;
    world.nothing_ran();
    world.bot_crashes().await;
    nothing_runs_until_a_person_looked(&world, "written without checkpoints.key").await;
    world.ends().await;
}

/// Entries of these kinds are dropped on their way in, and the database says that all is well.
const QUIET: &str = "CREATE TRIGGER quiet BEFORE INSERT ON journal
    WHEN NEW.kind IN ('voted', 'step_started', 'step_ended') BEGIN SELECT RAISE(IGNORE); END";

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_somebody_put_into_the_database_is_taken_away_and_everything_frozen() {
    let world = TestWorld::redis_times_out().await;
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.bot_stops().await;
    let journal = Connection::open(world.database()).unwrap();
    journal.execute_batch(QUIET).unwrap();
    drop(journal);
    nothing_runs_until_a_person_looked(
        &world,
        "it has a trigger 'quiet', and Interlock made none of that name",
    )
    .await;
    // What happens from then on is on record again.
    let journal = Connection::open(world.database()).unwrap();
    let triggers = "SELECT count(*) FROM sqlite_master WHERE name = 'quiet'";
    let left: u64 = journal.query_row(triggers, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    drop(journal);
    world.ends().await;
}
