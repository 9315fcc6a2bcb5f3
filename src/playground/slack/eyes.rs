//! What one person sees: channels they may read, their modal, their home tab, and the errors Slack shows them.

use std::collections::BTreeMap;

use super::clock::Moment;
use super::model::channel::{Channel, ChannelKind};
use super::model::file::FileState;
use super::model::message::{Message, Subtype};
use super::model::user::Standing;
use super::model::workspace::Workspace;
use super::view::{ChannelView, FileView, MessageView, ModalView, NoticeView, PersonView, WorkspaceView};

/// An error mark that Slack itself shows to one person.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub user: String,
    pub text: String,
    pub channel: Option<String>,
    pub message_ts: Option<String>,
    pub at: Moment,
}

/// Whether a person may read a channel.
pub(super) fn may_read(ws: &Workspace, channel: &Channel, user: &str) -> bool {
    let inside = channel.members.contains(user);
    let everywhere = ws
        .users
        .get(user)
        .is_some_and(|user| user.standing == Standing::Member);
    match channel.kind {
        ChannelKind::Public => inside || everywhere,
        ChannelKind::Private | ChannelKind::Direct { .. } => inside,
    }
}

/// The whole view of `viewer`; an unknown or deactivated person sees nothing.
pub(super) fn view_as(ws: &Workspace, viewer: &str) -> WorkspaceView {
    let active = ws
        .users
        .get(viewer)
        .is_some_and(super::model::user::User::is_active);
    let readable = ws
        .channels
        .values()
        .filter(|channel| active && may_read(ws, channel, viewer));
    let (team, app) = (&ws.team.id, &ws.app);
    let stack = ws.views.stacks.get(viewer).filter(|_| active);
    let modal = stack.and_then(|stack| {
        let top = stack.last()?;
        Some(ModalView {
            view: top.wire(team, app),
            errors: top.errors.clone(),
            depth: stack.len() - 1,
            trouble: top.trouble.clone(),
        })
    });
    WorkspaceView {
        viewer: viewer.to_owned(),
        people: ws.users.values().map(person).collect(),
        channels: readable
            .map(|channel| channel_view(ws, channel, viewer))
            .collect(),
        modal,
        home: ws
            .views
            .homes
            .get(viewer)
            .filter(|_| active)
            .map(|home| home.wire(team, app)),
        notices: ws
            .notices
            .iter()
            .filter(|notice| notice.user == viewer)
            .map(notice)
            .collect(),
    }
}

fn notice(notice: &Notice) -> NoticeView {
    NoticeView {
        text: notice.text.clone(),
        channel: notice.channel.clone(),
        message_ts: notice.message_ts.clone(),
        at: notice.at.ts(),
    }
}

fn person(user: &super::model::user::User) -> PersonView {
    PersonView {
        id: user.id.clone(),
        name: user.name.clone(),
        real_name: user.real_name.clone(),
        title: user.title.clone(),
        is_bot: user.standing == Standing::Bot,
        is_guest: user.is_guest(),
    }
}

fn channel_view(ws: &Workspace, channel: &Channel, viewer: &str) -> ChannelView {
    let own = ws
        .ephemerals
        .iter()
        .filter(|(place, message)| *place == channel.id && message.only_for.as_deref() == Some(viewer));
    let mut all: Vec<&Message> = channel
        .messages
        .iter()
        .chain(own.map(|(_, message)| message))
        .collect();
    all.sort_by(|one, other| one.ts.cmp(&other.ts));
    let mut replies: BTreeMap<&str, Vec<MessageView>> = BTreeMap::new();
    for message in &all {
        if let Some(thread) = message.thread_ts.as_deref().filter(|_| message.is_reply()) {
            replies.entry(thread).or_default().push(message_view(ws, message));
        }
    }
    let mut messages = Vec::new();
    for message in &all {
        if message.is_reply() && message.subtype != Some(Subtype::ThreadBroadcast) {
            continue;
        }
        let mut view = message_view(ws, message);
        view.replies = replies.remove(message.ts.as_str()).unwrap_or_default();
        messages.push(view);
    }
    let direct = channel.is_direct();
    ChannelView {
        id: channel.id.clone(),
        name: if direct {
            ws.app.settings.name.clone()
        } else {
            channel.name.clone()
        },
        is_private: channel.kind != ChannelKind::Public,
        is_direct: direct,
        messages,
    }
}

pub(super) fn message_view(ws: &Workspace, message: &Message) -> MessageView {
    let shown = |id: &String| {
        let file = ws.files.get(id).filter(|file| file.state == FileState::Ready)?;
        Some(FileView {
            alt: file.alt.clone(),
            id: file.id.clone(),
            title: file.title.clone(),
            name: file.name.clone(),
            mimetype: file.mimetype().to_owned(),
            size: file.bytes.len(),
            url_path: file.url_path(),
        })
    };
    MessageView {
        ts: message.ts.clone(),
        author: message.user.clone(),
        text: message.text.clone(),
        blocks: message.blocks.clone(),
        attachments: message.attachments.clone(),
        edited: message.edited.is_some(),
        reactions: message
            .reactions
            .iter()
            .map(|(name, users)| (name.clone(), users.clone()))
            .collect(),
        files: message.files.iter().filter_map(shown).collect(),
        replies: Vec::new(),
        ephemeral: message.only_for.is_some(),
    }
}
