//! A similar incident of the past, in one plain line: for the card and the command line.

use super::words;
use crate::domain::memory::{Ending, Similar};
use crate::domain::run::says_nothing;
use crate::domain::text::shortened;

/// `INC-12 (the same alert): redis-connection-timeout, fixed and verified after 4 min`.
#[must_use]
pub fn line(similar: &Similar) -> String {
    let runbook = similar
        .runbook
        .as_ref()
        .map_or("no runbook".to_owned(), ToString::to_string);
    let took = words::duration(similar.closed_at.duration_since(similar.opened_at));
    let ended = match &similar.ending {
        Ending::Fixed { failed } if failed.is_empty() => format!("fixed and verified after {took}"),
        Ending::Fixed { failed } => {
            let failed: Vec<String> = failed.iter().map(|step| format!("step {step}")).collect();
            format!(
                "verified after {took}, although {} failed",
                words::listed(&failed)
            )
        }
        Ending::NotHelped { why } if says_nothing(why) => {
            format!("it ran, and nothing verified that it helped; over after {took}")
        }
        Ending::NotHelped { why } => format!("did not help: {}", shortened(why, 120)),
        Ending::NotTried { why } => format!("changed nothing: {}", shortened(why, 120)),
        Ending::Cleared => format!("the alert went away after {took}"),
        Ending::ByPerson {
            name,
            reason,
            in_vain,
        } => {
            let helped = if *in_vain { "did not help, " } else { "" };
            let reason = match reason.as_str() {
                "" => String::new(),
                reason => format!(": {}", shortened(reason, 120)),
            };
            format!("{helped}{name} closed it after {took}{reason}")
        }
        Ending::DryRun => "a dry run".to_owned(),
    };
    format!("{} ({}): {runbook}, {ended}", similar.incident, similar.why)
}
