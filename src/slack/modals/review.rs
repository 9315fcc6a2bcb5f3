//! The whole plan in a view: every step with its whole command. Submitting approves it, or a part of it.

use serde_json::{Value, json};

use super::show::{BLOCKS, CONTENT, message, shown};
use crate::domain::action::Tier;
use crate::domain::command::PlanRef;
use crate::domain::event::Mode;
use crate::domain::incident::{Incident, PlanTrack};
use crate::domain::plan::Plan;
use crate::domain::policy::Decision;
use crate::render::reasons;
use crate::slack::cards::text::{chunks, count, cut, safe};
use crate::slack::cards::{self, CardContext, plain, section};
use crate::slack::inbound::{INPUT, PART, Spot, metadata};
use crate::slack::surface::callback;

/// Blocks of a plan that is too long.
const SAMPLE: usize = 30;

/// Every step that is left with its whole command. Submitting approves, but only when everything is shown and somebody
/// may.
pub fn review(spot: Spot<'_>, at: &PlanRef, incident: &Incident, context: &CardContext) -> Value {
    let Some(track) = incident.plan(at.plan) else {
        return message(&format!(
            "{}: this plan is not there any more; the card shows the current one.",
            at.incident
        ));
    };
    let plan = &*track.part(None, None);
    let steps = count(plan.live_steps().count(), "step");
    let mut blocks = vec![section(&format!(
        "*{}* for {}: {}\n{steps}, plan {}",
        safe(&plan.title, 150),
        incident.id,
        safe(&incident.title, 200),
        plan.no
    ))];
    let plan_blocks = whole_plan(plan, track.is_offered());
    let size: usize = plan_blocks.iter().map(|block| block.to_string().len()).sum();
    let whole = blocks.len() + plan_blocks.len() < BLOCKS && size <= CONTENT;
    blocks.extend(plan_blocks.into_iter().take(if whole { BLOCKS } else { SAMPLE }));
    let waits = track.approval.is_pending() && matches!(track.decision, Decision::RequireApproval { .. });
    if !whole {
        blocks.push(section("*This plan is too long to be shown whole, so it can't be approved.* Split the runbook, or take over."));
    }
    if waits {
        blocks.extend(shut(context));
    }
    let may = whole && waits && !context.is_shut();
    if may {
        blocks.push(section(&effect(context.mode, plan, &steps)));
        blocks.extend(how_much(track, &steps));
    }
    let mut view = shown("Review plan", blocks);
    if may {
        view["callback_id"] = json!(callback::REVIEW);
        view["submit"] = plain(&cut(&format!("Approve {steps}"), 24), 24);
        view["private_metadata"] = json!(metadata(spot, at));
    } else {
        view["private_metadata"] = json!(spot.origin.plan(at));
    }
    view
}

pub(super) fn whole_plan(plan: &Plan, offered: bool) -> Vec<Value> {
    let mut blocks = cards::review(plan, offered);
    if plan.title.chars().count() > 150 {
        let title = safe(&plan.title, usize::MAX);
        blocks.splice(0..0, chunks(&title, 2800).iter().map(|part| section(part)));
    }
    blocks
}

/// Why it can't be approved now.
fn shut(context: &CardContext) -> Vec<Value> {
    let frozen = context.frozen.as_ref().map(|frozen| {
        section(&format!(
            "*FROZEN by {}*: {}. It can be approved when the freeze is lifted.",
            safe(&frozen.by, 60),
            safe(&frozen.reason, 300)
        ))
    });
    let not_now = (!context.not_now.is_empty()).then(|| {
        let why = safe(&reasons::all(&context.not_now), 900);
        section(&format!("*Can't be approved now*: {why}."))
    });
    frozen.into_iter().chain(not_now).collect()
}

fn effect(mode: Mode, plan: &Plan, steps: &str) -> String {
    match mode {
        Mode::Live if plan.tier() == Tier::Three => {
            "*Approve* asks for more, because there is a Tier 3 step in it: the target typed in, a reason, and a code of your second factor.".to_owned()
        }
        Mode::Live if plan.tier() >= Tier::Two => {
            format!("*Approve* lets {steps} run as shown above. Some of it can't be taken back.")
        }
        Mode::Live => format!("*Approve* lets {steps} run as shown above."),
        Mode::DryRun => {
            "*Approve* checks everything again; this is a dry run and nothing is executed.".to_owned()
        }
    }
}

/// All that is left, or a part of it. A part needs those whom its own tiers need.
fn how_much(track: &PlanTrack, steps: &str) -> Option<Value> {
    let parts = track.parts();
    if parts.is_empty() {
        return None;
    }
    let option = |text: &str, value: &str| json!({"text": plain(text, 75), "value": value});
    let all = option(&format!("All: {steps}"), "all");
    let mut options = vec![all.clone()];
    options.extend(parts.iter().take(20).map(|part| {
        let text = match part.steps {
            1 => format!("Step {} only ({})", part.upto, part.tier),
            n => format!("{n} steps, as far as step {} (up to {})", part.upto, part.tier),
        };
        option(&text, &part.upto.0.to_string())
    }));
    Some(json!({
        "type": "input", "block_id": PART, "label": plain("How much of it?", 150),
        "hint": plain("The rest waits for another approval.", 150),
        "element": {"type": "static_select", "action_id": INPUT, "options": options, "initial_option": all},
    }))
}
