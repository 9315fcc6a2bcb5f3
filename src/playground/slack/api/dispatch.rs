//! One call from decoded arguments to reply: who calls, may they, is it too often, and then the method itself.

use serde_json::{Value, json};

use super::super::clock::Moment;
use super::super::decode::{Decoded, TokenPlace, Unreadable};
use super::super::journal::{ApiCall, Caller};
use super::super::model::app::TokenState;
use super::super::model::workspace::Workspace;
use super::super::ratelimit::retry_after;
use super::super::violations::ViolationKind;
use super::call::Call;
use super::reply::ApiError;
use super::table::{self, Method, TokenKind};

/// A reply before faults get at it.
#[derive(Clone, Debug)]
pub(in super::super) struct Outcome {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<u64>,
    /// The token's scopes and the scopes the method takes, for the `X-OAuth-Scopes` headers.
    pub scopes: String,
    pub accepted: String,
}

/// Runs one call and records it.
pub(in super::super) fn call(
    ws: &mut Workspace,
    now: Moment,
    name: &str,
    decoded: Result<Decoded, Unreadable>,
) -> Outcome {
    let method = table::find(name);
    let accepted = method.map(|method| method.scopes.join(",")).unwrap_or_default();
    let (args, caller, result) = match decoded {
        Err(unreadable) => (Value::Null, Caller::Nobody, Err(ApiError::new(unreadable.code()))),
        Ok(decoded) => {
            let caller = caller(ws, &decoded);
            let result = judge(ws, now, name, method, &decoded, caller);
            (Value::Object(decoded.args.0), caller, result)
        }
    };
    let scopes = scopes(ws, caller);
    let (status, body, wait) = match result {
        Ok(mut body) => {
            body["ok"] = json!(true);
            (200, body, None)
        }
        Err(error) => {
            let wait = error.wait.map(retry_after);
            (if wait.is_some() { 429 } else { 200 }, error.body(&scopes), wait)
        }
    };
    let entry = ApiCall {
        method: name.to_owned(),
        args,
        caller,
        status,
        reply: body.clone(),
        fault: None,
        at: now,
    };
    ws.record_call(entry);
    Outcome {
        status,
        body,
        retry_after: wait,
        scopes,
        accepted,
    }
}

fn caller(ws: &Workspace, decoded: &Decoded) -> Caller {
    match decoded.token.as_deref() {
        Some(token) if token == ws.app.bot_token => Caller::Bot,
        Some(token) if token == ws.app.app_token => Caller::App,
        Some(_) | None => Caller::Nobody,
    }
}

fn scopes(ws: &Workspace, caller: Caller) -> String {
    let join = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(",");
    match caller {
        Caller::Bot => join(&ws.app.settings.bot_scopes),
        Caller::App => join(&ws.app.settings.app_scopes),
        Caller::Address | Caller::Nobody => String::new(),
    }
}

fn judge(
    ws: &mut Workspace,
    now: Moment,
    name: &str,
    method: Option<&'static Method>,
    decoded: &Decoded,
    caller: Caller,
) -> Result<Value, ApiError> {
    let Some(method) = method else {
        return Err(ApiError::new("unknown_method"));
    };
    if name == "api.test" {
        return run(ws, now, method, decoded);
    }
    authenticate(ws, now, method, decoded, caller)?;
    authorize(ws, method)?;
    let channel = decoded.args.text("channel").map(str::to_owned);
    if let Err(wait) = ws
        .levels
        .take(&ws.limits, method.tier, name, channel.as_deref(), now)
    {
        return Err(ApiError::limited(wait));
    }
    run(ws, now, method, decoded)
}

fn run(ws: &mut Workspace, now: Moment, method: &Method, decoded: &Decoded) -> Result<Value, ApiError> {
    (method.run)(&mut Call {
        ws,
        args: &decoded.args,
        now,
        is_post: decoded.is_post,
    })
}

fn authenticate(
    ws: &mut Workspace,
    now: Moment,
    method: &Method,
    decoded: &Decoded,
    caller: Caller,
) -> Result<(), ApiError> {
    if decoded.place == TokenPlace::Url {
        ws.violate(
            ViolationKind::TokenInUrl,
            format!("`{}` was called with a token in its URL", method.name),
            now,
        );
        return Err(ApiError::new("not_authed"));
    }
    if decoded.place == TokenPlace::Absent {
        return Err(ApiError::new("not_authed"));
    }
    match (caller, method.token) {
        (Caller::Nobody | Caller::Address, _) => Err(ApiError::new("invalid_auth")),
        (Caller::Bot, _) if ws.app.bot_token_state == TokenState::Revoked => {
            Err(ApiError::new("token_revoked"))
        }
        (Caller::Bot, _) if ws.app.bot_token_state == TokenState::AccountInactive => {
            Err(ApiError::new("account_inactive"))
        }
        (Caller::Bot, TokenKind::App) => Err(ApiError::new("not_allowed_token_type")),
        (Caller::App, TokenKind::App) if decoded.place == TokenPlace::Field => {
            // Slack takes the app-level token in the Authorization header alone.
            Err(ApiError::new("invalid_auth"))
        }
        (Caller::App, TokenKind::Bot) => {
            // SDKs ask `auth.test` with whatever token they were given; nothing else takes the app-level one.
            if method.name != "auth.test" {
                let detail = format!("`{}` was called with the app-level token", method.name);
                ws.violate(ViolationKind::AppTokenMisuse, detail, now);
            }
            Err(ApiError::new("not_allowed_token_type"))
        }
        (Caller::Bot, TokenKind::Bot) | (Caller::App, TokenKind::App) => Ok(()),
    }
}

fn authorize(ws: &Workspace, method: &Method) -> Result<(), ApiError> {
    let granted = match method.token {
        TokenKind::Bot => &ws.app.settings.bot_scopes,
        TokenKind::App => &ws.app.settings.app_scopes,
    };
    if method.scopes.is_empty() || method.scopes.iter().any(|scope| granted.contains(*scope)) {
        return Ok(());
    }
    Err(ApiError::missing_scope(&method.scopes.join(",")))
}
