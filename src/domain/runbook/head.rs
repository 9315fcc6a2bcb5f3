//! What a runbook says of itself in one line each: owner, incident class, autonomy. Not here: what has a section of its own
//! with more than a line.

use super::diagnostics::{Code, Findings};
use super::lints;
use super::markdown::{Block, Piece};
use super::sections::{Known, Outline, Section};
use super::trigger::missing_value;
use super::types::Autonomy;
use super::words::{did_you_mean, normalise, split_key, unquote};

#[derive(Default)]
pub(super) struct Head {
    pub owner: Option<String>,
    pub incident_class: Option<String>,
    pub autonomy: Option<Autonomy>,
}

/// Owner, Incident Class and Autonomy: as a section, or as a line below the title.
pub(super) fn read_head(outline: &Outline<'_, '_>, findings: &mut Findings<'_>) -> Head {
    let mut head = Head::default();
    for block in outline.preamble {
        if let Block::Item { text, .. } | Block::Text { text, .. } = block
            && let Some((key, value)) = split_key(*text)
        {
            match Known::of(&normalise(key.text)).and_then(Line::of) {
                Some(line) => head.set(line, key, value, findings),
                None => lints::stray_key(key, findings),
            }
        }
    }
    for section in &outline.sections {
        if let Some(line) = section.known.and_then(Line::of) {
            head.set(line, section.name, first_line(section), findings);
        }
    }
    head
}

/// What one line can say.
#[derive(Clone, Copy)]
enum Line {
    Owner,
    IncidentClass,
    Autonomy,
}

impl Line {
    fn of(known: Known) -> Option<Self> {
        match known {
            Known::Owner => Some(Self::Owner),
            Known::IncidentClass => Some(Self::IncidentClass),
            Known::Autonomy => Some(Self::Autonomy),
            Known::Trigger
            | Known::BlastRadius
            | Known::Parameters
            | Known::Evidence
            | Known::Prechecks
            | Known::Steps
            | Known::Verification
            | Known::DoNotTouch
            | Known::Symptoms
            | Known::Escalation => None,
        }
    }
}

impl Head {
    fn set(&mut self, line: Line, key: Piece<'_>, value: Piece<'_>, findings: &mut Findings<'_>) {
        let value = value.trim_matches(|c| matches!(c, '*' | '`')).trim();
        let value = unquote(value).unwrap_or(value);
        if value.is_empty() {
            return missing_value(key, findings);
        }
        let text = value.text.to_owned();
        match line {
            Line::Owner => self.owner = Some(text),
            Line::IncidentClass => self.incident_class = Some(text),
            Line::Autonomy => self.autonomy = autonomy(value, findings),
        }
    }
}

fn autonomy(value: Piece<'_>, findings: &mut Findings<'_>) -> Option<Autonomy> {
    let words = normalise(value.text);
    match words.as_str() {
        "shadow" => Some(Autonomy::Shadow),
        "suggest" => Some(Autonomy::Suggest),
        "auto" => Some(Autonomy::Auto),
        other => {
            let near = did_you_mean(other, ["shadow", "suggest", "auto"]);
            let help = near.map_or_else(
                || {
                    "write `shadow`, `suggest` or `auto`: the most that this runbook may ever do alone"
                        .to_owned()
                },
                |near| format!("did you mean `{near}`?"),
            );
            findings.error(
                Code::BadValue,
                value.span(),
                format!("`{}` is not an autonomy", value.text),
                help,
            );
            None
        }
    }
}

fn first_line<'a>(section: &Section<'a, '_>) -> Piece<'a> {
    if !section.inline.is_empty() {
        return section.inline;
    }
    let line = section.blocks.iter().find_map(|block| match block {
        Block::Item { text, .. } | Block::Text { text, .. } => Some(*text),
        Block::Heading { .. } | Block::Fence { .. } | Block::Blank => None,
    });
    line.unwrap_or_else(|| section.name.from(section.name.text.len()))
}
