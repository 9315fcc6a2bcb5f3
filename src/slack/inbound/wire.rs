//! The fields of Slack's payloads that anything here reads (docs.slack.dev, interaction payloads and Events API).
//! Everything may be missing but the type; what is unknown is skipped without being built.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

type Text<'a> = Cow<'a, str>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub user: Option<User<'a>>,
    /// `null` for an organisation-wide installation.
    #[serde(borrow)]
    pub team: Option<Id<'a>>,
    #[serde(borrow)]
    pub trigger_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub channel: Option<Id<'a>>,
    #[serde(borrow)]
    pub container: Option<Container<'a>>,
    #[serde(borrow)]
    pub response_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub actions: Vec<Action<'a>>,
    #[serde(borrow)]
    pub view: Option<View<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Id<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub struct User<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub team_id: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Container<'a> {
    #[serde(borrow)]
    pub message_ts: Option<Text<'a>>,
    #[serde(borrow)]
    pub thread_ts: Option<Text<'a>>,
    #[serde(borrow)]
    pub channel_id: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Action<'a> {
    #[serde(borrow)]
    pub action_id: Text<'a>,
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
    #[serde(borrow)]
    pub selected_option: Option<Choice<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Choice<'a> {
    #[serde(borrow)]
    pub value: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct View<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub hash: Option<Text<'a>>,
    #[serde(borrow)]
    pub callback_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub private_metadata: Option<Text<'a>>,
    #[serde(borrow)]
    pub state: Option<State<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State<'a> {
    /// `block_id` to `action_id` to value.
    #[serde(borrow)]
    pub values: BTreeMap<Text<'a>, BTreeMap<Text<'a>, Input<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Input<'a> {
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
    #[serde(borrow)]
    pub selected_option: Option<Choice<'a>>,
    #[serde(borrow)]
    pub selected_options: Vec<Choice<'a>>,
}

/// A slash command: a form over HTTP, an object over the socket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Slash<'a> {
    #[serde(borrow)]
    pub team_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub channel_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub command: Option<Text<'a>>,
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    #[serde(borrow)]
    pub response_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub trigger_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub ssl_check: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Push<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub challenge: Option<Text<'a>>,
    #[serde(borrow)]
    pub event_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub team_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub event: Option<Event<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    pub subtype: Option<String>,
    pub bot_id: Option<String>,
    pub user: Option<UserRef>,
    /// The author's own workspace, where Slack says so.
    #[serde(borrow)]
    pub user_team: Option<Text<'a>>,
    #[serde(borrow)]
    pub team: Option<Text<'a>>,
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    #[serde(borrow)]
    pub channel: Option<Text<'a>>,
    #[serde(borrow)]
    pub channel_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub ts: Option<Text<'a>>,
    #[serde(borrow)]
    pub thread_ts: Option<Text<'a>>,
    #[serde(borrow)]
    pub tab: Option<Text<'a>>,
}

/// An id in most events, an object in `user_change`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum UserRef {
    Id(String),
    Object { id: String },
}

impl UserRef {
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

/// A frame of Socket Mode.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub envelope_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub payload: Option<&'a serde_json::value::RawValue>,
    pub accepts_response_payload: bool,
    pub retry_attempt: Option<u32>,
    #[serde(borrow)]
    pub retry_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub reason: Option<Text<'a>>,
}
