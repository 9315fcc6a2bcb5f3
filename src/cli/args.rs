//! What can be typed: the commands, what they share, and how the process ends. A new command is a file, a variant of
//! `Command` and a line in `run`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::outcome::{Ended, Failure};
use super::screen::{Screen, harmless};
use super::setup::Setup;
use super::{
    audit, backup, check, close, doctor, eval, freeze, incidents, ingest, matches, policy, rbac, replay,
    report, serve, status, totp, undumped, unfreeze,
};
#[cfg(feature = "playground")]
use super::{demo, playground};
use crate::app;
use crate::config::Settings;

/// Answers alerts in Slack: proposes the team's own runbooks, runs what people approve, writes everything down.
///
/// Exit codes: 0 fine, 1 something was found (an error in a runbook, a broken journal), 2 it could not run.
#[derive(Debug, Parser)]
#[command(
    name = "interlock",
    version,
    after_help = "Example: interlock check runbooks/ && interlock serve --config interlock.toml"
)]
struct Cli {
    /// The configuration file. Without it: the one that INTERLOCK_CONFIG names, else ./interlock.toml when it is
    /// there, else defaults. INTERLOCK__SECTION__KEY in the environment goes over it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// Each has a file of its own.
#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "playground")]
    Demo(demo::Demo),
    Serve(serve::Serve),
    Check(check::Check),
    Match(matches::Match),
    Eval(eval::Eval),
    Replay(replay::Replay),
    Ingest(ingest::Ingest),
    Status(status::Status),
    Report(report::Report),
    Incidents(incidents::Incidents),
    Close(close::Close),
    Freeze(freeze::Freeze),
    Unfreeze(unfreeze::Unfreeze),
    Audit(audit::Audit),
    Policy(policy::Policy),
    Totp(totp::Totp),
    Rbac(rbac::Rbac),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Doctor(doctor::Doctor),
    #[cfg(feature = "playground")]
    Playground(playground::Playground),
}

impl Command {
    fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        match self {
            #[cfg(feature = "playground")]
            Self::Demo(command) => command.run(setup, screen),
            #[cfg(feature = "playground")]
            Self::Playground(command) => command.run(setup, screen),
            Self::Serve(command) => command.run(setup, screen),
            Self::Check(command) => command.run(setup, screen),
            Self::Match(command) => command.run(setup, screen),
            Self::Eval(command) => command.run(setup, screen),
            Self::Replay(command) => command.run(setup, screen),
            Self::Ingest(command) => command.run(setup, screen),
            Self::Status(command) => command.run(setup, screen),
            Self::Report(command) => command.run(setup, screen),
            Self::Incidents(command) => command.run(setup, screen),
            Self::Close(command) => command.run(setup, screen),
            Self::Freeze(command) => command.run(setup, screen),
            Self::Unfreeze(command) => command.run(setup, screen),
            Self::Audit(command) => command.run(setup, screen),
            Self::Policy(command) => command.run(setup, screen),
            Self::Totp(command) => command.run(setup, screen),
            Self::Rbac(command) => command.run(setup, screen),
            Self::Backup(command) => command.run(setup, screen),
            Self::Restore(command) => command.run(setup, screen),
            Self::Doctor(command) => command.run(setup, screen),
        }
    }
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// For commands whose answer programs may want.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct FormatArg {
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misspelled(&error),
    };
    let setup = Setup { config: cli.config };
    let mut screen = Screen::standard();
    let ended = undumped::never_dumped()
        .map_err(Failure::Process)
        .and_then(|()| cli.command.run(&setup, &mut screen))
        .and_then(|ended| screen.flush().map(|()| ended));
    match ended {
        Ok(Ended::Fine) => ExitCode::SUCCESS,
        Ok(Ended::Found) => ExitCode::from(1),
        // Whoever reads our output has read enough (`interlock audit show | head`).
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // What was printed before stays before. When standard error is gone too, only the exit code is left to tell.
            let _ = screen.flush();
            let told = without_secrets(&setup, &failure.to_string());
            let _ = writeln!(std::io::stderr(), "interlock: {}", harmless(&told));
            ExitCode::from(2)
        }
    }
}

/// What is typed at the wrong place may be a key, and is repeated only where it holds none.
fn misspelled(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let told = match app::redactor(&Settings::default()) {
        Ok(redactor) => redactor.clean(&text).into_owned(),
        Err(why) => why.to_string(),
    };
    if told == text {
        // In colours, and help where it was asked for.
        error.exit();
    }
    let _ = writeln!(std::io::stderr(), "{}", harmless(&told));
    ExitCode::from(2)
}

/// What a server said, or somebody typed, may stand in it. Of a configuration that can't be read nothing was used yet; families
/// of secrets are known all the same.
fn without_secrets(setup: &Setup, text: &str) -> String {
    let settings = setup.settings().unwrap_or_default();
    match app::redactor(&settings).or_else(|_| app::redactor(&Settings::default())) {
        Ok(redactor) => redactor.clean(text).into_owned(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn what_can_be_typed_fits_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_an_example() {
        fn walk(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path} says nothing");
            let example = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(example.contains("Example"), "{path} shows no example");
            for inner in command.get_subcommands() {
                walk(inner, &path);
            }
        }
        walk(&Cli::command(), "");
    }
}
