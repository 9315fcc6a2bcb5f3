//! `interlock audit show`: the journal as a timeline.

use jiff::Timestamp;

use super::worded;
use crate::cli::args::{Format, FormatArg};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::setup::Setup;
use crate::domain::event::Entry;
use crate::domain::state::State;

/// Show what happened, a line for each entry of the journal, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock audit show --since 2h\n\n\
    With --format json each line is an entry as it is stored. Where the chain of the journal does not hold, that is said\n\
    first on standard error, and the exit code is 1; so do `report` and `incidents`.")]
pub(super) struct Show {
    /// Only what concerns this incident, like INC-42.
    #[arg(long, value_name = "INC")]
    incident: Option<String>,
    /// Only what happened since: a moment (2026-11-20T14:00:00Z) or how long ago (2h, 7d).
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    #[command(flatten)]
    format: FormatArg,
}

impl Show {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let since = self
            .since
            .as_deref()
            .map(|given| journal::moment(given, Timestamp::now()))
            .transpose()?;
        let wanted = self.incident.as_deref().map(journal::incident).transpose()?;
        let (store, ended) = journal::open_to_tell(&setup.settings()?.store.path, screen)?;
        let mut shown = Shown {
            state: State::default(),
            since,
            format: self.format.format,
            failure: None,
        };
        match wanted {
            Some(id) => {
                let entries = store.of_incident(id)?;
                if entries.is_empty() {
                    return Err(journal::no_such(&store, id)?);
                }
                entries.iter().for_each(|entry| shown.take(entry, screen));
            }
            None => store.read_after(0, |entry| shown.take(&entry, screen))?,
        }
        shown.failure.map_or(Ok(ended), Err)
    }
}

/// The entries as they are told: each with the state that it led to, since that knows titles and commands.
struct Shown {
    state: State,
    since: Option<Timestamp>,
    format: Format,
    failure: Option<Failure>,
}

impl Shown {
    fn take(&mut self, entry: &Entry, screen: &mut Screen) {
        self.state.apply(entry);
        if self.failure.is_some() || self.since.is_some_and(|since| entry.at < since) {
            return;
        }
        let said = match self.format {
            Format::Json => screen.json_line(entry),
            Format::Human => {
                let incident = entry.event.incident();
                let name = incident.map_or_else(|| "-".to_owned(), |id| id.to_string());
                let text = worded::entry(&entry.event, incident.and_then(|id| self.state.incident(id)));
                let head = format!(
                    "{:>6}  {}  {name:<8}",
                    entry.seq,
                    entry.at.strftime("%Y-%m-%d %H:%M:%SZ")
                );
                screen.say_painted(Paint::Faint, &head, &format!("  {}", text.replace('\n', " ")))
            }
        };
        self.failure = said.err();
    }
}
