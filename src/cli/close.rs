//! `interlock close`: says that an incident is over which a human has. Through the running bot, with the rights of the person
//! whom the configuration names for this user; without a bot nothing is closed.

use super::journal;
use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use super::status::ask;
use super::unanswered;
use crate::app::{ControlReply, ControlRequest};

/// Close an incident that a human has
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock close INC-42 \"failed over by hand\"\n\n\
    Whoever may take an incident over may close it. Its summary goes into the thread.")]
pub(super) struct Close {
    /// Which one, like INC-42.
    #[arg(value_name = "INC")]
    incident: String,
    /// What ended it, for the record.
    #[arg(value_name = "REASON")]
    reason: Vec<String>,
}

impl Close {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let incident = journal::incident(&self.incident)?;
        let request = ControlRequest::Close {
            incident: incident.0,
            reason: self.reason.join(" "),
        };
        match ask(&settings.store.path, &request) {
            Ok(ControlReply { done: true, text }) => {
                screen.say(&text)?;
                Ok(Ended::Fine)
            }
            Ok(ControlReply { done: false, text }) => Err(Failure::Refused(text)),
            Err(error) => {
                let path = &settings.store.path;
                let store = journal::open(path)?;
                if incident.0 > store.load()?.last_incident {
                    return Err(journal::no_such(&store, incident)?);
                }
                Err(unanswered::failure(path, error, "nothing was closed"))
            }
        }
    }
}
