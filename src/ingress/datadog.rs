//! Datadog's webhooks have no fixed body: this reads the template in `docs/sources.md`. A variable that Datadog did not
//! replace arrives as `$NAME` and counts as absent. The cycle's key runs from trigger to recovery; without it (a monitor
//! without groups, an event made by hand) monitor and scope are the identity. "Encode as form" is understood too.
//! Variables: <https://docs.datadoghq.com/integrations/webhooks/>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::draft::Draft;
use super::error::ParseError;
use super::json::{first, object, text};
use super::moment::written;
use super::read::{Incoming, Read};
use crate::domain::alert::AlertStatus;

const EXPECTED: &str = "Datadog's webhook with the payload of Interlock's documents";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = replaced(if is_form(incoming) {
        form(incoming.body)
    } else {
        object(incoming.body, EXPECTED)?
    });
    let alert_id = text(&body, "/alert_id");
    let cycle = text(&body, "/cycle_key");
    let (Some(key), known) = (cycle.clone().or_else(|| alert_id.clone()), cycle.is_some()) else {
        return Err(super::json::lacks(
            "/alert_id",
            "the number of a monitor",
            EXPECTED,
        ));
    };
    let transition = text(&body, "/transition");
    let Some(status) = status_of(transition.as_deref(), text(&body, "/type").as_deref()) else {
        return Ok(Read::aside(
            "the event says neither that a monitor triggers nor that it recovers",
        ));
    };
    let scope = text(&body, "/scope").unwrap_or_default();
    let mut draft = Draft::new(status, if known { key } else { format!("{key} {scope}") });
    draft.fingerprint = format!("{} {scope}", alert_id.unwrap_or_default());
    let title = first(&body, &["/title", "/alert_title"]).unwrap_or_default();
    draft.name = without_marks(&title).to_owned();
    draft.title = match scope.as_str() {
        "" => draft.name.clone(),
        scope => format!("{} on {scope}", draft.name),
    };
    draft.description = text(&body, "/body").unwrap_or_default();
    draft.severity = vec![text(&body, "/priority"), text(&body, "/type")];
    for (name, value) in tags(&text(&body, "/tags").unwrap_or_default()) {
        draft.label(&name, value);
    }
    for name in ["scope", "metric", "hostname"] {
        draft.label(name, text(&body, &format!("/{name}")));
    }
    for name in ["query", "status"] {
        draft.annotate(name, text(&body, &format!("/{name}")));
    }
    draft.annotate("transition", transition.clone());
    draft.link("Datadog", text(&body, "/link"));
    let at = first(&body, &["/last_updated", "/date"]).and_then(|text| written(&text));
    draft.changed_at(at);
    let delivery = text(&body, "/id")
        .map(|id| incoming.delivery(&format!("{id} {}", transition.as_deref().unwrap_or_default())));
    Ok(Read::one(draft.finish(incoming)).with_key(delivery))
}

/// `Re-Triggered`, `Re-Warn`, `Re-No Data` and `Renotify` repeat what is known.
fn status_of(transition: Option<&str>, kind: Option<&str>) -> Option<AlertStatus> {
    let Some(transition) = transition else {
        return match kind {
            Some("error" | "warning") => Some(AlertStatus::Firing),
            Some("success") => Some(AlertStatus::Resolved),
            Some(_) | None => None,
        };
    };
    let word = transition.to_ascii_lowercase();
    match word.strip_prefix("re-").unwrap_or(&word) {
        "recovered" => Some(AlertStatus::Resolved),
        "triggered" | "warn" | "no data" | "renotify" | "alert" => Some(AlertStatus::Firing),
        _ => None,
    }
}

fn is_form(incoming: &Incoming<'_>) -> bool {
    incoming
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

fn form(body: &[u8]) -> Value {
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    json!(fields)
}

/// Without the texts in which a variable stands that Datadog had no value for, where nothing else stands.
fn replaced(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| {
            !value.as_str().is_some_and(|text| {
                text.strip_prefix('$').is_some_and(|name| {
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
                })
            })
        });
    }
    body
}

/// `[P1] [Triggered on {service:checkout}] Checkout` to `Checkout`.
fn without_marks(title: &str) -> &str {
    let mut rest = title.trim();
    while let Some((_, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        if after.trim().is_empty() {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// `env:prod,monitor`: a tag without a value is a label that is there.
fn tags(text: &str) -> impl Iterator<Item = (String, Option<String>)> {
    text.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(|tag| {
            let (name, value) = tag.split_once(':').unwrap_or((tag, "true"));
            (name.to_owned(), (!value.is_empty()).then(|| value.to_owned()))
        })
}
