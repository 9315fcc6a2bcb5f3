//! Settings: one file (`interlock.toml`), the environment over it (`INTERLOCK__SECTION__KEY`), secrets also from files
//! (`…_file`). Parsed once, at start, into types; the rest of the program never sees a text that it has to read again.
//!
//! `settings` and `rows` are what can be set; `read` brings the layers together; `node` gives each value its type (`node_error` says what is wrong with it);
//! `place` says where a key stands; `check` looks at keys together (`webhook_check` at those of alert
//! sources, which `webhooks` lists, `evidence_check` at those of evidence); `policy_file` reads `policy.path`, `backstage` what
//! `catalogue.backstage` names.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod alert_map;
mod alone_rows;
mod backstage;
mod change_sources;
mod check;
mod error;
mod evidence_check;
mod evidence_sections;
mod execution_section;
mod guard_check;
mod guard_rows;
mod node;
mod node_error;
mod place;
mod policy_file;
mod read;
mod rows;
pub mod runbooks;
mod secret;
mod sections;
mod settings;
mod value;
mod watch_check;
mod watch_sections;
mod webhook_check;
mod webhooks;

pub use alert_map::{AlertMap, Pointer};
pub use alone_rows::{AloneKeys, AutonomyRow, RiskRow};
pub use backstage::{Backstage, Problem};
pub use change_sources::ChangeSource;
pub use error::ConfigError;
pub use guard_rows::{BreakGlassKeys, FreezeRow, LimitKeys, ProtectedKeys, SpanText, WindowRow, Zone};
pub use rows::{
    ApproverRow, CacheRow, EnvironmentRow, OperatorRow, RouteRow, ServiceRow, SettleRow, read_person,
};
pub use secret::{Secret, Secrets};
pub use sections::{
    AdvisorProtocol, Approval, AutonomySection, BetterStack, CheckpointBucket, Cluster, ClusterAccess,
    Execution, ExecutionMode, Freeze, Grafana, Http, IncidentIo, Jsm, Kubernetes, Log, LogFormat, Opsgenie,
    PagerDuty, Paging, Policy, Runbooks, Server, Slack, SlackCredentials, SlackTransport, StandbyLease,
    Store,
};
pub use settings::Settings;
pub use value::{BaseUrl, Listen};
pub use webhooks::{Signing, SourceKind, WebhookSource, Webhooks};

#[cfg(test)]
mod tests;
