//! What changed, in one plain line each: for the card, the thread and the page.

use super::words;
use crate::domain::change::{Change, ChangeKind};

/// `09:52:10 UTC deploy of checkout: v2.4.1 (by cy)`.
#[must_use]
pub fn line(change: &Change) -> String {
    let kind = match change.kind {
        ChangeKind::Deploy => "deploy",
        ChangeKind::Flag => "flag",
        ChangeKind::Config => "configuration",
        ChangeKind::Other => "change",
    };
    let of = change
        .service
        .as_ref()
        .map(|service| format!(" of {service}"))
        .unwrap_or_default();
    let place = change
        .environment
        .as_ref()
        .map(|place| format!(" in {place}"))
        .unwrap_or_default();
    let by = change
        .by
        .as_ref()
        .map(|by| format!(" (by {by})"))
        .unwrap_or_default();
    let title = words::cut(&change.title, 160);
    format!("{} {kind}{of}{place}: {title}{by}", words::clock(change.at))
}
