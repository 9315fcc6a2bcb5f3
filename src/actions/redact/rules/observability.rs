//! What watches and pages: Datadog, New Relic, Grafana, Sentry, Dynatrace, PagerDuty and others.

use super::{Hides, Rule};

pub const RULES: [Rule; 14] = [
    Rule::token(
        "Grafana token",
        &["glsa_"],
        r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}",
    ),
    Rule::token("Grafana token", &["glc_"], r"glc_[A-Za-z0-9+/=_-]{32,}"),
    // The keys before service accounts were JSON in base64, `{"k":"`.
    Rule::token("Grafana token", &["eyJrIjoi"], r"eyJrIjoi[A-Za-z0-9]{60,}={0,2}"),
    Rule::named(
        "Datadog key",
        &["datadog", "dd_api", "dd_app", "dd-api", "dd-app"],
        key_of!(
            "datadog|dd[_-](?:api|app(?:lication)?)",
            "[0-9a-f]{40}|[0-9a-f]{32}"
        ),
        Hides::Group,
    ),
    Rule::token(
        "Datadog key",
        &["ddapp_", "ddpat_", "ddsat_"],
        r"dd(?:app|pat|sat)_[A-Za-z0-9_]{30,}",
    ),
    // https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
    Rule::token(
        "New Relic key",
        &["NRAK-", "NRII-", "NRIQ-", "NRRA-", "NRAA-", "NRJS-", "NRSP-"],
        r"NR(?:AK|II|IQ|RA|AA|JS|SP)-[A-Za-z0-9_-]{18,}",
    ),
    Rule::named(
        "New Relic key",
        &["nral"],
        r"(?-u:\b)(?<secret>(?:eu01xx)?[0-9a-fA-F]{30,36}(?:FFFF)?NRAL)(?-u:\b)",
        Hides::Group,
    ),
    Rule::token(
        "Sentry token",
        &["sntrys_", "sntryu_", "sntryi_"],
        r"sntry(?:s_eyJ[A-Za-z0-9+/=_-]{40,}|[ui]_[a-f0-9]{64})",
    ),
    // https://docs.dynatrace.com: prefix, public part, secret.
    Rule::token(
        "Dynatrace token",
        &["dt0"],
        r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
    ),
    Rule::named(
        "PagerDuty key",
        &[
            "pagerduty",
            "pd_",
            "routing_key",
            "integration_key",
            "service_key",
        ],
        r#"(?i:pagerduty|pd)[A-Za-z0-9_. -]{0,24}(?i:key|token)\\{0,8}["']?[ \t]{0,4}[=:][ \t]{0,4}\\{0,8}["']?(?<secret>[A-Za-z0-9+_-]{20,32})|(?i:(?:routing|integration|service)_key)\\{0,8}["']?[ \t]{0,4}[=:][ \t]{0,4}\\{0,8}["']?(?<secret2>[0-9a-fA-F]{32}|R[A-Z0-9]{31})"#,
        Hides::Group,
    ),
    Rule::named(
        "Opsgenie key",
        &["genie"],
        r#"(?i:genie)[A-Za-z0-9_. -]{0,24}(?i:key)[ \t"':=]{1,6}(?<secret>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"#,
        Hides::Group,
    ),
    Rule::token(
        "Honeycomb key",
        &["hcaik_", "hcbik_", "hcalk_"],
        r"hc[abx][ilm]k_[a-z0-9]{50,}",
    ),
    Rule::named(
        "Splunk token",
        &["splunk", "hec"],
        key_of!(
            "splunk|hec",
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
        ),
        Hides::Group,
    ),
    Rule::named(
        "Elastic key",
        &["essu_"],
        r"(?<secret>essu_[A-Za-z0-9+/=_-]{30,})",
        Hides::Group,
    )
    .exactly(),
];
