//! Everything that can be set. `Settings::load` is the one way in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::alone_rows::{AloneKeys, AutonomyRow, ConfidenceKeys, RiskRow};
use super::backstage::{self, Backstage};
use super::error::ConfigError;
use super::guard_rows::{BreakGlassKeys, FreezeRow, LimitKeys, ProtectedKeys, WindowRow};
use super::rows::{ApproverRow, CacheRow, EnvironmentRow, OperatorRow, RouteRow, ServiceRow, SettleRow};
use super::secret::Secret;
use super::sections::{
    AdvisorSection, Alertmanager, Approval, AutonomySection, Backup, BetterStack, Catalogue, Checkpoints,
    Execution, Freeze, Grafana, Grouping, Heartbeat, Http, IncidentIo, Jaeger, Jsm, Kubernetes, Log, Loki,
    Opsgenie, PagerDuty, Paging, Policy, Prometheus, Retention, Runbooks, Server, Slack, Standby,
    StandbyLease, Store, Tempo, Totp, WatchdogSection,
};
use super::value::BaseUrl;
use super::webhooks::Webhooks;
use crate::domain::action::CommandPattern;
use crate::domain::ids::Revision;

/// The whole configuration, checked. Without a file and without environment it is a bot that may look and propose, and
/// that nobody can approve anything on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub server: Server,
    pub store: Store,
    pub runbooks: Runbooks,
    pub execution: Execution,
    pub autonomy: AutonomySection,
    pub slack: Slack,
    pub kubernetes: Kubernetes,
    pub policy: Policy,
    pub freeze: Freeze,
    pub totp: Totp,
    pub backup: Backup,
    pub retention: Retention,
    pub heartbeat: Heartbeat,
    pub watchdog: WatchdogSection,
    pub checkpoints: Checkpoints,
    pub standby: Standby,
    pub webhooks: Webhooks,
    pub http: Http,
    pub prometheus: Prometheus,
    pub loki: Loki,
    pub tempo: Tempo,
    pub jaeger: Jaeger,
    pub alertmanager: Alertmanager,
    pub advisor: AdvisorSection,
    pub pagerduty: PagerDuty,
    pub opsgenie: Opsgenie,
    pub jsm: Jsm,
    pub better_stack: BetterStack,
    pub incident_io: IncidentIo,
    pub grafana: Grafana,
    pub paging: Paging,
    pub approval: Approval,
    pub grouping: Grouping,
    pub log: Log,
    pub environments: Vec<EnvironmentRow>,
    pub routes: Vec<RouteRow>,
    /// Of the configuration, and then of the descriptors that `catalogue.backstage` names.
    pub services: Vec<ServiceRow>,
    pub catalogue: Catalogue,
    /// What was found in them.
    #[serde(skip)]
    pub backstage: Backstage,
    /// Of the configuration and of `policy.path`.
    pub caches: Vec<CacheRow>,
    /// Of the configuration and of `policy.path`.
    pub approvers: Vec<ApproverRow>,
    /// Words of commands that nothing takes back (`rollout undo deployment/billing`): Tier 3, whatever their kind. Of
    /// the configuration and of `policy.path`.
    pub irreversible: Vec<CommandPattern>,
    /// Of the configuration and of `policy.path`, as the three below.
    pub windows: Vec<WindowRow>,
    pub freezes: Vec<FreezeRow>,
    pub limits: LimitKeys,
    pub protected: ProtectedKeys,
    pub break_glass: BreakGlassKeys,
    /// Of the configuration and of `policy.path`, as the three below.
    pub autonomy_limits: Vec<AutonomyRow>,
    pub risks: Vec<RiskRow>,
    pub alone: AloneKeys,
    pub confidence: ConfidenceKeys,
    pub operators: Vec<OperatorRow>,
    /// How long a source without a resolve call may take to say `resolved` after the last step. 1 to 86,400.
    pub settle_seconds: u32,
    /// How long alerts then have to stay resolved.
    pub settle: Vec<SettleRow>,
    /// Where people reach this server, for links; none are made without it.
    pub public_url: Option<BaseUrl>,
}

/// Whether the configuration has a key of this name at its top.
pub(super) fn has_section(name: &str) -> bool {
    serde_json::to_value(Settings::default())
        .is_ok_and(|all| all.as_object().is_some_and(|keys| keys.contains_key(name)))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: Server::default(),
            store: Store::default(),
            runbooks: Runbooks::default(),
            execution: Execution::default(),
            autonomy: AutonomySection::default(),
            slack: Slack::default(),
            kubernetes: Kubernetes::default(),
            policy: Policy::default(),
            freeze: Freeze::default(),
            totp: Totp::default(),
            backup: Backup::default(),
            retention: Retention::default(),
            heartbeat: Heartbeat::default(),
            watchdog: WatchdogSection::default(),
            checkpoints: Checkpoints::default(),
            standby: Standby::default(),
            webhooks: Webhooks::default(),
            http: Http::default(),
            prometheus: Prometheus::default(),
            loki: Loki::default(),
            tempo: Tempo::default(),
            jaeger: Jaeger::default(),
            alertmanager: Alertmanager::default(),
            advisor: AdvisorSection::default(),
            pagerduty: PagerDuty::default(),
            opsgenie: Opsgenie::default(),
            jsm: Jsm::default(),
            better_stack: BetterStack::default(),
            incident_io: IncidentIo::default(),
            grafana: Grafana::default(),
            paging: Paging::default(),
            approval: Approval::default(),
            grouping: Grouping::default(),
            log: Log::default(),
            environments: Vec::new(),
            routes: Vec::new(),
            services: Vec::new(),
            catalogue: Catalogue::default(),
            backstage: Backstage::default(),
            caches: Vec::new(),
            approvers: Vec::new(),
            irreversible: Vec::new(),
            windows: Vec::new(),
            freezes: Vec::new(),
            limits: LimitKeys::default(),
            protected: ProtectedKeys::default(),
            break_glass: BreakGlassKeys::default(),
            autonomy_limits: Vec::new(),
            risks: Vec::new(),
            alone: AloneKeys::default(),
            confidence: ConfidenceKeys::default(),
            operators: Vec::new(),
            settle_seconds: 300,
            settle: Vec::new(),
            public_url: None,
        }
    }
}

impl Settings {
    /// Reads the descriptors. A service that `[[services]]` names is as it says there.
    ///
    /// # Errors
    /// A path that is named can't be read.
    pub(super) fn add_backstage(&mut self) -> Result<(), ConfigError> {
        let paths = &self.catalogue.backstage;
        self.backstage = backstage::read(paths)
            .map_err(|(path, source)| ConfigError::CatalogueUnreadable { path, source })?;
        let named = self.services.len();
        for row in &self.backstage.services {
            let mut own = self.services.iter().take(named);
            if !own.any(|one| one.name.as_str().eq_ignore_ascii_case(row.name.as_str())) {
                self.services.push(row.clone());
            }
        }
        Ok(())
    }

    /// Every secret that is set, for redaction.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Secret> {
        let Self {
            slack,
            webhooks,
            http,
            pagerduty,
            opsgenie,
            jsm,
            better_stack,
            incident_io,
            grafana,
            checkpoints,
            prometheus,
            loki,
            tempo,
            jaeger,
            alertmanager,
            advisor,
            heartbeat,
            ..
        } = self;
        let webhooks: Vec<&Secret> = webhooks.all().flat_map(|(_, source)| source.secrets()).collect();
        [
            &slack.bot_token,
            &slack.app_token,
            &slack.signing_secret,
            &pagerduty.routing_key,
            &pagerduty.api_token,
            &opsgenie.api_key,
            &jsm.api_token,
            &better_stack.api_token,
            &incident_io.api_token,
            &grafana.api_token,
            &checkpoints.key,
            &checkpoints.webhook.bearer_token,
            &checkpoints.s3.secret_access_key,
            &prometheus.bearer_token,
            &loki.bearer_token,
            &tempo.bearer_token,
            &jaeger.bearer_token,
            &alertmanager.bearer_token,
            &advisor.api_key,
            &heartbeat.url,
        ]
        .into_iter()
        .flatten()
        .chain(webhooks)
        .chain(http.secrets.values())
        .collect()
    }

    /// Which Lease is to be held; `None` where no standby is configured.
    #[must_use]
    pub fn standby_lease(&self) -> Option<StandbyLease> {
        let (namespace, name) = self.standby.lease.as_ref()?.split_once('/')?;
        let known = &self.kubernetes.clusters;
        let only = || known.keys().next().filter(|_| known.len() == 1).cloned();
        let named = self.standby.cluster.clone();
        let cluster = named
            .or_else(|| self.kubernetes.default_cluster.clone())
            .or_else(only)?;
        Some(StandbyLease {
            cluster,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            seconds: self.standby.lease_seconds,
        })
    }

    /// The freeze file, with its default filled in.
    #[must_use]
    pub fn freeze_file(&self) -> PathBuf {
        self.freeze
            .file
            .clone()
            .unwrap_or_else(|| self.store.path.with_file_name("freeze"))
    }

    /// The file of second factors, with its default filled in.
    #[must_use]
    pub fn totp_file(&self) -> PathBuf {
        let beside = || self.store.path.with_extension("totp");
        self.totp.file.clone().unwrap_or_else(beside)
    }

    /// Where it is kept whose App Homes are open: beside the database, with the ending `.homes`.
    #[must_use]
    pub fn homes_file(&self) -> PathBuf {
        self.store.path.with_extension("homes")
    }

    /// Content hash of what decides who may approve what: part of every plan's digest. The order of rows counts for
    /// nothing, since rows are alternatives.
    #[must_use]
    pub fn policy_revision(&self) -> Revision {
        let mut lines: Vec<String> = self
            .approvers
            .iter()
            .map(|row| format!("approvers {row:?}"))
            .chain(self.caches.iter().map(|row| format!("caches {row:?}")))
            .chain(
                self.irreversible
                    .iter()
                    .map(|row| format!("irreversible {row:?}")),
            )
            .chain(
                self.environments
                    .iter()
                    .map(|row| format!("environments {row:?}")),
            )
            .chain(self.guard_lines())
            .chain(self.alone_lines())
            .collect();
        lines.sort();
        let mut hash = Sha256::new();
        for line in lines {
            hash.update(line.len().to_be_bytes());
            hash.update(line.as_bytes());
        }
        Revision::new(format!("sha256:{}", hex::encode(hash.finalize())))
    }
}
