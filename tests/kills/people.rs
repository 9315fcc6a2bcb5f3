//! What people do: they press whatever a card offers them.

use interlock::playground::slack::view::MessageView;
use interlock::playground::slack::{Input, MessageAt, Place, SlackDouble};
use serde_json::Value;

use super::changes::Change;
use super::place;

/// The bot's messages in the channels of incidents, oldest first in each.
pub fn cards(slack: &SlackDouble) -> Vec<(MessageAt, MessageView)> {
    let ana = slack.user_id("ana").expect("ana works here");
    let bot = slack.bot_user();
    let channels = slack
        .view_as(&ana)
        .channels
        .into_iter()
        .filter(|channel| place::CHANNELS.contains(&channel.name.as_str()));
    channels
        .flat_map(|channel| {
            let id = channel.id;
            let own = channel.messages.into_iter();
            own.map(move |message| (MessageAt::new(&id, &message.ts), message))
        })
        .filter(|(_, message)| message.author == bot && !message.ephemeral)
        .collect()
}

/// Ana presses each of these buttons wherever a card has it; says how many times. Whether it is answered is not waited
/// for: who is killed answers nothing.
pub fn press_all(slack: &SlackDouble, actions: &[&'static str]) -> usize {
    press_as(slack, "ana", actions)
}

/// Others press as well; none of them may. Ben may, and presses what another database drew alone.
pub fn others_press(slack: &SlackDouble) {
    for other in ["cleo", "gus", "fay"] {
        press_as(slack, other, &["approve"]);
    }
    let offered = cards(slack).into_iter().find_map(|(at, card)| {
        let (block, _) = buttons(&card, "approve").next()?;
        Some((at, block, of_another_database(&card)))
    });
    if let Some((at, block, card)) = offered {
        let (slack, ben) = (slack.clone(), slack.user_id("ben").expect("ben works here"));
        tokio::spawn(async move {
            let _ = slack
                .click_outdated(&ben, at, &card, &block, "approve", Input::Press)
                .await;
        });
    }
}

/// The same card with the mark of another database behind each value.
fn of_another_database(card: &MessageView) -> MessageView {
    let mut card = card.clone();
    let rows = card
        .blocks
        .iter_mut()
        .filter_map(|block| block["elements"].as_array_mut());
    for element in rows.flatten() {
        if let Some((value, _)) = element["value"].as_str().and_then(|value| value.rsplit_once('/')) {
            element["value"] = format!("{value}/0badcafe").into();
        }
    }
    card
}

/// The buttons of a card that do this, with the blocks in which they stand.
fn buttons(card: &MessageView, action: &str) -> impl Iterator<Item = (String, Value)> {
    let rows = card.blocks.iter().flat_map(move |block| {
        let id = block["block_id"].as_str().unwrap_or_default();
        let elements = block["elements"].as_array().into_iter().flatten();
        elements.map(move |element| (id.to_owned(), element.clone()))
    });
    rows.filter(move |(_, element)| element["action_id"] == action)
}

/// Reads the review that Ana has open, if any, and approves what it shows; what can't be approved there she closes.
pub async fn decide_review(slack: &SlackDouble) {
    let ana = slack.user_id("ana").expect("ana works here");
    let Some(modal) = slack.view_as(&ana).modal else {
        return;
    };
    let asks = modal.view.get("submit").is_some() && modal.trouble.is_none() && modal.errors.is_empty();
    let done = match asks {
        true => slack
            .submit_modal(&ana, &[])
            .await
            .is_ok_and(|delivery| delivery.acked),
        false => false,
    };
    if !done {
        let _ = slack.dismiss_modals(&ana).await;
    }
}

/// No card lets anybody approve what it does not show whole, and of higher risk it asks again.
pub fn nothing_is_hidden(slack: &SlackDouble) {
    for (_, card) in cards(slack) {
        let Some(change) = Change::on(&card.text) else {
            continue;
        };
        for (_, button) in buttons(&card, "approve") {
            assert!(
                !change.is_reviewed(),
                "a command that is cut can be approved: {}",
                card.text
            );
            assert!(
                button.get("confirm").is_some() || !change.is_asked_again(),
                "nobody is asked again: {}",
                card.text
            );
        }
    }
}

fn press_as(slack: &SlackDouble, who: &str, actions: &[&'static str]) -> usize {
    let mut pressed = 0;
    for (at, card) in cards(slack) {
        let blocks = serde_json::to_string(&card.blocks).unwrap_or_default();
        let offered = |action: &&str| blocks.contains(&format!("\"action_id\":\"{action}\""));
        for action in actions.iter().copied().filter(offered) {
            let user = slack.user_id(who).expect("they are in the workspace");
            let (slack, at) = (slack.clone(), at.clone());
            tokio::spawn(async move {
                // A card that changed meanwhile has the button no more; and not everybody sees every channel.
                let _ = slack.press(&user, Place::Message(at), action).await;
            });
            pressed += 1;
        }
    }
    pressed
}

/// Whether a card has this button.
pub fn offers(slack: &SlackDouble, action: &str) -> bool {
    let wanted = format!("\"action_id\":\"{action}\"");
    let with_it = |blocks| serde_json::to_string(blocks).is_ok_and(|blocks| blocks.contains(&wanted));
    cards(slack).iter().any(|(_, card)| with_it(&card.blocks))
}
