//! One click from its signed bytes to an intent: what Slack's side of the hot path costs, without the engine.

use std::hint::black_box;
use std::time::Instant;

use axum::http::{HeaderMap, HeaderValue};
use criterion::{Criterion, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit, Mac};
use interlock::slack::Settings;
use interlock::slack::inbound::{Inbound, Kind, Payload, Transport, Verifier, decode};
use sha2::Sha256;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// A click as Slack sends it, with the whole card in it.
fn body() -> String {
    let block = r#"{"type":"section","block_id":"b","text":{"type":"mrkdwn","text":"*Step 1 \u00b7 Flush the connection pool*\nDeletes every key in database 0 of redis-primary. Can't be undone.\nTier 2 (higher risk) \u00b7 Blast radius: 1 cache operation","verbatim":true}}"#;
    let blocks = [block; 10].join(",");
    let click = format!(
        r#"{{"type":"block_actions","user":{{"id":"U0ANA00001","username":"ana","name":"ana","team_id":"T0ACME0001"}},
        "api_app_id":"A1","token":"x","container":{{"type":"message","message_ts":"1763690000.000100","channel_id":"C0INCIDENT",
        "is_ephemeral":false}},"trigger_id":"1.2.abcdef","team":{{"id":"T0ACME0001","domain":"acme"}},"enterprise":null,
        "is_enterprise_install":false,"channel":{{"id":"C0INCIDENT","name":"incidents"}},"message":{{"user":"U0","type":"message",
        "ts":"1763690000.000100","bot_id":"B1","text":"Redis","team":"T0ACME0001","blocks":[{blocks}]}},
        "state":{{"values":{{}}}},"response_url":"https://hooks.slack.com/actions/T/1/x","actions":[{{"action_id":"approve",
        "block_id":"act","text":{{"type":"plain_text","text":"Approve 2 steps"}},"value":"42.1.0123456789ab","style":"primary",
        "type":"button","action_ts":"1763690001.1"}}]}}"#
    );
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &click)
        .finish()
}

fn headers(body: &str) -> HeaderMap {
    let now = jiff::Timestamp::now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    mac.update(format!("v0:{now}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-slack-signature",
        HeaderValue::from_str(&signature).expect("hex"),
    );
    headers.insert("x-slack-request-timestamp", HeaderValue::from(now));
    headers
}

fn one_click(c: &mut Criterion) {
    let mut settings = Settings::new("https://slack.com/api", "xoxb-1");
    settings.signing_secret = Some(SECRET.to_owned());
    let verifier = Verifier::new(&settings).expect("a secret is set");
    let body = body();
    let headers = headers(&body);
    let decode = |body: &str| {
        let payload = Payload::Form(body);
        let inbound = Inbound {
            kind: Kind::Interaction,
            transport: Transport::Http,
            retry: None,
            payload,
            received_at: Instant::now(),
        };
        decode(&inbound).expect("it is a click")
    };
    println!("a click of {} bytes", body.len());
    c.bench_function("slack/verify", |b| {
        b.iter(|| {
            verifier
                .check(black_box(&headers), black_box(body.as_bytes()))
                .is_ok()
        })
    });
    c.bench_function("slack/decode", |b| b.iter(|| decode(black_box(&body))));
    c.bench_function("slack/verify+decode+intent", |b| {
        b.iter(|| {
            decode(
                verifier
                    .check(black_box(&headers), black_box(body.as_bytes()))
                    .expect("signed"),
            )
        });
    });
}

criterion_group!(benches, one_click);
criterion_main!(benches);
