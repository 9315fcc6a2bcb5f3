//! The sections of the configuration, each with its defaults. What has no default and is needed to serve is an `Option`
//! here and asked for by name where it is needed, so that `check` or `audit verify` run without tokens.
//! Longer than other files, since all sections with their defaults are read side by side.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::ConfigError;
pub use super::evidence_sections::{Jaeger, Loki, Prometheus, Tempo};
pub use super::execution_section::{Execution, ExecutionMode};
use super::secret::Secret;
use super::value::{BaseUrl, Listen};
pub use super::watch_sections::{
    Backup, CheckpointBucket, Checkpoints, Heartbeat, Retention, Standby, StandbyLease, WatchdogSection,
};
use crate::domain::action::Tier;
use crate::domain::ids::{Channel, ClusterName, Environment};
use crate::domain::runbook::Autonomy;

/// `[server]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    pub listen: Listen,
    /// Connections open at once; the next one is answered 503 and closed. 1 to 65,536.
    pub max_connections: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: Listen(([127, 0, 0, 1], 8080).into()),
            max_connections: 512,
        }
    }
}

/// `[store]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The database file. The control socket stands beside it.
    pub path: PathBuf,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            path: PathBuf::from("interlock.db"),
        }
    }
}

/// `[runbooks]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Runbooks {
    /// Folder of Markdown files.
    pub path: PathBuf,
}

impl Default for Runbooks {
    fn default() -> Self {
        Self {
            path: PathBuf::from("runbooks"),
        }
    }
}

/// `[autonomy]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutonomySection {
    pub mode: Autonomy,
}

impl Default for AutonomySection {
    fn default() -> Self {
        Self {
            mode: Autonomy::Suggest,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlackTransport {
    /// Socket Mode: no public address needed.
    #[default]
    Socket,
    /// Signed requests to `/slack/…`.
    Http,
}

/// `[slack]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Slack {
    pub transport: SlackTransport,
    pub bot_token: Option<Secret>,
    pub app_token: Option<Secret>,
    pub signing_secret: Option<Secret>,
    pub api_base: BaseUrl,
    /// Where an alert goes that no `[[routes]]` row names a channel for.
    pub channel: Option<Channel>,
}

impl Default for Slack {
    fn default() -> Self {
        Self {
            transport: SlackTransport::default(),
            bot_token: None,
            app_token: None,
            signing_secret: None,
            api_base: BaseUrl::of_default("https://slack.com/api"),
            channel: None,
        }
    }
}

/// What the chosen transport needs, complete.
#[derive(Clone, Debug)]
pub enum SlackCredentials {
    Socket {
        bot_token: Secret,
        app_token: Secret,
    },
    Http {
        bot_token: Secret,
        signing_secret: Secret,
    },
}

impl Slack {
    /// # Errors
    /// `ConfigError::Missing` with the token's name and the page of Slack where it is found; `ConfigError::Contradiction` for
    /// a token of another kind.
    pub fn credentials(&self) -> Result<SlackCredentials, ConfigError> {
        not_of("slack.bot_token", self.bot_token.as_ref(), &NO_BOT_TOKENS)?;
        not_of("slack.app_token", self.app_token.as_ref(), &NO_APP_TOKENS)?;
        let bot_token = needed(
            self.bot_token.as_ref(),
            "slack.bot_token",
            "copy the Bot User OAuth Token (`xoxb-…`) from your app's page at https://api.slack.com/apps under OAuth & Permissions",
        )?;
        match self.transport {
            SlackTransport::Socket => Ok(SlackCredentials::Socket {
                bot_token,
                app_token: needed(
                    self.app_token.as_ref(),
                    "slack.app_token",
                    "make an app-level token (`xapp-…`) with the scope `connections:write` at https://api.slack.com/apps under Basic Information, or set slack.transport = \"http\"",
                )?,
            }),
            SlackTransport::Http => Ok(SlackCredentials::Http {
                bot_token,
                signing_secret: needed(
                    self.signing_secret.as_ref(),
                    "slack.signing_secret",
                    "copy the Signing Secret from https://api.slack.com/apps under Basic Information, or set slack.transport = \"socket\"",
                )?,
            }),
        }
    }
}

/// How a token of another kind begins, and where that one belongs (docs.slack.dev, "Tokens").
type Elsewhere = (&'static str, &'static str);

const NO_BOT_TOKENS: [Elsewhere; 2] = [
    ("xapp-", "an app-level token, which goes into `slack.app_token`"),
    (
        "xoxp-",
        "the token of a person: it is the Bot User OAuth Token that is wanted (`xoxb-…`)",
    ),
];

const NO_APP_TOKENS: [Elsewhere; 2] = [
    ("xoxb-", "a bot token, which goes into `slack.bot_token`"),
    (
        "xoxp-",
        "the token of a person: it is an app-level token that is wanted (`xapp-…`)",
    ),
];

/// A token of another kind would be refused by Slack at each call, long after the start.
fn not_of(key: &str, secret: Option<&Secret>, others: &[Elsewhere]) -> Result<(), ConfigError> {
    let Some(secret) = secret else { return Ok(()) };
    let other = others
        .iter()
        .find(|(start, _)| secret.expose().starts_with(start));
    other.map_or(Ok(()), |(_, what)| {
        Err(ConfigError::Contradiction(format!("`{key}` holds {what}")))
    })
}

fn needed(secret: Option<&Secret>, key: &str, how: &str) -> Result<Secret, ConfigError> {
    secret.cloned().ok_or_else(|| ConfigError::Missing {
        key: key.to_owned(),
        variable: super::place::variable(key),
        how: how.to_owned(),
    })
}

/// `[grouping]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grouping {
    /// Minutes after the last alert of an incident in which another of the same rule and service joins it that asks for the same
    /// runbook with the same parameters. 10 when not written; 0: never. At most 60.
    pub same_rule_within_minutes: u32,
    /// Minutes after the last alert of an incident in which an alert of the same service, of one that it needs, of the same node or after the same
    /// change joins an incident. 0, when not written: never, and only what the source groups is one card. At most 60.
    pub related_within_minutes: u32,
    /// From so many new alerts within a minute on, an alert of the same rule or the same service as an open card whose last
    /// alert came within ten minutes joins it, unless it asks for another plan. 4 when not written; 0: never.
    pub storm_alerts_per_minute: u32,
    /// Labels by which the two of a highly available pair are told apart, as Prometheus' external labels and Thanos' `--query.replica-label`
    /// name them: alerts that differ in nothing else are one.
    pub replica_labels: Vec<String>,
}

impl Default for Grouping {
    fn default() -> Self {
        Self {
            same_rule_within_minutes: 10,
            related_within_minutes: 0,
            storm_alerts_per_minute: 4,
            replica_labels: ["prometheus_replica", "replica", "__replica__"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

/// `[catalogue]`: where services are described, beside `[[services]]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Catalogue {
    /// Backstage's descriptors: files, and folders with everything in them whose name ends in `catalog-info.yaml`.
    pub backstage: Vec<PathBuf>,
}

/// `[kubernetes]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kubernetes {
    /// For runbooks that name no cluster; not needed when there is only one.
    pub default_cluster: Option<ClusterName>,
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// Look every half minute at what was rolled out in the namespaces of `[[environments]]`, by which field manager, and at
    /// the config maps that it uses, so that cards show it. Takes the rights that `interlock rbac` prints.
    pub follow_rollouts: bool,
}

/// `[kubernetes.clusters.NAME]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's current context when not written.
    pub context: Option<String>,
    /// The account of the pod that Interlock runs in.
    pub in_cluster: bool,
    /// Service account for each tier, as `namespace/name`; a short token is asked for it at each start.
    pub tier_service_accounts: BTreeMap<Tier, String>,
    /// Power that no step could ever need and that is held all the same, as `interlock doctor` names it: `get secrets`.
    /// Held and not written here, Interlock does not start.
    pub allow_power: Vec<String>,
}

/// How a cluster is reached, with the choice made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterAccess<'a> {
    Kubeconfig {
        path: &'a std::path::Path,
        context: Option<&'a str>,
    },
    InCluster,
}

impl Cluster {
    #[must_use]
    pub fn access(&self) -> Option<ClusterAccess<'_>> {
        match (&self.kubeconfig, self.in_cluster) {
            (Some(path), false) => Some(ClusterAccess::Kubeconfig {
                path,
                context: self.context.as_deref(),
            }),
            (None, true) => Some(ClusterAccess::InCluster),
            (Some(_), true) | (None, false) => None,
        }
    }
}

/// `[policy]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// A TOML file with `[[approvers]]`, `[[caches]]`, `[[windows]]`, `[[freezes]]`, `[limits]`, `[protected]`,
    /// `irreversible`, `[break_glass]`, `[[autonomy_limits]]`, `[[risks]]`, `[alone]` and `[confidence]`, which are added to those of the configuration.
    pub path: Option<PathBuf>,
}

/// `[freeze]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Freeze {
    /// While this file exists nothing starts. `freeze` beside `store.path` when not written.
    pub file: Option<PathBuf>,
}

/// `[totp]`: second factors for Tier 3.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totp {
    /// What `interlock totp enroll` writes: everybody's secret, for this user alone to read. Beside `store.path`, with the
    /// ending `totp`, when not written.
    pub file: Option<PathBuf>,
}

/// `[http]`: what steps with `curl` may reach.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// `host`, `host:port` or `scheme://host[:port]`, exact. Without a scheme https, and http to loopback. Empty: none.
    pub allowed_hosts: Vec<String>,
    /// Names out of `allowed_hosts` that may resolve to private addresses, as names inside a cluster do.
    pub private_hosts: Vec<String>,
    /// Values that a header of a runbook names as `@name`.
    pub secrets: BTreeMap<String, Secret>,
}

/// `[alertmanager]`: where silences are made that people approved here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alertmanager {
    /// Its address, with a path if it has one, without `/api/v2`. Not set: no silence is proposed. Nothing else is called for it.
    pub url: Option<BaseUrl>,
    /// Sent as `Authorization: Bearer …`.
    pub bearer_token: Option<Secret>,
    /// Whose approvers a silence takes, where its alerts come from no place that `[[environments]]` knows.
    pub environment: Option<Environment>,
}

/// `[advisor]`: a model that may put the candidates that a person chooses from in another order. Off without a `url`; it is asked
/// nothing else, and nothing else is taken from it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdvisorSection {
    /// Its address without `/v1/messages`, `/chat/completions` or `/embeddings`. The only one that is asked.
    pub url: Option<BaseUrl>,
    pub protocol: AdvisorProtocol,
    pub model: String,
    /// `x-api-key` or `Authorization: Bearer …`, as the protocol has it. Only over https, or on this machine.
    pub api_key: Option<Secret>,
}

/// How a model is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdvisorProtocol {
    /// The Messages API of Anthropic.
    #[default]
    Anthropic,
    /// The Chat Completions API of OpenAI, which many others speak.
    Openai,
    /// The Embeddings API of OpenAI, which many others speak: no words, only which texts are alike.
    Embeddings,
}

/// `[pagerduty]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PagerDuty {
    /// Integration key of the service that is paged (Events API v2).
    pub routing_key: Option<Secret>,
    pub events_base: BaseUrl,
    /// For resolving at the source, notes and who is on call (REST API).
    pub api_token: Option<Secret>,
    pub api_base: BaseUrl,
    /// E-mail address of the PagerDuty user in whose name REST writes are made.
    pub from: Option<String>,
    /// Id of that user (`P…`); webhooks about its own deeds are ignored.
    pub own_user_id: Option<String>,
    /// Escalation policies whose people count as on call.
    pub escalation_policies: Vec<String>,
    /// PagerDuty's user id (`P…`) to Slack's (`U…`): who the group `on-call-now` of the policy is.
    pub people: BTreeMap<String, String>,
}

impl Default for PagerDuty {
    fn default() -> Self {
        Self {
            routing_key: None,
            events_base: BaseUrl::of_default("https://events.pagerduty.com"),
            api_token: None,
            api_base: BaseUrl::of_default("https://api.pagerduty.com"),
            from: None,
            own_user_id: None,
            escalation_policies: Vec::new(),
            people: BTreeMap::new(),
        }
    }
}

/// `[opsgenie]`: for telling Opsgenie that somebody has its alert, or that it is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Opsgenie {
    /// Of an API integration that may update alerts.
    pub api_key: Option<Secret>,
    pub api_base: BaseUrl,
}

impl Default for Opsgenie {
    fn default() -> Self {
        Self {
            api_key: None,
            api_base: BaseUrl::of_default("https://api.opsgenie.com"),
        }
    }
}

/// `[jsm]`: the same for Jira Service Management.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jsm {
    /// The id of the site, as in `https://SITE.atlassian.net/_edge/tenant_info`.
    pub cloud_id: Option<String>,
    /// Of the user in whose name it is written.
    pub email: Option<String>,
    /// That user's.
    pub api_token: Option<Secret>,
    pub api_base: BaseUrl,
}

impl Default for Jsm {
    fn default() -> Self {
        Self {
            cloud_id: None,
            email: None,
            api_token: None,
            api_base: BaseUrl::of_default("https://api.atlassian.com"),
        }
    }
}

/// `[better_stack]`: the same for Better Stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BetterStack {
    /// An Uptime API token of the team.
    pub api_token: Option<Secret>,
    pub api_base: BaseUrl,
}

impl Default for BetterStack {
    fn default() -> Self {
        Self {
            api_token: None,
            api_base: BaseUrl::of_default("https://uptime.betterstack.com"),
        }
    }
}

/// `[incident_io]`: for telling incident.io that an incident is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IncidentIo {
    /// An API key that may view and edit incidents.
    pub api_token: Option<Secret>,
    pub api_base: BaseUrl,
    /// The name of the status that means that it is over; the first of the review, else `Closed`, when it is not set.
    pub resolved_status: Option<String>,
}

impl Default for IncidentIo {
    fn default() -> Self {
        Self {
            api_token: None,
            api_base: BaseUrl::of_default("https://api.incident.io"),
            resolved_status: None,
        }
    }
}

/// `[grafana]`: for annotations of what was done. Off unless both are set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grafana {
    /// `https://grafana.example.com`, with the path that it is served under.
    pub url: Option<BaseUrl>,
    /// Of a service account that may read and create annotations.
    pub api_token: Option<Secret>,
}

/// `[paging]`: how long a card may wait for a human before somebody is paged, in seconds. Low severity never pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paging {
    /// At most 300.
    pub critical_after_seconds: u32,
    pub high_after_seconds: u32,
    pub medium_after_seconds: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            critical_after_seconds: 0,
            high_after_seconds: 120,
            medium_after_seconds: 600,
        }
    }
}

/// `[approval]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approval {
    /// Minutes from the card to the last approval. 1 to 1,440.
    pub approve_by_minutes: u32,
    /// Minutes for which the evidence on a card counts; then it is gathered anew. 1 to 1,440.
    pub evidence_minutes: u32,
    /// Minutes from the last approval to the start. 1 to 1,440.
    pub execute_by_minutes: u32,
}

impl Default for Approval {
    fn default() -> Self {
        Self {
            approve_by_minutes: 30,
            evidence_minutes: 15,
            execute_by_minutes: 10,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Human,
    Json,
}

/// `[log]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// As of `tracing`: `info`, `interlock=debug,warn`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            filter: "info".to_owned(),
        }
    }
}
