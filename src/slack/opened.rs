//! Whose homes were opened last, kept across restarts in a file beside the database: Slack goes on showing a home as it was
//! drawn, and whoever has it open is not asked to open it again. One user id a line; what can't be read or written costs
//! nothing but that.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::sync::Mutex;
use tracing::warn;

/// Bytes of the longest user id that is believed.
const LONGEST: usize = 64;

/// The file; without a path nothing is kept.
pub(super) struct Opened {
    path: Option<PathBuf>,
    /// Who stands in it, sorted: an order that changes is not worth a write.
    kept: Mutex<Vec<String>>,
}

impl Opened {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            kept: Mutex::default(),
        }
    }

    /// The users that it has, at most so many.
    pub async fn read(&self, most: usize) -> Vec<String> {
        let Some(path) = &self.path else {
            return Vec::new();
        };
        let text = match tokio::fs::read_to_string(path).await {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                warn!(path = %path.display(), %error, "it can't be read whose homes were open; they are drawn when they are opened again");
                return Vec::new();
            }
        };
        let users = text.lines().filter(|line| is_user(line)).take(most);
        users.map(str::to_owned).collect()
    }

    /// Keeps these instead, in one piece or not at all.
    pub async fn keep(&self, mut users: Vec<String>) {
        let Some(path) = &self.path else { return };
        users.sort();
        let mut kept = self.kept.lock().await;
        if *kept == users {
            return;
        }
        match write(path, &users).await {
            Ok(()) => *kept = users,
            Err(error) => {
                warn!(path = %path.display(), %error, "it can't be kept whose homes are open; after a restart they are drawn when they are opened again");
            }
        }
    }
}

async fn write(path: &Path, users: &[String]) -> std::io::Result<()> {
    let part = path.with_extension("homes.part");
    tokio::fs::write(&part, users.join("\n")).await?;
    tokio::fs::rename(&part, path).await
}

fn is_user(line: &str) -> bool {
    !line.is_empty() && line.len() <= LONGEST && line.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_was_kept_is_known_to_the_next_process_and_nothing_else_in_the_file_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("interlock.homes");
        let opened = Opened::new(Some(path.clone()));
        assert_eq!(opened.read(10).await, Vec::<String>::new());
        opened
            .keep(vec!["U0BEN00001".to_owned(), "U0ANA00001".to_owned()])
            .await;
        let next = Opened::new(Some(path.clone()));
        assert_eq!(next.read(10).await, ["U0ANA00001", "U0BEN00001"]);
        assert_eq!(next.read(1).await, ["U0ANA00001"]);
        std::fs::write(&path, "U0ANA00001\n\n<!channel>\nU0 BEN\n").unwrap();
        assert_eq!(next.read(10).await, ["U0ANA00001"]);
    }
}
