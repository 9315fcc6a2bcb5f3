//! The control API of the playground: HTTP and JSON for everything a person can do and see on the page, for
//! scripts and tests.
//!
//! | Method and path | Body or query | What it does |
//! |---|---|---|
//! | `GET /api/people` | | everybody in the workspace, with ids |
//! | `GET /api/view` | `?as=PERSON` | everything that one person sees: channels, threads, ephemerals, modal, home |
//! | `GET /api/seen` | | the same for every person, by user id |
//! | `GET /api/changes` | | server-sent events: `changed` after every burst of changes |
//! | `GET /api/cluster`, `/api/pager` | | state of the cluster and of the pager |
//! | `POST /api/click` | `{"as", "target", "block_id", "action_id", "input"}` | uses a control, see below |
//! | `POST /api/press` | `{"as", "label"}` | presses the button with this label: in the modal, else home, else the newest message |
//! | `POST /api/modal/submit` | `{"as", "values": {BLOCK: {ACTION: INPUT}}}` | submits the modal on top |
//! | `POST /api/modal/close` | `{"as"}` | closes the modal on top |
//! | `POST /api/slash` | `{"as", "channel", "text"}` | a slash command, `text` with the command |
//! | `POST /api/say` | `{"as", "channel", "thread"?, "text"}` | writes a message; `@name` and `#channel` become mentions |
//! | `POST /api/home` | `{"as"}` | opens the app's home tab |
//! | `GET /api/scenarios` | | what can be fired |
//! | `POST /api/scenarios/{id}` | `{}` | fires it |
//! | `POST /api/alerts/{source}` | the webhook body | delivers an alert to the app; answers with the status it gave |
//! | `GET /api/clock` | | `{"now"}` |
//! | `POST /api/clock/advance` | `{"seconds"}` (up to 30 days) | moves the clock |
//! | `GET /api/faults` | | the switches of the panel, and which are on |
//! | `PUT /api/faults/{id}` | the value | switches one on |
//! | `POST /api/faults` | a fault of a double, see [`AnyFault`](super::faults::AnyFault) | arms it, answers with its `id` |
//! | `GET /api/faults/armed` | | every armed fault with its id and what is left of it |
//! | `DELETE /api/faults/{id}`, `DELETE /api/faults` | | switches one off, or all |
//! | `GET /api/workspace` | | transport, token, scopes, standings, groups, channels |
//! | `POST /api/workspace` | a [`WorkspaceChange`](super::slack::WorkspaceChange) | makes it |
//! | `GET /api/calls` | `?method=M&last=N` | calls of the Web API, oldest first |
//! | `GET /api/deliveries` | `?kind=K&last=N` | deliveries to the app, oldest first |
//! | `GET /api/violations`, `DELETE /api/violations` | | rules of Slack that the app broke; forgets them |
//! | `GET /api/cluster/requests`, `/api/cluster/effects`, `/api/pager/calls` | `?last=N` | what reached the others |
//!
//! `PERSON` is a user id or a name (`ana`), `channel` an id or a name with or without `#`. `target` is
//! `{"in": "message", "channel", "ts"}`, `{"in": "modal"}` or `{"in": "home"}`; `INPUT` is `{"kind":
//! "button"}` or `{"kind": KIND, "value": …}` with the kinds of [`Input`](super::page::Input). Every change
//! needs `content-type: application/json`, also an empty one. Done is `{"ok": true}`; not done is `{"ok":
//! false, "error": "…"}` with 400 (nonsense; the error says what is possible), 404 (no such thing), 409 (refused) or 502
//! (the app failed). `docs/playground.md` has an example of each.

mod levers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::page::{Backend, BackendError, Click, Input, ModalValues, Target, compose, server};
use super::press;
use super::slack::view::{PersonView, WorkspaceView};

/// The longest jump of the clock in one request.
const MAX_JUMP: Duration = Duration::from_secs(30 * 24 * 3_600);

type Playground = State<Arc<dyn Backend>>;

/// The routes below `/api`.
pub fn router(backend: Arc<dyn Backend>) -> Router {
    Router::new()
        .route(
            "/api/people",
            get(|State(b): Playground| async move { shown(b.people().await) }),
        )
        .route("/api/view", get(view))
        .route("/api/seen", get(seen))
        .route(
            "/api/changes",
            get(|State(b): Playground| async move { server::changes(b.as_ref()) }),
        )
        .route(
            "/api/cluster",
            get(|State(b): Playground| async move { shown(b.cluster().await) }),
        )
        .route(
            "/api/pager",
            get(|State(b): Playground| async move { shown(b.pager().await) }),
        )
        .route("/api/click", post(click))
        .route("/api/press", post(press_button))
        .route("/api/modal/submit", post(submit))
        .route("/api/modal/close", post(close))
        .route("/api/slash", post(slash))
        .route("/api/say", post(say))
        .route("/api/home", post(home))
        .route(
            "/api/scenarios",
            get(|State(b): Playground| async move { shown(b.scenarios().await) }),
        )
        .route("/api/scenarios/{id}", post(fire))
        .route("/api/alerts/{source}", post(alert))
        .route(
            "/api/clock",
            get(|State(b): Playground| async move { Json(json!({ "now": b.now() })) }),
        )
        .route("/api/clock/advance", post(advance))
        .route(
            "/api/faults",
            get(|State(b): Playground| async move { shown(b.faults().await) }).delete(clear_faults),
        )
        .route("/api/faults/{id}", put(set_fault).delete(unset_fault))
        .merge(levers::router())
        .with_state(backend)
}

/// The status code for an error.
pub fn status_of(error: &BackendError) -> StatusCode {
    match error {
        BackendError::NotFound { .. } => StatusCode::NOT_FOUND,
        BackendError::Nonsense(_) => StatusCode::BAD_REQUEST,
        BackendError::Refused(_) => StatusCode::CONFLICT,
        BackendError::App(_) => StatusCode::BAD_GATEWAY,
    }
}

/// A JSON body whose refusal is JSON too.
struct Body<T>(T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Response> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(refusal) => {
                let status = match &refusal {
                    // It was JSON and made no sense: to a script that is one thing, whatever part of it was wrong.
                    JsonRejection::JsonDataError(_) => StatusCode::BAD_REQUEST,
                    other => other.status(),
                };
                let body = json!({ "ok": false, "error": refusal.body_text() });
                Err((status, Json(body)).into_response())
            }
        }
    }
}

fn refusal(error: &BackendError) -> Response {
    (
        status_of(error),
        Json(json!({ "ok": false, "error": error.to_string() })),
    )
        .into_response()
}

fn shown<T: Serialize>(answer: Result<T, BackendError>) -> Response {
    match answer {
        Ok(value) => Json(value).into_response(),
        Err(error) => refusal(&error),
    }
}

fn done(answer: Result<(), BackendError>) -> Response {
    shown(answer.map(|()| json!({ "ok": true })))
}

/// Those whom one can act as.
pub fn people_named(people: &[PersonView]) -> Vec<String> {
    let people = people.iter().filter(|person| !person.is_bot);
    people.map(|person| person.name.clone()).collect()
}

/// A person by id or name.
async fn person(backend: &dyn Backend, named: &str) -> Result<String, BackendError> {
    let name = named.trim_start_matches('@');
    let people = backend.people().await?;
    let found = people.iter().find(|p| p.id == name || p.name == name);
    found.map(|p| p.id.clone()).ok_or_else(|| BackendError::NotFound {
        what: "person",
        id: named.to_owned(),
        there: people_named(&people),
    })
}

/// A person with what they see.
async fn eyes(backend: &dyn Backend, named: &str) -> Result<WorkspaceView, BackendError> {
    backend.view(&person(backend, named).await?).await
}

fn channel(view: &WorkspaceView, named: &str) -> Result<String, BackendError> {
    let name = named.trim_start_matches('#');
    let found = view.channels.iter().find(|c| c.id == name || c.name == name);
    found.map(|c| c.id.clone()).ok_or_else(|| BackendError::NotFound {
        what: "channel",
        id: named.to_owned(),
        there: view.channels.iter().map(|c| c.name.clone()).collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct As {
    #[serde(rename = "as")]
    who: String,
}

async fn view(State(b): Playground, Query(As { who }): Query<As>) -> Response {
    shown(eyes(b.as_ref(), &who).await)
}

async fn seen(State(b): Playground) -> Response {
    let all = async {
        let mut seen = BTreeMap::new();
        for person in b.people().await?.into_iter().filter(|p| !p.is_bot) {
            seen.insert(person.id.clone(), b.view(&person.id).await?);
        }
        Ok(seen)
    };
    shown(all.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClickBody {
    #[serde(rename = "as")]
    who: String,
    target: Target,
    block_id: String,
    action_id: String,
    #[serde(default)]
    input: Input,
}

async fn click(State(b): Playground, Body(body): Body<ClickBody>) -> Response {
    let ClickBody {
        who,
        target,
        block_id,
        action_id,
        input,
    } = body;
    let answer = async {
        let user = person(b.as_ref(), &who).await?;
        b.click(
            &user,
            Click {
                target,
                block_id,
                action_id,
                input,
            },
        )
        .await
    };
    done(answer.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PressBody {
    #[serde(rename = "as")]
    who: String,
    label: String,
}

async fn press_button(State(b): Playground, Body(body): Body<PressBody>) -> Response {
    let answer = async {
        let view = eyes(b.as_ref(), &body.who).await?;
        let missing = || BackendError::NotFound {
            what: "button",
            id: body.label.clone(),
            there: Vec::new(),
        };
        let click = press::find(&view, &body.label).ok_or_else(missing)?;
        b.click(&view.viewer, click).await
    };
    done(answer.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitBody {
    #[serde(rename = "as")]
    who: String,
    #[serde(default)]
    values: ModalValues,
}

async fn submit(State(b): Playground, Body(body): Body<SubmitBody>) -> Response {
    let answer = async {
        let user = person(b.as_ref(), &body.who).await?;
        b.submit_modal(&user, body.values).await
    };
    done(answer.await)
}

async fn close(State(b): Playground, Body(As { who }): Body<As>) -> Response {
    let answer = async { b.close_modal(&person(b.as_ref(), &who).await?).await };
    done(answer.await)
}

async fn home(State(b): Playground, Body(As { who }): Body<As>) -> Response {
    let answer = async { b.open_home(&person(b.as_ref(), &who).await?).await };
    done(answer.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextBody {
    #[serde(rename = "as")]
    who: String,
    channel: String,
    thread: Option<String>,
    text: String,
}

async fn slash(State(b): Playground, Body(body): Body<TextBody>) -> Response {
    let answer = async {
        let command = body.text.split_whitespace().next().unwrap_or_default();
        if !command.starts_with('/') {
            return Err(BackendError::Refused(format!(
                "`{command}` is no slash command; it begins with `/`"
            )));
        }
        if body.thread.is_some() {
            return Err(BackendError::Refused(format!(
                "`{command}` is not supported in threads; type it in the channel"
            )));
        }
        let view = eyes(b.as_ref(), &body.who).await?;
        b.slash(&view.viewer, &channel(&view, &body.channel)?, &body.text)
            .await
    };
    done(answer.await)
}

async fn say(State(b): Playground, Body(body): Body<TextBody>) -> Response {
    let answer = async {
        let view = eyes(b.as_ref(), &body.who).await?;
        let channel = channel(&view, &body.channel)?;
        if body.text.trim().is_empty() {
            return Err(BackendError::Refused("an empty message is not sent".to_owned()));
        }
        let text = compose::encode(&body.text, &view);
        b.say(&view.viewer, &channel, body.thread.as_deref(), &text).await
    };
    done(answer.await)
}

async fn fire(State(b): Playground, Path(id): Path<String>) -> Response {
    done(b.fire(&id).await)
}

async fn alert(State(b): Playground, Path(source): Path<String>, Body(body): Body<Value>) -> Response {
    shown(
        b.alert(&source, body)
            .await
            .map(|status| json!({ "ok": (200..300).contains(&status), "status": status })),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    seconds: u64,
}

async fn advance(State(b): Playground, Body(body): Body<AdvanceBody>) -> Response {
    let by = Duration::from_secs(body.seconds);
    if by > MAX_JUMP {
        let days = MAX_JUMP.as_secs() / 86_400;
        return refusal(&BackendError::Refused(format!(
            "the clock moves by at most {days} days at once"
        )));
    }
    done(b.advance(by).await)
}

async fn set_fault(State(b): Playground, Path(id): Path<String>, Body(value): Body<Value>) -> Response {
    done(b.set_fault(&id, Some(value)).await)
}

async fn unset_fault(State(b): Playground, Path(id): Path<String>) -> Response {
    done(b.set_fault(&id, None).await)
}

async fn clear_faults(State(b): Playground) -> Response {
    done(b.clear_faults().await)
}
