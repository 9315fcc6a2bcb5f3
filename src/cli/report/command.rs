//! What can be typed behind `interlock report`: an incident, or what is reported on instead of one.

use clap::Subcommand;

use super::super::args::FormatArg;
use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use super::{incident, oversight};

/// Show the summary of an incident: what happened, who approved, how it ended. Or how people use the gate
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Example: interlock report INC-42"
)]
pub(in super::super) struct Report {
    #[command(subcommand)]
    about: Option<About>,
    /// The incident, like INC-42.
    #[arg(value_name = "INC", required = true)]
    incident: Option<String>,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Debug, Subcommand)]
enum About {
    Oversight(oversight::Oversight),
}

impl Report {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self.about {
            Some(About::Oversight(command)) => command.run(setup, screen),
            None => incident::show(
                &self.incident.unwrap_or_default(),
                self.format.format,
                setup,
                screen,
            ),
        }
    }
}
