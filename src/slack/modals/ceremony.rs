//! What Tier 3 asks beside the click: the target typed in, a reason, and a code of the second factor. Everything that it
//! is about stands above the fields once more, whole.

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

pub fn ceremony(spot: Spot<'_>, at: &PlanRef, upto: Option<StepNo>, part: &Plan, target: &str) -> Value {
    let shown = whole_plan(part);
    let size: usize = shown.iter().map(|block| block.to_string().len()).sum();
    if shown.len() + 6 > BLOCKS || size > CONTENT || target.chars().count() > TYPED {
        return message(
            "*This is too long to be shown whole, so it can't be approved.* Approve a smaller part of it, or take over.",
        );
    }
    let steps = count(part.live_steps().count(), "step");
    let mut blocks = vec![section(&format!(
        "*Tier 3: {steps} of {}, plan {}.* This runs as it stands here.",
        at.incident, at.plan
    ))];
    blocks.extend(shown);
    blocks.push(section(&format!(
        "It acts on `{}`. Type that to say that you mean it.",
        safe(target, TYPED)
    )));
    let typed = json!({"type": "plain_text_input", "action_id": INPUT, "max_length": 1000});
    blocks.push(json!({
        "type": "input", "block_id": TARGET, "label": plain("Target", 150),
        "hint": plain("Letter for letter, as above.", 150), "element": typed,
    }));
    blocks.push(json!({
        "type": "input", "block_id": REASON, "label": plain("Why?", 150),
        "hint": plain("It stands in the thread and in the journal.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "multiline": true, "max_length": 500},
    }));
    blocks.push(json!({
        "type": "input", "block_id": CODE, "label": plain("Code", 150),
        "hint": plain("Six digits of your authenticator app. Each counts once.", 150),
        "element": {"type": "plain_text_input", "action_id": INPUT, "max_length": 16},
    }));
    let metadata = metadata_of_part(spot, at, upto);
    form(
        callback::CEREMONY,
        "Tier 3 approval",
        &format!("Approve {steps}"),
        &metadata,
        blocks,
    )
}
