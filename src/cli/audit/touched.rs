//! `interlock audit touched`: every call that was made, and whether it can be taken back.

use jiff::Timestamp;

use crate::cli::args::{Format, FormatArg};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;
use crate::domain::state::State;
use crate::domain::touched::Since;
use crate::render::touched;

/// Show every call that was made: its target and arguments, who approved it, its outcome, and how to take it back
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock audit touched 60s\n\n\
    Exit code 1 when something was touched that nothing takes back, or nobody knows whether it happened, or where the\n\
    journal does not hold, which is said first.")]
pub(super) struct Touched {
    /// An incident, like INC-42, or how long ago at most: 60s, 15m, 1h (up to 24h).
    #[arg(value_name = "INC|SPAN", default_value = "1h", value_parser = since)]
    since: Since,
    #[command(flatten)]
    format: FormatArg,
}

fn since(text: &str) -> Result<Since, String> {
    Since::read(text)
        .ok_or_else(|| "write an incident like INC-42, or a span like 60s, 15m or 1h, up to 24h".to_owned())
}

impl Touched {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let (store, ended) = journal::open_to_tell(&setup.settings()?.store.path, screen)?;
        let state = match self.since {
            // Its entries alone, so that one from long ago is there, too.
            Since::Incident(id) => {
                let mut state = State::default();
                let entries = store.of_incident(id)?;
                journal::if_erased(&store, id, &entries)?;
                entries.iter().for_each(|entry| state.apply(entry));
                state
            }
            Since::Last(_) => store.load()?,
        };
        let all = state.calls(self.since, Timestamp::now());
        match self.format.format {
            Format::Json => screen.json(&all)?,
            Format::Human => screen.say(&touched::list(self.since, &all))?,
        }
        let worrying = all.iter().any(crate::domain::touched::Touched::is_worrying);
        Ok(if worrying { Ended::Found } else { ended })
    }
}
