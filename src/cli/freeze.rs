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
    #[arg(long, conflicts_with_all = ["cluster", "namespace", "runbook"])]
    file: bool,
    #[command(flatten)]
    scope: ScopeArg,
}

/// What is frozen. Without any of these: everything.
#[derive(Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(super) struct ScopeArg {
    /// This cluster alone.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// This namespace alone, in every cluster.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// This runbook alone.
    #[arg(long, value_name = "NAME")]
    runbook: Option<String>,
}

impl ScopeArg {
    fn is_empty(&self) -> bool {
        self.written().is_none()
    }

    fn written(&self) -> Option<String> {
        let named = [
            ("cluster", &self.cluster),
            ("namespace", &self.namespace),
            ("runbook", &self.runbook),
        ];
        named
            .into_iter()
            .find_map(|(kind, name)| name.as_ref().map(|name| format!("{kind}={name}")))
    }

    /// The words of `/runbook freeze` for this scope and reason.
    pub(super) fn before(&self, reason: &str) -> String {
        match self.written() {
            Some(scope) => format!("{scope} {reason}"),
            None => reason.to_owned(),
        }
    }
}

impl Freeze {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let mut reason = self.reason.join(" ");
        if reason.trim().is_empty() {
            "frozen from the command line".clone_into(&mut reason);
        }
        if !self.file {
            let reason = self.scope.before(&reason);
            match ask(&settings.store.path, &ControlRequest::Freeze { reason }) {
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
                Err(error) => {
                    let store = &settings.store.path;
                    if !setup.is_configured() && !store.exists() {
                        return Err(Failure::Refused(format!(
                            "there is no configuration and no database `{}` here, so this would freeze nothing: name the bot's configuration with --config, or write the file here all the same with --file",
                            store.display()
                        )));
                    }
                    screen.say(&format!("No bot answers on this database ({error})."))?;
                }
            }
            if !self.scope.is_empty() {
                screen.say("The freeze file knows only everything, so everything is frozen.")?;
            }
        }
        let path = settings.freeze_file();
        let path = std::path::absolute(&path).unwrap_or(path);
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
