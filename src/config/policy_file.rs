//! The file at `policy.path`: rows and keys of the same types as in the configuration, so that those who decide on approvals can
//! keep them in a file of their own.

use std::path::Path;

use serde::Deserialize;

use super::alone_rows::{AloneKeys, AutonomyRow, RiskRow};
use super::error::ConfigError;
use super::guard_rows::{BreakGlassKeys, FreezeRow, LimitKeys, ProtectedKeys, WindowRow};
use super::read::file_alone;
use super::rows::{ApproverRow, CacheRow};
use super::settings;
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
        other => other,
    })
}

/// As people write their headings.
const SECTIONS: [&str; 10] = [
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
];
