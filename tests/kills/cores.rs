//! The real program dies as it does when it aborts, where core dumps are wanted, and leaves none: a core is its memory, and
//! that holds every secret.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::lane::Lane;

/// A shell that wants core dumps, as large as it may, and becomes this command.
fn wanting_cores(folder: &Path, command: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -c unlimited 2>/dev/null || ulimit -c \"$(ulimit -H -c)\"; exec {command}");
    shell
        .args(["-c", &script])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    shell
}

/// Ends it by the signal that an abort raises.
fn aborts(id: u32) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -ABRT {id}")])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "it is not there");
}

fn files(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("core"))
        .collect()
}

/// Another program that dies the same way, to see whether anything is dumped here at all.
fn another(folder: &Path) -> ExitStatus {
    let mut child = wanting_cores(folder, "sleep 600").spawn().unwrap();
    // It is the shell until it is `sleep`; both die the same way.
    aborts(child.id());
    child.wait().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_leaves_no_core_with_the_secrets_in_it() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lane = Lane::open(0, 6).await;
    let folder = lane.folder.path();
    let command = format!(
        "'{}' serve --config interlock.toml",
        env!("CARGO_BIN_EXE_interlock")
    );
    let mut child = wanting_cores(folder, &command)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("http://"), "it did not start: {line}");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = cores.unwrap().split_whitespace().collect();
    assert_eq!(&words[4..6], ["0", "0"], "{limits}");
    aborts(child.id());
    let ended = child.wait().unwrap();
    assert_eq!(ended.signal(), Some(6), "{ended}");
    assert!(!ended.core_dumped(), "{ended}");
    assert_eq!(files(folder), Vec::<String>::new());

    let elsewhere = tempfile::TempDir::new().unwrap();
    if !another(elsewhere.path()).core_dumped() {
        eprintln!("nothing is dumped on this machine: only the limit was looked at");
    }
}
