//! Reading and describing: history, people, reactions, files, and what is recorded of careless apps.

use std::time::Duration;

use interlock::playground::slack::{MessageAt, ViolationKind};
use serde_json::{Value, json};

use super::apps::*;

fn error(reply: &Value) -> &str {
    assert_eq!(reply["ok"], false, "{reply}");
    reply["error"].as_str().unwrap()
}

#[tokio::test]
async fn history_pages_and_bounds() {
    let slack = unlimited().await;
    let mut all = Vec::new();
    for n in 0..5 {
        let reply = call(
            &slack,
            "chat.postMessage",
            json!({"channel": INCIDENTS, "text": n.to_string()}),
        )
        .await;
        all.push(reply["ts"].as_str().unwrap().to_owned());
    }
    let page = call(
        &slack,
        "conversations.history",
        json!({"channel": INCIDENTS, "limit": 2}),
    )
    .await;
    assert_eq!(
        (page["messages"][0]["text"].as_str(), page["has_more"].as_bool()),
        (Some("4"), Some(true))
    );
    let cursor = &page["response_metadata"]["next_cursor"];
    let next = call(
        &slack,
        "conversations.history",
        json!({"channel": INCIDENTS, "limit": 2, "cursor": cursor}),
    )
    .await;
    assert_eq!(next["messages"][0]["text"], "2");
    let after = call(
        &slack,
        "conversations.history",
        json!({"channel": INCIDENTS, "oldest": all[3]}),
    )
    .await;
    assert_eq!(after["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn careless_messages_are_recorded() {
    let slack = workspace().await;
    call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "<!channel> wake up"}),
    )
    .await;
    call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "blocks": [section("no text")]}),
    )
    .await;
    for _ in 0..2 {
        let metadata = json!({"event_type": "card", "event_payload": {"delivery_id": "same"}});
        call(
            &slack,
            "chat.postMessage",
            json!({"channel": INCIDENTS, "text": "a", "metadata": metadata}),
        )
        .await;
    }
    // Plain text has no mentions, so this one is harmless.
    let plain = json!([{"type": "section", "text": {"type": "plain_text", "text": "<!here>"}}]);
    call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "a", "blocks": plain}),
    )
    .await;
    let kinds: Vec<ViolationKind> = slack
        .violations()
        .iter()
        .map(|violation| violation.kind)
        .collect();
    let expected = [
        ViolationKind::Broadcast,
        ViolationKind::MissingText,
        ViolationKind::DuplicateDelivery,
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn people_and_groups_are_described() {
    let slack = workspace().await;
    let gus = call(&slack, "users.info", json!({"user": GUS})).await;
    assert_eq!(
        (&gus["user"]["is_restricted"], &gus["user"]["deleted"]),
        (&json!(true), &json!(false))
    );
    let fay = call(&slack, "users.info", json!({"user": "U0FAY00001"})).await;
    assert_eq!(
        (&fay["user"]["is_stranger"], &fay["user"]["team_id"]),
        (&json!(true), &json!("T0PARTNER1"))
    );
    let group = call(
        &slack,
        "usergroups.users.list",
        json!({"usergroup": "S0SRE00001"}),
    )
    .await;
    assert_eq!(group["users"], json!([ANA, BEN]));
    let none = call(
        &slack,
        "usergroups.users.list",
        json!({"usergroup": "S0NOPE0001"}),
    )
    .await;
    assert_eq!(error(&none), "no_such_subteam");
    let ana = call(
        &slack,
        "users.lookupByEmail",
        json!({"email": "ana@acme.example"}),
    )
    .await;
    assert_eq!(ana["user"]["id"], ANA);
    assert_eq!(
        error(&call(&slack, "users.lookupByEmail", json!({"email": "x@y.z"})).await),
        "users_not_found"
    );
}

#[tokio::test]
async fn reactions_are_added_once_and_removed_once() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let args = json!({"channel": INCIDENTS, "timestamp": at.ts, "name": "eyes"});
    assert_eq!(call(&slack, "reactions.add", args.clone()).await["ok"], true);
    assert_eq!(
        error(&call(&slack, "reactions.add", args.clone()).await),
        "already_reacted"
    );
    assert_eq!(call(&slack, "reactions.remove", args.clone()).await["ok"], true);
    assert_eq!(
        error(&call(&slack, "reactions.remove", args).await),
        "no_reaction"
    );
}

#[tokio::test]
async fn a_message_to_a_person_lands_in_their_direct_messages() {
    let slack = workspace().await;
    let sent = call(
        &slack,
        "chat.postMessage",
        json!({"channel": ANA, "text": "psst"}),
    )
    .await;
    let opened = call(&slack, "conversations.open", json!({"users": ANA})).await;
    assert_eq!(sent["channel"], opened["channel"]["id"]);
    let view = slack.view_as(ANA);
    let direct = view.channels.iter().find(|channel| channel.is_direct).unwrap();
    assert_eq!(direct.messages[0].text, "psst");
    assert!(
        slack
            .view_as(BEN)
            .channels
            .iter()
            .all(|channel| !channel.is_direct)
    );
}

#[tokio::test]
async fn a_file_is_uploaded_completed_and_later_shared() {
    let slack = workspace().await;
    let asked = call(
        &slack,
        "files.getUploadURLExternal",
        json!({"filename": "out.txt", "length": 5}),
    )
    .await;
    let (url, id) = (asked["upload_url"].as_str().unwrap(), &asked["file_id"]);
    let wrong = send("POST", url, &[], "four").await.unwrap();
    assert_eq!(wrong.status, 400);
    let sent = send("POST", url, &[], "hello").await.unwrap();
    assert_eq!((sent.status, sent.text.as_str()), (200, "OK - 5"));
    let args = json!({"files": [{"id": id, "title": "Output"}], "channel_id": INCIDENTS, "initial_comment": "the output"});
    let done = call(&slack, "files.completeUploadExternal", args.clone()).await;
    assert_eq!(done["files"][0]["shares"], Value::Null);
    assert_eq!(
        error(&call(&slack, "files.completeUploadExternal", args).await),
        "access_denied"
    );
    let early = json!([{"type": "image", "alt_text": "a", "slack_file": {"id": id}}]);
    let early = call(
        &slack,
        "chat.postMessage",
        json!({"channel": INCIDENTS, "text": "t", "blocks": early}),
    )
    .await;
    assert!(
        early["response_metadata"]["messages"][0]
            .as_str()
            .unwrap()
            .contains("invalid slack file")
    );
    slack.advance(Duration::from_secs(1));
    let shared = slack.wait_for(ANA, PATIENCE, |view| {
        let channel = view.channels.iter().find(|channel| channel.id == INCIDENTS)?;
        channel
            .messages
            .iter()
            .find(|message| !message.files.is_empty())
            .cloned()
    });
    let shared = shared.await.unwrap();
    assert_eq!(
        (shared.text.as_str(), shared.files[0].title.as_str()),
        ("the output", "Output")
    );
    let info = call(&slack, "files.info", json!({"file": id})).await;
    assert_eq!(info["file"]["shares"]["public"][INCIDENTS][0]["ts"], shared.ts);
    let seen = send(
        "GET",
        &format!("{}{}", slack.addresses().base, shared.files[0].url_path),
        &[],
        "",
    )
    .await
    .unwrap();
    assert_eq!(seen.text, "hello");
}

#[tokio::test]
async fn permalinks_lead_to_messages() {
    let slack = workspace().await;
    let at: MessageAt = post_card(&slack).await;
    let link = call(
        &slack,
        "chat.getPermalink",
        json!({"channel": at.channel, "message_ts": at.ts}),
    )
    .await;
    assert!(
        link["permalink"]
            .as_str()
            .unwrap()
            .contains(&at.ts.replace('.', ""))
    );
}
