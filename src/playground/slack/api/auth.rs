//! `auth.test`, `api.test`, `team.info`, `bots.info`.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::ApiError;

pub(super) fn api_test(call: &mut Call<'_>) -> Result<Value, ApiError> {
    match call.args.text("error") {
        Some(error) => Err(ApiError::new(error)),
        None => Ok(json!({"args": call.args.0})),
    }
}

pub(super) fn test(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (ws, app) = (&call.ws, &call.ws.app);
    Ok(json!({
        "url": format!("https://{}.slack.com/", ws.team.domain), "team": ws.team.name,
        "user": app.settings.name.to_lowercase(), "team_id": ws.team.id, "user_id": app.bot_user,
        "bot_id": app.bot_id, "is_enterprise_install": false,
    }))
}

pub(super) fn team_info(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let team = &call.ws.team;
    Ok(json!({"team": {
        "id": team.id, "name": team.name, "domain": team.domain, "email_domain": "acme.example",
        "icon": {"image_default": true}, "url": format!("https://{}.slack.com/", team.domain),
    }}))
}

pub(super) fn bots_info(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let app = &call.ws.app;
    match call.args.text("bot") {
        Some(bot) if bot == app.bot_id => Ok(json!({"bot": {
            "id": app.bot_id, "deleted": false, "name": app.settings.name, "updated": 0, "app_id": app.id,
            "user_id": app.bot_user, "icons": {},
        }})),
        Some(_) | None => Err(ApiError::new("bot_not_found")),
    }
}
