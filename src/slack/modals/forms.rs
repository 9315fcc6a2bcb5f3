//! Views that ask: the reason of a rejection, the changes to a plan, and the confirmation of those.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::show::message;
use crate::domain::action::reveal_lines;
use crate::domain::command::{FormField, PlanRef};
use crate::domain::ids::StepNo;
use crate::slack::cards::text::{chunks, cut, safe};
use crate::slack::cards::{context, plain, section};
use crate::slack::inbound::{Ask, Change, INPUT, PARAMETER, REASON, SKIP, Spot, metadata};
use crate::slack::surface::callback;

/// Parameters that a form shows, at most: far above what a person fills in, below Slack's 100 blocks.
const FIELDS: usize = 60;
/// Options of one group of checkboxes (docs.slack.dev, checkboxes).
const GROUP: usize = 10;
/// Bytes of what a view shows, well below Slack's 250 KB (docs.slack.dev, views.open).
const CONTENT: usize = 160_000;
/// `private_metadata` (docs.slack.dev, views).
const METADATA: usize = 3000;

pub(super) fn form(callback: &str, title: &str, submit: &str, metadata: &str, blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal", "callback_id": callback, "title": plain(title, 24), "submit": plain(submit, 24),
        "close": plain("Cancel", 24), "private_metadata": metadata, "blocks": blocks,
    })
}

/// Why everything is to be stopped, or may go on.
pub fn freeze(ask: Ask) -> Value {
    let (callback, title, submit, intro, example) = match ask {
        Ask::Freeze => (
            callback::FREEZE,
            "Freeze everything",
            "Freeze",
            "No step starts anywhere until another person lifts it. A step that is running now is not stopped: it still finishes.",
            "The database is being moved",
        ),
        Ask::Unfreeze => (
            callback::UNFREEZE,
            "Lift the freeze",
            "Lift it",
            "Steps may start again. Who froze can't lift it: another person does, and says why it is safe.",
            "The move is done",
        ),
    };
    let input = json!({
        "type": "input", "block_id": REASON, "optional": ask == Ask::Freeze, "label": plain("Why?", 150),
        "hint": plain("It stands on every open card and in the journal.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "max_length": 300, "placeholder": plain(example, 150)},
    });
    form(callback, title, submit, "", vec![section(intro), input])
}

pub fn reject(spot: Spot<'_>, at: &PlanRef, title: &str) -> Value {
    let input = json!({
        "type": "input", "block_id": REASON, "optional": true, "label": plain("Why not?", 150),
        "hint": plain("It stands in the thread and in the journal.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "multiline": true, "max_length": 500,
            "placeholder": plain("The primary is being failed over by hand", 150)},
    });
    let intro = format!(
        "*{}*, plan {} of {}\nNothing of this plan will run, and the incident is handed to you. You are not paged.",
        safe(title, 200),
        at.plan,
        at.incident
    );
    form(
        callback::REJECT,
        "Reject the plan",
        "Reject",
        &metadata(spot, at),
        vec![section(&intro), input],
    )
}

pub fn modify(
    spot: Spot<'_>,
    at: &PlanRef,
    parameters: &[FormField],
    steps: &[(StepNo, String, bool)],
) -> Value {
    let mut blocks = vec![section(&format!(
        "*Plan {} of {}*\nThe changed plan is shown to you first. It is a new plan: earlier approvals don't count for it, and you count as the one who asked for it.",
        at.plan, at.incident
    ))];
    blocks.extend(parameters.iter().take(FIELDS).map(field));
    blocks.extend(
        steps
            .chunks(GROUP)
            .take(20)
            .zip(0..)
            .map(|(group, number)| leave_out(group, number)),
    );
    if parameters.len() > FIELDS {
        blocks.push(context(&[format!(
            "{FIELDS} of {} parameters shown; the others keep their values",
            parameters.len()
        )]));
    }
    let title = format!("Modify plan {}", at.plan);
    form(
        callback::MODIFY,
        &title,
        "Show the change",
        &metadata(spot, at),
        blocks,
    )
}

fn field(field: &FormField) -> Value {
    let value = field.value.as_ref().map(|value| value.0.as_str());
    let fits = field.choices.len() <= 100
        && field
            .choices
            .iter()
            .all(|choice| (1..=75).contains(&choice.chars().count()));
    let element = if field.choices.is_empty() || !fits {
        let mut element = json!({"type": "plain_text_input", "action_id": INPUT, "max_length": 1000});
        if let Some(value) = value.filter(|value| !value.is_empty() && value.chars().count() <= 1000) {
            element["initial_value"] = json!(value);
        }
        element
    } else {
        let option = |choice: &str| json!({"text": plain(choice, 75), "value": choice});
        let options: Vec<Value> = field.choices.iter().map(|choice| option(choice)).collect();
        let mut element = json!({"type": "static_select", "action_id": INPUT, "options": options});
        if let Some(value) = value.filter(|value| field.choices.iter().any(|choice| choice == value)) {
            element["initial_option"] = option(value);
        }
        element
    };
    let mut input = json!({
        "type": "input", "block_id": cut(&format!("{PARAMETER}{}", field.name), 255), "optional": field.optional,
        "label": plain(&field.name, 150), "element": element,
    });
    if !field.description.trim().is_empty() {
        input["hint"] = plain(&field.description, 300);
    }
    input
}

fn leave_out(steps: &[(StepNo, String, bool)], group: usize) -> Value {
    let option = |(no, title, _): &(StepNo, String, bool)| json!({"text": plain(&format!("Step {no}: {title}"), 75), "value": no.0.to_string()});
    let options: Vec<Value> = steps.iter().map(option).collect();
    let chosen: Vec<Value> = steps.iter().filter(|(_, _, out)| *out).map(option).collect();
    let mut element = json!({"type": "checkboxes", "action_id": INPUT, "options": options});
    if !chosen.is_empty() {
        element["initial_options"] = json!(chosen);
    }
    json!({
        "type": "input", "block_id": format!("{SKIP}{group}"), "optional": true,
        "label": plain(if group == 0 { "Leave out these steps" } else { "And these" }, 150), "element": element,
    })
}

/// What would change, to be confirmed.
pub fn diff(
    spot: Spot<'_>,
    at: &PlanRef,
    parameters: &BTreeMap<String, String>,
    skip: &[StepNo],
    lines: &[String],
) -> Value {
    let change = Change {
        at: spot.origin.plan(at),
        channel: spot.channel.map(str::to_owned),
        parameters: parameters.clone(),
        skip: skip.to_vec(),
    };
    let carried = match serde_json::to_string(&change) {
        Ok(text) if text.chars().count() <= METADATA => text,
        Ok(_) | Err(_) => {
            return message(&format!(
                "{}: these values are together longer than a form can carry (3,000 characters). Use shorter ones, or `/runbook run`.",
                at.incident
            ));
        }
    };
    let text = reveal_lines(&lines.join("\n")).into_owned();
    let mut blocks = vec![section(&format!(
        "*This would change in plan {} of {}:*",
        at.plan, at.incident
    ))];
    let parts = chunks(&text, 2900);
    if parts.len() > 60 || json!(text).to_string().len() > CONTENT {
        return message(&format!(
            "{}: this change is too long to be shown whole, so it can't be made here. Shorten the values, or change the runbook.",
            at.incident
        ));
    }
    blocks.extend(parts.iter().map(|part| {
        json!({"type": "rich_text", "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": part}]}
        ]})
    }));
    blocks.push(section(
        "*Make this plan* replaces the proposal on the card. It needs fresh approval.",
    ));
    form(
        callback::MODIFY_CONFIRM,
        "Confirm the change",
        "Make this plan",
        &carried,
        blocks,
    )
}
