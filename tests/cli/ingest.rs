//! `ingest`: what a webhook's body would be understood as.

use serde_json::Value;

use crate::place::Place;

const DOWN: &str = r#"{"heartbeat": {"status": 0, "time": "2026-11-20 22:26:15.123", "msg": "status code 503"},
  "monitor": {"id": 3, "name": "checkout health", "url": "https://shop.example.test/healthz",
  "tags": [{"name": "service", "value": "checkout"}]}, "msg": "down"}"#;

#[test]
fn a_body_is_shown_as_it_would_be_understood() {
    let place = Place::bare();
    place.write("down.json", DOWN);
    insta::assert_snapshot!(place.run(&["ingest", "--source", "uptime_kuma", "down.json"]).fine(), @r"
    1 alert would be taken.

    checkout health: checkout health: status code 503
      is firing, severity unknown, service checkout
      started 2026-11-20T22:26:15.123Z
      episode 3
      label monitor = checkout health
      label service = checkout
      label url = https://shop.example.test/healthz
    Authenticity is checked on the HTTP request, not here; no secret is configured for this source yet.
    ");
}

#[test]
fn no_text_of_a_sender_makes_a_line_of_ours() {
    let place = Place::bare();
    place.write(
        "interlock.toml",
        "[webhooks.zabbix]\nbearer_token = \"zabbix-token\"\n",
    );
    place.write(
        "ack.json",
        r#"{"event_id": "7\n0 alerts would be taken.", "value": "1", "name": "x", "host": "h\n  is resolved\u2028x",
          "update_action": "acknowledged", "user": "Ana\n  is resolved"}"#,
    );
    let run = |headers: &[&str]| {
        let mut line = vec!["ingest", "--source", "zabbix", "ack.json"];
        line.extend(headers.iter().flat_map(|header| ["--header", header]));
        place.run(&line).fine()
    };
    let said = run(&[]);
    insta::assert_snapshot!(said, @r"
    1 alert would be taken.

    x
      is acknowledged, severity unknown, service unknown
      by Ana is resolved
      episode 7\n0 alerts would be taken.
      fingerprint /h\n  is resolved\u{2028}x
      label host = h\n  is resolved\u{2028}x
    Authenticity is checked on the HTTP request, not here; give its headers with --header to see more.
    ");
    let said = run(&["Authorization: Bearer another"]);
    assert!(
        said.contains("would NOT be authentic: it must carry `Authorization: Bearer` with the token of `webhooks.zabbix.bearer_token`"),
        "{said}"
    );
    let said = run(&["Authorization: Bearer zabbix-token"]);
    assert!(
        said.contains("With these headers it would be authentic."),
        "{said}"
    );
}

#[test]
fn what_would_be_refused_is_found_and_said_as_the_sender_would_hear_it() {
    let place = Place::bare();
    place.write("down.json", DOWN);
    insta::assert_snapshot!(place.run(&["ingest", "--source", "gcp", "down.json"]).found(), @"It would be refused: `incident` is missing, or not an object in { }: this endpoint takes the webhook of Google Cloud Monitoring");
    place.write("list.json", "[]");
    insta::assert_snapshot!(place.run(&["ingest", "--source", "grafana", "list.json"]).found(), @"It would be refused: `body` must be an object in { } (line 1, column 2): this endpoint takes Grafana's webhook, version 1");
    let none = place.run(&["ingest", "--source", "nagios", "down.json"]).failed();
    assert!(
        none.contains("`nagios` is no source; there are alertmanager, prometheus,"),
        "{none}"
    );
    let none = place.run(&["ingest", "--source", "gcp", "nowhere.json"]).failed();
    assert!(none.contains("`nowhere.json` can't be read"), "{none}");
}

#[test]
fn programs_get_json_with_headers_and_the_map_of_the_configuration() {
    let place = Place::bare();
    place.write(
        "interlock.toml",
        "[webhooks.custom.own]\nbearer_token = \"own-secret-token\"\nmap = { jq = \"{title: .t, description: .d, status: .s}\" }\n",
    );
    place.write(
        "own.json",
        r#"{"t": "Disk full", "d": "with own-secret-token", "s": "firing"}"#,
    );
    let said = place
        .run(&["ingest", "--source", "custom/own", "own.json", "--format", "json"])
        .fine();
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["alerts"][0]["title"], "Disk full");
    assert_eq!(
        json["alerts"][0]["description"],
        "with [redacted: secret of interlock]"
    );
    assert_eq!(json["refused"], Value::Null);

    // The operator sees why a program fails; the sender does not.
    place.write("own.json", r#"{"t": [1], "s": {"x": 1} }"#);
    place.write(
        "interlock.toml",
        "[webhooks.custom.own]\nbearer_token = \"own-secret-token\"\nmap = { jq = \"{title: (.s + 1)}\" }\n",
    );
    let said = place
        .run(&["ingest", "--source", "custom/own", "own.json"])
        .found();
    assert!(said.contains("can't be applied to the body: jq: "), "{said}");

    place.write("sentry.json", r#"{"action": "created", "data": {"event": {}}}"#);
    let said = place
        .run(&[
            "ingest",
            "--source",
            "sentry",
            "--header",
            "Sentry-Hook-Resource: issue",
            "sentry.json",
        ])
        .fine();
    assert!(
        said.contains("Left aside: an issue is no alert before a rule of Sentry says so."),
        "{said}"
    );
}
