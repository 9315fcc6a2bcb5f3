//! A runbook without commands: what people are to do becomes a checklist, one item for each list item or paragraph.

use super::markdown::Block;
use super::sections::{Known, Section};
use super::types::ChecklistItem;
use super::words::normalise;

/// Items shown at most; Slack and people have limits.
const MAX_ITEMS: usize = 100;

/// Sections that explain and ask for nothing.
const EXPLAINING: [&str; 16] = [
    "meaning",
    "impact",
    "overview",
    "summary",
    "background",
    "description",
    "context",
    "references",
    "reference",
    "links",
    "related",
    "see also",
    "dashboards",
    "contacts",
    "history",
    "changelog",
];

/// The checklist of all sections that ask people to do something: Diagnosis, Mitigation and their like.
pub(super) fn checklist(sections: &[Section<'_, '_>]) -> Vec<ChecklistItem> {
    let mut items = Vec::new();
    for section in sections {
        let asks = match section.known {
            Some(Known::Steps | Known::Prechecks | Known::Verification) => true,
            Some(
                Known::Trigger
                | Known::BlastRadius
                | Known::Parameters
                | Known::Evidence
                | Known::DoNotTouch
                | Known::IncidentClass
                | Known::Autonomy
                | Known::Owner
                | Known::Symptoms
                | Known::Escalation,
            ) => false,
            None => !EXPLAINING.contains(&normalise(section.name.text).as_str()),
        };
        if asks {
            collect(section, &mut items);
        }
    }
    items.truncate(MAX_ITEMS);
    items
}

fn collect(section: &Section<'_, '_>, items: &mut Vec<ChecklistItem>) {
    let mut heading = section.name.text.to_owned();
    // Whether the next line goes on with the item before it.
    let mut open = false;
    let mut outer = 0;
    let first = items.len();
    for block in section.blocks {
        match block {
            Block::Blank => open = false,
            Block::Heading { text, .. } => {
                heading = format!("{}: {}", section.name.text, text.text);
                open = false;
            }
            Block::Item { indent, text, .. } => {
                // An item within an item belongs to it.
                if items.len() > first && open && *indent > outer {
                    append(items, &format!("\n• {}", one_line(text.text)));
                } else {
                    outer = *indent;
                    items.push(ChecklistItem {
                        section: heading.clone(),
                        text: one_line(text.text),
                    });
                }
                open = true;
            }
            Block::Text { indent, text } => {
                if items.len() > first && (open || *indent > outer) {
                    append(items, &format!(" {}", text.text));
                } else {
                    outer = 0;
                    items.push(ChecklistItem {
                        section: heading.clone(),
                        text: text.text.to_owned(),
                    });
                }
                open = true;
            }
            // A command that people copy stays with the sentence above it.
            Block::Fence { body, .. } => {
                let code = format!("```\n{}\n```", dedented(body.text));
                if items.len() > first {
                    append(items, &format!("\n{code}"));
                } else {
                    items.push(ChecklistItem {
                        section: heading.clone(),
                        text: code,
                    });
                }
                open = false;
            }
        }
    }
}

fn append(items: &mut [ChecklistItem], text: &str) {
    if let Some(item) = items.last_mut() {
        item.text.push_str(text);
    }
}

/// The lines without the blanks that all of them begin with.
fn dedented(text: &str) -> String {
    let lines = || text.trim_matches('\n').lines();
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let common = lines()
        .filter(|line| !line.trim().is_empty())
        .map(blanks)
        .min()
        .unwrap_or_default();
    lines()
        .map(|line| line.get(common..).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn one_line(text: &str) -> String {
    if text.contains('\n') {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

/// The items of a plain list: Do Not Touch.
pub(super) fn list(section: &Section<'_, '_>) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    if !section.inline.is_empty() {
        items.push(section.inline.text.to_owned());
    }
    for block in section.blocks {
        match block {
            Block::Item { text, .. } | Block::Text { text, .. } | Block::Heading { text, .. } => {
                items.push(one_line(text.text));
            }
            Block::Fence { body, .. } => items.push(body.text.trim().to_owned()),
            Block::Blank => {}
        }
    }
    items
}
