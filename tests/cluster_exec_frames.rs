//! The double's exec traffic beside that of real servers: the same requests, and answer, frames and end must be the same.
//! What differs from run to run (names of pods, keys, dates, hex ids, times) is put out of the comparison, nothing else.
//! Longer than other files, since the recordings are read and compared in one place.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use interlock::playground::cluster::{
    ClusterDouble, ClusterOptions, ClusterUser, ExecCall, ImageBehaviour, Output, Place, ProgramRun,
    ServerFlavour, Speed, WorldState,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use regex::Regex;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

#[derive(Deserialize)]
struct Recording {
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct Session {
    server: String,
    title: String,
    request: Vec<String>,
    response: Vec<String>,
    frames: Vec<Frame>,
    body: Option<String>,
    end: String,
}

#[derive(Deserialize)]
struct Frame {
    from: String,
    op: String,
    hex: Option<String>,
    json: Option<Value>,
    code: Option<u16>,
}

/// How long the double's `sleep 1` takes, in model seconds: it must not end before the pong, however busy the machine is.
const SLEEP: u64 = 600;

/// Scripts for the shell lines of the recordings: the double has no shell of its own.
fn script(cluster: &ClusterDouble) {
    let done = |stdout: &str, stderr: &str, exit_code, takes| Output {
        stdout: stdout.into(),
        stderr: stderr.into(),
        exit_code,
        takes: Duration::from_secs(takes),
    };
    for (line, output) in [
        ("echo oops >&2; exit 3", done("", "oops\n", 3, 0)),
        ("echo out; echo err >&2; exit 1", done("out\n", "err\n", 1, 0)),
        ("nosuchcmd", done("", "sh: nosuchcmd: not found\n", 127, 0)),
        ("kill -9 $$", done("", "", 137, 0)),
        ("kill -15 $$", done("", "", 143, 0)),
        ("echo out; exit 3", done("out\n", "", 3, 0)),
        ("echo a", done("a\n", "", 0, 0)),
        ("sleep 1", done("", "", 0, SLEEP)),
        ("sleep 1; echo fin", done("fin\n", "", 0, 5)),
    ] {
        cluster
            .world()
            .script(Place::Everywhere, &["sh", "-c", line], output);
    }
    let shell = |call: &ExecCall<'_>, _: &mut WorldState| match call.argv.get(2) {
        Some(line) if line.starts_with("exec cat") => ProgramRun::Copies,
        _ => ProgramRun::NotFound,
    };
    cluster.world().install(Place::Everywhere, "sh", Arc::new(shell));
}

async fn prepare(flavour: ServerFlavour) -> ClusterDouble {
    let options = ClusterOptions {
        flavour,
        speed: Speed::Running(20.0),
        ..ClusterOptions::default()
    };
    let cluster = ClusterDouble::start(options).await.unwrap();
    script(&cluster);
    let world = cluster.world();
    let soon = Duration::from_millis(10);
    world.set_image(
        "crash",
        ImageBehaviour::Crashes {
            after: soon,
            exit_code: 1,
            log: vec![],
        },
    );
    world.set_image(
        "done",
        ImageBehaviour::Finishes {
            after: soon,
            exit_code: 0,
            log: vec![],
        },
    );
    world.set_image("absent", ImageBehaviour::CannotBePulled);
    let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig(ClusterUser::Admin)).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    let client = kube::Client::try_from(config).unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    for (name, image, extra) in [
        ("crash-pod", "crash", json!({})),
        ("done-pod", "done", json!({"restartPolicy": "Never"})),
        ("pending-pod", "absent", json!({})),
        (
            "unsched-pod",
            "serves",
            json!({"nodeSelector": {"no": "such-node"}}),
        ),
    ] {
        let mut spec = json!({"containers": [{"name": "main", "image": image}]});
        spec.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let pod = json!({"metadata": {"name": name}, "spec": spec});
        pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap())
            .await
            .unwrap();
    }
    let two = json!([{"name": "main", "image": "b"}, {"name": "sidecar", "image": "b"}]);
    let labels = json!({"app": "busybox"});
    let busybox = json!({"metadata": {"name": "busybox"}, "spec": {"selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": two}}}});
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    deployments
        .create(&PostParams::default(), &serde_json::from_value(busybox).unwrap())
        .await
        .unwrap();
    let wanted = [
        ("crash-pod", "CrashLoopBackOff"),
        ("done-pod", "Completed"),
        ("pending-pod", "ImagePullBackOff"),
    ];
    // A model minute is far more than any of them takes; a state that never comes fails the comparison below.
    for _ in 0..600 {
        let pods = cluster.snapshot().pods;
        let reached =
            |(name, state): &(&str, &str)| pods.iter().any(|pod| pod.name == *name && pod.state == *state);
        let busybox = pods
            .iter()
            .any(|pod| pod.workload == "busybox" && pod.namespace == "production" && pod.ready);
        if wanted.iter().all(reached) && busybox {
            break;
        }
        cluster.advance(Duration::from_millis(100));
    }
    cluster
}

async fn connect(cluster: &ClusterDouble) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(cluster.ca_pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let address = cluster.api_url().strip_prefix("https://").unwrap().to_owned();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

fn token(session: &Session, cluster: &ClusterDouble) -> Option<String> {
    match session.title.as_str() {
        "bad bearer token" => Some("wrong".to_owned()),
        "no bearer token (anonymous)" => None,
        title if title.starts_with("RBAC: role has pods get/list") => {
            Some(cluster.token(ClusterUser::NoExec).to_owned())
        }
        _ => Some(cluster.token(ClusterUser::Interlock).to_owned()),
    }
}

/// Puts the double's pod names into a recorded request.
fn rename(line: &str, cluster: &ClusterDouble) -> String {
    let mut line = line.to_owned();
    for workload in ["busybox", "redis-primary"] {
        let name = cluster.world().pods_of("production", workload)[0].name.clone();
        let recorded = Regex::new(&format!("/{workload}-[a-z0-9]+-[a-z0-9]+/")).unwrap();
        line = recorded.replace(&line, format!("/{name}/")).into_owned();
    }
    line
}

/// Takes out of a text what differs from run to run.
fn settle(text: &str) -> String {
    let pods = Regex::new("(busybox|redis-primary)-[a-z0-9]+-[a-z0-9]+").unwrap();
    let hex = Regex::new("[0-9a-f]{64}").unwrap();
    let text = pods.replace_all(text, "POD");
    let text = text.replace("production:bot", "production:interlock");
    hex.replace_all(&text, "HEX").into_owned()
}

async fn read_head(stream: &mut TlsStream<TcpStream>) -> (Vec<String>, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            return (
                head.split("\r\n").map(str::to_owned).collect(),
                bytes[end + 4..].to_vec(),
            );
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the connection ended before the answer");
        bytes.extend_from_slice(&chunk[..count]);
    }
}

/// Header names are compared without case, and only those that were recorded: HTTP libraries differ in the rest.
fn check_head(recorded: &[String], had: &[String], context: &str) {
    assert_eq!(recorded[0], had[0], "{context}");
    let value = |lines: &[String], name: &str| {
        lines.iter().skip(1).find_map(|line| {
            let (have, value) = line.split_once(':')?;
            have.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    for line in &recorded[1..] {
        let (name, expected) = line.split_once(':').unwrap();
        if matches!(name, "X-Content-Type-Options" | "Connection") && !recorded[0].contains("101") {
            continue;
        }
        assert_eq!(
            value(had, name).as_deref(),
            Some(expected.trim()),
            "{context}: {name}"
        );
    }
}

fn plain(message: &Message) -> (&'static str, Vec<u8>) {
    match message {
        Message::Binary(bytes) => ("binary", bytes.to_vec()),
        Message::Text(text) => ("text", text.as_bytes().to_vec()),
        Message::Ping(bytes) => ("ping", bytes.to_vec()),
        Message::Pong(bytes) => ("pong", bytes.to_vec()),
        Message::Close(_) => ("close", Vec::new()),
        Message::Frame(_) => unreachable!("raw frames are not read"),
    }
}

async fn send(socket: &mut WebSocketStream<TlsStream<TcpStream>>, frame: &Frame) {
    let bytes = hex::decode(frame.hex.as_deref().unwrap_or("")).unwrap();
    let message = match frame.op.as_str() {
        "binary" => Message::binary(bytes),
        "ping" => Message::Ping(bytes.into()),
        "close" => Message::Close(Some(CloseFrame {
            code: frame.code.unwrap().into(),
            reason: "".into(),
        })),
        other => panic!("nobody sends {other}"),
    };
    socket.send(message).await.unwrap();
}

async fn check_frames(
    session: &Session,
    cluster: &ClusterDouble,
    stream: TlsStream<TcpStream>,
    rest: Vec<u8>,
    context: &str,
) {
    let mut socket = WebSocketStream::from_partially_read(stream, rest, Role::Client, None).await;
    for (number, frame) in session.frames.iter().enumerate() {
        let context = format!("{context}, frame {number}");
        if frame.from == "client" {
            send(&mut socket, frame).await;
            continue;
        }
        let next = tokio::time::timeout(Duration::from_secs(20), socket.next()).await;
        let message = next
            .unwrap_or_else(|_| panic!("{context}: nothing came"))
            .expect(&context)
            .expect(&context);
        let (op, bytes) = plain(&message);
        assert_eq!(frame.op, op, "{context}");
        if let Message::Close(close) = &message {
            let close = close.as_ref().expect(&context);
            assert_eq!(
                (Some(u16::from(close.code)), close.reason.as_str()),
                (frame.code, ""),
                "{context}"
            );
        } else if let Some(json) = &frame.json {
            let had: Value = serde_json::from_slice(&bytes[1..]).unwrap();
            assert_eq!(settle(&json.to_string()), settle(&had.to_string()), "{context}");
        } else {
            let recorded = hex::decode(frame.hex.as_deref().unwrap_or("")).unwrap();
            let text = |bytes: &[u8]| settle(&String::from_utf8_lossy(bytes));
            assert_eq!(text(&recorded), text(&bytes), "{context}");
        }
        if op == "pong" {
            cluster.advance(Duration::from_secs(SLEEP));
        }
    }
    if session.end.starts_with("server close frame") {
        let after = tokio::time::timeout(Duration::from_secs(20), socket.next()).await;
        assert!(
            !matches!(after.expect(context), Some(Ok(_))),
            "{context}: something came after the close"
        );
    }
}

async fn replay(session: &Session, cluster: &ClusterDouble) {
    let context = format!("{}: {}", session.server, session.title);
    let mut stream = connect(cluster).await;
    let mut lines: Vec<String> = session.request.iter().map(|line| rename(line, cluster)).collect();
    lines.push("Host: 127.0.0.1".to_owned());
    lines.push("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".to_owned());
    if let Some(token) = token(session, cluster) {
        lines.push(format!("Authorization: Bearer {token}"));
    }
    stream
        .write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes())
        .await
        .unwrap();
    let (head, mut rest) = read_head(&mut stream).await;
    check_head(&session.response, &head, &context);
    if head[0].contains("101") {
        assert!(
            head.iter()
                .any(|line| line.ends_with("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
            "{context}: the key's answer"
        );
        check_frames(session, cluster, stream, rest, &context).await;
        return;
    }
    let length: usize = head
        .iter()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|text| text.trim().parse().unwrap())
        })
        .unwrap_or(0);
    while rest.len() < length {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "{context}: the body ended early");
        rest.extend_from_slice(&chunk[..count]);
    }
    let (recorded, had) = (
        session.body.clone().unwrap_or_default(),
        String::from_utf8(rest).unwrap(),
    );
    match serde_json::from_str::<Value>(&recorded) {
        Ok(recorded) => {
            let had: Value = serde_json::from_str(&had).expect(&context);
            assert_eq!(
                settle(&recorded.to_string()),
                settle(&had.to_string()),
                "{context}"
            );
        }
        Err(_) => assert_eq!(recorded, had, "{context}"),
    }
}

async fn agree(server: &str, flavour: ServerFlavour) {
    let recording: Recording = serde_json::from_str(include_str!("data/kubernetes-exec.json")).unwrap();
    let sessions: Vec<Session> = recording
        .sessions
        .into_iter()
        .filter(|session| session.server == server)
        .collect();
    assert!(
        sessions.len() > 30,
        "{} recorded sessions of {server}",
        sessions.len()
    );
    let cluster = prepare(flavour).await;
    for session in &sessions {
        replay(session, &cluster).await;
    }
}

#[tokio::test]
async fn the_double_agrees_with_1_36() {
    agree("default", ServerFlavour::V136).await;
}

#[tokio::test]
async fn the_double_agrees_with_1_30() {
    agree("translate", ServerFlavour::V130).await;
}

#[tokio::test]
async fn the_double_agrees_with_1_29() {
    agree("legacy", ServerFlavour::V129).await;
}

#[tokio::test]
async fn the_double_agrees_with_1_20() {
    agree("v120", ServerFlavour::V120).await;
}
