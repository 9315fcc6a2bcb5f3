//! `interlock serve` as a process, with a Slack that is away, and what its own commands say about it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::sender::{TOKEN, seen};

/// A running bot. The process ends with this.
pub struct Bot {
    folder: TempDir,
    _child: Child,
}

impl Bot {
    /// Listens on this port, with the runbooks that ship with Interlock.
    pub async fn start(port: u16) -> Self {
        Self::start_with(port, "", None).await
    }

    /// The same with more configuration, and with one runbook of its own: its file name and text.
    pub async fn start_with(port: u16, more: &str, runbook: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runbooks = match runbook {
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks"),
            Some((name, text)) => {
                let runbooks = folder.path().join("runbooks");
                std::fs::create_dir(&runbooks).expect("made");
                std::fs::write(runbooks.join(name), text).expect("written");
                runbooks
            }
        };
        // Nothing listens on port 9: Slack is away all the time, which must keep no alert out.
        let config = format!(
            r##"
server.listen = "127.0.0.1:{port}"
runbooks.path = {runbooks:?}
slack.bot_token = "xoxb-1-1-test"
slack.app_token = "xapp-1-A1-1-test"
slack.api_base = "http://127.0.0.1:9/api"
slack.channel = "#incidents"
webhooks.alertmanager.bearer_token = "{TOKEN}"
webhooks.prometheus.bearer_token = "{TOKEN}"
{more}"##
        );
        Self::start_from(folder, port, &config).await
    }

    /// With this configuration, which listens on this port.
    pub async fn start_from(folder: TempDir, port: u16, config: &str) -> Self {
        std::fs::write(folder.path().join("interlock.toml"), config).expect("written");
        let mut child = command(folder.path(), &["serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines
            .next_line()
            .await
            .expect("readable output")
            .expect("a first line");
        assert!(
            line.contains(&format!("listens on http://127.0.0.1:{port}")),
            "{line}"
        );
        Self {
            folder,
            _child: child,
        }
    }

    /// Waits until `interlock audit show` has a line with each of these texts.
    pub async fn journal_shows(&self, texts: &[&str]) {
        let mut shown = String::new();
        let found = seen(async || {
            shown = self.journal().await;
            texts.iter().all(|text| shown.contains(text)).then_some(())
        })
        .await;
        assert!(found.is_some(), "not all of {texts:?} is in\n{shown}");
    }

    /// Its database.
    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("interlock.db")
    }

    /// What `interlock audit show` prints; nothing while nothing was recorded.
    pub async fn journal(&self) -> String {
        self.shows(&["audit", "show"]).await
    }

    /// The journal's entries as they are stored.
    pub async fn entries(&self) -> String {
        self.shows(&["audit", "show", "--format", "json"]).await
    }

    async fn shows(&self, args: &[&str]) -> String {
        let output = command(self.folder.path(), args).output().await;
        String::from_utf8_lossy(&output.expect("it runs").stdout).into_owned()
    }
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interlock"));
    command
        .args(args)
        .current_dir(folder)
        // Nothing of the environment of whoever runs the tests comes in.
        .env_clear()
        .kill_on_drop(true);
    command
}
