//! Break-glass: one incident's gate is open for some minutes, everybody hears of it, and somebody else looks afterwards.

use interlock::playground::cluster::{FaultKind, Scenario};

use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const RULE: &str = "[break_glass]\nusers = [\"U0ANA00001\"]\nminutes = 15";

/// Nothing may start today, and two people would have to approve it.
fn shut(more: &str) -> Setup {
    let freeze = "[[freezes]]\nname = \"launch\"\nreason = \"we launch\"\nzone = \"UTC\"\nduring = [\"2020-01-01..2040-01-01\"]";
    Setup::default()
        .no_approvers()
        .approver("tiers = [0, 1]\ngroups = [\"@sre\"]\napprovals = 2")
        .table(freeze)
        .table(more)
}

async fn redis(setup: Setup) -> TestWorld {
    redis_by(setup, &Alert::redis_timeout()).await
}

async fn redis_by(setup: Setup, alert: &Alert) -> TestWorld {
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.fires(alert).await;
    world
        .card("the policy's calendar freezes it (launch: we launch)")
        .await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_breaks_the_glass_goes_on_alone_and_another_person_reviews_it() {
    let alert = Alert::redis_timeout();
    let world = redis_by(shut(RULE), &alert).await;
    assert!(!world.ana().has_button("Approve"), "the calendar shuts it");
    world.ana().types("break-glass INC-1 nobody else is awake").await;
    world.ana().is_told("The glass of INC-1 is broken until").await;
    world.thread().says("ana BROKE THE GLASS until ").await;
    world.a_human_is_paged("INC-1").await;
    let card = world.card("*GLASS BROKEN by @ana*").await;
    assert!(
        card.contains("*The glass is broken by @ana until HH:MM: one approval by @ana is enough*")
            && !card.contains("Waits for 2 approvals"),
        "{card}"
    );
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, HEALTH]).await;
    world.card("Fixed and verified.").await;
    world.resolves(&alert).await;
    let card = world.card("Resolved").await;
    assert!(
        card.contains("*The glass was broken by @ana* at HH:MM: nobody else is awake"),
        "{card}"
    );
    let summary = world.thread().says("Summary of INC-1").await;
    assert!(
        summary.contains("*Glass broken by:* ana (nobody else is awake)"),
        "{summary}"
    );

    world.ben().types("status").await;
    world.ben().is_told("BROKEN GLASS INC-1: ana, since").await;
    world.ben().opens_home().await;
    let home = world.ben().sees_home("*GLASS BROKEN until ").await;
    assert!(home.contains("nobody else is awake"), "{home}");
    world.ben().types("reviewed INC-1 too early").await;
    world.ben().is_told("It is broken by ana until").await;
    world.minutes_pass(16).await;
    let home = world
        .ben()
        .sees_home("*Broken glass that nobody has reviewed*")
        .await;
    assert!(home.contains("/runbook reviewed INC-1 WORDS"), "{home}");
    world.ana().types("reviewed INC-1 fine").await;
    world
        .ana()
        .is_told("You broke it, so another person has to review it.")
        .await;
    world.ben().types("reviewed INC-1").await;
    world
        .ben()
        .is_told("Say what you found: /runbook reviewed INC-1 WORDS")
        .await;
    world.bot_crashes_and_restarts().await;
    world
        .ben()
        .types("reviewed INC-1 right call, the launch was over")
        .await;
    world.ben().is_told("Reviewed").await;
    world
        .thread()
        .says("ben reviewed the broken glass: right call, the launch was over")
        .await;
    world.ben().types("status").await;
    let status = world.ben().is_told("Nothing is open.").await;
    assert!(!status.contains("BROKEN GLASS"), "{status}");
    world.ben().opens_home().await;
    world
        .until("the home has no broken glass any more", || {
            let home = world.ben().view().home?.to_string();
            (!home.contains("nobody has reviewed")).then_some(())
        })
        .await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_minutes_everything_holds_again() {
    let world = redis(shut(RULE)).await;
    world.next_exec(FaultKind::Latency(6_000));
    world.ana().types("break-glass INC-1 nobody else is awake").await;
    world.ana().is_told("The glass of INC-1 is broken until").await;
    world.a_human_is_paged("INC-1").await;
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.card("Running step 1").await;
    world.minutes_pass(15).await;
    world.thread().says("the broken glass is over").await;
    world.thread().says("step 1 succeeded").await;
    world
        .thread()
        .says("step 2 was not started: the policy's calendar freezes it (launch: we launch)")
        .await;
    world.card("This needs a human").await;
    // Whoever was called for the glass is there; this is something else.
    world.a_human_is_paged("INC-1").await;
    world.cluster_did(&[FLUSH]).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

const TWICE: &str = "# Runbook: Twice\n## Blast Radius\n- max_cache_operations: 9\n## Steps\n### Step 1: Flush it\n\
                     ```bash\nkubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB\n```\n\
                     ### Step 2: Flush it once more\n\
                     ```bash\nkubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB\n```\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spent_while_the_glass_is_broken_trips_the_breaker_and_the_glass_goes_on_past_it() {
    let setup = Setup::default()
        .runbook(("twice.md", TWICE))
        .table("[limits]\nactions_per_hour = 1")
        .table(RULE);
    let world = TestWorld::start(setup).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    world.ben().types("run twice").await;
    world.ben().is_told("INC-1 is open").await;
    world.card("Can't be approved now").await;
    world.ana().types("break-glass INC-1 nobody else is awake").await;
    world.ana().is_told("The glass of INC-1 is broken until").await;
    world.a_human_is_paged("INC-1").await;
    world.card("A human was paged at HH:MM").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.cluster_did(&[FLUSH, FLUSH]).await;
    world
        .thread()
        .says("The breaker tripped: 1 change was started within an hour")
        .await;
    world
        .a_human_is_paged("the breaker tripped: 1 change was started")
        .await;
    world.card("This needs a human").await;
    world.thread().is_uninteresting();
    world.fires(&Alert::redis_timeout()).await;
    world.card_shows("INC-2", "*BREAKER TRIPPED*").await;
    assert!(!world.ana().has_button("Approve"));
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_by_people_stands_whoever_breaks_the_glass() {
    let world = redis(shut(RULE)).await;
    world.ben().types("freeze the database is being moved").await;
    world.ben().is_told("Frozen").await;
    world.ana().types("break-glass INC-1 nobody else is awake").await;
    world.ana().is_told("The glass of INC-1 is broken until").await;
    world.a_human_is_paged("INC-1").await;
    world.card("*FROZEN by @ben*").await;
    world.ana().forges_an_approval().await;
    world.ana().is_told("everything is frozen by ben").await;
    world.nothing_ran();
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_named_for_it_and_who_says_no_reason_breaks_nothing() {
    let world = redis(shut(RULE)).await;
    world.ben().types("break-glass INC-1 let me").await;
    world
        .ben()
        .is_told("The policy's [break_glass] does not name you")
        .await;
    world.gus().types("break-glass INC-1 let me").await;
    world.gus().is_told("guests of the workspace can't decide").await;
    world.ana().types("break-glass INC-1").await;
    world.ana().is_told("Breaking the glass needs a reason").await;
    // What is copied at night names the incident that is meant, and none where none was named.
    world.ana().types("break-glass").await;
    world.ana().is_told("/runbook break-glass INC-n REASON").await;
    world.fires(&Alert::tape_jam().severity("low")).await;
    world.card_shows("INC-2", "no runbook matches").await;
    world.ana().types("break-glass INC-2").await;
    world.ana().is_told("/runbook break-glass INC-2 REASON").await;
    world.thread_of("INC-2").is_uninteresting();
    world.ben().types("reviewed INC-1 fine").await;
    world.ben().is_told("Nothing of it is waiting for a review").await;
    world.ana().forges_an_approval().await;
    world.ana().is_told("the policy's calendar freezes it").await;
    world.nothing_ran();
    world.thread().ends_with("plan 1 proposed").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rule_nobody_breaks_it_and_who_broke_it_still_needs_a_row() {
    let world = redis(shut("")).await;
    world.ana().types("break-glass INC-1 let me").await;
    world
        .ana()
        .is_told("The policy has no [break_glass], so nobody may")
        .await;
    world.nothing_ran();
    world.thread().ends_with("plan 1 proposed").await;
    world.ends().await;

    let cleo = "[break_glass]\nusers = [\"U0CLEO0001\"]";
    let world = redis(shut(cleo)).await;
    world.cleo().types("break-glass INC-1 let me").await;
    world.cleo().is_told("The glass of INC-1 is broken until").await;
    world.a_human_is_paged("INC-1").await;
    world.cleo().presses("Approve 2 steps").await;
    world
        .cleo()
        .is_told("you are not one of the approvers of Tier 1 in production (step 1)")
        .await;
    world.nothing_ran();
    world.thread().is_uninteresting();
    world.ends().await;
}
