//! Modals: what the engine's forms look like. Opened within the three seconds of a trigger id, submitted back into the
//! one pipeline.

mod ceremony;
mod forms;
mod open;
mod review;
mod show;
mod silence;
#[cfg(test)]
mod tests;

pub use forms::freeze;
pub use open::{Opener, fill, open};
pub use show::{loading, message};

use serde_json::Value;

use super::inbound::Spot;
use super::settings::Shared;
use crate::domain::command::Form;

/// The view of a form. `channel` is where answers will be shown.
#[must_use]
pub fn view(form: &Form, channel: Option<&str>, shared: &Shared) -> Value {
    let spot = Spot {
        origin: shared.outlook.origin(),
        channel,
    };
    match form {
        Form::Reject { at, title } => forms::reject(spot, at, title),
        Form::Modify {
            at,
            parameters,
            steps,
        } => forms::modify(spot, at, parameters, steps),
        Form::ModifyDiff {
            at,
            parameters,
            skip,
            lines,
        } => forms::diff(spot, at, parameters, skip, lines),
        Form::ReviewPlan { at, incident } => {
            review::review(spot, at, incident, &shared.outlook.card(incident))
        }
        Form::Ceremony {
            at,
            upto,
            part,
            target,
        } => ceremony::ceremony(spot, at, *upto, part, target),
        Form::Why { at, upto, part } => ceremony::why(spot, at, *upto, part),
        Form::Silence { incident, offer } => silence::form_of(spot, *incident, offer),
        Form::Runbook {
            title,
            source,
            changed,
        } => show::runbook(title, source, *changed),
    }
}
