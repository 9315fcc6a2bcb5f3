//! Submitting and closing modals, and menus that ask the app for options.

use serde_json::{Value, json};

use super::super::SlackDouble;
use super::super::deliver::{AckBody, Delivery, DeliveryKind};
use super::super::model::views::OpenView;
use super::super::model::workspace::Workspace;
use super::super::payloads;
use super::answers;
use super::find;
use super::input::{self, Input};
use super::place::Place;
use super::types::Cannot;

impl SlackDouble {
    /// Fills in fields (block id, action id, input) of the top modal and presses its submit button.
    ///
    /// # Errors
    /// When there is no modal, a field is not there, or a required one stays empty; the app hears nothing then.
    pub async fn submit_modal(&self, user: &str, values: &[(&str, &str, Input)]) -> Result<Delivery, Cannot> {
        for (block_id, action_id, input) in values {
            self.core.with(|ws| fill(ws, user, block_id, action_id, input))?;
        }
        let now = self.now();
        let (view_id, payload) = self.core.with(|ws| {
            let view = submittable(ws, user)?;
            let payload = payloads::view_submission(ws, user, &view, now);
            Ok::<_, Cannot>((view.id, payload))
        })?;
        let mut delivery = self.core.deliver(DeliveryKind::ViewSubmission, payload).await;
        let now = self.now();
        self.core
            .with(|ws| answers::submission(ws, user, &view_id, &mut delivery, now));
        Ok(delivery)
    }

    /// Presses the close button of the top modal. `Some` when the app asked to hear of it.
    ///
    /// # Errors
    /// When no modal is open.
    pub async fn close_modal(&self, user: &str) -> Result<Option<Delivery>, Cannot> {
        let payload = self.core.with(|ws| {
            let top = ws
                .views
                .top(user)
                .ok_or_else(|| Cannot::NoModal {
                    user: user.to_owned(),
                })?
                .clone();
            let all = top.flag("clear_on_close");
            if let Some(stack) = ws.views.stacks.get_mut(user) {
                stack.pop();
                if all {
                    stack.clear();
                }
            }
            ws.dirty = true;
            Ok::<_, Cannot>(closed(ws, user, &top, all))
        })?;
        self.tell_closed(payload).await
    }

    /// Closes the whole stack with the x in the corner.
    ///
    /// # Errors
    /// When no modal is open.
    pub async fn dismiss_modals(&self, user: &str) -> Result<Option<Delivery>, Cannot> {
        let payload = self.core.with(|ws| {
            let stack = ws.views.stacks.remove(user).unwrap_or_default();
            let root = stack.first().ok_or_else(|| Cannot::NoModal {
                user: user.to_owned(),
            })?;
            ws.dirty = true;
            Ok::<_, Cannot>(closed(ws, user, root, true))
        })?;
        self.tell_closed(payload).await
    }

    async fn tell_closed(&self, payload: Option<Value>) -> Result<Option<Delivery>, Cannot> {
        match payload {
            Some(payload) => Ok(Some(self.core.deliver(DeliveryKind::ViewClosed, payload).await)),
            None => Ok(None),
        }
    }

    /// Types into a menu whose options come from the app; returns the delivery and what the menu then offers.
    ///
    /// # Errors
    /// When the person does not see the menu.
    pub async fn suggest(
        &self,
        user: &str,
        place: &Place,
        element: (&str, &str),
        query: &str,
    ) -> Result<(Delivery, Vec<Value>), Cannot> {
        let payload = self.core.with(|ws| {
            find::active(ws, user)?;
            let container = match place {
                Place::Message(at) => (
                    json!({"type": "message", "message_ts": at.ts, "channel_id": at.channel}),
                    None,
                ),
                Place::Modal => {
                    let top = ws.views.top(user).ok_or_else(|| Cannot::NoModal {
                        user: user.to_owned(),
                    })?;
                    (json!({"type": "view", "view_id": top.id}), Some(top))
                }
                Place::Home => {
                    let home = ws.views.homes.get(user);
                    let home = home.ok_or_else(|| Cannot::NotVisible {
                        user: user.to_owned(),
                    })?;
                    (json!({"type": "view", "view_id": home.id}), Some(home))
                }
            };
            Ok::<_, Cannot>(payloads::suggestion(ws, user, container, element, query))
        })?;
        let delivery = self.core.deliver(DeliveryKind::BlockSuggestion, payload).await;
        let offered = match &delivery.ack {
            AckBody::Json(value) => value["options"].as_array().cloned().unwrap_or_default(),
            AckBody::Empty | AckBody::Text(_) => Vec::new(),
        };
        Ok((delivery, offered))
    }
}

fn closed(ws: &Workspace, user: &str, view: &OpenView, all: bool) -> Option<Value> {
    view.flag("notify_on_close")
        .then(|| payloads::view_closed(ws, user, view, all))
}

fn fill(
    ws: &mut Workspace,
    user: &str,
    block_id: &str,
    action_id: &str,
    input: &Input,
) -> Result<(), Cannot> {
    find::active(ws, user)?;
    let view = ws.views.top_mut(user).ok_or_else(|| Cannot::NoModal {
        user: user.to_owned(),
    })?;
    let blocks = find::blocks_of(view.body.get("blocks"));
    let block = blocks
        .iter()
        .find(|block| block["block_id"].as_str() == Some(block_id));
    let element = block.and_then(|block| {
        find::elements(block).find(|element| element["action_id"].as_str() == Some(action_id))
    });
    let element = element.ok_or_else(|| Cannot::NoSuchElement {
        user: user.to_owned(),
        block_id: block_id.to_owned(),
        action_id: action_id.to_owned(),
    })?;
    let value = input::value(element, input)?;
    let entry = view.state.entry(block_id).or_insert_with(|| json!({}));
    entry[action_id] = value;
    ws.dirty = true;
    Ok(())
}

/// The top modal, if Slack's client lets the person submit it.
fn submittable(ws: &Workspace, user: &str) -> Result<OpenView, Cannot> {
    find::active(ws, user)?;
    let view = ws.views.top(user).ok_or_else(|| Cannot::NoModal {
        user: user.to_owned(),
    })?;
    if view.body.get("submit").is_none_or(Value::is_null) {
        return Err(Cannot::NoSubmit);
    }
    for block in find::blocks_of(view.body.get("blocks")) {
        if block["type"] != json!("input") {
            continue;
        }
        let block_id = block["block_id"].as_str().unwrap_or_default();
        let action_id = block["element"]["action_id"].as_str().unwrap_or_default();
        let value = view
            .state
            .get(block_id)
            .and_then(|actions| actions.get(action_id));
        if let Some(why) = input::unfilled(block, value) {
            return Err(Cannot::Unfilled {
                block_id: block_id.to_owned(),
                why,
            });
        }
    }
    Ok(view.clone())
}
