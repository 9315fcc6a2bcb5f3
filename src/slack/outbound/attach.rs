//! The whole output of an attempt as a file in the thread: ask for an address, send the bytes, complete, and see that it
//! was really shared (docs.slack.dev, working with files: completion is asynchronous and has been seen to get lost).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::card::Bench;
use super::lines::Line;
use super::post::scan;
use crate::domain::ids::AttemptId;
use crate::domain::incident::MessageRef;
use crate::slack::api::{ApiError, CALL_TIMEOUT};

/// Looks at whether the file was shared, a second apart.
const LOOKS: usize = 5;
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Address {
    upload_url: String,
    file_id: String,
}

#[derive(Deserialize)]
struct Info {
    file: File,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    shares: Value,
}

/// Attaches the output. One that is not kept any more is over as well.
pub async fn attach(
    bench: &Bench,
    card: &MessageRef,
    line: &Line,
    attempt: AttemptId,
) -> Result<(), ApiError> {
    let title = format!("{attempt} output");
    if line.maybe_sent {
        let shared = |seen: &super::post::Seen| seen.files.iter().any(|file| file.title == title);
        if scan(&bench.api, &card.channel, Some(&card.ts), line.since, shared)
            .await?
            .is_some()
        {
            return Ok(());
        }
    }
    let Some(bytes) = bench
        .shared
        .outlook
        .whole_output(attempt)
        .await
        .filter(|bytes| !bytes.is_empty())
    else {
        tracing::warn!(%attempt, "the whole output is not kept any more; nothing is attached");
        return Ok(());
    };
    let params = [
        ("filename", format!("{attempt}.txt")),
        ("length", bytes.len().to_string()),
    ];
    let address: Address = bench
        .api
        .get("files.getUploadURLExternal", &params, CALL_TIMEOUT)
        .await?;
    let Some(url) = bench.shared.settings.may_call(&address.upload_url) else {
        return Err(unclear(
            "Slack names an upload address on a host that is not allowed; see `slack.allowed_hosts`",
        ));
    };
    bench.api.upload(url, &bytes, UPLOAD_TIMEOUT).await?;
    let body = json!({
        "files": [{"id": address.file_id, "title": title}], "channel_id": card.channel, "thread_ts": card.ts,
        "initial_comment": format!("The whole output of {attempt}"),
    });
    bench
        .api
        .post::<Value>("files.completeUploadExternal", &body, CALL_TIMEOUT)
        .await?;
    for _ in 0..LOOKS {
        let params = [("file", address.file_id.clone())];
        let info: Info = bench.api.get("files.info", &params, CALL_TIMEOUT).await?;
        if info
            .file
            .shares
            .as_object()
            .is_some_and(|shares| !shares.is_empty())
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(unclear("the file was uploaded but is not in the thread"))
}

fn unclear(why: &str) -> ApiError {
    ApiError::Unclear {
        method: "files.completeUploadExternal".to_owned(),
        why: why.to_owned(),
    }
}
