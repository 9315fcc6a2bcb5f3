//! What people do: they press whatever a card offers them.

use interlock::playground::slack::view::MessageView;
use interlock::playground::slack::{MessageAt, Place, SlackDouble};

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

/// Others press as well; none of them may.
pub fn others_press(slack: &SlackDouble) {
    for other in ["cleo", "gus", "fay"] {
        press_as(slack, other, &["approve"]);
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
