//! Tokens of every kind, several at once during rotation, and sources that have none.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use interlock::app;
use interlock::config::{ChangeSource, Settings, Signing, SourceKind};
use interlock::ingress::{Authenticity, Sample, understand_changes};

use crate::world::{Mood, Recorded, with};

#[tokio::test]
async fn any_one_of_the_tokens_is_enough_and_each_must_be_whole() {
    let config = r#"
        [webhooks.gcp]
        bearer_token = ["bearer-old-1", "bearer-new-2"]
        basic = ["gcp:old-secret", "gcp:new-secret"]
        header = "X-Token"
        header_token = "header-1"
        url_token = ["url-old-1", "url-new-2"]
    "#;
    let world = with(config, Mood::Stores);
    let body = Recorded::read("gcp_monitoring", "webhook_open.json").body;
    let basic = |pair: &str| {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    };
    let path = "/webhooks/gcp";
    let post =
        async |path: &str, headers: &[(&str, &str)]| world.post(path, headers, body.clone()).await.status;
    for (path, name, value) in [
        (path, "authorization", "Bearer bearer-old-1".to_owned()),
        (path, "authorization", "bearer bearer-new-2".to_owned()),
        (path, "authorization", basic("gcp:old-secret")),
        (path, "authorization", basic("gcp:new-secret")),
        (path, "x-token", "header-1".to_owned()),
        ("/webhooks/gcp?token=url-old-1", "x", "y".to_owned()),
        ("/webhooks/gcp?a=b&token=url-new-2", "x", "y".to_owned()),
    ] {
        assert_eq!(
            post(path, &[(name, &value)]).await,
            StatusCode::OK,
            "{name} {value}"
        );
    }
    for (path, name, value) in [
        (path, "authorization", "Basic bearer-old-1".to_owned()),
        (path, "authorization", "Bearer header-1".to_owned()),
        (path, "authorization", basic("gcp:")),
        (path, "authorization", basic("gcp:new-secre")),
        (path, "authorization", basic(":new-secret")),
        (path, "authorization", "Basic ###".to_owned()),
        (path, "x-token", String::new()),
        (path, "x-token", "header-1, header-2".to_owned()),
        ("/webhooks/gcp?token=", "x", "y".to_owned()),
        ("/webhooks/gcp?token=url-old-1&token=x", "x", "y".to_owned()),
        ("/webhooks/gcp?Token=url-old-1", "x", "y".to_owned()),
        ("/webhooks/gcp?token=header-1", "x", "y".to_owned()),
    ] {
        assert_eq!(
            post(path, &[(name, &value)]).await,
            StatusCode::UNAUTHORIZED,
            "{path} {name} {value}"
        );
    }
    assert_eq!(world.alerts().len(), 7);
}

#[tokio::test]
async fn without_a_secret_no_source_is_served() {
    let world = with("", Mood::Stores);
    for kind in SourceKind::ALL {
        let answer = world.post(&format!("/webhooks/{}", kind.name()), &[], "{}").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", kind.name());
        assert!(answer.text.contains(kind.name()), "{}", answer.text);
    }
    let answer = world.post("/webhooks/prometheus/api/v2/alerts", &[], "[]").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let ask = Request::options("/webhooks/cloudevents")
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.send(ask).await.status, StatusCode::NOT_FOUND);
    // An address that isn't this machine's alone opens nothing, whatever is allowed.
    assert!(world.alerts().is_empty());
}

#[tokio::test]
async fn a_sender_of_cloudevents_may_ask_whether_it_may_send() {
    let world = with(
        "[webhooks.cloudevents]\nbearer_token = \"events-token\"",
        Mood::Stores,
    );
    let recorded = Recorded::read("cloudevents", "options_handshake.json");
    let answer = world.send(recorded.to("/webhooks/cloudevents", &[])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.headers["webhook-allowed-origin"],
        "eventemitter.example.com"
    );
    assert_eq!(answer.headers["allow"], "POST, OPTIONS");
    let plain = Request::options("/webhooks/cloudevents")
        .body(Body::empty())
        .unwrap();
    assert!(
        !world
            .send(plain)
            .await
            .headers
            .contains_key("webhook-allowed-origin")
    );
    // To be allowed to send proves nothing.
    let event = Recorded::read("cloudevents", "structured.json");
    let answer = world.send(event.to("/webhooks/cloudevents", &[])).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn grafana_may_put() {
    let world = with(
        "[webhooks.grafana]\nbearer_token = \"grafana-token\"",
        Mood::Stores,
    );
    let body = Recorded::read("grafana", "webhook_firing.json").body;
    let request = Request::put("/webhooks/grafana")
        .header("authorization", "Bearer grafana-token")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(world.send(request).await.status, StatusCode::OK);
    assert_eq!(world.alerts().len(), 1);
}

/// Whoever is turned away reads what a request of theirs must carry, and which key of the configuration says it: of every source,
/// whatever is configured for it, and never a secret.
#[tokio::test]
async fn who_is_refused_reads_which_credential_is_wanted_and_which_key_holds_it() {
    for kind in SourceKind::ALL
        .iter()
        .filter(|kind| **kind != SourceKind::CloudWatch)
    {
        let section = format!("webhooks.{}", kind.name());
        let config = format!(
            "[{section}]\nbearer_token = \"s3cret-1\"\nbasic = \"ana:s3cret-2\"\nheader = \"X-Api-Key\"\nheader_token = \"s3cret-3\"\n"
        );
        // A token in the address is for those who can send no header.
        let in_address = matches!(
            kind,
            SourceKind::Gcp | SourceKind::Azure | SourceKind::BetterStack
        );
        let config = match in_address {
            true => format!("{config}url_token = \"s3cret-4\"\n"),
            false => config,
        };
        let answer = with(&config, Mood::Stores)
            .post(
                &format!("/webhooks/{}", kind.name()),
                &[("authorization", "Bearer x")],
                "{}",
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", kind.name());
        for wanted in [
            format!("the header `Authorization` with `Bearer` and the token of `{section}.bearer_token`"),
            format!("the header `x-api-key` with the value of `{section}.header_token`"),
            format!("the header `Authorization` with `Basic` and the user and password of `{section}.basic`"),
        ] {
            assert!(answer.text.contains(&wanted), "{wanted}\n{}", answer.text);
        }
        let address = format!(
            "as `?token=…` in the address that its sender posts to, with the token of `{section}.url_token`"
        );
        assert_eq!(answer.text.contains(&address), in_address, "{}", answer.text);
        assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    }
    for (source, wanted) in [
        (
            "pagerduty",
            "`X-PagerDuty-Signature` with the secret of the webhook subscription, which `webhooks.pagerduty.secret` holds",
        ),
        (
            "grafana",
            "`x-grafana-alerting-signature` (hex of HMAC-SHA256) with the secret that `webhooks.grafana.secret` holds",
        ),
        (
            "sentry",
            "`sentry-hook-signature` (hex of HMAC-SHA256) with the secret that `webhooks.sentry.secret` holds",
        ),
        (
            "incident_io",
            "`webhook-signature` with the endpoint's signing secret (`whsec_…`), which `webhooks.incident_io.secret` holds",
        ),
        (
            "generic",
            "`x-signature` (hex of HMAC-SHA256) with the secret that `webhooks.generic.secret` holds",
        ),
    ] {
        let config = format!("[webhooks.{source}]\nsecret = \"whsec_czNjcmV0LXMzY3JldC1zM2NyZXQ=\"\n");
        let answer = with(&config, Mood::Stores)
            .post(&format!("/webhooks/{source}"), &[], "{}")
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{source}");
        assert!(answer.text.contains(wanted), "{wanted}\n{}", answer.text);
        assert!(!answer.text.contains("czNj"), "{}", answer.text);
    }
}

/// Google Cloud Monitoring sends user and password when it is asked for them, and not before.
#[tokio::test]
async fn who_may_prove_itself_by_a_password_is_asked_for_one() {
    for (config, wanted) in [
        ("basic = \"gcp:s3cret-2\"", "Basic realm=\"interlock\""),
        ("bearer_token = \"s3cret-1\"", "Bearer"),
    ] {
        let answer = with(&format!("[webhooks.gcp]\n{config}\n"), Mood::Stores)
            .post("/webhooks/gcp", &[], "{}")
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers.get("www-authenticate").unwrap(), wanted);
    }
    // What is told of a token in the address is not told of a header.
    let answer = with("[webhooks.gcp]\nurl_token = \"s3cret-4\"\n", Mood::Stores)
        .post("/webhooks/gcp", &[], "{}")
        .await;
    assert_eq!(
        answer.text.trim_end(),
        "not authentic: it must carry the parameter `token` in its address, set as `?token=…` in the address that its sender posts to, \
         with the token of `webhooks.gcp.url_token`"
    );
}

/// The log says what a sender is told, and goes through the redactor: which header and which key must come out of it.
#[tokio::test]
async fn what_is_told_of_a_credential_is_not_taken_for_one() {
    let tokens = "bearer_token = \"s3cret-bearer-1\"\nbasic = \"ana:s3cret-basic-2\"\nheader = \"X-Api-Token\"\nheader_token = \"s3cret-header-3\"\n";
    let signed = |signing: Signing| match signing {
        Signing::Hmac | Signing::NamedHmac => "secret = \"whsec_czNjcmV0LXMzY3JldC1zM2NyZXQ=\"\n",
        Signing::None | Signing::Topics => "",
    };
    let clean = app::cleaner(app::redactor(&Settings::default()).unwrap());
    for kind in SourceKind::ALL
        .iter()
        .filter(|kind| **kind != SourceKind::CloudWatch)
    {
        let in_address = if kind.may_have_url_token() {
            "url_token = \"s3cret-url-4\"\n"
        } else {
            ""
        };
        let config = format!(
            "[webhooks.{}]\n{tokens}{in_address}{}",
            kind.name(),
            signed(kind.signing())
        );
        let path = format!("/webhooks/{}", kind.name());
        let answer = with(&config, Mood::Stores).post(&path, &[], "{}").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", kind.name());
        assert_eq!(clean(&answer.text), answer.text);
    }
    let config: String = ChangeSource::ALL
        .iter()
        .map(|sender| {
            format!(
                "[webhooks.changes.{}]\n{tokens}{}",
                sender.name(),
                signed(sender.signing())
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("interlock.toml");
    std::fs::write(&path, config).unwrap();
    let settings = Settings::load(Some(&path), std::iter::empty()).unwrap();
    for sender in ChangeSource::ALL {
        // Enough of each for all to read it.
        let sample = Sample {
            headers: [("x-github-event".parse().unwrap(), "ping".parse().unwrap())]
                .into_iter()
                .collect(),
            query: None,
            body: br#"{"object_kind": "x", "involvedObject": {}, "app": "a", "payload": {}, "title": "t"}"#
                .to_vec(),
        };
        let (_, proof) =
            understand_changes(sender.name(), &sample, &settings, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let Authenticity::Fails(advice) = proof else {
            panic!("{proof:?}");
        };
        assert!(advice.contains("`Authorization` with `Bearer`"), "{advice}");
        assert_eq!(clean(&advice), advice);
    }
}
