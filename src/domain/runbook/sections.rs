//! Which section a heading opens. Headings are compared as words; a heading that is nearly a known one is reported.
//! Not here: what stands in a section.

use super::diagnostics::{Code, Findings};
use super::markdown::{Block, Piece};
use super::words::{did_you_mean, normalise, split_key};

/// The sections that mean something to Interlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    Trigger,
    BlastRadius,
    Parameters,
    Evidence,
    Prechecks,
    Steps,
    Verification,
    DoNotTouch,
    IncidentClass,
    Autonomy,
    Owner,
    Symptoms,
    Escalation,
}

/// Normalised heading words; the first of each section is its proper name.
const NAMES: &[(&str, Known)] = &[
    ("trigger conditions", Known::Trigger),
    ("trigger condition", Known::Trigger),
    ("triggers", Known::Trigger),
    ("trigger", Known::Trigger),
    ("blast radius", Known::BlastRadius),
    ("parameters", Known::Parameters),
    ("parameter", Known::Parameters),
    ("evidence", Known::Evidence),
    ("prechecks", Known::Prechecks),
    ("precheck", Known::Prechecks),
    ("pre checks", Known::Prechecks),
    ("pre check", Known::Prechecks),
    ("steps", Known::Steps),
    ("step", Known::Steps),
    ("verification", Known::Verification),
    ("verify", Known::Verification),
    ("do not touch", Known::DoNotTouch),
    ("dont touch", Known::DoNotTouch),
    ("incident class", Known::IncidentClass),
    ("autonomy", Known::Autonomy),
    ("owner", Known::Owner),
    ("owners", Known::Owner),
    ("symptoms", Known::Symptoms),
    ("symptom", Known::Symptoms),
    ("escalation", Known::Escalation),
];

impl Known {
    pub fn of(words: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(name, _)| *name == words)
            .map(|(_, known)| *known)
    }

    /// As it is written in a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Trigger => "Trigger Conditions",
            Self::BlastRadius => "Blast Radius",
            Self::Parameters => "Parameters",
            Self::Evidence => "Evidence",
            Self::Prechecks => "Prechecks",
            Self::Steps => "Steps",
            Self::Verification => "Verification",
            Self::DoNotTouch => "Do Not Touch",
            Self::IncidentClass => "Incident Class",
            Self::Autonomy => "Autonomy",
            Self::Owner => "Owner",
            Self::Symptoms => "Symptoms",
            Self::Escalation => "Escalation",
        }
    }
}

/// A heading and what stands below it until the next one of its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a, 'b> {
    pub known: Option<Known>,
    /// The heading's text; for `## Owner: team-x` only `Owner`.
    pub name: Piece<'a>,
    /// `team-x` of `## Owner: team-x`, empty otherwise.
    pub inline: Piece<'a>,
    pub blocks: &'b [Block<'a>],
    /// The text as written, from below the heading to the next section.
    pub body: Piece<'a>,
}

/// The file in its parts.
pub(super) struct Outline<'a, 'b> {
    /// Text of the title; `None` when the file starts with something else.
    pub title: Option<Piece<'a>>,
    /// What stands between the title and the first section.
    pub preamble: &'b [Block<'a>],
    pub sections: Vec<Section<'a, 'b>>,
}

/// Cuts the blocks at the headings that open sections: those of level 1 and 2, and those that are no deeper than the
/// first known section (some people start at `###`).
pub(super) fn outline<'a, 'b>(text: &'a str, blocks: &'b [Block<'a>]) -> Outline<'a, 'b> {
    let first = blocks
        .iter()
        .position(|block| *block != Block::Blank)
        .unwrap_or(0);
    let title = match blocks.get(first) {
        Some(Block::Heading { level, text }) => {
            let words = normalise(text.text);
            let named = *level == 1 || words.starts_with("runbook");
            (named && Known::of(&words).is_none()).then_some(*text)
        }
        _ => None,
    };
    let start = if title.is_some() {
        first.saturating_add(1)
    } else {
        0
    };
    let depth = section_depth(blocks.get(start..).unwrap_or_default());
    let opens = |block: &Block<'_>| matches!(block, Block::Heading { level, .. } if *level <= depth);
    let heads: Vec<usize> = (start..blocks.len())
        .filter(|at| blocks.get(*at).is_some_and(opens))
        .collect();
    let end_of_preamble = heads.first().copied().unwrap_or(blocks.len());
    let sections = heads.iter().enumerate().filter_map(|(nth, at)| {
        let Some(Block::Heading { text: heading, .. }) = blocks.get(*at) else {
            return None;
        };
        let next = heads.get(nth.saturating_add(1)).copied();
        let inner = blocks
            .get(at.saturating_add(1)..next.unwrap_or(blocks.len()))
            .unwrap_or_default();
        let from = text
            .get(heading.at..)
            .and_then(|rest| rest.find('\n'))
            .map_or(text.len(), |len| heading.at.saturating_add(len).saturating_add(1));
        let to = next
            .and_then(|next| blocks.get(next))
            .map_or(text.len(), |block| line_start(text, block));
        let body = Piece {
            text: text.get(from..to).unwrap_or_default(),
            at: from,
        };
        Some(section(*heading, inner, body))
    });
    Outline {
        title,
        preamble: blocks.get(start..end_of_preamble).unwrap_or_default(),
        sections: sections.collect(),
    }
}

fn line_start(text: &str, block: &Block<'_>) -> usize {
    let at = match block {
        Block::Heading { text, .. } | Block::Item { text, .. } | Block::Text { text, .. } => text.at,
        Block::Fence { body, .. } => body.at,
        Block::Blank => text.len(),
    };
    text.get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at.saturating_add(1))
}

fn section_depth(blocks: &[Block<'_>]) -> u8 {
    let known = blocks.iter().find_map(|block| match block {
        Block::Heading { level, text } if Known::of(&normalise(text.text)).is_some() => Some(*level),
        Block::Heading { .. }
        | Block::Item { .. }
        | Block::Text { .. }
        | Block::Fence { .. }
        | Block::Blank => None,
    });
    known.unwrap_or(2).max(2)
}

fn section<'a, 'b>(heading: Piece<'a>, blocks: &'b [Block<'a>], body: Piece<'a>) -> Section<'a, 'b> {
    let whole = Known::of(&normalise(heading.text));
    let empty = heading.from(heading.text.len());
    if whole.is_none()
        && let Some((key, value)) = split_key(heading)
        && let Some(known) = Known::of(&normalise(key.text))
    {
        return Section {
            known: Some(known),
            name: key,
            inline: value,
            blocks,
            body,
        };
    }
    Section {
        known: whole,
        name: heading,
        inline: empty,
        blocks,
        body,
    }
}

/// Reports sections that were probably meant to be known ones, and known ones that stand twice.
pub(super) fn check_names(sections: &[Section<'_, '_>], executable: bool, findings: &mut Findings<'_>) {
    let mut seen: Vec<Known> = Vec::new();
    for section in sections {
        let Some(known) = section.known else {
            check_spelling(section, executable, findings);
            continue;
        };
        if seen.contains(&known) {
            findings.error(
                Code::DuplicateSection,
                section.name.span(),
                format!("the section `{}` stands twice", known.title()),
                "put both into one section",
            );
        }
        seen.push(known);
    }
}

fn check_spelling(section: &Section<'_, '_>, executable: bool, findings: &mut Findings<'_>) {
    let words = normalise(section.name.text);
    // `Step 1` is a heading of its own, no misspelling.
    let numbered = words.bytes().any(|byte| byte.is_ascii_digit());
    let near = did_you_mean(&words, NAMES.iter().map(|(name, _)| *name)).and_then(Known::of);
    let Some(near) = near.filter(|_| executable || !numbered) else {
        return;
    };
    // Without these the file would not be what its author means; without the others a page can still be read.
    let decides = matches!(near, Known::Steps | Known::Trigger | Known::BlastRadius);
    let message = format!("unknown section `{}`", section.name.text);
    let help = format!("did you mean `{}`?", near.title());
    let commands = section
        .blocks
        .iter()
        .any(|block| matches!(block, Block::Fence { .. }));
    if executable || commands && decides {
        findings.error(Code::UnknownSection, section.name.span(), message, help);
    } else {
        findings.warn(Code::UnknownSection, section.name.span(), message, help);
    }
}
