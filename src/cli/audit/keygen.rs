//! `interlock audit keygen`: a key for checkpoints.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::store::Signer;

/// Make a key that signs checkpoints of the journal
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock audit keygen --name interlock.example.com/production --out checkpoint.key\n\n\
    Put the file's path into the configuration as checkpoints.key_file, and keep the public key that is printed where\n\
    whoever audits finds it: `interlock audit verify --key …` needs it, and `interlock audit key FILE` prints it\n\
    again. Keep the private key out of backups of the database."
)]
pub(super) struct Keygen {
    /// Names the journal in every checkpoint: a domain and a path that are yours. No spaces and no `+`.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The file for the private key; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Keygen {
    pub fn run(self, screen: &mut Screen) -> Result<Ended, Failure> {
        let secret = Signer::generate(&self.name)?;
        let public = Signer::parse(&secret)?.public();
        let failed = |source| Failure::Write {
            path: self.out.clone(),
            source,
        };
        // Nobody else may read it, from the first byte on.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.out)
            .map_err(|source| Failure::unmade(&self.out, source))?;
        writeln!(file, "{secret}")
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        screen.say(&format!("the private key is in {}", self.out.display()))?;
        screen.say(&format!("public key: {public}"))?;
        Ok(Ended::Fine)
    }
}
