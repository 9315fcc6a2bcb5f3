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
    let mut alerts = group(incoming.body, incoming.mapping, incoming.source, Dialect::Grafana)?;
    for alert in &mut alerts {
        alert.source_ref = Some(dashboard_of(alert));
    }
    let (tests, alerts): (Vec<Alert>, Vec<Alert>) = alerts.into_iter().partition(is_test);
    let mut read = Read::alerts(alerts);
    if !tests.is_empty() {
        read.aside
            .push("the test of a contact point has arrived, and opens nothing");
    }
    Ok(read)
}

/// Where a note about it belongs: the uid in its dashboard's address, `/d/UID/…`; empty for the whole organisation.
fn dashboard_of(alert: &Alert) -> String {
    let links = alert.links.iter().filter(|link| link.title == "Dashboard");
    let uid = links.filter_map(|link| link.url.split("/d/").nth(1)).next();
    let uid: String = uid
        .unwrap_or_default()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    if uid.len() <= 40 { uid } else { String::new() }
}

fn is_test(alert: &Alert) -> bool {
    let is = |label: &str, value: &str| alert.labels.get(label).is_some_and(|found| found == value);
    is("alertname", "TestAlert") && is("instance", "Grafana")
}
