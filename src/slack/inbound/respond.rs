//! From the engine's reply to what Slack and the person get: the ack, an answer, a modal, a verdict on a view. What can't be
//! stored, or is decided after Slack has stopped waiting, is answered too, by the way that needs no ack.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tracing::warn;

use super::deliver::{Act, Surface};
use super::envelope::Ack;
use super::pipeline::{Decided, Parts};
use super::submission::{CODE, PARAMETER, REASON, TARGET};
use crate::domain::ceremony::Problem;
use crate::domain::command::{Answer, Form, NotTaken, Reply};
use crate::domain::event::{Refusal, Unfit};
use crate::engine::EngineError;
use crate::render::reasons;
use crate::slack::answers::{self, Told};
use crate::slack::cards::text::cut;
use crate::slack::modals::{self, Opener};

/// Longest text of one field's error in a view.
const FIELD_ERROR: usize = 250;

/// The ack of anything that opens no modal by itself.
pub(super) fn to(parts: &Arc<Parts>, act: Act, decided: Decided) -> Ack {
    let reply = match decided {
        Decided::Reply(reply) => reply,
        Decided::NotStored(error) => {
            send(parts, act, not_taken(&error));
            return Ack::NotStored;
        }
        Decided::Late(outcome) => {
            later(parts, act, outcome, Opener::Gone);
            return Ack::NotStored;
        }
    };
    match &act.surface {
        Surface::View { error_block, stacked } => {
            let (error_block, stacked) = (error_block.clone(), *stacked);
            verdict(parts, act, reply, error_block, stacked)
        }
        Surface::Slash => match reply {
            Reply::Answer(answer) => {
                let text = parts.shared.answer(&answer, act.about);
                Ack::Body(answers::reply(&text, None).to_string())
            }
            reply @ (Reply::Stored
            | Reply::Form(_)
            | Reply::Permit(_)
            | Reply::NotStarted { .. }
            | Reply::NotYet { .. }) => rest(parts, act, reply, Opener::Gone),
        },
        Surface::Click | Surface::Message => {
            let opener = act.trigger.clone().map_or(Opener::Gone, Opener::Trigger);
            rest(parts, act, reply, opener)
        }
    }
}

/// The ack of what was expected to open a modal.
pub(super) fn form(parts: &Arc<Parts>, act: Act, decided: Decided, opener: Opener) -> Ack {
    match (decided, opener) {
        (Decided::NotStored(error), opener) => {
            let parts = parts.clone();
            tokio::spawn(async move { tell(&parts, act, not_taken(&error), opener).await });
            Ack::NotStored
        }
        (Decided::Late(outcome), opener) => {
            later(parts, act, outcome, opener);
            Ack::NotStored
        }
        (Decided::Reply(Reply::Answer(answer)), opener @ Opener::View(_)) => {
            let parts = parts.clone();
            tokio::spawn(async move { tell(&parts, act, answer, opener).await });
            Ack::Empty
        }
        (decided @ Decided::Reply(Reply::Answer(_)), Opener::Trigger(_) | Opener::Gone) => {
            to(parts, act, decided)
        }
        (Decided::Reply(reply), opener) => rest(parts, act, reply, opener),
    }
}

fn not_taken(error: &EngineError) -> Answer {
    Answer::NotTaken(match error {
        EngineError::NotStored { reason } => NotTaken::Journal {
            reason: reason.clone(),
        },
        EngineError::Stopped => NotTaken::Stopping,
        EngineError::Overloaded { .. } => NotTaken::Busy,
    })
}

fn send(parts: &Parts, act: Act, answer: Answer) {
    let about = act.about;
    parts.answers.send(act.place, Told { about, answer });
}

/// In the view that is open for it, else where answers go.
async fn tell(parts: &Parts, act: Act, answer: Answer, opener: Opener) {
    match opener {
        Opener::View(view) => {
            let text = parts.shared.answer(&answer, act.about);
            modals::fill(&parts.api, &view, modals::message(&text)).await;
        }
        Opener::Trigger(_) | Opener::Gone => send(parts, act, answer),
    }
}

/// Slack has stopped waiting, and so has the trigger of a form; the person has not.
fn later(
    parts: &Arc<Parts>,
    act: Act,
    outcome: oneshot::Receiver<Result<Reply, EngineError>>,
    opener: Opener,
) {
    let parts = parts.clone();
    tokio::spawn(async move {
        let outcome = outcome.await.unwrap_or(Err(EngineError::Stopped));
        match (outcome, opener) {
            (Ok(Reply::Answer(answer)), opener) => tell(&parts, act, answer, opener).await,
            (Ok(Reply::Form(form)), opener @ Opener::View(_)) => {
                let view = modals::view(&form, act.place.channel.as_deref(), &parts.shared);
                show(&parts, act, view, opener).await;
            }
            (Ok(Reply::Form(_)), opener) => tell(&parts, act, Answer::FormNotOpened, opener).await,
            (Ok(Reply::Stored | Reply::Permit(_) | Reply::NotStarted { .. } | Reply::NotYet { .. }), _) => {}
            (Err(error), opener) => tell(&parts, act, not_taken(&error), opener).await,
        }
    });
}

/// Opens a view that hangs on nothing but the click.
pub(super) fn ask(parts: &Arc<Parts>, act: Act, view: Value) {
    let opener = act.trigger.clone().map_or(Opener::Gone, Opener::Trigger);
    let parts = parts.clone();
    tokio::spawn(async move { show(&parts, act, view, opener).await });
}

fn rest(parts: &Arc<Parts>, act: Act, reply: Reply, opener: Opener) -> Ack {
    match reply {
        Reply::Answer(answer) => send(parts, act, answer),
        Reply::Form(form) => {
            let view = modals::view(&form, act.place.channel.as_deref(), &parts.shared);
            let parts = parts.clone();
            tokio::spawn(async move { show(&parts, act, view, opener).await });
        }
        Reply::Stored | Reply::Permit(_) | Reply::NotStarted { .. } | Reply::NotYet { .. } => {}
    }
    Ack::Empty
}

async fn show(parts: &Parts, act: Act, view: Value, opener: Opener) {
    let opened = match opener {
        Opener::Trigger(trigger) => modals::open(&parts.api, &trigger, view).await.map(drop),
        Opener::View(id) => {
            modals::fill(&parts.api, &id, view).await;
            Ok(())
        }
        Opener::Gone => return,
    };
    if let Err(error) = opened {
        // The person sees nothing otherwise: the trigger had expired, or Slack is slow.
        warn!(%error, "a modal could not be opened");
        send(parts, act, Answer::FormNotOpened);
    }
}

fn verdict(parts: &Arc<Parts>, act: Act, reply: Reply, error_block: Option<String>, stacked: bool) -> Ack {
    if let Reply::Answer(Answer::Refused(refusal)) = &reply
        && let Some(ack) = at_fields(refusal, error_block.filter(|_| !stacked))
    {
        return ack;
    }
    match reply {
        Reply::Answer(answer @ Answer::Refused(_)) => {
            let text = parts.shared.answer(&answer, act.about);
            Ack::Body(json!({"response_action": "update", "view": modals::message(&text)}).to_string())
        }
        Reply::Answer(answer) => {
            send(parts, act, answer);
            if stacked {
                Ack::Body(json!({"response_action": "clear"}).to_string())
            } else {
                Ack::Empty
            }
        }
        Reply::Form(form) => {
            let view = modals::view(&form, act.place.channel.as_deref(), &parts.shared);
            let action = match form {
                Form::ModifyDiff { .. } | Form::Ceremony { .. } | Form::Why { .. } => "push",
                Form::Reject { .. }
                | Form::Modify { .. }
                | Form::ReviewPlan { .. }
                | Form::Silence { .. }
                | Form::Runbook { .. } => "update",
            };
            Ack::Body(json!({"response_action": action, "view": view}).to_string())
        }
        Reply::Stored | Reply::Permit(_) | Reply::NotStarted { .. } | Reply::NotYet { .. } => Ack::Empty,
    }
}

/// What is wrong with what was filled in, at its fields; `None` for what no field can show.
fn at_fields(refusal: &Refusal, first: Option<String>) -> Option<Ack> {
    if let Refusal::Ceremony { problems } = refusal {
        let said = |problem: &Problem| (block_of(problem).to_owned(), reasons::problem(problem));
        return Some(errors(problems.iter().map(said)));
    }
    // A block that the form does not have can't show it, and the first one is always there.
    let first = first?;
    if let Refusal::BadInput { problems } = refusal {
        return Some(errors(problems.iter().map(|(field, problem)| {
            let block = match field.as_str() {
                "" => first.clone(),
                REASON => REASON.to_owned(),
                // A field that the form does not have can't show its error.
                name if first.starts_with(PARAMETER) => format!("{PARAMETER}{name}"),
                _ => first.clone(),
            };
            (block, problem.clone())
        })));
    }
    if let Refusal::ChangeDenied { reasons } = refusal {
        return Some(errors([(first, reasons::denied_change(reasons))]));
    }
    let Refusal::Unfit { why } = refusal else {
        return None;
    };
    let block = match why {
        Unfit::SilenceWithoutReason => REASON.to_owned(),
        Unfit::MergeIntoItself { .. }
        | Unfit::MergeIntoManual { .. }
        | Unfit::MergeManuals { .. }
        | Unfit::MergeIntoOver { .. }
        | Unfit::MergeIntoNone { .. }
        | Unfit::MergeWhileTripped { .. }
        | Unfit::NowhereToSilence
        | Unfit::SilencedAlready
        | Unfit::NothingToSilence
        | Unfit::SilenceOfOtherLength
        | Unfit::AlertsChanged
        | Unfit::EveryStepLeftOut
        | Unfit::NothingChanged => first,
    };
    Some(errors([(block, reasons::unfit(*why))]))
}

/// The field of the Tier 3 form that is wrong.
fn block_of(problem: &Problem) -> &'static str {
    match problem {
        Problem::Target { .. } => TARGET,
        Problem::NoReason => REASON,
        Problem::WrongCode { .. }
        | Problem::UsedCode
        | Problem::Locked { .. }
        | Problem::NotEnrolled { .. }
        | Problem::Unreadable => CODE,
    }
}

fn errors(problems: impl IntoIterator<Item = (String, String)>) -> Ack {
    let mut errors = serde_json::Map::new();
    for (block, problem) in problems {
        let text = match errors.get(&block).and_then(Value::as_str) {
            Some(before) => format!("{before} {problem}"),
            None => problem,
        };
        errors.insert(block, Value::String(cut(&text, FIELD_ERROR)));
    }
    Ack::Body(json!({"response_action": "errors", "errors": errors}).to_string())
}
