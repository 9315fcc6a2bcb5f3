//! CloudWatch alarms, as they stand in the `Message` of an SNS notification. (The envelope, its signature and the
//! subscription are the business of `sns`.) An alarm keeps its ARN over episodes, so the time of the state change tells
//! them apart; `INSUFFICIENT_DATA` neither opens nor ends anything. The region stands in the ARN; `Region` is a display name.

use serde_json::Value;

use super::draft::Draft;
use super::json::{list, text};
use super::moment::written;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

/// `message` is the text inside the envelope, `id` its `MessageId`, the same on a retry.
pub(super) fn read(incoming: &Incoming<'_>, message: &str, id: &str) -> Read {
    let alarm: Value = serde_json::from_str(message).unwrap_or_default();
    let (Some(name), Some(state)) = (text(&alarm, "/AlarmName"), text(&alarm, "/NewStateValue")) else {
        return Read::aside("the message is no CloudWatch alarm");
    };
    let status = match state.as_str() {
        "ALARM" => AlertStatus::Firing,
        "OK" => AlertStatus::Resolved,
        _ => return Read::aside("an alarm without enough data neither opens nor ends anything"),
    };
    let arn = text(&alarm, "/AlarmArn");
    let account = text(&alarm, "/AWSAccountId");
    let key = arn.clone().unwrap_or_else(|| {
        let region = text(&alarm, "/Region").unwrap_or_default();
        format!("{}/{region}/{name}", account.clone().unwrap_or_default())
    });
    let mut draft = Draft::new(status, key);
    draft.name = name;
    let about = text(&alarm, "/AlarmDescription");
    let reason = text(&alarm, "/NewStateReason");
    draft.description = [about, reason]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    let mut in_arn = arn.as_deref().unwrap_or_default().split(':').skip(3);
    let region = in_arn
        .next()
        .filter(|region| !region.is_empty())
        .map(str::to_owned);
    draft.label("region", region.clone());
    draft.label("account", account);
    // `namespace` alone would be read as Kubernetes's.
    draft.label("metric_namespace", text(&alarm, "/Trigger/Namespace"));
    draft.label("metric", text(&alarm, "/Trigger/MetricName"));
    for dimension in list(&alarm, "/Trigger/Dimensions") {
        if let Some(name) = text(dimension, "/name") {
            draft.label(&name, text(dimension, "/value"));
        }
    }
    draft.service = ["ServiceName", "Service"]
        .iter()
        .find_map(|name| draft.labels.get(*name).cloned());
    draft.link(
        "CloudWatch",
        region.and_then(|region| console(&region, &draft.name)),
    );
    let at = text(&alarm, "/StateChangeTime").and_then(|text| written(&text));
    draft.changed_at(at);
    let alert = draft.finish(incoming);
    let key = (!id.is_empty()).then(|| incoming.delivery(id));
    Read::one(alert).with_key(key)
}

/// The alarm's page in the console.
fn console(region: &str, name: &str) -> Option<String> {
    let plain = region
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    plain.then(|| {
        format!(
            "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"
        )
    })
}
