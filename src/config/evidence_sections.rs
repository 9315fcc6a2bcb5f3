//! The sections of those who are asked for evidence, with their defaults.

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::value::BaseUrl;

/// `[prometheus]`: where the queries of a runbook's Evidence section are asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prometheus {
    /// Its address, with a path if it has one, without `/api/v1`. Not set: queries are shown as not read.
    pub url: Option<BaseUrl>,
    /// Sent as `Authorization: Bearer …`.
    pub bearer_token: Option<Secret>,
    /// For one query. 1 to 4: all evidence together gets 5.
    pub timeout_seconds: u32,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            url: None,
            bearer_token: None,
            timeout_seconds: 3,
        }
    }
}

/// `[loki]`: where the log queries of a runbook's Evidence section are asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Loki {
    /// Its address, with a path if it has one, without `/loki/api/v1`. Not set: queries are shown as not read.
    pub url: Option<BaseUrl>,
    /// Sent as `Authorization: Bearer …`.
    pub bearer_token: Option<Secret>,
    /// Whose logs, where one Loki has those of several: sent as `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// For one query. 1 to 4: all evidence together gets 5.
    pub timeout_seconds: u32,
    /// How far back a query for lines looks. 1 to 60.
    pub minutes: u32,
}

impl Default for Loki {
    fn default() -> Self {
        Self {
            url: None,
            bearer_token: None,
            tenant: None,
            timeout_seconds: 3,
            minutes: 15,
        }
    }
}
