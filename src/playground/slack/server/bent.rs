//! What a fault makes of a call: nothing of it, a record of that, or a bent answer.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use thiserror::Error;

use crate::playground::slack::core::Core;
use crate::playground::slack::faults::ApiFault;
use crate::playground::slack::journal::{ApiCall, Caller};

/// Put into a response's extensions: the connection ends instead.
#[derive(Clone, Copy)]
pub(super) struct Reset;

#[derive(Debug, Error)]
#[error("a fault switch ended this connection")]
pub(super) struct Aborted;

fn reset() -> Response {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(Reset);
    response
}

pub(super) fn status(code: u16) -> Response {
    StatusCode::from_u16(code)
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        .into_response()
}

/// What a fault does instead of the call, if it keeps the call from having any effect.
pub(super) fn instead(fault: &ApiFault) -> Option<Response> {
    match fault {
        ApiFault::RateLimited { retry_after } => Some(reply(
            429,
            &json!({"ok": false, "error": "ratelimited"}),
            Some(*retry_after),
        )),
        ApiFault::Status(code) => Some(status(*code)),
        ApiFault::Error(code) => Some(reply(200, &json!({"ok": false, "error": code}), None)),
        ApiFault::ResetBefore => Some(reset()),
        ApiFault::HtmlPage => {
            let page = "<!DOCTYPE html><html><body><h1>Server Error</h1></body></html>";
            Some(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
        }
        ApiFault::Delay(_) | ApiFault::StatusAfter(_) | ApiFault::ResetAfter => None,
        ApiFault::MalformedJson | ApiFault::ExtraFields => None,
    }
}

/// Bends the reply of a call that had its effect.
pub(super) async fn bend(
    core: &Arc<Core>,
    fault: Option<&ApiFault>,
    code: u16,
    mut body: Value,
    wait: Option<u64>,
) -> Response {
    match fault {
        Some(ApiFault::Delay(delay)) => core.clock.sleep_until(core.clock.now().plus(*delay)).await,
        Some(ApiFault::StatusAfter(code)) => return status(*code),
        Some(ApiFault::ResetAfter) => return reset(),
        Some(ApiFault::MalformedJson) => {
            let text = body.to_string();
            let half = text.chars().take(text.chars().count() / 2).collect::<String>();
            return ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], half).into_response();
        }
        Some(ApiFault::ExtraFields) => {
            body["brand_new_field"] = json!({"nested": [1, null, {"deep": true}]});
            body["response_metadata"]["surprise"] = json!("field");
        }
        Some(ApiFault::RateLimited { .. } | ApiFault::Status(_) | ApiFault::Error(_)) => {}
        Some(ApiFault::ResetBefore | ApiFault::HtmlPage) | None => {}
    }
    reply(code, &body, wait)
}

fn reply(code: u16, body: &Value, wait: Option<u64>) -> Response {
    let mut response = (
        StatusCode::from_u16(code).unwrap_or(StatusCode::OK),
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        body.to_string(),
    )
        .into_response();
    if let Some(Ok(seconds)) = wait.map(|wait| wait.to_string().parse()) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Puts on record a call that a fault kept from having any effect.
pub(super) fn record_refused(
    core: &Arc<Core>,
    method: &str,
    args: Value,
    fault: Option<&ApiFault>,
    status: StatusCode,
) {
    let call = ApiCall {
        method: method.to_owned(),
        args,
        caller: Caller::Nobody,
        status: status.as_u16(),
        reply: Value::Null,
        fault: fault.map(|fault| format!("{fault:?}")),
        at: core.clock.now(),
    };
    core.with(|ws| ws.record_call(call));
}

/// Bends the reply to an upload that had its effect. It is words, not JSON, so that a cut and a surprise are words too.
pub(super) async fn bend_text(
    core: &Arc<Core>,
    fault: Option<&ApiFault>,
    code: u16,
    mut text: String,
) -> Response {
    match fault {
        Some(ApiFault::Delay(delay)) => core.clock.sleep_until(core.clock.now().plus(*delay)).await,
        Some(ApiFault::StatusAfter(code)) => return status(*code),
        Some(ApiFault::ResetAfter) => return reset(),
        Some(ApiFault::MalformedJson) => text.truncate(1),
        Some(ApiFault::ExtraFields) => text.push_str(" brand_new_field"),
        Some(ApiFault::RateLimited { .. } | ApiFault::Status(_) | ApiFault::Error(_)) => {}
        Some(ApiFault::ResetBefore | ApiFault::HtmlPage) | None => {}
    }
    (StatusCode::from_u16(code).unwrap_or(StatusCode::OK), text).into_response()
}
