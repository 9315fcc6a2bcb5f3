//! What can be asked.

use clap::{Args, Subcommand};

use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use super::{context, postmortem, similar};

/// Look into the incidents of the journal: all that is known about one, what was like it, and the draft of its postmortem
#[derive(Debug, Args)]
#[command(after_help = "Example: interlock incidents similar INC-42")]
pub(in super::super) struct Incidents {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Context(context::Context),
    Similar(similar::Similar),
    Postmortem(postmortem::Postmortem),
}

impl Incidents {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self.command {
            Command::Context(command) => command.run(setup, screen),
            Command::Similar(command) => command.run(setup, screen),
            Command::Postmortem(command) => command.run(setup, screen),
        }
    }
}
