//! A folder with a configuration and runbooks, and the binary run in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The runbook that this all started with.
pub const REDIS: &str = include_str!("../../runbooks/redis-connection-timeout.md");

/// Enough to serve: tokens that nobody checks, a Slack that isn't there, any free port.
pub const CONFIG: &str = r##"
server.listen = "127.0.0.1:0"
slack.bot_token = "xoxb-1-1-test"
slack.app_token = "xapp-1-A1-1-test"
slack.api_base = "http://127.0.0.1:9/api"
slack.channel = "#incidents"
webhooks.allow_unauthenticated = true

[kubernetes.clusters.main]
kubeconfig = "kubeconfig.yaml"

[[environments]]
name = "production"
cluster = "main"
namespaces = ["production"]

[[caches]]
cluster = "main"
namespace = "production"
name = "redis-primary"

[[approvers]]
tiers = [0, 1]
environments = ["production"]
groups = ["@oncall"]
requester_may = true

[[approvers]]
tiers = [2]
environments = ["production"]
groups = ["@sre"]
users = ["U0LEAD"]
approvals = 2
"##;

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

pub struct Place {
    folder: TempDir,
}

impl Place {
    /// With a configuration and the Redis runbook.
    pub fn new() -> Self {
        let place = Self::bare();
        place.write("interlock.toml", CONFIG);
        place.write("runbooks/redis-connection-timeout.md", REDIS);
        place
    }

    /// With nothing.
    pub fn bare() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The configuration with something put before it (keys without a table must come first).
    pub fn configure(&self, more: &str) {
        self.write("interlock.toml", &format!("{more}\n{CONFIG}"));
    }

    /// Nothing of the environment of whoever runs the tests comes in.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_interlock"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    /// Makes `checkpoint.key`, and gives what is said of it.
    pub fn makes_a_key(&self) -> String {
        let (name, file) = ("interlock.test/lab", "checkpoint.key");
        self.run(&["audit", "keygen", "--name", name, "--out", file])
            .fine()
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args))
    }

    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ended(child.wait_with_output().unwrap())
    }

    /// Text with the folder's path taken out.
    pub fn redact(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "[FOLDER]")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

pub fn ran(mut command: Command) -> Ran {
    ended(command.output().unwrap())
}

fn ended(output: std::process::Output) -> Ran {
    let ran = Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(
        !ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
        "colours without a terminal: {ran:?}"
    );
    ran
}

impl Ran {
    /// It did what was asked.
    #[track_caller]
    pub fn fine(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// It found what it looked for.
    #[track_caller]
    pub fn found(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(1), ""), "{}", self.out);
        self.out
    }

    /// It could not run, and says why in one line.
    #[track_caller]
    pub fn failed(self) -> String {
        assert_eq!(self.code, Some(2), "{self:?}");
        let mut lines = self.err.lines().filter(|line| line.starts_with("interlock: "));
        let said = lines
            .next()
            .unwrap_or_else(|| panic!("nothing is said: {:?}", self.err))
            .to_owned();
        assert_eq!(lines.next(), None, "one message is enough");
        said
    }
}
