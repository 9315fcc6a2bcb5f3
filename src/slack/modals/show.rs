//! Views that show something: the whole plan, a runbook's text, a message, a wait.

use serde_json::{Value, json};

use crate::domain::action::{Tier, reveal_lines};
use crate::domain::command::PlanRef;
use crate::domain::event::Mode;
use crate::domain::incident::Incident;
use crate::domain::policy::Decision;
use crate::slack::cards::text::{chunks, count, cut, safe};
use crate::slack::cards::{self, CardContext, plain, section};
use crate::slack::inbound::values;
use crate::slack::surface::callback;

/// Blocks of a view, at most (docs.slack.dev, modals: 100), less what stands around the content.
const BLOCKS: usize = 96;
/// Bytes of a view's content, well below Slack's 250 KB.
const CONTENT: usize = 160_000;
/// Blocks of a plan that is too long.
const SAMPLE: usize = 30;

fn shown(title: &str, blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal", "callback_id": callback::SHOW, "title": plain(title, 24), "close": plain("Close", 24),
        "blocks": blocks,
    })
}

#[must_use]
pub fn loading() -> Value {
    shown("One moment", vec![section("Looking it up …")])
}

#[must_use]
pub fn failed() -> Value {
    shown(
        "That did not work",
        vec![section(
            "Nothing was done: there was no answer in time. Close this and click again.",
        )],
    )
}

/// A text of ours, as mrkdwn.
#[must_use]
pub fn message(text: &str) -> Value {
    let blocks: Vec<Value> = chunks(text, 2800)
        .iter()
        .take(BLOCKS)
        .map(|part| section(part))
        .collect();
    shown(
        "Interlock",
        if blocks.is_empty() {
            vec![section("-")]
        } else {
            blocks
        },
    )
}

/// A runbook's text, whole if it fits.
pub fn runbook(title: &str, source: &str) -> Value {
    let mut blocks = vec![section(&format!("*{}*", safe(title, 200)))];
    let parts = chunks(&reveal_lines(source), 2900);
    let all = parts.len();
    let fit: Vec<Value> = parts
        .into_iter()
        .take((CONTENT / 2900).min(BLOCKS))
        .map(|part| {
            json!({"type": "rich_text", "elements": [
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": part}]}
            ]})
        })
        .collect();
    let cut_off = all > fit.len();
    blocks.extend(fit);
    if cut_off {
        blocks.push(section(
            "_The rest is too long to be shown here; read it in the repository._",
        ));
    }
    shown("Runbook", blocks)
}

/// Every step with its whole command. Submitting approves, but only when everything is shown and somebody may.
pub fn review(at: &PlanRef, incident: &Incident, channel: Option<&str>, context: &CardContext) -> Value {
    let Some(track) = incident.plan(at.plan) else {
        return message("This plan is not there any more; the card shows the current one.");
    };
    let plan = &track.plan;
    let steps = count(plan.live_steps().count(), "step");
    let mut blocks = vec![section(&format!(
        "*{}* for {}: {}\n{steps}, plan {}",
        safe(&plan.title, 150),
        incident.id,
        safe(&incident.title, 200),
        plan.no
    ))];
    let mut plan_blocks = cards::review(plan);
    if plan.title.chars().count() > 150 {
        plan_blocks.splice(
            0..0,
            chunks(&safe(&plan.title, usize::MAX), 2800)
                .iter()
                .map(|part| section(part)),
        );
    }
    let size: usize = plan_blocks.iter().map(|block| block.to_string().len()).sum();
    let whole = blocks.len() + plan_blocks.len() <= BLOCKS && size <= CONTENT;
    blocks.extend(plan_blocks.into_iter().take(if whole { BLOCKS } else { SAMPLE }));
    let waits = track.approval.is_pending() && matches!(track.decision, Decision::RequireApproval { .. });
    if !whole {
        blocks.push(section("*This plan is too long to be shown whole, so it can't be approved.* Split the runbook, or take over."));
    }
    if let Some(frozen) = context.frozen.as_ref().filter(|_| waits) {
        blocks.push(section(&format!(
            "*FROZEN by {}*: {}. It can be approved when the freeze is lifted.",
            safe(&frozen.by, 60),
            safe(&frozen.reason, 300)
        )));
    }
    let may = whole && waits && context.frozen.is_none();
    if may {
        let what = match context.mode {
            Mode::Live if plan.tier() >= Tier::Two => {
                format!("*Approve* lets {steps} run as shown above. Some of it can't be taken back.")
            }
            Mode::Live => format!("*Approve* lets {steps} run as shown above."),
            Mode::DryRun => {
                "*Approve* checks everything again; this is a dry run and nothing is executed.".to_owned()
            }
        };
        blocks.push(section(&what));
    }
    let mut view = shown("Review plan", blocks);
    if may {
        view["callback_id"] = json!(callback::REVIEW);
        view["submit"] = plain(&cut(&format!("Approve {steps}"), 24), 24);
        view["private_metadata"] = json!(crate::slack::inbound::metadata(at, channel));
    } else {
        view["private_metadata"] = json!(values::plan(at));
    }
    view
}
