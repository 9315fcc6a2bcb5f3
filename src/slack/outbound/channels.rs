//! Channel names of the configuration to ids. An id is taken as it is.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;
use serde::Deserialize;

use crate::domain::ids::Channel;
use crate::slack::api::{Api, ApiError, CALL_TIMEOUT};

#[derive(Default)]
pub struct Channels {
    known: Mutex<HashMap<String, String>>,
}

#[derive(Debug, Deserialize)]
struct List {
    #[serde(default)]
    channels: Vec<Listed>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    is_member: bool,
    #[serde(default)]
    is_im: bool,
    #[serde(default)]
    is_archived: bool,
}

#[derive(Debug, Deserialize)]
struct Info {
    channel: Listed,
}

/// Why nothing can be posted in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// None that the bot can see has this name or id.
    Unknown,
    /// It is there, and the bot is not in it.
    NotMember,
    Archived,
}

impl Closed {
    /// What it is and what to do, behind a colon.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => {
                "Slack has no such channel that the bot can see; correct the name, or, if it is a private channel, type /invite @interlock in it"
            }
            Self::NotMember => "the bot is not a member; type /invite @interlock in it",
            Self::Archived => "it is archived; unarchive it or name another one",
        }
    }

    fn of(listed: &Listed) -> Option<Self> {
        match (listed.is_archived, listed.is_member || listed.is_im) {
            (true, _) => Some(Self::Archived),
            (false, false) => Some(Self::NotMember),
            (false, true) => None,
        }
    }
}

/// Those of the channels in which we can't post.
///
/// # Errors
/// What Slack said, when it does not say.
pub async fn closed_channels(
    api: &Api,
    wanted: &BTreeSet<Channel>,
) -> Result<Vec<(Channel, Closed)>, ApiError> {
    let mut closed = Vec::new();
    let mut names: BTreeSet<&Channel> = BTreeSet::new();
    for channel in wanted {
        if !is_id(channel.as_str()) {
            names.insert(channel);
            continue;
        }
        let params = [("channel", channel.as_str().to_owned())];
        let why = match api.get::<Info>("conversations.info", &params, CALL_TIMEOUT).await {
            Ok(info) => Closed::of(&info.channel),
            Err(error) if error.code() == Some("channel_not_found") => Some(Closed::Unknown),
            Err(error) => return Err(error),
        };
        closed.extend(why.map(|why| (channel.clone(), why)));
    }
    let mut cursor = String::new();
    for _ in 0..PAGES {
        if names.is_empty() {
            return Ok(closed);
        }
        let list = page(api, &cursor, Archived::Shown).await?;
        for listed in &list.channels {
            let named = |channel: &&Channel| bare(channel) == listed.name;
            let Some(channel) = names.iter().copied().find(named) else {
                continue;
            };
            names.remove(channel);
            closed.extend(Closed::of(listed).map(|why| (channel.clone(), why)));
        }
        cursor = list.response_metadata.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    closed.extend(
        names
            .into_iter()
            .map(|channel| (channel.clone(), Closed::Unknown)),
    );
    Ok(closed)
}

fn bare(channel: &Channel) -> &str {
    channel.as_str().trim_start_matches('#')
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Archived {
    /// To say of one that it is archived.
    Shown,
    /// Nothing can be posted in them.
    LeftOut,
}

/// A page of the channels that the bot can see.
async fn page(api: &Api, cursor: &str, archived: Archived) -> Result<List, ApiError> {
    let mut params = vec![
        ("types", "public_channel,private_channel".to_owned()),
        ("exclude_archived", (archived == Archived::LeftOut).to_string()),
        ("limit", "1000".to_owned()),
    ];
    if !cursor.is_empty() {
        params.push(("cursor", cursor.to_owned()));
    }
    api.get("conversations.list", &params, CALL_TIMEOUT).await
}

#[derive(Debug, Default, Deserialize)]
struct Cursor {
    #[serde(default)]
    next_cursor: String,
}

/// Pages of 1,000 channels that are read.
const PAGES: usize = 20;

impl Channels {
    /// The id of a channel.
    ///
    /// # Errors
    /// `channel_not_found` when no channel that the bot can see has this name; or what Slack said.
    pub async fn resolve(&self, api: &Api, channel: &Channel) -> Result<String, ApiError> {
        let text = channel.as_str();
        if is_id(text) {
            return Ok(text.to_owned());
        }
        let name = bare(channel);
        if let Some(id) = self.known.lock().get(name) {
            return Ok(id.clone());
        }
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let list = page(api, &cursor, Archived::LeftOut).await?;
            let mut known = self.known.lock();
            known.extend(list.channels.into_iter().map(|listed| (listed.name, listed.id)));
            if let Some(id) = known.get(name) {
                return Ok(id.clone());
            }
            cursor = list.response_metadata.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        Err(ApiError::Refused {
            method: "conversations.list".to_owned(),
            code: "channel_not_found".to_owned(),
            detail: format!(" (no channel `#{name}`)"),
        })
    }
}

fn is_id(text: &str) -> bool {
    text.len() >= 3
        && text.starts_with(['C', 'G', 'D'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_name() {
        assert!(is_id("C0INCIDENTS"));
        assert!(!is_id("#incidents"));
        assert!(!is_id("Cats"));
        assert!(!is_id("ops"));
    }
}
