//! An alert while a parser puts it together. `finish` is where every text is cut to size, whoever wrote it, and where words
//! become ours: severity, service, links.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::read::Incoming;
use super::text::{MAX_NAME, MAX_VALUE, bounded, cut, is_filled, is_link, name_of, one_line, without_gaps};
use crate::domain::alert::{Alert, AlertStatus, Link, Told};
use crate::domain::ids::{EpisodeKey, Fingerprint, GroupKey};

pub(super) struct Draft {
    status: AlertStatus,
    /// What stays the same from the first firing to the resolution. Where the same key comes back in the next episode,
    /// `starts_at` tells them apart.
    episode: String,
    /// What stays the same over episodes; the episode's key when empty.
    pub fingerprint: String,
    pub group: Option<String>,
    /// The rule's name; the title when empty.
    pub name: String,
    /// The name when empty.
    pub title: String,
    pub description: String,
    /// In the order of trust; the first that is known counts.
    pub severity: Vec<Option<String>>,
    /// Becomes the label `service` when there is none.
    pub service: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub links: Vec<(String, Option<String>)>,
    /// Without it, the first address in the description that follows the word "runbook".
    pub runbook: Option<String>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub dedup_key: Option<String>,
    /// What the source wants back to be told that it is over.
    pub source_ref: Option<String>,
    /// Who acknowledged it, or gave it back, and when.
    pub told: Told,
}

impl Draft {
    pub fn new(status: AlertStatus, episode: impl Into<String>) -> Self {
        Self {
            status,
            episode: episode.into(),
            fingerprint: String::new(),
            group: None,
            name: String::new(),
            title: String::new(),
            description: String::new(),
            severity: Vec::new(),
            service: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            links: Vec::new(),
            runbook: None,
            starts_at: None,
            ends_at: None,
            dedup_key: None,
            told: Told::default(),
            source_ref: None,
        }
    }

    /// Sets a label when there is something to set.
    pub fn label(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.labels.entry(name.to_owned()).or_insert(value);
        }
    }

    /// Sets an annotation when there is something to set.
    pub fn annotate(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.annotations.entry(name.to_owned()).or_insert(value);
        }
    }

    /// For senders that tell one time, which is that of the change.
    pub fn changed_at(&mut self, at: Option<Timestamp>) {
        match self.status {
            AlertStatus::Firing | AlertStatus::Reopened => self.starts_at = at,
            AlertStatus::Resolved => self.ends_at = at,
            AlertStatus::Acknowledged | AlertStatus::Unacknowledged => self.told.at = at,
        }
    }

    /// An address to show, when it is one.
    pub fn link(&mut self, title: &str, url: Option<String>) {
        self.links.push((title.to_owned(), url));
    }

    /// Where the sender says that the runbook is.
    fn runbook_page(&mut self) -> Option<String> {
        let named = ["runbook_url", "runbook"]
            .iter()
            .find_map(|key| self.annotations.get(*key).filter(|url| is_link(url)).cloned());
        self.runbook
            .take()
            .filter(|url| is_link(url))
            .or(named)
            .or_else(|| runbook_in(&self.description))
    }

    /// Who did it, where that is what the alert tells.
    fn said(&self) -> Told {
        match self.status {
            AlertStatus::Acknowledged | AlertStatus::Unacknowledged => {
                Told::by(self.told.by.as_deref().map(name_of), self.told.at)
            }
            AlertStatus::Firing | AlertStatus::Reopened | AlertStatus::Resolved => Told::default(),
        }
    }

    /// What the rule and the alert are called; each stands in for the other, and for one whose template lacked something.
    fn names(&self) -> (String, String) {
        let (name, title) = (without_gaps(one_line(&self.name)), one_line(&self.title));
        let title = match is_filled(&title) || name.is_empty() {
            true => without_gaps(title),
            false => name.clone(),
        };
        match (name.is_empty(), title.is_empty()) {
            (true, true) => ("(no title)".to_owned(), "(no title)".to_owned()),
            (true, false) => (title.clone(), title),
            (false, true) => (name.clone(), name),
            (false, false) => (name, title),
        }
    }

    pub fn finish(mut self, incoming: &Incoming<'_>) -> Alert {
        let mapping = incoming.mapping;
        let service = self.service.take();
        self.label("service", service);
        let runbook = self.runbook_page();
        self.annotate("runbook_url", runbook.clone());
        let (severity, severity_word) =
            mapping.first_severity(self.severity.iter().flatten().map(String::as_str));
        let (name, title) = self.names();
        let told = self.said();
        let labels = bounded(self.labels);
        let episode = cut(self.episode, 2 * MAX_NAME);
        let runbook = std::iter::once(("Runbook page".to_owned(), runbook));
        Alert {
            source: incoming.source.clone(),
            fingerprint: Fingerprint::new(if self.fingerprint.is_empty() {
                episode.clone()
            } else {
                cut(self.fingerprint, 2 * MAX_NAME)
            }),
            episode: EpisodeKey::new(episode),
            group: self.group.map(|group| GroupKey::new(cut(group, 2 * MAX_VALUE))),
            status: self.status,
            name,
            title,
            description: cut(without_gaps(self.description), MAX_VALUE),
            severity,
            severity_word: cut(severity_word, MAX_NAME),
            service: mapping.service(&labels),
            labels,
            annotations: bounded(self.annotations),
            links: runbook
                .chain(self.links)
                .filter_map(|(title, url)| Some((title, url.filter(|url| is_link(url))?)))
                .take(MOST_LINKS)
                .map(|(title, url)| Link {
                    title: one_line(&title),
                    url,
                })
                .collect(),
            starts_at: match self.status {
                // The moment it came tells two episodes apart when the sender doesn't.
                AlertStatus::Firing | AlertStatus::Unacknowledged => self.starts_at.or(Some(incoming.now)),
                AlertStatus::Reopened | AlertStatus::Resolved | AlertStatus::Acknowledged => self.starts_at,
            },
            ends_at: match self.status {
                AlertStatus::Resolved => self.ends_at,
                AlertStatus::Firing
                | AlertStatus::Reopened
                | AlertStatus::Acknowledged
                | AlertStatus::Unacknowledged => None,
            },
            source_ref: self.source_ref.map(|id| cut(id, MAX_NAME)),
            dedup_key: self.dedup_key.map(|key| cut(key, MAX_NAME)),
            told,
        }
    }
}

const MOST_LINKS: usize = 8;

/// Where senders have no field for it, teams write `Runbook: https://…` into the description.
fn runbook_in(description: &str) -> Option<String> {
    let at = description.to_ascii_lowercase().find("runbook")?;
    let rest = description.get(at..)?;
    let start = rest.find("http")?;
    let url: String = rest
        .get(start..)?
        .chars()
        .take_while(|c| !c.is_whitespace() && !"<>\"')]|".contains(*c))
        .collect();
    let url = url.trim_end_matches(['.', ',', ';']).to_owned();
    is_link(&url).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::runbook_in;

    #[test]
    fn a_runbook_in_the_description_is_found_and_nothing_else() {
        for (text, found) in [
            ("Runbook: https://r.example/a", Some("https://r.example/a")),
            (
                "see the RUNBOOK (https://r.example/a).",
                Some("https://r.example/a"),
            ),
            ("<https://r.example/runbooks/a|page>", None),
            ("https://grafana.example/d/1", None),
            ("runbook: javascript:alert(1)", None),
        ] {
            assert_eq!(runbook_in(text).as_deref(), found, "{text}");
        }
    }
}
