//! Writing messages, running commands and shortcuts, reacting, opening the home tab.

use serde_json::{Value, json};

use super::super::SlackDouble;
use super::super::clock::Moment;
use super::super::deliver::{Delivery, DeliveryKind};
use super::super::model::channel::Channel;
use super::super::model::message::{Message, MetadataShown};
use super::super::model::workspace::Workspace;
use super::super::payloads;
use super::answers;
use super::find;
use super::mentions;
use super::place::MessageAt;
use super::types::Cannot;

/// A message somebody wrote, and the events it caused.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Said {
    pub ts: String,
    pub deliveries: Vec<Delivery>,
}

impl SlackDouble {
    /// A person runs a slash command in a channel. (Slack has none inside threads.)
    ///
    /// # Errors
    /// When the command is not the app's or the person is not in the channel.
    pub async fn slash(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Result<Delivery, Cannot> {
        let now = self.now();
        let payload = self.core.with(|ws| {
            may_write(ws, user, channel)?;
            if !ws.app.settings.commands.contains(command) {
                return Err(Cannot::UnknownCommand {
                    command: command.to_owned(),
                });
            }
            let text = mentions::linked(ws, text.trim());
            Ok(payloads::slash(ws, user, channel, command, &text, now))
        })?;
        let mut delivery = self.core.deliver(DeliveryKind::SlashCommand, payload).await;
        let now = self.now();
        let place = (channel, command);
        self.core
            .with(|ws| answers::command(ws, user, place, &mut delivery, now));
        Ok(delivery)
    }

    /// A person writes a message. `@name`, `@group` and `#channel` become links, `<`, `>` and `&` are escaped. Waits for the first attempt of each event.
    ///
    /// # Errors
    /// When the person is not in the channel or the thread does not exist.
    pub async fn say(
        &self,
        user: &str,
        channel: &str,
        thread: Option<&str>,
        text: &str,
    ) -> Result<Said, Cannot> {
        let now = self.now();
        let (result, events) = self
            .core
            .collect(|ws| write(ws, user, channel, thread, text, now));
        let ts = result?;
        let mut deliveries = Vec::new();
        for event in events {
            deliveries.push(self.core.deliver_event(event).await);
        }
        Ok(Said { ts, deliveries })
    }

    /// A person opens the app's home tab; the app hears `app_home_opened`. `None` when it did not subscribe.
    ///
    /// # Errors
    /// When the person cannot act.
    pub async fn open_home(&self, user: &str) -> Result<Option<Delivery>, Cannot> {
        let now = self.now();
        let (result, events) = self.core.collect(|ws| {
            find::active(ws, user)?;
            let channel = ws.direct_channel(user, now);
            let mut event = json!({
                "type": "app_home_opened", "user": user, "channel": channel, "tab": "home", "event_ts": now.ts(),
            });
            if let Some(home) = ws.views.homes.get(user) {
                event["view"] = home.wire(&ws.team.id, &ws.app);
            }
            ws.emit("app_home_opened", event);
            Ok::<_, Cannot>(())
        });
        result?;
        let mut last = None;
        for event in events {
            last = Some(self.core.deliver_event(event).await);
        }
        Ok(last)
    }

    /// A person runs a global shortcut.
    ///
    /// # Errors
    /// When the person cannot act.
    pub async fn shortcut(&self, user: &str, callback_id: &str) -> Result<Delivery, Cannot> {
        let now = self.now();
        let payload = self.core.with(|ws| {
            find::active(ws, user)?;
            Ok::<_, Cannot>(payloads::shortcut(ws, user, callback_id, now))
        })?;
        Ok(self.core.deliver(DeliveryKind::Shortcut, payload).await)
    }

    /// A person runs a message shortcut.
    ///
    /// # Errors
    /// When the person does not see the message.
    pub async fn message_shortcut(
        &self,
        user: &str,
        at: &MessageAt,
        callback_id: &str,
    ) -> Result<Delivery, Cannot> {
        let now = self.now();
        let payload = self.core.with(|ws| {
            find::active(ws, user)?;
            let readable = ws.channels.get(&at.channel).is_some_and(|channel| {
                super::super::eyes::may_read(ws, channel, user) && channel.message(&at.ts).is_some()
            });
            if !readable {
                return Err(Cannot::NotVisible {
                    user: user.to_owned(),
                });
            }
            Ok(payloads::message_shortcut(
                ws,
                user,
                (&at.channel, &at.ts),
                callback_id,
                now,
            ))
        })?;
        Ok(self.core.deliver(DeliveryKind::MessageAction, payload).await)
    }
}

fn may_write(ws: &Workspace, user: &str, channel: &str) -> Result<(), Cannot> {
    find::active(ws, user)?;
    let open = |channel: &Channel| !channel.archived && channel.members.contains(user);
    if ws.channels.get(channel).is_some_and(open) {
        Ok(())
    } else {
        Err(Cannot::NotInChannel {
            user: user.to_owned(),
        })
    }
}

fn write(
    ws: &mut Workspace,
    user: &str,
    channel: &str,
    thread: Option<&str>,
    text: &str,
    now: Moment,
) -> Result<String, Cannot> {
    may_write(ws, user, channel)?;
    if let Some(thread) = thread
        && ws.message(channel, thread).is_none_or(Message::is_reply)
    {
        return Err(Cannot::NoSuchThread {
            thread: thread.to_owned(),
        });
    }
    let bot = ws.app.bot_user.clone();
    let text = mentions::linked(ws, text);
    let mentioned = text.contains(&format!("<@{bot}>"));
    let message = Message {
        user: user.to_owned(),
        text,
        thread_ts: thread.map(str::to_owned),
        ..Message::default()
    };
    let missing = || Cannot::NotInChannel {
        user: user.to_owned(),
    };
    let ts = ws.post(channel, message, now).ok_or_else(missing)?;
    let direct = ws.channels.get(channel).is_some_and(Channel::is_direct);
    if mentioned && !direct && ws.is_member(channel, &bot) {
        let event = mention(ws, channel, &ts);
        ws.emit("app_mention", event);
    }
    Ok(ts)
}

fn mention(ws: &Workspace, channel: &str, ts: &str) -> Value {
    let mut event = ws
        .message_wire(channel, ts, MetadataShown::Whole)
        .unwrap_or_default();
    event["type"] = json!("app_mention");
    event["channel"] = json!(channel);
    event["event_ts"] = json!(ts);
    event
}
