//! Which acknowledgement bodies are legal for which delivery.

use serde_json::Value;

use super::{AckBody, DeliveryKind};

/// Says why a body is not legal for its kind.
pub(super) fn legal(kind: DeliveryKind, body: &AckBody) -> Result<(), String> {
    match (kind, body) {
        (_, AckBody::Empty) => Ok(()),
        (DeliveryKind::SlashCommand, AckBody::Text(_)) => Ok(()),
        (DeliveryKind::SlashCommand, AckBody::Json(value)) if value.is_object() => Ok(()),
        (DeliveryKind::ViewSubmission, AckBody::Json(value)) => submission(value),
        (DeliveryKind::BlockSuggestion, AckBody::Json(value)) => suggestion(value),
        (
            DeliveryKind::Event
            | DeliveryKind::BlockActions
            | DeliveryKind::ViewClosed
            | DeliveryKind::Shortcut
            | DeliveryKind::MessageAction,
            AckBody::Text(_) | AckBody::Json(_),
        ) => Err("the acknowledgement must be empty".to_owned()),
        (DeliveryKind::SlashCommand, AckBody::Json(_)) => Err("the answer is not a message".to_owned()),
        (DeliveryKind::ViewSubmission | DeliveryKind::BlockSuggestion, AckBody::Text(text)) => {
            Err(format!("the answer is text (`{text}`), not JSON"))
        }
    }
}

fn submission(value: &Value) -> Result<(), String> {
    match value["response_action"].as_str() {
        Some("clear") => Ok(()),
        Some("errors") if value["errors"].is_object() => Ok(()),
        Some("update" | "push") if value["view"].is_object() => Ok(()),
        Some(action) => Err(format!("response_action `{action}` is unknown or incomplete")),
        None => Err("the answer has no response_action".to_owned()),
    }
}

fn suggestion(value: &Value) -> Result<(), String> {
    if value["options"].is_array() || value["option_groups"].is_array() {
        Ok(())
    } else {
        Err("the answer has no options".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_submission_takes_nothing_or_a_response_action() {
        let of = |value| legal(DeliveryKind::ViewSubmission, &AckBody::Json(value));
        assert!(legal(DeliveryKind::ViewSubmission, &AckBody::Empty).is_ok());
        assert!(of(json!({"response_action": "errors", "errors": {"b": "no"}})).is_ok());
        assert!(of(json!({"response_action": "update"})).is_err());
        assert!(of(json!({"ok": true})).is_err());
        assert!(legal(DeliveryKind::ViewSubmission, &AckBody::Text("ok".into())).is_err());
    }

    #[test]
    fn a_click_takes_no_body() {
        assert!(legal(DeliveryKind::BlockActions, &AckBody::Json(json!({"text": "hi"}))).is_err());
        assert!(legal(DeliveryKind::SlashCommand, &AckBody::Json(json!({"text": "hi"}))).is_ok());
    }
}
