//! `interlock eval --mutate`: which changes of the runbooks no scenario would notice.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use super::super::args::Format;
use super::super::outcome::{Ended, Failure};
use super::super::screen::{Paint, Screen};
use super::command::write;
use super::workers::each;
use crate::app::eval::{Fate, Library, Mutation, Played, Unnoticed};
use crate::render::words;

#[derive(Serialize)]
struct Answer {
    /// Changes that a file was read with and that mean something.
    changes: usize,
    noticed: usize,
    took_ms: u64,
    unnoticed: Vec<Unnoticed>,
}

/// Tries every change of the runbooks, or of the one that is named, and says which of them nothing missed. All scenarios
/// have come out as expected.
pub(super) fn run(
    library: &Library,
    played: &[Played],
    only: Option<&str>,
    outputs: (Format, Option<&Path>),
    screen: &mut Screen,
) -> Result<Ended, Failure> {
    let since = Instant::now();
    let mutation = Mutation::of(library, played, only);
    if mutation.is_empty() {
        return Err(Failure::Refused(format!(
            "there is nothing to change: no runbook is called `{}`, or it has errors; `interlock check` says more",
            only.unwrap_or_default()
        )));
    }
    let fates = each(mutation.len(), "changes", |number| mutation.attempt(number));
    // What a worker left out was not noticed by anything.
    let lost = mutation.len().saturating_sub(fates.len());
    if lost > 0 {
        return Err(Failure::Refused(format!(
            "{} could not be tried: a worker ended; try again",
            words::counted(lost, "change")
        )));
    }
    let mut answer = Answer {
        changes: 0,
        noticed: 0,
        took_ms: 0,
        unnoticed: Vec::new(),
    };
    for fate in fates {
        match fate {
            Fate::NoChange => continue,
            Fate::Noticed(_) => answer.noticed += 1,
            Fate::Unnoticed(one) => answer.unnoticed.push(one),
        }
        answer.changes += 1;
    }
    answer.took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (format, json) = outputs;
    if let Some(path) = json {
        write(path, &format!("{}\n", serde_json::to_string_pretty(&answer)?))?;
    }
    match format {
        Format::Json => screen.json(&answer)?,
        Format::Human => say(&answer, since.elapsed().as_secs_f64(), screen)?,
    }
    Ok(if answer.unnoticed.is_empty() {
        Ended::Fine
    } else {
        Ended::Found
    })
}

fn say(answer: &Answer, seconds: f64, screen: &mut Screen) -> Result<(), Failure> {
    for one in &answer.unnoticed {
        let place = format!("{}:{}: ", one.file, one.line);
        screen.say_painted(Paint::Bad, &place, &format!("{}, in `{}`", one.change, one.was))?;
    }
    let changes = words::counted(answer.changes, "change");
    let paint = if answer.unnoticed.is_empty() {
        Paint::Good
    } else {
        Paint::Bad
    };
    let line = format!(
        "{} of {changes} would be noticed by a scenario, tried in {seconds:.1} s.",
        answer.noticed
    );
    screen.say_painted(paint, &line, "")?;
    if !answer.unnoticed.is_empty() {
        screen.say("Write a scenario for each of the others, or a variant of one: docs/eval.md says how.")?;
    }
    Ok(())
}
