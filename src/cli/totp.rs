//! `interlock totp`: who has a second factor for Tier 3. Whoever may write the file enrols people; the secret is shown
//! once, to be scanned, and then nowhere.

use jiff::Timestamp;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde::Serialize;

use super::args::{Format, FormatArg};
use super::outcome::{Ended, Failure};
use super::screen::Screen;
use super::setup::Setup;
use crate::app::totp::{Enrolled, FactorFile, Seed};
use crate::app::user_name;
use crate::config::read_person;
use crate::domain::ids::PersonId;
use crate::render::words;

/// Second factors for Tier 3: who has one
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock totp enroll --person T0123ABCD/U0456EFGH\n\n\
    The secrets stand in the file that [totp] file names, without it beside store.path with the ending .totp. The running\n\
    bot reads it for every code."
)]
pub(super) struct Totp {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Enroll(Enroll),
    List(List),
    Remove(Remove),
}

/// Give a person a second factor, and show its QR code once
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock totp enroll --person T0123ABCD/U0456EFGH\n\n\
    Let the person scan it with an authenticator app from your screen; don't send it by chat."
)]
struct Enroll {
    /// Workspace and member id of Slack, like T0123ABCD/U0456EFGH.
    #[arg(long, value_name = "TEAM/USER")]
    person: String,
    /// Put a new secret in the place of the one that the person has.
    #[arg(long)]
    again: bool,
}

/// Show who has a second factor, and since when
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock totp list")]
struct List {
    #[command(flatten)]
    format: FormatArg,
}

/// Take a person's second factor away
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock totp remove --person T0123ABCD/U0456EFGH")]
struct Remove {
    /// Workspace and member id of Slack, like T0123ABCD/U0456EFGH.
    #[arg(long, value_name = "TEAM/USER")]
    person: String,
}

#[derive(Serialize)]
struct Line {
    person: String,
    since: Timestamp,
}

impl Totp {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self.command {
            Command::Enroll(command) => command.run(setup, screen),
            Command::List(command) => command.run(setup, screen),
            Command::Remove(command) => command.run(setup, screen),
        }
    }
}

fn person(text: &str) -> Result<PersonId, Failure> {
    read_person(text).map_err(Failure::Refused)
}

/// Who does it, for the record: the machine's user, and whoever became that user by sudo. Whoever can write the file can write
/// there what they like; the journal says what it says.
fn this_user() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let user = user_name(uid).unwrap_or_else(|| format!("user {uid}"));
    match std::env::var("SUDO_USER") {
        Ok(sudo) if sudo != user => format!("{sudo} as {user}"),
        Ok(_) | Err(_) => user,
    }
}

impl Enroll {
    fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let person = person(&self.person)?;
        let path = setup.settings()?.totp_file();
        let mut file = FactorFile::read(&path)?;
        if let Some(before) = file.people().get(&person).filter(|_| !self.again) {
            return Err(Failure::Refused(format!(
                "`{person}` has had a second factor since {}: with --again a new one takes its place",
                words::moment(before.since, "UTC")
            )));
        }
        let seed = Seed::generate()
            .ok_or_else(|| Failure::Refused("the system gives no randomness; try again".to_owned()))?;
        let uri = seed.uri(&person.to_string());
        let code = QrCode::new(&uri).map_err(|error| Failure::Defect(error.to_string()))?;
        let since = Timestamp::now();
        file.enrol(person.clone(), Enrolled { seed, since }, &this_user());
        file.write(&path)?;
        // Most terminals are dark, and a code is read as dark on light.
        let drawn = code
            .render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build();
        screen.say(&drawn)?;
        screen.say(&uri)?;
        screen.say(&format!(
            "{person} has a second factor now. Scan it with an authenticator app; it is not shown again. It is kept in {}, which this user alone may read.",
            path.display()
        ))?;
        Ok(Ended::Fine)
    }
}

impl List {
    fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let path = setup.settings()?.totp_file();
        let file = FactorFile::read(&path)?;
        let lines: Vec<Line> = file
            .people()
            .iter()
            .map(|(person, enrolled)| Line {
                person: person.to_string(),
                since: enrolled.since,
            })
            .collect();
        if let Format::Json = self.format.format {
            screen.json(&lines)?;
            return Ok(Ended::Fine);
        }
        if lines.is_empty() {
            screen.say(&format!(
                "Nobody has a second factor ({}), so nobody can approve at Tier 3.",
                path.display()
            ))?;
        }
        for line in lines {
            screen.say(&format!(
                "{} since {}",
                line.person,
                words::moment(line.since, "UTC")
            ))?;
        }
        Ok(Ended::Fine)
    }
}

impl Remove {
    fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let person = person(&self.person)?;
        let path = setup.settings()?.totp_file();
        let mut file = FactorFile::read(&path)?;
        if !file.remove(&person, Timestamp::now(), &this_user()) {
            return Err(Failure::Refused(format!(
                "`{person}` has no second factor; `interlock totp list` shows who has"
            )));
        }
        file.write(&path)?;
        screen.say(&format!(
            "{person} has no second factor any more and can't approve at Tier 3."
        ))?;
        Ok(Ended::Fine)
    }
}
