//! A model that speaks the Messages API of Anthropic (`/v1/messages`), the Chat Completions API and the Embeddings API of OpenAI
//! (`/v1/chat/completions`, `/v1/embeddings`), and refuses what those refuse: a missing key, version, model or token limit, a schema that is none.
//! What it says is told it beforehand; it understands nothing. Dropping the handle stops it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::playground::listening::Listening;

/// Questions that are remembered.
const KEPT: usize = 200;

/// What it says to every question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// What the schema asks for: `{"order": …}`.
    Order(Vec<u32>),
    /// This as the tool's input, or as the message, whatever the schema asks for.
    Json(Value),
    /// Words, and no tool.
    Words(String),
    /// 529, as when it is overloaded.
    Overloaded,
}

struct Shared {
    key: String,
    says: Mutex<Says>,
    waits: Mutex<Duration>,
    asked: Mutex<VecDeque<Value>>,
}

/// A running model.
pub struct ModelDouble {
    listening: Listening,
    shared: Arc<Shared>,
}

impl ModelDouble {
    /// Takes this key and no other.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(key: &str, says: Says) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            key: key.to_owned(),
            says: Mutex::new(says),
            waits: Mutex::default(),
            asked: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1/messages", post(messages))
            .route("/v1/chat/completions", post(completions))
            .route("/v1/embeddings", post(embeddings))
            .with_state(shared.clone());
        let listening = Listening::start(0, "the model", router).await?;
        Ok(Self { listening, shared })
    }

    /// For the Messages API; with `/v1` behind it for Chat Completions and Embeddings.
    #[must_use]
    pub fn base(&self) -> String {
        self.listening.base()
    }

    /// What it says from now on.
    pub fn say(&self, says: Says) {
        *self.shared.says.lock() = says;
    }

    /// How long it takes for an answer from now on.
    pub fn wait(&self, for_each: Duration) {
        *self.shared.waits.lock() = for_each;
    }

    /// The bodies of the questions, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.lock().iter().cloned().collect()
    }
}

impl Shared {
    /// Remembers the question and takes the time that is set.
    async fn hears(&self, body: &Value) -> Says {
        // What it is to say when it is asked, whatever it is told while it thinks.
        let says = self.says.lock().clone();
        {
            let mut asked = self.asked.lock();
            if asked.len() == KEPT {
                asked.pop_front();
            }
            asked.push_back(body.clone());
        }
        let waits = *self.waits.lock();
        tokio::time::sleep(waits).await;
        says
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn anthropic_error(status: u16, kind: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"type": "error", "error": {"type": kind, "message": message}});
    (status, Json(body)).into_response()
}

async fn messages(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if header(&headers, "x-api-key") != Some(shared.key.as_str()) {
        return anthropic_error(401, "authentication_error", "invalid x-api-key");
    }
    let invalid = |message: &str| anthropic_error(400, "invalid_request_error", message);
    if header(&headers, "anthropic-version").is_none() {
        return invalid("anthropic-version: header is required");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return invalid("The request body is not valid JSON");
    };
    for (key, is) in [
        ("model", body["model"].is_string()),
        (
            "max_tokens",
            body["max_tokens"].as_u64().is_some_and(|most| most > 0),
        ),
        (
            "messages",
            body["messages"].as_array().is_some_and(|all| !all.is_empty()),
        ),
    ] {
        if !is {
            return invalid(&format!("{key}: Field required"));
        }
    }
    let tool = body["tool_choice"]["name"].clone();
    let offered = body["tools"].as_array().into_iter().flatten();
    let known = offered
        .filter(|offer| offer["input_schema"]["type"] == "object")
        .any(|offer| offer["name"] == tool);
    if !tool.is_null() && !known {
        return invalid("tool_choice.name: not found among the tools");
    }
    let content = match shared.hears(&body).await {
        Says::Overloaded => return anthropic_error(529, "overloaded_error", "Overloaded"),
        Says::Order(order) => used(&tool, &json!({"order": order})),
        Says::Json(input) => used(&tool, &input),
        Says::Words(text) => json!({"type": "text", "text": text}),
    };
    let answer = json!({
        "id": "msg_double", "type": "message", "role": "assistant", "model": body["model"],
        "content": [content], "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    });
    Json(answer).into_response()
}

fn used(tool: &Value, input: &Value) -> Value {
    json!({"type": "tool_use", "id": "toolu_double", "name": tool, "input": input})
}

fn openai_error(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body =
        json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}});
    (status, Json(body)).into_response()
}

/// What both APIs of OpenAI ask of every request.
fn openai_body(shared: &Shared, headers: &HeaderMap, body: &Bytes) -> Result<Value, Box<Response>> {
    let refused = |status, message| Box::new(openai_error(status, message));
    let bearer = format!("Bearer {}", shared.key);
    if header(headers, "authorization") != Some(bearer.as_str()) {
        return Err(refused(401, "Incorrect API key provided"));
    }
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| refused(400, "We could not parse the JSON body of your request."))?;
    if !body["model"].is_string() {
        return Err(refused(400, "you must provide a model parameter"));
    }
    Ok(body)
}

async fn embeddings(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let body = match openai_body(&shared, &headers, &body) {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    let texts = body["input"].as_array().map_or(0, Vec::len);
    let empty = |text: &Value| text.as_str().is_none_or(str::is_empty);
    if texts == 0 || body["input"].as_array().is_some_and(|all| all.iter().any(empty)) {
        return openai_error(400, "'$.input' is invalid.");
    }
    let vectors: Vec<Value> = match shared.hears(&body).await {
        Says::Overloaded => {
            return openai_error(503, "The engine is currently overloaded, please try again later");
        }
        // The first text points one way, the others are as near to it as the order says.
        Says::Order(order) => {
            let places = order.iter().enumerate();
            let mut vectors = vec![json!([1.0, 0.0])];
            let mut pages: Vec<(u32, usize)> = places.map(|(nearness, number)| (*number, nearness)).collect();
            pages.sort_unstable();
            vectors.extend(pages.iter().map(|(_, nearness)| json!([1.0, *nearness])));
            vectors
        }
        Says::Json(input) => input.as_array().cloned().unwrap_or_default(),
        Says::Words(text) => vec![json!(text)],
    };
    let row =
        |(index, vector): (usize, Value)| json!({"object": "embedding", "index": index, "embedding": vector});
    let rows: Vec<Value> = vectors.into_iter().enumerate().map(row).collect();
    let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
    Json(json!({"object": "list", "data": rows, "model": body["model"], "usage": usage})).into_response()
}

async fn completions(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let body = match openai_body(&shared, &headers, &body) {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return openai_error(400, "Missing required parameter: 'messages'.");
    }
    let format = &body["response_format"];
    let schema = &format["json_schema"]["schema"];
    if format["type"] == "json_schema" && schema["additionalProperties"] != false {
        return openai_error(
            400,
            "Invalid schema for response_format: 'additionalProperties' is required to be false.",
        );
    }
    let properties = schema["properties"].as_object();
    let required = |name: &String| {
        let mut names = schema["required"].as_array().into_iter().flatten();
        names.any(|required| required == name)
    };
    if format["json_schema"]["strict"] == true
        && !properties.is_some_and(|properties| properties.keys().all(required))
    {
        return openai_error(
            400,
            "Invalid schema for response_format: 'required' is required to be supplied and to be an array including every key in properties.",
        );
    }
    let content = match shared.hears(&body).await {
        Says::Overloaded => {
            return openai_error(503, "The engine is currently overloaded, please try again later");
        }
        Says::Order(order) => json!({"order": order}).to_string(),
        Says::Json(input) => input.to_string(),
        Says::Words(text) => text,
    };
    let answer = json!({
        "id": "chatcmpl-double", "object": "chat.completion", "created": 0, "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": content, "refusal": null}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    });
    Json(answer).into_response()
}
