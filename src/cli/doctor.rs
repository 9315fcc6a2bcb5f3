//! `interlock doctor`: whether everything that the bot leans on is as it should be.

use serde::Serialize;

use super::args::{Format, FormatArg};
use super::outcome::{Ended, Failure};
use super::screen::{Paint, Screen};
use super::setup::Setup;
use super::status::block_on;
use crate::app::{self, Finding, Stands, SystemClock};
use crate::render::words;

/// Look whether everything is as it should be: rights, Slack, clock, database, pager, anchors
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock doctor --format json\n\n\
    Looks only: nothing is posted, paged or changed. Exit code 1 when something is to be mended.")]
pub(super) struct Doctor {
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer {
    fine: bool,
    findings: Vec<Finding>,
}

impl Doctor {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        // Only fails when one is installed already, and then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut findings = Vec::new();
        let mut said = Ok(());
        let mut tell = |finding: Finding| {
            if matches!(self.format.format, Format::Human) && said.is_ok() {
                said = say(&finding, screen);
            }
            findings.push(finding);
        };
        let clock = SystemClock;
        block_on(app::examine(&settings, &clock, &mut tell))??;
        said?;
        let wrong = findings.iter().filter(|one| one.stands != Stands::Fine).count();
        match self.format.format {
            Format::Json => screen.json(&Answer {
                fine: wrong == 0,
                findings,
            })?,
            Format::Human if wrong == 0 => {
                screen.say_painted(Paint::Good, "Everything is as it should be.", "")?
            }
            Format::Human => {
                let count = words::counted(wrong, "finding");
                screen.say_painted(Paint::Bad, &format!("{count}."), "")?;
            }
        }
        Ok(if wrong == 0 { Ended::Fine } else { Ended::Found })
    }
}

fn say(finding: &Finding, screen: &mut Screen) -> Result<(), Failure> {
    let (paint, mark) = match finding.stands {
        Stands::Fine => (Paint::Good, "ok      "),
        Stands::Wrong => (Paint::Bad, "WRONG   "),
        Stands::Unclear => (Paint::Bad, "UNCLEAR "),
    };
    screen.say_painted(paint, mark, &format!("{}: {}", finding.about, finding.text))?;
    screen.flush()
}
