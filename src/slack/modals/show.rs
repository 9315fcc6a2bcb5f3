//! Views that show something: the whole plan, a runbook's text, a message, a wait.

use serde_json::{Value, json};

use crate::domain::action::Tier;
use crate::domain::command::PlanRef;
use crate::domain::event::Mode;
use crate::domain::incident::Incident;
use crate::domain::policy::Decision;
use crate::slack::cards::text::{chunks, count, cut, safe, visible};
use crate::slack::cards::{self, CardContext, plain, section};
use crate::slack::inbound::values;
use crate::slack::surface::callback;

/// Blocks of a view, at most (docs.slack.dev, modals: 100), less what stands around the content.
const BLOCKS: usize = 96;
/// Characters of a view's content, well below Slack's 250 KB.
const CONTENT: usize = 120_000;

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
    let text: String = source.lines().map(|line| visible(line) + "\n").collect();
    let parts = chunks(&text, 2900);
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
    let mut size = 0;
    let mut whole = true;
    for step in plan.live_steps() {
        let code = cards::code(&step.command);
        size += step.command.len();
        if blocks.len() + code.len() + 1 > BLOCKS || size > CONTENT {
            whole = false;
            break;
        }
        blocks.push(section(&cards::describe(step)));
        blocks.extend(code);
    }
    let waits = track.approval.is_pending() && matches!(track.decision, Decision::RequireApproval { .. });
    if !whole {
        blocks.push(section("*This plan is too long to be shown whole, so it can't be approved.* Split the runbook, or take over."));
    }
    let may = whole && waits;
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
