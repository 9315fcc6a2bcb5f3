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
/// So many rows stand one by one in the metadata. Slack refuses metadata above a size that it doesn't publish
/// (`metadata_too_large`), and a line about a storm delivers thousands.
const LISTED: usize = 20;
/// Between the first and the last of rows that stand as one span.
const SPAN: &str = "..";

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
        let rows = listed(&self.rows).join(",");
        json!({"event_type": METADATA, "event_payload": {
            "incident": self.incident.to_string(), "database": self.database, "rows": rows,
            "delivery_id": format!("{}:{rows}", self.incident),
        }})
    }

    /// Whether the message that says this of itself delivers this row.
    #[must_use]
    pub fn delivers(&self, row: &str) -> bool {
        self.rows.iter().any(|own| own == row || is_within(own, row))
    }
}

/// The number and the creation time of a row; `None` for what is no row of the outbox.
fn row_of(id: &str) -> Option<(i64, i64)> {
    let (row, created) = id.split_once('@')?;
    Some((row.parse().ok()?, created.parse().ok()?))
}

/// The rows as they stand in the metadata: many as the span from the first to the last, what is no row beside it.
fn listed(ids: &[String]) -> Vec<String> {
    if ids.len() <= LISTED {
        return ids.to_vec();
    }
    let is_row = |id: &&String| row_of(id).is_some();
    let first = ids.iter().find(is_row);
    let last = ids.iter().rfind(is_row);
    let span = first
        .zip(last)
        .map(|(first, last)| format!("{first}{SPAN}{last}"));
    let others = ids.iter().filter(|id| row_of(id).is_none()).take(LISTED).cloned();
    span.into_iter().chain(others).collect()
}

/// Whether a row lies in a span, by its number and by its time: numbers alone are those of another database too.
fn is_within(span: &str, row: &str) -> bool {
    let ends = span.split_once(SPAN);
    let ends = ends.and_then(|(first, last)| row_of(first).zip(row_of(last)));
    ends.zip(row_of(row)).is_some_and(|((first, last), row)| {
        (first.0..=last.0).contains(&row.0) && (first.1..=last.1).contains(&row.1)
    })
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
    if maybe_sent && let Some((found, _)) = find(api, message).await? {
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
        if let Some((found, _)) = find(api, message).await? {
            return Ok(found);
        }
    }
    Err(ApiError::Unclear {
        method: "chat.postMessage".to_owned(),
        why: why.to_owned(),
    })
}

/// The message of ours that carries any of these rows, and all that it delivers.
///
/// # Errors
/// When Slack gives no answer now.
pub(super) async fn find(
    api: &Api,
    message: &Message,
) -> Result<Option<(MessageRef, DeliveryIds)>, ApiError> {
    let wanted = |seen: &Seen| {
        seen.delivery().is_some_and(|ids| {
            ids.incident == message.ids.incident
                && (ids.database.is_empty() || ids.database == message.ids.database)
                && message.ids.rows.iter().any(|row| ids.delivers(row))
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
    Ok(found.and_then(|seen| {
        let ids = seen.delivery()?;
        let at = MessageRef {
            channel: message.channel.clone(),
            ts: seen.ts,
        };
        Some((at, ids))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As Slack gives the metadata of a message back.
    fn read_back(ids: &DeliveryIds) -> DeliveryIds {
        let message = json!({"ts": "1.0", "metadata": ids.metadata()});
        let seen: Seen = serde_json::from_value(message).unwrap();
        seen.delivery().unwrap()
    }

    fn of(rows: impl IntoIterator<Item = String>) -> DeliveryIds {
        DeliveryIds {
            incident: IncidentId(1),
            database: "d".to_owned(),
            rows: rows.into_iter().collect(),
        }
    }

    #[test]
    fn ten_thousand_rows_take_no_more_room_than_a_few_and_each_is_found_again() {
        let id = |row: i64| format!("{}@{}", 3 * row, 1_732_154_400_123 + row);
        let ids = of((10..10_010).map(id).chain(["card@17".to_owned()]));
        assert!(ids.metadata().to_string().len() < 500, "{}", ids.metadata());
        let read = read_back(&ids);
        assert!((10..10_010).all(|row| read.delivers(&id(row))));
        assert!(read.delivers("card@17"));
        for other in [
            id(9),
            id(10_010),
            "60@1732154400122".to_owned(),
            "card@18".to_owned(),
        ] {
            assert!(!read.delivers(&other), "{other}");
        }
    }

    #[test]
    fn a_few_rows_stand_one_by_one() {
        let read = read_back(&of(["17@5".to_owned(), "19@6".to_owned()]));
        assert!(read.delivers("17@5") && read.delivers("19@6"));
        assert!(!read.delivers("18@5") && !read.delivers("17@6"));
    }
}
