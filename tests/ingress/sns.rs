//! CloudWatch through Amazon SNS: what is signed by Amazon for our topic is taken, and for nothing else is anything fetched.

use std::sync::Arc;

use axum::http::StatusCode;
use interlock::domain::alert::AlertStatus;

use crate::sources::THEN;
use crate::world::{Answer, Mood, Recorded, Sns, World, at};

const TO: &str = "/webhooks/cloudwatch";
const CONFIG: &str = r#"
    [webhooks.cloudwatch]
    topics = ["arn:aws:sns:eu-west-1:123456789012:alerts"]
    default_severity = "high"
"#;
const CERTIFICATE: &str =
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem";

fn sns() -> Arc<Sns> {
    let certificate = std::fs::read("tests/data/alerts/cloudwatch_sns/test_cert.pem").unwrap();
    Arc::new(Sns {
        pages: vec![
            (CERTIFICATE.to_owned(), certificate),
            (
                "https://sns.eu-west-1.amazonaws.com/".to_owned(),
                b"<ok/>".to_vec(),
            ),
        ],
        ..Sns::default()
    })
}

fn world(web: &Arc<Sns>) -> World {
    at(THEN, CONFIG, Mood::Stores, web.clone())
}

async fn send(world: &World, name: &str) -> Answer {
    let recorded = Recorded::read("cloudwatch_sns", &format!("{name}.json"));
    world.send(recorded.to(TO, &[])).await
}

#[tokio::test]
async fn alarms_are_taken_with_either_version_of_the_signature() {
    let web = sns();
    let mut told = Vec::new();
    for name in [
        "notification_alarm_v1",
        "notification_ok_v2",
        "notification_insufficient_data_v2_no_subject",
        "notification_plain_text",
    ] {
        let world = world(&web);
        let answer = send(&world, name).await;
        told.push(format!(
            "{name}: {} {}",
            answer.status.as_u16(),
            answer.text.trim_end()
        ));
        for alert in world.alerts() {
            told.push(serde_json::to_string_pretty(&alert).unwrap());
        }
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    notification_alarm_v1: 200 stored
    {
      "source": "cloudwatch",
      "episode": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx",
      "fingerprint": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx",
      "status": "firing",
      "name": "checkout-5xx",
      "title": "checkout-5xx",
      "description": "Runbook: https://runbooks.example.test/checkout/5xx\nThreshold Crossed: 1 out of the last 1 datapoints [37.0 (20/11/26 22:25:00)] was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
      "severity": "high",
      "labels": {
        "LoadBalancer": "app/shop/50dc6c495c0c9188",
        "account": "123456789012",
        "metric": "HTTPCode_Target_5XX_Count",
        "metric_namespace": "AWS/ApplicationELB",
        "region": "eu-west-1"
      },
      "annotations": {
        "runbook_url": "https://runbooks.example.test/checkout/5xx"
      },
      "links": [
        {
          "title": "Runbook page",
          "url": "https://runbooks.example.test/checkout/5xx"
        },
        {
          "title": "CloudWatch",
          "url": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/checkout%2D5xx"
        }
      ],
      "starts_at": "2026-11-20T22:26:15.472Z"
    }
    notification_ok_v2: 200 stored
    {
      "source": "cloudwatch",
      "episode": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx",
      "fingerprint": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx",
      "status": "resolved",
      "name": "checkout-5xx",
      "title": "checkout-5xx",
      "description": "Runbook: https://runbooks.example.test/checkout/5xx\nThreshold Crossed: …",
      "severity": "high",
      "labels": {
        "LoadBalancer": "app/shop/50dc6c495c0c9188",
        "account": "123456789012",
        "metric": "HTTPCode_Target_5XX_Count",
        "metric_namespace": "AWS/ApplicationELB",
        "region": "eu-west-1"
      },
      "annotations": {
        "runbook_url": "https://runbooks.example.test/checkout/5xx"
      },
      "links": [
        {
          "title": "Runbook page",
          "url": "https://runbooks.example.test/checkout/5xx"
        },
        {
          "title": "CloudWatch",
          "url": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/checkout%2D5xx"
        }
      ],
      "ends_at": "2026-11-20T22:41:15.472Z"
    }
    notification_insufficient_data_v2_no_subject: 200 nothing to do: an alarm without enough data neither opens nor ends anything
    notification_plain_text: 200 nothing to do: the message is no CloudWatch alarm
    "#);
}

#[tokio::test]
async fn a_certificate_is_fetched_once() {
    let web = sns();
    let world = world(&web);
    for _ in 0..3 {
        let answer = send(&world, "notification_alarm_v1").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    assert_eq!(*web.asked.lock().unwrap(), [CERTIFICATE]);
    let keys: Vec<_> = world
        .deliveries()
        .into_iter()
        .map(|delivery| delivery.delivery_key)
        .collect();
    assert!(
        keys[0].is_some() && keys.iter().all(|key| *key == keys[0]),
        "{keys:?}"
    );
    assert_eq!(world.alerts()[0].status, AlertStatus::Firing);
}

#[tokio::test]
async fn a_subscription_of_our_topic_is_confirmed() {
    let web = sns();
    let world = world(&web);
    let answer = send(&world, "subscription_confirmation_v1").await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "nothing to do: the subscription is confirmed\n")
    );
    assert_eq!(
        *web.asked.lock().unwrap(),
        [
            CERTIFICATE,
            "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:alerts&Token=2336412f37fb687f5d51e6e2425e90cd"
        ]
    );
    assert!(world.alerts().is_empty());
    let answer = send(&world, "unsubscribe_confirmation_v2").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(
        web.asked.lock().unwrap().len(),
        2,
        "the end of a subscription is not undone"
    );
}

#[tokio::test]
async fn forged_messages_store_nothing_and_reach_nobody() {
    let good = Recorded::read("cloudwatch_sns", "notification_alarm_v1.json").body;
    let subscription = Recorded::read("cloudwatch_sns", "subscription_confirmation_v1.json").body;
    let attack = |name: &str| Recorded::read("cloudwatch_sns", &format!("{name}.json")).body;
    let host = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService";
    for (body, fetches, status) in [
        // Before anything is fetched.
        (attack("attack_cert_url_wrong_host"), 0, 403),
        (attack("raw_message_delivery"), 0, 400),
        (
            good.replace(
                ":123456789012:alerts\",\"Subject",
                ":999999999999:alerts\",\"Subject",
            ),
            0,
            403,
        ),
        (
            good.replace(host, "http://169.254.169.254/SimpleNotificationService"),
            0,
            403,
        ),
        (
            good.replace(
                host,
                "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService",
            ),
            0,
            403,
        ),
        (good.replace("2026-11-20T22:26:16", "2026-11-20T20:26:16"), 0, 403),
        (good.replace("2026-11-20T22:26:16", "2026-11-20T23:26:16"), 0, 403),
        (
            good.replace("\"SignatureVersion\":\"1\"", "\"SignatureVersion\":\"3\""),
            0,
            400,
        ),
        // With the true certificate.
        (attack("attack_subscribe_url_ssrf"), 1, 403),
        (good.replace("checkout-5xx", "payments-5xx"), 1, 403),
        (
            good.replace("\"SignatureVersion\":\"1\"", "\"SignatureVersion\":\"2\""),
            1,
            403,
        ),
        (
            subscription.replace("Action=ConfirmSubscription", "Action=DeleteTopic"),
            1,
            403,
        ),
    ] {
        let web = sns();
        let world = world(&web);
        let answer = world.post(TO, &[], body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert_eq!(web.asked.lock().unwrap().len(), fetches, "{}", answer.text);
        assert!(world.alerts().is_empty());
    }
}

#[tokio::test]
async fn without_its_certificate_a_message_is_to_come_again() {
    let web = Arc::new(Sns::default());
    let world = world(&web);
    let answer = send(&world, "notification_alarm_v1").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    // What is no certificate is none.
    let web = Arc::new(Sns {
        pages: vec![(
            CERTIFICATE.to_owned(),
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
        )],
        ..Sns::default()
    });
    let answer = send(&self::world(&web), "notification_alarm_v1").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
}

#[tokio::test]
async fn strangers_can_not_make_it_fetch_without_end() {
    let web = sns();
    let world = world(&web);
    let good = Recorded::read("cloudwatch_sns", "notification_alarm_v1.json").body;
    for number in 0..40 {
        let body = good.replace("00000000000000000000000000000000", &format!("{number:032x}1"));
        assert!(!world.post(TO, &[], body).await.status.is_success());
    }
    assert_eq!(web.asked.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn without_topics_nothing_is_confirmed_even_on_loopback() {
    let web = sns();
    let world = at(
        THEN,
        "[webhooks]\nallow_unauthenticated = true",
        Mood::Stores,
        web.clone(),
    );
    let answer = send(&world, "subscription_confirmation_v1").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.text.contains("webhooks.cloudwatch.topics"),
        "{}",
        answer.text
    );
    send(&world, "notification_alarm_v1").await;
    assert_eq!(world.alerts().len(), 1);
    assert!(web.asked.lock().unwrap().is_empty());
}
