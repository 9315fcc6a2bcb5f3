//! One recorded or shape-faithful delivery after another, source by source: what each is taken as.

use axum::http::StatusCode;
use interlock::domain::alert::Alert;

use crate::world::{Mood, Recorded, World, at};

/// When the deliveries were recorded.
pub const THEN: &str = "2026-11-20T22:30:00Z";

/// No secret anywhere, on loopback.
const OPEN: &str = "[webhooks]\nallow_unauthenticated = true";

pub fn open() -> World {
    at(THEN, OPEN, Mood::Stores, std::sync::Arc::default())
}

pub fn line(alert: &Alert) -> String {
    let service = alert.service.as_ref().map_or("-".to_owned(), ToString::to_string);
    let time = alert
        .ends_at
        .or(alert.starts_at)
        .map_or("-".to_owned(), |at| at.to_string());
    format!(
        "{:?} [{}] {} {service} {time} {} | {}",
        alert.status, alert.episode, alert.severity, alert.name, alert.title
    )
}

/// What each delivery of the folder is taken as: the answer, then a line an alert.
async fn told(folder: &str, prefix: &str, path: &str) -> String {
    let mut lines = Vec::new();
    for recorded in Recorded::all(folder, prefix) {
        let world = open();
        let answer = world.send(recorded.to(path, &[])).await;
        let name = recorded.name.trim_end_matches(".json");
        let alerts = world.alerts();
        if alerts.is_empty() {
            lines.push(format!(
                "{name}: {} {}",
                answer.status.as_u16(),
                answer.text.trim_end()
            ));
        }
        for alert in &alerts {
            lines.push(format!("{name}: {}", line(alert)));
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn grafana() {
    insta::assert_snapshot!(told("grafana", "webhook_", "/webhooks/grafana").await, @r#"
    webhook_custom_payload: 400 this is JSON, but not Grafana's webhook, version 1 (`version` "1", `orgId` and a list `alerts`): remove the custom payload from the contact point if it is set, or describe it under [webhooks.custom.NAME]
    webhook_datasource_error: Firing [0c97d2454f287f66@2026-11-20T22:26:10Z] unknown - 2026-11-20T22:26:10Z CheckoutHighErrorRate | CheckoutHighErrorRate: DatasourceError
    webhook_firing: Firing [0c97d2454f287f66@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:26:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_group_mixed: Firing [0c97d2454f287f66@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:26:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_group_mixed: Firing [f00167c6efbfa76e@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:26:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_group_mixed: Resolved [f5b09c41cc8fca53@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:41:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_hmac: Firing [0c97d2454f287f66@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:26:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_hmac_timestamp: Firing [0c97d2454f287f66@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:26:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_nodata: Firing [0c97d2454f287f66@2026-11-20T22:26:10Z] unknown - 2026-11-20T22:26:10Z CheckoutHighErrorRate | CheckoutHighErrorRate: DatasourceNoData
    webhook_resolved: Resolved [0c97d2454f287f66@2026-11-20T22:26:10Z] critical checkout 2026-11-20T22:41:10Z CheckoutHighErrorRate | Checkout error ratio above 5 %
    webhook_test_button: 200 nothing to do: the test of a contact point has arrived, and opens nothing
    "#);
}

#[tokio::test]
async fn opsgenie_and_its_successor() {
    let opsgenie = told("opsgenie", "webhook_", "/webhooks/opsgenie").await;
    insta::assert_snapshot!(opsgenie, @r"
    webhook_acknowledge: Acknowledged [052652ac-5d1c-464a-812a-7dd18bbfba8c-1795213577464] critical checkout 2026-11-20T22:26:17.464Z CheckoutHighErrorRate | CheckoutHighErrorRate
    webhook_addnote: 200 nothing to do: the action changes nothing about whether the alert fires
    webhook_close: Resolved [052652ac-5d1c-464a-812a-7dd18bbfba8c-1795213577464] critical checkout 2026-11-20T22:26:40.123Z CheckoutHighErrorRate | CheckoutHighErrorRate
    webhook_create: Firing [052652ac-5d1c-464a-812a-7dd18bbfba8c-1795213577464] critical checkout 2026-11-20T22:26:17.464Z CheckoutHighErrorRate | CheckoutHighErrorRate
    webhook_custom_action: 200 nothing to do: the action changes nothing about whether the alert fires
    ");
    assert_eq!(told("opsgenie", "webhook_", "/webhooks/jsm").await, opsgenie);
}

#[tokio::test]
async fn datadog() {
    insta::assert_snapshot!(told("datadog", "webhook_", "/webhooks/datadog").await, @r"
    webhook_form_encoded: Firing [123456 ] unknown checkout 2026-11-20T22:30:00Z Checkout | Checkout
    webhook_no_data: Firing [1234567890123456789] critical checkout 2026-11-20T22:26:17.464Z Checkout error ratio | Checkout error ratio on service:checkout,env:prod
    webhook_re_triggered: Firing [1234567890123456789] critical checkout 2026-11-20T22:26:17.464Z Checkout error ratio | Checkout error ratio on service:checkout,env:prod
    webhook_recovered: Resolved [1234567890123456789] critical checkout 2026-11-20T22:26:17.464Z Checkout error ratio | Checkout error ratio on service:checkout,env:prod
    webhook_triggered: Firing [1234567890123456789] critical checkout 2026-11-20T22:26:17.464Z Checkout error ratio | Checkout error ratio on service:checkout,env:prod
    webhook_unreplaced_variables: Firing [123456 service:checkout,env:prod] high checkout 2026-11-20T22:26:17.464Z Checkout error ratio | Checkout error ratio on service:checkout,env:prod
    webhook_warn: Firing [1234567890123456789] medium checkout 2026-11-20T22:26:17.464Z Checkout error ratio | Checkout error ratio on service:checkout,env:prod
    ");
}

#[tokio::test]
async fn sentry() {
    insta::assert_snapshot!(told("sentry", "", "/webhooks/sentry").await, @r"
    event_alert_triggered: Firing [issue/1117540176] high shop 2026-11-20T22:26:17.677Z Checkout errors | TimeoutError: acquirer did not answer
    issue_created: 200 nothing to do: an issue is no alert before a rule of Sentry says so
    issue_resolved: Resolved [issue/1117540176] high shop - TimeoutError: acquirer did not answer | TimeoutError: acquirer did not answer
    metric_alert_critical: Firing [metric/4] critical shop 2026-11-20T22:26:40Z Too many errors | Critical: Too many errors
    metric_alert_resolved: Resolved [metric/4] unknown shop 2026-11-20T22:26:40Z Too many errors | Resolved: Too many errors
    metric_alert_warning: Firing [metric/4] medium shop 2026-11-20T22:26:40Z Too many errors | Warning: Too many errors
    ");
}

#[tokio::test]
async fn google_cloud_monitoring() {
    insta::assert_snapshot!(told("gcp_monitoring", "", "/webhooks/gcp").await, @r"
    webhook_closed: Resolved [0.opqiw61fsv7p] critical - 2026-11-20T22:41:17Z VM CPU high | CPU utilization for shop-prod cart-vm-1 is above the threshold of 0.800 with a value of 0.912.
    webhook_open: Firing [0.opqiw61fsv7p] critical - 2026-11-20T22:26:17Z VM CPU high | CPU utilization for shop-prod cart-vm-1 is above the threshold of 0.800 with a value of 0.912.
    webhook_test_notification: 200 nothing to do: the test of a notification channel has arrived, and opens nothing
    ");
}

#[tokio::test]
async fn azure_monitor() {
    insta::assert_snapshot!(told("azure_monitor", "", "/webhooks/azure").await, @r#"
    common_log_v2_fired: Firing [/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.AlertsManagement/alerts/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e] critical - 2026-11-20T22:26:24.3713213Z checkout-cpu | checkout-cpu on cart-1
    common_metric_fired: Firing [/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.AlertsManagement/alerts/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e] critical - 2026-11-20T22:26:24.3713213Z checkout-cpu | checkout-cpu on cart-1
    common_metric_resolved: Resolved [/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.AlertsManagement/alerts/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e] critical - 2026-11-20T22:41:16.2246313Z checkout-cpu | checkout-cpu on cart-1
    legacy_schema_rejected: 400 this is not Azure Monitor's common alert schema: open the action group, edit the webhook, and set "Enable the common alert schema" to yes
    "#);
}

#[tokio::test]
async fn incident_io() {
    insta::assert_snapshot!(told("incidentio", "", "/webhooks/incident_io").await, @r"
    webhook_incident_created_v2: Firing [01FDAG4SAP5TYPT98WGR2N7W91] high - 2026-11-20T22:26:18Z Checkout is failing | Checkout is failing
    webhook_private_incident_id_only: 200 nothing to do: of a private incident only its id is told, so nothing is opened for it
    webhook_status_updated_v2: Resolved [01FDAG4SAP5TYPT98WGR2N7W91] high - 2026-11-20T22:26:18Z Checkout is failing | Checkout is failing
    ");
}

#[tokio::test]
async fn zabbix() {
    insta::assert_snapshot!(told("zabbix", "", "/webhooks/zabbix").await, @r"
    webhook_problem: Firing [4711] high cart 2026-11-20T22:30:00Z High CPU utilization on cart-1 | High CPU utilization on cart-1
    webhook_recovery: Resolved [4711] high cart - High CPU utilization on cart-1 | High CPU utilization on cart-1
    webhook_update_acknowledged: Acknowledged [4711] high cart - High CPU utilization on cart-1 | High CPU utilization on cart-1
    ");
}

#[tokio::test]
async fn uptime_kuma() {
    insta::assert_snapshot!(told("uptime_kuma", "", "/webhooks/uptime_kuma").await, @r"
    webhook_down: Firing [3] unknown - 2026-11-20T22:26:15.123Z checkout health | checkout health: Request failed with status code 503
    webhook_form_data: Firing [3] unknown - 2026-11-20T22:26:15.123Z checkout health | checkout health: timeout
    webhook_message_only: Firing [message/d3f9a1d7dc7da4a3] unknown - 2026-11-20T22:30:00Z CertificateExpiry | [checkout health][https://shop.example.test] certificate will expire in 7 days
    webhook_up: Resolved [3] unknown - 2026-11-20T22:26:15.123Z checkout health | checkout health: 200 - OK
    ");
}

#[tokio::test]
async fn better_stack() {
    insta::assert_snapshot!(told("better_stack", "", "/webhooks/better_stack").await, @r"
    webhook_acknowledged: Acknowledged [25] unknown - 2026-11-20T22:26:15Z checkout | checkout: Status 503
    webhook_resolved: Resolved [25] unknown - 2026-11-20T22:41:00Z checkout | checkout: Status 503
    webhook_started: Firing [25] unknown - 2026-11-20T22:26:15Z checkout | checkout: Status 503
    ");
}

#[tokio::test]
async fn cloudevents() {
    insta::assert_snapshot!(told("cloudevents", "", "/webhooks/cloudevents").await, @r"
    batch: Firing [k-1] critical - 2026-11-20T22:26:15Z Checkout is failing | Checkout is failing
    batch: Firing [k-1] critical - 2026-11-20T22:26:15Z Checkout is failing | Checkout is failing
    binary: Firing [k-1] critical - 2026-11-20T22:26:15Z Checkout is failing | Checkout is failing
    options_handshake: 200 
    structured: Firing [k-1] critical - 2026-11-20T22:26:15Z Checkout is failing | Checkout is failing
    ");
}

#[tokio::test]
async fn interlocks_own_format() {
    insta::assert_snapshot!(told("generic", "", "/webhooks/generic").await, @r"
    runbook_bot_v1_firing: Firing [disk-full:db-2] critical orders-db 2026-11-20T22:26:15Z Disk 97 % full on db-2 | Disk 97 % full on db-2
    runbook_bot_v1_resolved: Resolved [disk-full:db-2] unknown - - (no title) | (no title)
    ");
}

#[tokio::test]
async fn prometheus_itself() {
    let mut lines = Vec::new();
    for recorded in Recorded::all("alertmanager", "prometheus_direct_") {
        // Sent a minute after it was said to have ended, or three minutes before it is renewed.
        let world = at(
            "2026-11-20T22:34:35Z",
            OPEN,
            Mood::Stores,
            std::sync::Arc::default(),
        );
        for path in ["/webhooks/prometheus/api/v2/alerts", "/webhooks/prometheus"] {
            let answer = world.send(recorded.to(path, &[])).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        let alerts = world.alerts();
        assert_eq!(alerts[0], alerts[1]);
        lines.push(format!("{}: {}", recorded.name, line(&alerts[0])));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    prometheus_direct_firing.json: Firing [2371ae4cd8c739f7@2026-11-20T22:33:35.118Z] critical checkout 2026-11-20T22:33:35.118Z CheckoutHighErrorRate | Checkout error ratio is 40%
    prometheus_direct_resolved_1.json: Resolved [2371ae4cd8c739f7@2026-11-20T22:33:35.118Z] critical checkout 2026-11-20T22:34:01.118Z CheckoutHighErrorRate | Checkout error ratio is 40%
    prometheus_direct_resolved_2.json: Resolved [2371ae4cd8c739f7@2026-11-20T22:33:35.118Z] critical checkout 2026-11-20T22:34:01.118Z CheckoutHighErrorRate | Checkout error ratio is 40%
    prometheus_direct_resolved_3.json: Resolved [2371ae4cd8c739f7@2026-11-20T22:33:35.118Z] critical checkout 2026-11-20T22:34:01.118Z CheckoutHighErrorRate | Checkout error ratio is 40%
    ");
}
