//! The view that proposes a silence: what it will match, for how long, and why.

use serde_json::{Value, json};

use super::forms::form;
use crate::domain::ids::IncidentId;
use crate::domain::silence::{MINUTES as CHOICES, MINUTES_DEFAULT, Matcher, Offer, REASON_MOST};
use crate::render::escape::Mrkdwn;
use crate::render::silences::{matchers, minutes};
use crate::slack::cards::text::cut;
use crate::slack::cards::{plain, section};
use crate::slack::inbound::{INPUT, LABELS, MINUTES, REASON, Spot, metadata_of_incident};
use crate::slack::surface::callback;

/// Longest value of an option (docs.slack.dev, option object): a label with a longer name is not offered.
const VALUE: usize = 75;

pub fn form_of(spot: Spot<'_>, incident: IncidentId, offer: &Offer) -> Value {
    let intro = format!(
        "*A silence for {incident}*\nMutes in Alertmanager what has these labels, and nothing else:\n```\n{}\n```\nIt is made once others have approved it on the card, and ends by itself.",
        Mrkdwn::code(&matchers(&offer.always))
    );
    let mut blocks = vec![section(&intro)];
    blocks.extend(labels(&offer.beside));
    let option = |length: u16| json!({"text": plain(&minutes(length), 75), "value": length.to_string()});
    let options: Vec<Value> = CHOICES.iter().map(|length| option(*length)).collect();
    blocks.push(json!({
        "type": "input", "block_id": MINUTES, "label": plain("For how long?", 150),
        "element": {"type": "static_select", "action_id": INPUT, "options": options, "initial_option": option(MINUTES_DEFAULT)},
    }));
    blocks.push(json!({
        "type": "input", "block_id": REASON, "label": plain("Why?", 150),
        "hint": plain("It stands on the card, in the journal and in Alertmanager.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "max_length": REASON_MOST,
            "placeholder": plain("The disk is being replaced until noon", 150)},
    }));
    let metadata = metadata_of_incident(spot, incident);
    form(
        callback::SILENCE,
        "Propose a silence",
        "Propose",
        &metadata,
        blocks,
    )
}

/// Beside those that always match; the service is ticked to begin with.
fn labels(offered: &[Matcher]) -> Option<Value> {
    let fits = offered.iter().filter(|one| one.name.len() <= VALUE);
    let option = |one: &Matcher| json!({"text": plain(&cut(&one.to_string(), 75), 75), "value": one.name});
    let options: Vec<Value> = fits.clone().map(option).collect();
    let ticked: Vec<Value> = fits.filter(|one| one.name == "service").map(option).collect();
    let mut element = json!({"type": "checkboxes", "action_id": INPUT, "options": options});
    if !ticked.is_empty() {
        element["initial_options"] = json!(ticked);
    }
    (!options.is_empty()).then(|| {
        json!({
            "type": "input", "block_id": LABELS, "optional": true, "element": element,
            "label": plain("And only with", 150), "hint": plain("Each makes the silence smaller.", 150),
        })
    })
}
