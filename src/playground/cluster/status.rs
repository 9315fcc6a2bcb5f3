//! Refusals of the API server: a `Status` object worded as the real server (1.36) words it, or plain text where it answers plain text.
//! Outside facts: `apimachinery/pkg/api/errors` and recorded traffic.

use http::StatusCode;
use serde_json::{Value, json};

use super::kinds::Kind;

/// A refusal, before it is put on the wire.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub code: StatusCode,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Status {
        reason: &'static str,
        message: String,
        details: Option<Value>,
        /// Of the Status itself.
        metadata: Value,
    },
    Text(String),
    Empty,
}

impl ApiError {
    fn status(code: StatusCode, reason: &'static str, message: String, details: Option<Value>) -> Self {
        Self {
            code,
            body: Body::Status {
                reason,
                message,
                details,
                metadata: json!({}),
            },
        }
    }

    /// Any Status, for faults that are scripted.
    pub fn scripted(code: StatusCode, reason: &'static str, message: String) -> Self {
        Self::status(code, reason, message, None)
    }

    pub fn not_found(kind: Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Self::status(
            StatusCode::NOT_FOUND,
            "NotFound",
            message,
            Some(details(kind, name)),
        )
    }

    pub fn already_exists(kind: Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.qualified());
        Self::status(
            StatusCode::CONFLICT,
            "AlreadyExists",
            message,
            Some(details(kind, name)),
        )
    }

    pub fn conflict(kind: Kind, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            kind.qualified()
        );
        Self::status(
            StatusCode::CONFLICT,
            "Conflict",
            message,
            Some(details(kind, name)),
        )
    }

    pub fn modified(kind: Kind, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(kind, name, why)
    }

    /// 403 of the authorizer; `message` comes from the request's attributes.
    pub fn forbidden(group: &str, plural: &str, name: &str, message: String) -> Self {
        let mut details = json!({"kind": plural});
        if !name.is_empty() {
            details["name"] = json!(name);
        }
        if !group.is_empty() {
            details["group"] = json!(group);
        }
        Self::status(StatusCode::FORBIDDEN, "Forbidden", message, Some(details))
    }

    pub fn unauthorized() -> Self {
        Self::status(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            "Unauthorized".to_owned(),
            None,
        )
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::status(StatusCode::BAD_REQUEST, "BadRequest", message.into(), None)
    }

    /// 422; `field` and `problem` as in `spec.replicas` and `Invalid value: -1: must be …`.
    pub fn invalid(kind: Kind, name: &str, field: &str, problem: &str) -> Self {
        let info = kind.info();
        let qualified = if info.group.is_empty() {
            info.name.to_owned()
        } else {
            format!("{}.{}", info.name, info.group)
        };
        let message = format!("{qualified} \"{name}\" is invalid: {field}: {problem}");
        let mut details = details(kind, name);
        details["kind"] = json!(info.name);
        details["causes"] = json!([{"reason": "FieldValueInvalid", "message": problem, "field": field}]);
        Self::status(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid",
            message,
            Some(details),
        )
    }

    pub fn expired(requested: u64, current: u64) -> Self {
        let message = format!("too old resource version: {requested} ({current})");
        Self::status(StatusCode::GONE, "Expired", message, None)
    }

    /// 410 for a page whose list is forgotten; `rest` is the token that goes on with what is there now.
    pub fn expired_page(rest: &str) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list \
                       without the continue parameter, or use the continue token in this response to retrieve the remainder of \
                       the results. Continuing with the provided token results in an inconsistent list - objects that were \
                       created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
        let mut error = Self::status(StatusCode::GONE, "Expired", message.to_owned(), None);
        if let Body::Status { metadata, .. } = &mut error.body {
            *metadata = json!({"continue": rest});
        }
        error
    }

    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource".to_owned();
        Self::status(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            message,
            Some(json!({})),
        )
    }

    pub fn unsupported_patch(kind: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {kind}"
        );
        Self::status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            message,
            None,
        )
    }

    /// 415 for a protobuf body that holds more than is understood.
    pub fn unsupported_media(why: &str) -> Self {
        let message = format!("the body of the request was in an unknown format: {why}; send it as JSON");
        Self::status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            message,
            None,
        )
    }

    pub fn too_large() -> Self {
        let message = "Request entity too large: limit is 3145728".to_owned();
        Self::status(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            message,
            None,
        )
    }

    pub fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource".to_owned();
        Self::status(StatusCode::NOT_FOUND, "NotFound", message, Some(json!({})))
    }

    /// A plain-text answer, as the kubelet and the mux give it.
    pub fn text(code: StatusCode, text: &str) -> Self {
        Self {
            code,
            body: Body::Text(text.to_owned()),
        }
    }

    /// An answer with a code and nothing else.
    pub fn empty(code: StatusCode) -> Self {
        Self {
            code,
            body: Body::Empty,
        }
    }

    /// Content type, if any, and the bytes.
    pub fn into_body(self) -> (Option<&'static str>, String) {
        match self.body {
            Body::Status {
                reason,
                message,
                details,
                metadata,
            } => {
                let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
                    "message": message, "reason": reason, "code": self.code.as_u16()});
                if let Some(details) = details {
                    status["details"] = details;
                }
                (Some("application/json"), format!("{status}\n"))
            }
            Body::Text(text) => (Some("text/plain; charset=utf-8"), text),
            Body::Empty => (None, String::new()),
        }
    }
}

fn details(kind: Kind, name: &str) -> Value {
    let info = kind.info();
    let mut details = json!({"name": name, "kind": info.plural});
    if !info.group.is_empty() {
        details["group"] = json!(info.group);
    }
    details
}
