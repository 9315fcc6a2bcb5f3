//! Failing on purpose. Longer than other files, since all the switches are told in one place.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use interlock::playground::slack::{
    ApiFault, DeliveryFault, DeliveryKind, Failure, Input, RequestUrls, ShareFault, SocketFault, Times,
    TokenState, ViolationKind, WorkspaceChange, request_signature,
};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::apps::*;

fn texts(slack: &interlock::playground::slack::SlackDouble) -> Vec<String> {
    let view = slack.view_as(ANA);
    let channel = view
        .channels
        .into_iter()
        .find(|channel| channel.id == INCIDENTS)
        .unwrap();
    channel.messages.into_iter().map(|message| message.text).collect()
}

async fn try_post(slack: &interlock::playground::slack::SlackDouble, text: &str) -> Option<Reply> {
    let url = format!("{}/chat.postMessage", slack.api_base());
    let token = format!("Bearer {}", slack.bot_token());
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    send(
        "POST",
        &url,
        &headers,
        json!({"channel": INCIDENTS, "text": text}).to_string(),
    )
    .await
    .ok()
}

#[tokio::test]
async fn a_call_can_fail_before_or_after_its_effect() {
    let slack = unlimited().await;
    let faults = slack.faults();
    let arm = |fault| faults.on_call("chat.postMessage", fault, Times::Once);
    arm(ApiFault::ResetBefore);
    assert!(try_post(&slack, "lost").await.is_none());
    arm(ApiFault::ResetAfter);
    assert!(try_post(&slack, "stored, no answer").await.is_none());
    arm(ApiFault::Status(503));
    assert_eq!(try_post(&slack, "refused").await.unwrap().status, 503);
    arm(ApiFault::StatusAfter(500));
    assert_eq!(try_post(&slack, "stored, 500").await.unwrap().status, 500);
    arm(ApiFault::RateLimited { retry_after: 30 });
    let limited = try_post(&slack, "limited").await.unwrap();
    assert_eq!(
        (limited.status, limited.headers["retry-after"].to_str().unwrap()),
        (429, "30")
    );
    arm(ApiFault::MalformedJson);
    let cut = try_post(&slack, "stored, cut").await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&cut.text).is_err());
    arm(ApiFault::HtmlPage);
    assert!(
        try_post(&slack, "page")
            .await
            .unwrap()
            .text
            .starts_with("<!DOCTYPE html>")
    );
    arm(ApiFault::ExtraFields);
    assert!(try_post(&slack, "stored, extra").await.unwrap().json()["brand_new_field"].is_object());
    arm(ApiFault::Error("internal_error".into()));
    assert_eq!(
        try_post(&slack, "inner").await.unwrap().json()["error"],
        "internal_error"
    );
    assert_eq!(try_post(&slack, "fine").await.unwrap().json()["ok"], true);
    assert_eq!(
        texts(&slack),
        [
            "stored, no answer",
            "stored, 500",
            "stored, cut",
            "stored, extra",
            "fine"
        ]
    );
    assert_eq!(slack.calls().len(), 10);
    assert_eq!(
        slack.calls().iter().filter(|call| call.fault.is_some()).count(),
        9
    );
}

#[tokio::test]
async fn an_event_can_arrive_twice_with_the_same_id() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    slack
        .faults()
        .on_delivery(Some(DeliveryKind::Event), DeliveryFault::Duplicate, Times::Once);
    slack
        .say(ANA, INCIDENTS, None, "@interlock status")
        .await
        .unwrap();
    let (first, second) = (app.next().await, app.next().await);
    assert_eq!(first["payload"]["event_id"], second["payload"]["event_id"]);
    assert_ne!(first["envelope_id"], second["envelope_id"]);
    assert_eq!(
        (&first["retry_attempt"], &second["retry_attempt"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn a_lost_ack_is_an_error_to_the_person_and_not_the_apps_fault() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    slack.faults().on_delivery(
        Some(DeliveryKind::BlockActions),
        DeliveryFault::DropAck,
        Times::Once,
    );
    let outcome = slack
        .click(ANA, at, "gate", "approve", Input::Press)
        .await
        .unwrap();
    assert_eq!(outcome.delivery().unwrap().failure, Some(Failure::AckLost));
    assert_eq!(app.next().await["payload"]["type"], "block_actions");
    assert_eq!(
        (slack.view_as(ANA).notices.len(), slack.violations().len()),
        (1, 0)
    );
}

#[tokio::test]
async fn http_requests_can_be_forged_or_old() {
    let slack = workspace().await;
    let mut app = HttpApp::start().await;
    slack.use_http(RequestUrls::single(&app.url)).await.unwrap();
    slack
        .faults()
        .on_delivery(None, DeliveryFault::WrongSecret, Times::Once);
    slack.slash(ANA, INCIDENTS, "/runbook", "").await.unwrap();
    let forged = app.next().await;
    let timestamp: u64 = forged.header("x-slack-request-timestamp").parse().unwrap();
    let good = request_signature(&slack.signing_secret(), timestamp, forged.body.as_bytes());
    assert_ne!(forged.header("x-slack-signature"), good);
    slack
        .faults()
        .on_delivery(None, DeliveryFault::ClockSkew { seconds: -301 }, Times::Once);
    slack.slash(ANA, INCIDENTS, "/runbook", "").await.unwrap();
    let old: u64 = app
        .next()
        .await
        .header("x-slack-request-timestamp")
        .parse()
        .unwrap();
    assert!(timestamp - old >= 299);
}

#[tokio::test]
async fn a_connection_is_warned_then_closed_ten_seconds_later() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    assert_eq!(slack.faults().socket(SocketFault::Warning), 1);
    assert_eq!(app.next().await["reason"], "warning");
    slack.advance(Duration::from_secs(10));
    assert_eq!(app.next().await["reason"], "refresh_requested");
    assert_eq!(app.next().await["type"], "closed");
}

#[tokio::test]
async fn connections_end_by_refresh_or_without_a_word() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    slack.faults().socket(SocketFault::Refresh);
    assert_eq!(app.next().await["reason"], "refresh_requested");
    let mut app = SocketApp::connect(&slack).await;
    slack.faults().socket(SocketFault::Abrupt);
    assert_eq!(app.next().await["type"], "closed");
    slack.faults().socket(SocketFault::LinkDisabled);
    let url = format!("{}/apps.connections.open", slack.api_base());
    let token = format!("Bearer {}", slack.app_token());
    let refused = send("POST", &url, &[("authorization", &token)], "")
        .await
        .unwrap()
        .json();
    assert_eq!(refused["error"], "socket_mode_disabled");
}

#[tokio::test]
async fn what_goes_into_a_half_open_connection_is_lost() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    slack.faults().socket(SocketFault::HalfOpen);
    let clicking = slack.click(ANA, at, "gate", "approve", Input::Press);
    let (outcome, ()) = tokio::join!(clicking, async { slack.advance(Duration::from_secs(3)) });
    assert_eq!(
        outcome.unwrap().delivery().unwrap().failure,
        Some(Failure::Timeout)
    );
    assert!(app.frames.try_recv().is_err());
}

#[tokio::test]
async fn a_share_can_take_polls_or_never_come() {
    let slack = workspace().await;
    slack.faults().on_share(ShareFault::Polls(2), Times::Once);
    slack.faults().on_share(ShareFault::Never, Times::Once);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let asked = call(
            &slack,
            "files.getUploadURLExternal",
            json!({"filename": "a.txt", "length": 1}),
        )
        .await;
        send("POST", asked["upload_url"].as_str().unwrap(), &[], "x")
            .await
            .unwrap();
        let args = json!({"files": [{"id": asked["file_id"]}], "channel_id": INCIDENTS});
        assert_eq!(
            call(&slack, "files.completeUploadExternal", args).await["ok"],
            true
        );
        ids.push(asked["file_id"].clone());
    }
    let mut shared = Vec::new();
    for id in &ids {
        for _ in 0..4 {
            let info = call(&slack, "files.info", json!({"file": id})).await;
            shared.push(info["file"]["shares"].is_object());
        }
    }
    assert_eq!(shared, [false, false, true, true, false, false, false, false]);
}

#[tokio::test]
async fn clicks_can_be_outdated_forged_or_racing() {
    let slack = unlimited().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    let view = slack.view_as(ANA);
    let shown = view
        .channels
        .iter()
        .find(|channel| channel.id == INCIDENTS)
        .unwrap()
        .messages[0]
        .clone();
    call(
        &slack,
        "chat.update",
        json!({"channel": INCIDENTS, "ts": at.ts, "text": "done", "blocks": [section("done")]}),
    )
    .await;
    assert!(
        slack
            .click(ANA, at.clone(), "gate", "approve", Input::Press)
            .await
            .is_err()
    );
    slack
        .click_outdated(ANA, at.clone(), &shown, "gate", "approve", Input::Press)
        .await
        .unwrap();
    assert_eq!(
        app.next().await["payload"]["message"]["blocks"][1]["block_id"],
        "gate"
    );
    let at = post_card(&slack).await;
    slack
        .forge_click("U0DREW0001", at.clone(), "gate", "approve", Input::Press)
        .await
        .unwrap();
    assert_eq!(app.next().await["payload"]["user"]["id"], "U0DREW0001");
    let ana = slack.click(ANA, at.clone(), "gate", "approve", Input::Press);
    let ben = slack.click(BEN, at, "gate", "approve", Input::Press);
    let (one, two) = tokio::join!(ana, ben);
    assert!(one.unwrap().delivery().unwrap().acked && two.unwrap().delivery().unwrap().acked);
    let triggers = [
        app.next().await["payload"]["trigger_id"].clone(),
        app.next().await["payload"]["trigger_id"].clone(),
    ];
    assert_ne!(triggers[0], triggers[1]);
}

#[tokio::test]
async fn an_old_signed_request_can_come_again_byte_for_byte() {
    let slack = workspace().await;
    let mut app = HttpApp::start().await;
    slack.use_http(RequestUrls::single(&app.url)).await.unwrap();
    let after = Duration::from_secs(600);
    slack.faults().on_delivery(
        Some(DeliveryKind::SlashCommand),
        DeliveryFault::Replay { after },
        Times::Once,
    );
    slack
        .slash(ANA, INCIDENTS, "/runbook", "run redis")
        .await
        .unwrap();
    let first = app.next().await;
    assert!(app.requests.try_recv().is_err());
    slack.advance(after);
    let again = app.next().await;
    assert_eq!(
        (&first.body, first.header("x-slack-signature")),
        (&again.body, again.header("x-slack-signature"))
    );
}

#[tokio::test]
async fn a_delayed_event_is_overtaken() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    let late = DeliveryFault::Delay(Duration::from_secs(30));
    slack
        .faults()
        .on_delivery(Some(DeliveryKind::Event), late, Times::Once);
    let (held, ()) = tokio::join!(slack.say(ANA, INCIDENTS, None, "@interlock first"), async {
        slack
            .say(ANA, INCIDENTS, None, "@interlock second")
            .await
            .unwrap();
        assert!(
            app.next().await["payload"]["event"]["text"]
                .as_str()
                .unwrap()
                .ends_with("second")
        );
        slack.advance(Duration::from_secs(30));
        assert!(
            app.next().await["payload"]["event"]["text"]
                .as_str()
                .unwrap()
                .ends_with("first")
        );
    });
    assert!(held.unwrap().deliveries[0].acked);
}

#[tokio::test]
async fn what_is_under_way_can_be_awaited_before_the_clock_moves() {
    let slack = workspace().await;
    let mut app = SocketApp::connect(&slack).await;
    slack.set_group("oncall", &[BEN]);
    slack
        .change(WorkspaceChange::Token(TokenState::Revoked))
        .await
        .unwrap();
    slack.settled().await;
    slack.advance(Duration::from_secs(3600));
    let mut kinds =
        [app.next().await, app.next().await].map(|frame| frame["payload"]["event"]["type"].to_string());
    kinds.sort();
    assert_eq!(kinds, ["\"subteam_members_changed\"", "\"tokens_revoked\""]);
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn pings_can_go_unanswered_while_everything_else_goes_on() {
    let slack = workspace().await;
    let (mut socket, _) = tokio_tungstenite::connect_async(socket_url(&slack).await)
        .await
        .unwrap();
    let hello = socket.next().await.unwrap().unwrap();
    assert!(hello.to_text().unwrap().contains("hello"));
    // What is read after the ping shows that the ping was read.
    let known = |slack: &interlock::playground::slack::SlackDouble| {
        let violations = slack.violations().into_iter();
        violations
            .filter(|one| one.kind == ViolationKind::UnknownEnvelope)
            .count()
    };
    let mut answered = Vec::new();
    for round in 1..=2 {
        if round == 2 {
            // Obeyed before anything more is read.
            slack.faults().socket(SocketFault::NoPong);
        }
        socket
            .send(Message::Ping(b"ours".as_slice().into()))
            .await
            .unwrap();
        let unknown = json!({"envelope_id": format!("none-{round}")}).to_string();
        socket.send(Message::text(unknown)).await.unwrap();
        while known(&slack) < round {
            tokio::task::yield_now().await;
        }
        let saying = slack.say(ANA, INCIDENTS, None, "@interlock status");
        let reading = async {
            let mut pongs = 0;
            loop {
                match socket.next().await.unwrap().unwrap() {
                    Message::Pong(_) => pongs += 1,
                    Message::Text(text) => {
                        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
                        let ack = json!({"envelope_id": frame["envelope_id"]}).to_string();
                        socket.send(Message::text(ack)).await.unwrap();
                        break pongs;
                    }
                    _ => {}
                }
            }
        };
        let (said, pongs) = tokio::join!(saying, reading);
        assert!(said.unwrap().deliveries[0].acked);
        answered.push(pongs);
    }
    assert_eq!(answered, [1, 0]);
}

#[tokio::test]
async fn a_slow_reader_hears_an_acknowledgement_too_late() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let mut app = SocketApp::connect(&slack).await;
    let every = Duration::from_secs(10);
    slack.faults().socket(SocketFault::SlowReader { every });
    let clicking = slack.click(ANA, at, "gate", "approve", Input::Press);
    let (outcome, frame) = tokio::join!(clicking, async {
        let frame = app.next().await;
        slack.advance(Duration::from_secs(3));
        frame
    });
    assert_eq!(frame["payload"]["type"], "block_actions");
    assert_eq!(
        outcome.unwrap().delivery().unwrap().failure,
        Some(Failure::Timeout)
    );
    slack.advance(Duration::from_secs(7));
    let kinds: Vec<ViolationKind> = slack.violations().iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ViolationKind::NotAcked]);
}

#[tokio::test]
async fn an_upload_can_be_slow_or_lose_its_answer() {
    let slack = workspace().await;
    let upload = async || {
        let args = json!({"filename": "a.txt", "length": 1});
        let asked = call(&slack, "files.getUploadURLExternal", args).await;
        let url = asked["upload_url"].as_str().unwrap().to_owned();
        let sent = send("POST", &url, &[], "x").await.ok();
        let args = json!({"files": [{"id": asked["file_id"]}], "channel_id": INCIDENTS});
        let stored = call(&slack, "files.completeUploadExternal", args).await["ok"] == true;
        (sent.map(|sent| sent.status), stored)
    };
    let arm = |fault| slack.faults().on_call("upload", fault, Times::Once);
    arm(ApiFault::Status(503));
    assert_eq!(upload().await, (Some(503), false));
    arm(ApiFault::StatusAfter(500));
    assert_eq!(upload().await, (Some(500), true));
    arm(ApiFault::ResetAfter);
    assert_eq!(upload().await, (None, true));
    arm(ApiFault::ResetBefore);
    assert_eq!(upload().await, (None, false));

    arm(ApiFault::Delay(Duration::from_secs(3_600)));
    let late = upload();
    tokio::pin!(late);
    let stored = async {
        while slack.calls_of("upload").len() < 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut late => panic!("the answer came at once"),
        () = stored => {}
    }
    slack.advance(Duration::from_secs(3_600));
    assert_eq!(late.await, (Some(200), true));
    let faults: Vec<bool> = slack
        .calls_of("upload")
        .iter()
        .map(|call| call.fault.is_some())
        .collect();
    assert_eq!(faults, [true; 5]);
}

#[tokio::test]
async fn the_app_can_be_put_out_of_a_channel_and_hears_of_it() {
    let slack = interlock::playground::slack::SlackDouble::start({
        let mut options = interlock::playground::slack::SlackOptions::default();
        options.app.events.insert("member_left_channel".to_owned());
        options
    })
    .await
    .unwrap();
    let mut app = SocketApp::connect(&slack).await;
    for (channel, code) in [("incidents", "not_in_channel"), ("#platform", "not_in_channel")] {
        let change = WorkspaceChange::Bot {
            channel: channel.to_owned(),
            inside: false,
        };
        slack.change(change.clone()).await.unwrap();
        slack.change(change).await.unwrap();
        let event = app.next().await["payload"]["event"].clone();
        assert_eq!(
            (&event["type"], &event["user"]),
            (&json!("member_left_channel"), &json!(slack.bot_user()))
        );
        let id = slack.channel_id(channel.trim_start_matches('#')).unwrap();
        let reply = call(&slack, "chat.postMessage", json!({"channel": id, "text": "hi"})).await;
        assert_eq!(reply["error"], code);
    }
    assert!(app.frames.try_recv().is_err(), "what did not change is not told");
}
