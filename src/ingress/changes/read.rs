//! One authentic body, read as its sender writes it.

use http::HeaderMap;
use jiff::Timestamp;

use super::senders;
use crate::config::ChangeSource;
use crate::domain::change::Change;
use crate::domain::ids::Source;
use crate::ingress::error::ParseError;
use crate::ingress::json::without_bom;

/// Changes of one delivery; more are not looked at.
const MOST: usize = 50;

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesRead {
    pub changes: Vec<Change>,
    /// Why there is none, when there is none.
    pub aside: Option<&'static str>,
}

/// What a parser is given.
pub(super) struct Told<'r> {
    pub source: Source,
    pub headers: &'r HeaderMap,
    pub body: &'r [u8],
    pub now: Timestamp,
}

impl Told<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl ChangesRead {
    pub(super) fn aside(why: &'static str) -> Self {
        Self {
            changes: Vec::new(),
            aside: Some(why),
        }
    }

    pub(super) fn of(changes: impl IntoIterator<Item = Change>) -> Self {
        let changes: Vec<Change> = changes.into_iter().take(MOST).collect();
        let aside = changes.is_empty().then_some("it says nothing that changed");
        Self { changes, aside }
    }
}

/// Reads a body. `service` stands in for a service where the sender names none.
///
/// # Errors
/// The body is not what this sender sends.
pub fn read(
    sender: ChangeSource,
    headers: &HeaderMap,
    body: &[u8],
    service: Option<&str>,
    now: Timestamp,
) -> Result<ChangesRead, ParseError> {
    let told = Told {
        source: Source::new(format!("changes/{}", sender.name())),
        headers,
        body: without_bom(body),
        now,
    };
    let mut read = match sender {
        ChangeSource::GitHub => senders::github(&told),
        ChangeSource::GitLab => senders::gitlab(&told),
        ChangeSource::Flux => senders::flux(&told),
        ChangeSource::ArgoCd => senders::argocd(&told),
        ChangeSource::PagerDuty => senders::pagerduty(&told),
        ChangeSource::LaunchDarkly => senders::launchdarkly(&told),
        ChangeSource::Generic => senders::generic(&told),
    }?;
    if let Some(service) = service.filter(|name| !name.is_empty() && name.len() <= 200) {
        for change in &mut read.changes {
            change.service = Some(service.into());
        }
    }
    Ok(read)
}
