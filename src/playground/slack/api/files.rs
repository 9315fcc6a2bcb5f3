//! The external upload flow and `files.info`: an address, the bytes, completion, and later the share.

use serde_json::{Value, json};

use super::super::clock::Moment;
use super::super::faults::ShareFault;
use super::super::ids;
use super::super::model::channel::ChannelKind;
use super::super::model::file::{FileState, Share, StoredFile};
use super::super::model::message::Message;
use super::super::model::workspace::Workspace;
use super::call::Call;
use super::content::admit;
use super::reply::ApiError;

pub(super) fn upload_url(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let name = call.required("filename")?;
    let length = call
        .args
        .number("length")
        .filter(|length| *length > 0)
        .ok_or_else(|| ApiError::argument("length"))?;
    let alt = call.args.text("alt_txt").unwrap_or_default().to_owned();
    let (id, key) = (ids::object('F'), ids::secret(40));
    let file = StoredFile {
        id: id.clone(),
        title: name.clone(),
        name,
        alt,
        declared: usize::try_from(length).unwrap_or(usize::MAX),
        bytes: bytes::Bytes::new(),
        user: call.ws.app.bot_user.clone(),
        created: call.now.seconds(),
        upload_key: key.clone(),
        state: FileState::Awaiting,
        share: None,
        batch: Vec::new(),
        shares: Vec::new(),
    };
    call.ws.files.insert(id.clone(), file);
    Ok(json!({"upload_url": format!("{}/upload/v1/{key}", call.ws.base), "file_id": id}))
}

/// Takes the bytes sent to an upload address: the text of a 200, or a status and why.
///
/// # Errors
/// 404 for an address that was never given out or is used up, 400 for another length than declared.
pub(in super::super) fn upload(
    ws: &mut Workspace,
    key: &str,
    bytes: bytes::Bytes,
) -> Result<String, (u16, String)> {
    let open = |file: &&mut StoredFile| file.upload_key == key && file.state == FileState::Awaiting;
    let Some(file) = ws.files.values_mut().find(open) else {
        return Err((404, "not found".to_owned()));
    };
    if bytes.len() != file.declared {
        return Err((
            400,
            format!("expected {} bytes, got {}", file.declared, bytes.len()),
        ));
    }
    file.bytes = bytes;
    file.state = FileState::Uploaded;
    Ok(format!("OK - {}", file.bytes.len()))
}

pub(super) fn complete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let listed = call
        .args
        .json("files")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if listed.is_empty() {
        return Err(ApiError::argument("files"));
    }
    let mut batch = Vec::new();
    for item in &listed {
        let id = item["id"]
            .as_str()
            .ok_or_else(|| ApiError::new("file_not_found"))?;
        let file = call
            .ws
            .files
            .get(id)
            .ok_or_else(|| ApiError::new("file_not_found"))?;
        match file.state {
            FileState::Uploaded => batch.push(id.to_owned()),
            FileState::Awaiting => return Err(ApiError::new("file_not_found")),
            FileState::Processing { .. } | FileState::Ready | FileState::Stuck => {
                return Err(ApiError::new("access_denied"));
            }
        }
    }
    let share = destination(call)?;
    let state = match call.ws.faults.take_share() {
        None => FileState::Processing {
            due: call.now.plus(call.ws.file_delay),
            polls: None,
        },
        Some(ShareFault::Polls(polls)) => FileState::Processing {
            due: call.now,
            polls: Some(polls),
        },
        Some(ShareFault::Never) => FileState::Stuck,
    };
    let mut files = Vec::new();
    for (item, id) in listed.iter().zip(&batch) {
        let Some(file) = call.ws.files.get_mut(id) else {
            continue;
        };
        if let Some(title) = item["title"].as_str() {
            title.clone_into(&mut file.title);
        }
        file.state = state.clone();
        file.batch.clone_from(&batch);
        files.push(file.wire(&call.ws.base));
    }
    if let Some(first) = batch.first().and_then(|id| call.ws.files.get_mut(id)) {
        first.share = share;
    }
    Ok(json!({"files": files}))
}

fn destination(call: &mut Call<'_>) -> Result<Option<Share>, ApiError> {
    let Some(channel) = call
        .args
        .text("channel_id")
        .or_else(|| call.args.text("channels"))
        .map(str::to_owned)
    else {
        return Ok(None);
    };
    if !call.ws.channels.contains_key(&channel) {
        return Err(ApiError::new("invalid_channel"));
    }
    call.writable_channel(&channel)?;
    let thread_ts = call.args.text("thread_ts").map(str::to_owned);
    if thread_ts
        .as_deref()
        .is_some_and(|thread| call.ws.message(&channel, thread).is_none())
    {
        return Err(ApiError::new("thread_not_found"));
    }
    let mut args = call.args.clone();
    if let Some(comment) = args.0.get("initial_comment").cloned() {
        args.0.insert("text".into(), comment);
    }
    if args.json("blocks").is_some() && args.text("initial_comment").is_some() {
        return Err(ApiError::new("invalid_arguments"));
    }
    let content = admit(call.ws, &args, "files.completeUploadExternal", call.now)?;
    let (comment, blocks) = (
        content.text.unwrap_or_default(),
        content.blocks.unwrap_or_default(),
    );
    Ok(Some(Share {
        channel,
        thread_ts,
        comment,
        blocks,
    }))
}

/// Ends the processing of files whose moment has come: they become ready and appear where they were shared.
/// Returns the next moment at which there is something to do.
pub(in super::super) fn share_when_due(ws: &mut Workspace, now: Moment) -> Option<Moment> {
    let mut next = None;
    let mut ready = Vec::new();
    for file in ws.files.values() {
        if let FileState::Processing { due, polls: None } = file.state {
            if due <= now {
                ready.push(file.id.clone());
            } else {
                next = Some(next.map_or(due, |known: Moment| known.min(due)));
            }
        }
    }
    finish(ws, &ready, now);
    next
}

fn finish(ws: &mut Workspace, ready: &[String], now: Moment) {
    for id in ready {
        if let Some(file) = ws.files.get_mut(id) {
            file.state = FileState::Ready;
            ws.dirty = true;
        }
    }
    for id in ready {
        let Some(file) = ws.files.get_mut(id) else {
            continue;
        };
        let (Some(share), batch) = (file.share.take(), file.batch.clone()) else {
            continue;
        };
        let private = ws
            .channels
            .get(&share.channel)
            .is_some_and(|channel| channel.kind != ChannelKind::Public);
        let message = Message {
            user: ws.app.bot_user.clone(),
            by_app: true,
            text: share.comment,
            blocks: share.blocks,
            thread_ts: share.thread_ts,
            files: batch.clone(),
            ..Message::default()
        };
        let Some(ts) = ws.post(&share.channel, message, now) else {
            continue;
        };
        for id in batch {
            if let Some(file) = ws.files.get_mut(&id) {
                file.shares.push((share.channel.clone(), ts.clone(), private));
            }
        }
    }
}

pub(super) fn info(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call
        .required("file")
        .map_err(|_| ApiError::new("file_not_found"))?;
    let file = call
        .ws
        .files
        .get_mut(&id)
        .ok_or_else(|| ApiError::new("file_not_found"))?;
    let mut ready = false;
    match &mut file.state {
        FileState::Processing {
            polls: Some(polls), ..
        } if *polls > 0 => *polls -= 1,
        FileState::Processing { polls: Some(_), .. } => ready = true,
        FileState::Awaiting => return Err(ApiError::new("file_not_found")),
        FileState::Processing { polls: None, .. }
        | FileState::Uploaded
        | FileState::Ready
        | FileState::Stuck => {}
    }
    let batch = file.batch.clone();
    if ready {
        finish(call.ws, &batch, call.now);
    }
    let wire = call.ws.files.get(&id).map(|file| file.wire(&call.ws.base));
    Ok(json!({"file": wire, "comments": [], "response_metadata": {"next_cursor": ""}}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call
        .required("file")
        .map_err(|_| ApiError::new("file_not_found"))?;
    call.ws
        .files
        .shift_remove(&id)
        .ok_or_else(|| ApiError::new("file_not_found"))?;
    call.ws.dirty = true;
    Ok(json!({}))
}
