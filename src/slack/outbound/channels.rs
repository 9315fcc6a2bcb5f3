//! Channel names of the configuration to ids. An id is taken as it is.

use std::collections::HashMap;

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
        let name = text.trim_start_matches('#');
        if let Some(id) = self.known.lock().get(name) {
            return Ok(id.clone());
        }
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut params = vec![
                ("types", "public_channel,private_channel".to_owned()),
                ("exclude_archived", "true".to_owned()),
                ("limit", "1000".to_owned()),
            ];
            if !cursor.is_empty() {
                params.push(("cursor", cursor.clone()));
            }
            let list: List = api.get("conversations.list", &params, CALL_TIMEOUT).await?;
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
