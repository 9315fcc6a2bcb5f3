//! The thread: one short line of mrkdwn for each thing that happened, with the output where there is some.

use super::escape::Mrkdwn;
use super::{evidence, handoff, timeline, words};
use crate::domain::event::{Entry, Event};
use crate::domain::incident::Incident;

/// Characters of output in the thread; the journal has 16 KiB of it and the file has all.
const OUTPUT_MOST: usize = 1_500;

/// The line for one entry. `None` for what the thread does not tell.
#[must_use]
pub fn line(entry: &Entry, incident: &Incident) -> Option<String> {
    if let Event::HandedOver { reason, .. } = &entry.event {
        return Some(handoff::packet(incident, reason));
    }
    let text = Mrkdwn::escape(&words::sentence(&timeline::line(&entry.event, incident)?)).to_string();
    Some(match &entry.event {
        Event::StepEnded { output, .. }
            if !output.text.trim().is_empty() || !output.errors.trim().is_empty() =>
        {
            let both = [output.text.trim_end(), output.errors.trim_end()];
            let both = both
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("\n");
            format!("{text}\n{}", fenced(&words::cut(&both, OUTPUT_MOST)))
        }
        Event::Gathered { findings, .. } => {
            format!("{text}\n{}", fenced(&evidence::whole(findings)))
        }
        _ => text,
    })
}

/// Foreign text in a code block: escaped, and unable to end the block.
#[must_use]
pub fn fenced(text: &str) -> String {
    format!("```\n{}\n```", Mrkdwn::code(text.trim_end_matches('\n')))
}
