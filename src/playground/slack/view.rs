//! What a person sees of the workspace: plain data that the page draws and tests read. No behaviour lives here.

use serde::Serialize;
use serde_json::Value;

/// Everything one person sees at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct WorkspaceView {
    /// Whose eyes these are.
    pub viewer: String,
    pub people: Vec<PersonView>,
    /// Channels the viewer may read, in workspace order.
    pub channels: Vec<ChannelView>,
    /// The modal on top of the viewer's stack, as the app sent it (with `id`, `hash` and `state`).
    pub modal: Option<ModalView>,
    /// The app's home tab as published for the viewer.
    pub home: Option<Value>,
    /// Errors that Slack itself showed the viewer ("That didn't work"), oldest first.
    pub notices: Vec<NoticeView>,
}

/// One error mark: what a person reads when the app did not answer in time, or answered nonsense.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeView {
    pub text: String,
    /// Where it is shown; `None` for something in the app's home tab.
    pub channel: Option<String>,
    /// The message whose button failed.
    pub message_ts: Option<String>,
    /// When, as a `ts`.
    pub at: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct PersonView {
    pub id: String,
    /// Handle without `@`, for example `ana`.
    pub name: String,
    pub real_name: String,
    /// "on-call engineer", "SRE lead", … shown beside the name on the page.
    pub title: String,
    pub is_bot: bool,
    pub is_guest: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChannelView {
    pub id: String,
    pub name: String,
    pub is_private: bool,
    /// The app's direct messages with the viewer; `name` is then the app's name.
    pub is_direct: bool,
    /// Top-level messages, oldest first; replies hang under their parent.
    pub messages: Vec<MessageView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct MessageView {
    pub ts: String,
    /// User id of the author; a bot's user id for the app.
    pub author: String,
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub edited: bool,
    /// Emoji name and who reacted.
    pub reactions: Vec<(String, Vec<String>)>,
    pub files: Vec<FileView>,
    pub replies: Vec<MessageView>,
    /// Only the viewer sees it ("Only visible to you").
    pub ephemeral: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct FileView {
    pub id: String,
    pub title: String,
    /// What a screen reader says; empty when nobody wrote it.
    pub alt: String,
    pub name: String,
    pub mimetype: String,
    pub size: usize,
    /// Path below the double's base address that serves the bytes.
    pub url_path: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct ModalView {
    pub view: Value,
    /// `block_id` to message, from the last `response_action: errors`.
    pub errors: Vec<(String, String)>,
    /// How many views lie below this one (0 to 2).
    pub depth: usize,
    /// The error line above the fields, when the app did not answer the submission properly.
    pub trouble: Option<String>,
}
