//! What is known from before, on the card: what changed shortly before the alert, newest first, each with a link to it where
//! its sender gave one; and closed incidents that are like this one, with how they ended.

use super::text::{link, safe};
use crate::domain::change::SHOWN;
use crate::domain::incident::{Incident, Phase};
use crate::render::{changes, memory};

/// Alerts that joined and are named.
const JOINED: usize = 4;
/// Characters of one line.
const LINE: usize = 260;

/// The section's text; `None` when nothing is known to have changed where all could be read, or when it doesn't matter any more.
#[must_use]
pub fn lines(incident: &Incident) -> Option<String> {
    let nothing = incident.changes.is_empty() && incident.unread.is_empty();
    if nothing || matches!(incident.phase, Phase::Settling { .. } | Phase::Closed { .. }) {
        return None;
    }
    let mut lines = vec!["*Changed in the half hour before:*".to_owned()];
    for change in incident.changes.iter().take(SHOWN) {
        let link = change.link.as_deref().and_then(link);
        let link = link.map(|link| format!(" {link}")).unwrap_or_default();
        lines.push(format!("• {}{link}", safe(&changes::line(change), LINE)));
    }
    lines.extend(changes::more(incident.changes.len()).map(|more| format!("• {more}")));
    for unread in &incident.unread {
        lines.push(format!("• {}", safe(&changes::unread(unread), LINE)));
    }
    Some(lines.join("\n"))
}

/// Incidents of the past that are like this one; `None` when there are none, or when it doesn't matter any more.
#[must_use]
pub fn similar(incident: &Incident) -> Option<String> {
    if incident.similar.is_empty() || matches!(incident.phase, Phase::Settling { .. } | Phase::Closed { .. })
    {
        return None;
    }
    let lines = incident
        .similar
        .iter()
        .map(|similar| format!("• {}", safe(&memory::line(similar), LINE)));
    let lines: Vec<String> = std::iter::once("*Similar incidents before:*".to_owned())
        .chain(lines)
        .collect();
    Some(lines.join("\n"))
}

/// Alerts that joined for a reason of ours; `None` when there are none.
#[must_use]
pub fn joined(incident: &Incident) -> Option<String> {
    let joined = || {
        incident
            .episodes
            .iter()
            .filter_map(|episode| Some((&episode.alert, episode.because.as_ref()?)))
    };
    let count = joined().count();
    if count == 0 || matches!(incident.phase, Phase::Closed { .. }) {
        return None;
    }
    let mut lines = vec!["*Also part of it, as far as can be told:*".to_owned()];
    lines.extend(joined().take(JOINED).map(|(alert, because)| {
        let line = format!("{} ({})", alert.title, changes::because(because));
        format!("• {}", safe(&line, LINE))
    }));
    if count > JOINED {
        lines.push(format!("• and {} more", count - JOINED));
    }
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::change::{Change, ChangeKind, ChangeState};
    use crate::slack::cards::samples;

    #[test]
    fn foreign_words_can_not_link_or_mention_and_the_link_stays_whole() {
        let mut incident = samples::incident("Redis", samples::redis_steps());
        incident.changes = vec![Arc::new(Change {
            source: "changes/github".into(),
            id: "1".to_owned(),
            kind: ChangeKind::Deploy,
            state: ChangeState::Done,
            at: samples::at(0),
            service: Some("checkout".into()),
            environment: None,
            title: "v2 <!channel> <https://evil.test|click>".to_owned(),
            by: Some("<@U1>".to_owned()),
            link: Some("https://github.test/a|b>c".to_owned()),
        })];
        let text = lines(&incident).expect("a section");
        assert!(text.contains("deploy of checkout: v2 &lt;!channel&gt;"), "{text}");
        assert!(
            !text.contains("<!channel>") && !text.contains("<@U1>") && !text.contains("|click>"),
            "{text}"
        );
    }

    #[test]
    fn a_link_is_called_by_the_host_that_it_leads_to() {
        let mut incident = samples::incident("Redis", samples::redis_steps());
        incident.changes = vec![Arc::new(Change {
            source: "changes/generic".into(),
            id: "1".to_owned(),
            kind: ChangeKind::Deploy,
            state: ChangeState::Done,
            at: samples::at(0),
            service: None,
            environment: None,
            title: "see https://github.com/acme".to_owned(),
            by: None,
            link: Some("https://github.com@evil.test/login?a=1&b=2".to_owned()),
        })];
        let text = lines(&incident).expect("a section");
        assert!(
            text.ends_with(" <https://github.com@evil.test/login?a=1&amp;b=2|evil.test>"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let mut incident = samples::incident("Redis", samples::redis_steps());
        let change = |number: usize| {
            Arc::new(Change {
                source: "changes/generic".into(),
                id: number.to_string(),
                kind: ChangeKind::Deploy,
                state: ChangeState::Done,
                at: samples::at(0),
                service: Some("checkout".into()),
                environment: None,
                title: format!("v{number}"),
                by: None,
                link: None,
            })
        };
        let mut shown = |count: usize| {
            incident.changes = (0..count).map(change).collect();
            lines(&incident).expect("a section")
        };
        assert_eq!(
            shown(7),
            "*Changed in the half hour before:*\n• 01:53:20 UTC, deploy of checkout: v0\n• 01:53:20 UTC, deploy of checkout: v1\n\
             • 01:53:20 UTC, deploy of checkout: v2\n• and 4 more"
        );
        assert!(!shown(3).contains("more"));
        assert!(shown(20).ends_with("• and at least 17 more"));
    }
}
