//! One rule, one service, one runbook: one card with one plan, however a source groups its alerts. And when all of it began.

use interlock::playground::slack::Input;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{Alert, Setup, TestWorld};

const BY_LABEL: &str = "# Runbook: Restart What Lost Redis
## Trigger Conditions
- Alert contains: \"redis\"
- Service: api-gateway
## Parameters
- deploy: name, from label deploy
## Blast Radius
- max_pod_restarts: 6
- requires_human_approval: true
## Steps
### Step 1: Restart it
```bash
kubectl rollout restart deployment {{ deploy }} -n production
```
";
const DEPLOYS: [&str; 3] = ["api-gateway", "checkout", "user-service"];

/// As Alertmanager sends it where alerts are grouped by pod.
fn of_pod(alert: &Alert, number: usize) -> Value {
    let mut body = alert.firing();
    body["groupKey"] = json!(format!("{{}}:{{pod=\"gateway-{number}\"}}"));
    body["alerts"][0]["labels"]["pod"] = json!(format!("gateway-{number}"));
    body["alerts"][0]["fingerprint"] = json!(format!("{number:016x}"));
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_pods_of_one_service_are_one_card_with_one_plan_and_nobody_is_asked_forty_times() {
    let world = TestWorld::start(Setup::default()).await;
    for number in 0..40 {
        assert_eq!(world.posts(&of_pod(&Alert::redis_timeout(), number)).await, 200);
    }
    let card = world.card("40 of 40 alerts firing").await;
    assert!(card.contains("same rule and runbook"), "{card}");
    world.card("Waits for 1 approval").await;
    world.outbox_is_empty().await;
    assert_eq!(world.channel("incidents").cards(), 1);
    let said = world.thread().said();
    let proposed = said.iter().filter(|line| line.contains("proposed")).count();
    assert_eq!(proposed, 1, "{said:#?}");

    // It is shown why, and what a person takes apart stays apart.
    let elsewhere = Alert::redis_timeout().label("namespace", "staging");
    assert_eq!(world.posts(&of_pod(&elsewhere, 77)).await, 200);
    world.card_shows("INC-2", "Redis connection timeout").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

/// Somebody has said no to the plan of the one; whoever has that is not called for what breaks after it.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_a_no_has_a_card_of_its_own() {
    let world = TestWorld::redis_times_out().await;
    assert_eq!(world.posts(&of_pod(&Alert::redis_timeout(), 1)).await, 200);
    world.card("Waits for 1 approval").await;
    world.ana().presses("Reject").await;
    world.ana().sees_modal("Nothing of this plan will run").await;
    world
        .ana()
        .submits(&[("Why not?", Input::Text("the primary is failing over".to_owned()))])
        .await;
    world.ana().is_told("Rejected.").await;
    assert_eq!(world.posts(&of_pod(&Alert::redis_timeout(), 2)).await, 200);
    world.card_shows("INC-2", "Waits for 1 approval").await;
    // And the next one joins that.
    assert_eq!(world.posts(&of_pod(&Alert::redis_timeout(), 3)).await, 200);
    world.card_shows("INC-2", "2 of 2 alerts firing").await;
    world.thread_of("INC-1").is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_whose_labels_make_another_plan_keeps_its_card() {
    let setup = Setup::default().no_runbooks().runbook(("by-label.md", BY_LABEL));
    let world = TestWorld::start(setup).await;
    let of = |number: usize| {
        let alert = Alert::redis_timeout().label("deploy", DEPLOYS[number % DEPLOYS.len()]);
        of_pod(&alert, number)
    };
    // More than make a storm within the minute; those of one deployment join the card of that one, and not the first.
    for number in 0..6 {
        assert_eq!(world.posts(&of(number)).await, 200);
    }
    for (deploy, incident) in DEPLOYS.iter().zip(["INC-1", "INC-2", "INC-3"]) {
        world.card_shows(incident, &format!("production/{deploy}")).await;
        world.card_shows(incident, "2 of 2 alerts firing").await;
        world.card_shows(incident, "Waits for 1 approval").await;
        world.thread_of(incident).is_uninteresting();
    }
    world.outbox_is_empty().await;
    assert_eq!(world.channel("incidents").cards(), 3);
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_critical_by_an_alert_that_joined_pages_and_its_plan_stays_as_it_was_shown() {
    let world = TestWorld::start(Setup::default()).await;
    assert_eq!(world.posts(&of_pod(&Alert::redis_timeout(), 1)).await, 200);
    world.card("Waits for 1 approval").await;
    let worse = Alert::redis_timeout().severity("critical");
    assert_eq!(world.posts(&of_pod(&worse, 2)).await, 200);
    let card = world.card("2 of 2 alerts firing").await;
    assert!(card.contains("*CRITICAL*"), "{card}");
    world.a_human_is_paged("INC-1").await;
    world.card("plan 1").await;
    world.thread().is_uninteresting();
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_began_when_its_alert_did_and_not_when_it_came() {
    let world = TestWorld::start(Setup::default()).await;
    let jam = Alert::tape_jam().again(-SignedDuration::from_mins(25));
    world.fires(&jam).await;
    world.card("Tape library 3 is jammed").await;
    world.thread().is_uninteresting();
    world.resolves(&jam).await;
    let card = world.card("The alert cleared").await;
    assert!(card.contains("after 25 min"), "{card}");
    world.nothing_ran();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_lies_a_year_back_is_none() {
    let world = TestWorld::start(Setup::default()).await;
    let jam = Alert::tape_jam().again(-SignedDuration::from_hours(24 * 400));
    world.fires(&jam).await;
    world.card("Tape library 3 is jammed").await;
    world.thread().is_uninteresting();
    world.resolves(&jam).await;
    let card = world.card("The alert cleared").await;
    assert!(card.contains("after N s"), "{card}");
    world.nothing_ran();
    world.ends().await;
}
