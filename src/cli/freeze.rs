//! `interlock freeze`: from now on no step starts. Through the running bot when it answers, else by the freeze file,
//! which needs neither Slack nor a living bot. In doubt it freezes.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use super::status::ask;
use crate::app::{ControlReply, ControlRequest};

/// Freeze: from now on no step starts, anywhere
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock freeze \"we look at the database first\"\n\n\
    When no bot is running, or with --file, the freeze file is written instead; every start reads it first."
)]
pub(super) struct Freeze {
    /// Why, for the record and for whoever wants to lift it.
    #[arg(value_name = "REASON")]
    reason: Vec<String>,
    /// Write the freeze file, whether a bot is running or not.
    #[arg(long)]
    file: bool,
}

impl Freeze {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let mut reason = self.reason.join(" ");
        if reason.trim().is_empty() {
            "frozen from the command line".clone_into(&mut reason);
        }
        if !self.file {
            match ask(
                &settings.store.path,
                &ControlRequest::Freeze {
                    reason: reason.clone(),
                },
            ) {
                Ok(ControlReply { done: true, text }) => {
                    screen.say(&text)?;
                    return Ok(Ended::Fine);
                }
                Ok(ControlReply { done: false, text }) => {
                    let said = text.trim_end_matches('.');
                    return Err(Failure::Refused(format!(
                        "{said}; `interlock freeze --file REASON` freezes without asking the bot"
                    )));
                }
                // Not there, not answering, not allowed: the file works in any case.
                Err(error) => screen.say(&format!("No bot answers on this database ({error})."))?,
            }
        }
        let path = settings.freeze_file();
        if write(&path, &reason)? {
            screen.say(&format!(
                "Frozen by the file {}. No step starts while it is there.",
                path.display()
            ))?;
        } else {
            screen.say(&format!(
                "The file {} is there already: it is frozen.",
                path.display()
            ))?;
        }
        screen.say("`interlock unfreeze --file REASON` removes it.")?;
        Ok(Ended::Fine)
    }
}

/// `false` when it was there already; its reason stands then.
fn write(path: &Path, reason: &str) -> Result<bool, Failure> {
    let failed = |source| Failure::Write {
        path: path.to_owned(),
        source,
    };
    let mut file = match File::create_new(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    writeln!(file, "{}", reason.replace(['\n', '\r'], " ")).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(true)
}
