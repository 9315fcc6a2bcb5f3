//! The binary as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A bot that runs. Dropping it kills it.
pub struct Process {
    child: Child,
    pub address: String,
}

impl Process {
    /// Starts it and waits until it says where it listens.
    pub async fn start(folder: &Path) -> Self {
        let folder = folder.to_owned();
        let started = tokio::task::spawn_blocking(move || {
            let log = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("log"))
                .unwrap();
            let mut child = Command::new(env!("CARGO_BIN_EXE_interlock"))
                .args(["serve", "--config"])
                .arg(folder.join("interlock.toml"))
                .current_dir(&folder)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(log)
                .spawn()
                .unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap())
                .read_line(&mut line)
                .unwrap();
            let address = line
                .split_once("http://")
                .and_then(|(_, rest)| rest.split_once(','))
                .map(|(address, _)| address.to_owned());
            let Some(address) = address else {
                let _ = child.kill();
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                let end: Vec<&str> = log.lines().rev().take(20).collect();
                panic!(
                    "it did not start: {line}{}",
                    end.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            };
            Self { child, address }
        });
        started.await.expect("it starts")
    }

    /// `SIGKILL`; returns when it is dead.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Fails when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
