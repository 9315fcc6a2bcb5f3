//! The Web API with a raw client: what passes, what is refused and how.

use std::time::Duration;

use interlock::playground::slack::{TokenState, ViolationKind, WorkspaceChange};
use serde_json::{Value, json};

use super::apps::*;

fn error(reply: &Value) -> &str {
    assert_eq!(reply["ok"], false, "{reply}");
    reply["error"].as_str().unwrap()
}

#[tokio::test]
async fn a_posted_message_is_seen_by_who_may_see_it() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    for user in [ANA, GUS] {
        let view = slack.view_as(user);
        let channel = view
            .channels
            .iter()
            .find(|channel| channel.id == INCIDENTS)
            .unwrap();
        assert_eq!(channel.messages[0].ts, at.ts);
        assert_eq!(channel.messages[0].text, "Redis is down");
    }
    // A guest sees only channels they were invited to.
    assert!(
        slack
            .view_as(GUS)
            .channels
            .iter()
            .all(|channel| channel.id == INCIDENTS)
    );
    assert!(slack.view_as("U0DREW0001").channels.is_empty());
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn calls_without_a_good_token_are_refused_with_200() {
    let slack = workspace().await;
    let url = format!("{}/auth.test", slack.api_base());
    let nothing = send("POST", &url, &[], "").await.unwrap();
    assert_eq!((nothing.status, error(&nothing.json())), (200, "not_authed"));
    let wrong = send("POST", &url, &[("authorization", "Bearer xoxb-no")], "")
        .await
        .unwrap();
    assert_eq!(error(&wrong.json()), "invalid_auth");
    let in_url = send("GET", &format!("{url}?token={}", slack.bot_token()), &[], "")
        .await
        .unwrap();
    assert_eq!(error(&in_url.json()), "not_authed");
    assert_eq!(slack.violations()[0].kind, ViolationKind::TokenInUrl);
    slack
        .change(WorkspaceChange::Token(TokenState::Revoked))
        .await
        .unwrap();
    assert_eq!(
        error(&call(&slack, "auth.test", json!({})).await),
        "token_revoked"
    );
}

#[tokio::test]
async fn forms_and_trailing_slashes_are_understood() {
    let slack = workspace().await;
    let blocks = json!([section("hi")]).to_string();
    let pairs = [
        ("token", slack.bot_token()),
        ("channel", INCIDENTS.into()),
        ("text", "hi".into()),
        ("blocks", blocks),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let url = format!("{}//chat.postMessage", slack.api_base());
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let reply = send("POST", &url, &[kind], body).await.unwrap();
    assert_eq!(reply.json()["message"]["blocks"][0]["type"], "section");
    assert!(
        reply.headers["x-oauth-scopes"]
            .to_str()
            .unwrap()
            .contains("chat:write")
    );
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let slack = workspace().await;
    let change = WorkspaceChange::Scope {
        scope: "chat:write".into(),
        granted: false,
    };
    slack.change(change).await.unwrap();
    let reply = call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "hi"}),
    )
    .await;
    assert_eq!(
        (error(&reply), &reply["needed"]),
        ("missing_scope", &json!("chat:write"))
    );
    assert!(reply["provided"].as_str().unwrap().contains("users:read"));
}

#[tokio::test]
async fn posting_is_refused_where_slack_refuses_it() {
    let slack = unlimited().await;
    let change = WorkspaceChange::Archived {
        channel: "#platform".into(),
        archived: true,
    };
    slack.change(change).await.unwrap();
    for (channel, code) in [
        ("C0NOWHERE1", "channel_not_found"),
        ("C0GENERAL1", "not_in_channel"),
        ("C0SREPRIV1", "channel_not_found"),
        ("C0PLATFORM", "is_archived"),
        ("#incidents", "channel_not_found"),
    ] {
        let reply = call(
            &slack,
            "chat.postMessage",
            json!({"channel": channel, "text": "hi"}),
        )
        .await;
        assert_eq!(error(&reply), code, "{channel}");
    }
    let empty = call(&slack, "chat.postMessage", json!({"channel": INCIDENTS})).await;
    assert_eq!(error(&empty), "no_text");
    let thread = json!({"channel": INCIDENTS, "text": "x", "thread_ts": "1.000000"});
    assert_eq!(
        error(&call(&slack, "chat.postMessage", thread).await),
        "thread_not_found"
    );
}

#[tokio::test]
async fn blocks_outside_the_limits_are_refused_and_pointed_at() {
    let slack = workspace().await;
    let blocks = json!([section("ok"), {"type": "actions", "elements": [button("a", &"x".repeat(76))]}]);
    let reply = call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "t", "blocks": blocks}),
    )
    .await;
    assert_eq!(error(&reply), "invalid_blocks");
    let message = reply["response_metadata"]["messages"][0].as_str().unwrap();
    assert_eq!(
        message,
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"
    );
    assert_eq!(slack.violations()[0].kind, ViolationKind::OutsideLimits);
}

#[tokio::test]
async fn the_sixth_quick_post_in_a_channel_gets_429_and_waits_its_second() {
    let slack = workspace().await;
    let post = || {
        call_full(
            &slack,
            "chat.postMessage",
            json!({"channel": INCIDENTS, "text": "hi"}),
        )
    };
    for _ in 0..5 {
        assert_eq!(post().await.json()["ok"], true);
    }
    let refused = post().await;
    assert_eq!(
        (refused.status, refused.headers["retry-after"].to_str().unwrap()),
        (429, "1")
    );
    assert_eq!(error(&refused.json()), "ratelimited");
    slack.advance(Duration::from_secs(1));
    assert_eq!(post().await.json()["ok"], true);
}

async fn first_message(slack: &interlock::playground::slack::SlackDouble) -> Value {
    let history = call(
        slack,
        "conversations.history",
        json!({"channel": INCIDENTS, "include_all_metadata": true}),
    )
    .await;
    history["messages"][0].clone()
}

#[tokio::test]
async fn an_update_keeps_what_is_left_out_and_text_alone_removes_blocks() {
    let slack = workspace().await;
    let first = json!({
        "channel": INCIDENTS, "text": "one", "blocks": [section("one")],
        "attachments": [{"color": "#ff0000", "text": "bar"}],
        "metadata": {"event_type": "card", "event_payload": {"delivery_id": "d1"}},
    });
    let ts = call(&slack, "chat.postMessage", first).await["ts"].clone();
    let same = json!({"channel": INCIDENTS, "ts": ts, "text": "two", "blocks": [section("two")]});
    assert_eq!(call(&slack, "chat.update", same).await["ok"], true);
    let message = first_message(&slack).await;
    assert_eq!(message["blocks"][0]["text"]["text"], "two");
    assert_eq!(message["attachments"][0]["text"], "bar");
    assert_eq!(message["metadata"]["event_payload"]["delivery_id"], "d1");
    assert_eq!(message["edited"], Value::Null);
    call(
        &slack,
        "chat.update",
        json!({"channel": INCIDENTS, "ts": ts, "text": "three", "attachments": []}),
    )
    .await;
    let message = first_message(&slack).await;
    assert_eq!(
        (&message["blocks"], &message["attachments"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(message["edited"]["user"], slack.bot_user());
    let long = json!({"channel": INCIDENTS, "ts": ts, "text": "x".repeat(4001)});
    assert_eq!(error(&call(&slack, "chat.update", long).await), "msg_too_long");
}

#[tokio::test]
async fn only_the_author_may_change_a_message() {
    let slack = workspace().await;
    let said = slack.say(ANA, INCIDENTS, None, "hello").await.unwrap();
    let args = json!({"channel": INCIDENTS, "ts": said.ts, "text": "x"});
    assert_eq!(
        error(&call(&slack, "chat.update", args.clone()).await),
        "cant_update_message"
    );
    assert_eq!(
        error(&call(&slack, "chat.delete", args).await),
        "cant_delete_message"
    );
    let gone = json!({"channel": INCIDENTS, "ts": "1.000001", "text": "x"});
    assert_eq!(
        error(&call(&slack, "chat.update", gone).await),
        "message_not_found"
    );
}

#[tokio::test]
async fn a_deleted_parent_leaves_a_tombstone_over_its_replies() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "reply", "thread_ts": at.ts}),
    )
    .await;
    call(&slack, "chat.delete", json!({"channel": INCIDENTS, "ts": at.ts})).await;
    let replies = call(
        &slack,
        "conversations.replies",
        json!({"channel": INCIDENTS, "ts": at.ts}),
    )
    .await;
    assert_eq!(replies["messages"][0]["subtype"], "tombstone");
    assert_eq!(replies["messages"][1]["text"], "reply");
}

#[tokio::test]
async fn an_ephemeral_reaches_one_person_and_no_history() {
    let slack = workspace().await;
    let args = json!({"channel": INCIDENTS, "user": CLEO, "text": "not allowed"});
    assert!(call(&slack, "chat.postEphemeral", args).await["message_ts"].is_string());
    let sees = |user: &str| {
        let view = slack.view_as(user);
        let channel = view
            .channels
            .into_iter()
            .find(|channel| channel.id == INCIDENTS)
            .unwrap();
        channel
            .messages
            .iter()
            .any(|message| message.ephemeral && message.text == "not allowed")
    };
    assert!(sees(CLEO) && !sees(ANA));
    let history = call(&slack, "conversations.history", json!({"channel": INCIDENTS})).await;
    assert_eq!(history["messages"], json!([]));
    let outside = json!({"channel": "C0PAYMENTS", "user": GUS, "text": "x"});
    assert_eq!(
        error(&call(&slack, "chat.postEphemeral", outside).await),
        "user_not_in_channel"
    );
}
