//! What is still remembered of an incident whose payloads are erased: numbers, and names that the team gave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Ending, Memory, Signature};
use crate::domain::ids::{Fingerprint, IncidentId};

impl Memory {
    /// Whose they are, oldest first.
    pub(in crate::domain) fn incidents(&self) -> impl Iterator<Item = IncidentId> {
        self.0.iter().map(|signature| signature.incident)
    }

    /// Those of some incidents, as they are left when the payloads of these are erased.
    pub(in crate::domain) fn without_texts(&self, has: impl Fn(IncidentId) -> bool) -> Vec<Signature> {
        let of = self.0.iter().filter(|signature| has(signature.incident));
        of.map(|signature| signature.without_texts()).collect()
    }

    /// Exactly these are left, in this order; some of them without a text.
    pub(in crate::domain) fn erased(&mut self, remembered: &[IncidentId], without_texts: &[Signature]) {
        let mut known: BTreeMap<IncidentId, Arc<Signature>> = std::mem::take(&mut self.0)
            .into_iter()
            .map(|signature| (signature.incident, signature))
            .collect();
        let bare = without_texts.iter().cloned().map(Arc::new);
        known.extend(bare.map(|signature| (signature.incident, signature)));
        self.0 = remembered.iter().filter_map(|id| known.remove(id)).collect();
    }
}

impl Signature {
    /// What is left of it when its incident's payloads are erased: numbers, and names that the team gave its own rules,
    /// services and runbooks. The next one that is like it still finds it.
    fn without_texts(&self) -> Self {
        Self {
            fingerprint: Fingerprint::new(""),
            words: Vec::new(),
            beyond: BTreeSet::new(),
            ending: self.ending.without_texts(),
            ..self.clone()
        }
    }
}

impl Ending {
    fn without_texts(&self) -> Self {
        let erased = || "why is erased".to_owned();
        match self {
            Self::Fixed { failed } => Self::Fixed {
                failed: failed.clone(),
            },
            Self::NotHelped { .. } => Self::NotHelped { why: erased() },
            Self::NotTried { .. } => Self::NotTried { why: erased() },
            Self::Cleared => Self::Cleared,
            Self::ByPerson { in_vain, .. } => Self::ByPerson {
                name: "a person".to_owned(),
                reason: String::new(),
                in_vain: *in_vain,
            },
            Self::DryRun => Self::DryRun,
        }
    }
}
