//! Everything of the app's face to Slack in one place: the manifest is compared with this table in a test, and the code
//! uses nothing that is not named here.

/// Action ids of buttons and menus.
pub mod action {
    pub const APPROVE: &str = "approve";
    pub const REJECT: &str = "reject";
    pub const MODIFY: &str = "modify";
    pub const REVIEW: &str = "review";
    pub const WORKED: &str = "worked";
    pub const FAILED: &str = "failed";
    pub const TAKE_BACK: &str = "take_back";
    /// With what was wrong behind it.
    pub const CAUSE: &str = "cause.";
    pub const MORE: &str = "more";
    pub const ESCALATE: &str = "escalate";
    pub const TAKE_OVER: &str = "take_over";
    pub const CLOSE: &str = "close";
    pub const SPLIT: &str = "split";
    pub const PROPOSE_AGAIN: &str = "propose_again";
    pub const SILENCE: &str = "silence";
    pub const SILENCE_APPROVE: &str = "silence_approve";
    pub const SILENCE_REJECT: &str = "silence_reject";
    pub const SHOW_RUNBOOK: &str = "show_runbook";
    /// In the app's home.
    pub const FREEZE: &str = "freeze";
    pub const UNFREEZE: &str = "unfreeze";
    /// With the number of the candidate behind it.
    pub const CHOOSE: &str = "choose.";
    /// With the number of the item behind it.
    pub const TICK: &str = "tick.";
    /// A button that only opens an address; acked and nothing else.
    pub const LINK: &str = "link.";
}

/// Callback ids of views.
pub mod callback {
    pub const REJECT: &str = "reject";
    pub const MODIFY: &str = "modify";
    pub const MODIFY_CONFIRM: &str = "modify_confirm";
    pub const REVIEW: &str = "review";
    pub const CEREMONY: &str = "ceremony";
    pub const WHY: &str = "why";
    pub const SILENCE: &str = "silence";
    pub const FREEZE: &str = "freeze";
    pub const UNFREEZE: &str = "unfreeze";
    /// Views that only show something.
    pub const SHOW: &str = "show";
}

/// The slash command.
pub const COMMAND: &str = "/runbook";

/// Bot scopes with what needs them.
pub const SCOPES: &[(&str, &str)] = &[
    ("app_mentions:read", "the event app_mention"),
    (
        "channels:history",
        "conversations.history and .replies, to see whether a post went through",
    ),
    (
        "channels:read",
        "conversations.list, to find a channel by its name, conversations.info, to see whether we are in it",
    ),
    ("chat:write", "chat.postMessage, chat.update, chat.postEphemeral"),
    ("commands", "/runbook"),
    ("files:read", "files.info, to see that an upload was shared"),
    (
        "files:write",
        "files.getUploadURLExternal, files.completeUploadExternal",
    ),
    ("groups:history", "the same in private channels"),
    ("groups:read", "the same in private channels"),
    ("im:history", "the event message.im"),
    (
        "usergroups:read",
        "usergroups.list, usergroups.users.list, the event subteam_members_changed",
    ),
    ("users:read", "users.info, the event user_change"),
];

/// Events that the pipeline understands.
pub const EVENTS: &[&str] = &[
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.im",
    "subteam_members_changed",
    "tokens_revoked",
    "user_change",
];

/// Web API methods that are called.
pub const METHODS: &[&str] = &[
    "apps.connections.open",
    "auth.test",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.list",
    "conversations.replies",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
    "files.info",
    "usergroups.list",
    "usergroups.users.list",
    "users.info",
    "views.open",
    "views.publish",
    "views.update",
];
