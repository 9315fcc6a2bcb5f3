//! Clicking and choosing: what is seen, confirmed, noted, and brought to the app.

use serde_json::{Value, json};

use super::super::SlackDouble;
use super::super::clock::Moment;
use super::super::deliver::{Delivery, DeliveryKind};
use super::super::eyes::Notice;
use super::super::model::views::initial_values;
use super::super::model::workspace::Workspace;
use super::super::payloads::{self, Clicked};
use super::super::view::MessageView;
use super::find::{self, Found};
use super::input::{self, Input};
use super::place::{MessageAt, Place};
use super::types::{Cannot, Click, ClickOutcome, ConfirmDialog, Confirmation, Sight};

/// What a person reads beside a button whose click the app did not take.
const CLICK_FAILED: &str = "Something went wrong: the app did not respond. Try again.";

enum Prepared {
    Ask(Box<ConfirmDialog>),
    Noted,
    Send(Value),
}

impl SlackDouble {
    /// A person clicks, chooses or types.
    ///
    /// # Errors
    /// When they do not see the element, or it does not take this input. Nothing is delivered then.
    pub async fn click(
        &self,
        user: &str,
        place: impl Into<Place>,
        block_id: &str,
        action_id: &str,
        input: Input,
    ) -> Result<ClickOutcome, Cannot> {
        self.act(Click {
            user: user.to_owned(),
            place: place.into(),
            block_id: block_id.to_owned(),
            action_id: action_id.to_owned(),
            input,
            confirmation: Confirmation::Open,
            sight: Sight::Present,
        })
        .await
    }

    /// The person accepts a confirm dialog. (To deny it, drop it.)
    ///
    /// # Errors
    /// When the element is gone meanwhile.
    pub async fn confirm(&self, dialog: ConfirmDialog) -> Result<ClickOutcome, Cannot> {
        self.act(Click {
            confirmation: Confirmation::Accepted,
            ..dialog.click
        })
        .await
    }

    /// Presses the button with this action id wherever it stands on the surface, and accepts its dialog if it has one.
    ///
    /// # Errors
    /// As [`click`](Self::click).
    pub async fn press(
        &self,
        user: &str,
        place: impl Into<Place>,
        action_id: &str,
    ) -> Result<Delivery, Cannot> {
        let place = place.into();
        let missing = || Cannot::NoSuchElement {
            user: user.to_owned(),
            block_id: "(any)".to_owned(),
            action_id: action_id.to_owned(),
        };
        let block = self
            .core
            .with(|ws| block_of(ws, user, &place, action_id))
            .ok_or_else(missing)?;
        match self.click(user, place, &block, action_id, Input::Press).await? {
            ClickOutcome::Delivered(delivery) => Ok(delivery),
            ClickOutcome::Confirm(dialog) => match self.confirm(dialog).await? {
                ClickOutcome::Delivered(delivery) => Ok(delivery),
                ClickOutcome::Confirm(_) | ClickOutcome::Noted => Err(missing()),
            },
            ClickOutcome::Noted => Err(missing()),
        }
    }

    /// A click on an older render of a message, as a person makes whose screen has not caught up.
    ///
    /// # Errors
    /// When the old render has no such element or the message is gone.
    pub async fn click_outdated(
        &self,
        user: &str,
        at: MessageAt,
        shown: &MessageView,
        block_id: &str,
        action_id: &str,
        input: Input,
    ) -> Result<ClickOutcome, Cannot> {
        self.act(Click {
            user: user.to_owned(),
            place: Place::Message(at),
            block_id: block_id.to_owned(),
            action_id: action_id.to_owned(),
            input,
            confirmation: Confirmation::Accepted,
            sight: Sight::Outdated(shown.blocks.clone()),
        })
        .await
    }

    /// A click that the person could not make: by a deactivated account, a bot, someone outside the channel.
    ///
    /// # Errors
    /// When the element is not there at all.
    pub async fn forge_click(
        &self,
        user: &str,
        at: MessageAt,
        block_id: &str,
        action_id: &str,
        input: Input,
    ) -> Result<ClickOutcome, Cannot> {
        self.act(Click {
            user: user.to_owned(),
            place: Place::Message(at),
            block_id: block_id.to_owned(),
            action_id: action_id.to_owned(),
            input,
            confirmation: Confirmation::Accepted,
            sight: Sight::Forged,
        })
        .await
    }

    async fn act(&self, click: Click) -> Result<ClickOutcome, Cannot> {
        let now = self.now();
        let payload = match self.core.with(|ws| prepare(ws, &click, now))? {
            Prepared::Ask(dialog) => return Ok(ClickOutcome::Confirm(*dialog)),
            Prepared::Noted => return Ok(ClickOutcome::Noted),
            Prepared::Send(payload) => payload,
        };
        let mut delivery = self.core.deliver(DeliveryKind::BlockActions, payload).await;
        if !delivery.acked {
            let (channel, message_ts) = match click.place {
                Place::Message(at) => (Some(at.channel), Some(at.ts)),
                Place::Modal | Place::Home => (None, None),
            };
            let at = self.now();
            let notice = Notice {
                user: click.user,
                text: CLICK_FAILED.to_owned(),
                channel,
                message_ts,
                at,
            };
            self.core.with(|ws| ws.show_error(&mut delivery, notice));
        }
        Ok(ClickOutcome::Delivered(delivery))
    }
}

fn block_of(ws: &Workspace, user: &str, place: &Place, action_id: &str) -> Option<String> {
    let (blocks, attachments) = match place {
        Place::Message(at) => {
            let message = ws
                .message(&at.channel, &at.ts)
                .or_else(|| ws.ephemeral(&at.channel, &at.ts))?;
            (message.blocks.as_slice(), message.attachments.as_slice())
        }
        Place::Modal => (find::blocks_of(ws.views.top(user)?.body.get("blocks")), &[][..]),
        Place::Home => (
            find::blocks_of(ws.views.homes.get(user)?.body.get("blocks")),
            &[][..],
        ),
    };
    let all = find::all_elements(blocks, attachments);
    all.into_iter()
        .find(|(_, element)| element["action_id"].as_str() == Some(action_id))
        .map(|(block, _)| block)
}

fn prepare(ws: &mut Workspace, click: &Click, now: Moment) -> Result<Prepared, Cannot> {
    let found = find::element(ws, click)?;
    let value = input::value(&found.element, &click.input)?;
    let dispatched = find::dispatches(&found);
    if dispatched
        && click.confirmation == Confirmation::Open
        && let Some(dialog) = dialog(&found.element, click)
    {
        return Ok(Prepared::Ask(Box::new(dialog)));
    }
    let mut action = value.clone();
    action["action_id"] = json!(click.action_id);
    action["block_id"] = json!(click.block_id);
    action["action_ts"] = json!(now.ts());
    let payload = match &click.place {
        Place::Message(at) => on_message(ws, click, at, &found, (value, action), now),
        Place::Modal | Place::Home => on_view(ws, click, &found, (value, action), now)?,
    };
    Ok(if dispatched {
        Prepared::Send(payload)
    } else {
        Prepared::Noted
    })
}

fn dialog(element: &Value, click: &Click) -> Option<ConfirmDialog> {
    let dialog = element.get("confirm").filter(|dialog| dialog.is_object())?;
    let text = |key: &str| dialog[key]["text"].as_str().unwrap_or_default().to_owned();
    Some(ConfirmDialog {
        title: text("title"),
        text: text("text"),
        confirm: text("confirm"),
        deny: text("deny"),
        style: dialog["style"].as_str().map(str::to_owned),
        click: click.clone(),
    })
}

fn keeps_value(found: &Found) -> bool {
    !matches!(found.element["type"].as_str(), Some("button" | "overflow") | None)
}

fn on_message(
    ws: &mut Workspace,
    click: &Click,
    at: &MessageAt,
    found: &Found,
    (value, action): (Value, Value),
    now: Moment,
) -> Value {
    let message = ws
        .message(&at.channel, &at.ts)
        .or_else(|| ws.ephemeral(&at.channel, &at.ts));
    let (thread, ephemeral, blocks) = message.map_or((None, false, Vec::new()), |message| {
        (
            message.thread_ts.clone(),
            message.only_for.is_some(),
            message.blocks.clone(),
        )
    });
    let key = (click.user.clone(), at.channel.clone(), at.ts.clone());
    let state = ws
        .message_state
        .entry(key)
        .or_insert_with(|| initial_values(&blocks));
    if keeps_value(found) {
        let entry = state.entry(click.block_id.as_str()).or_insert_with(|| json!({}));
        entry[&click.action_id] = value;
    }
    let state = Value::Object(state.clone());
    let place = Clicked {
        channel: &at.channel,
        ts: &at.ts,
        ephemeral,
        attachment: found.attachment,
        thread_ts: thread.as_deref(),
        outdated: match &click.sight {
            Sight::Outdated(blocks) => Some(blocks),
            Sight::Present | Sight::Forged => None,
        },
    };
    payloads::message_action(ws, &click.user, &place, action, state, now)
}

fn on_view(
    ws: &mut Workspace,
    click: &Click,
    found: &Found,
    (value, action): (Value, Value),
    now: Moment,
) -> Result<Value, Cannot> {
    let view = match click.place {
        Place::Modal => ws.views.top_mut(&click.user),
        Place::Home | Place::Message(_) => ws.views.homes.get_mut(&click.user),
    };
    let view = view.ok_or_else(|| Cannot::NoModal {
        user: click.user.clone(),
    })?;
    if keeps_value(found) {
        let entry = view
            .state
            .entry(click.block_id.as_str())
            .or_insert_with(|| json!({}));
        entry[&click.action_id] = value;
        ws.dirty = true;
    }
    let view = view.clone();
    Ok(payloads::view_action(ws, &click.user, &view, action, now))
}
