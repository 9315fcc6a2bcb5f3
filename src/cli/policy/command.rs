//! What can be typed behind `interlock policy`.

use clap::Subcommand;

use super::{diff, explain, show};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;

/// Read the policy: who may approve what, and why not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock policy explain --runbook redis-connection-timeout --step 1 --env production"
)]
pub(in crate::cli) struct Policy {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    Show(show::Show),
    Explain(explain::Explain),
    Diff(diff::Diff),
}

impl Policy {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self.command {
            PolicyCommand::Show(command) => command.run(setup, screen),
            PolicyCommand::Explain(command) => command.run(setup, screen),
            PolicyCommand::Diff(command) => command.run(setup, screen),
        }
    }
}
