//! `interlock unfreeze`: lifts a freeze. The journal's freeze is lifted by another person than the one who made it, and
//! only through the running bot; the freeze file is removed only on request.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::freeze::ScopeArg;
use super::journal;
use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use super::status::ask;
use crate::app::{ControlReply, ControlRequest};
use crate::config::Settings;
use crate::render::{explain, freezing, words};

/// Lift the freeze: another person than the one who froze, with a reason
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock unfreeze \"the database is fine\"\n\n\
    With --file the freeze file is removed; a freeze in the journal stays, and it is said who has to lift it.")]
pub(super) struct Unfreeze {
    /// Why it may go on, for the record.
    #[arg(value_name = "REASON", required = true)]
    reason: Vec<String>,
    /// Remove the freeze file.
    #[arg(long, conflicts_with_all = ["cluster", "namespace", "runbook"])]
    file: bool,
    #[command(flatten)]
    scope: ScopeArg,
}

impl Unfreeze {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        if self.file {
            return remove(&settings, &self.reason.join(" "), screen);
        }
        let path = settings.freeze_file();
        match ask(
            &settings.store.path,
            &ControlRequest::Unfreeze {
                reason: self.scope.before(&self.reason.join(" ")),
            },
        ) {
            Ok(ControlReply { done: true, text }) => {
                screen.say(&text)?;
                if path.exists() {
                    let path = path.display();
                    screen.say(&format!(
                        "The file {path} still freezes; `interlock unfreeze --file REASON` removes it."
                    ))?;
                }
                Ok(Ended::Fine)
            }
            Ok(ControlReply { done: false, text }) => Err(Failure::Refused(text)),
            Err(error) => {
                let what = standing(&settings)?;
                Err(Failure::Refused(format!(
                    "no bot answers on this database ({error}), so nothing was lifted. {what}"
                )))
            }
        }
    }
}

fn remove(settings: &Settings, reason: &str, screen: &mut Screen) -> Result<Ended, Failure> {
    let path = settings.freeze_file();
    let kept = match record(&path, reason) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Failure::Refused(format!(
                "your reason can't be kept beside the freeze file ({error}), so nothing was lifted: make room there, or remove `{}` by hand",
                path.display()
            )));
        }
        kept => kept,
    };
    match kept.and_then(|kept| std::fs::remove_file(&path).map(|()| kept)) {
        Ok(kept) => screen.say(&format!(
            "Removed {}. Why it was there, and why it no longer is, stands in {}.",
            path.display(),
            kept.display()
        ))?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            screen.say(&format!("There is no freeze file at {}.", path.display()))?;
        }
        Err(source) => return Err(Failure::Write { path, source }),
    }
    screen.say(&standing(settings)?)?;
    Ok(Ended::Fine)
}

/// Keeps what the file said and why it goes, beside it: no bot may be running that could journal it.
fn record(path: &Path, reason: &str) -> std::io::Result<PathBuf> {
    let was = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lifted");
    let kept = path.with_file_name(name);
    let line = serde_json::json!({
        "at": jiff::Timestamp::now().to_string(),
        "user": std::env::var("USER").unwrap_or_default(),
        "was": was.lines().next().unwrap_or_default(),
        "reason": reason,
    });
    let mut file = OpenOptions::new().create(true).append(true).open(&kept)?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    Ok(kept)
}

/// What still freezes, and who has to lift it.
fn standing(settings: &Settings) -> Result<String, Failure> {
    let file = settings.freeze_file();
    let of_file = match file.try_exists() {
        Ok(false) => None,
        Ok(true) | Err(_) => Some(format!(
            "The file {} freezes; `interlock unfreeze --file REASON` removes it.",
            file.display()
        )),
    };
    let of_journal = match journal::open(&settings.store.path) {
        Ok(store) => store.load()?.freeze.held().iter().map(|held| {
            if held.scope.is_breaker() {
                return format!("Steps are stopped {}.", explain::frozen_by(held));
            }
            let what = match held.scope.is_everything() {
                true => "The journal is frozen".to_owned(),
                false => format!("{} is frozen in the journal", words::sentence(&held.scope.to_string())),
            };
            format!(
                "{what} by {} since {}: {}. Another person lifts that: with `{}` in Slack, or here while the bot runs.",
                held.name,
                words::at(held.at),
                held.reason,
                freezing::lift(&held.scope)
            )
        }).collect(),
        Err(Failure::NoJournal(_)) => Vec::new(),
        Err(other) => return Err(other),
    };
    let said: Vec<String> = of_file.into_iter().chain(of_journal).collect();
    Ok(if said.is_empty() {
        "Nothing else is frozen.".to_owned()
    } else {
        said.join(" ")
    })
}
