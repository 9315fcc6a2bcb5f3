//! slack-morphism 2.31.1, unmodified, against the double: the Web API typed, Socket Mode by its raw listener.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};

use hyper_util::client::legacy::connect::HttpConnector;
use interlock::playground::slack::{Input, Place, RequestUrls, SlackDouble, SocketFault};
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;
use slack_morphism::socket_mode::clients_manager::{
    SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory,
};
use tokio::sync::mpsc;

use super::apps::{ANA, HttpApp, INCIDENTS, PATIENCE, post_card, workspace};

type Connector = SlackClientHyperConnector<HttpConnector>;
type Manager = dyn SlackSocketModeClientsManager + Send + Sync;

fn client(slack: &SlackDouble) -> Arc<SlackClient<Connector>> {
    let connector = Connector::with_connector(HttpConnector::new());
    Arc::new(SlackClient::new(connector.with_slack_api_url(&slack.api_base())))
}

fn token(value: String) -> SlackApiToken {
    SlackApiToken::new(value.into())
}

#[tokio::test]
async fn its_typed_calls_are_understood_and_their_replies_decode() {
    let slack = workspace().await;
    let client = client(&slack);
    let token = token(slack.bot_token());
    let session = client.open_session(&token);
    assert_eq!(
        session.auth_test().await.unwrap().user_id.to_string(),
        slack.bot_user()
    );
    let channel = SlackChannelId::new(INCIDENTS.into());
    let block = SlackSectionBlock::new().with_text(md!("*Redis is down*"));
    let content = SlackMessageContent::new()
        .with_text("Redis is down".into())
        .with_blocks(slack_blocks![some_into(block)]);
    let first = SlackApiChatPostMessageRequest::new(channel.clone(), content.clone());
    let posted = session.chat_post_message(&first).await.unwrap();
    let update = SlackApiChatUpdateRequest::new(channel.clone(), content.clone(), posted.ts.clone());
    session.chat_update(&update).await.unwrap();
    let ana = SlackUserId::new(ANA.into());
    session
        .chat_post_ephemeral(&SlackApiChatPostEphemeralRequest::new(
            channel.clone(),
            ana.clone(),
            content,
        ))
        .await
        .unwrap();
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn what_it_reads_decodes() {
    let slack = workspace().await;
    let at = post_card(&slack).await;
    let client = client(&slack);
    let token = token(slack.bot_token());
    let session = client.open_session(&token);
    let (channel, ana) = (
        SlackChannelId::new(INCIDENTS.into()),
        SlackUserId::new(ANA.into()),
    );
    let ts = SlackTs::new(at.ts);
    let history = SlackApiConversationsHistoryRequest::new().with_channel(channel.clone());
    let history = session.conversations_history(&history).await.unwrap();
    assert_eq!(history.messages[0].origin.ts, ts);
    let replies = SlackApiConversationsRepliesRequest::new(channel.clone(), ts.clone());
    assert_eq!(
        session
            .conversations_replies(&replies)
            .await
            .unwrap()
            .messages
            .len(),
        1
    );
    let info = session
        .conversations_info(&SlackApiConversationsInfoRequest::new(channel.clone()))
        .await
        .unwrap();
    assert_eq!(info.channel.name.as_deref(), Some("incidents"));
    let members = SlackApiConversationsMembersRequest::new().with_channel(channel.clone());
    assert!(
        session
            .conversations_members(&members)
            .await
            .unwrap()
            .members
            .contains(&ana)
    );
    let user = session
        .users_info(&SlackApiUsersInfoRequest::new(ana))
        .await
        .unwrap()
        .user;
    assert_eq!(user.team_id.unwrap().to_string(), "T0ACME0001");
    assert!(
        !session
            .users_list(&SlackApiUsersListRequest::new())
            .await
            .unwrap()
            .members
            .is_empty()
    );
    let groups = session
        .usergroups_list(&SlackApiUserGroupsListRequest::new().with_include_count(true))
        .await
        .unwrap();
    assert_eq!(groups.usergroups.len(), 3);
    let link = SlackApiChatGetPermalinkRequest::new(channel.clone(), ts.clone());
    assert!(session.chat_get_permalink(&link).await.is_ok());
    let eyes = SlackApiReactionsAddRequest::new(channel, SlackReactionName::new("eyes".into()), ts);
    session.reactions_add(&eyes).await.unwrap();
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn its_upload_flow_works() {
    let slack = workspace().await;
    let client = client(&slack);
    let token = token(slack.bot_token());
    let session = client.open_session(&token);
    let asked = SlackApiFilesGetUploadUrlExternalRequest::new("o.txt".into(), 2);
    let asked = session.get_upload_url_external(&asked).await.unwrap();
    let upload = SlackApiFilesUploadViaUrlRequest::new(asked.upload_url, b"ok".to_vec(), "text/plain".into());
    session.files_upload_via_url(&upload).await.unwrap();
    let done =
        SlackApiFilesCompleteUploadExternalRequest::new(vec![SlackApiFilesComplete::new(asked.file_id)])
            .with_channel_id(INCIDENTS.into());
    assert_eq!(
        session
            .files_complete_upload_external(&done)
            .await
            .unwrap()
            .files
            .len(),
        1
    );
}

#[tokio::test]
async fn a_429_is_its_rate_limit_error() {
    let slack = workspace().await;
    let client = client(&slack);
    let token = token(slack.bot_token());
    let session = client.open_session(&token);
    let content = SlackMessageContent::new().with_text("hi".into());
    let request = SlackApiChatPostMessageRequest::new(INCIDENTS.into(), content);
    for _ in 0..5 {
        session.chat_post_message(&request).await.unwrap();
    }
    let refused = session.chat_post_message(&request).await.unwrap_err();
    assert!(matches!(refused, SlackClientError::RateLimitError(error) if error.retry_after.is_some()));
}

/// The raw listener: every frame is handed on, every envelope acknowledged, every disconnect followed by a restart.
struct Raw {
    frames: mpsc::UnboundedSender<Value>,
    manager: OnceLock<Weak<Manager>>,
}

impl Raw {
    async fn restart(&self, id: &SlackSocketModeWssClientId) {
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(id).await;
        }
    }
}

type Ready<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl SlackSocketModeClientListener for Raw {
    fn on_message<'a, 'b, 'c>(
        &'a self,
        id: &'b SlackSocketModeWssClientId,
        body: String,
    ) -> Ready<'c, Option<String>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            let frame: Value = serde_json::from_str(&body).unwrap();
            let envelope = frame["envelope_id"].clone();
            let disconnected = frame["type"] == "disconnect";
            let _gone = self.frames.send(frame);
            if disconnected {
                self.restart(id).await;
            }
            (!envelope.is_null()).then(|| serde_json::json!({"envelope_id": envelope}).to_string())
        })
    }

    fn on_error<'a, 'c>(&'a self, error: Box<dyn std::error::Error + Send + Sync>) -> Ready<'c, ()>
    where
        'a: 'c,
        Self: 'c,
    {
        Box::pin(async move { drop(error) })
    }

    fn on_disconnect<'a, 'b, 'c>(&'a self, id: &'b SlackSocketModeWssClientId) -> Ready<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.restart(id))
    }
}

async fn listen(slack: &SlackDouble) -> (Arc<Manager>, mpsc::UnboundedReceiver<Value>) {
    let client = client(slack);
    let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(&client)));
    let manager = client.http_api.connector.new_clients_manager(environment);
    let (frames, receiver) = mpsc::unbounded_channel();
    let raw = Arc::new(Raw {
        frames,
        manager: OnceLock::new(),
    });
    assert!(raw.manager.set(Arc::downgrade(&manager)).is_ok());
    let config = SlackClientSocketModeConfig::new()
        .with_max_connections_count(1)
        .with_initial_backoff_in_seconds(0);
    manager
        .register_new_token(&config, token(slack.app_token()), raw)
        .await
        .unwrap();
    manager.start().await;
    (manager, receiver)
}

async fn next(frames: &mut mpsc::UnboundedReceiver<Value>) -> Value {
    tokio::time::timeout(PATIENCE, frames.recv())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn its_socket_mode_listens_acks_and_comes_back() {
    let slack = workspace().await;
    let (manager, mut frames) = listen(&slack).await;
    assert_eq!(next(&mut frames).await["type"], "hello");
    let at = post_card(&slack).await;
    let outcome = slack
        .click(ANA, at.clone(), "gate", "approve", Input::Press)
        .await
        .unwrap();
    assert!(outcome.delivery().unwrap().acked);
    assert_eq!(next(&mut frames).await["payload"]["type"], "block_actions");
    slack.faults().socket(SocketFault::Refresh);
    assert_eq!(next(&mut frames).await["reason"], "refresh_requested");
    assert_eq!(next(&mut frames).await["type"], "hello");
    let delivery = slack.press(ANA, Place::Message(at), "approve").await.unwrap();
    assert!(delivery.acked);
    manager.shutdown().await;
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn its_verifier_accepts_our_signatures() {
    let slack = workspace().await;
    let mut app = HttpApp::start().await;
    slack.use_http(RequestUrls::single(&app.url)).await.unwrap();
    slack.slash(ANA, INCIDENTS, "/runbook", "list").await.unwrap();
    let request = app.next().await;
    let verifier = SlackEventSignatureVerifier::new(&slack.signing_secret().into());
    let (signature, at) = (
        request.header("x-slack-signature"),
        request.header("x-slack-request-timestamp"),
    );
    verifier.verify(signature, &request.body, at).unwrap();
    assert!(
        verifier
            .verify(signature, &format!("{}&x=1", request.body), at)
            .is_err()
    );
    // Moving the workspace's clock does not date the signatures.
    slack.advance(std::time::Duration::from_secs(3600));
    slack.slash(ANA, INCIDENTS, "/runbook", "list").await.unwrap();
    let request = app.next().await;
    let (signature, at) = (
        request.header("x-slack-signature"),
        request.header("x-slack-request-timestamp"),
    );
    verifier.verify(signature, &request.body, at).unwrap();
}
