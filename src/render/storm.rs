//! What a channel is told of a storm.

use jiff::Timestamp;

use super::escape::Mrkdwn;
use super::words;
use crate::domain::storm::Shared;

/// In lines of mrkdwn.
pub(super) fn notice(opened: usize, since: Timestamp, shared: &[Shared]) -> Vec<String> {
    let count = words::counted(opened, "incident");
    vec![
        format!(
            "*STORM:* {count} opened in this channel since {} UTC, and more may come. {}",
            words::clock(since),
            Mrkdwn::escape(&alike(shared))
        ),
        "Each has its own card, and nothing is held back: look for one cause first. The next storm here is told after half an hour of quiet, or in an hour."
            .to_owned(),
    ]
}

/// For the journal.
pub(super) fn line(opened: usize, since: Timestamp, channel: &str) -> String {
    let count = words::counted(opened, "incident");
    format!(
        "a storm in {channel}: {count} opened since {} UTC",
        words::clock(since)
    )
}

fn alike(shared: &[Shared]) -> String {
    let each: Vec<String> = shared
        .iter()
        .map(|shared| format!("{} have {}={}", shared.incidents, shared.label, shared.value))
        .collect();
    match each.as_slice() {
        [] => "No label is the same for half of them.".to_owned(),
        each => format!("Of them {}.", words::listed(each)),
    }
}
