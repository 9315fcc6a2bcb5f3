//! Clients that are slow or many, over real sockets. Time limits are set short; the tests wait for what the server does,
//! never for time to pass.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use interlock::ingress::{BodyError, Limits, Proved, Room, RoomFrom, bind, proved, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(60);

fn limits() -> Limits {
    Limits {
        connections: 8,
        head: LONG,
        body: LONG,
        idle: LONG,
        drain: LONG,
    }
}

async fn started(router: Router, limits: Limits) -> SocketAddr {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, limits, pending::<()>()));
    address
}

fn echo() -> Router {
    let room = Room::default();
    Router::new().route("/", get(async || "hello")).route(
        "/body",
        post(
            async move |body: Body| match room.read(RoomFrom::Known, body, 1024).await {
                Ok(whole) => format!("{} bytes", whole.bytes.len()),
                Err(BodyError::TooSlow) => "too slow".to_owned(),
                Err(BodyError::TooLarge { .. }) => "too large".to_owned(),
                Err(BodyError::Broken) => "broken".to_owned(),
                Err(BodyError::NoRoom) => "no room".to_owned(),
            },
        ),
    )
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is a way of closing, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// One answer of a connection that stays open, to the end of a body that is known.
async fn answer_ending(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while !text.ends_with(end) {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    text
}

#[tokio::test]
async fn a_client_that_only_connects_is_closed() {
    let address = started(
        echo(),
        Limits {
            idle: SHORT,
            ..limits()
        },
    )
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn half_a_head_is_closed_though_silence_is_allowed() {
    let address = started(
        echo(),
        Limits {
            head: SHORT,
            ..limits()
        },
    )
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_second_head_that_does_not_end_is_closed_too() {
    let address = started(
        echo(),
        Limits {
            head: SHORT,
            ..limits()
        },
    )
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    answer_ending(&mut stream, "hello").await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn half_a_body_is_told_to_hurry() {
    let address = started(
        echo(),
        Limits {
            body: SHORT,
            ..limits()
        },
    )
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        .await
        .unwrap();
    assert!(rest(&mut stream).await.ends_with("too slow"));
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_closed() {
    let address = started(
        echo(),
        Limits {
            idle: SHORT,
            ..limits()
        },
    )
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(&mut stream).await.ends_with("hello"));
}

#[tokio::test]
async fn a_request_that_is_being_served_is_not_silence() {
    let release = std::sync::Arc::new(Notify::new());
    let begun = std::sync::Arc::new(Notify::new());
    let (wait, tell) = (release.clone(), begun.clone());
    let slow = Router::new().route(
        "/",
        get(async move || {
            tell.notify_one();
            wait.notified().await;
            "served"
        }),
    );
    let short = Limits {
        idle: SHORT,
        head: SHORT,
        ..limits()
    };
    let address = started(slow, short).await;
    let mut served = TcpStream::connect(address).await.unwrap();
    served
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    // Three silent clients, one after another, are closed meanwhile.
    for _ in 0..3 {
        rest(&mut TcpStream::connect(address).await.unwrap()).await;
    }
    release.notify_one();
    assert!(rest(&mut served).await.ends_with("served"));
}

/// Every answer says that its request was authentic.
fn authentic() -> Router {
    echo().layer(axum::middleware::map_response(
        async |answer: axum::response::Response| proved(Proved::Clicks, answer),
    ))
}

#[tokio::test]
async fn who_has_proved_nothing_gives_way_to_who_comes() {
    let address = started(
        authentic(),
        Limits {
            connections: 2,
            ..limits()
        },
    )
    .await;
    let mut silent = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Seen by the server before the next one comes.
        stream
            .write_all(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            .await
            .unwrap();
        silent.push(stream);
    }
    let mut click = TcpStream::connect(address).await.unwrap();
    click
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    answer_ending(&mut click, "hello").await;
    assert_eq!(rest(&mut silent[0]).await, "", "the oldest of them was cut");
    // Its seat is its own now: it is not this one that gives way.
    let mut another = TcpStream::connect(address).await.unwrap();
    another
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    answer_ending(&mut another, "hello").await;
    click
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    answer_ending(&mut click, "hello").await;
}

#[tokio::test]
async fn the_newest_connection_over_the_limit_is_refused_politely() {
    let address = started(
        authentic(),
        Limits {
            connections: 2,
            ..limits()
        },
    )
    .await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        answer_ending(&mut stream, "hello").await;
        kept.push(stream);
    }
    let mut newest = TcpStream::connect(address).await.unwrap();
    newest
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let told = rest(&mut newest).await;
    assert!(
        told.starts_with("HTTP/1.1 503 ") && told.contains("\r\nRetry-After: 1\r\n"),
        "{told}"
    );
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("Content-Length: {}", body.len())),
        "{told}"
    );

    kept[0]
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    answer_ending(&mut kept[0], "hello").await;
}

#[tokio::test]
async fn stopping_finishes_what_is_being_served_and_accepts_nothing_new() {
    let release = std::sync::Arc::new(Notify::new());
    let begun = std::sync::Arc::new(Notify::new());
    let (wait, tell) = (release.clone(), begun.clone());
    let slow = Router::new().route(
        "/",
        get(async move || {
            tell.notify_one();
            wait.notified().await;
            "served"
        }),
    );
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, slow, limits(), async { drop(stopped.await) }));
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "", "a silent connection is closed at once");
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
    release.notify_one();
    assert!(rest(&mut busy).await.ends_with("served"));
    server.await.unwrap();
}

#[tokio::test]
async fn what_hangs_past_the_drain_time_is_cut() {
    let begun = std::sync::Arc::new(Notify::new());
    let tell = begun.clone();
    let hangs = Router::new().route(
        "/",
        get(async move || {
            tell.notify_one();
            pending::<()>().await;
        }),
    );
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let short = Limits {
        drain: SHORT,
        ..limits()
    };
    let server = tokio::spawn(serve(listener, hangs, short, async { drop(stopped.await) }));
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    stop.send(()).unwrap();
    server.await.unwrap();
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn a_port_in_use_says_what_to_do() {
    let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let told = bind(first.local_addr().unwrap()).await.unwrap_err().to_string();
    assert!(
        told.contains("is in use") && told.contains("server.listen"),
        "{told}"
    );
}
