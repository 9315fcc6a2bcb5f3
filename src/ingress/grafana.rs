//! Grafana Alerting's webhook, version 1: Alertmanager's shape with keys more. Pseudo-alerts (no data, an error of the data
//! source) are named after their rule; the contact point's test opens nothing.
//! Shape and signature: <https://github.com/grafana/alerting> `receivers/webhook/v1`, `http/hmac.go`.

use super::alertmanager::{Dialect, group};
use super::error::ParseError;
use super::read::{Incoming, Read};
use crate::domain::alert::Alert;

/// The header of the signature when the contact point names none.
pub(super) const SIGNATURE: &str = "x-grafana-alerting-signature";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let alerts = group(incoming.body, incoming.mapping, incoming.source, Dialect::Grafana)?;
    let (tests, alerts): (Vec<Alert>, Vec<Alert>) = alerts.into_iter().partition(is_test);
    let mut read = Read::alerts(alerts);
    if !tests.is_empty() {
        read.aside
            .push("the test of a contact point has arrived, and opens nothing");
    }
    Ok(read)
}

fn is_test(alert: &Alert) -> bool {
    let is = |label: &str, value: &str| alert.labels.get(label).is_some_and(|found| found == value);
    is("alertname", "TestAlert") && is("instance", "Grafana")
}
