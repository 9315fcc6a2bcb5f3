//! Kubernetes Secrets in what passes through, and their values in what comes later.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::redactor;

const VALUE: &str = "kV9-correct-horse-77";
const WORD: &str = "production";

fn yaml() -> String {
    format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  data:\n    password: {}\n    stage: {}\n    tls.crt: |\n      {}\n  kind: Secret\n  metadata:\n    name: db\n- apiVersion: v1\n  data:\n    level: debug-31337-x9\n  kind: ConfigMap\n",
        STANDARD.encode(VALUE),
        STANDARD.encode(WORD),
        STANDARD.encode("-----BEGIN CERTIFICATE-----\nMIIB\n"),
    )
}

fn json() -> String {
    let secret = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration":
                serde_json::json!({"kind": "Secret", "data": {"password": STANDARD.encode(VALUE)}}).to_string(),
        }},
        "data": {"password": STANDARD.encode(VALUE), "stage": STANDARD.encode(WORD)},
        "stringData": {"dsn": "user=\"ana\" {really} pin 8-4711-x"},
    });
    let map =
        serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"level": "debug-31337-x9"}});
    serde_json::to_string_pretty(&serde_json::json!({"kind": "List", "items": [secret, map]})).expect("JSON")
}

#[test]
fn the_values_of_a_secret_are_taken_out_whatever_they_are_and_what_stands_beside_it_stays() {
    let compact = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text)
            .expect("JSON")
            .to_string()
    };
    for text in [yaml(), json(), compact(&json())] {
        let clean = redactor().clean(&text).into_owned();
        for value in [VALUE, WORD] {
            assert!(!clean.contains(&STANDARD.encode(value)), "{clean}");
        }
        assert!(!clean.contains("8-4711-x"), "{clean}");
        assert!(clean.contains("[redacted: Kubernetes secret]"), "{clean}");
        for stays in ["debug-31337-x9", "db", "ConfigMap", "Secret"] {
            assert!(clean.contains(stays), "{stays} is gone:\n{clean}");
        }
        assert_eq!(redactor().clean(&clean), clean, "a second look changes it");
    }
}

/// Releases of Helm are that long, and their `kind` comes behind.
#[test]
fn a_value_that_is_longer_than_what_is_looked_at_is_taken_out_too() {
    let long = "TG9uZ0xvbmcx".repeat(20_000);
    let after = "kind: Secret\nmetadata: {}\n";
    for text in [
        format!("apiVersion: v1\ndata:\n  release: {long}\n{after}"),
        format!("{{\"data\":{{\"release\":\"{long}\"}},\"kind\":\"Secret\"}}"),
    ] {
        let clean = redactor().clean(&text).into_owned();
        assert!(
            !clean.contains("TG9uZ0xv") && clean.len() < 200,
            "{} bytes",
            clean.len()
        );
    }
}

#[test]
fn a_secret_that_was_cut_is_taken_out_at_every_letter() {
    let encoded = STANDARD.encode(VALUE);
    for text in [
        yaml()
            .split_once("- apiVersion")
            .expect("an item")
            .1
            .replace("  kind: Secret", "  kind:  Secret"),
        json(),
    ] {
        let text = format!("kind: Secret\n{text}");
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let clean = redactor().clean(&text[..at]).into_owned();
            // Where the map's own object still says what it is.
            if text[..at].matches("Secret").count() > 1 {
                assert!(!clean.contains(&encoded[..12]), "cut at {at}:\n{clean}");
            }
        }
    }
}

#[test]
fn a_value_that_was_seen_is_taken_out_of_everything_from_then_on() {
    for text in [yaml(), json()] {
        let redactor = redactor();
        assert_eq!(redactor.clean(VALUE), VALUE, "nobody knows it yet");
        redactor.see(&text);
        for form in [
            VALUE.to_owned(),
            STANDARD.encode(VALUE),
            format!("https://x/?p={VALUE}"),
        ] {
            let clean = redactor.clean(&form).into_owned();
            assert!(clean.contains("[redacted: Kubernetes secret]"), "{clean}");
            assert!(!clean.contains("correct-horse"), "{clean}");
        }
        for known in [WORD, "debug-31337-x9", "-----BEGIN CERTIFICATE-----"] {
            assert_eq!(redactor.clean(known), known, "everybody knows that");
        }
    }
}

#[test]
fn what_everybody_may_know_is_not_remembered() {
    let redactor = redactor();
    for value in [
        "production",
        "redis-primary.prod.svc",
        "localhost:6379",
        "ana@example.com",
        "true",
        "a1",
        "PostgreSQL",
        "short1",
        "postgres-v2",
        "db-01a.internal",
    ] {
        redactor.see(&format!("kind: Secret\ndata:\n  x: {}\n", STANDARD.encode(value)));
        assert_eq!(redactor.clean(value), value);
    }
}

/// Memory stays bounded, and the newest are the ones that are known.
#[test]
fn of_many_values_the_newest_are_remembered() {
    let redactor = redactor();
    let value = |number: usize| format!("v4lue-number-{number}x");
    let data: String = (0..600)
        .map(|number| format!("  k{number}: {}\n", STANDARD.encode(value(number))))
        .collect();
    redactor.see(&format!("kind: Secret\ndata:\n{data}"));
    assert!(redactor.clean(&value(599)).contains("[redacted"));
    assert_eq!(redactor.clean(&value(0)), value(0));
}

/// As many maps and braces as fit: it ends, and soon.
#[test]
fn a_text_made_to_take_long_does_not() {
    let hostile = "kind: Secret {\"data\":{".repeat(500);
    let clean = redactor().clean(&hostile).into_owned();
    assert!(!clean.is_empty());
    let hostile = format!("kind: Secret\n{}", "data:\n".repeat(1_000));
    assert!(!redactor().clean(&hostile).is_empty());
}
