//! What the page and the control API ask of the playground behind them: one trait, and the plain data that
//! crosses it.
//!
//! The doubles don't know the page and the page doesn't know the doubles; whoever starts a playground
//! implements [`Backend`] over them. Every method is asked as a person, by user id, because two people on one
//! page see and may do different things.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::broadcast;

use super::panels::{ClusterPanel, FaultInfo, ScenarioInfo};
use crate::playground::faults::Doubles;
use crate::playground::pager::PagerView;
use crate::playground::slack::view::{PersonView, WorkspaceView};

/// The pager's part of the panel is the double's own view.
pub type PagerPanel = PagerView;

/// What a call on the playground gives back.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, BackendError>>;

/// The playground, as the page sees it.
pub trait Backend: Send + Sync + 'static {
    /// Everybody in the workspace, bots too, in the order shown.
    fn people(&self) -> Answer<'_, Vec<PersonView>>;
    /// Everything this person sees.
    fn view<'a>(&'a self, user: &'a str) -> Answer<'a, WorkspaceView>;
    /// The person uses a control. Comes back when the app has acknowledged, or has failed to.
    fn click<'a>(&'a self, user: &'a str, click: Click) -> Answer<'a, ()>;
    /// The person submits the modal on top. Field errors are no error here: they stand in the next view.
    fn submit_modal<'a>(&'a self, user: &'a str, values: ModalValues) -> Answer<'a, ()>;
    /// The person closes the modal on top.
    fn close_modal<'a>(&'a self, user: &'a str) -> Answer<'a, ()>;
    /// The person sends a slash command, `text` being the whole line with the command.
    fn slash<'a>(&'a self, user: &'a str, channel: &'a str, text: &'a str) -> Answer<'a, ()>;
    /// The person writes a message, in a thread or not. `text` is in the form that clients send: escaped,
    /// mentions as `<@U…>`.
    fn say<'a>(
        &'a self,
        user: &'a str,
        channel: &'a str,
        thread: Option<&'a str>,
        text: &'a str,
    ) -> Answer<'a, ()>;
    /// The person opens the app's home tab.
    fn open_home<'a>(&'a self, user: &'a str) -> Answer<'a, ()>;
    fn cluster(&self) -> Answer<'_, ClusterPanel>;
    fn pager(&self) -> Answer<'_, PagerPanel>;
    /// What can be fired, in the order shown.
    fn scenarios(&self) -> Answer<'_, Vec<ScenarioInfo>>;
    fn fire<'a>(&'a self, scenario: &'a str) -> Answer<'a, ()>;
    /// Delivers a webhook body of one's own to the app, `source` being the last part of its path
    /// (`alertmanager`, `pagerduty`). Gives back the status code of the app's answer.
    fn alert<'a>(&'a self, source: &'a str, body: Value) -> Answer<'a, u16>;
    /// The playground's clock.
    fn now(&self) -> Timestamp;
    fn advance(&self, by: Duration) -> Answer<'_, ()>;
    /// The ways in which the doubles can fail, and which of them do at present.
    fn faults(&self) -> Answer<'_, Vec<FaultInfo>>;
    /// Switches a fault on with a value, or off with `None`.
    fn set_fault<'a>(&'a self, id: &'a str, value: Option<Value>) -> Answer<'a, ()>;
    fn clear_faults(&self) -> Answer<'_, ()>;
    /// The doubles themselves, for what scripts do and the page does not: their own faults, changes of the workspace, and
    /// what was recorded.
    ///
    /// # Errors
    /// Where there are none behind the page.
    fn doubles(&self) -> Result<Doubles<'_>, BackendError>;
    /// A tick after every change that somebody could see. Missed ticks don't matter.
    fn changes(&self) -> broadcast::Receiver<()>;
    fn file<'a>(&'a self, id: &'a str) -> Answer<'a, FileBytes>;
}

/// The bytes of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBytes {
    pub name: String,
    pub mimetype: String,
    pub bytes: Bytes,
}

/// What a person did with one control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Click {
    pub target: Target,
    pub block_id: String,
    pub action_id: String,
    #[serde(default)]
    pub input: Input,
}

/// Where the control stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    Message { channel: String, ts: String },
    Modal,
    Home,
}

/// What was pressed, chosen or typed, by the kind of control.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "value",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum Input {
    /// A button was pressed. Its `value` is the app's, the double knows it.
    #[default]
    Button,
    /// The `value` of the option chosen (static select, radio buttons, overflow).
    Option(String),
    /// The `value`s of the options chosen (checkboxes, multi-select).
    Options(Vec<String>),
    /// What stands in a text, number, e-mail or URL field.
    Text(String),
    /// `YYYY-MM-DD`.
    Date(String),
    /// `HH:MM`.
    Time(String),
    /// Seconds since 1970.
    DateTime(i64),
    User(String),
    Users(Vec<String>),
    Channel(String),
    Channels(Vec<String>),
    Conversation(String),
    Conversations(Vec<String>),
}

/// What stands in the fields of a modal: `block_id` to `action_id` to input. An empty field is left out.
pub type ModalValues = std::collections::BTreeMap<String, std::collections::BTreeMap<String, Input>>;

/// Why the playground did not do what a person asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// `there` names what there is, where that is known and short.
    #[error("there is no {what} `{id}` here; {}", there_is(there))]
    NotFound {
        what: &'static str,
        id: String,
        there: Vec<String>,
    },
    /// What was asked makes no sense; says what would.
    #[error("{0}")]
    Nonsense(String),
    /// What a Slack client would show: the workspace or the app refused.
    #[error("{0}")]
    Refused(String),
    /// The app was asked and did not answer as it must.
    #[error("the app did not answer: {0}; look at its log")]
    App(String),
}

fn there_is(names: &[String]) -> String {
    match names {
        [] => "reload the page to see what there is".to_owned(),
        names => format!("there is {}", names.join(", ")),
    }
}
