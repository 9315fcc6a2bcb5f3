//! A refusal as Slack words it.

use std::time::Duration;

use serde_json::{Value, json};

/// `ok: false` with its code and what goes with it.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct ApiError {
    pub code: String,
    /// Precise texts for `response_metadata.messages`.
    pub messages: Vec<String>,
    /// `needed` of `missing_scope`.
    pub needed: Option<String>,
    /// Answered with 429 and this wait.
    pub wait: Option<Duration>,
}

impl ApiError {
    pub(in super::super) fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            messages: Vec::new(),
            needed: None,
            wait: None,
        }
    }

    pub(in super::super) fn with_messages(code: &str, messages: Vec<String>) -> Self {
        Self {
            messages,
            ..Self::new(code)
        }
    }

    /// A required argument is missing or malformed.
    pub(in super::super) fn argument(name: &str) -> Self {
        let message = format!("[ERROR] missing required field: {name} [json-pointer:/{name}]");
        Self::with_messages("invalid_arguments", vec![message])
    }

    pub(in super::super) fn missing_scope(needed: &str) -> Self {
        Self {
            needed: Some(needed.to_owned()),
            ..Self::new("missing_scope")
        }
    }

    pub(in super::super) fn limited(wait: Duration) -> Self {
        Self {
            wait: Some(wait),
            ..Self::new("ratelimited")
        }
    }

    /// The reply body; `provided` is the token's scopes.
    pub(in super::super) fn body(&self, provided: &str) -> Value {
        let mut body = json!({"ok": false, "error": self.code});
        if let Some(needed) = &self.needed {
            body["needed"] = json!(needed);
            body["provided"] = json!(provided);
        }
        if !self.messages.is_empty() {
            body["response_metadata"] = json!({"messages": self.messages});
            if self.code == "invalid_blocks" {
                let texts = self
                    .messages
                    .iter()
                    .map(|text| text.trim_start_matches("[ERROR] "));
                body["errors"] = texts.collect();
            }
        }
        body
    }
}
