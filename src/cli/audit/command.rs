//! What can be typed behind `interlock audit`.

use clap::Subcommand;

use super::{erase, export, key, keygen, show, touched, verify};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;

/// The journal: show what happened, prove that nothing was changed, copy it out, erase what is old
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
    Erase(erase::Erase),
    Keygen(keygen::Keygen),
    Key(key::Key),
}

impl Audit {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self.command {
            AuditCommand::Show(command) => command.run(setup, screen),
            AuditCommand::Verify(command) => command.run(setup, screen),
            AuditCommand::Export(command) => command.run(setup, screen),
            AuditCommand::Touched(command) => command.run(setup, screen),
            AuditCommand::Erase(command) => command.run(setup, screen),
            AuditCommand::Keygen(command) => command.run(screen),
            AuditCommand::Key(command) => command.run(screen),
        }
    }
}
