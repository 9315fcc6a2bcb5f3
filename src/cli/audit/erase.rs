//! `interlock audit erase`: takes the texts of old incidents out of the journal and leaves what they prove. Through the
//! running bot, on the word of the person whom the configuration names for this user.

use jiff::Timestamp;

use crate::app::{ControlReply, ControlRequest, Wanted};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;
use crate::cli::status::ask;
use crate::cli::unanswered;

/// Erase the texts of incidents that closed long ago: who, what and why are gone for good, that it stood there stays proved
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock audit erase --older-than 400d --dry-run\n\n\
    Payloads and salts go; numbers, times, kinds and hashes stay, so `audit verify` holds as before. Nothing that is open, or\n\
    closed less than 31 days ago, is erased. retention.payloads_days does it every day. Backups and exports from before\n\
    hold what they held: delete those yourself.")]
pub(super) struct Erase {
    /// One incident, like INC-42.
    #[arg(
        value_name = "INC",
        required_unless_present = "older_than",
        conflicts_with = "older_than"
    )]
    incident: Option<String>,
    /// Every incident that closed longer ago than this (400d, at least 31d), and what people asked for, were refused and
    /// changed before that.
    #[arg(long, value_name = "SPAN")]
    older_than: Option<String>,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let wanted = match (&self.incident, &self.older_than) {
            (Some(incident), _) => Wanted::Incident(journal::incident(incident)?.0),
            (None, Some(given)) => match given.parse::<Timestamp>() {
                Ok(before) => Wanted::Before(before),
                Err(_) => {
                    // How long that is ago, the bot counts: its clock may be another one.
                    let now = Timestamp::now();
                    Wanted::OlderThan(now.duration_since(journal::moment(given, now)?).as_secs())
                }
            },
            (None, None) => {
                return Err(Failure::Refused(
                    "what? name an incident, or --older-than 400d".to_owned(),
                ));
            }
        };
        let request = ControlRequest::Erase {
            wanted,
            dry_run: self.dry_run,
        };
        match ask(&settings.store.path, &request) {
            Ok(ControlReply { done: true, text }) => {
                screen.say(&text)?;
                Ok(Ended::Fine)
            }
            Ok(ControlReply { done: false, text }) => Err(Failure::Refused(text)),
            Err(error) => {
                let path = &settings.store.path;
                drop(journal::open(path)?);
                Err(unanswered::failure(path, error, "nothing was erased"))
            }
        }
    }
}
