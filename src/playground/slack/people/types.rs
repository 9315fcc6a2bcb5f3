//! What can come of a person's action before the app hears of it.

use serde::Serialize;
use thiserror::Error;

use super::super::deliver::Delivery;
use super::input::Input;
use super::place::Place;

/// Why a person cannot do this: they do not see it, or Slack's client does not let them.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cannot {
    #[error("nobody here has the id `{user}`")]
    UnknownPerson { user: String },
    #[error("the account `{user}` is deactivated or belongs to an app and cannot act")]
    NotActive { user: String },
    #[error("`{user}` does not see this message, modal or channel")]
    NotVisible { user: String },
    #[error("there is no element `{action_id}` in block `{block_id}` where `{user}` looks")]
    NoSuchElement {
        user: String,
        block_id: String,
        action_id: String,
    },
    #[error("a {element} does not take {input}")]
    WrongInput { element: String, input: String },
    #[error("`{value}` is not among the options")]
    NoSuchOption { value: String },
    #[error("the field of block `{block_id}` must be filled in: {why}")]
    Unfilled { block_id: String, why: String },
    #[error("`{user}` has no modal open")]
    NoModal { user: String },
    #[error("this modal has no submit button")]
    NoSubmit,
    #[error("`{command}` is not a command of the installed app")]
    UnknownCommand { command: String },
    #[error("`{user}` is not in this channel or the channel is archived")]
    NotInChannel { user: String },
    #[error("`{thread}` is not a message that can be replied to")]
    NoSuchThread { thread: String },
}

/// Whether the person accepted the confirm dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Confirmation {
    Open,
    Accepted,
}

/// What the person acts on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) enum Sight {
    /// What is there now, if they see it.
    Present,
    /// An older render of the message: these blocks.
    Outdated(Vec<serde_json::Value>),
    /// Whatever is there, seen or not: a forged or raced click.
    Forged,
}

/// One act on an element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Click {
    pub user: String,
    pub place: Place,
    pub block_id: String,
    pub action_id: String,
    pub input: Input,
    pub confirmation: Confirmation,
    pub sight: Sight,
}

/// The dialog that stands between a click and its delivery.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfirmDialog {
    pub title: String,
    pub text: String,
    pub confirm: String,
    pub deny: String,
    /// `primary` or `danger`, when the app set it.
    pub style: Option<String>,
    pub(super) click: Click,
}

/// What a click led to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClickOutcome {
    /// The app was told.
    Delivered(Delivery),
    /// The person must confirm first: hand this to [`confirm`](super::super::SlackDouble::confirm).
    Confirm(ConfirmDialog),
    /// The value was noted; the app hears of it on submission.
    Noted,
}

impl ClickOutcome {
    /// The delivery, when there was one.
    #[must_use]
    pub fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Delivered(delivery) => Some(delivery),
            Self::Confirm(_) | Self::Noted => None,
        }
    }
}
