//! The thread: one short line of mrkdwn for each thing that happened, with the output where there is some.

use std::collections::BTreeMap;

use super::escape::Mrkdwn;
use super::{evidence, handoff, reminder, timeline, words};
use crate::domain::event::{Deed, Entry, Event};
use crate::domain::incident::{Incident, Verdict};
use crate::domain::text::{OUTPUT_SHOWN, shortened, without_middle};

/// The line for one entry. `None` for what the thread does not tell.
#[must_use]
pub fn line(entry: &Entry, incident: &Incident) -> Option<String> {
    if let Event::HandedOver { reason, .. } = &entry.event {
        return Some(handoff::packet(incident, reason));
    }
    // The hand-over that follows says so, with what comes near.
    if let Event::Matched { matched, .. } = &entry.event
        && matched.verdict == Verdict::None
    {
        return None;
    }
    if let Event::Anchored { size, line, .. } = &entry.event {
        return Some(anchored(*size, line));
    }
    // The summary says it where it says that a human was paged.
    if let Event::Asked {
        by,
        deed: Deed::Escalate,
        ..
    } = &entry.event
    {
        return Some(Mrkdwn::escape(&words::sentence(&format!("{} asked for a human", by.name))).to_string());
    }
    if let Some(reminder) = timeline::reminder(&entry.event) {
        return Some(reminder::slack(&reminder));
    }
    if let Event::Merged { card: Some(card), .. } = &entry.event {
        let text = Mrkdwn::escape(&words::sentence(&timeline::line(&entry.event, incident)?)).to_string();
        return Some(format!("{text}{}", elsewhere(&card.channel)));
    }
    let text = Mrkdwn::escape(&words::sentence(&timeline::line(&entry.event, incident)?)).to_string();
    let mut told = match below(&entry.event) {
        Some(below) => format!("{text}\n{}", fenced(&below)),
        None => text,
    };
    if let Event::Gathered { findings, .. } = &entry.event {
        for link in evidence::links(findings) {
            told.push_str(&format!("\n{link}"));
        }
    }
    Some(told)
}

/// The channel of another card, as a link; nothing where that is no id.
fn elsewhere(channel: &str) -> String {
    let id = !channel.is_empty() && channel.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if id {
        format!(" (in <#{channel}>)")
    } else {
        String::new()
    }
}

/// Nothing to do for anybody: a checkpoint that an auditor can copy, as code so that Slack changes nothing in it.
fn anchored(size: u64, line: &str) -> String {
    format!(
        "Signed, for audits: the journal up to entry {size}. `{}`",
        Mrkdwn::code(line)
    )
}

/// Names of rules that a crowd's line gives.
const NAMED: usize = 5;

/// Alerts that joined one after another, as one line: how many, and of which rules. Each of them stands in the journal.
#[must_use]
pub fn crowd(entries: &[&Entry]) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries {
        if let Event::Joined { alert, .. } = &entry.event {
            *rules.entry(alert.name.as_str()).or_default() += 1;
        }
    }
    let mut most: Vec<(&str, usize)> = rules.into_iter().collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = most.iter().take(NAMED);
    let mut named: Vec<String> = named
        .map(|(rule, count)| format!("{} ({count})", shortened(rule, 80)))
        .collect();
    if most.len() > NAMED {
        named.push(words::counted(most.len() - NAMED, "other rule"));
    }
    let text = format!(
        "{} joined: {}",
        words::counted(entries.len(), "more alert"),
        words::listed(&named)
    );
    Mrkdwn::escape(&words::sentence(&text)).to_string()
}

/// What came out of a step or was found, in full as far as it fits: of an output its head and its tail, the file below has all.
fn below(event: &Event) -> Option<String> {
    if let Event::Gathered { findings, .. } = event {
        return Some(evidence::whole(findings));
    }
    let Event::StepEnded { output, .. } = event else {
        return None;
    };
    let both: Vec<&str> = [output.text.trim_end(), output.errors.trim_end()]
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .collect();
    (!both.is_empty()).then(|| without_middle(&both.join("\n"), OUTPUT_SHOWN).0)
}

/// Foreign text in a code block: escaped, and unable to end the block.
#[must_use]
pub fn fenced(text: &str) -> String {
    format!("```\n{}\n```", Mrkdwn::code(text.trim_end_matches('\n')))
}
