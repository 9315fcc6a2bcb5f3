//! What is asked beside the click: at Tier 3 the target typed in, a reason, and a code of the second factor; where a row of
//! the policy asks why, a reason. Everything that it is about stands above the fields once more, whole.

use serde_json::{Value, json};

use super::forms::form;
use super::review::whole_plan;
use super::show::{BLOCKS, CONTENT, message};
use crate::domain::command::PlanRef;
use crate::domain::ids::StepNo;
use crate::domain::plan::Plan;
use crate::slack::cards::text::{count, safe};
use crate::slack::cards::{plain, section};
use crate::slack::inbound::{CODE, INPUT, REASON, Spot, TARGET, metadata_of_part};
use crate::slack::surface::callback;

/// Characters that a person can be asked to type.
const TYPED: usize = 300;

/// Fields and their hints, below the plan.
const FIELDS: usize = 6;

pub fn ceremony(spot: Spot<'_>, at: &PlanRef, upto: Option<StepNo>, part: &Plan, target: &str) -> Value {
    let steps = count(part.live_steps().count(), "step");
    let head = format!("*Tier 3: {steps} of {}, plan {}.*", at.incident, at.plan);
    let fits = target.chars().count() <= TYPED;
    let Some(mut blocks) = shown(&head, part).filter(|_| fits) else {
        return too_long(at);
    };
    blocks.push(section(&format!(
        "It acts on `{}`. Type that to say that you mean it.",
        safe(target, TYPED)
    )));
    let typed = json!({"type": "plain_text_input", "action_id": INPUT, "max_length": 1000});
    blocks.push(json!({
        "type": "input", "block_id": TARGET, "label": plain("Target", 150),
        "hint": plain("Letter for letter, as above.", 150), "element": typed,
    }));
    blocks.push(reason());
    blocks.push(json!({
        "type": "input", "block_id": CODE, "label": plain("Code", 150),
        "hint": plain("Six digits of your authenticator app. Each counts once.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "max_length": 16},
    }));
    let metadata = metadata_of_part(spot, at, upto);
    let submit = format!("Approve {steps}");
    form(callback::CEREMONY, "Tier 3 approval", &submit, &metadata, blocks)
}

/// For who stands in a row with `reason = true`.
pub fn why(spot: Spot<'_>, at: &PlanRef, upto: Option<StepNo>, part: &Plan) -> Value {
    let steps = count(part.live_steps().count(), "step");
    let head = format!("*{steps} of {}, plan {}.*", at.incident, at.plan);
    let Some(mut blocks) = shown(&head, part) else {
        return too_long(at);
    };
    blocks.push(reason());
    let metadata = metadata_of_part(spot, at, upto);
    let submit = format!("Approve {steps}");
    form(callback::WHY, "Say why", &submit, &metadata, blocks)
}

/// What is approved, whole; `None` when it has no room.
fn shown(head: &str, part: &Plan) -> Option<Vec<Value>> {
    let plan = whole_plan(part, true);
    let size: usize = plan.iter().map(|block| block.to_string().len()).sum();
    let fits = plan.len() + FIELDS <= BLOCKS && size <= CONTENT;
    let head = section(&format!("{head} This runs as it stands here."));
    fits.then(|| std::iter::once(head).chain(plan).collect())
}

fn too_long(at: &PlanRef) -> Value {
    message(&format!(
        "{}: *this is too long to be shown whole, so it can't be approved.* Approve a smaller part of it, or take over.",
        at.incident
    ))
}

fn reason() -> Value {
    json!({
        "type": "input", "block_id": REASON, "label": plain("Why?", 150),
        "hint": plain("It stands in the thread and in the journal.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "multiline": true, "max_length": 500},
    })
}
