//! The demo, clicked through in a real browser, by people who see only what the page shows them.
//!
//! Needs Chromium and its driver. At home the test says in one line that it was skipped; with INTERLOCK_REQUIRE_ALL=1 a
//! missing browser fails. When something is not seen, a picture of the page is in the target's `tmp` folder.
#![cfg(feature = "playground")]

#[path = "browser/demo.rs"]
mod demo;
#[path = "browser/driver.rs"]
mod driver;
mod optional;
#[path = "common/port.rs"]
mod port;

use demo::Demo;
use driver::{Browser, Driver};

const ANA: &str = "U0ANA00001";
const BEN: &str = "U0BEN00001";
const CLEO: &str = "U0CLEO0001";

const REDIS: &str = r#"[data-post="/api/scenarios/redis%2Dtimeout"]"#;
const BAD_DEPLOY: &str = r#"[data-post="/api/scenarios/bad%2Ddeploy"]"#;
/// The card: the channel's newest message that is not for one person's eyes.
const CARD: &str = ".middle article.msg:not(.ephemeral)";
const APPROVE: &str = ".middle [data-act=approve]";
const REJECT: &str = ".middle [data-act=reject]";
const MODIFY: &str = ".middle [data-act=modify]";
const CONFIRM: &str = "dialog[open] [data-go]";
const MODAL: &str = "[data-modal]";
const SUBMIT: &str = "[data-submit]";
const OPEN_THREAD: &str = ".middle .thread-line";
const THREAD: &str = ".side";
const CHANNEL: &str = ".middle";

/// The demo and a browser's driver, or nothing where there is no browser.
async fn set() -> Option<(Demo, Driver)> {
    let [chromium, chromedriver] = optional::programs(
        "the browser tests",
        ["chromium", "chromedriver"],
        "chromium chromium-driver",
    )?;
    let driver = Driver::start(&chromedriver, &chromium, port::free()).await;
    Some((Demo::start().await, driver))
}

async fn nobody_complained(people: Vec<Browser>) {
    for person in people {
        assert_eq!(person.complaints().await, Vec::<String>::new());
        person.leaves().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ana_approves_and_redis_is_back() {
    let Some((demo, driver)) = set().await else { return };
    let ana = driver.open("ana", &demo.desk_of(ANA)).await;
    let cleo = driver.open("cleo", &demo.desk_of(CLEO)).await;

    ana.clicks(REDIS).await;
    ana.sees(
        CARD,
        &[
            "Redis connection timeout on api-gateway",
            "Waits for 1 approval. May approve: @sre or @sre-leads.",
            "Deletes every key in database 0 of redis-primary. Can't be undone.",
            "exec -n production deployment/redis-primary -- redis-cli FLUSHDB",
            "curl -s localhost:8080/health | jq .redis",
            "Approve 2 steps",
        ],
    )
    .await;

    // A product manager sees the same card without touching anything; the button answers her, and nothing runs.
    cleo.clicks(APPROVE).await;
    cleo.sees(CHANNEL, &["Not allowed: you are not one of the approvers"])
        .await;
    assert!(ana.text(CARD).await.contains("Waits for 1 approval"));

    ana.clicks(APPROVE).await;
    ana.sees(
        CARD,
        &[
            "Resolved at",
            "2 of 2 steps done, approved by @ana: fixed and verified",
        ],
    )
    .await;
    assert_eq!(
        ana.count(APPROVE).await,
        0,
        "a closed card still offers to approve"
    );

    ana.clicks(OPEN_THREAD).await;
    ana.sees(
        THREAD,
        &[
            "ana approved",
            "step 1 succeeded",
            "step 2 succeeded",
            "Summary of INC-1: Redis connection timeout on api-gateway",
            "Steps executed: 2/2",
            "Approved by: ana",
            "Result: resolved",
            "cleo tried to approve and was told",
        ],
    )
    .await;
    cleo.sees(CARD, &["Resolved at"]).await;
    nobody_complained(vec![ana, cleo]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ana_rejects_with_a_reason() {
    let Some((demo, driver)) = set().await else { return };
    let ana = driver.open("ana", &demo.desk_of(ANA)).await;
    let ben = driver.open("ben", &demo.desk_of(BEN)).await;

    ana.clicks(REDIS).await;
    ana.clicks(REJECT).await;
    ana.sees(
        MODAL,
        &[
            "Reject the plan",
            "Redis connection timeout on api-gateway",
            "Why not?",
        ],
    )
    .await;
    ana.types(
        "[data-modal] textarea",
        "The primary is being failed over by hand",
    )
    .await;
    ana.clicks(SUBMIT).await;

    // Ben touched nothing: the card changed before his eyes.
    ben.sees(
        CARD,
        &[
            "@ana has it",
            "rejected the plan: The primary is being failed over by hand",
        ],
    )
    .await;
    assert_eq!(
        ben.count(APPROVE).await,
        0,
        "a rejected plan still offers to approve"
    );
    ben.clicks(OPEN_THREAD).await;
    ben.sees(
        THREAD,
        &["ana rejected the plan: The primary is being failed over by hand"],
    )
    .await;
    assert!(!ben.text(THREAD).await.contains("step 1 started"));
    assert_eq!(ana.count(MODAL).await, 0, "the modal did not close");
    nobody_complained(vec![ana, ben]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ana_modifies_and_ben_approves() {
    let Some((demo, driver)) = set().await else { return };
    let ana = driver.open("ana", &demo.desk_of(ANA)).await;
    let ben = driver.open("ben", &demo.desk_of(BEN)).await;

    ana.clicks(BAD_DEPLOY).await;
    ana.clicks(MODIFY).await;
    ana.sees(MODAL, &["Modify plan 1", "Leave out these steps"]).await;
    ana.clicks(r#"[data-modal] .tick input[value="1"]"#).await;
    ana.clicks(SUBMIT).await;
    ana.sees(MODAL, &["This would change", "step 1 is left out"])
        .await;
    ana.clicks(SUBMIT).await;
    ana.sees(
        CARD,
        &[
            "plan 2, changed from plan 1",
            "Left out: step 1",
            "Approve 3 steps",
        ],
    )
    .await;

    // Ana may change the plan, but she is not among those who may take a deploy back.
    ana.clicks(APPROVE).await;
    ana.clicks(CONFIRM).await;
    ana.sees(
        CHANNEL,
        &["Not allowed: you are not one of the approvers of Tier 2 in production (step 2)"],
    )
    .await;

    ben.clicks(APPROVE).await;
    ben.sees(
        "dialog[open]",
        &["Takes checkout back to the revision before this one"],
    )
    .await;
    ben.clicks(CONFIRM).await;
    ben.sees(CARD, &["Resolved at", "approved by @ben: fixed and verified"])
        .await;
    ana.clicks(OPEN_THREAD).await;
    ana.sees(
        THREAD,
        &[
            "Summary of INC-1",
            "Approved by: ben",
            "Result: resolved",
            "left out when the plan was modified",
        ],
    )
    .await;
    nobody_complained(vec![ana, ben]).await;
}
