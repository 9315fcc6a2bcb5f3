//! `users.*`.

use serde_json::{Value, json};

use super::super::model::user::Standing;
use super::call::Call;
use super::reply::ApiError;

fn with_email(call: &Call<'_>) -> bool {
    call.ws.app.settings.bot_scopes.contains("users:read.email")
}

pub(super) fn info(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call
        .args
        .text("user")
        .ok_or_else(|| ApiError::new("user_not_found"))?;
    let user = call.user(id)?;
    Ok(json!({"user": user.wire(&call.ws.team.id, with_email(call), call.now.seconds())}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (home, email) = (&call.ws.team.id, with_email(call));
    let users = call
        .ws
        .users
        .values()
        .map(|user| user.wire(home, email, call.now.seconds()))
        .collect();
    let (members, cursor) = call.page(users, 200, 1000)?;
    Ok(json!({
        "members": members, "cache_ts": call.now.seconds(), "response_metadata": {"next_cursor": cursor},
    }))
}

pub(super) fn lookup_by_email(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let email = call
        .args
        .text("email")
        .ok_or_else(|| ApiError::new("users_not_found"))?;
    let found = call.ws.users.values().find(|user| {
        let reachable = matches!(
            user.standing,
            Standing::Member | Standing::Guest | Standing::SingleChannelGuest
        );
        reachable && user.email.eq_ignore_ascii_case(email)
    });
    let user = found.ok_or_else(|| ApiError::new("users_not_found"))?;
    Ok(json!({"user": user.wire(&call.ws.team.id, true, call.now.seconds())}))
}
