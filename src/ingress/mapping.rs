//! How words of senders become ours: severities and services.

use std::collections::{BTreeMap, HashMap};

use super::text::name_of;
use crate::config::Settings;
use crate::domain::alert::Severity;
use crate::domain::ids::Service;

/// Labels that name the service, in this order, unless the configuration says otherwise.
const SERVICE_LABELS: [&str; 4] = ["service", "app", "job", "namespace"];

/// Made once from the settings.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// By the lower-case word.
    severity: HashMap<String, Severity>,
    service_labels: Vec<String>,
    replica_labels: Vec<String>,
    /// Our own user at PagerDuty, whose deeds come back as webhooks.
    pub(super) own_pager_user: Option<String>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            severity: HashMap::new(),
            service_labels: SERVICE_LABELS.map(str::to_owned).to_vec(),
            replica_labels: Settings::default().grouping.replica_labels,
            own_pager_user: None,
        }
    }
}

impl Mapping {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let webhooks = &settings.webhooks;
        let own = Self::default();
        Self {
            severity: webhooks
                .severity
                .iter()
                .map(|(word, severity)| (word.trim().to_lowercase(), *severity))
                .collect(),
            service_labels: webhooks.service_labels.clone().unwrap_or(own.service_labels),
            replica_labels: settings.grouping.replica_labels.clone(),
            own_pager_user: settings.pagerduty.own_user_id.clone(),
        }
    }

    /// The configured table first, then the words met in the field.
    pub(super) fn severity(&self, word: &str) -> Severity {
        let configured = if self.severity.is_empty() {
            None
        } else {
            self.severity.get(&word.trim().to_lowercase()).copied()
        };
        configured.unwrap_or_else(|| Severity::from_word(word))
    }

    /// The first word that is known, with what it means; else the first word, which nobody knows.
    pub(super) fn first_severity<'w>(&self, words: impl Iterator<Item = &'w str>) -> (Severity, String) {
        let mut unknown = None;
        for word in words {
            let severity = self.severity(word);
            if severity != Severity::Unknown {
                return (severity, word.to_owned());
            }
            unknown.get_or_insert(word);
        }
        (Severity::Unknown, unknown.unwrap_or_default().to_owned())
    }

    /// What identifies an alert by all of its labels, where one of them tells two of a pair apart.
    pub(super) fn whole<K>(
        &self,
        labels: &BTreeMap<String, String>,
        of: impl FnOnce(&BTreeMap<String, String>) -> K,
    ) -> Option<K> {
        let mut replica = self.replica_labels.iter();
        replica.any(|name| labels.contains_key(name)).then(|| of(labels))
    }

    /// Which of a pair says it; empty where no label tells. The labels that do are no longer among those of the alert.
    pub(super) fn voice(&self, labels: &mut BTreeMap<String, String>) -> String {
        let mut voice = String::new();
        for name in &self.replica_labels {
            if let Some(value) = labels.remove(name).filter(|value| !value.is_empty()) {
                if !voice.is_empty() {
                    voice.push('/');
                }
                voice.push_str(&name_of(&value));
            }
        }
        voice
    }

    pub(super) fn service(&self, labels: &BTreeMap<String, String>) -> Option<Service> {
        self.service_labels
            .iter()
            .find_map(|label| labels.get(label).filter(|value| !value.is_empty()))
            .map(|value| Service::new(value.as_str()))
    }
}
