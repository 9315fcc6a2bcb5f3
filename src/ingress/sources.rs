//! What each source of `config::SourceKind` is read with and proves itself by: the one place where a new source is added on
//! this side. The paths are made from the same list.

use http::HeaderName;

use super::read::Parser;
use super::signature::Scheme;
use super::{
    alertmanager, azure, better_stack, cloudevents, datadog, gcp, generic, grafana, incident_io, opsgenie,
    pagerduty, prometheus, sentry, uptime_kuma, zabbix,
};
use crate::config::{SourceKind, WebhookSource};

/// Groups of alerts have no bound at their senders; 1,000 alerts are some 700 KB.
const LARGE: usize = 5 * 1024 * 1024;
/// One alert or incident; the largest documented are 256 KB.
const SMALL: usize = 1024 * 1024;

/// How a body is read.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    Parser(Parser),
    /// In an envelope with a signature of its own.
    Sns,
}

pub(super) fn reader(kind: SourceKind) -> Reader {
    Reader::Parser(match kind {
        SourceKind::Alertmanager => alertmanager::read,
        SourceKind::Prometheus => prometheus::read,
        SourceKind::PagerDuty => pagerduty::read,
        SourceKind::Grafana => grafana::read,
        SourceKind::Opsgenie | SourceKind::Jsm => opsgenie::read,
        SourceKind::Datadog => datadog::read,
        SourceKind::CloudWatch => return Reader::Sns,
        SourceKind::Sentry => sentry::read,
        SourceKind::Gcp => gcp::read,
        SourceKind::Azure => azure::read,
        SourceKind::IncidentIo => incident_io::read,
        SourceKind::Zabbix => zabbix::read,
        SourceKind::UptimeKuma => uptime_kuma::read,
        SourceKind::BetterStack => better_stack::read,
        SourceKind::CloudEvents => cloudevents::read,
        SourceKind::Generic => generic::read,
    })
}

/// How a source signs, with the headers that the operator named.
pub(super) fn scheme(kind: SourceKind, source: &WebhookSource) -> Scheme {
    match kind {
        SourceKind::PagerDuty => Scheme::PagerDuty,
        SourceKind::IncidentIo => Scheme::Standard,
        SourceKind::Sentry => hex(source, sentry::SIGNATURE),
        SourceKind::Grafana => hex(source, grafana::SIGNATURE),
        SourceKind::Generic => hex(source, generic::SIGNATURE),
        SourceKind::Alertmanager
        | SourceKind::Prometheus
        | SourceKind::Opsgenie
        | SourceKind::Jsm
        | SourceKind::Datadog
        | SourceKind::CloudWatch
        | SourceKind::Gcp
        | SourceKind::Azure
        | SourceKind::Zabbix
        | SourceKind::UptimeKuma
        | SourceKind::BetterStack
        | SourceKind::CloudEvents => Scheme::Unsigned,
    }
}

fn hex(source: &WebhookSource, usual: &'static str) -> Scheme {
    let named = |name: &Option<String>| -> Option<HeaderName> {
        name.as_deref()
            .and_then(|name| name.to_ascii_lowercase().parse().ok())
    };
    Scheme::Hex {
        header: named(&source.signature_header).unwrap_or(HeaderName::from_static(usual)),
        time: named(&source.timestamp_header),
    }
}

/// Bytes of one body.
pub(super) fn most_bytes(kind: SourceKind) -> usize {
    match kind {
        SourceKind::Alertmanager | SourceKind::Prometheus | SourceKind::Grafana => LARGE,
        SourceKind::PagerDuty
        | SourceKind::Opsgenie
        | SourceKind::Jsm
        | SourceKind::Datadog
        | SourceKind::CloudWatch
        | SourceKind::Sentry
        | SourceKind::Gcp
        | SourceKind::Azure
        | SourceKind::IncidentIo
        | SourceKind::Zabbix
        | SourceKind::UptimeKuma
        | SourceKind::BetterStack
        | SourceKind::CloudEvents
        | SourceKind::Generic => SMALL,
    }
}

/// What Prometheus appends to the prefix that it is given.
pub(super) const PROMETHEUS_PATH: &str = "/webhooks/prometheus/api/v2/alerts";
