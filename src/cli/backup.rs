//! `interlock backup` and `interlock restore`: a copy of the database that was checked, and putting it back.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::args::{Format, FormatArg};
use super::journal;
use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use crate::app;

/// Copy the database, also while the bot runs; the copy is checked before it replaces the last one
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock backup --to /mnt/backup/interlock.db\n\n\
    A backup that knows entries which the database doesn't is never overwritten. While the bot runs, the `-wal` file beside\n\
    the database is a part of it: a copy of the file alone lacks that, and this one does not.")]
pub(super) struct Backup {
    /// The file to write. Without it: backup.file of the configuration.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Made {
    file: PathBuf,
    entries: u64,
    head: String,
}

impl Backup {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let Some(file) = self.to.or(settings.backup.file) else {
            return Err(Failure::Refused(
                "where to? name a file with --to FILE, or set backup.file".to_owned(),
            ));
        };
        // Says so when there is none.
        drop(journal::open(&settings.store.path)?);
        let verified = app::backup(&settings.store.path, &file)?;
        match self.format.format {
            Format::Json => screen.json(&Made {
                file,
                entries: verified.entries,
                head: hex::encode(verified.head),
            })?,
            Format::Human => screen.say(&format!(
                "{} in {}, and the chain holds.",
                entries(verified.entries),
                file.display()
            ))?,
        }
        Ok(Ended::Fine)
    }
}

/// Put a backup in the place of the database: everything is frozen then, and everything approved is void
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock restore /mnt/backup/interlock.db\n\n\
    The bot must be stopped. The database that was there is kept beside it.")]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Restore {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let restored = app::restore(&settings, &self.file, Timestamp::now())?;
        screen.say(&format!(
            "Restored {} from {}. Everything is frozen, and everything approved is void.",
            entries(restored.entries),
            self.file.display()
        ))?;
        if let Some(doubt) = restored.doubt {
            screen.say(&format!("Take care: {doubt}."))?;
        }
        if let Some(kept) = restored.kept {
            screen.say(&format!("The database that was there is {}.", kept.display()))?;
        }
        let file = settings.checkpoints.file.filter(|file| file.exists());
        let bucket = settings.checkpoints.s3.bucket;
        let kept = file.map(|file| (file.display().to_string(), "move the file away"));
        let kept = kept.into_iter().chain(bucket.map(|name| {
            let name = format!("the bucket {name}");
            (name, "set another checkpoints.s3.prefix")
        }));
        for (place, how) in kept {
            screen.say(&format!(
                "The checkpoints in {place} are of that one: once you have looked, {how} and make another checkpoints.key, or every start freezes everything again."
            ))?;
        }
        screen
            .say("Find out what ran since the backup, start the bot, and lift the freeze with a reason.")?;
        Ok(Ended::Fine)
    }
}

fn entries(count: u64) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}
