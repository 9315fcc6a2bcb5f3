//! Uploaded files and the slow way they reach a channel.

use serde_json::{Value, json};

use super::super::clock::Moment;

/// Where an upload stands. Completion answers before the share appears (slack.dev, files upload).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum FileState {
    /// An address was given out; bytes may follow.
    Awaiting,
    Uploaded,
    /// Completed; processing ends at `due`, or after `polls` more looks when a fault says so.
    Processing {
        due: Moment,
        polls: Option<u32>,
    },
    /// Completed and processed.
    Ready,
    /// A fault: completion answered ok and nothing ever follows.
    Stuck,
}

/// Where a completed file is to be shown.
#[derive(Clone, Debug)]
pub(in super::super) struct Share {
    pub channel: String,
    pub thread_ts: Option<String>,
    pub comment: String,
    pub blocks: Vec<Value>,
}

#[derive(Clone, Debug)]
pub(in super::super) struct StoredFile {
    pub id: String,
    pub name: String,
    pub title: String,
    /// What a screen reader says.
    pub alt: String,
    pub declared: usize,
    pub bytes: bytes::Bytes,
    pub user: String,
    pub created: u64,
    /// The secret in the upload address.
    pub upload_key: String,
    pub state: FileState,
    /// Files completed together share one message; the first one carries the order.
    pub share: Option<Share>,
    pub batch: Vec<String>,
    /// Channel and message ts of each share, and whether the channel is private.
    pub shares: Vec<(String, String, bool)>,
}

impl StoredFile {
    pub(in super::super) fn mimetype(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("txt" | "log" | "md" | "out") => "text/plain",
            Some("json") => "application/json",
            Some("csv") => "text/csv",
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("gif") => "image/gif",
            Some("svg") => "image/svg+xml",
            Some("pdf") => "application/pdf",
            Some(_) | None => "application/octet-stream",
        }
    }

    /// Path below the base address where a person's browser fetches the bytes.
    pub(in super::super) fn url_path(&self) -> String {
        let name = percent_encoding::utf8_percent_encode(&self.name, percent_encoding::NON_ALPHANUMERIC);
        format!("/people/files/{}/{name}", self.id)
    }

    pub(in super::super) fn wire(&self, base: &str) -> Value {
        let private = format!("{base}/files-pri/{}/{}", self.id, percent_name(&self.name));
        let mut file = json!({
            "id": self.id, "created": self.created, "timestamp": self.created, "name": self.name, "title": self.title,
            "user": self.user, "editable": false, "size": self.bytes.len(), "mode": "hosted", "is_external": false,
            "external_type": "", "is_public": true, "public_url_shared": false, "display_as_bot": false,
            "username": "", "url_private": private, "url_private_download": private, "permalink": private,
            "comments_count": 0, "is_starred": false, "has_rich_preview": false, "file_access": "visible",
        });
        if self.state == FileState::Ready {
            file["mimetype"] = json!(self.mimetype());
            file["filetype"] = json!(
                self.name
                    .rsplit_once('.')
                    .map_or("binary", |(_, extension)| extension)
            );
            file["pretty_type"] = json!("File");
            file["shares"] = self.shares_wire();
        } else {
            file["mimetype"] = json!("");
            file["filetype"] = json!("");
        }
        file
    }

    fn shares_wire(&self) -> Value {
        let mut shares = json!({});
        for (channel, ts, private) in &self.shares {
            let part = if *private { "private" } else { "public" };
            shares[part][channel] =
                json!([{"ts": ts, "reply_users": [], "reply_users_count": 0, "reply_count": 0}]);
        }
        shares
    }
}

fn percent_name(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}
