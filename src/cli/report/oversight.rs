//! `interlock report oversight`: how fast people approve, how much they reject and change, by runbook and by person.

use jiff::Timestamp;

use super::super::args::{Format, FormatArg};
use super::super::journal;
use super::super::outcome::{Ended, Failure};
use super::super::screen::Screen;
use super::super::setup::Setup;
use crate::render;

/// Show how people use the gate: the time from card to approval, what is rejected and what is modified
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock report oversight --since 30d\n\n\
    Exit code 1 when approving has become ceremony: twenty approvals or more of one runbook, under ten seconds at the \
    median, under one in a hundred rejected, none modified.")]
pub(super) struct Oversight {
    /// Only what was decided since: a moment (2026-11-01T00:00:00Z) or how long ago (12h, 30d).
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    since: String,
    #[command(flatten)]
    format: FormatArg,
}

impl Oversight {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let since = journal::moment(&self.since, Timestamp::now())?;
        let (store, ended) = journal::open_to_tell(&setup.settings()?.store.path, screen)?;
        let report = store.load()?.oversight.report(Some(since));
        match self.format.format {
            Format::Json => screen.json(&report)?,
            Format::Human => screen.say(&render::oversight::text(&report))?,
        }
        let ceremony = report.runbooks.iter().any(|one| one.ceremony);
        Ok(if ceremony { Ended::Found } else { ended })
    }
}
