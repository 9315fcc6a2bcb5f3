//! What the settings say, as the adapters want to have it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::StartError;
use super::looks::{Servers, Tracing};
use crate::actions::kubernetes::clusters::{ClusterSettings, Clusters};
use crate::actions::kubernetes::tokens::Account;
use crate::config::{Secret, Settings, SlackCredentials};
use crate::evidence::jaeger::{Jaeger, JaegerSettings};
use crate::evidence::loki::Loki;
use crate::evidence::prometheus::Prometheus;
use crate::evidence::tempo::{Tempo, TempoSettings};
use crate::paging::better_stack::BetterStack;
use crate::paging::grafana::Grafana;
use crate::paging::incident_io::IncidentIo;
use crate::paging::jsm::Jsm;
use crate::paging::opsgenie::Opsgenie;
use crate::paging::sources::Teller;
use crate::paging::{PageError, PagerDuty};
use crate::slack;

/// The configured clusters, none of them asked yet.
pub(super) fn clusters(settings: &Settings) -> Clusters {
    let known = settings.kubernetes.clusters.iter();
    Clusters::new(
        known
            .map(|(name, cluster)| (name.clone(), cluster_settings(cluster)))
            .collect(),
    )
}

fn cluster_settings(cluster: &crate::config::Cluster) -> ClusterSettings {
    ClusterSettings {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        in_cluster: cluster.in_cluster,
        tier_accounts: cluster
            .tier_service_accounts
            .iter()
            .map(|(tier, account)| {
                // The settings have been checked for it; without a namespace no token is given, and nothing runs.
                let (namespace, name) = account.split_once('/').unwrap_or(("", account));
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                (*tier, Account { namespace, name })
            })
            .collect(),
    }
}

/// Sources that are configured to take our word.
pub(super) fn tellers(settings: &Settings, pagerduty: &Arc<PagerDuty>) -> Result<Vec<Teller>, PageError> {
    let pagerduty = pagerduty.can_resolve_at_source().then(|| pagerduty.clone());
    let all = [
        pagerduty.map(Teller::PagerDuty),
        Opsgenie::new(&settings.opsgenie)?.map(Teller::Opsgenie),
        Jsm::new(&settings.jsm)?.map(Teller::Jsm),
        BetterStack::new(&settings.better_stack)?.map(Teller::BetterStack),
        IncidentIo::new(&settings.incident_io)?.map(Teller::IncidentIo),
        Grafana::new(&settings.grafana)?.map(Teller::Grafana),
    ];
    Ok(all.into_iter().flatten().collect())
}

pub(super) fn slack_settings(settings: &Settings, credentials: &SlackCredentials) -> slack::Settings {
    let mut made = match credentials {
        SlackCredentials::Socket { bot_token, app_token } => {
            let mut made = slack::Settings::new(settings.slack.api_base.as_str(), bot_token.expose());
            made.app_token = Some(app_token.expose().to_owned());
            made
        }
        SlackCredentials::Http {
            bot_token,
            signing_secret,
        } => {
            let mut made = slack::Settings::new(settings.slack.api_base.as_str(), bot_token.expose());
            made.signing_secret = Some(signing_secret.expose().to_owned());
            made
        }
    };
    if let Some(public) = &settings.public_url
        && let Ok(url) = url::Url::parse(public.as_str())
    {
        made.allowed_hosts.extend(url.host_str().map(str::to_owned));
    }
    made
}

/// The Prometheus that is configured, if there is one.
pub(super) fn prometheus(settings: &Settings) -> Result<Option<Prometheus>, StartError> {
    let section = &settings.prometheus;
    let Some(url) = &section.url else {
        return Ok(None);
    };
    let bearer = section.bearer_token.as_ref().map(exposed);
    let within = Duration::from_secs(u64::from(section.timeout_seconds));
    let made = Prometheus::new(url.as_str(), bearer, within);
    made.map(Some)
        .map_err(|error| StartError::Setup(format!("prometheus.url: {error}")))
}

/// Everybody who is asked for evidence.
pub(super) fn evidence(settings: &Settings) -> Result<Servers, StartError> {
    let traces = match tempo(settings)? {
        Some(tempo) => Some(Tracing::Tempo(tempo)),
        None => jaeger(settings)?.map(Tracing::Jaeger),
    };
    Ok(Servers {
        prometheus: prometheus(settings)?,
        loki: loki(settings)?,
        traces,
    })
}

/// The Loki that is configured, if there is one.
fn loki(settings: &Settings) -> Result<Option<Loki>, StartError> {
    let section = &settings.loki;
    let Some(url) = &section.url else {
        return Ok(None);
    };
    let made = Loki::new(
        url.as_str(),
        section.bearer_token.as_ref().map(exposed),
        section.tenant.as_deref(),
        Duration::from_secs(u64::from(section.timeout_seconds)),
        SignedDuration::from_mins(i64::from(section.minutes)),
    );
    made.map(Some)
        .map_err(|error| StartError::Setup(format!("loki.url: {error}")))
}

/// The Tempo that is configured, if there is one.
fn tempo(settings: &Settings) -> Result<Option<Tempo>, StartError> {
    let section = &settings.tempo;
    let Some(url) = &section.url else {
        return Ok(None);
    };
    let grafana = section.grafana_url.as_ref();
    let made = Tempo::new(TempoSettings {
        base: url.as_str(),
        bearer: section.bearer_token.as_ref().map(exposed),
        tenant: section.tenant.as_deref(),
        within: Duration::from_secs(u64::from(section.timeout_seconds)),
        back: SignedDuration::from_mins(i64::from(section.minutes)),
        explore: grafana
            .map(|url| url.as_str())
            .zip(section.grafana_datasource.as_deref()),
    });
    made.map(Some)
        .map_err(|error| StartError::Setup(format!("tempo: {error}")))
}

/// The Jaeger that is configured, if there is one.
fn jaeger(settings: &Settings) -> Result<Option<Jaeger>, StartError> {
    let section = &settings.jaeger;
    let Some(url) = &section.url else {
        return Ok(None);
    };
    let made = Jaeger::new(JaegerSettings {
        base: url.as_str(),
        bearer: section.bearer_token.as_ref().map(exposed),
        within: Duration::from_secs(u64::from(section.timeout_seconds)),
        back: SignedDuration::from_mins(i64::from(section.minutes)),
        page: section.ui_url.as_ref().map(|url| url.as_str()),
    });
    made.map(Some)
        .map_err(|error| StartError::Setup(format!("jaeger: {error}")))
}

fn exposed(secret: &Secret) -> String {
    secret.expose().to_owned()
}
