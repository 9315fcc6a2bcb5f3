//! `interlock audit key`: the public half of a key for checkpoints, printed again.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::store::Signer;

/// Bytes of a file that are read; a key has some hundred.
const LARGEST: u64 = 65_536;

/// Show the public key that belongs to a private one: what `audit verify --key` takes
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock audit key checkpoint.key\n\n\
    The public key is no secret: give it to whoever audits. The private key is not printed.")]
pub(super) struct Key {
    /// The file with the private key, as `audit keygen` wrote it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Key {
    pub fn run(self, screen: &mut Screen) -> Result<Ended, Failure> {
        // What is no path that can be read may be the key's own text: it is not repeated.
        let mut text = String::new();
        File::open(&self.file)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
            .map_err(|source| {
                Failure::Refused(format!(
                    "the file of the key can't be read ({source}): give the path of a file that `interlock audit keygen` wrote"
                ))
            })?;
        screen.say(&Signer::parse(&text)?.public().to_string())?;
        Ok(Ended::Fine)
    }
}
