//! The file at `policy.path`: rows and keys of the same types as in the configuration, so that those who decide on approvals can
//! keep them in a file of their own.

use std::path::Path;

use serde::Deserialize;

use super::alone_rows::{AloneKeys, AutonomyRow, ConfidenceKeys, RiskRow};
use super::error::ConfigError;
use super::guard_rows::{BreakGlassKeys, FreezeRow, LimitKeys, ProtectedKeys, WindowRow};
use super::read::file_alone;
use super::rows::{ApproverRow, CacheRow};
use super::settings::{self, Settings};
use crate::domain::action::CommandPattern;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolicyRows {
    pub approvers: Vec<ApproverRow>,
    pub caches: Vec<CacheRow>,
    pub windows: Vec<WindowRow>,
    pub freezes: Vec<FreezeRow>,
    pub limits: LimitKeys,
    pub protected: ProtectedKeys,
    pub break_glass: BreakGlassKeys,
    pub irreversible: Vec<CommandPattern>,
    pub autonomy_limits: Vec<AutonomyRow>,
    pub risks: Vec<RiskRow>,
    pub alone: AloneKeys,
    pub confidence: ConfidenceKeys,
}

/// # Errors
/// `NotAPolicy` for a section that only the configuration has: most likely the wrong file.
pub(super) fn read(path: &Path) -> Result<PolicyRows, ConfigError> {
    file_alone(path).map_err(|error| match error {
        ConfigError::UnknownKey { key, place, .. } if settings::has_section(&key) => {
            ConfigError::NotAPolicy {
                path: path.to_owned(),
                key,
                place,
                known: SECTIONS.join(", "),
            }
        }
        ConfigError::Unreadable { path, source } => ConfigError::PolicyUnreadable { path, source },
        other => other,
    })
}

/// As people write their headings.
const SECTIONS: [&str; 11] = [
    "[[approvers]]",
    "[[caches]]",
    "[[windows]]",
    "[[freezes]]",
    "[limits]",
    "[protected]",
    "irreversible",
    "[[autonomy_limits]]",
    "[[risks]]",
    "[alone]",
    "[confidence]",
];
impl Settings {
    /// Adds what a policy file says to what is said already. The one way in which any of it comes in.
    pub(super) fn add_policy(&mut self, rows: PolicyRows) {
        self.approvers.extend(rows.approvers.iter().cloned());
        self.caches.extend(rows.caches.iter().cloned());
        self.add_alone(&rows);
        self.add_guards(rows);
    }

    /// As if nobody had said anything that a policy file may say. The caches stay: they say what things are, not who may.
    /// Every key is named, so that a new one can't be forgotten here.
    pub(super) fn forget_policy(&mut self) {
        let PolicyRows {
            approvers,
            caches: _,
            windows,
            freezes,
            limits,
            protected,
            irreversible,
            autonomy_limits,
            risks,
            alone,
            confidence,
            break_glass,
        } = PolicyRows::default();
        self.approvers = approvers;
        self.windows = windows;
        self.freezes = freezes;
        self.limits = limits;
        self.protected = protected;
        self.irreversible = irreversible;
        self.autonomy_limits = autonomy_limits;
        self.risks = risks;
        self.alone = alone;
        self.confidence = confidence;
        self.break_glass = break_glass;
    }
}
