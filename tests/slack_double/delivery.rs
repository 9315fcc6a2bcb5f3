//! What people do reaches the app, over either transport, and its answers reach people.

use std::time::Duration;

use interlock::playground::slack::{AckBody, ClickOutcome, Failure, Input, MessageAt, ViolationKind};
use serde_json::json;

use super::apps::*;

#[tokio::test]
async fn a_click_arrives_whole_and_is_acked() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    let outcome = slack
        .click(ANA, at.clone(), "gate", "approve", Input::Press)
        .await
        .unwrap();
    let delivery = outcome.delivery().unwrap();
    assert!(delivery.acked && delivery.latency.unwrap() < Duration::from_secs(3));
    let frame = app.next().await;
    let payload = &frame["payload"];
    assert_eq!(
        (frame["type"].as_str(), payload["type"].as_str()),
        (Some("interactive"), Some("block_actions"))
    );
    assert_eq!(payload["user"]["id"], ANA);
    assert_eq!(payload["container"]["message_ts"], at.ts);
    assert_eq!(payload["actions"][0]["action_id"], "approve");
    assert_eq!(payload["actions"][0]["value"], "v1");
    assert_eq!(payload["message"]["text"], "Redis is down");
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn people_click_only_what_they_see() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let _app = SocketApp::connect(&slack).await;
    let missing = slack.click(ANA, at.clone(), "gate", "gone", Input::Press).await;
    assert!(missing.unwrap_err().to_string().contains("no element `gone`"));
    assert!(
        slack
            .click("U0DREW0001", at.clone(), "gate", "approve", Input::Press)
            .await
            .is_err()
    );
    let private = call(
        &slack,
        "chat.postMessage",
        json!({"channel": "C0PLATFORM", "text": "x"}),
    )
    .await;
    let hidden = MessageAt::new("C0PLATFORM", private["ts"].as_str().unwrap());
    assert!(
        slack
            .click(GUS, hidden, "gate", "approve", Input::Press)
            .await
            .is_err()
    );
    assert!(
        slack
            .click(ANA, at.clone(), "gate", "more", Input::Option("nope".into()))
            .await
            .is_err()
    );
    assert!(
        slack
            .click(ANA, at, "gate", "more", Input::Option("escalate".into()))
            .await
            .is_ok()
    );
    assert_eq!(slack.deliveries().len(), 1);
}

#[tokio::test]
async fn a_confirm_dialog_stands_before_the_delivery() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let _app = SocketApp::connect(&slack).await;
    let ClickOutcome::Confirm(dialog) = slack.click(ANA, at, "gate", "flush", Input::Press).await.unwrap()
    else {
        panic!("no dialog");
    };
    assert_eq!(
        (dialog.title.as_str(), dialog.text.as_str()),
        ("Sure?", "Deletes every key.")
    );
    assert!(slack.deliveries().is_empty());
    assert!(slack.confirm(dialog).await.unwrap().delivery().unwrap().acked);
}

#[tokio::test]
async fn a_click_without_an_ack_in_three_seconds_shows_an_error() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    app.will(Answer::Silence);
    let clicking = slack.click(ANA, at.clone(), "gate", "approve", Input::Press);
    let (outcome, ()) = tokio::join!(clicking, async {
        app.next().await;
        slack.advance(Duration::from_secs(3));
    });
    let outcome = outcome.unwrap();
    let delivery = outcome.delivery().unwrap();
    assert_eq!(
        (delivery.acked, delivery.failure),
        (false, Some(Failure::Timeout))
    );
    assert_eq!(
        slack.view_as(ANA).notices[0].message_ts.as_deref(),
        Some(at.ts.as_str())
    );
    assert!(slack.view_as(BEN).notices.is_empty());
    assert_eq!(slack.violations()[0].kind, ViolationKind::NotAcked);
}

#[tokio::test]
async fn each_payload_goes_to_exactly_one_connection() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let (mut one, mut two) = (SocketApp::connect(&slack).await, SocketApp::connect(&slack).await);
    assert_eq!(slack.connections(), 2);
    for _ in 0..6 {
        slack
            .click(ANA, at.clone(), "gate", "approve", Input::Press)
            .await
            .unwrap();
    }
    let mut count = 0;
    while one.frames.try_recv().is_ok() || two.frames.try_recv().is_ok() {
        count += 1;
    }
    assert_eq!(count, 6);
}

#[tokio::test]
async fn the_eleventh_connection_is_turned_away() {
    let slack = workspace().await;
    let mut apps = Vec::new();
    for _ in 0..10 {
        apps.push(SocketApp::connect(&slack).await);
        slack.advance(Duration::from_secs(2));
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(socket_url(&slack).await)
        .await
        .unwrap();
    let frame = futures::StreamExt::next(&mut socket).await.unwrap().unwrap();
    assert!(frame.to_text().unwrap().contains("too_many_websockets"));
}

#[tokio::test]
async fn a_socket_address_is_good_once() {
    let slack = workspace().await;
    let url = socket_url(&slack).await;
    let first = tokio_tungstenite::connect_async(&url).await;
    assert!(first.is_ok());
    assert!(tokio_tungstenite::connect_async(&url).await.is_err());
    let opened = format!("{}/apps.connections.open", slack.api_base());
    let token = format!("Bearer {}", slack.bot_token());
    let wrong = send("POST", &opened, &[("authorization", &token)], "")
        .await
        .unwrap()
        .json();
    assert_eq!(wrong["error"], "not_allowed_token_type");
}

#[tokio::test]
async fn a_response_url_takes_five_answers_and_no_sixth() {
    let slack = unlimited().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    slack
        .click(ANA, at.clone(), "gate", "approve", Input::Press)
        .await
        .unwrap();
    let url = app.next().await["payload"]["response_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let visible = |user: &str| {
        let channels = slack.view_as(user).channels;
        channels
            .into_iter()
            .find(|channel| channel.id == INCIDENTS)
            .unwrap()
            .messages
    };
    assert_eq!(post_json(&url, json!({"text": "only you"})).await.text, "ok");
    assert!(
        visible(ANA)
            .iter()
            .any(|message| message.ephemeral && message.text == "only you")
    );
    assert!(!visible(BEN).iter().any(|message| message.text == "only you"));
    post_json(&url, json!({"text": "all", "response_type": "in_channel"})).await;
    assert!(visible(BEN).iter().any(|message| message.text == "all"));
    post_json(&url, json!({"text": "replaced", "replace_original": true})).await;
    assert_eq!(visible(BEN)[0].text, "replaced");
    post_json(&url, json!({"text": "four"})).await;
    post_json(&url, json!({"delete_original": true})).await;
    assert!(visible(BEN).iter().all(|message| message.ts != at.ts));
    let sixth = post_json(&url, json!({"text": "six"})).await;
    assert_eq!(
        (sixth.status, sixth.json()["error"].as_str()),
        (404, Some("used_url"))
    );
    assert_eq!(slack.violations()[0].kind, ViolationKind::ResponseUrlMisuse);
}

#[tokio::test]
async fn a_response_url_dies_after_thirty_minutes() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    slack
        .click(ANA, at, "gate", "approve", Input::Press)
        .await
        .unwrap();
    let url = app.next().await["payload"]["response_url"]
        .as_str()
        .unwrap()
        .to_owned();
    slack.advance(Duration::from_secs(30 * 60 + 1));
    assert_eq!(
        post_json(&url, json!({"text": "late"})).await.json()["error"],
        "expired_url"
    );
}

#[tokio::test]
async fn a_slash_command_is_answered_in_its_ack() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    app.will(Answer::Body(
        json!({"text": "9 runbooks", "response_type": "in_channel"}),
    ));
    let delivery = slack.slash(ANA, INCIDENTS, "/runbook", "list").await.unwrap();
    assert!(matches!(delivery.ack, AckBody::Json(_)) && delivery.seen_error.is_none());
    let payload = app.next().await["payload"].clone();
    assert_eq!(
        (&payload["command"], &payload["text"]),
        (&json!("/runbook"), &json!("list"))
    );
    let view = slack.view_as(BEN);
    let channel = view
        .channels
        .iter()
        .find(|channel| channel.id == INCIDENTS)
        .unwrap();
    assert_eq!(channel.messages[0].text, "9 runbooks");
    assert!(slack.slash(ANA, INCIDENTS, "/nope", "").await.is_err());
}

#[tokio::test]
async fn a_slash_command_nobody_takes_fails_visibly() {
    let slack = workspace().await;
    let delivery = slack.slash(ANA, INCIDENTS, "/runbook", "list").await.unwrap();
    assert_eq!(delivery.failure, Some(Failure::NoReceiver));
    assert_eq!(
        slack.view_as(ANA).notices[0].text,
        "/runbook failed with the error \"dispatch_failed\""
    );
}

#[tokio::test]
async fn a_mention_and_a_direct_message_become_events() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    let said = slack
        .say(ANA, INCIDENTS, None, "@interlock status")
        .await
        .unwrap();
    assert!(said.deliveries[0].acked);
    let frame = app.next().await;
    assert_eq!(
        (&frame["type"], &frame["retry_attempt"]),
        (&json!("events_api"), &json!(0))
    );
    let event = &frame["payload"]["event"];
    assert_eq!(
        (&event["type"], &event["ts"]),
        (&json!("app_mention"), &json!(said.ts))
    );
    assert!(event["text"].as_str().unwrap().starts_with("<@U0INTERLCK>"));
    let direct = slack.direct_channel(ANA);
    slack.say(ANA, &direct, None, "hi").await.unwrap();
    let event = app.next().await["payload"]["event"].clone();
    assert_eq!(
        (&event["type"], &event["channel_type"]),
        (&json!("message"), &json!("im"))
    );
    // What people type arrives escaped, and names arrive as links.
    let command = slack
        .slash(ANA, INCIDENTS, "/runbook", "page @ben <now>")
        .await
        .unwrap();
    assert_eq!(command.payload["text"], "page <@U0BEN00001> &lt;now&gt;");
    // Nobody subscribed to what people say in channels.
    assert!(
        slack
            .say(ANA, INCIDENTS, None, "just talking")
            .await
            .unwrap()
            .deliveries
            .is_empty()
    );
}

#[tokio::test]
async fn group_changes_are_announced() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    slack.set_group("sre", &[BEN, CLEO]);
    let event = app.next().await["payload"]["event"].clone();
    assert_eq!(event["type"], "subteam_members_changed");
    assert_eq!(
        (&event["added_users"], &event["removed_users"]),
        (&json!([CLEO]), &json!([ANA]))
    );
}
