//! `interlock status`: what is open. The running bot says it; without one the journal does. One that holds the database and
//! does not answer is neither: that is said, and the exit code tells scripts.

use std::path::Path;

use serde::Serialize;

use super::args::{Format, FormatArg};
use super::journal;
use super::outcome::{Ended, Failure};
use super::screen::{Paint, Screen};
use super::setup::Setup;
use super::unanswered::{Silent, silent};
use crate::app::{self, ControlReply, ControlRequest};
use crate::config::Settings;
use crate::domain::freeze::{Freeze, FreezeFile};
use crate::domain::glass::Glass;
use crate::domain::runbook::{Refused, RefusedLine};
use crate::domain::state::State;
use crate::executor::read_freeze_file;
use crate::render::{explain, runbooks, words};

/// Show what is open and whether everything is frozen
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock status\n\n\
    Exit code 1 when a bot holds the database and does not answer.")]
pub(super) struct Status {
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer {
    /// Whether a bot answers on the control socket.
    running: bool,
    /// Who holds the database and does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    silent: Option<Silent>,
    /// Whether there is a journal at all.
    recorded: bool,
    open: Vec<Line>,
    freeze: Freeze,
    /// What waits for a review.
    broken_glass: Vec<Glass>,
    freeze_file: FreezeFile,
    /// Runbooks with errors, which may not be used until their files are mended.
    refused_runbooks: Vec<RefusedLine>,
}

#[derive(Serialize)]
struct Line {
    incident: String,
    title: String,
    severity: String,
    stands: String,
}

impl Status {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let asked = ask(&settings.store.path, &ControlRequest::Status);
        let silent = match &asked {
            Ok(_) => None,
            Err(error) => silent(&settings.store.path, error)?,
        };
        let ended = match silent {
            Some(_) => Ended::Found,
            None => Ended::Fine,
        };
        let running = asked.is_ok();
        let file = block_on(read_freeze_file(Some(&settings.freeze_file())))?;
        if let Format::Json = self.format.format {
            screen.json(&answer(&settings, running, silent, file)?)?;
            return Ok(ended);
        }
        match asked {
            Ok(ControlReply { done: true, text }) => {
                screen.say(&text)?;
                // It looks at the file each second, and has said it.
                let path = std::path::absolute(settings.freeze_file()).unwrap_or_default();
                if text.contains(&path.display().to_string()) {
                    return Ok(Ended::Fine);
                }
            }
            Ok(ControlReply { done: false, text }) => {
                screen.say_painted(Paint::Faint, "The running bot does not answer you: ", &text)?;
                from_journal(&answer(&settings, running, None, file.clone())?, screen)?;
            }
            Err(_) => {
                match &silent {
                    Some(silent) => {
                        let said = format!("{silent}. {}.", silent.what_to_do().trim_end_matches('.'));
                        screen.say_painted(Paint::Bad, "NO ANSWER ", &said)?;
                    }
                    None => screen.say("No bot is running on this database.")?,
                }
                from_journal(&answer(&settings, running, silent, file.clone())?, screen)?;
            }
        }
        frozen_by_file(&settings, &file, screen)?;
        Ok(ended)
    }
}

fn answer(
    settings: &Settings,
    running: bool,
    silent: Option<Silent>,
    freeze_file: FreezeFile,
) -> Result<Answer, Failure> {
    let (recorded, state) = match journal::open(&settings.store.path) {
        Ok(store) => (true, store.load()?),
        Err(Failure::NoJournal(_)) => (false, State::default()),
        Err(other) => return Err(other),
    };
    let open = state.open_by_need().into_iter().map(|incident| Line {
        incident: incident.id.to_string(),
        title: incident.title.clone(),
        severity: incident.severity.to_string(),
        stands: explain::phase(&incident.phase),
    });
    Ok(Answer {
        running,
        silent,
        recorded,
        open: open.collect(),
        freeze: state.freeze.clone(),
        broken_glass: state.glass.clone(),
        freeze_file,
        refused_runbooks: refused(settings),
    })
}

/// As the files are now. A folder that can't be read is what `interlock check` is for.
fn refused(settings: &Settings) -> Vec<RefusedLine> {
    match app::open_runbooks(&settings.runbooks.path) {
        Ok(runbooks) => runbooks.current().refused().iter().map(Refused::line).collect(),
        Err(error) => {
            tracing::debug!(%error, "the runbooks can't be read");
            Vec::new()
        }
    }
}

fn from_journal(answer: &Answer, screen: &mut Screen) -> Result<(), Failure> {
    match (answer.recorded, answer.open.len()) {
        (false, _) => screen.say("There is no journal yet: nothing was recorded.")?,
        (true, 0) => screen.say("The journal says that nothing is open.")?,
        (true, count) => {
            let verb = if count == 1 { "is" } else { "are" };
            screen.say(&format!(
                "The journal says that {} {verb} open:",
                words::counted(count, "incident")
            ))?;
        }
    }
    for line in &answer.open {
        // A title that ends a sentence of its own has its full stop already.
        let title = line.title.trim_end_matches('.');
        screen.say(&format!(
            "{} ({}): {title}. {}",
            line.incident, line.severity, line.stands
        ))?;
    }
    for glass in &answer.broken_glass {
        screen.say_painted(Paint::Bad, "BROKEN GLASS ", &explain::glass_by(glass))?;
    }
    for held in answer.freeze.held() {
        screen.say_painted(Paint::Bad, "FROZEN ", &explain::frozen_by(held))?;
    }
    for line in runbooks::refused(&answer.refused_runbooks) {
        screen.say(&line)?;
    }
    Ok(())
}

fn frozen_by_file(settings: &Settings, file: &FreezeFile, screen: &mut Screen) -> Result<(), Failure> {
    let path = settings.freeze_file();
    match file {
        FreezeFile::Absent => Ok(()),
        FreezeFile::Present { reason } => screen.say_painted(
            Paint::Bad,
            "FROZEN ",
            &format!("by the file {}: {reason}", path.display()),
        ),
        FreezeFile::Unreadable { why } => screen.say_painted(
            Paint::Bad,
            "FROZEN ",
            &format!("because the freeze file {} can't be read: {why}", path.display()),
        ),
    }
}

/// Asks the running bot.
pub(super) fn ask(store: &Path, request: &ControlRequest) -> std::io::Result<ControlReply> {
    block_on(app::ask_bot(store, request)).map_err(std::io::Error::other)?
}

/// Runs a short wait on this thread.
pub(super) fn block_on<T>(wait: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Process)?;
    Ok(runtime.block_on(wait))
}
