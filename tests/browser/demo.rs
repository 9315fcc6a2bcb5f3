//! `interlock demo` as a person starts it: the real binary, a page on a free port.

use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::driver::PATIENCE;

/// A running demo. The process ends with this.
pub struct Demo {
    /// `http://127.0.0.1:PORT`.
    pub page: String,
    _child: Child,
    _folder: TempDir,
}

impl Demo {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_interlock"))
            .args(["demo", "--port", "0", "--folder"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the demo starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = timeout(PATIENCE, lines.next_line())
            .await
            .expect("the demo says where its page is")
            .expect("readable output")
            .expect("a first line");
        let page = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .expect("an address in the first line")
            .to_owned();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            page,
            _child: child,
            _folder: folder,
        }
    }

    /// The address at which a person acts.
    pub fn desk_of(&self, person: &str) -> String {
        format!("{}/?as={person}", self.page)
    }
}
