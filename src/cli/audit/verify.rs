//! `interlock audit verify`: whether the journal, or an export of it, is as it was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::anchors::{self, OfFile};
use crate::cli::args::{Format, FormatArg};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::setup::Setup;
use crate::config::Settings;
use crate::store::{ExportLine, Follower, PublicKey, Verdict, Wanted};

/// Check that nothing in the journal was changed, removed or put in: exit code 1 when something was
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock audit verify --file journal.jsonl --key interlock.example.com+1f0c2a3b+AeR… --anchors anchors.jsonl\n\n\
    The chain alone can't tell that its end was cut off, nor that all of it was written anew. Checkpoints that were kept\n\
    elsewhere can: whatever stands before the last of them is proved. Nothing but the export, the key and the anchors is needed.\n\
    Without --anchors the database, and an export without --key, is held against checkpoints.file of the configuration, where\n\
    that is set; a file that is gone, empty or of another key proves nothing, which is an error.\n\
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
        let settings = self.settings(setup)?;
        let of_file = match &settings {
            Some(settings) if self.anchors.is_empty() => OfFile::configured(settings)?,
            Some(_) | None => None,
        };
        let mut wanted = Wanted {
            head: self.head.as_deref().map(hash).transpose()?,
            anchors: anchors::read(&self.anchors, &keys)?,
            keys,
            had_other_keys: false,
        };
        if let Some(of_file) = &of_file {
            wanted.keys.push(of_file.key.clone());
            // As every start verifies it: the key may have been another one once.
            wanted.had_other_keys = self.key.is_empty();
            wanted.anchors = of_file.found.as_deref().unwrap_or_default().to_vec();
        }
        let mut verified = match (&self.file, &settings) {
            (Some(path), _) => of_export(path, wanted)?,
            (None, Some(settings)) => journal::open(&settings.store.path)?.check(wanted)?,
            (None, None) => return Err(Failure::Defect("nothing to verify was named".to_owned())),
        };
        let lacking = of_file
            .as_ref()
            .filter(|_| verified.whole)
            .and_then(|of_file| of_file.lacking(verified.signed.is_some()));
        let asked = Asked {
            head: self.head.is_some(),
            from: match &of_file {
                Some(of_file) => format!("the checkpoints in {}", of_file.path.display()),
                None => "checkpoints from elsewhere".to_owned(),
            },
            mark: if lacking.is_some() {
                "not proved: "
            } else {
                "broken: "
            },
        };
        if let Some(why) = lacking {
            verified.whole = false;
            verified.problem = Some(why);
        }
        match self.format.format {
            Format::Json => screen.json(&verified)?,
            Format::Human => tell(&verified, &asked, screen)?,
        }
        Ok(if verified.whole { Ended::Fine } else { Ended::Found })
    }

    /// An export with its key needs no configuration, and another one that lies here says nothing of it.
    fn settings(&self, setup: &Setup) -> Result<Option<Settings>, Failure> {
        let needs_none = self.file.is_some()
            && (!self.key.is_empty() || !self.anchors.is_empty() || !setup.is_configured());
        match needs_none {
            true => Ok(None),
            false => setup.settings().map(Some),
        }
    }
}

/// What is none may be a key that was pasted at the wrong place: it is not repeated.
fn hash(given: &str) -> Result<String, Failure> {
    let given = given.trim().to_ascii_lowercase();
    match given.len() == 64 && given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(given),
        false => Err(Failure::NotAHash),
    }
}

/// What it was held against.
struct Asked {
    head: bool,
    /// Where the checkpoints are from, to begin a sentence with.
    from: String,
    /// What stands before what is wrong.
    mark: &'static str,
}

fn tell(verified: &Verdict, asked: &Asked, screen: &mut Screen) -> Result<(), Failure> {
    if let Some(problem) = &verified.problem {
        return screen.say_painted(Paint::Bad, asked.mark, problem);
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

fn of_export(path: &Path, wanted: Wanted) -> Result<Verdict, Failure> {
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
