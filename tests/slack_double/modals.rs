//! Modals, triggers and the home tab.

use std::time::Duration;

use interlock::playground::slack::{Input, Place, SlackDouble, ViolationKind};
use serde_json::{Value, json};

use super::apps::*;

fn modal(title: &str) -> Value {
    json!({
        "type": "modal", "callback_id": "modify", "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Save"}, "notify_on_close": true,
        "blocks": [{
            "type": "input", "block_id": "reason", "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }, {"type": "actions", "block_id": "go", "elements": [button("deeper", "Deeper")]}],
    })
}

/// A click by Ana, and the trigger it carried.
async fn trigger(slack: &SlackDouble, app: &mut SocketApp) -> String {
    slack.slash(ANA, INCIDENTS, "/runbook", "x").await.unwrap();
    app.next().await["payload"]["trigger_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn open(slack: &SlackDouble, app: &mut SocketApp) -> Value {
    let trigger = trigger(slack, app).await;
    call(
        slack,
        "views.open",
        json!({"trigger_id": trigger, "view": modal("Modify")}),
    )
    .await["view"]
        .clone()
}

#[tokio::test]
async fn a_trigger_opens_one_modal_within_three_seconds() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    let first = trigger(&slack, &mut app).await;
    let args = json!({"trigger_id": first, "view": modal("Modify")});
    assert_eq!(call(&slack, "views.open", args.clone()).await["ok"], true);
    assert_eq!(
        call(&slack, "views.open", args).await["error"],
        "exchanged_trigger_id"
    );
    let late = trigger(&slack, &mut app).await;
    slack.advance(Duration::from_millis(3001));
    let args = json!({"trigger_id": late, "view": modal("Modify")});
    assert_eq!(
        call(&slack, "views.open", args).await["error"],
        "expired_trigger_id"
    );
    let args = json!({"trigger_id": "1.2.3", "view": modal("Modify")});
    assert_eq!(
        call(&slack, "views.open", args).await["error"],
        "invalid_trigger_id"
    );
    assert!(
        slack
            .violations()
            .iter()
            .all(|violation| violation.kind == ViolationKind::TriggerMisuse)
    );
}

#[tokio::test]
async fn a_view_outside_the_limits_does_not_open() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    let trigger = trigger(&slack, &mut app).await;
    let view = modal("A title that is far too long");
    let reply = call(&slack, "views.open", json!({"trigger_id": trigger, "view": view})).await;
    assert_eq!(reply["error"], "invalid_arguments");
    assert!(
        reply["response_metadata"]["messages"][0]
            .as_str()
            .unwrap()
            .contains("/view/title/text")
    );
    // The trigger is not spent by a refused view.
    assert_eq!(
        call(
            &slack,
            "views.open",
            json!({"trigger_id": trigger, "view": modal("Ok")})
        )
        .await["ok"],
        true
    );
}

#[tokio::test]
async fn a_submission_carries_its_values_and_an_empty_ack_closes() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    let view = open(&slack, &mut app).await;
    let empty = slack.submit_modal(ANA, &[]).await;
    assert!(empty.unwrap_err().to_string().contains("`reason`"));
    let typed = [("reason", "text", Input::Text("too risky".into()))];
    let delivery = slack.submit_modal(ANA, &typed).await.unwrap();
    assert!(delivery.acked && delivery.seen_error.is_none());
    let payload = app.next().await["payload"].clone();
    assert_eq!(payload["view"]["id"], view["id"]);
    assert_eq!(
        payload["view"]["state"]["values"]["reason"]["text"]["value"],
        "too risky"
    );
    assert!(slack.view_as(ANA).modal.is_none());
}

#[tokio::test]
async fn errors_stand_at_their_fields_and_the_modal_stays() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    open(&slack, &mut app).await;
    let typed = [("reason", "text", Input::Text("no".into()))];
    app.will(Answer::Body(
        json!({"response_action": "errors", "errors": {"reason": "Say more"}}),
    ));
    slack.submit_modal(ANA, &typed).await.unwrap();
    let seen = slack.view_as(ANA).modal.unwrap();
    assert_eq!(seen.errors, [("reason".to_owned(), "Say more".to_owned())]);
    assert_eq!(seen.view["state"]["values"]["reason"]["text"]["value"], "no");
    app.will(Answer::Body(
        json!({"response_action": "errors", "errors": {"nowhere": "?"}}),
    ));
    let delivery = slack.submit_modal(ANA, &typed).await.unwrap();
    assert!(delivery.seen_error.unwrap().contains("trouble"));
    app.will(Answer::Body(json!({"ok": true})));
    slack.submit_modal(ANA, &typed).await.unwrap();
    assert!(slack.view_as(ANA).modal.unwrap().trouble.is_some());
    assert!(
        slack
            .violations()
            .iter()
            .all(|violation| violation.kind == ViolationKind::IllegalAck)
    );
    assert_eq!(slack.violations().len(), 2);
}

#[tokio::test]
async fn update_push_and_clear_work_as_answers() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    open(&slack, &mut app).await;
    let typed = [("reason", "text", Input::Text("x".into()))];
    app.will(Answer::Body(
        json!({"response_action": "update", "view": modal("Second")}),
    ));
    slack.submit_modal(ANA, &typed).await.unwrap();
    let seen = slack.view_as(ANA).modal.unwrap();
    assert_eq!(
        (seen.view["title"]["text"].as_str(), seen.depth),
        (Some("Second"), 0)
    );
    for depth in 1..=2 {
        app.will(Answer::Body(
            json!({"response_action": "push", "view": modal("Above")}),
        ));
        slack.submit_modal(ANA, &typed).await.unwrap();
        assert_eq!(slack.view_as(ANA).modal.unwrap().depth, depth);
    }
    app.will(Answer::Body(
        json!({"response_action": "push", "view": modal("Too deep")}),
    ));
    assert!(
        slack
            .submit_modal(ANA, &typed)
            .await
            .unwrap()
            .seen_error
            .is_some()
    );
    app.will(Answer::Body(json!({"response_action": "clear"})));
    slack.submit_modal(ANA, &typed).await.unwrap();
    assert!(slack.view_as(ANA).modal.is_none());
}

#[tokio::test]
async fn a_fourth_view_is_refused_and_updates_need_a_fresh_hash() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    let view = open(&slack, &mut app).await;
    for expected in [true, true, false] {
        slack.press(ANA, Place::Modal, "deeper").await.unwrap();
        let trigger = app.next().await["payload"]["trigger_id"].clone();
        let reply = call(
            &slack,
            "views.push",
            json!({"trigger_id": trigger, "view": modal("Up")}),
        )
        .await;
        assert_eq!(reply["ok"], expected);
        assert!(expected || reply["error"] == "push_limit_reached");
    }
    let update = |hash: &str| json!({"view_id": view["id"], "hash": hash, "view": modal("New")});
    let hash = view["hash"].as_str().unwrap();
    assert_eq!(call(&slack, "views.update", update(hash)).await["ok"], true);
    assert_eq!(
        call(&slack, "views.update", update(hash)).await["error"],
        "hash_conflict"
    );
    let gone = json!({"view_id": "V0NOWHERE00", "view": modal("New")});
    assert_eq!(call(&slack, "views.update", gone).await["error"], "not_found");
}

#[tokio::test]
async fn closing_is_told_when_asked_for() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    open(&slack, &mut app).await;
    assert!(slack.close_modal(ANA).await.unwrap().unwrap().acked);
    let payload = app.next().await["payload"].clone();
    assert_eq!(
        (&payload["type"], &payload["is_cleared"]),
        (&json!("view_closed"), &json!(false))
    );
    open(&slack, &mut app).await;
    slack.dismiss_modals(ANA).await.unwrap();
    assert_eq!(app.next().await["payload"]["is_cleared"], true);
    assert!(slack.close_modal(ANA).await.is_err());
}

#[tokio::test]
async fn the_home_tab_is_asked_for_and_published() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    assert!(slack.open_home(ANA).await.unwrap().unwrap().acked);
    assert_eq!(app.next().await["payload"]["event"]["tab"], "home");
    let home = json!({"type": "home", "blocks": [
        section("Nothing waits for you"),
        {"type": "actions", "block_id": "b", "elements": [button("freeze", "Freeze")]},
    ]});
    let reply = call(&slack, "views.publish", json!({"user_id": ANA, "view": home})).await;
    assert_eq!(
        slack.view_as(ANA).home.unwrap()["blocks"][0]["text"]["text"],
        "Nothing waits for you"
    );
    assert!(slack.view_as(BEN).home.is_none());
    let stale = json!({"user_id": ANA, "view": home, "hash": "0.stale"});
    assert_eq!(
        call(&slack, "views.publish", stale).await["error"],
        "hash_conflict"
    );
    slack.press(ANA, Place::Home, "freeze").await.unwrap();
    let payload = app.next().await["payload"].clone();
    assert_eq!(
        (&payload["container"]["type"], &payload["view"]["id"]),
        (&json!("view"), &reply["view"]["id"])
    );
    assert_eq!(payload["response_url"], Value::Null);
}
