//! A change while a parser puts it together: here every text is cut to size, whoever wrote it.

use jiff::Timestamp;

use crate::domain::change::{Change, ChangeKind, ChangeState};
use crate::domain::ids::{Service, Source};
use crate::ingress::text::{MAX_NAME, cut, is_link, one_line};

/// Characters of a name of a person or a place.
const SHORT: usize = 80;
/// Seconds within which the same words without id and time are one change.
const AGAIN: i64 = 300;

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub id: Option<String>,
    pub at: Option<Timestamp>,
    pub state: ChangeState,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub title: String,
    pub by: Option<String>,
    pub link: Option<String>,
}

impl Draft {
    /// `None` when it says nothing that people could read.
    pub fn finish(self, source: &Source, kind: ChangeKind, now: Timestamp) -> Option<Change> {
        let title = one_line(&self.title);
        if title.is_empty() {
            return None;
        }
        let at = self.at.unwrap_or(now);
        let short = |text: Option<String>| {
            let text = cut(one_line(&text?), SHORT);
            (!text.is_empty()).then_some(text)
        };
        let service = self.service.map(|name| cut(one_line(&name), MAX_NAME));
        // Without an id of the sender's, what it says and when is what it is. One that does not say when is the same if it
        // is told again within its five minutes: senders repeat what was not answered in time.
        let id = self.id.unwrap_or_else(|| {
            let when = self.at.map_or_else(
                || now.as_second().div_euclid(AGAIN).to_string(),
                |at| at.to_string(),
            );
            format!("{} {when} {title}", service.as_deref().unwrap_or(""))
        });
        Some(Change {
            source: source.clone(),
            id: cut(id, MAX_NAME),
            kind,
            state: self.state,
            at,
            service: service.filter(|name| !name.is_empty()).map(Service::new),
            environment: short(self.environment),
            title,
            by: short(self.by),
            link: self.link.filter(|link| is_link(link) && link.len() <= 500),
        })
    }
}
