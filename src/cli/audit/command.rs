//! What can be typed behind `interlock audit`.

use clap::Subcommand;

use super::{export, keygen, show, touched, verify};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;

/// Read the journal: show what happened, prove that nothing was changed, copy it out
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock audit show --incident INC-42")]
pub(in crate::cli) struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    Show(show::Show),
    Verify(verify::Verify),
    Export(export::Export),
    Touched(touched::Touched),
    Keygen(keygen::Keygen),
}

impl Audit {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self.command {
            AuditCommand::Show(command) => command.run(setup, screen),
            AuditCommand::Verify(command) => command.run(setup, screen),
            AuditCommand::Export(command) => command.run(setup, screen),
            AuditCommand::Touched(command) => command.run(setup, screen),
            AuditCommand::Keygen(command) => command.run(screen),
        }
    }
}
