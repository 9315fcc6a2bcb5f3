//! What people do and what only they see. They act by what is written on buttons and fields, as people do.
//! Longer than other files, since everything that a person can do or see stands together.

use interlock::playground::slack::view::{MessageView, ModalView, WorkspaceView};
use interlock::playground::slack::{Cannot, ClickOutcome, Delivery, Input, MessageAt, Place};
use serde_json::Value;

use super::TestWorld;
use super::text;

/// One person of the workspace.
#[derive(Clone, Copy)]
pub struct Someone<'w> {
    pub world: &'w TestWorld,
    pub name: &'static str,
}

/// A button or menu entry and where it is.
#[derive(Clone, Debug)]
pub struct Button {
    pub at: Place,
    pub block: String,
    pub action: String,
    pub input: Input,
    /// The message as it was when the button was seen: a screen that has not caught up.
    pub shown: Option<MessageView>,
}

impl Someone<'_> {
    pub fn id(self) -> String {
        self.world.doubles.slack.user_id(self.name).unwrap()
    }

    pub fn view(self) -> WorkspaceView {
        self.world.doubles.slack.view_as(&self.id())
    }

    /// Presses the button whose label begins so, as soon as it is there, and accepts its dialog.
    pub async fn presses(self, label: &str) -> Delivery {
        let button = self.sees_button(label).await;
        let delivery = self.clicks(button).await.unwrap();
        assert!(delivery.acked, "the press on {label} was not acked: {delivery:?}");
        delivery
    }

    /// Presses a button below what was said in a thread, as soon as it is there.
    pub async fn presses_in_a_thread(self, label: &str) -> Delivery {
        let what = format!("{} sees a button `{label}` in a thread", self.name);
        let find = || {
            let view = self.view();
            view.channels.iter().find_map(|channel| {
                let replies = channel.messages.iter().flat_map(|message| &message.replies);
                replies.clone().find_map(|reply| {
                    let at = Place::Message(MessageAt::new(&channel.id, &reply.ts));
                    let button = in_blocks(&reply.blocks, label, &at)?;
                    Some(Button {
                        shown: Some(reply.clone()),
                        ..button
                    })
                })
            })
        };
        let button = self.world.until(&what, find).await;
        let delivery = self.clicks(button).await.unwrap();
        assert!(delivery.acked, "the press on {label} was not acked: {delivery:?}");
        delivery
    }

    /// Waits for a button.
    pub async fn sees_button(self, label: &str) -> Button {
        let what = format!("{} sees a button `{label}`", self.name);
        self.world.until(&what, || find(&self.view(), label)).await
    }

    /// Presses one that was seen before, whatever became of it meanwhile.
    pub async fn clicks(self, button: Button) -> Result<Delivery, Cannot> {
        let slack = &self.world.doubles.slack;
        let Button {
            at,
            block,
            action,
            input,
            shown,
        } = button;
        let outcome = match &at {
            Place::Message(at) => {
                let shown = shown.expect("a button of a message was seen on it");
                slack
                    .click_outdated(&self.id(), at.clone(), &shown, &block, &action, input)
                    .await
            }
            Place::Modal | Place::Home => {
                slack
                    .click(&self.id(), at.clone(), &block, &action, input.clone())
                    .await
            }
        }?;
        let outcome = match outcome {
            ClickOutcome::Confirm(dialog) => slack.confirm(dialog).await?,
            other => other,
        };
        Ok(outcome.delivery().expect("a button is delivered").clone())
    }

    /// Presses a button and reads the dialog that asks whether it is meant, without saying yes.
    pub async fn is_asked_by(self, label: &str) -> String {
        let Button {
            at,
            block,
            action,
            input,
            ..
        } = self.sees_button(label).await;
        let slack = &self.world.doubles.slack;
        match slack.click(&self.id(), at, &block, &action, input).await.unwrap() {
            ClickOutcome::Confirm(dialog) => {
                format!("{}\n{}\n[{}]", dialog.title, dialog.text, dialog.confirm)
            }
            other => panic!("pressing {label} asks nothing: {other:?}"),
        }
    }

    /// Sends the click that a button "Approve" would send, where the card shows none: a forged one.
    pub async fn forges_an_approval(self) {
        let mut button = self.sees_button("Reject").await;
        let shown = button.shown.as_mut().expect("it is on a card");
        let elements = shown
            .blocks
            .iter_mut()
            .filter_map(|block| block["elements"].as_array_mut());
        for element in elements
            .flatten()
            .filter(|element| element["action_id"] == "reject")
        {
            element["action_id"] = "approve".into();
        }
        "approve".clone_into(&mut button.action);
        self.clicks(button).await.unwrap();
    }

    /// Presses a button as a version drew it that did not yet say which database it is of.
    pub async fn clicks_unmarked(self, mut button: Button) {
        let card = button.shown.as_mut().expect("it is on a card");
        let rows = card.blocks.iter_mut();
        for element in rows
            .filter_map(|block| block["elements"].as_array_mut())
            .flatten()
        {
            if let Some((value, _)) = element["value"].as_str().and_then(|value| value.split_once('/')) {
                element["value"] = value.to_owned().into();
            }
        }
        self.clicks(button).await.unwrap();
    }

    pub fn has_button(self, label: &str) -> bool {
        find(&self.view(), label).is_some()
    }

    /// Waits for an answer that only this person sees, and reads it.
    pub async fn is_told(self, fragment: &str) -> String {
        let what = format!("{} is told `{fragment}`", self.name);
        let (ts, said) = self
            .world
            .until(&what, || {
                let unread = self.world.read.lock().told.clone();
                let mine = only_mine(&self.view());
                mine.into_iter()
                    .filter(|message| !unread.contains(&(self.name, message.ts.clone())))
                    .map(|message| (message.ts.clone(), text::message(&message)))
                    .find(|(_, said)| said.contains(fragment))
            })
            .await;
        self.world.read.lock().told.insert((self.name, ts));
        said
    }

    /// The same, seen in the channel itself: not in a thread, which may not be open.
    pub async fn is_told_in_the_channel(self, fragment: &str) {
        let what = format!("{} is told `{fragment}` in the channel", self.name);
        let ts = self
            .world
            .until(&what, || {
                let view = self.view();
                let mut shown = view.channels.iter().flat_map(|channel| &channel.messages);
                shown
                    .find(|message| message.ephemeral && text::message(message).contains(fragment))
                    .map(|message| message.ts.clone())
            })
            .await;
        self.world.read.lock().told.insert((self.name, ts));
    }

    pub async fn opens_home(self) {
        let slack = &self.world.doubles.slack;
        slack.open_home(&self.id()).await.unwrap();
    }

    /// Waits until the app's home shows this, and reads it.
    pub async fn sees_home(self, fragment: &str) -> String {
        let what = format!("{} sees `{fragment}` in the home", self.name);
        self.world
            .until(&what, || {
                let home = self.view().home?;
                let shown = text::steady(&text::blocks(home["blocks"].as_array()?));
                shown.contains(fragment).then_some(shown)
            })
            .await
    }

    /// The home may still be the one of before.
    pub async fn sees_home_without(self, fragment: &str) {
        let what = format!("{} sees no `{fragment}` in the home", self.name);
        self.world
            .until(&what, || {
                let home = self.view().home?;
                let shown = text::steady(&text::blocks(home["blocks"].as_array()?));
                (!shown.contains(fragment)).then_some(())
            })
            .await;
    }

    /// Everything this person was told privately, read or not.
    pub fn told(self) -> Vec<String> {
        only_mine(&self.view()).iter().map(text::message).collect()
    }

    /// What this person was told privately is no part of the story.
    pub fn ignores_answers(self) {
        for message in only_mine(&self.view()) {
            self.world.read.lock().told.insert((self.name, message.ts));
        }
    }

    pub async fn sees_modal(self, fragment: &str) -> String {
        let what = format!("{} sees a modal with `{fragment}`", self.name);
        self.world
            .until(&what, || {
                let shown = modal_text(&self.view().modal?);
                shown.contains(fragment).then_some(shown)
            })
            .await
    }

    /// Leaves a step out of the plan, by Modify, to the end.
    pub async fn leaves_out(self, step: &str) {
        self.presses("Modify").await;
        self.sees_modal("Leave out these steps").await;
        let steps = Input::Options(vec![step.to_owned()]);
        self.submits(&[("Leave out these steps", steps)]).await;
        self.sees_modal("This would change").await;
        self.submits(&[]).await;
        self.is_told("Earlier approvals are void").await;
    }

    /// Fills in fields by their labels and submits.
    pub async fn submits(self, fields: &[(&str, Input)]) -> Delivery {
        let what = format!("{} has a form to fill in", self.name);
        let modal = self.world.until(&what, || self.view().modal).await;
        let place = |label: &str| {
            let block = modal.view["blocks"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|block| block["label"]["text"].as_str().is_some_and(|text| text == label));
            let block = block.unwrap_or_else(|| panic!("no field `{label}` in\n{}", modal_text(&modal)));
            (
                block["block_id"].as_str().unwrap_or_default().to_owned(),
                block["element"]["action_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
        };
        let filled: Vec<(String, String, Input)> = fields
            .iter()
            .map(|(label, input)| {
                let (block, action) = place(label);
                (block, action, input.clone())
            })
            .collect();
        let borrowed: Vec<(&str, &str, Input)> = filled
            .iter()
            .map(|(block, action, input)| (block.as_str(), action.as_str(), input.clone()))
            .collect();
        let delivery = self
            .world
            .doubles
            .slack
            .submit_modal(&self.id(), &borrowed)
            .await
            .unwrap();
        assert!(delivery.acked, "the submission was not acked: {delivery:?}");
        delivery
    }

    /// Types `/runbook …` in #incidents.
    pub async fn types(self, text: &str) -> Delivery {
        self.types_in("incidents", text).await
    }

    /// Types `/runbook …` somewhere.
    pub async fn types_in(self, channel: &str, text: &str) -> Delivery {
        let channel = self.world.doubles.slack.channel_id(channel).unwrap();
        let delivery = self
            .world
            .doubles
            .slack
            .slash(&self.id(), &channel, "/runbook", text)
            .await
            .unwrap();
        assert!(delivery.acked, "/runbook {text} was not acked: {delivery:?}");
        delivery
    }

    /// Writes into the thread of an incident.
    pub async fn writes(self, incident: &str, text: &str) {
        let (channel, card) = self.world.card_of(incident).expect("its card is there");
        let slack = &self.world.doubles.slack;
        slack
            .say(&self.id(), &channel, Some(&card.ts), text)
            .await
            .unwrap();
    }
}

fn modal_text(modal: &ModalView) -> String {
    let errors: Vec<String> = modal
        .errors
        .iter()
        .map(|(_, error)| format!("! {error}"))
        .collect();
    let shown = text::blocks(
        modal.view["blocks"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default(),
    );
    let submit = modal.view["submit"]["text"]
        .as_str()
        .map(|text| format!("\n[{text}]"))
        .unwrap_or_default();
    let title = modal.view["title"]["text"].as_str().unwrap_or_default();
    text::steady(&format!("# {title}\n{shown}{submit}\n{}", errors.join("\n")))
}

/// Messages that only the viewer sees: ephemeral ones, and the direct messages with the app.
pub fn only_mine(view: &WorkspaceView) -> Vec<MessageView> {
    let mut mine = Vec::new();
    for channel in &view.channels {
        for message in channel
            .messages
            .iter()
            .flat_map(|message| std::iter::once(message).chain(&message.replies))
        {
            let direct = channel.is_direct && message.author != view.viewer;
            if message.ephemeral || direct {
                mine.push(message.clone());
            }
        }
    }
    mine.sort_by(|one, other| one.ts.cmp(&other.ts));
    mine
}

fn find(view: &WorkspaceView, label: &str) -> Option<Button> {
    if let Some(modal) = &view.modal {
        return in_blocks(modal.view["blocks"].as_array()?, label, &Place::Modal);
    }
    let mut messages: Vec<(String, &MessageView)> = view
        .channels
        .iter()
        .flat_map(|channel| {
            channel
                .messages
                .iter()
                .map(|message| (channel.id.clone(), message))
        })
        .collect();
    messages.sort_by(|one, other| other.1.ts.cmp(&one.1.ts));
    let in_home = || {
        let home = view.home.as_ref()?;
        in_blocks(home["blocks"].as_array()?, label, &Place::Home)
    };
    let in_messages = messages.into_iter().find_map(|(channel, message)| {
        let at = Place::Message(MessageAt::new(&channel, &message.ts));
        let button = in_blocks(&message.blocks, label, &at)?;
        Some(Button {
            shown: Some(message.clone()),
            ..button
        })
    });
    in_messages.or_else(in_home)
}

fn in_blocks(blocks: &[Value], wanted: &str, at: &Place) -> Option<Button> {
    let is = |object: &Value| text::label(object).starts_with(wanted);
    blocks.iter().find_map(|block| {
        let row = block["elements"].as_array().into_iter().flatten();
        block.get("accessory").into_iter().chain(row).find_map(|element| {
            let input = match element["type"].as_str()? {
                "button" => is(element).then_some(Input::Press)?,
                "overflow" => {
                    let option = element["options"].as_array()?.iter().find(|option| is(option))?;
                    Input::Option(option["value"].as_str()?.to_owned())
                }
                _ => return None,
            };
            Some(Button {
                at: at.clone(),
                block: block["block_id"].as_str()?.to_owned(),
                action: element["action_id"].as_str()?.to_owned(),
                input,
                shown: None,
            })
        })
    })
}
