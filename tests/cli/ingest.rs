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
        place.run(&line)
    };
    let said = run(&[]).fine();
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
    let said = run(&["Authorization: Bearer another"]).found();
    assert!(
        said.contains("would NOT be authentic: it must carry the header `Authorization` with `Bearer` and the token of `webhooks.zabbix.bearer_token`"),
        "{said}"
    );
    let said = run(&["Authorization: Bearer zabbix-token"]).fine();
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

#[test]
fn a_change_can_be_tried_with_the_rules_of_the_wire() {
    let place = Place::bare();
    place.write(
        "interlock.toml",
        "[webhooks.changes.argocd]\nbearer_token = \"argo-secret-token\"\n[webhooks.gcp]\nurl_token = \"gcp-secret-token\"\n",
    );
    place.write(
        "sync.json",
        "\u{feff}{\"app\": \"cart\", \"phase\": \"<no value>\", \"revision\": \"f95f852b\", \"startedAt\": \"2026-01-02T03:04:05Z\", \
         \"message\": \"by argo-secret-token\"}",
    );
    let run = |more: &[&str]| {
        let mut line = vec!["ingest", "sync.json"];
        line.extend(more);
        place.run(&line)
    };
    insta::assert_snapshot!(run(&["--source", "changes/argocd?service=checkout"]).fine(), @r"
    1 change would be taken.

    03:04:05 UTC, deploy of checkout: sync of f95f852b by [redacted: secret of interlock], not known whether it took effect
      at 2026-01-02T03:04:05Z
      id cart f95f852b 2026-01-02T03:04:05Z
      it would be left aside now: more than a day old, or dated ahead
    Authenticity is checked on the HTTP request, not here; give its headers with --header to see more.
    ");
    let said = run(&[
        "--source",
        "changes/argocd",
        "--header",
        "Authorization: Bearer argo-secret-token",
    ])
    .fine();
    assert!(
        said.contains("deploy of cart: ") && said.contains("With these headers it would be authentic."),
        "{said}"
    );
    let said = run(&[
        "--source",
        "changes/argocd",
        "--header",
        "Authorization: Bearer another",
    ])
    .found();
    assert!(
        said.contains("NOT be authentic: it must carry the header `Authorization` with `Bearer`"),
        "{said}"
    );
    let json: Value =
        serde_json::from_str(&run(&["--source", "changes/argocd", "--format", "json"]).fine()).unwrap();
    assert_eq!(json["changes"][0]["state"], "unknown", "{json}");
    place.write(
        "sync.json",
        r#"{"service": "cart", "title": "v2", "at": "yesterday"}"#,
    );
    insta::assert_snapshot!(run(&["--source", "changes/generic"]).found(), @r#"It would be refused: `at` is "yesterday", which is no time: write it like 2026-11-20T22:26:15Z, or as seconds since 1970"#);
    let none = run(&["--source", "changes/argo"]).failed();
    assert!(
        none.contains("`changes/argo` is no source; there are changes/github, changes/gitlab,"),
        "{none}"
    );

    // A token in the address is given like the rest of it.
    place.write("sync.json", r#"{"incident": {"incident_id": "i", "state": "open", "summary": "s", "policy_name": "p"}, "version": "1.2"}"#);
    run(&["--source", "gcp?token=wrong"]).found();
    run(&["--source", "gcp?token=gcp-secret-token"]).fine();
}

#[test]
fn what_is_no_json_is_told_as_what_it_is() {
    let place = Place::bare();
    let refused = |source: &str, body: &[u8]| {
        std::fs::write(place.path("body.json"), body).unwrap();
        place.run(&["ingest", "--source", source, "body.json"]).found()
    };
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let deep = format!("{{\"alerts\": {deep}}}");
    for source in ["alertmanager", "gcp", "generic", "changes/generic"] {
        // Alertmanager's own keys are no lists of lists.
        let said = match source {
            "alertmanager" => refused("zabbix", deep.as_bytes()),
            other => refused(other, deep.as_bytes()),
        };
        assert!(
            said.contains("nested too deep (line 1, column") && said.contains("127 times at most"),
            "{source}: {said}"
        );
        let said = refused(source, b"{\"a\":\n \"\xff\"}");
        assert!(
            said.contains("the body is not UTF-8 (byte 9, in line 2): send JSON as UTF-8"),
            "{source}: {said}"
        );
    }
    // As Windows' editors write it.
    let body = format!("\u{feff}{DOWN}");
    std::fs::write(place.path("body.json"), body).unwrap();
    let said = place
        .run(&["ingest", "--source", "uptime_kuma", "body.json"])
        .fine();
    assert!(said.contains("1 alert would be taken."), "{said}");
}

#[test]
fn a_time_that_is_none_is_refused_and_what_a_template_had_no_value_for_is_not_shown_as_one() {
    let place = Place::bare();
    let shown = |source: &str, body: &str| {
        place.write("body.json", body);
        place.run(&["ingest", "--source", source, "body.json"])
    };
    let own = r#"{"title": "Disk full", "starts_at": "yesterday"}"#;
    let said = shown("generic", own).found();
    assert!(
        said.contains("`starts_at` is \"yesterday\", which is no time"),
        "{said}"
    );
    shown("generic", &own.replace("yesterday", "")).fine();

    let alert = |annotations: &str| {
        format!(
            r#"{{"version": "4", "alerts": [{{"status": "firing", "labels": {{"alertname": "DiskFull", "instance": "db-1"}}, "annotations": {annotations}}}]}}"#
        )
    };
    let said = shown(
        "alertmanager",
        &alert(r#"{"summary": "<no value> is full", "description": "<no value> % of db-1"}"#),
    )
    .fine();
    assert!(said.contains("DiskFull: DiskFull on db-1\n"), "{said}");
    let said = shown(
        "alertmanager",
        &alert(r#"{"summary": "[no value]", "title": "A disk is full"}"#),
    )
    .fine();
    assert!(said.contains("DiskFull: A disk is full\n"), "{said}");
    let said = shown("generic", r#"{"title": "<no value>", "name": "DiskFull"}"#).fine();
    assert!(said.contains("\nDiskFull\n"), "{said}");
}
