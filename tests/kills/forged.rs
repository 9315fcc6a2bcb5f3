//! What nobody should believe: without a token or a signature, or well signed and of days ago.

use std::time::Duration;

use super::place;

/// What proves nothing is told so; that nothing comes of any of it is seen after each kill. `number` tells one from another.
pub async fn forge(http: &reqwest::Client, address: &str, number: u64) {
    let base = format!("http://{address}");
    let alert = place::alert(9_000_000 + number, "firing");
    let alerts = http.post(format!("{base}/webhooks/alertmanager")).json(&alert);
    let command = "command=%2Frunbook&text=freeze+forged&team_id=T0ACME0001&user_id=U0ANA00001&channel_id=C0INC&trigger_id=1";
    let command = http
        .post(format!("{base}/slack/commands"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "x-slack-request-timestamp",
            jiff::Timestamp::now().as_second().to_string(),
        )
        .header("x-slack-signature", format!("v0={}", "0".repeat(64)))
        .body(command);
    for request in [alerts, command] {
        if let Ok(answer) = request.timeout(Duration::from_secs(2)).send().await {
            assert_ne!(answer.status(), 200, "{} was believed", answer.url());
        }
    }
    // Who listened in then sends it again. It is answered with 200, since nobody is to send it a third time.
    let old = place::taken_from_the_wire();
    let mut request = http.post(format!("{base}/webhooks/pagerduty")).body(old.body);
    for (name, value) in old.headers {
        request = request.header(name, value);
    }
    let _ = request.timeout(Duration::from_secs(2)).send().await;
}
