//! What clients send, in all the forms Slack accepts: JSON, form with JSON-valued fields, multipart, and a query.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart};
use axum::http::{HeaderMap, Request, header};
use serde_json::{Map, Value};
use thiserror::Error;

/// Fields that hold JSON, and arrive as a string from form clients.
const JSON_FIELDS: &[&str] = &["blocks", "attachments", "view", "files", "metadata", "unfurls"];

/// Why a request could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Unreadable {
    #[error("the body is not the JSON object that its content type promises")]
    InvalidJson,
    #[error("the form data cannot be parsed")]
    InvalidForm,
}

impl Unreadable {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidForm => "invalid_form_data",
        }
    }
}

/// Where the token stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenPlace {
    Header,
    Field,
    Url,
    Absent,
}

/// A decoded request.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    pub args: Args,
    pub token: Option<String>,
    pub place: TokenPlace,
    pub is_post: bool,
}

/// Decoded arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Args(pub Map<String, Value>);

impl Args {
    /// A non-empty string (numbers count, as form fields know no numbers).
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => Some(matches!(text.as_str(), "true" | "1")),
            Value::Number(number) => Some(number.as_i64() == Some(1)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        match self.0.get(key)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn json(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A list given as an array or separated by commas.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            Some(Value::String(text)) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
            Some(_) | None => Vec::new(),
        }
    }
}

fn pairs(text: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(text)
        .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
        .collect()
}

async fn multipart(headers: &HeaderMap, body: Bytes) -> Result<Map<String, Value>, Unreadable> {
    let mut request = Request::new(Body::from(body));
    *request.headers_mut() = headers.clone();
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Unreadable::InvalidForm)?;
    let mut fields = Map::new();
    while let Some(part) = parts.next_field().await.map_err(|_| Unreadable::InvalidForm)? {
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(|_| Unreadable::InvalidForm)?;
        fields.insert(name, Value::String(text));
    }
    Ok(fields)
}

async fn fields(headers: &HeaderMap, body: Bytes) -> Result<Map<String, Value>, Unreadable> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if body.is_empty() {
        return Ok(Map::new());
    }
    if kind.starts_with("application/json") {
        return match serde_json::from_slice(&body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) | Err(_) => Err(Unreadable::InvalidJson),
        };
    }
    if kind.starts_with("multipart/form-data") {
        return multipart(headers, body).await;
    }
    Ok(pairs(&body))
}

/// Form clients send JSON as text; from here on it is a value. Text that is not JSON stays text and is refused later.
fn unfold(map: &mut Map<String, Value>) {
    for key in JSON_FIELDS {
        let parsed = map
            .get(*key)
            .and_then(Value::as_str)
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(value) = parsed {
            map.insert((*key).to_owned(), value);
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(|token| token.trim().to_owned())
}

/// Reads one API request.
///
/// # Errors
/// When the body is not what its content type says.
pub(super) async fn decode(
    is_post: bool,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Decoded, Unreadable> {
    let mut args = pairs(query.unwrap_or_default().as_bytes());
    let in_url = args.remove("token");
    let mut sent = fields(headers, body).await?;
    let in_field = sent
        .remove("token")
        .and_then(|value| value.as_str().map(str::to_owned));
    args.append(&mut sent);
    unfold(&mut args);
    let (token, place) = match (bearer(headers), in_field, in_url) {
        (Some(token), _, None) => (Some(token), TokenPlace::Header),
        (None, Some(token), None) => (Some(token), TokenPlace::Field),
        (_, _, Some(_)) => (None, TokenPlace::Url),
        (None, None, None) => (None, TokenPlace::Absent),
    };
    Ok(Decoded {
        args: Args(args),
        token,
        place,
        is_post,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(kind: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        headers
    }

    #[tokio::test]
    async fn a_form_with_json_blocks_reads_like_json() {
        let body = Bytes::from_static(
            b"token=xoxb-1&channel=C1&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D&reply_broadcast=true",
        );
        let form = decode(true, None, &headers("application/x-www-form-urlencoded"), body)
            .await
            .unwrap();
        assert_eq!(form.args.json("blocks"), Some(&json!([{"type": "divider"}])));
        assert_eq!(form.args.flag("reply_broadcast"), Some(true));
        assert_eq!(
            (form.token.as_deref(), form.place),
            (Some("xoxb-1"), TokenPlace::Field)
        );
    }

    #[tokio::test]
    async fn multipart_fields_are_read() {
        let body = Bytes::from_static(
            b"--x\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\nC9\r\n--x--\r\n",
        );
        let decoded = decode(true, None, &headers("multipart/form-data; boundary=x"), body)
            .await
            .unwrap();
        assert_eq!(decoded.args.text("channel"), Some("C9"));
    }

    #[tokio::test]
    async fn a_token_in_the_url_is_not_taken() {
        let decoded = decode(false, Some("token=xoxb-1"), &HeaderMap::new(), Bytes::new())
            .await
            .unwrap();
        assert_eq!((decoded.token, decoded.place), (None, TokenPlace::Url));
    }
}
