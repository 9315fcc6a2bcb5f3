//! A runbook without commands: what people are to do becomes a checklist, one item for each list item or paragraph.

use super::diagnostics::Findings;
use super::markdown::Block;
use super::sections::{Known, Outline, Section};
use super::steps::has_commands;
use super::types::{ChecklistItem, Runbook};
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

/// What only prose has: a page for people is never refused for its form, and there is always something to read in it.
pub(super) fn finish(runbook: &mut Runbook, outline: &Outline<'_, '_>, findings: &mut Findings<'_>) {
    if is_plain(runbook, outline) {
        findings.forgive();
    }
    let executable = outline
        .sections
        .iter()
        .any(|section| section.known == Some(Known::Steps) && has_commands(section));
    if !executable && runbook.checklist.is_empty() {
        runbook.checklist = reading(outline, &runbook.title);
    }
}

/// Whether this is a page that people wrote for people: it runs nothing, decides nothing, and nothing of it is shown as checked.
/// Such a page is shown as it is, so no mistake of its form is a reason to do without it.
fn is_plain(runbook: &Runbook, outline: &Outline<'_, '_>) -> bool {
    let ours = |section: &Section<'_, '_>| match section.known {
        Some(
            Known::Trigger
            | Known::BlastRadius
            | Known::Parameters
            | Known::Evidence
            | Known::DoNotTouch
            | Known::IncidentClass
            | Known::Autonomy,
        ) => true,
        Some(
            Known::Prechecks
            | Known::Steps
            | Known::Verification
            | Known::Owner
            | Known::Symptoms
            | Known::Escalation,
        )
        | None => false,
    };
    let executable = outline
        .sections
        .iter()
        .any(|section| section.known == Some(Known::Steps) && has_commands(section));
    runbook.is_prose() && !executable && !outline.sections.iter().any(ours)
}

/// The checklist of all sections that ask people to do something: Diagnosis, Mitigation and their like.
pub(super) fn checklist(outline: &Outline<'_, '_>) -> Vec<ChecklistItem> {
    let mut items = Vec::new();
    for section in &outline.sections {
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

/// A page that only explains is read: its paragraphs are the items, or its title when there is nothing else.
fn reading(outline: &Outline<'_, '_>, title: &str) -> Vec<ChecklistItem> {
    let mut items = Vec::new();
    collect_blocks("Runbook", outline.preamble, &mut items);
    let explaining = outline.sections.iter().filter(|section| section.known.is_none());
    explaining.for_each(|section| collect(section, &mut items));
    if items.is_empty() {
        items.push(ChecklistItem {
            section: "Runbook".to_owned(),
            text: title.to_owned(),
        });
    }
    items.truncate(MAX_ITEMS);
    items
}

fn collect(section: &Section<'_, '_>, items: &mut Vec<ChecklistItem>) {
    collect_blocks(section.name.text, section.blocks, items);
}

fn collect_blocks(name: &str, blocks: &[Block<'_>], items: &mut Vec<ChecklistItem>) {
    let mut heading = name.to_owned();
    // Whether the next line goes on with the item before it.
    let mut open = false;
    let mut outer = 0;
    let first = items.len();
    for block in blocks {
        match block {
            Block::Blank => open = false,
            Block::Heading { text, .. } => {
                heading = format!("{name}: {}", text.text);
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
    let blanks = |line: &str| line.len().saturating_sub(line.trim_start_matches(' ').len());
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
