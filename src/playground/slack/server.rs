//! The loopback server: routes, and an accept loop that can end a connection without an answer, as a fault demands.

mod bent;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query, Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::api;
use super::core::Core;
use super::decode;
use super::ear::{Ear, Hearing};
use super::journal::{ApiCall, Caller};
use super::response_url;
use super::socket;
use bent::{Aborted, Reset, bend, bend_text, instead, record_refused, status};

/// Largest request to the Web API, and largest upload.
const REQUEST: usize = 4 << 20;
const UPLOAD: usize = 64 << 20;
/// How long a client may take over its headers.
const HEADERS: Duration = Duration::from_secs(30);

type Shared = State<Arc<Core>>;

/// Serves until the core is cancelled.
pub(super) async fn run(core: Arc<Core>, listener: TcpListener) {
    let router = Router::new()
        .route("/api/{*method}", any(api_call))
        .route("/link", get(link))
        .route("/upload/v1/{key}", post(upload))
        .route("/actions/{team}/{at}/{secret}", post(respond))
        .route("/commands/{team}/{at}/{secret}", post(respond))
        .route("/files-pri/{id}/{name}", get(private_file))
        .route("/people/files/{id}/{name}", get(file))
        .with_state(Arc::clone(&core));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = core.cancel.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (core, router) = (Arc::clone(&core), router.clone());
                tokio::spawn(async move { connection(core, router, stream).await });
            }
            Err(error) => {
                tracing::warn!(%error, "the slack double could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(core: Arc<Core>, router: Router, stream: TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "nodelay was refused");
    }
    let hearing = Arc::new(Hearing::default());
    let stream = Ear::new(stream, hearing.clone());
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        request.extensions_mut().insert(hearing.clone());
        async move {
            let response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if response.extensions().get::<Reset>().is_some() {
                Err(Aborted)
            } else {
                Ok(response)
            }
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        ended = serving => if let Err(error) = ended { tracing::debug!(%error, "a connection ended early") },
        () = core.cancel.cancelled() => {}
    }
}

async fn api_call(State(core): Shared, Path(method): Path<String>, request: Request) -> Response {
    let method = method.trim_matches('/').to_owned();
    let (parts, body) = request.into_parts();
    let is_post = parts.method == axum::http::Method::POST;
    let Ok(body) = to_bytes(body, REQUEST).await else {
        return status(413);
    };
    let decoded = decode::decode(is_post, parts.uri.query(), &parts.headers, body).await;
    let fault = core.with(|ws| ws.faults.take_call(&method));
    let now = core.clock.now();
    if let Some(response) = fault.as_ref().and_then(instead) {
        let args = decoded.map_or(Value::Null, |decoded| Value::Object(decoded.args.0));
        record_refused(&core, &method, args, fault.as_ref(), response.status());
        return response;
    }
    let outcome = core.with(|ws| {
        let outcome = api::call(ws, now, &method, decoded);
        if let (Some(fault), Some(call)) = (&fault, ws.calls.back_mut()) {
            call.fault = Some(format!("{fault:?}"));
        }
        outcome
    });
    if method == "files.completeUploadExternal" {
        core.watch_uploads();
    }
    let mut response = bend(
        &core,
        fault.as_ref(),
        outcome.status,
        outcome.body,
        outcome.retry_after,
    )
    .await;
    for (name, value) in [
        ("x-oauth-scopes", outcome.scopes),
        ("x-accepted-oauth-scopes", outcome.accepted),
    ] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[derive(serde::Deserialize)]
struct LinkQuery {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    debug_reconnects: bool,
}

async fn link(
    State(core): Shared,
    Query(query): Query<LinkQuery>,
    Extension(hearing): Extension<Arc<Hearing>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !socket::admit(&core, &query.ticket) {
        return StatusCode::NOT_FOUND.into_response();
    }
    hearing.upgraded();
    upgrade.on_upgrade(move |socket| socket::serve(core, socket, hearing, query.debug_reconnects))
}

/// A plain POST of the bytes, or a form with one file in it; Slack takes both.
async fn upload(State(core): Shared, Path(key): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(raw) = to_bytes(body, UPLOAD).await else {
        return status(413);
    };
    let Some(bytes) = file_bytes(&parts.headers, raw).await else {
        return status(400);
    };
    let length = bytes.len();
    let fault = core.with(|ws| ws.faults.take_call("upload"));
    if let Some(response) = fault.as_ref().and_then(instead) {
        record_refused(
            &core,
            "upload",
            json!({"length": length}),
            fault.as_ref(),
            response.status(),
        );
        return response;
    }
    let now = core.clock.now();
    let (code, text) = core.with(|ws| {
        let result = api::upload(ws, &key, bytes);
        let (code, text) = match result {
            Ok(text) => (200, text),
            Err((code, text)) => (code, text),
        };
        ws.record_call(ApiCall {
            method: "upload".to_owned(),
            args: json!({"length": length}),
            caller: Caller::Address,
            status: code,
            reply: json!(text),
            fault: fault.as_ref().map(|fault| format!("{fault:?}")),
            at: now,
        });
        (code, text)
    });
    bend_text(&core, fault.as_ref(), code, text).await
}

async fn file_bytes(headers: &HeaderMap, raw: Bytes) -> Option<Bytes> {
    use axum::extract::{FromRequest, Multipart};
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        return Some(raw);
    }
    let mut request = Request::new(Body::from(raw));
    *request.headers_mut() = headers.clone();
    let mut parts = Multipart::from_request(request, &()).await.ok()?;
    while let Some(part) = parts.next_field().await.ok()? {
        if part.file_name().is_some() {
            return part.bytes().await.ok();
        }
    }
    None
}

async fn respond(State(core): Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = parts.uri.path().trim_start_matches('/').to_owned();
    let Ok(body) = to_bytes(body, REQUEST).await else {
        return status(413);
    };
    let Ok(mut decoded) = decode::decode(true, None, &parts.headers, body).await else {
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    if let Some(inner) = decoded
        .args
        .text("payload")
        .and_then(|text| serde_json::from_str(text).ok())
    {
        decoded.args.0 = inner;
    }
    let fault = core.with(|ws| ws.faults.take_call("response_url"));
    if let Some(response) = fault.as_ref().and_then(instead) {
        let args = Value::Object(decoded.args.0);
        record_refused(&core, "response_url", args, fault.as_ref(), response.status());
        return response;
    }
    let now = core.clock.now();
    let answer = core.with(|ws| response_url::post(ws, &id, decoded.args, now));
    if answer.status == 200 && answer.body["ok"] == json!(true) && fault.is_none() {
        return (StatusCode::OK, "ok").into_response();
    }
    bend(
        &core,
        fault.as_ref(),
        answer.status,
        answer.body,
        answer.retry_after,
    )
    .await
}

async fn private_file(
    State(core): Shared,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let token = core.with(|ws| ws.app.bot_token.clone());
    if sent.strip_prefix("Bearer ") != Some(token.as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    file(State(core), Path((id, name))).await
}

async fn file(State(core): Shared, Path((id, _name)): Path<(String, String)>) -> Response {
    let found = core.with(|ws| {
        ws.files
            .get(&id)
            .map(|file| (file.mimetype(), file.bytes.clone()))
    });
    match found {
        // What people upload must never run as a page of this server.
        Some((kind, bytes)) => (
            [
                (header::CONTENT_TYPE, kind),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            [(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")],
            bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
