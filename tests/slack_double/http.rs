//! Signed HTTP delivery: signatures, retries, the challenge.

use std::time::Duration;

use interlock::playground::slack::{Failure, Input, RequestUrls, ViolationKind, request_signature};
use serde_json::json;

use super::apps::*;

#[tokio::test]
async fn http_deliveries_are_signed_and_carry_what_slack_sends() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = HttpApp::start().await;
    slack.use_http(RequestUrls::single(&app.url)).await.unwrap();
    slack
        .click(ANA, at, "gate", "approve", Input::Press)
        .await
        .unwrap();
    let request = app.next().await;
    let timestamp = request.header("x-slack-request-timestamp").parse().unwrap();
    let expected = request_signature(&slack.signing_secret(), timestamp, request.body.as_bytes());
    assert_eq!(request.header("x-slack-signature"), expected);
    assert_eq!(request.payload()["type"], "block_actions");
    slack
        .slash(ANA, INCIDENTS, "/runbook", "show redis")
        .await
        .unwrap();
    let form = app.next().await.body;
    assert!(
        form.contains("command=%2Frunbook")
            && form.contains("text=show+redis")
            && form.contains("trigger_id=")
    );
}

#[tokio::test]
async fn a_failed_event_is_retried_at_once_then_after_one_and_five_minutes() {
    let slack = workspace().await;
    let mut app = HttpApp::start().await;
    slack.use_http(RequestUrls::single(&app.url)).await.unwrap();
    for _ in 0..4 {
        app.will((500, "", None));
    }
    let said = slack.say(ANA, INCIDENTS, None, "@interlock why").await.unwrap();
    assert_eq!(said.deliveries[0].failure, Some(Failure::Status(500)));
    assert_eq!(app.next().await.header("x-slack-retry-num"), "");
    let mut changes = slack.changes();
    for (at, (number, wait)) in [("1", 0), ("2", 60), ("3", 300)].into_iter().enumerate() {
        while slack.deliveries().len() < at + 1 {
            changes.changed().await.unwrap();
        }
        slack.advance(Duration::from_secs(wait));
        let request = app.next().await;
        assert_eq!(request.header("x-slack-retry-num"), number);
        assert_eq!(request.header("x-slack-retry-reason"), "http_error");
    }
}

#[tokio::test]
async fn an_app_can_ask_not_to_be_retried() {
    let slack = workspace().await;
    let mut app = HttpApp::start().await;
    slack.use_http(RequestUrls::single(&app.url)).await.unwrap();
    app.will((500, "", Some(("x-slack-no-retry", "1"))));
    let said = slack.say(ANA, INCIDENTS, None, "@interlock why").await.unwrap();
    assert_eq!(said.deliveries[0].failure, Some(Failure::StatusNoRetry(500)));
    app.next().await;
    slack.advance(Duration::from_secs(600));
    slack.say(ANA, INCIDENTS, None, "@interlock again").await.unwrap();
    assert_eq!(app.next().await.header("x-slack-retry-num"), "");
}

#[tokio::test]
async fn an_events_url_must_answer_its_challenge() {
    let slack = workspace().await;
    let other = workspace().await;
    let url = format!("{}/api.test", other.api_base());
    assert!(slack.use_http(RequestUrls::single(&url)).await.is_err());
}

#[tokio::test]
async fn an_illegal_ack_is_recorded() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let app = SocketApp::connect(&slack).await;
    app.will(Answer::Body(json!({"text": "thanks"})));
    slack
        .click(ANA, at, "gate", "approve", Input::Press)
        .await
        .unwrap();
    assert_eq!(slack.violations()[0].kind, ViolationKind::IllegalAck);
}
