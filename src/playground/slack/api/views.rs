//! `views.*`, and the check that every view passes, from a call or from the answer to a submission.

use serde_json::{Map, Value, json};

use super::super::clock::Moment;
use super::super::limits;
use super::super::model::tickets::TRIGGER_LIFE;
use super::super::model::views::{OpenView, STACK};
use super::super::model::workspace::Workspace;
use super::super::violations::ViolationKind;
use super::call::Call;
use super::content::{early_files, fill_ids};
use super::reply::ApiError;

/// Largest view, in bytes of JSON (docs.slack.dev /reference/methods/views.open: 250 KB).
const VIEW: usize = 250 * 1024;

/// Where a view is to appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ViewPlace {
    Modal,
    Home,
}

impl ViewPlace {
    fn word(self) -> &'static str {
        match self {
            Self::Modal => "modal",
            Self::Home => "home",
        }
    }
}

/// Judges a view and fills in what Slack would fill in. `replacing` may keep its `external_id`.
///
/// # Errors
/// `invalid_arguments` with precise messages, `view_too_large`, `duplicate_external_id`.
pub(in super::super) fn checked_view(
    ws: &mut Workspace,
    view: &Value,
    place: ViewPlace,
    origin: &str,
    replacing: Option<&str>,
    now: Moment,
) -> Result<Map<String, Value>, ApiError> {
    if view.to_string().len() > VIEW {
        ws.violate(
            ViolationKind::OutsideLimits,
            format!("`{origin}` was refused with view_too_large"),
            now,
        );
        return Err(ApiError::new("view_too_large"));
    }
    let mut messages = limits::view(view, place.word());
    let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
    messages.extend(
        early_files(ws, &blocks)
            .into_iter()
            .map(|text| text.replace(":/blocks", ":/view/blocks")),
    );
    if !messages.is_empty() {
        let detail = format!(
            "`{origin}` was refused with invalid_arguments: {}",
            messages.join("; ")
        );
        ws.violate(ViolationKind::OutsideLimits, detail, now);
        return Err(ApiError::with_messages("invalid_arguments", messages));
    }
    let Some(mut body) = view.as_object().cloned() else {
        return Err(ApiError::argument("view"));
    };
    if let Some(external) = body
        .get("external_id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
    {
        let taken = ws
            .views
            .all()
            .any(|open| open.external_id() == Some(external) && Some(open.id.as_str()) != replacing);
        if taken {
            return Err(ApiError::new("duplicate_external_id"));
        }
    }
    if let Some(blocks) = body.get_mut("blocks").and_then(Value::as_array_mut) {
        fill_ids(blocks);
    }
    Ok(body)
}

/// Spends the trigger id; returns who acted and the view they acted in.
fn spend(call: &mut Call<'_>) -> Result<(String, Option<String>), ApiError> {
    let key = if call.args.text("trigger_id").is_some() {
        "trigger_id"
    } else {
        "interactivity_pointer"
    };
    let id = call.required(key).map_err(|_| ApiError::argument("trigger_id"))?;
    let now = call.now;
    let (code, outcome) = match call.ws.triggers.get_mut(&id) {
        None => ("invalid_trigger_id", None),
        Some(trigger) if trigger.used => ("exchanged_trigger_id", None),
        Some(trigger) if now.since(trigger.sent) > TRIGGER_LIFE => ("expired_trigger_id", None),
        Some(trigger) => {
            trigger.used = true;
            ("", Some((trigger.user.clone(), trigger.from_view.clone())))
        }
    };
    if outcome.is_none() {
        call.ws.violate(
            ViolationKind::TriggerMisuse,
            format!("a view call was refused with {code}"),
            now,
        );
    }
    outcome.ok_or_else(|| ApiError::new(code))
}

fn given(call: &Call<'_>) -> Result<Value, ApiError> {
    call.args
        .json("view")
        .filter(|view| view.is_object())
        .cloned()
        .ok_or_else(|| ApiError::argument("view"))
}

pub(super) fn open(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = given(call)?;
    let body = checked_view(call.ws, &view, ViewPlace::Modal, "views.open", None, call.now)?;
    let (user, _) = spend(call)?;
    let opened = OpenView::new(body, call.now);
    let wire = opened.wire(&call.ws.team.id, &call.ws.app);
    call.ws.views.stacks.insert(user, vec![opened]);
    call.ws.dirty = true;
    Ok(json!({"view": wire}))
}

pub(super) fn push(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = given(call)?;
    let body = checked_view(call.ws, &view, ViewPlace::Modal, "views.push", None, call.now)?;
    let (user, from_view) = spend(call)?;
    let depth = call.ws.views.stacks.get(&user).map_or(0, Vec::len);
    if from_view.is_none() || depth == 0 {
        return Err(ApiError::new("not_found"));
    }
    if depth >= STACK {
        return Err(ApiError::new("push_limit_reached"));
    }
    let wire = push_view(call.ws, &user, body, call.now);
    Ok(json!({"view": wire}))
}

/// Puts a view on a person's stack; the caller has checked that there is room.
pub(in super::super) fn push_view(
    ws: &mut Workspace,
    user: &str,
    body: Map<String, Value>,
    now: Moment,
) -> Value {
    let mut pushed = OpenView::new(body, now);
    let stack = ws.views.stacks.entry(user.to_owned()).or_default();
    if let Some(below) = stack.last() {
        pushed.previous = Some(below.id.clone());
        pushed.root.clone_from(&below.root);
    }
    let wire = pushed.wire(&ws.team.id, &ws.app);
    stack.push(pushed);
    ws.dirty = true;
    wire
}

fn fresh(call: &Call<'_>, current: &str) -> Result<(), ApiError> {
    match call.args.text("hash") {
        Some(hash) if hash != current => Err(ApiError::new("hash_conflict")),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = given(call)?;
    let (id, external) = (call.args.text("view_id"), call.args.text("external_id"));
    if id.is_none() && external.is_none() {
        return Err(ApiError::argument("view_id"));
    }
    let wanted = |open: &OpenView| id.map_or_else(|| open.external_id() == external, |id| open.id == id);
    let found = call
        .ws
        .views
        .all()
        .find(|open| wanted(open))
        .ok_or_else(|| ApiError::new("not_found"))?;
    let (found_id, hash) = (found.id.clone(), found.hash.clone());
    let is_home = found.body.get("type").and_then(Value::as_str) == Some("home");
    fresh(call, &hash)?;
    let place = if is_home {
        ViewPlace::Home
    } else {
        ViewPlace::Modal
    };
    let body = checked_view(call.ws, &view, place, "views.update", Some(&found_id), call.now)?;
    let now = call.now;
    let (team, app) = (call.ws.team.id.clone(), call.ws.app.clone());
    let open = call
        .ws
        .views
        .find_mut(|open| open.id == found_id)
        .ok_or_else(|| ApiError::new("not_found"))?;
    open.replace(body, now);
    let wire = open.wire(&team, &app);
    call.ws.dirty = true;
    Ok(json!({"view": wire}))
}

pub(super) fn publish(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let user = call.required("user_id")?;
    call.user(&user)?;
    let view = given(call)?;
    let (known, hash) = match call.ws.views.homes.get(&user) {
        Some(home) => (Some(home.id.clone()), home.hash.clone()),
        None => (None, String::new()),
    };
    fresh(call, &hash)?;
    let body = checked_view(
        call.ws,
        &view,
        ViewPlace::Home,
        "views.publish",
        known.as_deref(),
        call.now,
    )?;
    let now = call.now;
    let home = call
        .ws
        .views
        .homes
        .entry(user)
        .or_insert_with(|| OpenView::new(Map::new(), now));
    home.replace(body, now);
    let wire = home.wire(&call.ws.team.id, &call.ws.app);
    call.ws.dirty = true;
    Ok(json!({"view": wire}))
}
