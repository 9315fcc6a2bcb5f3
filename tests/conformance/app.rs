//! Installing and starting the two conformance apps.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use interlock::playground::slack::{RequestUrls, SlackDouble, SlackOptions};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::port;
use super::story::CHANNEL;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit {
    BoltJs,
    BoltPython,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Socket,
    Http,
}

/// A running app and the workspace it is installed in. The process ends with this.
pub struct Running {
    pub slack: SlackDouble,
    _child: Child,
}

fn required() -> bool {
    std::env::var("INTERLOCK_REQUIRE_ALL").is_ok_and(|value| value == "1")
}

pub fn skip(kit: Kit, why: &str) {
    assert!(!required(), "{kit:?} must run: {why}");
    static SAID: std::sync::Once = std::sync::Once::new();
    let line = format!("skipped the official Slack SDKs: {why}; INTERLOCK_REQUIRE_ALL=1 installs them");
    // Straight to the stream: what a passing test prints is not shown otherwise.
    SAID.call_once(|| drop(writeln!(std::io::stderr(), "{line}")));
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn succeed(program: &str, args: &[&str], folder: &Path) -> Result<(), String> {
    let output = std::process::Command::new(program)
        .args(args)
        .current_dir(folder)
        .output();
    let output = output.map_err(|error| format!("`{program}` cannot be started ({error})"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("`{program}` failed: {}", errors.trim()))
    }
}

/// Two tests use one installation; the first makes it.
static INSTALLING: Mutex<()> = Mutex::new(());

/// The folder with the packages of a kit.
pub fn installed(kit: Kit) -> Result<PathBuf, String> {
    let _one_at_a_time = INSTALLING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{kit:?}"));
    let mark = home.join("complete");
    if mark.exists() {
        return Ok(home);
    }
    if !required() {
        return Err("its packages are not installed".to_owned());
    }
    std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
    match kit {
        Kit::BoltJs => {
            let package = sources().join("bolt-js/package.json");
            std::fs::copy(package, home.join("package.json")).map_err(|error| error.to_string())?;
            succeed("npm", &["install", "--no-audit", "--no-fund"], &home)?;
        }
        Kit::BoltPython => {
            succeed("python3", &["-m", "venv", "venv"], &home)?;
            let list = sources().join("bolt-python/requirements.txt");
            succeed(
                "./venv/bin/pip",
                &["install", "-q", "-r", &list.to_string_lossy()],
                &home,
            )?;
        }
    }
    std::fs::write(mark, "").map_err(|error| error.to_string())?;
    Ok(home)
}

fn command(kit: Kit, home: &Path) -> Command {
    match kit {
        Kit::BoltJs => {
            let mut command = Command::new("node");
            command
                .arg(sources().join("bolt-js/app.mjs"))
                .env("NODE_MODULES", home);
            command
        }
        Kit::BoltPython => {
            let mut command = Command::new(home.join("venv/bin/python"));
            command.arg(sources().join("bolt-python/app.py"));
            command
        }
    }
}

/// Starts the app and waits until it listens.
pub async fn start(kit: Kit, transport: Transport, home: &Path) -> Running {
    let slack = SlackDouble::start(SlackOptions::default()).await.unwrap();
    let (addresses, port) = (slack.addresses(), port::free());
    let word = if transport == Transport::Socket {
        "socket"
    } else {
        "http"
    };
    let mut child = command(kit, home)
        .env("SLACK_API", &addresses.api_base)
        .env("SLACK_BOT_TOKEN", &addresses.bot_token)
        .env("SLACK_APP_TOKEN", &addresses.app_token)
        .env("SLACK_SIGNING_SECRET", &addresses.signing_secret)
        .env("TRANSPORT", word)
        .env("PORT", port.to_string())
        .env("CHANNEL", CHANNEL)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("the app ended before it was ready");
        if line == "ready" {
            break;
        }
    }
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    match transport {
        Transport::Http => {
            let urls = RequestUrls::single(&format!("http://127.0.0.1:{port}/slack/events"));
            // The Python app says it is ready just before it listens.
            let mut tries = 0;
            while let Err(failure) = slack.use_http(urls.clone()).await {
                tries += 1;
                assert!(tries < 100, "the app does not answer its challenge: {failure:?}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        Transport::Socket => {
            let mut tries = 0;
            while slack.connections() == 0 {
                tries += 1;
                assert!(tries < 200, "the app does not connect");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    Running { slack, _child: child }
}
