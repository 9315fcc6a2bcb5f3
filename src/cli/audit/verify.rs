//! `interlock audit verify`: whether the journal, or an export of it, is as it was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::anchors;
use crate::cli::args::{Format, FormatArg};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::setup::Setup;
use crate::store::{ExportLine, Follower, PublicKey, Verdict, Wanted};

/// Check that nothing in the journal was changed, removed or put in: exit code 1 when something was
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock audit verify --file journal.jsonl --key interlock.example.com+1f0c2a3b+AeR… --anchors anchors.jsonl\n\n\
    The chain alone can't tell that its end was cut off, nor that all of it was written anew. Checkpoints that were kept\n\
    elsewhere can: whatever stands before the last of them is proved. Nothing but the export, the key and the anchors is needed.\n\
    The database of the configuration is held against checkpoints.file, where that is set and no --anchors are given.\n\
    Without checkpoints, keep the head that an earlier check printed and give it with --head."
)]
pub(super) struct Verify {
    /// Check this export instead of the database.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A hash that an earlier check printed as head.
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    /// The public key of the checkpoints, as `audit keygen` printed it. Once for each key that was ever used.
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Checkpoints that were kept elsewhere: a signed note, JSON lines as the file anchor writes them, or
    /// what was copied out of an incident's thread.
    #[arg(long, value_name = "FILE", requires = "key")]
    anchors: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArg,
}

impl Verify {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let keys: Vec<PublicKey> = self
            .key
            .iter()
            .map(|key| PublicKey::parse(key))
            .collect::<Result<_, _>>()?;
        let mut wanted = Wanted {
            head: self.head.as_deref().map(str::to_ascii_lowercase),
            anchors: anchors::read(&self.anchors, &keys)?,
            keys,
            had_other_keys: false,
        };
        let mut asked = Asked {
            head: self.head.is_some(),
            from: "checkpoints from elsewhere".to_owned(),
        };
        let verified = match &self.file {
            Some(path) => of_file(path, wanted)?,
            None => {
                let settings = setup.settings()?;
                if self.anchors.is_empty()
                    && let Some((file, anchors)) = anchors::configured(&settings)?
                {
                    asked.from = format!("the checkpoints in {}", file.display());
                    wanted.anchors = anchors;
                }
                journal::open(&settings.store.path)?.check(wanted)?
            }
        };
        match self.format.format {
            Format::Json => screen.json(&verified)?,
            Format::Human => tell(&verified, &asked, screen)?,
        }
        Ok(if verified.whole { Ended::Fine } else { Ended::Found })
    }
}

/// What it was held against.
struct Asked {
    head: bool,
    /// Where the checkpoints are from, to begin a sentence with.
    from: String,
}

fn tell(verified: &Verdict, asked: &Asked, screen: &mut Screen) -> Result<(), Failure> {
    if let Some(problem) = &verified.problem {
        return screen.say_painted(Paint::Bad, "broken: ", problem);
    }
    let rest = format!("{} entries, head {}", verified.entries, verified.head);
    screen.say_painted(Paint::Good, "whole: ", &rest)?;
    if verified.erased > 0 {
        let erased = entries(verified.erased);
        screen.say(&format!(
            "of {erased} the text is erased, as the journal records; what they hash to stands"
        ))?;
    }
    if let Some(left) = verified.to_be_erased.filter(|left| *left > 0) {
        let left = entries(left);
        screen.say(&format!(
            "of {left} more the text is still to be erased: the bot does it while it runs"
        ))?;
    }
    if let Some(signed) = verified.signed {
        screen.say(&format!("its own checkpoints are signed up to entry {signed}"))?;
    }
    match verified.anchored {
        Some(anchored) => screen.say(&format!(
            "{} prove it up to entry {anchored}; {} came after",
            asked.from,
            verified.entries.saturating_sub(anchored)
        )),
        None if asked.head => Ok(()),
        None => screen.say(
            "no checkpoint from elsewhere was given: whoever has the database and the key could have written it anew",
        ),
    }
}

fn entries(count: u64) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

fn of_file(path: &Path, wanted: Wanted) -> Result<Verdict, Failure> {
    let unreadable = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    let mut follower = Follower::new(wanted);
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let parsed: ExportLine = serde_json::from_slice(&line).map_err(|error| Failure::NotAnExport {
            path: path.to_owned(),
            line: number,
            problem: error.to_string(),
        })?;
        follower.take(&parsed);
        if let Err(why) = parsed.is_written_as(&line) {
            follower.misspelled(number, why);
        }
    }
    Ok(follower.end())
}
