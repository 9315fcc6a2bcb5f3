//! `[webhooks]`: the one list of alert sources, and what each may be told. Routes, the command line and the documents are
//! made from `SourceKind::ALL`; what a source's requests must prove is said here once, and checked in `webhook_check`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alert_map::AlertMap;
use super::secret::Secrets;
use crate::domain::alert::Severity;

/// How a source can sign what it sends, beyond a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// It can't: only a token tells who it is.
    None,
    /// HMAC-SHA256 with `secret`, in the sender's own header.
    Hmac,
    /// HMAC-SHA256 with `secret`, in a header that the sender's settings name.
    NamedHmac,
    /// RSA with a key of Amazon's; `topics` says whose messages are meant.
    Topics,
}

macro_rules! sources {
    ($($(#[$doc:meta])* $kind:ident $key:ident $title:literal $signing:ident $token:literal;)+) => {
        /// An alert source that has a parser of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SourceKind {
            $($(#[$doc])* $kind,)+
        }

        impl SourceKind {
            /// All of them, as the documents list them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// In settings, paths and the journal: `/webhooks/NAME`, `[webhooks.NAME]`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($key),)+
                }
            }

            /// As its maker writes it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)+
                }
            }

            #[must_use]
            pub fn signing(self) -> Signing {
                match self {
                    $(Self::$kind => Signing::$signing,)+
                }
            }

            /// Where the sender is told the token, for advice.
            #[must_use]
            pub fn token_place(self) -> &'static str {
                match self {
                    $(Self::$kind => $token,)+
                }
            }
        }

        /// `[webhooks]`
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Webhooks {
            /// Serve sources that have no secret. Only when `server.listen` is a loopback address.
            pub allow_unauthenticated: bool,
            /// The sender's word (any case) to a severity, asked before the built-in table.
            pub severity: BTreeMap<String, Severity>,
            /// Labels that may name the service, the first one present wins.
            pub service_labels: Option<Vec<String>>,
            $(pub $key: WebhookSource,)+
            /// Senders of one's own, each with a `map`: `POST /webhooks/custom/NAME`.
            pub custom: BTreeMap<String, WebhookSource>,
            /// Who may tell what they changed, by the names of `ChangeSource::ALL`: `POST /webhooks/changes/NAME`.
            pub changes: BTreeMap<String, WebhookSource>,
        }

        impl Webhooks {
            #[must_use]
            pub fn source(&self, kind: SourceKind) -> &WebhookSource {
                match kind {
                    $(SourceKind::$kind => &self.$key,)+
                }
            }
        }
    };
}

sources! {
    Alertmanager alertmanager "Alertmanager" None "under `http_config.authorization` of the receiver";
    Prometheus prometheus "Prometheus" None "under `authorization` of the entry in `alerting.alertmanagers`";
    PagerDuty pagerduty "PagerDuty" Hmac "under custom headers of the webhook subscription";
    Grafana grafana "Grafana" NamedHmac "under the contact point's optional webhook settings";
    Opsgenie opsgenie "Opsgenie" None "under the webhook integration's custom headers";
    /// The successor of Opsgenie, which sends the same.
    Jsm jsm "Jira Service Management" None "under the webhook integration's custom headers";
    Datadog datadog "Datadog" None "under the webhook's custom headers";
    CloudWatch cloudwatch "CloudWatch" Topics "as user and password in the subscription's endpoint";
    Sentry sentry "Sentry" Hmac "nowhere: it signs with the integration's client secret";
    Gcp gcp "Google Cloud Monitoring" None "under the notification channel's basic authentication";
    Azure azure "Azure Monitor" None "in the address of the action group's webhook, as `?token=…`";
    IncidentIo incident_io "incident.io" Hmac "nowhere: it signs with the endpoint's signing secret";
    Zabbix zabbix "Zabbix" None "as a parameter of the media type";
    UptimeKuma uptime_kuma "Uptime Kuma" None "under the notification's additional headers";
    BetterStack better_stack "Better Stack" None "under the outgoing webhook's basic authentication or request headers";
    CloudEvents cloudevents "CloudEvents" None "in the `Authorization` header of the delivery";
    /// Interlock's own format, or another by `map`.
    Generic generic "a sender of your own" NamedHmac "in the `Authorization` header of the request";
}

impl SourceKind {
    /// The source of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether the sender can say nothing but an address, so that a token may stand in it.
    #[must_use]
    pub fn may_have_url_token(self) -> bool {
        matches!(self, Self::Gcp | Self::Azure | Self::BetterStack)
    }

    /// Whether `map` means anything to it.
    #[must_use]
    pub fn may_have_map(self) -> bool {
        matches!(self, Self::Generic)
    }

    /// The key to set first, so that it is served.
    #[must_use]
    pub fn first_key(self) -> &'static str {
        match (self, self.signing()) {
            (Self::Azure, _) => "url_token",
            (Self::Gcp | Self::BetterStack, _) => "basic",
            (_, Signing::Hmac) => "secret",
            (_, Signing::Topics) => "topics",
            (_, Signing::None | Signing::NamedHmac) => "bearer_token",
        }
    }
}

/// `[webhooks.SOURCE]`; several values of a secret are valid at once, for rotation. Of the tokens, any one is enough; a
/// signature, where `secret` or `topics` asks for it, must hold as well.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSource {
    /// Expected as `Authorization: Bearer …`.
    pub bearer_token: Secrets,
    /// `USER:PASSWORD`, expected as `Authorization: Basic …`.
    pub basic: Secrets,
    /// The header that `header_token` is expected in.
    pub header: Option<String>,
    pub header_token: Secrets,
    /// Expected as `?token=…`, for senders that can be told an address and nothing else. Proxies log addresses.
    pub url_token: Secrets,
    /// Key of the sender's signature.
    pub secret: Secrets,
    /// Where the signature stands, when it isn't where the sender puts it by default.
    pub signature_header: Option<String>,
    /// Where the time stands that is signed with the body (Grafana). Without it no time is signed.
    pub timestamp_header: Option<String>,
    /// ARNs of the SNS topics that may send here.
    pub topics: Vec<String>,
    /// For alerts in which the sender says nothing of how bad it is.
    pub default_severity: Option<Severity>,
    /// Where in the body things stand.
    pub map: Option<AlertMap>,
}

impl WebhookSource {
    /// Whether requests must prove anything.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.secrets().next().is_some() || !self.topics.is_empty()
    }

    /// Every secret of it.
    pub fn secrets(&self) -> impl Iterator<Item = &super::secret::Secret> {
        [
            &self.bearer_token,
            &self.basic,
            &self.header_token,
            &self.url_token,
            &self.secret,
        ]
        .into_iter()
        .flat_map(Secrets::iter)
    }
}

impl Webhooks {
    /// Every source that has a section, with its path below `/webhooks/`.
    pub fn all(&self) -> impl Iterator<Item = (String, &WebhookSource)> {
        let built_in = SourceKind::ALL
            .iter()
            .map(|kind| (kind.name().to_owned(), self.source(*kind)));
        let custom = self
            .custom
            .iter()
            .map(|(name, source)| (format!("custom/{name}"), source));
        let changes = self
            .changes
            .iter()
            .map(|(name, source)| (format!("changes/{name}"), source));
        built_in.chain(custom).chain(changes)
    }
}
