//! The binary as a process of its own.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};

/// The program of this build; a campaign of days names a copy that no later build writes over.
fn program() -> OsString {
    std::env::var_os("INTERLOCK_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_interlock").into())
}

/// A bot that runs. Dropping it kills it.
pub struct Process {
    child: Mutex<Child>,
    pub address: String,
}

impl Process {
    /// Starts it and waits until it says where it listens; an error has the end of its log.
    pub async fn start(folder: &Path, environment: Vec<(String, OsString)>) -> Result<Self, String> {
        let folder = folder.to_owned();
        let started = tokio::task::spawn_blocking(move || {
            let log = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("log"))
                .unwrap();
            let mut child = Command::new(program())
                .args(["serve", "--config"])
                .arg(folder.join("interlock.toml"))
                .envs(environment)
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
            if let Some(address) = address {
                return Ok(Self {
                    child: Mutex::new(child),
                    address,
                });
            }
            let _ = child.kill();
            let _ = child.wait();
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            let end: Vec<&str> = log.lines().rev().take(20).collect();
            let end = end.into_iter().rev().collect::<Vec<_>>().join("\n");
            Err(format!("it did not start: {line}{end}"))
        });
        started.await.expect("it starts")
    }

    pub fn pid(&self) -> u32 {
        self.child.lock().id()
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.child.lock().try_wait(), Ok(Some(_)))
    }

    /// Whether it ended where it was told to die.
    pub fn has_aborted(&self) -> bool {
        const SIGABRT: i32 = 6;
        let ended = self.child.lock().try_wait();
        ended.is_ok_and(|status| status.is_some_and(|status| status.signal() == Some(SIGABRT)))
    }

    /// Asks it to stop.
    pub fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// `SIGSTOP`: it does nothing more until it is resumed, and does not know it.
    pub fn suspend(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child.lock());
        kill_process(pid, signal).expect("it is there, if only as what its parent has not looked at yet");
    }

    /// `SIGKILL`; returns when it is dead.
    pub fn kill(self) {
        self.end();
    }

    fn end(&self) {
        let mut child = self.child.lock();
        // Fails when it has ended already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
