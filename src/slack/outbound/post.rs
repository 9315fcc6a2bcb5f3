//! Posting exactly once to something that knows no idempotency key. Every message carries our delivery ids in its
//! metadata; after an unclear ending the channel is read back before anything is posted again.
//!
//! Invariant: nothing is posted twice unless Slack can't be read at all for a reason that won't pass.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;

use crate::domain::ids::IncidentId;
use crate::domain::incident::MessageRef;
use crate::slack::api::{Api, ApiError, CALL_TIMEOUT, Posted, Trouble};

/// `event_type` of our metadata.
const METADATA: &str = "interlock_delivery";
/// Pauses before each look at what Slack has, after an unclear ending: a slow request may still be on its way.
const LOOKS: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(2500)];
/// Pages of 200 messages that are read back.
const PAGES: usize = 10;

/// In the metadata of what is about none.
pub(super) const NO_INCIDENT: IncidentId = IncidentId(0);

/// What a message of ours delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryIds {
    pub incident: IncidentId,
    /// The [`Origin`](crate::slack::Origin) that has this incident; empty in messages of earlier versions.
    pub database: String,
    /// Outbox rows with their creation time, which tells two databases apart: `17@1732154400123`.
    pub rows: Vec<String>,
}

impl DeliveryIds {
    /// Values are strings only: other readers fail on anything else.
    fn metadata(&self) -> Value {
        json!({"event_type": METADATA, "event_payload": {
            "incident": self.incident.to_string(), "database": self.database, "rows": self.rows.join(","),
            "delivery_id": format!("{}:{}", self.incident, self.rows.join(",")),
        }})
    }
}

/// A page of `conversations.history` or `.replies`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    pub messages: Vec<Seen>,
    response_metadata: Cursor,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cursor {
    next_cursor: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    pub ts: String,
    metadata: Option<Metadata>,
    pub files: Vec<SeenFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SeenFile {
    pub title: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    event_type: String,
    event_payload: Value,
}

impl Seen {
    /// Our delivery ids, when it is a message of ours.
    pub fn delivery(&self) -> Option<DeliveryIds> {
        let metadata = self
            .metadata
            .as_ref()
            .filter(|metadata| metadata.event_type == METADATA)?;
        let text = |name: &str| metadata.event_payload.get(name).and_then(Value::as_str);
        Some(DeliveryIds {
            incident: IncidentId::parse(text("incident")?)?,
            database: text("database").unwrap_or_default().to_owned(),
            rows: text("rows")
                .unwrap_or_default()
                .split(',')
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// One message to post.
#[derive(Clone, Debug)]
pub struct Message {
    pub channel: String,
    pub thread: Option<String>,
    pub body: Value,
    pub ids: DeliveryIds,
    /// Unix time before which it can't have been posted.
    pub since: i64,
}

/// Posts a message, reading back what an unclear ending may have left. `maybe_sent` looks before the first try.
///
/// # Errors
/// A refusal, a rate limit, or that it is still unclear: then the same has to be tried again with `maybe_sent`.
pub async fn post_once(api: &Api, message: &Message, maybe_sent: bool) -> Result<MessageRef, ApiError> {
    if maybe_sent && let Some(found) = find(api, message).await? {
        return Ok(found);
    }
    let mut body = message.body.clone();
    body["channel"] = json!(message.channel);
    body["metadata"] = message.ids.metadata();
    if let Some(thread) = &message.thread {
        body["thread_ts"] = json!(thread);
    }
    match api.post::<Posted>("chat.postMessage", &body, CALL_TIMEOUT).await {
        Ok(Posted {
            ts: Some(ts),
            channel,
            ..
        }) => Ok(MessageRef {
            channel: channel.unwrap_or_else(|| message.channel.clone()),
            ts,
        }),
        Ok(Posted { ts: None, .. }) => look(api, message, "the reply names no message").await,
        Err(ApiError::Unclear { why, .. }) => look(api, message, &why).await,
        Err(error) => Err(error),
    }
}

async fn look(api: &Api, message: &Message, why: &str) -> Result<MessageRef, ApiError> {
    warn!(why, incident = %message.ids.incident, "a post ended unclearly; reading back");
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        if let Some(found) = find(api, message).await? {
            return Ok(found);
        }
    }
    Err(ApiError::Unclear {
        method: "chat.postMessage".to_owned(),
        why: why.to_owned(),
    })
}

/// The message of ours that carries any of these rows.
async fn find(api: &Api, message: &Message) -> Result<Option<MessageRef>, ApiError> {
    let wanted = |seen: &Seen| {
        seen.delivery().is_some_and(|ids| {
            ids.incident == message.ids.incident
                && (ids.database.is_empty() || ids.database == message.ids.database)
                && ids.rows.iter().any(|row| message.ids.rows.contains(row))
        })
    };
    let found = scan(
        api,
        &message.channel,
        message.thread.as_deref(),
        message.since,
        wanted,
    )
    .await?;
    Ok(found.map(|seen| MessageRef {
        channel: message.channel.clone(),
        ts: seen.ts,
    }))
}

/// The first message that fits, in a channel or thread, since a time. Nothing when Slack lets us read nothing for good.
pub(super) async fn scan(
    api: &Api,
    channel: &str,
    thread: Option<&str>,
    since: i64,
    wanted: impl Fn(&Seen) -> bool,
) -> Result<Option<Seen>, ApiError> {
    let method = if thread.is_some() {
        "conversations.replies"
    } else {
        "conversations.history"
    };
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let mut params = vec![
            ("channel", channel.to_owned()),
            ("oldest", format!("{since}.000000")),
            ("limit", "200".to_owned()),
            ("include_all_metadata", "true".to_owned()),
        ];
        params.extend(thread.map(|ts| ("ts", ts.to_owned())));
        if !cursor.is_empty() {
            params.push(("cursor", cursor.clone()));
        }
        let page: Page = match api.get(method, &params, CALL_TIMEOUT).await {
            Ok(page) => page,
            Err(error) if error.trouble() == Trouble::Setup || error.trouble() == Trouble::Gone => {
                // A second message is a nuisance; a missing one is worse.
                warn!(%error, "it can't be seen whether a post went through; it is posted again");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if let Some(seen) = page.messages.into_iter().find(|seen| wanted(seen)) {
            return Ok(Some(seen));
        }
        cursor = page.response_metadata.next_cursor;
        if cursor.is_empty() {
            return Ok(None);
        }
    }
    Ok(None)
}
