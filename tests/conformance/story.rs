//! The one story every SDK must be able to live through.

use std::time::Duration;

use interlock::playground::slack::view::MessageView;
use interlock::playground::slack::{Input, MessageAt, Place, SlackDouble, SocketFault};
use serde_json::{Value, json};

use super::app::Running;

pub const CHANNEL: &str = "C0INCIDENT";
const ANA: &str = "U0ANA00001";
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for a message (or a reply) with this text, and returns it.
async fn sees(slack: &SlackDouble, text: &str) -> MessageView {
    let found = slack.wait_for(ANA, PATIENCE, |view| {
        let channel = view.channels.iter().find(|channel| channel.id == CHANNEL)?;
        let all = channel
            .messages
            .iter()
            .flat_map(|message| std::iter::once(message).chain(&message.replies));
        all.clone().find(|message| message.text == text).cloned()
    });
    match found.await {
        Some(message) => message,
        None => panic!("Ana never saw `{text}`: {:#?}", slack.view_as(ANA)),
    }
}

async fn modal_titled(slack: &SlackDouble, title: &str) {
    let shown = |view: &interlock::playground::slack::view::WorkspaceView| {
        view.modal
            .as_ref()
            .is_some_and(|modal| modal.view["title"]["text"] == title)
            .then_some(())
    };
    assert!(
        slack.wait_for(ANA, PATIENCE, shown).await.is_some(),
        "no modal `{title}`: {:?}",
        slack.view_as(ANA).modal
    );
}

/// Posts the card as the app would, with the raw call the SDKs make too.
async fn card(slack: &SlackDouble) -> MessageAt {
    use http_body_util::{BodyExt as _, Full};
    let button =
        |id: &str| json!({"type": "button", "action_id": id, "text": {"type": "plain_text", "text": id}});
    let pick = json!({"type": "external_select", "action_id": "pick", "min_query_length": 1});
    let elements: Vec<Value> = ["approve", "open", "reuse", "six", "upload"]
        .map(button)
        .into_iter()
        .chain([pick])
        .collect();
    let blocks = json!([{"type": "actions", "block_id": "gate", "elements": elements}]);
    let body = json!({"channel": CHANNEL, "text": "a card", "blocks": blocks}).to_string();
    let request = http::Request::post(format!("{}/chat.postMessage", slack.api_base()))
        .header("authorization", format!("Bearer {}", slack.bot_token()))
        .header("content-type", "application/json")
        .body(Full::new(bytes::Bytes::from(body)))
        .unwrap();
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let reply = client
        .request(request)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    let reply: Value = serde_json::from_slice(&reply).unwrap();
    MessageAt::new(CHANNEL, reply["ts"].as_str().unwrap())
}

pub async fn tell(running: Running) {
    let slack = &running.slack;
    let at = card(slack).await;
    buttons(slack, &at).await;
    modals(slack, &at).await;
    words(slack).await;
    let violations = slack.violations();
    // On purpose: the second use of a trigger, the sixth use of a response address, the header that is too long.
    assert_eq!(violations.len(), 3, "{violations:#?}");
    if slack.connections() > 0 {
        reconnects(slack, &at).await;
    }
}

async fn press(slack: &SlackDouble, at: &MessageAt, action: &str) {
    let delivery = slack.press(ANA, at.clone(), action).await.unwrap();
    assert!(delivery.acked, "{delivery:?}");
}

async fn buttons(slack: &SlackDouble, at: &MessageAt) {
    press(slack, at, "approve").await;
    sees(slack, &format!("approved by {ANA}")).await;
    press(slack, at, "reuse").await;
    sees(slack, "reuse: exchanged_trigger_id").await;
    slack.dismiss_modals(ANA).await.unwrap();
    sees(slack, "closed, cleared: true").await;
    press(slack, at, "six").await;
    sees(slack, "refused: 6").await;
    press(slack, at, "upload").await;
    let shared = sees(slack, "the output").await;
    let file = slack.file(&shared.files[0].id).unwrap();
    assert_eq!(file.bytes, b"hello".as_slice());
    let (_, offered) = slack
        .suggest(ANA, &Place::Message(at.clone()), ("gate", "pick"), "red")
        .await
        .unwrap();
    assert_eq!(offered[0]["value"], "red");
}

async fn modals(slack: &SlackDouble, at: &MessageAt) {
    press(slack, at, "open").await;
    modal_titled(slack, "Modify").await;
    let submit = async |text: &str| {
        let delivery = slack
            .submit_modal(ANA, &[("reason", "text", Input::Text(text.into()))])
            .await
            .unwrap();
        assert!(delivery.seen_error.is_none(), "{delivery:?}");
    };
    submit("errors").await;
    assert_eq!(slack.view_as(ANA).modal.unwrap().errors[0].1, "Say more");
    submit("update").await;
    modal_titled(slack, "Updated").await;
    submit("push").await;
    modal_titled(slack, "Pushed").await;
    submit("fine").await;
    modal_titled(slack, "Updated").await;
    submit("clear").await;
    assert!(slack.view_as(ANA).modal.is_none());
}

async fn words(slack: &SlackDouble) {
    assert!(slack.slash(ANA, CHANNEL, "/runbook", "list").await.unwrap().acked);
    sees(slack, "9 runbooks").await;
    slack.slash(ANA, CHANNEL, "/runbook", "hello").await.unwrap();
    sees(slack, "you said hello").await;
    slack.say(ANA, CHANNEL, None, "@interlock status").await.unwrap();
    sees(slack, "all is well").await;
    slack.say(ANA, CHANNEL, None, "@interlock bad").await.unwrap();
    sees(slack, "bad: invalid_blocks").await;
    // Seven in a row: the SDK is refused with 429, waits and goes on.
    slack.say(ANA, CHANNEL, None, "@interlock burst").await.unwrap();
    sees(slack, "burst 7").await;
    assert!(slack.calls().iter().any(|call| call.status == 429));
    slack.open_home(ANA).await.unwrap();
    let home = slack
        .wait_for(ANA, PATIENCE, |view| view.home.clone())
        .await
        .unwrap();
    assert_eq!(home["blocks"][0]["text"]["text"], "*Nothing waits*");
}

async fn reconnects(slack: &SlackDouble, at: &MessageAt) {
    slack.faults().socket(SocketFault::Refresh);
    let mut tries = 0;
    loop {
        let delivery = slack.press(ANA, at.clone(), "approve").await.unwrap();
        if delivery.acked {
            break;
        }
        tries += 1;
        assert!(tries < 150, "the app did not come back after a refresh");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
