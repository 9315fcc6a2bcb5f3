//! Files in the thread, the whole output of an attempt or a chart: ask for an address, send the bytes, complete, and see that it
//! was really shared (docs.slack.dev, working with files: completion is asynchronous and has been seen to get lost).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::card::Bench;
use super::lines::Line;
use super::post::scan;
use crate::domain::evidence::Finding;
use crate::domain::ids::AttemptId;
use crate::domain::incident::{Incident, MessageRef};
use crate::ports::Output;
use crate::slack::api::{ApiError, CALL_TIMEOUT};
use crate::slack::cards::text::{cut, safe};

/// Looks at whether the file was shared, a second apart.
const LOOKS: usize = 5;
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Characters of a file's title, and of the words that stand for a picture.
const TITLE: usize = 120;
const ALT: usize = 900;

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

/// A file on its way into a thread.
struct Upload<'a> {
    name: &'a str,
    /// What it is found by when it may be there already.
    title: &'a str,
    /// For people who don't see it.
    alt: Option<&'a str>,
    comment: &'a str,
    bytes: &'a [u8],
}

/// Attaches the output; one that is not kept any more, after a restart, as the journal has it.
pub async fn output(
    bench: &Bench,
    card: &MessageRef,
    line: &Line,
    attempt: AttemptId,
    journaled: Option<&Output>,
) -> Result<(), ApiError> {
    let title = format!("{attempt} output");
    if is_there(bench, card, line, &title).await? {
        return Ok(());
    }
    let kept = bench.shared.outlook.whole_output(attempt).await;
    let (bytes, comment) = match (kept.filter(|bytes| !bytes.is_empty()), journaled) {
        (Some(bytes), _) => (bytes, format!("The output of {attempt}")),
        (None, Some(output)) => {
            let both = [output.text.as_str(), output.errors.as_str()].join("\n");
            (
                both.into_bytes(),
                format!("The output of {attempt}, as far as the journal has it"),
            )
        }
        (None, None) => return Ok(()),
    };
    let file = Upload {
        name: &format!("{attempt}.txt"),
        title: &title,
        alt: None,
        comment: &comment,
        bytes: &bytes,
    };
    upload(bench, card, &file).await
}

/// Attaches a chart of a finding, with its numbers in words. One that can't be drawn is over as well: the numbers of the
/// finding stand on the card.
pub async fn chart(
    bench: &Bench,
    card: &MessageRef,
    line: &Line,
    (incident, finding): (&Incident, &Finding),
) -> Result<(), ApiError> {
    let title = cut(&format!("{} {}", incident.id, finding.name), TITLE);
    if is_there(bench, card, line, &title).await? {
        return Ok(());
    }
    let Some(picture) = bench.shared.outlook.chart(incident, finding).await else {
        return Ok(());
    };
    let file = Upload {
        name: &format!("{}.png", incident.id),
        title: &title,
        alt: Some(&cut(&picture.alt, ALT)),
        comment: &safe(&picture.alt, ALT),
        bytes: &picture.png,
    };
    upload(bench, card, &file).await
}

async fn is_there(bench: &Bench, card: &MessageRef, line: &Line, title: &str) -> Result<bool, ApiError> {
    if !line.maybe_sent {
        return Ok(false);
    }
    let shared = |seen: &super::post::Seen| seen.files.iter().any(|file| file.title == title);
    let seen = scan(&bench.api, &card.channel, Some(&card.ts), line.since, shared).await?;
    Ok(seen.is_some())
}

async fn upload(bench: &Bench, card: &MessageRef, file: &Upload<'_>) -> Result<(), ApiError> {
    let mut params = vec![
        ("filename", file.name.to_owned()),
        ("length", file.bytes.len().to_string()),
    ];
    params.extend(file.alt.map(|alt| ("alt_txt", alt.to_owned())));
    let address: Address = bench
        .api
        .get("files.getUploadURLExternal", &params, CALL_TIMEOUT)
        .await?;
    let Some(url) = bench.shared.settings.may_call(&address.upload_url) else {
        return Err(unclear(
            "Slack names an upload address on a host that is not allowed; see `slack.allowed_hosts`",
        ));
    };
    bench.api.upload(url, file.bytes, UPLOAD_TIMEOUT).await?;
    let body = json!({
        "files": [{"id": address.file_id, "title": file.title}], "channel_id": card.channel, "thread_ts": card.ts,
        "initial_comment": file.comment,
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
