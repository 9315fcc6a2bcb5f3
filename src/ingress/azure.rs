//! Azure Monitor's common alert schema, and no other: the older schemas differ by service and are refused with the way to
//! change that. Fired and resolved share the alert's id. Dates have seven decimals.
//! Shape: <https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema>.

use super::draft::Draft;
use super::error::ParseError;
use super::json::{first, list, need, object, pairs, part, plain, text};
use super::moment::moment;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

const EXPECTED: &str = "Azure Monitor's common alert schema";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = object(incoming.body, EXPECTED)?;
    if text(&body, "/schemaId").as_deref() != Some("azureMonitorCommonAlertSchema") {
        return Err(ParseError::WrongSender(
            "this is not Azure Monitor's common alert schema: open the action group, edit the webhook, and set \"Enable the common alert schema\" to yes",
        ));
    }
    let essentials = part(&body, "/data/essentials", EXPECTED)?;
    let under = |error: ParseError| error.under("data.essentials");
    let id = need(essentials, "/alertId", EXPECTED).map_err(under)?;
    let condition = need(essentials, "/monitorCondition", EXPECTED).map_err(under)?;
    let status = match condition.as_str() {
        "Fired" => AlertStatus::Firing,
        "Resolved" => AlertStatus::Resolved,
        _ => return Ok(Read::aside("the condition is neither `Fired` nor `Resolved`")),
    };
    let mut draft = Draft::new(status, id);
    let target = list(essentials, "/alertTargetIDs").iter().find_map(plain);
    let rule = first(essentials, &["/alertRuleID", "/alertRule"]).unwrap_or_default();
    draft.fingerprint = format!("{rule} {}", target.clone().unwrap_or_default());
    draft.name = text(essentials, "/alertRule").unwrap_or_default();
    let item = list(essentials, "/configurationItems").iter().find_map(plain);
    draft.title = match &item {
        Some(item) => format!("{} on {item}", draft.name),
        None => draft.name.clone(),
    };
    draft.description = text(essentials, "/description").unwrap_or_default();
    draft.severity = vec![text(essentials, "/severity")];
    draft.label("resource", item);
    draft.label("resource_group", target.as_deref().and_then(resource_group));
    draft.label("signal", text(essentials, "/signalType"));
    draft.label("monitoring_service", text(essentials, "/monitoringService"));
    for (name, value) in pairs(&body, "/data/customProperties") {
        if name.to_ascii_lowercase().contains("runbook") {
            draft.annotate(&name, Some(value));
        } else {
            draft.label(&name, Some(value));
        }
    }
    if let Some(criterion) = list(&body, "/data/alertContext/condition/allOf").first() {
        draft.label("metric", text(criterion, "/metricName"));
        draft.annotate("query", text(criterion, "/searchQuery"));
        draft.annotate("observed_value", text(criterion, "/metricValue"));
        draft.annotate("threshold_value", text(criterion, "/threshold"));
        draft.link("Search results", text(criterion, "/linkToSearchResultsUI"));
    }
    let time = |pointer: &str| essentials.pointer(pointer).and_then(moment);
    draft.starts_at = time("/firedDateTime");
    draft.ends_at = time("/resolvedDateTime");
    Ok(Read::one(draft.finish(incoming)))
}

/// `/subscriptions/…/resourcegroups/shop/providers/…` to `shop`.
fn resource_group(target: &str) -> Option<String> {
    let mut parts = target.split('/');
    parts.find(|part| part.eq_ignore_ascii_case("resourcegroups"))?;
    parts.next().map(str::to_owned)
}
