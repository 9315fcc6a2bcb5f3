//! One place outside of the database that keeps checkpoints: a file on another volume, whoever answers at an address, a bucket.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::bucket::Keeper;
use super::places::{in_bucket, in_file};
use crate::config::Secret;
use crate::files;

/// How long an address may take to answer: less than the worker signs ahead of time.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Why a place did not take a checkpoint. It is offered again.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    #[error("`{}` can't be written ({source}): check the path, its permissions and the space that is left", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{url} can't be reached: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("{url} answered {status}")]
    Refused { url: String, status: u16 },
}

/// What a place is given: a line of a file, or the body of a request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Kept {
    pub at: Timestamp,
    pub size: u64,
    pub note: String,
}

/// Where checkpoints go.
pub enum Anchor {
    /// Appended to, a JSON line each. Proves something only on a volume that Interlock's host can't rewrite.
    File(PathBuf),
    /// `POST`ed to, as JSON.
    Webhook {
        url: String,
        bearer_token: Option<Secret>,
        client: reqwest::Client,
    },
    Bucket(Box<Keeper>),
}

impl Anchor {
    /// What it is called in logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Webhook { .. } => "webhook",
            Self::Bucket(_) => "s3",
        }
    }

    /// A look there says little: nobody has to answer anything but a `POST`.
    pub fn is_posted_to(&self) -> bool {
        matches!(self, Self::Webhook { .. })
    }

    /// Its key in the configuration.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::File(_) => "checkpoints.file",
            Self::Webhook { .. } => "checkpoints.webhook",
            Self::Bucket(_) => "checkpoints.s3",
        }
    }

    /// What it is called to people, and in the journal; `None` of one that can't be asked what it holds.
    pub(super) fn place(&self) -> Option<String> {
        match self {
            Self::File(path) => Some(in_file(path)),
            Self::Bucket(keeper) => Some(in_bucket(keeper)),
            Self::Webhook { .. } => None,
        }
    }

    /// Asks whether it is there, without giving it anything: what it is called when it answers as it should. `None` of a file.
    pub(in crate::app) async fn ask(&self, now: Timestamp) -> Option<Result<String, AnchorError>> {
        match self {
            Self::File(_) => None,
            Self::Bucket(keeper) => Some(keeper.ask(now).await),
            Self::Webhook {
                url,
                bearer_token,
                client,
            } => {
                let mut request = client.head(url).timeout(ANSWER_WITHIN);
                if let Some(token) = bearer_token {
                    request = request.bearer_auth(token.expose());
                }
                let answer = request.send().await.map_err(|error| AnchorError::Unreachable {
                    url: told(url),
                    reason: error.without_url().to_string(),
                });
                Some(answer.and_then(|answer| match answer.status().as_u16() {
                    // Who takes nothing but POST says so.
                    200..=299 | 400 | 405 | 501 => Ok(told(url)),
                    status => Err(AnchorError::Refused {
                        url: told(url),
                        status,
                    }),
                }))
            }
        }
    }

    /// Hands over a checkpoint at `now`; once this is through it is kept.
    pub(super) async fn keep(&self, kept: &Kept, now: Timestamp) -> Result<(), AnchorError> {
        match self {
            Self::File(path) => append(path.clone(), kept).await,
            Self::Bucket(keeper) => keeper.keep(kept, now).await,
            Self::Webhook {
                url,
                bearer_token,
                client,
            } => {
                let mut request = client.post(url).timeout(ANSWER_WITHIN).json(kept);
                if let Some(token) = bearer_token {
                    request = request.bearer_auth(token.expose());
                }
                let answer = request.send().await.map_err(|error| AnchorError::Unreachable {
                    url: told(url),
                    reason: error.without_url().to_string(),
                })?;
                match answer.status() {
                    status if status.is_success() => Ok(()),
                    status => Err(AnchorError::Refused {
                        url: told(url),
                        status: status.as_u16(),
                    }),
                }
            }
        }
    }
}

/// As much of an address as may be told: what stands behind the host often is a token.
fn told(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(parsed) => format!("{}/…", parsed.origin().ascii_serialization()),
        Err(_) => "the address of checkpoints.webhook.url".to_owned(),
    }
}

async fn append(path: PathBuf, kept: &Kept) -> Result<(), AnchorError> {
    let failed = {
        let path = path.clone();
        move |source| AnchorError::File { path, source }
    };
    let line = serde_json::to_string(kept).map_err(|error| failed.clone()(error.into()))?;
    let written = tokio::task::spawn_blocking(move || {
        let is_new = !path.exists();
        if !is_new {
            files::regular(&path)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)?;
        // A line that was torn when the disk was full must not take this one along.
        let begin = if ends_a_line(&mut file)? { "" } else { "\n" };
        file.write_all(format!("{begin}{line}\n").as_bytes())?;
        file.sync_all()?;
        if is_new {
            // Its name, too: after a power failure a file that is gone would look like one that somebody took away.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    });
    match written.await {
        Ok(written) => written.map_err(failed),
        Err(error) => Err(failed(std::io::Error::other(error))),
    }
}

fn ends_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_was_torn_takes_no_other_along_and_what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("anchors.jsonl");
        let kept = |size| Kept {
            at: Timestamp::UNIX_EPOCH,
            size,
            note: "note".to_owned(),
        };
        append(file.clone(), &kept(1)).await.unwrap();
        // In the middle of a letter of three bytes.
        let mut torn = std::fs::read(&file).unwrap();
        torn.extend_from_slice(b"{\"note\":\"\xe2\x80");
        std::fs::write(&file, torn).unwrap();
        append(file.clone(), &kept(2)).await.unwrap();
        append(file.clone(), &kept(3)).await.unwrap();
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let sizes: Vec<u64> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?["size"].as_u64())
            .collect();
        assert_eq!(sizes, [1, 2, 3]);
        let refused = append(folder.path().to_owned(), &kept(4)).await.unwrap_err();
        assert!(refused.to_string().contains("it is no regular file"), "{refused}");
    }

    #[test]
    fn what_stands_behind_the_host_of_a_webhook_is_told_to_nobody() {
        assert_eq!(
            told("https://hooks.example.com:8443/services/T0/B0/secret?key=secret"),
            "https://hooks.example.com:8443/…"
        );
    }
}
