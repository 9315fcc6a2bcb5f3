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

/// `[tempo]`: where the traces of a runbook's Evidence section are searched, by TraceQL. Not beside `[jaeger]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tempo {
    /// Its address, with a path if it has one, without `/api/search`. Not set: searches are shown as not read.
    pub url: Option<BaseUrl>,
    /// Sent as `Authorization: Bearer …`.
    pub bearer_token: Option<Secret>,
    /// Whose traces, where one Tempo has those of several: sent as `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// For one search. 1 to 4: all evidence together gets 5.
    pub timeout_seconds: u32,
    /// How far back a search looks. 1 to 60.
    pub minutes: u32,
    /// Grafana, where people open it, for a link to the same search. Goes with `grafana_datasource`.
    pub grafana_url: Option<BaseUrl>,
    /// The uid of this Tempo among Grafana's data sources: the end of the address of its settings there.
    pub grafana_datasource: Option<String>,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            url: None,
            bearer_token: None,
            tenant: None,
            timeout_seconds: 3,
            minutes: 15,
            grafana_url: None,
            grafana_datasource: None,
        }
    }
}

/// `[jaeger]`: where the traces of a runbook's Evidence section are searched, by service. Not beside `[tempo]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jaeger {
    /// Its address, with a path if it has one, without `/api/traces`. Not set: searches are shown as not read.
    pub url: Option<BaseUrl>,
    /// Sent as `Authorization: Bearer …`.
    pub bearer_token: Option<Secret>,
    /// For one search. 1 to 4: all evidence together gets 5.
    pub timeout_seconds: u32,
    /// How far back a search looks. 1 to 60.
    pub minutes: u32,
    /// Jaeger's page, where people open it, for a link to the same search.
    pub ui_url: Option<BaseUrl>,
}

impl Default for Jaeger {
    fn default() -> Self {
        Self {
            url: None,
            bearer_token: None,
            timeout_seconds: 3,
            minutes: 15,
            ui_url: None,
        }
    }
}
