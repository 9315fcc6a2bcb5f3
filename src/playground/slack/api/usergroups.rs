//! `usergroups.*`, reading only.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::ApiError;

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let with_users = call.args.flag("include_users").unwrap_or(false);
    let with_count = call.args.flag("include_count").unwrap_or(false);
    let wire =
        |group: &super::super::model::user::UserGroup| group.wire(&call.ws.team.id, with_users, with_count);
    Ok(json!({"usergroups": call.ws.groups.values().map(wire).collect::<Vec<_>>()}))
}

pub(super) fn users_list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call
        .args
        .text("usergroup")
        .ok_or_else(|| ApiError::new("no_such_subteam"))?;
    let group = call
        .ws
        .groups
        .get(id)
        .ok_or_else(|| ApiError::new("no_such_subteam"))?;
    Ok(json!({"users": group.members}))
}
