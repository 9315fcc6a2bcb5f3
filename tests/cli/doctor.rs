//! The doctor, and what it makes of servers that say too much.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};

use super::place::{CONFIG, Place};

const GITHUB: &str = "ghp_CNRYaB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW";
const BOT: &str = "xoxb-1-1-CNRYslack0815";
const ACCOUNT: &str = "CNRY&account<0815>";

/// A server that answers Slack's questions and a cluster's with everything that it should keep to itself.
fn talkative() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let said = format!("no: {GITHUB} {BOT} {ACCOUNT} password=CNRYpa55w0rd");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.extend(byte);
            }
            let (status, body) = match head.starts_with(b"POST /slack/") || head.starts_with(b"GET /slack/") {
                true => ("200 OK", json!({"ok": false, "error": said})),
                false => (
                    "403 Forbidden",
                    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": said,
                        "reason": "Forbidden", "code": 403}),
                ),
            };
            // Go writes these three so.
            let body = body.to_string().replace('&', "\\u0026").replace('<', "\\u003c");
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // Whoever has hung up has heard enough.
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    address
}

#[test]
fn what_servers_say_is_told_without_secrets() {
    let address = talkative();
    let place = Place::new();
    let config = CONFIG
        .replace("http://127.0.0.1:9/api", &format!("http://{address}/slack"))
        .replace("xoxb-1-1-test", BOT);
    place.write("interlock.toml", &config);
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "main",
        "clusters": [{"name": "main", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": "interlock", "user": {"token": ACCOUNT}}],
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "interlock"}}],
    });
    place.write("kubeconfig.yaml", &kubeconfig.to_string());

    let said = place.run(&["doctor"]).found();
    let programs = place.run(&["doctor", "--format", "json"]).found();
    for said in [&said, &programs] {
        assert!(!said.contains("CNRY"), "{said}");
    }
    let told: Value = serde_json::from_str(&programs).unwrap();
    let findings = told["findings"].as_array().unwrap();
    for about in ["slack", "cluster main"] {
        let of = |mark: &str| {
            let mut found = findings.iter().filter(|one| one["about"] == about);
            found.any(|one| one["text"].as_str().unwrap().contains(mark))
        };
        for mark in ["[redacted: GitHub token]", "[redacted: secret of interlock]"] {
            assert!(of(mark), "{about} is not told with {mark}: {programs}");
        }
    }
}

#[test]
fn why_a_command_could_not_run_is_told_without_secrets() {
    let place = Place::bare();
    place.write(
        "interlock.toml",
        "[webhooks.generic]\nbearer_token = \"own-secret-token\"\n",
    );
    place.write("body.json", "{}");
    let header = format!("Authorization own-secret-token {GITHUB}");
    let said = place
        .run(&["ingest", "--source", "generic", "--header", &header, "body.json"])
        .failed();
    assert!(
        said.contains(
            "`Authorization [redacted: secret of interlock] [redacted: GitHub token]` is no header"
        ),
        "{said}"
    );
}
