//! `kubectl get`: JSON as kubectl prints it, or the table that the server itself makes for kubectl.

use http::HeaderValue;
use http::header::ACCEPT;
use kube::api::{GetParams, ListParams, Request};
use serde_json::{Value, json};

use super::attempt::{Attempt, Outcome};
use super::failure::Failure;
use super::kinds::{self, Scope};
use super::table::{self, Width};
use crate::actions::verdict::{HELD_BYTES, Raw, Verdict};
use crate::domain::action::{Columns, Get};
use crate::domain::text::shortened;

/// Objects asked for at once.
const PAGE: u32 = 500;
/// Most pages that are read.
const PAGES: usize = 10;
/// Asks for a table; a server that makes none answers with the objects.
const TABLE: HeaderValue =
    HeaderValue::from_static("application/json;as=Table;v=v1;g=meta.k8s.io,application/json");

/// Reads one object or many.
///
/// # Errors
/// The verdict when they can't be read whole.
pub async fn run(attempt: &Attempt<'_>, get: &Get) -> Outcome {
    match &get.name {
        Some(name) => one(attempt, get, name).await,
        None => many(attempt, get).await,
    }
}

async fn one(attempt: &Attempt<'_>, get: &Get, name: &str) -> Outcome {
    if get.namespace.is_none() && kinds::scope(get.kind) == Scope::Namespaced {
        return Err(Verdict::failed(
            "an object can't be got by name across all namespaces: name one with `-n`",
        ));
    }
    let request = requests(attempt, get).get(name, &GetParams::default());
    let answer = ask(attempt, get, request)
        .await
        .map_err(|failure| Verdict::failed(failure.to_string()))?;
    match get.json {
        true => printed(without_managed_fields(answer)),
        false => Ok(Verdict::done(text(get, &[answer]))),
    }
}

async fn many(attempt: &Attempt<'_>, get: &Get) -> Outcome {
    let mut pages = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    params.label_selector.clone_from(&get.selector);
    params.field_selector.clone_from(&get.field_selector);
    loop {
        let request = requests(attempt, get).list(&params);
        let page = match ask(attempt, get, request).await {
            Ok(page) => page,
            // A cluster that doesn't have the API has none of its objects.
            Err(Failure::NoSuchApi(_)) => json!({"items": []}),
            Err(failure) => return Err(Verdict::failed(failure.to_string())),
        };
        let next = page
            .pointer("/metadata/continue")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned();
        pages.push(page);
        if next.is_empty() {
            break;
        }
        if pages.len() == PAGES {
            return Err(Verdict::failed(format!(
                "there are more than {} {}: narrow it down with `-l` or `--field-selector`",
                PAGES * PAGE as usize,
                kinds::plural(get.kind)
            )));
        }
        params.continue_token = Some(next);
    }
    if get.json {
        return printed(list(get, pages));
    }
    let shown = text(get, &pages);
    if shown.is_empty() {
        let errors = match &get.namespace {
            Some(namespace) => format!("No resources found in {namespace} namespace.\n"),
            None => "No resources found\n".to_owned(),
        };
        return Ok(Verdict::Done(Raw {
            errors: errors.into_bytes().into(),
            ..Raw::default()
        }));
    }
    Ok(Verdict::done(shown))
}

fn requests(attempt: &Attempt<'_>, get: &Get) -> Request {
    let api = kinds::objects(attempt.client.clone(), get.kind, get.namespace.as_ref());
    Request::new(api.resource_url())
}

async fn ask(
    attempt: &Attempt<'_>,
    get: &Get,
    request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
) -> Result<Value, Failure> {
    let mut request = request.map_err(|error| Failure::NotSent(error.to_string()))?;
    if !get.json && get.columns != Columns::Name {
        request.headers_mut().insert(ACCEPT, TABLE);
    }
    let answer = attempt.ask(attempt.client.request::<Value>(request)).await?;
    is_meant(get, &answer)?;
    Ok(answer)
}

/// A 200 alone proves nothing: no answer about another object, of another kind or without a list may count as "there is none".
fn is_meant(get: &Get, answer: &Value) -> Result<(), Failure> {
    let kind = answer.get("kind").and_then(Value::as_str).unwrap_or_default();
    let own = kinds::kind_name(get.kind);
    let is = match &get.name {
        _ if kind == "Table" => answer
            .get("rows")
            .is_some_and(|rows| rows.is_array() || rows.is_null()),
        Some(name) => kind == own && answer.pointer("/metadata/name").and_then(Value::as_str) == Some(name),
        // Go writes an empty list as null, and so did servers.
        None => {
            let items = answer.get("items");
            kind == format!("{own}List") && items.is_some_and(|items| items.is_array() || items.is_null())
        }
    };
    match is {
        true => Ok(()),
        false => Err(Failure::Lost(format!(
            "the answer is not about the {} that were asked for: its kind is `{}`",
            kinds::plural(get.kind),
            shortened(kind, 60)
        ))),
    }
}

/// As kubectl prints them for people.
fn text(get: &Get, pages: &[Value]) -> String {
    match get.columns {
        Columns::Table => table::print(pages, with_namespace(get), Width::Usual),
        Columns::Wide => table::print(pages, with_namespace(get), Width::Wide),
        Columns::Name => {
            let names = table::names(pages);
            names
                .map(|name| format!("{}\n", kinds::printed_as(get.kind, name)))
                .collect()
        }
    }
}

fn with_namespace(get: &Get) -> bool {
    get.namespace.is_none() && kinds::scope(get.kind) == Scope::Namespaced
}

/// One list of everything, with the type on each item: in the answer only the list has it.
fn list(get: &Get, pages: Vec<Value>) -> Value {
    let resource = kinds::resource(get.kind);
    let items = pages.into_iter().flat_map(|mut page| match page["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    });
    let items: Vec<Value> = items
        .map(|mut item| {
            if let Value::Object(fields) = &mut item {
                fields.insert("apiVersion".to_owned(), json!(resource.api_version));
                fields.insert("kind".to_owned(), json!(resource.kind));
            }
            without_managed_fields(item)
        })
        .collect();
    json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})
}

/// kubectl hides them too: they are long and say who wrote which field.
fn without_managed_fields(mut object: Value) -> Value {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    object
}

/// JSON that was cut would mean something else, or nothing: it is whole or it is refused.
fn printed(value: Value) -> Outcome {
    let mut text = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut text, format);
    serde::Serialize::serialize(&value, &mut writer)
        .map_err(|error| Verdict::failed(format!("the answer can't be printed: {error}")))?;
    if text.len() > HELD_BYTES {
        return Err(Verdict::failed(format!(
            "the answer has {} bytes of JSON, more than 1 MiB: narrow it down with `-l` or a name",
            text.len()
        )));
    }
    text.push(b'\n');
    Ok(Verdict::Done(Raw {
        text: text.into(),
        ..Raw::default()
    }))
}
