//! `interlock policy diff`: what a new policy makes possible that the old one did not, in words, and what no longer is.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app;
use crate::cli::args::{Format, FormatArg};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::setup::Setup;
use crate::config::Settings;
use crate::domain::policy::compare;
use crate::render::policy_diff as worded;

/// Say what a new policy makes possible that was not: exit code 1 when there is anything
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock policy diff policy.toml policy-new.toml\n\n\
    Each file is a policy file, read in place of policy.path, or a whole configuration (interlock.toml). A policy file may have\n    \
    [[approvers]], [[caches]], [[windows]], [[freezes]], [limits], [protected], irreversible, [[autonomy_limits]], [[risks]] and\n    \
    [alone], [confidence]; the environments come from the configuration then.")]
pub(super) struct Diff {
    /// The policy as it is.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy as it would be.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer {
    old: String,
    new: String,
    /// Possible from now on.
    more: Vec<String>,
    /// No longer possible.
    less: Vec<String>,
}

impl Diff {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let (old, new) = (settings(setup, &self.old)?, settings(setup, &self.new)?);
        let (was, is) = (app::rules(&old, "").policy, app::rules(&new, "").policy);
        let compared = compare(&was, &is);
        let caches = |these: &Settings, others: &Settings| {
            let alone = these.caches.iter().filter(|row| !others.caches.contains(row));
            let said = alone.map(|row| {
                format!(
                    "emptying the cache {} in namespace {} of cluster {} as Tier 1; elsewhere that is Tier 3",
                    row.name, row.namespace, row.cluster
                )
            });
            said.collect::<Vec<_>>()
        };
        let more = compared
            .more
            .iter()
            .map(worded::possible)
            .chain(caches(&new, &old));
        let less = compared
            .less
            .iter()
            .map(worded::impossible)
            .chain(caches(&old, &new));
        let answer = Answer {
            old: was.revision.to_string(),
            new: is.revision.to_string(),
            more: more.collect(),
            less: less.collect(),
        };
        match self.format.format {
            Format::Json => screen.json(&answer)?,
            Format::Human => say(&answer, screen)?,
        }
        Ok(if answer.more.is_empty() {
            Ended::Fine
        } else {
            Ended::Found
        })
    }
}

fn settings(setup: &Setup, file: &Path) -> Result<Settings, Failure> {
    setup.settings_with_policy(file)
}

fn say(answer: &Answer, screen: &mut Screen) -> Result<(), Failure> {
    if answer.more.is_empty() && answer.less.is_empty() {
        return screen.say("Both let the same through.");
    }
    for (heading, paint, lines) in [
        ("Possible from now on:", Paint::Bad, &answer.more),
        ("No longer possible:", Paint::Good, &answer.less),
    ] {
        if !lines.is_empty() {
            screen.say_painted(paint, heading, "")?;
        }
        for line in lines {
            screen.say(&format!("  {line}"))?;
        }
    }
    Ok(())
}
