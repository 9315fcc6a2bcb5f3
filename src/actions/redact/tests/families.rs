//! What is told by what stands around it: headers, addresses, names, files, command lines; and that no family is without a case.

use super::{filled, is_taken_out, marked, redactor, stays, vendors};
use crate::actions::redact::cues::FAMILIES;

const CASES: &[(&str, &str, &str)] = &[
    // On the wire
    (
        "connection string",
        "postgres://app:«p4ss»@db.internal:5432/orders",
        "postgres://app@db.internal:5432/orders",
    ),
    (
        "connection string",
        "redis://:«p4ss»@cache:6379/0",
        "redis://cache:6379/0",
    ),
    (
        "connection string",
        "amqps://u:«p@ss»@mq/vhost mongodb+srv://u:«p4»@c0.mongodb.net",
        "https://example.com/@ana:x",
    ),
    (
        "connection string",
        "git clone https://«{a24}»@example.com/x",
        "https://ana@example.com/x",
    ),
    (
        "authorization",
        "Authorization: Basic «c29tZTpiYXNpYw==»",
        "custom headers {\\\"Authorization\\\": \\\"Bearer …\\\"}",
    ),
    (
        "authorization",
        "{\\\"authorization\\\":[\\\"Bearer «abc.def»\\\"]}",
        "authorization failed for ana",
    ),
    (
        "authorization",
        "Authorization: Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"«{h32}»\"",
        "digest: sha256:{h64}",
    ),
    (
        "authorization",
        "Proxy-Authorization: «{a20}»",
        "authorization is off",
    ),
    (
        "authorization",
        "it sent Basic «YWRtaW46aHVudGVyMjI=»",
        "Basic functionality is tested in basic functionality tests",
    ),
    (
        "bearer token",
        "curl -H 'bearer «abcdef0123456789abcdef»'",
        "the bearer of bad news",
    ),
    (
        "JWT",
        "«eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl»",
        "eyJ alone",
    ),
    (
        "JWT",
        "x: «ZXlKaGJHY2lPaUpTVXpJMU5pSjkuZXlKcGMzTWlPaUpyZFdKbEluMC5jMmxuYm1GMGRYSmw»",
        "ZXlKaGJHY2lPa",
    ),
    ("cookie", "Set-Cookie: sid=«{a20}; Path=/»", "cookie: none"),
    (
        "cookie",
        "{\"Cookie\": \"a=«1bcdef; b=2ghijk»\"}",
        "the cookie banner is broken",
    ),
    // By a name
    (
        "password",
        "connecting with password=«hunter2» to db",
        "password rotation is due",
    ),
    (
        "password",
        r#"{"db":{"password": "«hunter2»"}}"#,
        r#"{"passwordPolicy": {"min": 8}}"#,
    ),
    (
        "password",
        r#"{\"password\": \"«hunter2»\"}"#,
        "secretName: redis-tls",
    ),
    (
        "password",
        r#"{\\\"password\\\":\\\"«hunter2»\\\"}"#,
        "passwords are hashed",
    ),
    (
        "password",
        "DB_PASSWORD: «hunter2»\nnext: line",
        "PASSWORD_FILE=/run/x",
    ),
    (
        "password",
        "Server=db;User Id=sa;Password=«Str0ng!»;Encrypt=true pwd=«x9»",
        "Server=db;Encrypt=true",
    ),
    ("password", r#"password: "«one\"two»""#, "the compass: north"),
    (
        "password",
        "password: |\n  «hunter2hunter2»\nnext",
        "passthrough: on",
    ),
    ("password", "'password' => '«hunter2»'", "bypass: none"),
    (
        "password",
        "<password>«hunter2»</password>",
        "<passwordless>yes</passwordless>",
    ),
    ("secret", "<apiKey>«{a20}»</apiKey>", "<apiKey>none</apiKey>"),
    (
        "password",
        "<add key=\"DbPassword\" value=\"«hunter2»\"/>",
        "<add key=\"Timeout\" value=\"30\"/>",
    ),
    (
        "secret",
        "x_api_key: «{a20}» ENCRYPTION_KEY=«{a20}»",
        "api_key: missing",
    ),
    ("secret", "client_secret => \"«{a20}»\"", "secret: ${SECRET_1234}"),
    ("token", "access_token=«0123456789abcdef»&x=1", "token: expired"),
    ("token", "JSESSIONID=«{u32}»", "token={{ .Values.token2 }}"),
    (
        "private key",
        "{\"private_key\": \"«{a60}»\"}",
        "private_key: /etc/ssl/key.pem",
    ),
    // Command lines
    (
        "password",
        "curl -sS -u ana:«hunter2» https://x",
        "curl -sS https://x -o out:1",
    ),
    (
        "password",
        "curl --user 'ana:«hunter2»' https://x",
        "docker run -u 1000:1000 image",
    ),
    (
        "password",
        "mysql -h db -uroot -p«hunter2» orders",
        "mysql -h db -uroot -p orders",
    ),
    (
        "password",
        "redis-cli -h r -a «hunter2» PING",
        "redis-cli -h r PING",
    ),
    ("password", "sshpass -p «hunter2» ssh x", "mongodump --archive"),
    (
        "password",
        "tool --db-password «hunter2» --x",
        "tool --password-file /run/x",
    ),
    (
        "password",
        "[\"tool\", \"--password\", \"«hunter2»\"]",
        "a-pass through",
    ),
    (
        "secret",
        "tool --auth-token=«{a20}» -x",
        "kubectl create token ana --duration 10m",
    ),
    (
        "password",
        "CONFIG SET requirepass «hunter2»",
        "requirepass is not set",
    ),
    (
        "password",
        "CREATE USER a IDENTIFIED BY '«hunter2»'",
        "pods identified by labels",
    ),
    // Files
    (
        "private key",
        "tls.key: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{a60}»",
        "tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{a60}",
    ),
    (
        "private key",
        "client-key-data: «{a40}»",
        "client-certificate-data: {a40}",
    ),
    (
        "private key",
        "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n«AAAAIEx{a40}»\nPrivate-MAC: x",
        "private-lines of the metro",
    ),
    (
        "registry login",
        "{\"auths\":{\"r.io\":{\"auth\":\"«dXNlcjpodW50ZXIy»\"}}}",
        "{\"auth\":\"none\"}",
    ),
    (
        "registry login",
        ".dockerconfigjson: «eyJhdXRocyI6e30{a40}»",
        "type: kubernetes.io/dockerconfigjson",
    ),
    (
        "netrc password",
        "machine api.heroku.com login ana password «hunter2»",
        "machine learning login page",
    ),
    (
        "pgpass password",
        "db:5432:orders:app:«hunter2»",
        "10.0.0.1:5432: connection refused",
    ),
    (
        "password hash",
        "root:«$6$abcdefgh${a86}»:19000",
        "costs $6 and $5 a month",
    ),
    ("password hash", "ana:«$2y$10${a53}»", "$2a is a variable"),
    ("password hash", "ana:«$apr1$abcdefgh${a22}»", "$1 and $2"),
    (
        "private key",
        "--key «PRIVATE+KEY+interlock.test/lab+{h8}+{a44}»",
        "PRIVATE+KEY+NAME+8 hex digits+base64",
    ),
    (
        "password hash",
        "«{SSHA}{a32}» «SCRAM-SHA-256$4096:{a24}==${a43}=:{a43}=»",
        "SCRAM-SHA-256 is used",
    ),
    (
        "password",
        "- name: DB_PASSWORD\n  value: «hunter2»",
        "- name: DB_HOST\n  value: db-1",
    ),
    (
        "secret",
        "{\"name\":\"API_TOKEN\",\"value\":\"«hunter2hunter2»\"}",
        "{\"name\":\"LOG_LEVEL\",\"value\":\"info\"}",
    ),
];

#[test]
fn what_is_told_by_what_stands_around_it_is_taken_out() {
    let redactor = redactor();
    for (kind, text, _) in CASES {
        is_taken_out(&redactor, text, kind);
    }
}

#[test]
fn what_only_speaks_of_it_stays() {
    let redactor = redactor();
    for (_, _, near) in CASES {
        stays(&redactor, near);
    }
}

/// Each is found by its own cue and by its own expression, whatever other rules there are.
#[test]
fn no_family_is_without_a_case() {
    let texts: Vec<String> = CASES
        .iter()
        .chain(vendors::CASES)
        .map(|(_, text, _)| marked(text).0)
        .collect();
    let mut without = Vec::new();
    for family in FAMILIES.iter() {
        let rule = family.rule;
        let expression = family
            .expression()
            .unwrap_or_else(|error| panic!("{}: {error}", rule.kind));
        let has_cue = |text: &str| {
            let small = text.to_ascii_lowercase();
            rule.cues.iter().any(|cue| match rule.exact {
                true => text.contains(cue),
                false => small.contains(&cue.to_ascii_lowercase()),
            })
        };
        if !texts
            .iter()
            .any(|text| has_cue(text) && expression.is_match(text))
        {
            without.push(rule.pattern);
        }
    }
    assert!(without.is_empty(), "no case for:\n{}", without.join("\n"));
}

/// A rule whose match can come without a cue would never be asked.
#[test]
fn whatever_a_rule_finds_has_a_cue_of_it() {
    for (kind, text, _) in CASES.iter().chain(vendors::CASES) {
        let (text, _) = marked(text);
        assert!(redactor().maybe_secret(&text), "{kind}: {text}");
    }
    assert!(!redactor().maybe_secret(&filled(
        "redis connection timeout on api-gateway-{h10}-x, 12 errors in 5m"
    )));
}

#[test]
fn what_stands_around_a_secret_stays() {
    let clean = |text: &str| redactor().clean(text).into_owned();
    assert_eq!(
        clean("before password=hunter2, after"),
        "before password=[redacted: password], after"
    );
    assert_eq!(
        clean("redis://:p4ss@cache:6379/0"),
        "redis://:[redacted: connection string]@cache:6379/0"
    );
    assert_eq!(
        clean("https://hooks.slack.com/services/T00000000/B00000000/abcdefgh x"),
        "https://hooks.slack.com/services/[redacted: Slack webhook] x"
    );
}
