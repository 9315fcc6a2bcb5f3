//! Checkpoints leave the machine while the story goes on, and what was kept of them proves the journal afterwards.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use interlock::domain::event::Event;
use interlock::store::{Chain, Checkpoint, Follower, Signer, Store, Verdict, Wanted, parse};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::bucket::{bucket, with_bucket};
use crate::shipped;
use crate::world::{Alert, Setup, TestWorld};

/// Somebody outside who keeps checkpoints: answers 503 to the first and takes those that come with the right token.
async fn keeper() -> (String, mpsc::UnboundedReceiver<Value>) {
    let (told, kept) = mpsc::unbounded_channel();
    let first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let take = move |headers: HeaderMap, Json(body): Json<Value>| async move {
        if headers["authorization"] != "Bearer anchor-token-1" {
            return StatusCode::UNAUTHORIZED;
        }
        if first.swap(false, std::sync::atomic::Ordering::AcqRel) {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        told.send(body).unwrap();
        StatusCode::OK
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/anchors", listener.local_addr().unwrap());
    let router = Router::new().route("/anchors", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, kept)
}

/// The journal, held against what was kept, up to an entry.
fn verdict(store: &Store, signer: &Signer, anchors: Vec<Checkpoint>, cut_at: u64) -> Verdict {
    let mut follower = Follower::new(Wanted {
        head: None,
        anchors,
        keys: vec![signer.public()],
        ..Wanted::default()
    });
    let mut chain = Chain::default();
    store
        .export(|entry| {
            let line = chain.export(entry);
            if line.entry.seq <= cut_at {
                follower.take(&line);
            }
            Ok(())
        })
        .unwrap();
    follower.end()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_signed_for_and_kept_elsewhere_and_proves_the_journal() {
    let (url, mut kept) = keeper().await;
    let key = Signer::generate("interlock.test/story").unwrap();
    let signer = Signer::parse(&key).unwrap();
    let world = TestWorld::start(Setup::default().table(&format!(
        "[checkpoints]\nkey = \"{key}\"\n[checkpoints.webhook]\nurl = \"{url}\"\nbearer_token = \"anchor-token-1\""
    )))
    .await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    world.card("Fixed and verified.").await;
    world.clock_moves(Duration::from_secs(10)).await;

    let store = Store::open_to_read(&world.database()).unwrap();
    let mut started = 0;
    store
        .export(|entry| {
            let seq = entry.seq;
            if matches!(parse(&entry).unwrap().event, Event::StepStarted { .. }) {
                started = seq;
            }
            Ok(())
        })
        .unwrap();
    let mut anchors = Vec::new();
    while anchors.last().is_none_or(|last: &Checkpoint| last.size < started) {
        let body = kept.recv().await.expect("somebody keeps them");
        let note = body["note"].as_str().unwrap();
        anchors.push(Checkpoint::open(note, &signer.public()).unwrap());
    }
    let size = anchors.last().unwrap().size;
    let whole = verdict(&store, &signer, anchors.clone(), u64::MAX);
    assert!(whole.whole, "{whole:?}");
    assert_eq!(whole.anchored, Some(size));
    let cut = verdict(&store, &signer, anchors, size - 1);
    assert!(!cut.whole, "{cut:?}");

    world.thread().is_uninteresting();
    world.ana().ignores_answers();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_each_checkpoint_locked_until_its_time() {
    let (url, mut kept, _) = bucket().await;
    let key = Signer::generate("interlock.test/story").unwrap();
    let signer = Signer::parse(&key).unwrap();
    let world = TestWorld::start(with_bucket(&key, &url)).await;
    world.clock_moves(Duration::from_secs(70)).await;
    let (path, headers, body) = kept.recv().await.expect("somebody keeps them");
    let note = body["note"].as_str().unwrap();
    let checkpoint = Checkpoint::open(note, &signer.public()).unwrap();
    assert!(
        path.starts_with(&format!("/proofs/interlock/{:012}-", checkpoint.size)),
        "{path}"
    );
    assert_eq!(headers["x-amz-object-lock-mode"], "COMPLIANCE");
    let until: jiff::Timestamp = headers["x-amz-object-lock-retain-until-date"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let at: jiff::Timestamp = body["at"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.as_second() - at.as_second(), 400 * 86_400);
    world.ends().await;
}

/// `interlock audit …` in a folder of its own: its exit code, and what it said.
fn audit(folder: &std::path::Path, args: &[&str]) -> (Option<i32>, String) {
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

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_thread_after_a_tier_two_start_proves_the_journal() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let public = Signer::parse(&key).unwrap().public().to_string();
    let setup = Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1, 2]\ngroups = [\"@sre\"]")
        .runbook(shipped!("bad-deploy-rollback"))
        .table(&format!("[checkpoints]\nkey = \"{key}\"\nthread = true"));
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::BadDeploy);
    world.ben().types("run bad-deploy-rollback").await;
    world
        .ben()
        .is_told("INC-1 is open; its card comes in a moment.")
        .await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&["patch deployments.apps/checkout"]).await;
    world.card("Resolved").await;
    world.clock_moves(Duration::from_secs(5)).await;
    let line = world
        .thread()
        .says("Signed, for audits: the journal up to entry")
        .await;
    world.thread().is_uninteresting();

    // Somebody copies the thread as it stands, and has nothing else but an export and the key.
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(
        desk.path().join("copied.txt"),
        world.thread().said().join("\n14:03\n"),
    )
    .unwrap();
    let mut export = String::new();
    let mut chain = Chain::default();
    let store = Store::open_to_read(&world.database()).unwrap();
    store
        .export(|entry| {
            export += &serde_json::to_string(&chain.export(entry)).unwrap();
            export.push('\n');
            Ok(())
        })
        .unwrap();
    let proof = [
        "verify",
        "--file",
        "export",
        "--key",
        &public,
        "--anchors",
        "copied.txt",
    ];
    std::fs::write(desk.path().join("export"), &export).unwrap();
    let (code, said) = audit(desk.path(), &proof);
    let size: usize = line.split(['.', ' ']).find_map(|word| word.parse().ok()).unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("prove it up to entry {size}")),
        "{line}: {said}"
    );

    // The start, at least, stands before it; without it the export is no longer what was signed for.
    let cut: Vec<&str> = export.lines().take(size - 1).collect();
    assert!(cut.join("\n").contains("step_started"), "{export}");
    std::fs::write(desk.path().join("export"), cut.join("\n")).unwrap();
    let (code, said) = audit(desk.path(), &proof);
    assert_eq!(code, Some(1), "{said}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_have_no_checkpoints_below_tier_two() {
    let key = Signer::generate("interlock.test/story").unwrap();
    let table = format!("[checkpoints]\nkey = \"{key}\"\nthread = true");
    let world = TestWorld::start(Setup::default().table(&table)).await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Fixed and verified.").await;
    world
        .cluster_did(&["exec redis-cli FLUSHDB", "exec curl -s localhost:8080/health"])
        .await;
    // The last start, and what the last checkpoint covers.
    let signed = || {
        let (mut started, mut signed, mut told) = (0, 0, 0);
        let store = Store::open_to_read(&world.database()).unwrap();
        store
            .export(|entry| {
                let seq = entry.seq;
                match parse(&entry).unwrap().event {
                    Event::StepStarted { .. } => started = seq,
                    Event::Checkpointed { size, .. } => signed = size,
                    Event::Anchored { .. } => told += 1,
                    _ => {}
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(told, 0, "it is put into the thread");
        signed >= started
    };
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !signed() {
        assert!(tokio::time::Instant::now() < patience, "nothing is signed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = world.thread().said().join("\n");
    assert!(!said.contains("Signed"), "{said}");
    world.thread().is_uninteresting();
    world.ends().await;
}
